"""Reading a pack's grammar: operators, mentions, and the word classes of its languages."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.classify.cues import Cue, Part, one_of
from watcher.classify.pack import Grammar, Operator
from watcher.classify.packreader import Reader
from watcher.errors import ConfigError
from watcher.model.instruments import instrument_names

GRAMMAR = (
    "neutral",
    "operators",
    "own",
    "own_or_named",
    "among_first",
    "homonyms",
    "ambiguous",
    "unambiguous",
    "elliptic",
    "elliptic_ends",
    "elliptic_of_others",
    "implied_object",
    "sections",
    "idioms",
    "referring",
    "other_topics",
    "other_treaties",
    "world",
    "groups",
    "treaty_again",
    "prepositions",
    "barriers",
    "speech",
    "relatives",
    "titling",
    "institutions",
    "before_places",
    "after_places",
)


def read_grammar(reader: Reader, sets: Mapping[str, Part], instrument_cues: Mapping[str, object]) -> Grammar:
    """The Grammar of a pack; what it may leave out is empty. ConfigError names the key that is wrong."""
    operators = []
    for name in reader.mapping("operators"):
        one = reader.below("operators", name, ("cues", "window", "shift", "odd", "stops_at_own", "elsewhere"))
        cue = one_of(one.texts("cues", needed=True), sets)
        operators.append(
            Operator(
                name=name,
                cue=cue,
                window=one.integer("window", 6),
                shift=one.text("shift", ""),
                odd=one.flag("odd"),
                stops_at_own=one.flag("stops_at_own"),
                elsewhere=one.flag("elsewhere"),
            )
        )
    mentions = []
    if others := reader.texts("other_treaties"):
        mentions.append(("other", one_of(others, sets)))
    for code, phrases in instrument_cues.items():
        if not instrument_names(code) or not isinstance(phrases, list | tuple):
            raise ConfigError(
                f"instrument_cues.{code} must be the code of an instrument with a list of cues",
                file=reader.file,
                key=code,
            )
        mentions.append((f"i_{code}", one_of([str(phrase) for phrase in phrases], sets)))
    for kind, key in (
        ("idiom", "idioms"),
        ("own", "own"),
        ("among_first", "among_first"),
        ("again", "own_or_named"),
        ("world", "world"),
        ("group", "groups"),
    ):
        if phrases := reader.texts(key):
            mentions.append((kind, one_of(phrases, sets)))
    return Grammar(
        neutral=one_of(reader.texts("neutral", needed=True), sets),
        operators=tuple(operators),
        mentions=tuple(mentions),
        treaty_again=one_of(reader.texts("treaty_again", needed=True), sets),
        referring=_any_of(reader, "referring", sets),
        other_topics=_any_of(reader, "other_topics", sets),
        homonyms=tuple(one_of([phrase], sets) for phrase in reader.texts("homonyms")),
        ambiguous=_any_of(reader, "ambiguous", sets),
        unambiguous=_any_of(reader, "unambiguous", sets),
        elliptic=_any_of(reader, "elliptic", sets),
        elliptic_ends=reader.words("elliptic_ends"),
        elliptic_of_others=reader.words("elliptic_of_others"),
        implied_object=reader.text("implied_object", ""),
        sections=reader.words("sections"),
        prepositions=reader.words("prepositions"),
        speech=reader.words("speech"),
        relatives=reader.words("relatives"),
        titling=reader.words("titling"),
        barriers=reader.words("barriers") | {";"},
        institutions=reader.words("institutions"),
        before_places=reader.words("before_places"),
        after_places=reader.words("after_places"),
    )


def _any_of(reader: Reader, key: str, sets: Mapping[str, Part]) -> Cue | None:
    phrases = reader.texts(key)
    return one_of(phrases, sets) if phrases else None
