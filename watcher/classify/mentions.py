"""Who and what a sentence names: Subjects, Instruments, "we", the world, folded into single words that cues can read.

"@own" the Document's Subject · "@st_XXX" another State · "@adj_XXX" its adjective · "@world" States at large ·
"@group" actors that are no State · "@i_XXX" an Instrument.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from watcher.classify.cues import Cue, join_words
from watcher.classify.pack import Grammar, Pack
from watcher.classify.words import Words, split_words
from watcher.model.instruments import INSTRUMENTS
from watcher.model.subjects import NOT_SUBJECTS, SUBJECTS

ACTORS = ("@own", "@st_", "@world", "@group")
TREATY_MEMORY_SENTENCES = 8
ACTOR_MEMORY_SENTENCES = 1
CARRY_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class _Name:
    """One spelling as normal words; `shape` is the exact writing that is asked for (acronyms), else ""."""

    words: tuple[str, ...]
    mention: str
    shape: str
    capital: bool


@dataclass(slots=True)
class Memory:
    """What the sentences before this one spoke of: last Instrument, last actor, last topic, by sentence number."""

    treaty: str = ""
    treaty_at: int = -99
    actor: str = ""
    actor_at: int = -99
    topic_at: int = -99


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
    for phrase in NOT_SUBJECTS:
        add(phrase, "@none", capital=True)
    for instrument in INSTRUMENTS:
        for phrase in instrument.names:
            add(phrase, "@i_" + instrument.code, capital=False)
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
    """A sentence's words with mentions folded into single words, and the way back to places in the text."""

    def __init__(self, words: Words) -> None:
        self.words = words.words
        self.starts = words.starts
        self.ends = words.ends
        self.shapes = words.shapes
        self._joined: str | None = None
        self._places: list[int] = []

    @property
    def joined(self) -> str:
        """The sentence as cues read it."""
        if self._joined is None:
            self._joined = join_words(self.words)
            self._places = []
            at = 0
            for word in self.words:
                self._places.append(at)
                at += len(word) + 2
        return self._joined

    def find(self, cue: Cue) -> Iterator[tuple[int, int]]:
        """Word spans (first, after the last) of a cue's matches."""
        if not cue.may_match(self.words):
            return
        for start, end in cue.spans(self.joined):
            yield bisect_right(self._places, start) - 1, bisect_left(self._places, end)

    def replace(self, spans: list[tuple[int, int, str]]) -> None:
        """Put one word in the place of each span; spans are ascending and do not overlap. "" leaves the words out."""
        for first, last, mention in reversed(spans):
            self.words[first:last] = [mention]
            self.starts[first:last] = [self.starts[first]]
            self.ends[first:last] = [self.ends[last - 1]]
            self.shapes[first:last] = [self.shapes[first]]
        if spans:
            self._joined = None


def _fold_names(folding: Folding, words: Words, *, subject: str, institutions: frozenset[str]) -> None:
    names = _names()
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
        if subject and mention[-3:] == subject and mention.startswith(("@st_", "@adj_")):
            mention = "@own"
        elif mention.startswith("@adj_") and end < len(words.words) and words.words[end] in institutions:
            mention = "@st_" + mention[5:]
            end += 1
        spans.append((at, end, mention))
        at = end
    folding.replace(spans)


def _again(folding: Folding, first: int, memory: Memory, number: int) -> str:
    """Whom "the government" or "it" at a word means: the last State named before it, else the Document's Subject."""
    for at in range(first - 1, -1, -1):
        if folding.words[at] == "@own" or folding.words[at].startswith("@st_"):
            return folding.words[at]
    if memory.actor.startswith("@st_") and number - memory.actor_at <= ACTOR_MEMORY_SENTENCES:
        return memory.actor
    return "@own"


def _fold_cues(folding: Folding, grammar: Grammar, memory: Memory, number: int) -> None:
    for kind, cue in grammar.mentions:
        spans = []
        for first, last in folding.find(cue):
            mention = _again(folding, first, memory, number) if kind == "again" else "@" + kind
            spans.append((first, last, mention))
        folding.replace(spans)


def _fold_treaty_again(folding: Folding, pack: Pack, memory: Memory, number: int, *, alone: bool) -> None:
    """Say which Instrument "the treaty" is: the last one named, else the pack's first where its topic is near."""
    cue = pack.grammar.treaty_again
    spans = []
    for first, last in folding.find(cue):
        before = [word for word in folding.words[:first] if word.startswith("@i_")]
        if before:
            spans.append((first, last, before[-1]))
        elif memory.treaty and number - memory.treaty_at <= TREATY_MEMORY_SENTENCES:
            spans.append((first, last, memory.treaty))
        elif pack.instruments and (alone or number - memory.topic_at <= CARRY_SENTENCES):
            spans.append((first, last, "@i_" + pack.instruments[0]))
    folding.replace(spans)


def fold_mentions(
    words: Words, *, subject: str, pack: Pack, memory: Memory, number: int, alone: bool = False
) -> Folding:
    """The words of sentence `number` with mentions folded; `memory` is brought up to date.

    `alone` says that the text is this one sentence, so that it can lean on nothing but the pack.
    """
    folding = Folding(words)
    _fold_names(folding, words, subject=subject, institutions=pack.grammar.institutions)
    _fold_cues(folding, pack.grammar, memory, number)
    if next(folding.find(pack.topic), None) is not None:
        memory.topic_at = number
    _fold_treaty_again(folding, pack, memory, number, alone=alone)
    if any(word == "@i_" + code for code in pack.instruments for word in folding.words):
        memory.topic_at = number
    for word in folding.words:
        if word.startswith("@i_"):
            memory.treaty, memory.treaty_at = word, number
        elif word == "@own" or word.startswith("@st_"):
            memory.actor, memory.actor_at = word, number
    return folding


def named(text: str) -> list[str]:
    """The Subjects ("@st_XXX") and Instruments ("@i_XXX") that a text names outright, in order, with repeats."""
    folding = Folding(split_words(text))
    _fold_names(folding, split_words(text), subject="", institutions=frozenset())
    return [word for word in folding.words if word.startswith(("@st_", "@i_"))]
