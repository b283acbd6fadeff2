"""Who and what a sentence names: Subjects, Instruments, "we", the world, folded into single words that cues can read.

"@own" the Document's Subject · "@st_XXX" another State · "@adj_XXX" its adjective · "@world" States at large ·
"@group" actors that are no State · "@i_XXX" an Instrument · "@r_XXX" a resolution on it · "@other" another topic than
the pack's · "@homonym" words that mean something else here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from watcher.classify.cues import Cue
from watcher.classify.folding import CARRY_SENTENCES, FORGOTTEN, Folding, Recall
from watcher.classify.names import name_spans
from watcher.classify.pack import Pack
from watcher.classify.quotes import Span, speaker_of
from watcher.classify.words import Words

TOPIC, OTHER, HOMONYM = "@topic", "@other", "@homonym"
REMEMBERED_PACKS = 16


def _again(folding: Folding, first: int, last: int, recall: Recall) -> str:
    """Whom "the government" or "it" at a word means: the State that it is said to be of, else the last one named before
    it, else the Document's Subject."""
    if folding.words[last : last + 1] == ["of"]:
        for word in folding.words[last + 1 : last + 3]:
            if word == "@own" or word.startswith("@st_"):
                return word
    for at in range(first - 1, -1, -1):
        if folding.words[at] == "@own" or folding.words[at].startswith("@st_"):
            return folding.words[at]
    if recall.actor.startswith("@st_"):
        return recall.actor
    return "@own"


@lru_cache(maxsize=REMEMBERED_PACKS)
def _kinds(pack: Pack) -> tuple[tuple[int, str, Cue], ...]:
    """The kinds of mentions of a pack with the bits of their cues in what is possible."""
    return tuple((pack.index.bits[id(cue)], kind, cue) for kind, cue in pack.grammar.mentions)


def _voiced(folding: Folding, pack: Pack, first: int, quotes: Sequence[Span], voice: str) -> str:
    """Who "we" at a word is: the State whose words are quoted there, else the Document's Subject."""
    words, places, prepositions = folding.words, folding.places, pack.grammar.prepositions
    for start, end in quotes:
        if start <= places[first][0] < end:
            return speaker_of(words, places, start, voice=voice, prepositions=prepositions) or "@own"
    return "@own"


def _fold_cues(folding: Folding, pack: Pack, recall: Recall, quotes: Sequence[Span]) -> None:
    possible = folding.possible
    for bits, kind, cue in _kinds(pack):
        if not possible & bits:
            continue
        spans = []
        for first, last in pack.index.spans(cue, folding.written):
            mention = "@" + kind
            if kind == "again":
                mention = _again(folding, first, last, recall)
            elif kind == "own" and quotes:
                mention = _voiced(folding, pack, first, quotes, recall.voice)
            spans.append((first, last, mention))
        if spans:
            folding.replace(spans)
            possible = folding.possible


def _has_title(folding: Folding, at: int, pack: Pack) -> bool:
    """True when "the Convention" goes on as another one's title: "on Biological Diversity", and not "on 1 July"."""
    following = folding.words[at : at + 2]
    if len(following) < 2 or following[0] not in pack.grammar.titling:
        return False
    return following[1][0] not in "#~@" and following[1] not in pack.lexicon.months


def _fold_treaty_again(folding: Folding, pack: Pack, recall: Recall, *, on_topic: bool) -> None:
    """Say which Instrument "the treaty" is: the last one named, else the pack's first where its topic is near."""
    cue = pack.grammar.treaty_again
    spans = []
    for first, last in folding.find(cue):
        if _has_title(folding, last, pack):
            continue
        before = [word for word in folding.words[:first] if word.startswith("@i_")]
        if before:
            spans.append((first, last, before[-1]))
        elif recall.treaty:
            spans.append((first, last, recall.treaty))
        elif pack.instruments and on_topic:
            spans.append((first, last, "@i_" + pack.instruments[0]))
    folding.replace(spans)


def _without(written: str, spans: Iterable[tuple[int, int]]) -> str:
    for first, last in sorted(spans, reverse=True):
        written = written[:first] + written[last:]
    return written


