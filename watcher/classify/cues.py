"""A small language for cues: word patterns that a policy researcher can read.

    ratif*               a word by its beginning             {mine}      a named set of the pack, or a mention
    (ratified|joined)    one of several                      #           a number that is no year; ~ is a year;
                                                             #42 ~1997   this number, this year
    [very]               may be there or not                 ...  ...3   up to 6 words, up to 3 words
    ! not a party to     a leading "!": the cue is taken as it stands, negation and tense are in its words
    ? ban ... mines      a leading "?": a weak cue, heard only in a sentence where no other cue of the pack speaks

Mentions are written by their kind, {own} {state} {world} {group} {treaty} {among_first}, or by an Instrument's code,
{MBT}; {resolution_MBT} is the number of a resolution on it.
Words are compared without case and accents; hyphens part words. Matching time is linear in the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from math import prod
from typing import Any

import re2

from watcher.classify.words import fold
from watcher.errors import ConfigError
from watcher.model.instruments import INSTRUMENTS

DEFAULT_GAP = 6
MAX_GAP = 20
PATTERN_BYTES = 64 << 20  # at the default of 8 MB the automata of long cues are thrown away and built again and again
MENTION = "@"
PREFIX = "*"
STOP = ";"
NO_STOP = "<^;>"
KEYS = re.compile(r"<([^<>=]+)>")
AHEAD = re.compile(r"<=([^<>]+)>")
MENTION_KINDS = ("own", "state", "world", "group", "treaty", "among_first")
_RESOLUTION = "resolution_"
_CODES = frozenset(instrument.code for instrument in INSTRUMENTS)
_ACTOR = re.compile(r"\{(?:own|state|group|world)\}")
_PIECE = re.compile(r"\.\.\.(\d*)|\{(\w+)\}|([(\[])|([)\]])|(\|)|([#~]\d+|#|~)|([^\W_]+\*?)|([;:])|(\s+)")
_COMMON_WORDS = (
    "a an and are as at be been by for from had has have i in is it its of on or that the their there they this to "
    "was we were which with will not no our my all any de la le les el los las que и в на с не"
)
_COMMON = frozenset(_COMMON_WORDS.split())
Needs = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A compiled piece: its pattern, the keys one of which must be there, if it may be absent.

    A key is a word, or its beginning and "*". A pattern is a regular expression in which "<one two*>" stands for a word
    that one of these keys fits, "<^;>" for any word but ";", "<=one two*>" for the place before such a word.
    `wordings` are its ways to be there, each as choices of keys that must all be met; `firsts` are the keys of its
    first word where they are others than `keys`, `longer` those with which more than one word may begin; `words` is how
    many words it has at most, `ways` in how many ways its gaps can be filled.
    """

    pattern: str
    keys: frozenset[str]
    optional: bool
    literals: frozenset[str]
    wordings: tuple[Needs, ...] = ()
    words: int = 1
    ways: int = 1
    firsts: frozenset[str] = frozenset()
    longer: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cue:
    """One compiled cue. `keys` are words one of which any match must hold; `wordings` are its ways to match, each as
    such choices of words that it must all hold; `literals` are its plain words. `longest` says that of matches that
    start alike the longest counts, and not the one whose wording stands first.

    `as_it_stands` says that operators such as negation are not applied to what it finds, `weak` that it is heard only
    where no other cue speaks, `names_actor` that the cue itself says where the actor stands ({own}, {state}, {group},
    {world}).
    """

    source: str
    part: Part = field(compare=False, repr=False)
    keys: frozenset[str]
    wordings: tuple[Needs, ...] = field(compare=False, repr=False)
    literals: frozenset[str]
    longest: bool
    as_it_stands: bool
    weak: bool
    names_actor: bool


def weigh(keys: Iterable[str]) -> float:
    """How often a sentence may hold one of some keys, to compare: common words weigh most."""
    return sum(50.0 if key in _COMMON or key[0] in "#~" else 1.0 for key in keys)


def _sequence(parts: list[Part]) -> Part:
    if len(parts) == 1 and not parts[0].optional:
        return parts[0]
    needed = [part for part in parts if not part.optional and part.keys]
    best = min((part.keys for part in needed), key=weigh, default=frozenset[str]())
    firsts = _firsts(parts)
    return Part(
        "".join(_patterns_in_sequence(parts)),
        best,
        all(part.optional for part in parts),
        frozenset().union(*(part.literals for part in parts)),
        (tuple(need for part in needed for need in needs_of(part)),),
        sum(part.words for part in parts),
        prod(part.ways for part in parts),
        firsts,
        firsts,
    )


