"""Who and what a sentence names: Subjects, Instruments, "we", the world, folded into single words that cues can read.

"@own" the Document's Subject · "@st_XXX" another State · "@adj_XXX" its adjective · "@world" States at large ·
"@group" actors that are no State · "@i_XXX" an Instrument · "@r_XXX" a resolution on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import compress, count
from typing import NamedTuple, TypeVar

from watcher.classify.cueindex import CueIndex
from watcher.classify.cues import Cue
from watcher.classify.pack import Grammar, Pack
from watcher.classify.words import Words, split_words
from watcher.model.instruments import INSTRUMENTS
from watcher.model.subjects import ALSO_WORDS, COMPANY_FORMS, NOT_GOVERNMENTS, NOT_SUBJECTS, SUBJECTS

T = TypeVar("T")
_SEAT = "@cap_"  # a capital's name until it is known to mean the government
TOPIC, OTHER, HOMONYM = "@topic", "@other", "@homonym"
ACTORS = ("@own", "@st_", "@world", "@group")
TREATY_MEMORY_SENTENCES = 8
TOPIC_MEMORY_SENTENCES = 8
ACTOR_MEMORY_SENTENCES = 1
CARRY_SENTENCES = 2
FORGOTTEN = 9
REMEMBERED_PACKS = 16


@dataclass(frozen=True, slots=True)
class _Name:
    """One spelling as normal words; `shape` is the exact writing that is asked for (acronyms), else ""."""

    words: tuple[str, ...]
    mention: str
    shape: str
    capital: bool


class Recall(NamedTuple):
    """What the sentences before this one spoke of: last Instrument, last actor, the topic, and since then something
    else ("@other" or "@homonym"), each with how many sentences ago that was; what is older than anything that is asked
    for is forgotten."""

    treaty: str = ""
    treaty_age: int = FORGOTTEN
    actor: str = ""
    actor_age: int = FORGOTTEN
    topic_age: int = FORGOTTEN
    other: str = ""
    other_age: int = FORGOTTEN

    def older(self, by: int) -> Recall:
        """The same, `by` sentences later."""
        treaty, treaty_age, actor, actor_age, topic_age, other, other_age = self
        return Recall(
            treaty if treaty_age + by <= TREATY_MEMORY_SENTENCES else "",
            treaty_age + by if treaty_age + by < FORGOTTEN else FORGOTTEN,
            actor if actor_age + by <= ACTOR_MEMORY_SENTENCES else "",
            actor_age + by if actor_age + by < FORGOTTEN else FORGOTTEN,
            topic_age + by if topic_age + by < FORGOTTEN else FORGOTTEN,
            other if other_age + by <= TOPIC_MEMORY_SENTENCES else "",
            other_age + by if other_age + by < FORGOTTEN else FORGOTTEN,
        )

    def on_topic(self) -> Recall:
        """The same where a heading names the topic."""
        return self._replace(topic_age=min(self.topic_age, CARRY_SENTENCES))


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


class Folding:
    """A sentence's words with mentions folded into single words, and the way back to places in the text.

    `names` are put in the place of their spans at once, see `replace`. `written` are the words as cues read them;
    `present` says what all words that it has and had mean to the index, `possible` which cues miss none of their words.
    """

    __slots__ = ("_actors", "_index", "_named", "_replaced", "_split", "possible", "present", "words", "written")

    def __init__(self, words: Words, index: CueIndex, names: list[tuple[int, int, str]]) -> None:
        self.words = words.words
        for first, last, mention in reversed(names):
            self.words[first:last] = [mention]
        self.written = index.write(self.words)
        self.present = index.present(self.words)
        self.possible = index.possible(self.present)
        self._split = words
        self._replaced = [names]
        self._index = index
        self._actors: list[int] | None = None
        self._named: list[int] | None = None

    @property
    def shapes(self) -> list[str]:
        """Each word as written, a mention by its first word."""
        return self._folded(self._split.shapes, lambda shapes: shapes[0])

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where each word begins and ends."""
        return self._folded(self._split.places, lambda places: (places[0][0], places[-1][1]))

    def _folded(self, each: list[T], of_mention: Callable[[list[T]], T]) -> list[T]:
        folded = [*each]
        for spans in self._replaced:
            for first, last, _ in reversed(spans):
                folded[first:last] = [of_mention(folded[first:last])]
        return folded

    @property
    def actors(self) -> list[int]:
        """Numbers of the words that are actors, ascending."""
        if self._actors is None:
            self._actors = [at for at in self.named if self.words[at].startswith(ACTORS)]
        return self._actors

    @property
    def named(self) -> list[int]:
        """Numbers of the words that are mentions, ascending."""
        if self._named is None:
            self._named = self._index.mentions(self.written)
        return self._named

    def may_hold(self, cue: Cue) -> bool:
        """False when a word is missing that any match of a cue must hold."""
        return bool(self.possible & self._index.bits[id(cue)])

    def find(self, cue: Cue) -> list[tuple[int, int]]:
        """Word spans (first, after the last) of a cue's matches."""
        return self._index.spans(cue, self.written) if self.may_hold(cue) else []

    def holds(self, cue: Cue) -> bool:
        """True when a cue matches somewhere."""
        return self.may_hold(cue) and self._index.matches(cue, self.written)

    def replace(self, spans: list[tuple[int, int, str]]) -> None:
        """Put one word in the place of each span; spans are ascending and do not overlap."""
        if not spans:
            return
        mentions = [mention for _, _, mention in spans]
        characters = self._index.write(mentions)
        for (first, last, mention), character in zip(reversed(spans), reversed(characters), strict=True):
            self.words[first:last] = [mention]
            self.written = self.written[:first] + character + self.written[last:]
        self.present |= self._index.present(mentions)
        self.possible = self._index.possible(self.present)
        self._replaced.append(spans)
        self._actors = self._named = None


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


