"""Who and what a sentence names: Subjects, Instruments, "we", the world, folded into single words that cues can read.

"@own" the Document's Subject · "@st_XXX" another State · "@adj_XXX" its adjective · "@world" States at large ·
"@group" actors that are no State · "@i_XXX" an Instrument · "@r_XXX" a resolution on it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate

from watcher.classify.cues import Cue, CueIndex, join_words
from watcher.classify.pack import Grammar, Pack
from watcher.classify.words import Words, split_words
from watcher.model.instruments import INSTRUMENTS
from watcher.model.subjects import NOT_GOVERNMENTS, NOT_SUBJECTS, SUBJECTS

_SEAT = "@cap_"  # a capital's name until it is known to mean the government
ACTORS = ("@own", "@st_", "@world", "@group")
TREATY_MEMORY_SENTENCES = 8
ACTOR_MEMORY_SENTENCES = 1
CARRY_SENTENCES = 2
FORGOTTEN = 9


@dataclass(frozen=True, slots=True)
class _Name:
    """One spelling as normal words; `shape` is the exact writing that is asked for (acronyms), else ""."""

    words: tuple[str, ...]
    mention: str
    shape: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Recall:
    """What the sentences before this one spoke of: last Instrument, last actor, the topic, each with how many
    sentences ago that was; what is older than anything that is asked for is forgotten."""

    treaty: str = ""
    treaty_age: int = FORGOTTEN
    actor: str = ""
    actor_age: int = FORGOTTEN
    topic_age: int = FORGOTTEN

    def older(self, by: int) -> Recall:
        """The same, `by` sentences later."""
        treaty_age, actor_age = self.treaty_age + by, self.actor_age + by
        return Recall(
            self.treaty if treaty_age <= TREATY_MEMORY_SENTENCES else "",
            min(treaty_age, FORGOTTEN),
            self.actor if actor_age <= ACTOR_MEMORY_SENTENCES else "",
            min(actor_age, FORGOTTEN),
            min(self.topic_age + by, FORGOTTEN),
        )

    def on_topic(self) -> Recall:
        """The same where a heading names the topic."""
        return replace(self, topic_age=min(self.topic_age, CARRY_SENTENCES))


@cache
def _names() -> dict[str, tuple[_Name, ...]]:
    table: dict[str, list[_Name]] = {}

    def add(phrase: str, mention: str, *, capital: bool) -> None:
        split = split_words(phrase)
        acronym = phrase.isupper() and len(phrase) <= 6
        name = _Name(tuple(split.words), mention, "".join(split.shapes) if acronym else "", capital)
        table.setdefault(name.words[0], []).append(name)

    for subject in SUBJECTS:
        for phrase in subject.names:
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
    return {first: tuple(sorted(names, key=lambda name: -len(name.words))) for first, names in table.items()}


def _name_at(words: Words, at: int, names: tuple[_Name, ...]) -> _Name | None:
    for name in names:
        end = at + len(name.words)
        if name.capital and not words.shapes[at][0].isupper():
            continue
        if tuple(words.words[at:end]) != name.words:
            continue
        if name.shape and "".join(words.shapes[at:end]) != name.shape:
            continue
        return name
    return None


class Folding:
    """A sentence's words with mentions folded into single words, and the way back to places in the text.

    `present` are the keys of all words that it has and had: enough to know which cues need not be looked for.
    """

    def __init__(self, words: Words, index: CueIndex) -> None:
        self.words = words.words
        self.starts = words.starts
        self.ends = words.ends
        self.shapes = words.shapes
        self._index = index
        self.present: set[str] = set()
        self._joined: bytes | None = None
        self._places: list[int] | None = None

    @property
    def joined(self) -> bytes:
        """The sentence as cues read it."""
        if self._joined is None:
            self._joined = join_words(self.words)
            self._places = None
        return self._joined

    def find(self, cue: Cue) -> Iterator[tuple[int, int]]:
        """Word spans (first, after the last) of a cue's matches."""
        if not cue.may_match(self.present):
            return
        for start, end in cue.spans(self.joined):
            if self._places is None:
                sizes = [len(word) + 2 if word.isascii() else len(word.encode()) + 2 for word in self.words[:-1]]
                self._places = list(accumulate(sizes, initial=0))
            yield bisect_right(self._places, start) - 1, bisect_left(self._places, end)

    def replace(self, spans: list[tuple[int, int, str]]) -> None:
        """Put one word in the place of each span; spans are ascending and do not overlap. "" leaves the words out."""
        for first, last, mention in reversed(spans):
            self.words[first:last] = [mention]
            self.starts[first:last] = [self.starts[first]]
            self.ends[first:last] = [self.ends[last - 1]]
            self.shapes[first:last] = [self.shapes[first]]
        if spans:
            self.present |= self._index.present(mention for _, _, mention in spans)
            self._joined = None

    def settle(self) -> None:
        """Know the keys of the words as they are now."""
        self.present = self._index.present(self.words)


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


