"""Where the cues of a pack match in a sentence, and what operators around a match make of its stance.

Operators (negation, future, condition, "no longer" ...) reach a match from before it, within a window that barriers and
"we" may end, or from inside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watcher.classify.mentions import Folding
from watcher.classify.pack import ANY, KEEP, Indicator, Operator, Pack, Rule

COORDINATORS = frozenset({"and", "or", "nor", "et", "ou", "y", "o", "ni", "и", "или"})


@dataclass(frozen=True, slots=True)
class Match:
    rule: Rule
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of a cue that matched and is not heard as it stands: the rule, and why in words."""

    rule: str
    why: str


def rule_name(rule: Rule) -> str:
    return f"{rule.indicator}.{rule.stance}: {rule.cue.source}"


def matches_of(folding: Folding, pack: Pack, numbers: Iterable[int]) -> list[Match]:
    """Matches of the cues with these numbers. Within one Indicator a match that begins inside one of higher rank is
    dropped, unless it begins with that one's last word: "we signed the treaty, which parliament ratified" says two
    things.

    Cues that are taken as they stand rank first, then the order of the pack, cues that name an actor, longer matches.
    """
    found: dict[str, list[tuple[bool, int, bool, int, Match]]] = {}
    for number in numbers:
        rule = pack.rules[number]
        for first, last in folding.find(rule.cue):
            order = pack.indicators[rule.indicator].ranks[rule.stance]
            rank = (not rule.cue.as_it_stands, order, not rule.cue.names_actor, first - last)
            found.setdefault(rule.indicator, []).append((*rank, Match(rule, first, last)))
    kept: list[Match] = []
    for matches in found.values():
        chosen: list[Match] = []
        for *_, match in sorted(matches, key=lambda ranked: (*ranked[:4], ranked[4].first)):
            if not any(other.first <= match.first < max(other.last - 1, other.first + 1) for other in chosen):
                chosen.append(match)
        kept.extend(chosen)
    return kept


def operator_places(folding: Folding, pack: Pack) -> dict[str, list[tuple[int, int]]]:
    places: dict[str, list[tuple[int, int]]] = {}
    taken = list(folding.find(pack.grammar.neutral))
    for operator in pack.grammar.operators:
        for first, last in folding.find(operator.cue):
            if not any(first < end and start < last for start, end in taken):
                places.setdefault(operator.name, []).append((first, last))
                taken.append((first, last))
    return places


def _reaches(folding: Folding, pack: Pack, operator: Operator, place: tuple[int, int], match: Match) -> bool:
    first, last = place
    if first >= match.first:
        inside = last <= match.last
        return inside and not (match.rule.cue.literals & set(folding.words[first:last]))
    if last > match.first or match.first - last > operator.window:
        return False
    between = folding.words[last : match.first]
    prepositions = pack.grammar.prepositions
    if operator.stops_at_own and any(
        folding.words[at] == "@own" and not after_preposition(folding, at, prepositions)
        for at in range(last, match.first)
    ):
        return False
    return not any(word in pack.grammar.barriers for word in between)


def _shifted(stance: str, operator: Operator, indicator: Indicator) -> str:
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


def stance_left(
    folding: Folding,
    pack: Pack,
    places: dict[str, list[tuple[int, int]]],
    match: Match,
    remarks: list[Remark] | None,
) -> tuple[str, bool]:
    """The stance left when every operator that reaches the match has worked on it ("" when none is), and if one of
    them says that it happens elsewhere."""
    stance, elsewhere = match.rule.stance, False
    if match.rule.cue.as_it_stands:
        return stance, elsewhere
    indicator = pack.indicators[match.rule.indicator]
    for operator in pack.grammar.operators:
        reaching = [place for place in places.get(operator.name, ()) if _reaches(folding, pack, operator, place, match)]
        if operator.odd:
            reaching = _of_one_clause(folding, reaching)
        # "No need, no danger" denies twice over; only other words undo each other, as in "not without danger".
        hits = len({tuple(folding.words[first:last]) for first, last in reaching})
        if hits and not (operator.odd and hits % 2 == 0):
            shifted = _shifted(stance, operator, indicator)
            if remarks is not None and shifted != stance:
                words = ", ".join(" ".join(folding.shapes[first:last]) for first, last in reaching)
                did = f"turns {stance} into {shifted}" if shifted and not match.rule.cue.weak else "drops it"
                remarks.append(Remark(rule_name(match.rule), f"{operator.name} (“{words}”) {did}"))
            stance = "" if match.rule.cue.weak and shifted != stance else shifted
            elsewhere = elsewhere or operator.elsewhere
            if not stance:
                break
    return stance, elsewhere


def after_preposition(folding: Folding, at: int, prepositions: frozenset[str]) -> bool:
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
