"""Positions: what a text asserts of a Subject's policy, each with the sentence that says so.

A cue shows a stance; operators around it (negation, future, condition, "no longer" ...) shift or drop it; the nearest
actor before it, or the place it speaks of, says whose stance it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.classify.mentions import ACTORS, CARRY_SENTENCES, Folding, Memory, fold_mentions
from watcher.classify.pack import ANY, KEEP, Indicator, Operator, Pack, Rule
from watcher.classify.words import Sentence, fold, sentences, split_words
from watcher.model.change import About, Position

PLACE_SENTENCES = 2
MAX_WORDS = 400


@dataclass(frozen=True, slots=True)
class _Match:
    rule: Rule
    first: int
    last: int


def _matches(folding: Folding, pack: Pack) -> list[_Match]:
    """All cue matches. Within one Indicator a match that begins inside one of higher rank is dropped, unless it
    begins with that one's last word: "we signed the treaty, which parliament ratified" says two things.

    Cues that are taken as they stand rank first, then the order of the pack, cues that name an actor, longer matches.
    """
    found: dict[str, list[tuple[bool, int, bool, int, _Match]]] = {}
    for number in pack.index.candidates(folding.words):
        rule = pack.rules[number]
        for first, last in folding.find(rule.cue):
            order = pack.indicators[rule.indicator].ranks[rule.stance]
            rank = (not rule.cue.as_it_stands, order, not rule.cue.names_actor, first - last)
            found.setdefault(rule.indicator, []).append((*rank, _Match(rule, first, last)))
    kept: list[_Match] = []
    for matches in found.values():
        chosen: list[_Match] = []
        for *_, match in sorted(matches, key=lambda ranked: (*ranked[:4], ranked[4].first)):
            if not any(other.first <= match.first < max(other.last - 1, other.first + 1) for other in chosen):
                chosen.append(match)
        kept.extend(chosen)
    return kept


def _operator_places(folding: Folding, pack: Pack) -> dict[str, list[tuple[int, int]]]:
    places: dict[str, list[tuple[int, int]]] = {}
    taken = list(folding.find(pack.grammar.neutral))
    for operator in pack.grammar.operators:
        for first, last in folding.find(operator.cue):
            if not any(first < end and start < last for start, end in taken):
                places.setdefault(operator.name, []).append((first, last))
                taken.append((first, last))
    return places


def _reaches(folding: Folding, pack: Pack, operator: Operator, place: tuple[int, int], match: _Match) -> bool:
    first, last = place
    if first >= match.first:
        inside = last <= match.last
        return inside and not (match.rule.cue.literals & set(folding.words[first:last]))
    if last > match.first or match.first - last > operator.window:
        return False
    between = folding.words[last : match.first]
    prepositions = pack.grammar.prepositions
    if operator.stops_at_own and any(
        folding.words[at] == "@own" and not _after_preposition(folding, at, prepositions)
        for at in range(last, match.first)
    ):
        return False
    return not any(word in pack.grammar.barriers for word in between)


def _shifted(stance: str, operator: Operator, indicator: Indicator) -> str:
    shift = indicator.shifts.get((operator.name, stance))
    if shift is None:
        shift = indicator.shifts.get((operator.name, ANY), operator.shift)
    return stance if shift == KEEP else shift


def _stance(folding: Folding, pack: Pack, places: dict[str, list[tuple[int, int]]], match: _Match) -> str:
    """The stance that is left when every operator that reaches the match has worked on it; "" when none is."""
    stance = match.rule.stance
    if match.rule.cue.as_it_stands:
        return stance
    indicator = pack.indicators[match.rule.indicator]
    for operator in pack.grammar.operators:
        hits = sum(_reaches(folding, pack, operator, place, match) for place in places.get(operator.name, ()))
        if hits and not (operator.odd and hits % 2 == 0):
            stance = _shifted(stance, operator, indicator)
            if not stance:
                return ""
    return stance


def _is_actor(word: str) -> bool:
    return word.startswith(ACTORS)


def _after_preposition(folding: Folding, at: int, prepositions: frozenset[str]) -> bool:
    for before in range(at - 1, max(at - 4, -1), -1):
        word = folding.words[before]
        if word in prepositions:
            return True
        if word not in (
            "the",
            "la",
            "le",
            "el",
            "los",
            "las",
            "les",
            "government",
            "republic",
            "people",
            "peoples",
            "royal",
            "whole",
            "former",
        ):
            return False
    return False


def _actor(folding: Folding, pack: Pack, match: _Match) -> str:
    """The actor of a match: the one its cue names, else the nearest before it that no preposition governs."""
    words, prepositions = folding.words, pack.grammar.prepositions
    if match.rule.cue.names_actor:
        inside = [word for word in words[match.first : match.last] if _is_actor(word)]
        if inside:
            return inside[-1]
    if _is_actor(words[match.first]):
        return words[match.first]
    asides: list[str] = []
    for at in range(match.first - 1, -1, -1):
        if words[at] == ";":
            break
        if _is_actor(words[at]):
            related = at + 1 < match.first and words[at + 1] in pack.grammar.relatives
            if related or not _after_preposition(folding, at, prepositions):
                return words[at]
            asides.append(words[at])
    for at in range(match.first, min(match.last + 3, len(words))):
        if _is_actor(words[at]) and at and words[at - 1] in ("by", "por", "par", "of"):
            return words[at]
    if "@own" in asides:
        return "@own"
    return asides[0] if asides else ""


def _speaks_of_own(folding: Folding, pack: Pack) -> bool:
    """True when the sentence names the Document's Subject otherwise than as the one who says so."""
    for at, word in enumerate(folding.words):
        if word == "@own" and not pack.grammar.speech.intersection(folding.words[at + 1 : at + 4]):
            return True
    return False


