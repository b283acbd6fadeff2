"""Positions: what a text asserts of a Subject's policy, each with the sentence that says so."""

from __future__ import annotations

from collections import Counter

from watcher.classify.mentions import CARRY_SENTENCES, Recall
from watcher.classify.pack import Pack
from watcher.classify.reading import read_sentence
from watcher.classify.words import Sentence, fold, sentences
from watcher.model.change import Position

PLACE_SENTENCES = 2
HEADING_CHARACTERS = 90
TITLE_WORDS = 4  # a heading of no more words names a topic and says nothing of it
_END_MARKS = ".!?…:;,"


def _headings(text: str, listed: list[Sentence]) -> set[int]:
    """Numbers of the sentences that are headings: short, a paragraph of their own, with no mark at their end."""
    in_paragraph = Counter(sentence.paragraph for sentence in listed)
    return {
        number
        for number, (start, end, paragraph) in enumerate(listed)
        if end - start <= HEADING_CHARACTERS and in_paragraph[paragraph] == 1 and text[end - 1] not in _END_MARKS
    }


def _topical(text: str, listed: list[Sentence], pack: Pack) -> list[bool]:
    """Of each sentence if it may hold the pack's topic."""
    search = pack.prefilter.search
    if not text.isascii():
        return [search(fold(text[sentence.start : sentence.end])) for sentence in listed]
    folded = fold(text)
    return [search(folded[sentence.start : sentence.end]) for sentence in listed]


def _worth_reading(text: str, listed: list[Sentence], pack: Pack) -> tuple[list[int], set[int], set[int]]:
    """Numbers of the sentences that may hold the pack's topic, with those before and after that they lean on and those
    under a heading that names it; of those under such a heading; and of the headings."""
    if len(listed) == 1:
        return [0], set(), set()
    topical = _topical(text, listed, pack)
    if True not in topical:
        return [], set(), set()
    headings = _headings(text, listed)
    near: set[int] = set()
    headed: set[int] = set()
    under = False
    for number, is_topical in enumerate(topical):
        if is_topical:
            near.update(range(number - PLACE_SENTENCES, number + CARRY_SENTENCES + 1))
        if number in headings:
            under = is_topical
        elif under:
            headed.add(number)
    return [number for number in range(len(listed)) if number in near or number in headed], headed, headings


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
    found: list[Position] = []
    listed = sentences(text)
    wanted, headed, headings = _worth_reading(text, listed, pack)
    recall, read, spoken_of = Recall(), 0, -1
    for number in wanted:
        sentence = listed[number]
        passage = text[sentence.start : sentence.end]
        recall = recall.older(number - read)
        if number in headed:
            recall = recall.on_topic()
        reading = read_sentence(
            passage,
            subject=subject,
            pack=pack,
            recall=recall,
            alone=len(listed) == 1,
            near=_is_near(listed, spoken_of, number),
        )
        recall, read = reading.recall, number
        if number in headings and len(passage.split()) <= TITLE_WORDS:
            continue
        if reading.own:
            spoken_of = number
        found.extend(
            Position(
                subject=one.holder,
                indicator=one.indicator,
                stance=one.stance,
                about=one.about,
                start=sentence.start,
                end=sentence.end,
                passage=passage,
                rule=one.rule,
            )
            for one in reading.assertions
        )
    return tuple(found)


def speaks_of_field(text: str, *, pack: Pack) -> bool:
    """Whether a text might speak of the pack's field, or counts in one of its units. Says yes rather than no."""
    folded = fold(text)
    return pack.prefilter.search(folded) or not pack.lexicon.units.isdisjoint(folded.split())
