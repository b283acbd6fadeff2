"""One sentence read: which cues match, what operators make of them, and whose stance it is.

A cue shows a stance; operators around it (negation, future, condition, "no longer" ...) shift or drop it; the nearest
actor before it, or the place it speaks of, says whose stance it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from watcher.classify.cues import STOP
from watcher.classify.mentions import ACTORS, CARRY_SENTENCES, Folding, Recall, fold_mentions
from watcher.classify.pack import ANY, KEEP, Indicator, Operator, Pack, Rule
from watcher.classify.words import split_words
from watcher.model.change import About

MAX_WORDS = 400
REMEMBERED_SENTENCES = 4096
_BY_RANK = itemgetter(0, 1, 2)
_BEFORE_NAMES = frozenset(
    [
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
    ]
)


class _Match(NamedTuple):
    rule: Rule
    first: int
    last: int


def _matches(folding: Folding, pack: Pack, numbers: Iterable[int]) -> list[_Match]:
    """Matches of the cues with these numbers. Within one Indicator a match that begins inside one of higher rank is
    dropped, unless it begins with that one's last word: "we signed the treaty, which parliament ratified" says two
    things.

    Cues that are taken as they stand rank first, then the order of the pack, cues that name an actor, longer matches.
    """
    found: dict[str, list[tuple[tuple[bool, int, bool], int, int, Rule]]] = {}
    for number, first, last in pack.index.found(numbers, folding.written):
        rule = pack.rules[number]
        found.setdefault(rule.indicator, []).append((rule.rank, first - last, first, rule))
    kept: list[_Match] = []
    for ranked in found.values():
        if len(ranked) > 1:
            ranked.sort(key=_BY_RANK)
        chosen: list[_Match] = []
        for _, length, first, rule in ranked:
            for other in chosen:
                if other.first <= first < max(other.last - 1, other.first + 1):
                    break
            else:
                chosen.append(_Match(rule, first, first - length))
        kept.extend(chosen)
    return kept


def _operator_places(folding: Folding, pack: Pack) -> list[tuple[Operator, list[tuple[int, int]]]]:
    """Where each operator stands, of those that the sentence has, in the order of the pack."""
    found: list[tuple[Operator, list[tuple[int, int]]]] = []
    taken = list(folding.find(pack.grammar.neutral))
    bits, possible = pack.index.bits, folding.possible
    for operator in pack.grammar.operators:
        if not possible & bits[id(operator.cue)]:
            continue
        places = []
        for first, last in folding.find(operator.cue):
            if not any(first < end and start < last for start, end in taken):
                places.append((first, last))
                taken.append((first, last))
        if places:
            found.append((operator, places))
    return found


def _reaches(folding: Folding, pack: Pack, operator: Operator, place: tuple[int, int], match: _Match) -> bool:
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
            if folding.words[at] == "@own" and not _after_preposition(folding, at, prepositions):
                return False
    return pack.grammar.barriers.isdisjoint(between)


def _shifted(stance: str, operator: Operator, indicator: Indicator) -> str:
    shift = indicator.shifts.get((operator.name, stance))
    if shift is None:
        shift = indicator.shifts.get((operator.name, ANY), operator.shift)
    return stance if shift == KEEP else shift


def _stance(
    folding: Folding, pack: Pack, places: list[tuple[Operator, list[tuple[int, int]]]], match: _Match
) -> tuple[str, bool]:
    """The stance left when every operator that reaches the match has worked on it ("" when none is), and if one of
    them says that it happens elsewhere."""
    stance, elsewhere = match.rule.stance, False
    if not places or match.rule.cue.as_it_stands:
        return stance, elsewhere
    indicator = pack.indicators[match.rule.indicator]
    for operator, standing in places:
        reaching = [place for place in standing if _reaches(folding, pack, operator, place, match)]
        if not reaching:
            continue
        # "No need, no danger" denies twice over; only other words undo each other, as in "not without danger".
        hits = len({tuple(folding.words[first:last]) for first, last in reaching}) if operator.odd else 1
        if hits % 2:
            shifted = _shifted(stance, operator, indicator)
            stance = "" if match.rule.cue.weak and shifted != stance else shifted
            elsewhere = elsewhere or operator.elsewhere
            if not stance:
                break
    return stance, elsewhere


def _is_actor(word: str) -> bool:
    return word.startswith(ACTORS)


def _after_preposition(folding: Folding, at: int, prepositions: frozenset[str]) -> bool:
    for before in range(at - 1, max(at - 4, -1), -1):
        word = folding.words[before]
        if word in prepositions:
            return True
        if word not in _BEFORE_NAMES:
            return False
    return False


def _actors(folding: Folding, first: int, last: int) -> list[int]:
    """Numbers of the words from `first` to before `last` that are actors, ascending."""
    return [at for at in folding.named if first <= at < last and _is_actor(folding.words[at])]


def _actor_of_relative(folding: Folding, pack: Pack, match: _Match) -> str:
    """Who acts in "the treaty, which Norway ratified" and in "not all States are parties": the last actor within the
    match that no preposition governs."""
    for at in reversed(_actors(folding, match.first + 1, match.last)):
        if not _after_preposition(folding, at, pack.grammar.prepositions):
            return folding.words[at]
    return ""


def _actor(folding: Folding, pack: Pack, match: _Match) -> str:
    """The actor of a match: the one its cue names, else the nearest before it that no preposition governs."""
    words, prepositions = folding.words, pack.grammar.prepositions
    if match.rule.cue.names_actor and (inside := _actors(folding, match.first, match.last)):
        return words[inside[-1]]
    if _is_actor(words[match.first]):
        return words[match.first]
    turned = words[match.first] in pack.lexicon.negations
    if (turned or words[match.first].startswith("@i_")) and (inner := _actor_of_relative(folding, pack, match)):
        return inner
    before = words[: match.first]
    begun = match.first - before[::-1].index(STOP) if STOP in before else 0
    asides: list[str] = []
    for at in reversed(_actors(folding, begun, match.first)):
        related = at + 1 < match.first and words[at + 1] in pack.grammar.relatives
        if related or not _after_preposition(folding, at, prepositions):
            return words[at]
        asides.append(words[at])
    for at in _actors(folding, match.first, match.last + 3):
        if at and words[at - 1] in ("by", "por", "par", "of"):
            return words[at]
    if "@own" in asides:
        return "@own"
    return asides[0] if asides else ""


def _speaks_of_own(folding: Folding, pack: Pack) -> bool:
    """True when the sentence names the Document's Subject otherwise than as the one who says so."""
    for at in folding.named:
        if folding.words[at] == "@own" and pack.grammar.speech.isdisjoint(folding.words[at + 1 : at + 4]):
            return True
    return False


