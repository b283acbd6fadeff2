"""One sentence read: which cues match, what operators make of them, and whose stance it is.

A cue shows a stance; operators around it (negation, future, condition, "no longer" ...) shift or drop it; the nearest
actor before it, or the place it speaks of, says whose stance it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from watcher.classify.cues import STOP
from watcher.classify.folding import CARRY_SENTENCES, Folding, Recall
from watcher.classify.matching import Match, Remark, after_preposition, matches_of, operator_places, stance_left
from watcher.classify.mentions import fold_mentions
from watcher.classify.pack import Indicator, Pack, Rule
from watcher.classify.quotes import quoted, speaker_of, stays_open
from watcher.classify.words import split_words
from watcher.model.change import About
from watcher.model.subjects import FORMER_STATES

MAX_WORDS = 400
LONG_WORD = 5  # titles write shorter words ("with") without a capital
# A sentence that names a publication: a note's mark at its beginning, pages, an address.
_CITES = re.compile(
    r"^\W{0,3}\[\d{1,3}\]\s|\bpp?\.\s?\d|\bIbid\b|\bop\. ?cit|https?://|\b(?:available|accessed) (?:at|on)\b", re.I
)
_CITING = ("[", "p.", "ibid", "http", "available ", "accessed ")  # what _CITES finds holds one of them
JOINING = frozenset({"and", "the", "as", "well", "also", "both", "et", "y", "и", "la", "le", "el", "l", "les"})
OF = frozenset({"by", "por", "par", "of"})  # "the decision of Chile" is Chile's
REMEMBERED_SENTENCES = 4096
REMEMBERED_HOLDERS = 4096
_ORIGINS = frozenset("@adj_" + code for code in FORMER_STATES)  # "Soviet mines" lie in another State
_OWN, _OTHER, _WORLD = About.OWN, About.OTHER, About.WORLD


def _cites(text: str) -> bool:
    """True when a sentence names a publication."""
    lowered = text.lower()
    if text.isascii() and not [mark for mark in _CITING if mark in lowered]:
        return False
    return _CITES.search(text) is not None


def _actor_of_relative(folding: Folding, pack: Pack, match: Match) -> int | None:
    """Who acts in "the treaty, which Norway ratified" and in "not all States are parties": the last actor within the
    match that no preposition governs."""
    inside = reversed([at for at in folding.actors if match.first < at < match.last])
    return next((at for at in inside if not after_preposition(folding, at, pack.grammar.prepositions)), None)


def _actor_at(folding: Folding, pack: Pack, match: Match) -> int | None:
    """The number of the word that acts: the one the cue names, else the nearest before the match that no preposition
    governs. None when no word does."""
    actors, words, prepositions = folding.actors, folding.words, pack.grammar.prepositions
    rule, first, last = match
    if not actors:
        return None
    if rule.cue.names_actor and (inside := [at for at in actors if first <= at < last]):
        return inside[-1]
    if first in actors:
        return first
    if words[first] in pack.lexicon.negations or words[first].startswith("@i_"):
        inner = _actor_of_relative(folding, pack, match)
        if inner is not None:
            return inner
    if not OF.isdisjoint(words[first + 1 : first + 2]):
        for at in actors:
            if first + 2 <= at < first + 4:
                return at
    begun = _clause_start(words, first)
    asides: list[int] = []
    for at in reversed(actors):
        if not begun <= at < first:
            continue
        related = at + 1 < first and words[at + 1] in pack.grammar.relatives
        if related or not after_preposition(folding, at, prepositions):
            return at
        asides.append(at)
    for at in actors:
        if first <= at < last + 3 and at and words[at - 1] in OF:
            return at
    own = [at for at in asides if words[at] == "@own"]
    return next(iter((*own, *asides)), None)


def _clause_start(words: list[str], first: int) -> int:
    """The number of the word after the last ";" before a word, 0 where there is none."""
    if STOP not in words:
        return 0
    before = words[:first]
    return first - before[::-1].index(STOP) if STOP in before else 0


def _with(folding: Folding, at: int) -> tuple[str, ...]:
    """An actor and those that are named with it: "Cuba, Egypt and India abstained" speaks of three."""
    words = folding.words
    found = [words[at]]
    for before in range(at - 1, -1, -1):
        word = words[before]
        if word == "@own" or word.startswith("@st_"):
            found.append(word)
        elif word not in JOINING:
            break
    return tuple(dict.fromkeys(found))


def _speaks_of_own(folding: Folding, pack: Pack) -> bool:
    """True when the sentence names the Document's Subject otherwise than as the one who says so."""
    for at in folding.named:
        if folding.words[at] == "@own" and pack.grammar.speech.isdisjoint(folding.words[at + 1 : at + 4]):
            return True
    return False


