"""Where the cues of a pack match in a sentence, and what operators around a match make of its stance.

Operators (negation, future, condition, "no longer" ...) reach a match from before it, within a window that barriers and
"we" may end, or from inside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import NamedTuple

from watcher.classify.folding import Folding
from watcher.classify.mentions import REMEMBERED_PACKS
from watcher.classify.pack import ANY, KEEP, YIELD, Indicator, Operator, Pack, Rule

DENIED_WORDS = 1  # between a negative word and what it denies: "has not yet withdrawn"
COORDINATORS = frozenset({"and", "or", "nor", "et", "ou", "y", "o", "ni", "и", "или"})
_NAMES_FOLLOW = "the la le el los las les government republic people peoples royal whole former"
_BEFORE_NAMES = frozenset(_NAMES_FOLLOW.split())
Standing = Sequence[tuple[Operator, list[tuple[int, int]]]]
Left = tuple[str, bool, bool]
"""What operators leave of a match: its stance ("" when none), if they say that it happens elsewhere, and if it is told
only as what went before another."""


class Match(NamedTuple):
    rule: Rule
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of a cue that matched and is not heard as it stands: the rule, and why in words."""

    rule: str
    why: str


def matches_of(folding: Folding, pack: Pack, *, weak: bool = False) -> list[Match]:
    """Matches of the weak cues, or of the other ones.

    Within one Indicator a match that begins inside one of higher rank is dropped, unless it begins with that one's last
    word: "we signed the treaty, which parliament ratified" says two things.

    Cues that are taken as they stand rank first, then the order of the pack, cues that name an actor, longer matches.
    """
    found: dict[str, list[tuple[int, int, int, int]]] = {}
    rules = pack.rules
    for number, first, last in pack.index.found(folding.possible, folding.written, weak=weak):
        rule = rules[number]
        ranked = (rule.rank, first - last, first, number)
        if (same := found.get(rule.indicator)) is None:
            found[rule.indicator] = [ranked]
        else:
            same.append(ranked)
    kept: list[Match] = []
    for matches in found.values():
        if len(matches) == 1:
            ((_, length, first, number),) = matches
            kept.append(Match(rules[number], first, first - length))
            continue
        matches.sort()
        taken: list[tuple[int, int]] = []
        for _, length, first, number in matches:
            for begin, end in taken:
                if begin <= first < end:
                    break
            else:
                last = first - length
                taken.append((first, max(last - 1, first + 1)))
                kept.append(Match(rules[number], first, last))
    return kept


@lru_cache(maxsize=REMEMBERED_PACKS)
def _operators(pack: Pack) -> tuple[int, tuple[tuple[int, Operator], ...]]:
    """The bits of all operators of a pack in what is possible, and each with its own."""
    listed = tuple((pack.index.bits[id(operator.cue)], operator) for operator in pack.grammar.operators)
    return reduce(or_, (bits for bits, _ in listed), 0), listed


def operator_places(folding: Folding, pack: Pack) -> Standing:
    """Where each operator stands, of those that the sentence has, in the order of the pack."""
    of_all, listed = _operators(pack)
    possible = folding.possible & of_all
    if not possible:
        return []
    operators = [operator for bits, operator in listed if possible & bits]
    found: list[tuple[Operator, list[tuple[int, int]]]] = []
    taken = folding.find(pack.grammar.neutral)
    for operator in operators:
        places = pack.index.spans(operator.cue, folding.written)
        if taken:
            places = [place for place in places if not _is_taken(place, taken)]
        if places:
            taken += places
            found.append((operator, places))
    return found


def _is_taken(place: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    first, last = place
    return any(first < end and start < last for start, end in taken)


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
    return pack.grammar.barriers.isdisjoint(folding.words[last : match.first + 1])


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


def _is_undone(folding: Folding, places: list[tuple[int, int]]) -> bool:
    """True for an even number of other words: "not without danger". "No need, no danger" denies twice over."""
    return len(places) > 1 and len({tuple(folding.words[first:last]) for first, last in places}) % 2 == 0


def stance_left(folding: Folding, pack: Pack, places: Standing, match: Match, remarks: list[Remark] | None) -> Left:
    """What is left when every operator that reaches the match has worked on it."""
    rule, begin, end = match
    stance, elsewhere, yields = rule.stance, False, False
    if not places:
        return stance, elsewhere, yields
    if rule.cue.as_it_stands:
        if _is_denied(folding, pack, places, match):
            if remarks is not None:
                remarks.append(Remark(rule.name, "a negative word right before it drops it"))
            stance = ""
        return stance, elsewhere, yields
    for operator, standing in places:
        window = operator.window
        reaching = [
            (first, last)
            for first, last in standing
            if first < end and begin - last <= window and _reaches(folding, pack, operator, (first, last), match)
        ]
        if operator.odd:
            reaching = _of_one_clause(folding, reaching)
        if not reaching or (operator.odd and _is_undone(folding, reaching)):
            continue
        shifted = _shifted(stance, operator, pack.indicators[rule.indicator])
        if shifted == YIELD:
            yields, shifted = True, stance
        if shifted != stance:
            if remarks is not None:
                words = ", ".join(" ".join(folding.shapes[first:last]) for first, last in reaching)
                did = f"turns {stance} into {shifted}" if shifted and not rule.cue.weak else "drops it"
                remarks.append(Remark(rule.name, f"{operator.name} (“{words}”) {did}"))
            stance = "" if rule.cue.weak else shifted
        elsewhere = elsewhere or operator.elsewhere
        if not stance:
            break
    return stance, elsewhere, yields


def _is_denied(folding: Folding, pack: Pack, places: Standing, match: Match) -> bool:
    """True for a cue taken as it stands that begins with no negative word and has one right before it: "has not
    withdrawn"."""
    begin = match.first
    if folding.words[begin] in pack.lexicon.negations:
        return False
    denying = [place for operator, standing in places if operator.odd for place in standing]
    return any(last <= begin <= last + DENIED_WORDS for _, last in denying)


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