def _patterns_in_sequence(parts: list[Part]) -> Iterator[str]:
    """The patterns of parts; what follows a gap is tried at each of its words, so that most are passed at one look."""
    follows_gap = False
    for part in parts:
        yield headed(part) if follows_gap and not part.optional else part.pattern
        follows_gap = part.pattern.startswith(NO_STOP)


def needs_of(part: Part | Cue) -> Needs:
    """Choices of keys that any match of a part must meet."""
    return part.wordings[0] if len(part.wordings) == 1 else (part.keys,)


def _firsts(parts: list[Part]) -> frozenset[str]:
    """The keys of the words with which a sequence may begin."""
    found: frozenset[str] = frozenset()
    for part in parts:
        found |= part.firsts or part.keys
        if not part.optional:
            break
    return found


def _alternatives(choices: list[Part], *, optional: bool) -> Part:
    keys = frozenset().union(*(choice.keys for choice in choices))
    keyless = any(not choice.keys for choice in choices)
    literals = frozenset().union(*(choice.literals for choice in choices))
    patterns = [*_one_word_choices_joined(choices)]
    pattern = patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"
    return Part(
        f"(?:{pattern})?" if optional else pattern,
        frozenset() if keyless else keys,
        optional or any(choice.optional for choice in choices),
        literals,
        _wordings(choices),
        max(choice.words for choice in choices),
        max(choice.ways for choice in choices) + optional,
        frozenset().union(*(choice.firsts or choice.keys for choice in choices)),
        frozenset().union(*(choice.longer for choice in choices)),
    )


def _wordings(choices: list[Part]) -> tuple[Needs, ...]:
    """The wordings of alternatives, those that need one word each as one."""
    found = [needs for choice in choices for needs in (choice.wordings or ((choice.keys,),))]
    simple = [needs[0] for needs in found if len(needs) == 1]
    return (*((frozenset().union(*simple),),) * bool(simple), *(needs for needs in found if len(needs) > 1))


def headed(part: Part) -> str:
    """The pattern of a part that must be there, so written that a word with which it cannot begin is soon passed."""
    firsts = part.firsts or part.keys
    if part.pattern.startswith("<") or NO_STOP in firsts:
        return part.pattern
    return f"<={' '.join(sorted(firsts))}>{part.pattern}"


def _one_word_choices_joined(choices: list[Part]) -> Iterator[str]:
    """The patterns of choices, neighbours that are one word each as one: "<a>|<b>" is "<a b>"."""
    for is_word, patterns in groupby((choice.pattern for choice in choices), _is_one_word):
        if is_word:
            yield f"<{' '.join(pattern[1:-1] for pattern in patterns)}>"
        else:
            yield from patterns


def _is_one_word(pattern: str) -> bool:
    return pattern != NO_STOP and KEYS.fullmatch(pattern) is not None