def _place(folding: Folding, match: Match, unnamed: str, *, own: bool) -> str:
    """The place a sentence speaks of: the Document's Subject if named, else another State, the world, or `unnamed`."""
    words = folding.words
    if own:
        return "@own"
    near = sorted(folding.named, key=lambda at: (abs(at - match.first), at))
    for prefix in ("@st_", "@adj_", "@world"):
        for at in near:
            if words[at].startswith(prefix) and words[at] not in _ORIGINS:
                return "@st_" + words[at][5:] if prefix == "@adj_" else words[at]
    return unnamed


@lru_cache(maxsize=REMEMBERED_HOLDERS)
def _about(mention: str, subject: str) -> tuple[About, str]:
    if mention in ("", "@own"):
        return About.OWN, subject
    if mention.startswith("@st_"):
        return About.OTHER, mention[4:]
    return (About.WORLD, "") if mention == "@world" else (About.OTHER, "")


def _holders(folding: Folding, pack: Pack, match: Match, stance: str, unnamed: str, *, own: bool) -> tuple[str, ...]:
    """The mentions whose stance a match shows; `own`: the sentence speaks of the Document's Subject."""
    rule = match.rule
    indicator = pack.indicators[rule.indicator]
    if indicator.about == "place":
        at, mention = None, _place(folding, match, unnamed, own=own)
    else:
        at = _actor_at(folding, pack, match)
        mention = "" if at is None else folding.words[at]
        if indicator.about == "speaker" and not mention.startswith("@st_"):
            mention = "@own"
    if mention in ("", "@own") and stance in indicator.never_own and not rule.cue.names_actor:
        mention = "@world"
    if at is None or indicator.about != "actor" or (mention != "@own" and not mention.startswith("@st_")):
        return (mention,)
    return _with(folding, at)


class Assertion(NamedTuple):
    """One stance that a cue shows, whose it is, and if it counts only where no other stands beside it."""

    rule: Rule
    stance: str
    about: About
    holder: str
    yields: bool


def _is_of_another(folding: Folding, indicator: Indicator) -> bool:
    """True when the sentence speaks of what the Indicator is not about, and not of what it is about."""
    if indicator.not_of is None or not folding.holds(indicator.not_of):
        return False
    return indicator.unless is None or not folding.holds(indicator.unless)


def _is_title(folding: Folding, match: Match) -> bool:
    """True when the words of a match are written as in a title: every long one with a capital."""
    found = zip(folding.words[match.first : match.last], folding.shapes[match.first : match.last], strict=True)
    long = [shape for word, shape in found if word[0] not in "@#~" and len(shape) >= LONG_WORD]
    return len(long) > 1 and all(shape[0].isupper() for shape in long)


def _is_parted(folding: Folding, pack: Pack, match: Match) -> bool:
    """True when a match goes on in another clause: one with an actor of its own ("has not joined because Chile lays
    mines"), or any where it began with a negative word. "Since 2010" begins no clause."""
    words, literals = folding.words, match.rule.cue.literals
    denies = words[match.first] in pack.lexicon.negations
    for at in range(match.first + 1, match.last - 1):
        if words[at] in pack.grammar.barriers and words[at] not in literals and words[at + 1][0] not in "#~":
            return denies or any(at < actor < match.last for actor in folding.actors)
    return False


