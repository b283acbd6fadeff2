"""Where the cues of a pack match in a sentence, and what operators around a match make of its stance.

Operators (negation, future, condition, "no longer" ...) reach a match from before it, within a window that barriers and
"we" may end, or from inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from watcher.classify.mentions import Folding
from watcher.classify.pack import ANY, KEEP, YIELD, Indicator, Operator, Pack, Rule

COORDINATORS = frozenset({"and", "or", "nor", "et", "ou", "y", "o", "ni", "и", "или"})
_NAMES_FOLLOW = "the la le el los las les government republic people peoples royal whole former"
_BEFORE_NAMES = frozenset(_NAMES_FOLLOW.split())
_BY_RANK = itemgetter(0, 1, 2)
Standing = Sequence[tuple[Operator, list[tuple[int, int]]]]


class Match(NamedTuple):
    rule: Rule
    first: int
    last: int


class Left(NamedTuple):
    """What operators leave of a match: its stance ("" when none), if they say that it happens elsewhere, and if it is
    told only as what went before another."""

    stance: str
    elsewhere: bool
    yields: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of a cue that matched and is not heard as it stands: the rule, and why in words."""

    rule: str
    why: str


def matches_of(folding: Folding, pack: Pack, numbers: Iterable[int]) -> list[Match]:
    """Matches of the cues with these numbers. Within one Indicator a match that begins inside one of higher rank is
    dropped, unless it begins with that one's last word: "we signed the treaty, which parliament ratified" says two
    things.

    Cues that are taken as they stand rank first, then the order of the pack, cues that name an actor, longer matches.
    """
    found: dict[str, list[tuple[tuple[bool, int, bool], int, int, Rule]]] = {}
    for number, first, last in pack.index.found(numbers, folding.written):
        rule = pack.rules[number]
        found.setdefault(rule.indicator, []).append((rule.rank, first - last, first, rule))
    kept: list[Match] = []
    for ranked in found.values():
        if len(ranked) > 1:
            ranked.sort(key=_BY_RANK)
        chosen: list[Match] = []
        for _, length, first, rule in ranked:
            for other in chosen:
                if other.first <= first < max(other.last - 1, other.first + 1):
                    break
            else:
                chosen.append(Match(rule, first, first - length))
        kept.extend(chosen)
    return kept


def operator_places(folding: Folding, pack: Pack) -> Standing:
    """Where each operator stands, of those that the sentence has, in the order of the pack."""
    found: list[tuple[Operator, list[tuple[int, int]]]] = []
    taken = list(folding.find(pack.grammar.neutral))
    bits, possible = pack.index.bits, folding.possible
    for operator in pack.grammar.operators:
        if not possible & bits[id(operator.cue)]:
            continue
        places = []
        for first, last in pack.index.spans(operator.cue, folding.written):
            if not any(first < end and start < last for start, end in taken):
                places.append((first, last))
                taken.append((first, last))
        if places:
            found.append((operator, places))
    return found


def _reaches(folding: Folding, pack: Pack, operator: Operator, place: tuple[int, int], match: Match) -> bool:
    first, last = place
    if first >= match.first:
        inside = last <= match.last
        return inside and match.rule.cue.literals.isdisjoint(folding.words[first:last])
    if last > match.first or match.first - last > operator.window:
        return False
    between = folding.words[last : match.first]
    if operator.stops_at_own and "@own" in between:
        prepositions = pack.grammar.prepositions
        for at in range(last, match.first):
            if folding.words[at] == "@own" and not after_preposition(folding, at, prepositions):
                return False
    return pack.grammar.barriers.isdisjoint(between)


def _shifted(stance: str, operator: Operator, indicator: Indicator) -> str:
    """The stance that an operator makes of a stance, or YIELD."""
    shift = indicator.shifts.get((operator.name, stance))
    if shift is None:
        shift = indicator.shifts.get((operator.name, ANY), operator.shift)
    return stance if shift == KEEP else shift


def _of_one_clause(folding: Folding, places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The last place and those that no coordinator parts from it: "it sells none and has not used any" denies twice."""
    if len(places) < 2:
        return places
    last = max(places)
    return [place for place in places if COORDINATORS.isdisjoint(folding.words[place[1] : last[0]])]


def stance_left(folding: Folding, pack: Pack, places: Standing, match: Match, remarks: list[Remark] | None) -> Left:
    """What is left when every operator that reaches the match has worked on it."""
    stance, elsewhere, yields = match.rule.stance, False, False
    if not places or match.rule.cue.as_it_stands:
        return Left(stance, elsewhere, yields)
    indicator = pack.indicators[match.rule.indicator]
    for operator, standing in places:
        reaching = [place for place in standing if _reaches(folding, pack, operator, place, match)]
        if operator.odd:
            reaching = _of_one_clause(folding, reaching)
        # "No need, no danger" denies twice over; only other words undo each other, as in "not without danger".
        hits = len({tuple(folding.words[first:last]) for first, last in reaching})
        if hits and not (operator.odd and hits % 2 == 0):
            shifted = _shifted(stance, operator, indicator)
            if shifted == YIELD:
                yields, shifted = True, stance
            if remarks is not None and shifted != stance:
                words = ", ".join(" ".join(folding.shapes[first:last]) for first, last in reaching)
                did = f"turns {stance} into {shifted}" if shifted and not match.rule.cue.weak else "drops it"
                remarks.append(Remark(match.rule.name, f"{operator.name} (“{words}”) {did}"))
            stance = "" if match.rule.cue.weak and shifted != stance else shifted
            elsewhere = elsewhere or operator.elsewhere
            if not stance:
                break
    return Left(stance, elsewhere, yields)


def after_preposition(folding: Folding, at: int, prepositions: frozenset[str]) -> bool:
    """True when a preposition governs a name, alone or as the second of two: "with Cuba and Egypt"."""
    words = folding.words
    if at > 1 and words[at - 1] in COORDINATORS and words[at - 2].startswith(("@st_", "@own")):
        at -= 2
    for before in range(at - 1, max(at - 4, -1), -1):
        if words[before] in prepositions:
            return True
        if words[before] not in _BEFORE_NAMES:
            return False
    return False