class _Parser:
    """Recursive descent over one cue."""

    def __init__(self, source: str, sets: Mapping[str, Part]) -> None:
        self.source = source
        self.sets = sets
        self.pieces = self._scan()
        self.at = 0

    def _fail(self, why: str) -> ConfigError:
        return ConfigError(f"cue {self.source!r}: {why}", key=self.source)

    def _scan(self) -> list[re.Match[str]]:
        pieces, at = [], 0
        while at < len(self.source):
            match = _PIECE.match(self.source, at)
            if match is None:
                raise self._fail(f"{self.source[at]!r} has no meaning in a cue")
            if match[9] is None:
                pieces.append(match)
            at = match.end()
        return pieces

    def parse(self) -> Part:
        part = self._choices(closing=None)
        if self.at < len(self.pieces):
            raise self._fail("a bracket closes that was not opened")
        return part

    def _choices(self, *, closing: str | None) -> Part:
        choices, run = [], list[Part]()
        while self.at < len(self.pieces) and self.pieces[self.at][4] is None:
            if self.pieces[self.at][5]:
                choices.append(run)
                run = []
                self.at += 1
            else:
                run.append(self._element())
        choices.append(run)
        if closing is not None:
            if self.at >= len(self.pieces) or self.pieces[self.at][4] != closing:
                raise self._fail(f"a bracket is not closed with {closing!r}")
            self.at += 1
        if not all(choices):
            raise self._fail("an empty cue or alternative")
        sequences = [_sequence(choice) for choice in choices]
        return sequences[0] if len(sequences) == 1 else _alternatives(sequences, optional=False)

    def _element(self) -> Part:
        piece = self.pieces[self.at]
        self.at += 1
        if piece[0].startswith("..."):
            return self._gap(piece[1])
        if piece[2]:
            return self._named(piece[2])
        if piece[3]:
            inner = self._choices(closing=")" if piece[3] == "(" else "]")
            return _alternatives([inner], optional=piece[3] == "[")
        if len(piece[6] or "") > 1:
            return Part(f"<{piece[6]}>", frozenset({piece[6]}), False, frozenset())
        if piece[6]:
            return Part(f"<{piece[6]}{PREFIX}>", frozenset({piece[6] + PREFIX}), False, frozenset())
        return self._word(piece[7] or piece[8])

    def _gap(self, size: str) -> Part:
        words = int(size or DEFAULT_GAP)
        if not 1 <= words <= MAX_GAP:
            raise self._fail(f"a gap is 1 to {MAX_GAP} words, not {words}")
        return Part(
            f"{NO_STOP}{{0,{words}}}", frozenset(), True, frozenset(), (), words, words + 1, frozenset({NO_STOP})
        )

    def _named(self, name: str) -> Part:
        if name in self.sets:
            return self.sets[name]
        if name == "treaty":
            return Part(f"<@i_{PREFIX}>", frozenset({"@i_" + PREFIX}), False, frozenset())
        if name == "state":
            return Part(f"<@st_{PREFIX}>", frozenset({"@st_" + PREFIX}), False, frozenset())
        if name in MENTION_KINDS:
            return Part(f"<@{name}>", frozenset({"@" + name}), False, frozenset())
        if name in _CODES:
            return Part(f"<@i_{name}>", frozenset({"@i_" + name}), False, frozenset())
        if name.removeprefix(_RESOLUTION) in _CODES:
            mention = "@r_" + name.removeprefix(_RESOLUTION)
            return Part(f"<{mention}>", frozenset({mention}), False, frozenset())
        raise self._fail(f"{{{name}}} is no set of this pack and no mention")

    def _word(self, word: str) -> Part:
        if word.endswith("*"):
            stem = fold(word[:-1])
            return Part(f"<{stem}{PREFIX}>", frozenset({stem + PREFIX}), False, frozenset())
        plain = fold(word)
        return Part(f"<{plain}>", frozenset({plain}), False, frozenset({plain}))


def compile_part(source: str, sets: Mapping[str, Part]) -> Part:
    """The compiled form of a set's or cue's text. ConfigError says what is wrong with it."""
    return _Parser(source, sets).parse()


def compile_sets(raw: Mapping[str, Iterable[str]]) -> dict[str, Part]:
    """Named sets in the order given; a set may use the sets above it."""
    sets: dict[str, Part] = {}
    for name, phrases in raw.items():
        sets[name] = _alternatives([compile_part(phrase, sets) for phrase in phrases], optional=False)
    return sets


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_BYTES
    return options


def compile_re2(pattern: str) -> Any:
    """An RE2 pattern that reports its errors by raising only."""
    return re2.compile(pattern, _options())


class Prefilter:
    """A pattern of which only is asked if it is in a text, which takes a third of the time of asking where."""

    __slots__ = ("_set",)

    def __init__(self, pattern: str) -> None:
        self._set = re2.Set.SearchSet(_options())
        self._set.Add(pattern)
        self._set.Compile()

    def search(self, text: str) -> bool:
        """True when the pattern is in the text."""
        return self._set.Match(text) is not None


def _cue(source: str, part: Part, *, longest: bool, mark: str = "") -> Cue:
    if part.optional or not part.keys:
        raise ConfigError(f"cue {source!r}: it has no word that must be there", key=source)
    return Cue(
        source,
        part,
        part.keys,
        part.wordings or ((part.keys,),),
        part.literals,
        longest,
        mark == "!",
        mark == "?",
        _ACTOR.search(source) is not None,
    )


def compile_cue(source: str, sets: Mapping[str, Part]) -> Cue:
    """A ready cue. ConfigError for a cue that cannot be read or that could match anywhere."""
    mark = source[0] if source.startswith(("!", "?")) else ""
    part = compile_part(source[len(mark) :].strip(), sets)
    return _cue(source, part, longest=False, mark=mark)


def one_of(sources: Iterable[str], sets: Mapping[str, Part]) -> Cue:
    """One cue that matches where any of several does, the longest match where they start alike."""
    listed = list(sources)
    part = _alternatives([compile_part(source, sets) for source in listed], optional=False)
    return _cue(" | ".join(listed), part, longest=True)