def _name_spans(words: Words, *, subject: str, grammar: Grammar | None = None) -> list[tuple[int, int, str]]:
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


def _again(folding: Folding, first: int, last: int, recall: Recall) -> str:
    """Whom "the government" or "it" at a word means: the State that it is said to be of, else the last one named before
    it, else the Document's Subject."""
    if folding.words[last : last + 1] == ["of"]:
        for word in folding.words[last + 1 : last + 3]:
            if word == "@own" or word.startswith("@st_"):
                return word
    for at in range(first - 1, -1, -1):
        if folding.words[at] == "@own" or folding.words[at].startswith("@st_"):
            return folding.words[at]
    if recall.actor.startswith("@st_"):
        return recall.actor
    return "@own"


@lru_cache(maxsize=REMEMBERED_PACKS)
def _kinds(pack: Pack) -> tuple[tuple[int, str, Cue], ...]:
    """The kinds of mentions of a pack with the bits of their cues in what is possible."""
    return tuple((pack.index.bits[id(cue)], kind, cue) for kind, cue in pack.grammar.mentions)


def _fold_cues(folding: Folding, pack: Pack, recall: Recall) -> None:
    possible = folding.possible
    for bits, kind, cue in _kinds(pack):
        if not possible & bits:
            continue
        spans = []
        for first, last in pack.index.spans(cue, folding.written):
            mention = _again(folding, first, last, recall) if kind == "again" else "@" + kind
            spans.append((first, last, mention))
        if spans:
            folding.replace(spans)
            possible = folding.possible


def _has_title(folding: Folding, at: int, pack: Pack) -> bool:
    """True when "the Convention" goes on as another one's title: "on Biological Diversity", and not "on 1 July"."""
    following = folding.words[at : at + 2]
    if len(following) < 2 or following[0] not in pack.grammar.titling:
        return False
    return following[1][0] not in "#~@" and following[1] not in pack.lexicon.months


def _fold_treaty_again(folding: Folding, pack: Pack, recall: Recall, *, on_topic: bool) -> None:
    """Say which Instrument "the treaty" is: the last one named, else the pack's first where its topic is near."""
    cue = pack.grammar.treaty_again
    spans = []
    for first, last in folding.find(cue):
        if _has_title(folding, last, pack):
            continue
        before = [word for word in folding.words[:first] if word.startswith("@i_")]
        if before:
            spans.append((first, last, before[-1]))
        elif recall.treaty:
            spans.append((first, last, recall.treaty))
        elif pack.instruments and on_topic:
            spans.append((first, last, "@i_" + pack.instruments[0]))
    folding.replace(spans)


def _without(written: str, spans: Iterable[tuple[int, int]]) -> str:
    for first, last in sorted(spans, reverse=True):
        written = written[:first] + written[last:]
    return written


