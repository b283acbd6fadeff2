"""The Subjects and Instruments that words name outright, by every spelling; a capital may mean its government.

"@st_XXX" a Subject · "@adj_XXX" its adjective · "@i_XXX" an Instrument · "@r_XXX" a resolution on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import compress, count

from watcher.classify.pack import Grammar
from watcher.classify.words import Words, split_words
from watcher.model.instruments import INSTRUMENTS
from watcher.model.subjects import ALSO_WORDS, COMPANY_FORMS, NOT_GOVERNMENTS, NOT_SUBJECTS, SUBJECTS

_SEAT = "@cap_"  # a capital's name until it is known to mean the government


@dataclass(frozen=True, slots=True)
class _Name:
    """One spelling as normal words; `shape` is the exact writing that is asked for (acronyms), else ""."""

    words: tuple[str, ...]
    mention: str
    shape: str
    capital: bool


@cache
def _names() -> dict[str, dict[str, tuple[_Name, ...]]]:
    """Names by their first word and their second, the longest first; under "" those that are one word."""
    table: dict[str, list[_Name]] = {}

    def add(phrase: str, mention: str, *, capital: bool) -> None:
        split = split_words(phrase)
        acronym = phrase.isupper() and len(phrase) <= 6
        name = _Name(tuple(split.words), mention, "".join(split.shapes) if acronym else "", capital)
        table.setdefault(name.words[0], []).append(name)

    for subject in SUBJECTS:
        for phrase in (*subject.names, *subject.foreign):
            add(phrase, "@st_" + subject.alpha3, capital=True)
        for phrase in subject.adjectives:
            add(phrase, "@adj_" + subject.alpha3, capital=True)
        for phrase in subject.capitals:
            if phrase not in NOT_GOVERNMENTS:
                add(phrase, _SEAT + subject.alpha3, capital=True)
    for phrase in NOT_SUBJECTS:
        add(phrase, "@none", capital=True)
    for instrument in INSTRUMENTS:
        for phrase in instrument.names:
            add(phrase, "@i_" + instrument.code, capital=False)
        for number in instrument.resolutions:
            add(number, "@r_" + instrument.code, capital=False)
            add(number.replace(" ", ""), "@r_" + instrument.code, capital=False)
    return {first: _by_second_word(names) for first, names in table.items()}


def _by_second_word(names: list[_Name]) -> dict[str, tuple[_Name, ...]]:
    longest_first = sorted(names, key=lambda name: -len(name.words))
    seconds = {"", *(name.words[1] for name in names if len(name.words) > 1)}
    return {
        second: tuple(name for name in longest_first if len(name.words) == 1 or name.words[1] == second)
        for second in seconds
    }


def _name_at(words: Words, at: int, names: tuple[_Name, ...]) -> _Name | None:
    for name in names:
        end = at + len(name.words)
        if end - at > 1 and tuple(words.words[at:end]) != name.words:
            continue
        if name.capital and not words.shapes[at][0].isupper():
            continue
        if name.shape and "".join(words.shapes[at:end]) != name.shape:
            continue
        return name
    return None


def _is_government(words: Words, first: int, last: int, grammar: Grammar | None) -> bool:
    """Whether a capital's name means the government that sits there ("Astana abstained") and no place or meeting."""
    if grammar is None:
        return False
    before = words.words[first - 1] if first else ""
    if before in grammar.before_places or (first > 1 and words.shapes[first - 1][:1].isupper()):
        return False
    after = words.words[last] if last < len(words.words) else ""
    return after[:1] not in ("#", "~") and after not in grammar.after_places and _is_own_name(words, last)


def _is_own_name(words: Words, last: int) -> bool:
    """False where another capitalised word goes on with the name: "Lima Smith"."""
    if last < len(words.words) and words.shapes[last][:1].isupper():
        return bool(words.starts[last] - words.ends[last - 1] > 1)
    return True


def _is_of_company(words: Words, last: int) -> bool:
    """True when a name goes on as that of a company: "Norway Ltd"."""
    return last < len(words.words) and words.words[last] in COMPANY_FORMS and words.shapes[last][0].isupper()


def _is_shouted(words: Words, at: int) -> bool:
    """True for a word in a line of capitals that is a name only where others are written small: "CONTACT US"."""
    if words.words[at] not in ALSO_WORDS or words.words[at - 1 : at] == ["the"]:
        return False
    beside = [*words.shapes[max(0, at - 1) : at], *words.shapes[at + 1 : at + 2]]
    return bool(beside) and all(shape.isupper() for shape in beside)


def name_spans(words: Words, *, subject: str, grammar: Grammar | None = None) -> list[tuple[int, int, str]]:
    names = _names()
    institutions = grammar.institutions if grammar else frozenset[str]()
    spans: list[tuple[int, int, str]] = []
    end = 0
    listed = [*words.words, ""]
    for at in compress(count(), map(names.__contains__, words.words)):
        by_second = names[listed[at]]
        here = by_second.get(listed[at + 1]) or by_second[""]
        name = _name_at(words, at, here) if here and at >= end else None
        if name is None:
            continue
        end = at + len(name.words)
        mention = name.mention
        if _is_of_company(words, end) or _is_shouted(words, at):
            continue
        if mention.startswith(_SEAT):
            if not _is_government(words, at, end, grammar):
                continue
            mention = "@st_" + mention[5:]
        if subject and mention[-3:] == subject and mention.startswith(("@st_", "@adj_")):
            mention = "@own"
        elif mention.startswith("@adj_") and end < len(words.words) and words.words[end] in institutions:
            mention = "@st_" + mention[5:]
            end += 1
        spans.append((at, end, mention))
    return spans


def named(text: str) -> list[str]:
    """The Subjects ("@st_XXX") and Instruments ("@i_XXX") that a text names outright, in order, with repeats."""
    spans = name_spans(split_words(text), subject="")
    return [mention for _, _, mention in spans if mention.startswith(("@st_", "@i_"))]


def spoken_of(text: str) -> tuple[set[str], set[str]]:
    """Subjects ("@st_XXX") and Instruments that a text names outright, and Subjects that it names by adjective."""
    spans = name_spans(split_words(text), subject="")
    mentions = {mention for _, _, mention in spans}
    outright = {mention for mention in mentions if mention.startswith(("@st_", "@i_"))}
    return outright, {"@st_" + mention[5:] for mention in mentions if mention.startswith("@adj_")}