def _place(folding: Folding, match: _Match, unnamed: str, *, own: bool) -> str:
    """The place a sentence speaks of: the Document's Subject if named, else another State, the world, or `unnamed`."""
    words = folding.words
    if own:
        return "@own"
    near = sorted(folding.named, key=lambda at: (abs(at - match.first), at))
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


def _holder(folding: Folding, pack: Pack, match: _Match, stance: str, unnamed: str, *, own: bool) -> str:
    """The mention whose stance a match shows; `own`: the sentence speaks of the Document's Subject."""
    indicator = pack.indicators[match.rule.indicator]
    mention = _place(folding, match, unnamed, own=own) if indicator.about == "place" else _actor(folding, pack, match)
    if indicator.about == "speaker" and not mention.startswith("@st_"):
        mention = "@own"
    if stance in indicator.never_own and mention in ("", "@own") and not match.rule.cue.names_actor:
        mention = "@world"
    return mention


class _Saying(NamedTuple):
    """One stance that a match shows, and whose it is."""

    match: _Match
    stance: str
    about: About
    holder: str


def _sayings(folding: Folding, pack: Pack, subject: str, unnamed: str, numbers: list[int]) -> list[_Saying]:
    matches = _matches(folding, pack, numbers)
    if not matches:
        return []
    places = _operator_places(folding, pack)
    own = _speaks_of_own(folding, pack)
    found = []
    for match in matches:
        stance, elsewhere = _stance(folding, pack, places, match)
        if not stance:
            continue
        place = "@world" if elsewhere else unnamed
        mention = _holder(folding, pack, match, stance, place, own=own and not elsewhere)
        about, holder = _about(mention, subject)
        if about is About.OTHER:
            stance = pack.indicators[match.rule.indicator].of_others.get(stance, stance)
        if about is About.OWN or holder or pack.indicators[match.rule.indicator].world:
            found.append(_Saying(match, stance, about, holder))
    return found


