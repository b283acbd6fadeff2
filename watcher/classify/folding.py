"""A sentence's words with what they mention folded into single words, and what the sentences before it spoke of."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from watcher.classify.cueindex import CueIndex
from watcher.classify.cues import Cue
from watcher.classify.words import Words

T = TypeVar("T")
ACTORS = ("@own", "@st_", "@world", "@group")
TREATY_MEMORY_SENTENCES = 8
TOPIC_MEMORY_SENTENCES = 8
ACTOR_MEMORY_SENTENCES = 1
CARRY_SENTENCES = 2
FORGOTTEN = 9


class Recall(NamedTuple):
    """What the sentences before this one spoke of: last Instrument, last actor, the topic, and since then something
    else ("@other" or "@homonym"), each with how many sentences ago that was; what is older than anything that is asked
    for is forgotten. `voice` is the other State whose quoted words go on."""

    treaty: str = ""
    treaty_age: int = FORGOTTEN
    actor: str = ""
    actor_age: int = FORGOTTEN
    topic_age: int = FORGOTTEN
    other: str = ""
    other_age: int = FORGOTTEN
    voice: str = ""

    def older(self, by: int) -> Recall:
        """The same, `by` sentences later."""
        treaty, treaty_age, actor, actor_age, topic_age, other, other_age, voice = self
        return Recall(
            treaty if treaty_age + by <= TREATY_MEMORY_SENTENCES else "",
            treaty_age + by if treaty_age + by < FORGOTTEN else FORGOTTEN,
            actor if actor_age + by <= ACTOR_MEMORY_SENTENCES else "",
            actor_age + by if actor_age + by < FORGOTTEN else FORGOTTEN,
            topic_age + by if topic_age + by < FORGOTTEN else FORGOTTEN,
            other if other_age + by <= TOPIC_MEMORY_SENTENCES else "",
            other_age + by if other_age + by < FORGOTTEN else FORGOTTEN,
            voice if by == 1 else "",
        )

    def quoting(self, voice: str) -> Recall:
        """The same where the words of a State are quoted that go on; "" where none are, as in a new paragraph."""
        return self._replace(voice=voice)

    def on_topic(self) -> Recall:
        """The same where a heading names the topic."""
        return self._replace(topic_age=min(self.topic_age, CARRY_SENTENCES))


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
                folded[first:last] = [of_mention(folded[first:last] or folded[first - 1 : first])]
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
        """Put one word in the place of each span; spans are ascending and do not overlap. An empty span, which never
        stands first in a sentence, adds a word, which is written where the word before it is."""
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
