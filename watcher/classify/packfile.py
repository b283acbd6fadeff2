"""Reading a pack from plain YAML values: every key is known, every cue compiles, every stance exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from watcher.classify.contradictions import read_contradictions
from watcher.classify.cueindex import CueIndex
from watcher.classify.cues import PREFIX, Cue, Part, Prefilter, compile_cue, compile_sets, one_of
from watcher.classify.grammarfile import GRAMMAR, read_grammar
from watcher.classify.lexiconfile import LEXICON, read_lexicon
from watcher.classify.pack import (
    ANY,
    KEEP,
    TRANSITION,
    YIELD,
    Example,
    Grammar,
    Indicator,
    Pack,
    RollCalls,
    Rule,
    Scale,
)
from watcher.classify.packreader import Reader
from watcher.classify.rollcallfile import read_roll_calls
from watcher.classify.treatyfile import KEYS as TREATY_KEYS
from watcher.classify.treatyfile import read_treaties
from watcher.classify.words import split_words
from watcher.errors import ConfigError
from watcher.model.change import Severity
from watcher.model.instruments import instrument_names, instrument_resolutions

_TOP = (
    "pack",
    "version",
    "dated",
    "title",
    "instruments",
    "sets",
    "topic",
    "instrument_cues",
    "grammar",
    "indicators",
    "contradictions",
    "roll_calls",
    *TREATY_KEYS,
    "lexicon",
    "significance",
    "examples",
)
_INDICATOR = (
    "stances",
    "about",
    "single",
    "prevails",
    "never_own",
    "of_others",
    "world",
    "figures",
    "shifts",
    "changed",
    "new_info",
    "withdrawn",
    "detail",
    "not_of",
    "unless",
    "implied",
    "cues",
)
_GRADES = (Severity.MINOR, Severity.MAJOR, Severity.CRITICAL)
ELDER = {"opposite": "negation", "actor": "subject", "condition": "hedge", "bound": "scope", "notice": "wording"}
PARTS = (
    "number",
    "date",
    "deadline",
    "unit",
    "negation",
    "modality",
    "hedge",
    "scope",
    "subject",
    "instrument",
    "attribution",
    "name",
    "place_or_organisation",
    "policy_act",
    "group_or_right",
    "eligibility",
    "wording",
    "text_added",
    "text_removed",
    "obligation",
    "depositary_event",
    *ELDER,
)


def _severity(value: object, reader: Reader, key: str) -> Severity:
    try:
        return Severity(str(value))
    except ValueError as error:
        raise reader.wrong(key, "one of " + ", ".join(severity.value for severity in Severity)) from error


def _severities(reader: Reader, key: str, stances: tuple[str, ...]) -> dict[str, Severity]:
    value = reader.data.get(key, Severity.MAJOR.value)
    if isinstance(value, str):
        return {ANY: _severity(value, reader, key)}
    table = {}
    for stance, severity in reader.mapping(key).items():
        for one in stance.split(TRANSITION):
            if one not in (*stances, ANY):
                raise reader.unknown(one, (*stances, ANY))
        table[stance] = _severity(severity, reader, f"{key}.{stance}")
    return {ANY: Severity.MAJOR, **table}


def _shifts(reader: Reader, stances: tuple[str, ...], operators: Iterable[str]) -> dict[tuple[str, str], str]:
    shifts: dict[tuple[str, str], str] = {}
    known = tuple(operators)
    for operator, table in reader.mapping("shifts").items():
        if operator not in known:
            raise reader.unknown(operator, known)
        if not isinstance(table, Mapping):
            raise reader.wrong(f"shifts.{operator}", "a mapping of stances")
        for stance, target in table.items():
            if stance not in (*stances, ANY):
                raise reader.unknown(str(stance), (*stances, ANY))
            if target not in (*stances, KEEP, YIELD, ""):
                raise reader.unknown(str(target), stances)
            shifts[operator, stance] = str(target)
    return shifts


def _rules(reader: Reader, indicator: str, stances: tuple[str, ...], sets: Mapping[str, Part]) -> list[Rule]:
    rules: list[Rule] = []
    for order, stance in enumerate(reader.mapping("cues")):
        if stance not in stances:
            raise reader.unknown(stance, stances)
        for text in reader.below("cues", None, stances).texts(stance):
            cue = compile_cue(text, sets)
            rank = (not cue.as_it_stands) * 2 * len(stances) + order * 2 + (not cue.names_actor)
            name = f"{indicator}.{stance}: {cue.source}"
            rules.append(Rule(indicator=indicator, stance=stance, cue=cue, rank=rank, name=name))
    return rules


def _known_stances(reader: Reader, key: str, stances: tuple[str, ...]) -> frozenset[str]:
    listed = reader.texts(key)
    for stance in listed:
        if stance not in stances:
            raise reader.unknown(stance, stances)
    return frozenset(listed)


def _of_others(reader: Reader, stances: tuple[str, ...]) -> dict[str, str]:
    table = {stance: str(other) for stance, other in reader.mapping("of_others").items()}
    for stance in (*table, *table.values()):
        if stance not in stances:
            raise reader.unknown(stance, stances)
    return table


def _maybe_cue(reader: Reader, key: str, sets: Mapping[str, Part]) -> Cue | None:
    listed = reader.texts(key)
    return one_of(listed, sets) if listed else None


def _indicator(name: str, reader: Reader, operators: Iterable[str], sets: Mapping[str, Part]) -> Indicator:
    stances = reader.texts("stances", needed=True)
    about = reader.text("about", "actor")
    if about not in ("actor", "place", "speaker"):
        raise reader.wrong("about", "actor, place or speaker")
    return Indicator(
        name=name,
        stances=stances,
        about=about,
        single=reader.flag("single"),
        prevails=reader.flag("prevails"),
        never_own=_known_stances(reader, "never_own", stances),
        of_others=_of_others(reader, stances),
        world=reader.flag("world"),
        figures=reader.flag("figures"),
        shifts=_shifts(reader, stances, operators),
        changed=_severities(reader, "changed", stances),
        new_info=_severities(reader, "new_info", stances),
        withdrawn=_severity(reader.text("withdrawn", "major"), reader, "withdrawn"),
        detail=_severity(reader.text("detail", "major"), reader, "detail"),
        not_of=_maybe_cue(reader, "not_of", sets),
        unless=_maybe_cue(reader, "unless", sets),
        implied=_implied(reader, stances, sets),
    )


def _implied(reader: Reader, stances: tuple[str, ...], sets: Mapping[str, Part]) -> dict[str, Cue]:
    below = reader.below("implied", None, stances)
    return {stance: one_of(below.texts(stance, needed=True), sets) for stance in reader.mapping("implied")}


def _scale(reader: Reader) -> Scale:
    points = reader.below("points", None, PARTS)
    thresholds = reader.below("thresholds", None, [severity.value for severity in _GRADES])
    positions = reader.below("positions", None, [severity.value for severity in Severity])
    return Scale(
        points={part: points.number(part, points.number(ELDER.get(part, part), 0.0)) for part in PARTS},
        thresholds={severity: thresholds.number(severity.value) for severity in _GRADES},
        position_points={severity: positions.number(severity.value, 0.0) for severity in Severity},
    )


def _examples(reader: Reader, indicators: Mapping[str, Indicator]) -> tuple[Example, ...]:
    listed = reader.data.get("examples", [])
    if not isinstance(listed, list | tuple):
        raise reader.wrong("examples", "a list")
    examples = []
    for number, raw in enumerate(listed):
        one = Reader(
            raw, file=reader.file, where=f"examples[{number}]", allowed=("text", "subject", "indicator", "stance")
        )
        example = Example(
            text=one.text("text"),
            subject=one.text("subject", ""),
            indicator=one.text("indicator", ""),
            stance=one.text("stance", ""),
        )
        if example.indicator and example.indicator not in indicators:
            raise one.unknown(example.indicator, indicators)
        if example.stance and example.stance not in indicators[example.indicator].stances:
            raise one.unknown(example.stance, indicators[example.indicator].stances)
        examples.append(example)
    return tuple(examples)


def parse_pack(data: Mapping[str, object], *, file: str) -> Pack:
    """A Pack from values as a YAML parser gives them. ConfigError names `file`, the key and the nearest known key."""
    reader = Reader(data, file=file, where="", allowed=_TOP)
    try:
        return _parse(reader)
    except ConfigError as error:
        if error.file is not None:
            raise
        raise ConfigError(str(error), file=file, key=error.key) from error


def _prefilter(topic: Cue) -> Prefilter:
    """RE2 pattern over folded text: some word or Instrument name that the topic cue needs."""
    choices: list[str] = []
    for key in sorted(topic.keys):
        word, is_prefix = key.removesuffix(PREFIX), key.endswith(PREFIX)
        if word.startswith(("@i_", "@r_")):
            names = instrument_names(word[3:]) if word[1] == "i" else instrument_resolutions(word[3:])
            choices.extend(
                ".{1,3}".join(re.escape(one.lstrip("#")) for one in split_words(name).words) for name in names
            )
        elif word.isascii():
            choices.append(rf"\b{re.escape(word)}" + ("" if is_prefix else r"\b"))
        else:
            choices.append(re.escape(word))
    return Prefilter("|".join(choices))


def cues_of(
    topic: Cue, grammar: Grammar, indicators: Mapping[str, Indicator], roll_calls: RollCalls | None
) -> list[Cue]:
    """The cues of a pack that are looked for one by one."""
    operators = [operator.cue for operator in grammar.operators]
    mentions = [cue for _, cue in grammar.mentions]
    bounds = [cue for one in indicators.values() for cue in (one.not_of, one.unless, *one.implied.values()) if cue]
    of_votes = [roll_calls.topic] if roll_calls else []
    maybe = (grammar.referring, grammar.other_topics, grammar.ambiguous, grammar.unambiguous, grammar.elliptic)
    of_topics = [*grammar.homonyms, *(cue for cue in maybe if cue)]
    return [topic, grammar.neutral, grammar.treaty_again, *operators, *mentions, *bounds, *of_votes, *of_topics]


def _parse(reader: Reader) -> Pack:
    set_reader = reader.below("sets", None, reader.mapping("sets"))
    sets = compile_sets({name: set_reader.texts(name, needed=True) for name in reader.mapping("sets")})
    grammar = read_grammar(reader.below("grammar", None, GRAMMAR), sets, reader.mapping("instrument_cues"))
    indicators: dict[str, Indicator] = {}
    rules: list[Rule] = []
    for name in reader.mapping("indicators"):
        one = reader.below("indicators", name, _INDICATOR)
        indicators[name] = _indicator(name, one, [operator.name for operator in grammar.operators], sets)
        rules.extend(_rules(one, name, indicators[name].stances, sets))
    if not rules:
        raise reader.wrong("indicators", "a mapping of indicators with cues")
    topic = one_of(reader.texts("topic", needed=True), sets)
    roll_calls = read_roll_calls(reader, indicators, sets)
    return Pack(
        name=reader.text("pack"),
        version=reader.integer("version"),
        dated=reader.text("dated", ""),
        title=reader.text("title", ""),
        instruments=reader.texts("instruments"),
        topic=topic,
        prefilter=_prefilter(topic),
        grammar=grammar,
        rules=tuple(rules),
        index=CueIndex((rule.cue for rule in rules), cues_of(topic, grammar, indicators, roll_calls)),
        indicators=indicators,
        contradictions=read_contradictions(reader, indicators),
        roll_calls=roll_calls,
        treaties=read_treaties(reader, indicators),
        lexicon=read_lexicon(reader.below("lexicon", None, LEXICON)),
        scale=_scale(reader.below("significance", None, ("points", "thresholds", "positions"))),
        examples=_examples(reader, indicators),
    )