def _fold_homonyms(folding: Folding, pack: Pack, recall: Recall) -> None:
    """Lay aside words that mean something else here: "coal mine", and "the mine" after it."""
    index, ambiguous = pack.index, pack.grammar.ambiguous
    if ambiguous is None or not folding.may_hold(ambiguous):
        return
    for cue in pack.grammar.homonyms:
        if folding.possible & index.bits[id(cue)]:
            folding.replace([(first, last, HOMONYM) for first, last in index.spans(cue, folding.written)])
    if HOMONYM not in folding.words and recall.other != HOMONYM:
        return
    sure = list(folding.find(pack.grammar.unambiguous)) if pack.grammar.unambiguous else []
    spans = [
        (first, last)
        for first, last in folding.find(ambiguous)
        if not any(start <= first and last <= end for start, end in sure)
    ]
    if not index.matches(pack.topic, _without(folding.written, spans)):
        folding.replace([(first, last, HOMONYM) for first, last in spans])


def _spoken_of_last(folding: Folding, pack: Pack, end: int) -> str:
    """What the words before a place name: the pack's topic ("@topic"), only another one, or neither ("")."""
    others, written = pack.grammar.other_topics, folding.written[:end]
    spans = pack.index.spans(others, written) if others else []
    if pack.index.matches(pack.topic, _without(written, spans)):
        return TOPIC
    if spans:
        return OTHER
    return HOMONYM if HOMONYM in folding.words[:end] else ""


def _fold_referring(folding: Folding, pack: Pack, recall: Recall) -> None:
    """Lay aside words that take up another topic than the pack's: "nuclear arms ... we produce no such weapons"."""
    referring = pack.grammar.referring
    if referring is None:
        return
    spans = []
    for first, last in folding.find(referring):
        if (_spoken_of_last(folding, pack, first) or recall.other) in (OTHER, HOMONYM):
            spans.append((first, last, OTHER))
    folding.replace(spans)


def _add_objects(folding: Folding, pack: Pack) -> None:
    """Say of what, where a text under a heading leaves it out: "it stopped production in 1996"."""
    grammar, words = pack.grammar, folding.words
    if grammar.elliptic is None or not grammar.implied_object or folding.holds(pack.topic):
        return
    spans = []
    for first, last in folding.find(grammar.elliptic):
        following = words[last] if last < len(words) else ""
        ends = not following or following in grammar.elliptic_ends or following[0] in "#~;"
        if ends and (not first or words[first - 1] not in grammar.elliptic_of_others):
            spans.append((last, last, grammar.implied_object))
    folding.replace(spans)


def fold_mentions(
    words: Words,
    *,
    subject: str,
    pack: Pack,
    recall: Recall,
    alone: bool = False,
    headed: bool = False,
    quotes: Sequence[Span] = (),
) -> tuple[Folding, Recall]:
    """The words of a sentence with mentions folded, and what is to be remembered after it.

    `alone` says that the text is this one sentence, so that it can lean on nothing but the pack; `headed` that a
    heading or the title above it names the pack's topic. `quotes` are where the sentence quotes, in its text.
    """
    folding = Folding(words, pack.index, name_spans(words, subject=subject, grammar=pack.grammar))
    _fold_homonyms(folding, pack, recall)
    _fold_cues(folding, pack, recall, quotes)
    _fold_referring(folding, pack, recall)
    if headed:
        _add_objects(folding, pack)
    treaty, treaty_age, actor, actor_age, topic_age, other, other_age, _ = recall
    others = pack.grammar.other_topics
    is_topical = folding.holds(pack.topic)
    if is_topical:
        topic_age = 0
    if others is not None and (HOMONYM in folding.words or folding.may_hold(others)):
        if spoken := _spoken_of_last(folding, pack, len(folding.words)):
            other, other_age = ("", FORGOTTEN) if spoken == TOPIC else (spoken, 0)
    elif is_topical:
        other, other_age = "", FORGOTTEN
    _fold_treaty_again(folding, pack, recall, on_topic=alone or topic_age <= CARRY_SENTENCES)
    for at in folding.named:
        mention = folding.words[at]
        if mention.startswith("@i_"):
            treaty, treaty_age = mention, 0
            if mention[3:] in pack.instruments:
                topic_age = 0
        elif mention == "@own" or mention.startswith("@st_"):
            actor, actor_age = mention, 0
    return folding, Recall(treaty, treaty_age, actor, actor_age, topic_age, other, other_age)