def _sayings(
    folding: Folding,
    pack: Pack,
    *,
    weak: bool,
    subject: str,
    unnamed: str,
    own: bool,
    cites: bool,
    remarks: list[Remark] | None,
) -> list[Assertion]:
    """What the cues show, without titles of publications where the sentence `cites` some."""
    matches = matches_of(folding, pack, weak=weak)
    if not matches:
        return []
    places = operator_places(folding, pack)
    found: list[Assertion] = []
    titles: list[Rule] = []
    for match in matches:
        if _is_parted(folding, pack, match):
            _remark(remarks, match.rule, "it goes on in a clause with an actor of its own")
            continue
        stance, elsewhere, yields = stance_left(folding, pack, places, match, remarks)
        if not stance:
            continue
        rule = match.rule
        indicator = pack.indicators[rule.indicator]
        if indicator.not_of is not None and _is_of_another(folding, indicator):
            _remark(remarks, rule, "the sentence speaks of something else, see not_of of its indicator")
            continue
        is_title = cites and _is_title(folding, match)
        place = "@world" if elsewhere else unnamed
        for one in _holders(folding, pack, match, stance, place, own=own and not elsewhere):
            about, holder = _about(one, subject)
            if about is not _OWN and not holder and not indicator.world:
                _remark(remarks, rule, f"it is said of {_who(one)}, and {indicator.name} keeps what States do")
            elif is_title:
                titles.append(rule)
            else:
                shown = indicator.of_others.get(stance, stance) if about is _OTHER else stance
                found.append(Assertion(rule, shown, about, holder, yields))
    for rule in titles:
        _remark(remarks, rule, "its words are a title in a note")
    return found


def _remark(remarks: list[Remark] | None, rule: Rule, why: str) -> None:
    if remarks is not None:
        remarks.append(Remark(rule.name, why))


def _who(mention: str) -> str:
    return "States at large" if mention == "@world" else "actors that are no State"


def _chosen(sayings: list[Assertion], pack: Pack, remarks: list[Remark] | None) -> list[Assertion]:
    """Each (holder, Indicator, stance) once, one stance only where the Indicator shows one at a time, and no state of
    the world where something is said of a Subject."""
    if len(sayings) < 2:
        return sayings
    found: dict[tuple[str, str, str], Assertion] = {}
    shown: dict[tuple[str, str], Assertion] = {}
    for one in _without_what_went_before(_without_the_world(sayings, pack, remarks), remarks):
        indicator = pack.indicators[one.rule.indicator]
        key = (one.holder, indicator.name, one.stance)
        if indicator.single or indicator.prevails:
            rival = shown.setdefault(key[:2], one)
            if rival is not one and not _prevails(one, rival, indicator, remarks):
                continue
            shown[key[:2]] = one
            found.pop((*key[:2], rival.stance), None)
        found.setdefault(key, one)
    return list(found.values())


def _prevails(one: Assertion, rival: Assertion, indicator: Indicator, remarks: list[Remark] | None) -> bool:
    """Whether a saying takes the place of one that stands before it, where the Indicator shows one stance."""
    if indicator.single:
        if rival.stance != one.stance:
            _remark(remarks, one.rule, f"{indicator.name} shows one stance, and {rival.stance} stands before it")
        return False
    prevails = _weight(one, indicator) > _weight(rival, indicator)
    if rival.stance != one.stance:
        lesser, kept = (rival, one) if prevails else (one, rival)
        _remark(remarks, lesser.rule, f"{indicator.name} shows one stance, and {kept.stance} prevails")
    return prevails


def _without_the_world(sayings: list[Assertion], pack: Pack, remarks: list[Remark] | None) -> list[Assertion]:
    """The sayings without states of the world where something is said of a Subject."""
    of_world = [one for one in sayings if one.about is _WORLD]
    if not of_world or len(of_world) == len(sayings):
        return sayings
    for one in of_world:
        if _of_place(one, pack):
            _remark(remarks, one.rule, "it is said of the world, and something else of a State")
    return [one for one in sayings if one.about is not _WORLD or not _of_place(one, pack)]


