"""Reading a pack from plain YAML values: every key is known, every cue compiles, every stance exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from watcher.classify.contradictions import read_contradictions
from watcher.classify.cueindex import CueIndex
from watcher.classify.cues import PREFIX, Cue, Part, Prefilter, compile_cue, compile_sets, one_of
from watcher.classify.pack import (
    ANY,
    KEEP,
    TRANSITION,
    Example,
    Grammar,
    Indicator,
    Ladder,
    Lexicon,
    Operator,
    Pack,
    Rule,
    Scale,
)
from watcher.classify.packreader import Reader
from watcher.classify.words import fold, split_words
from watcher.errors import ConfigError
from watcher.model.change import Severity
from watcher.model.instruments import instrument_names

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
    "lexicon",
    "significance",
    "examples",
)
_GRAMMAR = (
    "neutral",
    "operators",
    "own",
    "own_or_named",
    "among_first",
    "idioms",
    "world",
    "groups",
    "treaty_again",
    "prepositions",
    "barriers",
    "speech",
    "relatives",
    "institutions",
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
    "cues",
)
_LEXICON = (
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
    "pointers",
    "titles",
    "stamps",
    "ladders",
)
_GRADES = (Severity.MINOR, Severity.MAJOR, Severity.CRITICAL)
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
            if target not in (*stances, KEEP, ""):
                raise reader.unknown(str(target), stances)
            shifts[operator, stance] = str(target)
    return shifts


def _grammar(reader: Reader, sets: Mapping[str, Part], instrument_cues: Mapping[str, object]) -> Grammar:
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
        prepositions=reader.words("prepositions"),
        speech=reader.words("speech"),
        relatives=reader.words("relatives"),
        barriers=reader.words("barriers") | {";"},
        institutions=reader.words("institutions"),
    )


def _rules(reader: Reader, indicator: str, stances: tuple[str, ...], sets: Mapping[str, Part]) -> list[Rule]:
    rules: list[Rule] = []
    for order, stance in enumerate(reader.mapping("cues")):
        if stance not in stances:
            raise reader.unknown(stance, stances)
        for text in reader.below("cues", None, stances).texts(stance):
            cue = compile_cue(text, sets)
            rank = (not cue.as_it_stands, order, not cue.names_actor)
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


def _indicator(name: str, reader: Reader, operators: Iterable[str]) -> Indicator:
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
    )


def _lexicon(reader: Reader) -> Lexicon:
    ladders = []
    for name in reader.mapping("ladders"):
        steps = reader.mapping("ladders")[name]
        if not isinstance(steps, list | tuple) or not all(isinstance(step, list | tuple) for step in steps):
            raise reader.wrong(f"ladders.{name}", "a list of lists of words, the strongest first")
        ladders.append(Ladder(name=name, steps=tuple(frozenset(fold(str(word)) for word in step) for step in steps)))
    plain = {key: reader.words(key) for key in _LEXICON if key != "ladders"}
    return Lexicon(**plain, ladders=tuple(ladders))


def _scale(reader: Reader) -> Scale:
    points = reader.below("points", None, PARTS)
    thresholds = reader.below("thresholds", None, [severity.value for severity in _GRADES])
    positions = reader.below("positions", None, [severity.value for severity in Severity])
    return Scale(
        points={part: points.number(part, 0.0) for part in PARTS},
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
        if word.startswith("@i_"):
            names = instrument_names(word[3:])
            choices.extend(".{1,3}".join(map(re.escape, split_words(name).words)) for name in names)
        elif word.isascii():
            choices.append(rf"\b{re.escape(word)}" + ("" if is_prefix else r"\b"))
        else:
            choices.append(re.escape(word))
    return Prefilter("|".join(choices))


def cues_of(grammar: Grammar) -> list[Cue]:
    """The cues of a grammar, which are looked for one by one."""
    operators = [operator.cue for operator in grammar.operators]
    return [grammar.neutral, grammar.treaty_again, *operators, *(cue for _, cue in grammar.mentions)]


def _parse(reader: Reader) -> Pack:
    set_reader = reader.below("sets", None, reader.mapping("sets"))
    sets = compile_sets({name: set_reader.texts(name, needed=True) for name in reader.mapping("sets")})
    grammar = _grammar(reader.below("grammar", None, _GRAMMAR), sets, reader.mapping("instrument_cues"))
    indicators: dict[str, Indicator] = {}
    rules: list[Rule] = []
    for name in reader.mapping("indicators"):
        one = reader.below("indicators", name, _INDICATOR)
        indicators[name] = _indicator(name, one, [operator.name for operator in grammar.operators])
        rules.extend(_rules(one, name, indicators[name].stances, sets))
    if not rules:
        raise reader.wrong("indicators", "a mapping of indicators with cues")
    topic = one_of(reader.texts("topic", needed=True), sets)
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
        index=CueIndex((rule.cue for rule in rules), (topic, *cues_of(grammar))),
        indicators=indicators,
        contradictions=read_contradictions(reader, indicators),
        lexicon=_lexicon(reader.below("lexicon", None, _LEXICON)),
        scale=_scale(reader.below("significance", None, ("points", "thresholds", "positions"))),
        examples=_examples(reader, indicators),
    )