def _place(folding: Folding, match: _Match, unnamed: str, *, own: bool) -> str:
    """The place a sentence speaks of: the Document's Subject if named, else another State, the world, or `unnamed`."""
    words = folding.words
    if own:
        return "@own"
    near = sorted(range(len(words)), key=lambda at: (abs(at - match.first), at))
    for prefix in ("@st_", "@adj_", "@world"):
        for at in near:
            if words[at].startswith(prefix):
                return "@st_" + words[at][5:] if prefix == "@adj_" else words[at]
    return unnamed


def _about(mention: str, subject: str) -> tuple[About, str]:
    if mention in ("", "@own"):
        return About.OWN, subject
    if mention.startswith("@st_"):
        return About.OTHER, mention[4:]
    return (About.WORLD, "") if mention == "@world" else (About.OTHER, "")


def _read(folding: Folding, pack: Pack, subject: str, text: str, sentence: Sentence, unnamed: str) -> list[Position]:
    matches = _matches(folding, pack)
    if not matches:
        return []
    places = _operator_places(folding, pack)
    own = _speaks_of_own(folding, pack)
    found: dict[tuple[str, str, str], Position] = {}
    spoken: set[tuple[str, str]] = set()
    for match in matches:
        indicator = pack.indicators[match.rule.indicator]
        stance = _stance(folding, pack, places, match)
        if not stance:
            continue
        mention = (
            _place(folding, match, unnamed, own=own) if indicator.about == "place" else _actor(folding, pack, match)
        )
        if indicator.about == "speaker" and not mention.startswith("@st_"):
            mention = "@own"
        if stance in indicator.never_own and mention in ("", "@own") and not match.rule.cue.names_actor:
            mention = "@world"
        about, holder = _about(mention, subject)
        if about is not About.OWN and not holder and not indicator.world:
            continue
        key = (holder, indicator.name, stance)
        if indicator.single and (holder, indicator.name) in spoken:
            continue
        spoken.add((holder, indicator.name))
        if key not in found:
            found[key] = Position(
                subject=holder,
                indicator=indicator.name,
                stance=stance,
                about=about,
                start=sentence.start,
                end=sentence.end,
                passage=text[sentence.start : sentence.end],
                rule=f"{indicator.name}.{match.rule.stance}: {match.rule.cue.source}",
            )
    return list(found.values())


def _worth_reading(text: str, listed: list[Sentence], pack: Pack) -> list[int]:
    """Numbers of the sentences that may hold the pack's topic, with those before and after that they lean on."""
    if len(listed) == 1:
        return [0]
    near: set[int] = set()
    for number, sentence in enumerate(listed):
        if pack.prefilter.search(fold(text[sentence.start : sentence.end])):
            near.update(range(number - PLACE_SENTENCES, number + CARRY_SENTENCES + 1))
    return [number for number in range(len(listed)) if number in near]


def _is_near(listed: list[Sentence], before: int, number: int) -> bool:
    """True when sentence `before` (-1: none) stands a few sentences ahead in the same paragraph."""
    if before < 0 or number - before > PLACE_SENTENCES:
        return False
    return listed[before].paragraph == listed[number].paragraph


def find_positions(text: str, *, subject: str, pack: Pack) -> tuple[Position, ...]:
    """Every Position that a text asserts, in reading order.

    `subject` is the alpha-3 of whoever speaks ("we", "the government"), "" when nobody is known. `start` and `end`
    index characters of `text`; the passage is the whole sentence. Pure and deterministic.
    """
    memory = Memory()
    found: list[Position] = []
    listed = sentences(text)
    wanted = _worth_reading(text, listed, pack)
    spoken_of = -1
    for number in wanted:
        sentence = listed[number]
        words = split_words(text, sentence.start, sentence.end)
        if not words.words or len(words.words) > MAX_WORDS:
            continue
        folding = fold_mentions(words, subject=subject, pack=pack, memory=memory, number=number, alone=len(listed) == 1)
        if _speaks_of_own(folding, pack):
            spoken_of = number
        if number - memory.topic_at <= CARRY_SENTENCES:
            near = len(listed) == 1 or _is_near(listed, spoken_of, number)
            unnamed = "@own" if near else "@world"
            found.extend(_read(folding, pack, subject, text, sentence, unnamed))
    return tuple(found)


def speaks_of_field(text: str, *, pack: Pack) -> bool:
    """Whether a text might speak of the pack's field, or counts in one of its units. Says yes rather than no."""
    folded = fold(text)
    return bool(pack.prefilter.search(folded)) or not pack.lexicon.units.isdisjoint(folded.split())