def _without_what_went_before(sayings: list[Assertion], remarks: list[Remark] | None) -> list[Assertion]:
    """The sayings without those that yield to another of the same holder: "voted yes, having abstained before"."""
    if not [one for one in sayings if one.yields]:
        return sayings
    told = {(one.holder, one.rule.indicator) for one in sayings if not one.yields}
    kept = []
    for one in sayings:
        if one.yields and (one.holder, one.rule.indicator) in told:
            _remark(remarks, one.rule, "it went before what the sentence tells")
        else:
            kept.append(one)
    return kept


def _of_place(saying: Assertion, pack: Pack) -> bool:
    return pack.indicators[saying.rule.indicator].about == "place"


def _weight(saying: Assertion, indicator: Indicator) -> tuple[bool, int]:
    return saying.rule.cue.as_it_stands, indicator.stances.index(saying.stance)


def _asserted(
    folding: Folding,
    pack: Pack,
    *,
    subject: str,
    unnamed: str,
    own: bool,
    cites: bool,
    remarks: list[Remark] | None = None,
) -> list[Assertion]:
    """What the sentence asserts; weak cues are heard only where no other speaks, titles of publications (`cites`) not
    at all."""
    for weak in (False, True):
        sayings = _sayings(
            folding, pack, weak=weak, subject=subject, unnamed=unnamed, own=own, cites=cites, remarks=remarks
        )
        if found := _chosen(sayings, pack, remarks):
            return found
    return []


class Reading(NamedTuple):
    """What a sentence asserts, what is remembered after it, and if it speaks of the Document's Subject."""

    assertions: tuple[Assertion, ...]
    recall: Recall
    own: bool


@lru_cache(maxsize=REMEMBERED_SENTENCES)
def read_sentence(
    text: str, *, subject: str, pack: Pack, recall: Recall, alone: bool, near: bool, headed: bool = False
) -> Reading:
    """The reading of one sentence. Remembered, since most sentences of a page are those of its last Version.

    `recall` is what the sentences before it left, `alone` says that the text is this one sentence, `near` that one of
    those shortly before it spoke of the Document's Subject, `headed` that a heading or the title
    above it names the topic.
    """
    return trace_sentence(text, subject=subject, pack=pack, recall=recall, alone=alone, near=near, headed=headed)


def trace_sentence(
    text: str,
    *,
    subject: str,
    pack: Pack,
    recall: Recall,
    alone: bool,
    near: bool,
    headed: bool = False,
    remarks: list[Remark] | None = None,
) -> Reading:
    """`read_sentence` without memory; what became of cues that are not heard as they stand is added to `remarks`."""
    words = split_words(text)
    if not words.words or len(words.words) > MAX_WORDS:
        return Reading((), recall, own=False)
    quotes = quoted(text, goes_on=bool(recall.voice))
    folding, after = fold_mentions(
        words, subject=subject, pack=pack, recall=recall, alone=alone, headed=headed, quotes=quotes
    )
    if stays_open(text, quotes):
        prepositions = pack.grammar.prepositions
        speaker = speaker_of(
            folding.words, folding.places, quotes[-1][0], voice=recall.voice, prepositions=prepositions
        )
        after = after.quoting(speaker)
    own = _speaks_of_own(folding, pack)
    of_another = after.other_age == 0  # it names another topic, and the pack's weapon not
    if (of_another and after.topic_age) or after.topic_age > CARRY_SENTENCES:
        return Reading((), after, own)
    unnamed = "@own" if alone or near or own else "@world"
    assertions = _asserted(
        folding, pack, subject=subject, unnamed=unnamed, own=own, cites=_cites(text), remarks=remarks
    )
    if of_another:
        for one in [one for one in assertions if not _of_place(one, pack)]:
            _remark(remarks, one.rule, "it is said of something else that the sentence names")
        assertions = [one for one in assertions if _of_place(one, pack)]
    if text.endswith("?"):
        for one in assertions:
            _remark(remarks, one.rule, "a question asserts nothing")
        assertions = []
    return Reading(tuple(assertions), after, own)
