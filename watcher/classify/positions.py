"""Positions: what a text asserts of a Subject's policy, each with the sentence that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from watcher.classify.folding import CARRY_SENTENCES, Recall
from watcher.classify.matching import Remark
from watcher.classify.names import named
from watcher.classify.pack import Pack
from watcher.classify.reading import Reading, read_sentence, trace_sentence
from watcher.classify.words import Sentence, fold, sentences, split_words
from watcher.model.change import Position

PLACE_SENTENCES = 2
HEADING_CHARACTERS = 90
TITLE_WORDS = 4  # a heading of no more words names a topic and says nothing of it
END_MARKS = ".!?…:;,"


@dataclass(frozen=True, slots=True)
class Explained:
    """One sentence: what is read in it, and what became of cues that are not heard as they stand.

    `is_read` is False where neither the sentence nor one near it holds a word of the pack's topic.
    """

    passage: str
    positions: tuple[Position, ...]
    remarks: tuple[Remark, ...]
    is_read: bool = True


def _headings(text: str, listed: list[Sentence]) -> set[int]:
    """Numbers of the sentences that are headings: short, a paragraph of their own, with no mark at their end."""
    in_paragraph = Counter(sentence.paragraph for sentence in listed)
    return {
        number
        for number, (start, end, paragraph) in enumerate(listed)
        if end - start <= HEADING_CHARACTERS and in_paragraph[paragraph] == 1 and text[end - 1] not in END_MARKS
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
    under a heading or a title that names it; of those under such a heading; and of the headings."""
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
            under = is_topical or (under and _is_section(text, listed[number], pack))
        elif under:
            headed.add(number)
    return [number for number in range(len(listed)) if number in near or number in headed], headed, headings


def _is_section(text: str, heading: Sentence, pack: Pack) -> bool:
    """True for a heading that parts a text on the topic: "Production and transfer"."""
    words = split_words(text[heading.start : heading.end], stops=False).words
    return bool(words) and all(word in pack.grammar.sections or word[0] in "#~" for word in words)


def _is_specific(passage: str) -> bool:
    """True for a sentence with a figure. "Every year thousands are killed" says nothing of one State's land."""
    return any(map(str.isdigit, passage))


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
    for sentence, reading, is_title in _read(text, subject, pack, read_sentence):
        if not is_title:
            found.extend(_positions(text[sentence.start : sentence.end], sentence, reading))
    return tuple(found)


def find_positions_apart(text: str, *, subject: str, pack: Pack, is_headed: bool) -> tuple[Position, ...]:
    """`find_positions` of a text that leans on nothing around it, as the row of a table; `is_headed` says that what
    heads it names the pack's topic."""
    if not is_headed and not pack.prefilter.search(fold(text)):
        return ()
    recall = Recall().on_topic() if is_headed else Recall()
    found: list[Position] = []
    for sentence in sentences(text):
        passage = text[sentence.start : sentence.end]
        reading = read_sentence(passage, subject=subject, pack=pack, recall=recall, alone=False, near=False)
        recall = reading.recall.older(1)
        found.extend(_positions(passage, sentence, reading))
    return tuple(found)


def explain_positions(text: str, *, subject: str, pack: Pack) -> tuple[Explained, ...]:
    """How each sentence of a text is read, with what became of the cues that are not heard as they stand."""
    remarks: list[Remark] = []
    read = partial(trace_sentence, remarks=remarks)
    found: dict[int, Explained] = {}
    for sentence, reading, is_title in _read(text, subject, pack, read):
        passage = text[sentence.start : sentence.end]
        positions = () if is_title else tuple(_positions(passage, sentence, reading))
        said = list(dict.fromkeys(remarks))
        if is_title and reading.assertions:
            said += [Remark(one.rule.name, "a heading of few words names a topic") for one in reading.assertions]
        found[sentence.start] = Explained(passage, positions, tuple(said))
        remarks.clear()
    unread = {one.start: Explained(text[one.start : one.end], (), (), is_read=False) for one in sentences(text)}
    return tuple({**unread, **found}.values())


def _read(
    text: str, subject: str, pack: Pack, read: Callable[..., Reading]
) -> Iterator[tuple[Sentence, Reading, bool]]:
    """Each sentence worth reading, its reading by `read`, and if it is a heading that only names a topic."""
    listed = sentences(text)
    wanted, headed, headings = _worth_reading(text, listed, pack)
    recall, before, spoken_of, is_of_own = Recall(), 0, -1, False
    for number in wanted:
        sentence = listed[number]
        passage = text[sentence.start : sentence.end]
        recall = recall.older(number - before)
        if listed[before].paragraph != sentence.paragraph:
            recall = recall.quoting("")
        if number in headed:
            recall = recall.on_topic()
        reading = read(
            passage,
            subject=subject,
            pack=pack,
            recall=recall,
            alone=len(listed) == 1,
            near=(is_of_own and number in headed and _is_specific(passage)) or _is_near(listed, spoken_of, number),
            headed=number in headed,
        )
        recall, before = reading.recall, number
        is_title = number in headings and len(passage.split()) <= TITLE_WORDS
        if number in headings:
            is_of_own = reading.own or (is_of_own and not named(passage))
        if reading.own and not is_title:
            spoken_of = number
        yield sentence, reading, is_title


def _positions(passage: str, sentence: Sentence, reading: Reading) -> list[Position]:
    start, end, _ = sentence
    return [
        Position(
            subject=holder,
            indicator=rule.indicator,
            stance=stance,
            about=about,
            start=start,
            end=end,
            passage=passage,
            rule=rule.name,
        )
        for rule, stance, about, holder, _ in reading.assertions
    ]


def speaks_of_field(text: str, *, pack: Pack) -> bool:
    """Whether a text might speak of the pack's field, or counts in one of its units. Says yes rather than no."""
    folded = fold(text)
    return pack.prefilter.search(folded) or not pack.lexicon.units.isdisjoint(folded.split())