def _fold_homonyms(folding: Folding, pack: Pack, recall: Recall) -> None:
    """Lay aside words that mean something else here: "coal mine", and "the mine" after it."""
    index, ambiguous = pack.index, pack.grammar.ambiguous
    if ambiguous is None or not folding.may_hold(ambiguous):
        return
    for cue in pack.grammar.homonyms:
        if folding.possible & index.bits[id(cue)]:
            folding.replace([(first, last, HOMONYM) for first, last in index.spans(cue, folding.written)])
    if HOMONYM not in folding.words and recall.other != HOMONYM:
        return
    sure = list(folding.find(pack.grammar.unambiguous)) if pack.grammar.unambiguous else []
    spans = [
        (first, last)
        for first, last in folding.find(ambiguous)
        if not any(start <= first and last <= end for start, end in sure)
    ]
    if not index.matches(pack.topic, _without(folding.written, spans)):
        folding.replace([(first, last, HOMONYM) for first, last in spans])


def _spoken_of_last(folding: Folding, pack: Pack, end: int) -> str:
    """What the words before a place name: the pack's topic ("@topic"), only another one, or neither ("")."""
    others, written = pack.grammar.other_topics, folding.written[:end]
    spans = pack.index.spans(others, written) if others else []
    if pack.index.matches(pack.topic, _without(written, spans)):
        return TOPIC
    if spans:
        return OTHER
    return HOMONYM if HOMONYM in folding.words[:end] else ""


def _fold_referring(folding: Folding, pack: Pack, recall: Recall) -> None:
    """Lay aside words that take up another topic than the pack's: "nuclear arms ... we produce no such weapons"."""
    referring = pack.grammar.referring
    if referring is None:
        return
    spans = []
    for first, last in folding.find(referring):
        if (_spoken_of_last(folding, pack, first) or recall.other) in (OTHER, HOMONYM):
            spans.append((first, last, OTHER))
    folding.replace(spans)


def fold_mentions(
    words: Words, *, subject: str, pack: Pack, recall: Recall, alone: bool = False
) -> tuple[Folding, Recall]:
    """The words of a sentence with mentions folded, and what is to be remembered after it.

    `alone` says that the text is this one sentence, so that it can lean on nothing but the pack.
    """
    folding = Folding(words, pack.index, _name_spans(words, subject=subject, grammar=pack.grammar))
    _fold_homonyms(folding, pack, recall)
    _fold_cues(folding, pack, recall)
    _fold_referring(folding, pack, recall)
    treaty, treaty_age, actor, actor_age, topic_age, other, other_age = recall
    others = pack.grammar.other_topics
    is_topical = folding.holds(pack.topic)
    if is_topical:
        topic_age = 0
    if others is not None and (HOMONYM in folding.words or folding.may_hold(others)):
        if spoken := _spoken_of_last(folding, pack, len(folding.words)):
            other, other_age = ("", FORGOTTEN) if spoken == TOPIC else (spoken, 0)
    elif is_topical:
        other, other_age = "", FORGOTTEN
    _fold_treaty_again(folding, pack, recall, on_topic=alone or topic_age <= CARRY_SENTENCES)
    for at in folding.named:
        mention = folding.words[at]
        if mention.startswith("@i_"):
            treaty, treaty_age = mention, 0
            if mention[3:] in pack.instruments:
                topic_age = 0
        elif mention == "@own" or mention.startswith("@st_"):
            actor, actor_age = mention, 0
    return folding, Recall(treaty, treaty_age, actor, actor_age, topic_age, other, other_age)


def named(text: str) -> list[str]:
    """The Subjects ("@st_XXX") and Instruments ("@i_XXX") that a text names outright, in order, with repeats."""
    spans = _name_spans(split_words(text), subject="")
    return [mention for _, _, mention in spans if mention.startswith(("@st_", "@i_"))]


def spoken_of(text: str) -> tuple[set[str], set[str]]:
    """Subjects ("@st_XXX") and Instruments that a text names outright, and Subjects that it names by adjective."""
    spans = _name_spans(split_words(text), subject="")
    mentions = {mention for _, _, mention in spans}
    outright = {mention for mention in mentions if mention.startswith(("@st_", "@i_"))}
    return outright, {"@st_" + mention[5:] for mention in mentions if mention.startswith("@adj_")}
