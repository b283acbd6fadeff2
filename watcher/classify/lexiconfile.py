"""Reading a pack's lexicon: words of a class, ladders, phrases of one meaning, opposites."""

from __future__ import annotations

from watcher.classify.pack import Ladder, Lexicon
from watcher.classify.packreader import Reader
from watcher.classify.stems import stem
from watcher.classify.words import fold
from watcher.classify.writing import read_phrases

_WORDS = (
    "negations",
    "hedges",
    "limits",
    "acts",
    "units",
    "magnitudes",
    "months",
    "deadlines",
    "attributions",
    "fillers",
    "groups",
    "eligibility",
    "places",
    "bodies",
    "time_zones",
    "pointers",
    "thanks",
    "titles",
    "stamps",
    "stamp_words",
    "binding",
    "conditions",
    "attenuators",
    "notices",
)
_PHRASES = ("equal", "bounds", "terms")
LEXICON = (*_WORDS, *_PHRASES, "ladders", "opposites", "turns")
PAIR = 2


def read_lexicon(reader: Reader) -> Lexicon:
    """The Lexicon of a pack; what it leaves out is empty. ConfigError names the key that is wrong."""
    plain = {key: reader.words(key) for key in _WORDS}
    plain["attenuators"] = frozenset(map(stem, plain["attenuators"]))
    return Lexicon(
        **plain,
        ladders=tuple(_ladder(name, reader) for name in reader.mapping("ladders")),
        phrases=read_phrases(*(_groups(key, reader) for key in _PHRASES)),
        opposites=tuple(_opposites(reader)),
        turns=frozenset(_turn(pair, reader) for pair in _groups("turns", reader)),
    )


def _ladder(name: str, reader: Reader) -> Ladder:
    steps = reader.mapping("ladders")[name]
    if not isinstance(steps, list | tuple) or not all(isinstance(step, list | tuple) for step in steps):
        raise reader.wrong(f"ladders.{name}", "a list of lists of words, the strongest first")
    return Ladder(name=name, steps=tuple(frozenset(fold(str(word)) for word in step) for step in steps))


def _groups(key: str, reader: Reader) -> list[tuple[str, ...]]:
    """A list of lists of phrases, none of them empty."""
    value = reader.data.get(key, [])
    if not isinstance(value, list | tuple):
        raise reader.wrong(key, "a list of lists of texts")
    groups = []
    for group in value:
        if not isinstance(group, list | tuple) or not group or not all(isinstance(one, str) for one in group):
            raise reader.wrong(key, "a list of lists of texts")
        groups.append(tuple(fold(one) for one in group))
    return groups


def _turn(pair: tuple[str, ...], reader: Reader) -> tuple[str, str]:
    if len(pair) != PAIR:
        raise reader.wrong("turns", "a list of pairs of words")
    return pair[0], pair[1]


def _opposites(reader: Reader) -> list[tuple[frozenset[str], frozenset[str]]]:
    value = reader.data.get("opposites", [])
    expected = "a list of pairs of lists of words"
    if not isinstance(value, list | tuple):
        raise reader.wrong("opposites", expected)
    pairs = []
    for pair in value:
        if not isinstance(pair, list | tuple) or len(pair) != PAIR:
            raise reader.wrong("opposites", expected)
        if not all(isinstance(side, list | tuple) and all(isinstance(one, str) for one in side) for side in pair):
            raise reader.wrong("opposites", expected)
        one, other = (frozenset(stem(fold(word)) for word in side) for side in pair)
        pairs.append((one, other))
    return pairs