def _chosen(sayings: list[_Saying], pack: Pack) -> list[_Saying]:
    """Each (holder, Indicator, stance) once, one stance only where the Indicator shows one at a time, and no state of
    the world where something is said of a Subject."""
    if len(sayings) == 1:
        return sayings
    if any(one.about is not About.WORLD for one in sayings):
        sayings = [one for one in sayings if one.about is not About.WORLD or not _of_place(one, pack)]
    found: dict[tuple[str, str, str], _Saying] = {}
    for one in sayings:
        indicator = pack.indicators[one.match.rule.indicator]
        same = (one.holder, indicator.name)
        rivals = [key for key in found if key[:2] == same] if indicator.single or indicator.prevails else []
        if indicator.single and rivals:
            continue
        if rivals:
            rival = found[rivals[0]]
            if _weight(one, indicator) <= _weight(rival, indicator):
                continue
            del found[rivals[0]]
        found.setdefault((*same, one.stance), one)
    return list(found.values())


def _of_place(saying: _Saying, pack: Pack) -> bool:
    return pack.indicators[saying.match.rule.indicator].about == "place"


def _weight(saying: _Saying, indicator: Indicator) -> tuple[bool, int]:
    return saying.match.rule.cue.as_it_stands, indicator.stances.index(saying.stance)


def _asserted(folding: Folding, pack: Pack, subject: str, unnamed: str) -> list[_Saying]:
    """What the sentence asserts; weak cues are heard only where no other speaks."""
    for weak in (False, True):
        numbers = pack.index.candidates(folding.present, weak=weak)
        if found := _chosen(_sayings(folding, pack, subject, unnamed, numbers), pack):
            return found
    return []


class Assertion(NamedTuple):
    """One stance that a sentence shows, whose it is, and the rule that says so."""

    indicator: str
    stance: str
    about: About
    holder: str
    rule: str


class Reading(NamedTuple):
    """What a sentence asserts, what is remembered after it, and if it speaks of the Document's Subject."""

    assertions: tuple[Assertion, ...]
    recall: Recall
    own: bool


@lru_cache(maxsize=REMEMBERED_SENTENCES)
def read_sentence(text: str, *, subject: str, pack: Pack, recall: Recall, alone: bool, near: bool) -> Reading:
    """The reading of one sentence. Remembered, since most sentences of a page are those of its last Version.

    `recall` is what the sentences before it left, `alone` says that the text is this one sentence, `near` that one of
    those shortly before it spoke of the Document's Subject.
    """
    words = split_words(text)
    if not words.words or len(words.words) > MAX_WORDS:
        return Reading((), recall, own=False)
    folding, after = fold_mentions(words, subject=subject, pack=pack, recall=recall, alone=alone)
    own = _speaks_of_own(folding, pack)
    if after.topic_age > CARRY_SENTENCES:
        return Reading((), after, own)
    unnamed = "@own" if alone or near or own else "@world"
    assertions = tuple(
        Assertion(
            one.match.rule.indicator,
            one.stance,
            one.about,
            one.holder,
            one.match.rule.name,
        )
        for one in _asserted(folding, pack, subject, unnamed)
    )
    return Reading(assertions, after, own)