def _name_spans(words: Words, *, subject: str, grammar: Grammar | None = None) -> list[tuple[int, int, str]]:
    names = _names()
    institutions = grammar.institutions if grammar else frozenset[str]()
    spans: list[tuple[int, int, str]] = []
    at = 0
    while at < len(words.words):
        candidates = names.get(words.words[at])
        name = _name_at(words, at, candidates) if candidates else None
        if name is None:
            at += 1
            continue
        end = at + len(name.words)
        mention = name.mention
        if mention.startswith(_SEAT):
            if not _is_government(words, at, end, grammar):
                at = end
                continue
            mention = "@st_" + mention[5:]
        if subject and mention[-3:] == subject and mention.startswith(("@st_", "@adj_")):
            mention = "@own"
        elif mention.startswith("@adj_") and end < len(words.words) and words.words[end] in institutions:
            mention = "@st_" + mention[5:]
            end += 1
        spans.append((at, end, mention))
        at = end
    return spans


def _again(folding: Folding, first: int, recall: Recall) -> str:
    """Whom "the government" or "it" at a word means: the last State named before it, else the Document's Subject."""
    for at in range(first - 1, -1, -1):
        if folding.words[at] == "@own" or folding.words[at].startswith("@st_"):
            return folding.words[at]
    if recall.actor.startswith("@st_"):
        return recall.actor
    return "@own"


def _fold_cues(folding: Folding, grammar: Grammar, recall: Recall) -> None:
    for kind, cue in grammar.mentions:
        spans = []
        for first, last in folding.find(cue):
            mention = _again(folding, first, recall) if kind == "again" else "@" + kind
            spans.append((first, last, mention))
        folding.replace(spans)


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


def fold_mentions(
    words: Words, *, subject: str, pack: Pack, recall: Recall, alone: bool = False
) -> tuple[Folding, Recall]:
    """The words of a sentence with mentions folded, and what is to be remembered after it.

    `alone` says that the text is this one sentence, so that it can lean on nothing but the pack.
    """
    folding = Folding(words, pack.index)
    folding.replace(_name_spans(words, subject=subject, grammar=pack.grammar))
    folding.settle()
    _fold_cues(folding, pack.grammar, recall)
    if next(folding.find(pack.topic), None) is not None:
        recall = replace(recall, topic_age=0)
    _fold_treaty_again(folding, pack, recall, on_topic=alone or recall.topic_age <= CARRY_SENTENCES)
    if any(word == "@i_" + code for code in pack.instruments for word in folding.words):
        recall = replace(recall, topic_age=0)
    treaties = [word for word in folding.words if word.startswith("@i_")]
    actors = [word for word in folding.words if word == "@own" or word.startswith("@st_")]
    if treaties:
        recall = replace(recall, treaty=treaties[-1], treaty_age=0)
    if actors:
        recall = replace(recall, actor=actors[-1], actor_age=0)
    return folding, recall


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
