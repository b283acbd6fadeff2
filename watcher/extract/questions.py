"""Questionnaires: which Blocks ask, and which Blocks answer them.

A questionnaire is believed when at least three numbered questions follow one another and either speak to a State
("your country") or make up most of the document with their answers; or when at least three forms of an Article 7
report (Form A to Form J) stand in order. Anything else keeps its Blocks: a list of numbered statements never
becomes a questionnaire. What is answered plays no part in that, so that a document does not change its nature when
an answer comes or goes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from watcher.extract import question_words as words
from watcher.extract.question_forms import name_forms
from watcher.model.document import Block, BlockKind, Link

MINIMUM_QUESTIONS = 3
MAXIMUM_QUESTION_CHARACTERS = 1500
MAXIMUM_LABEL_CHARACTERS = 160
# A number that rises by more than this is no next question.
MAXIMUM_STEP = 10
# Questions that do not speak to a State must, with their answers, be this share of the document's text.
OWN_SHARE = 0.6
# Sentences that may stand before the one that asks.
LEADING_SENTENCES = 3
_PROSE = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_ROMAN = ("", "", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """One question as it was found: its Block, its number, its own words, and what the same Block answers.

    `asks` is False for a numbered label ("12. Further remarks") that only its place makes a question.
    """

    place: int
    number: str
    key: tuple[int, ...]
    question: str
    answers: tuple[str, ...]
    asks: bool


def with_questions(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The same words in the same order, with QUESTION and ANSWER Blocks where the document is a questionnaire.

    Their `anchor` is the question's number as an outline gives it: "3", "8.b", "II.1" when numbers begin anew,
    "Form C", "Form C.2". A Block that holds a question and its answer, or a table row of both, becomes several.
    """
    forms = name_forms(blocks)
    if forms is not None:
        return forms
    asked = _numbered(blocks)
    if not _is_questionnaire(asked, blocks):
        asked = _unnumbered(blocks)
    return _named(blocks, asked) if asked else tuple(blocks)


def question_length(text: str) -> int:
    """How many characters at the start of a text ask something; 0 when it does not ask.

    Up to three sentences may lead to the first that asks; sentences such as "If so, please describe" go with it.
    """
    length = start = 0
    for place, end in enumerate(_sentence_ends(text)):
        sentence = text[start:end].strip().rstrip("»”\"')]")
        asks = sentence.endswith(("?", "؟")) or words.REQUEST.match(sentence) is not None
        if asks or (length and words.CONTINUES.match(sentence)):
            length = end
        elif length or place >= LEADING_SENTENCES:
            break
        start = end
    return length if length <= MAXIMUM_QUESTION_CHARACTERS else 0


def _sentence_ends(text: str) -> Iterator[int]:
    """Where each sentence of the part that may ask ends, one by one."""
    for match in words.SENTENCE_START.finditer(text, 0, MAXIMUM_QUESTION_CHARACTERS * 2):
        yield match.end()
    yield len(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lead:
    """How a text that may ask begins: its number, letter and closing sign, and what follows them."""

    key: tuple[int, ...]
    letter: str
    sign: str
    body: str


def _numbered(blocks: Sequence[Block]) -> list[_Asked]:
    """Questions with numbers that rise; where they begin at 1 anew, a new part of the questionnaire begins."""
    asking = _asking_numbers(blocks)
    if len(asking) < 2:
        return []
    found: list[_Asked] = []
    last: tuple[int, ...] = ()
    part = 1
    for place, block in enumerate(blocks):
        text, answers = _question_parts(block)
        lead = _lead(text, last)
        if lead is None:
            continue
        if not lead.body:
            last = lead.key if _follows(lead.key, last) else last
            continue
        length = question_length(lead.body)
        if not length and (lead.key in asking or not _is_label(lead, last)):
            continue
        if length and lead.key == (1,) and last > (1,) and not lead.letter:
            part, last = part + 1, ()
        if not (_follows(lead.key, last) or (lead.letter and lead.key == last)):
            continue
        last = lead.key
        cut = len(text) - len(lead.body) + length if length else len(text)
        rest = text[cut:].strip()
        found.append(
            _Asked(
                place=place,
                number=_shown(part, lead),
                key=(part, *lead.key),
                question=text[:cut].strip(),
                answers=(*((rest,) if rest else ()), *answers),
                asks=length > 0,
            )
        )
    return _without_listing(_without_last_labels(found))


def _asking_numbers(blocks: Sequence[Block]) -> frozenset[tuple[int, ...]]:
    """The numbers under which something is asked anywhere: such a number is never a mere label."""
    leads = (_lead(_question_parts(block)[0], ()) for block in blocks)
    return frozenset(lead.key for lead in leads if lead is not None and question_length(lead.body))


def _lead(text: str, last: tuple[int, ...]) -> _Lead | None:
    """The number at the start of a text, or the letter of a part of the question `last`; None without either."""
    number = words.NUMBERED.match(text)
    if number is None:
        letter = words.LETTERED.match(text) if last else None
        if letter is None:
            return None
        return _Lead(key=last, letter=(letter[1] or letter[2]).lower(), sign=")", body=text[letter.end() :])
    key = tuple(int(step) for step in number[1].split("."))
    body, shown = text[number.end() :], number[2] or ""
    inner = words.LETTERED.match(body) if not shown else None
    if inner is not None:
        body, shown = body[inner.end() :], inner[1] or inner[2]
    return _Lead(key=key, letter=shown.lower(), sign=number[3], body=body)


def _shown(part: int, lead: _Lead) -> str:
    number = ".".join(str(step) for step in lead.key) + (f".{lead.letter}" if lead.letter else "")
    return number if part == 1 else f"{_ROMAN[part] if part < len(_ROMAN) else part}.{number}"


def _question_parts(block: Block) -> tuple[str, tuple[str, ...]]:
    """What may be a question's text, and the cells beside it; ("", ()) for Blocks that ask nothing."""
    if block.boilerplate:
        return "", ()
    if block.kind is BlockKind.TABLE_ROW:
        cells = [cell for cell in block.cells if cell]
        if len(cells) > 1 and words.NUMBERED.fullmatch(cells[0]):
            return f"{cells[0]} {cells[1]}", tuple(cells[2:])
        return (cells[0], tuple(cells[1:])) if cells else ("", ())
    return (block.text, ()) if block.kind in (*_PROSE, BlockKind.HEADING) else ("", ())


def _follows(key: tuple[int, ...], last: tuple[int, ...]) -> bool:
    if not last:
        return key[0] <= MAXIMUM_STEP
    return key > last and key[0] - last[0] <= MAXIMUM_STEP


def _is_label(lead: _Lead, last: tuple[int, ...]) -> bool:
    """A short numbered line in the place of the next question, such as "12. Further remarks"."""
    is_next = bool(last) and len(lead.key) == 1 and lead.key[0] == last[0] + 1
    short = len(lead.body) <= MAXIMUM_LABEL_CHARACTERS and not lead.body.endswith(".")
    return is_next and bool(lead.sign) and not lead.letter and short


def _without_last_labels(found: list[_Asked]) -> list[_Asked]:
    """Without labels beyond the one that follows the last question: a numbered answer goes on there."""
    top = max((asked.key[:2] for asked in found if asked.asks), default=(0, 0))
    return [asked for asked in found if asked.asks or asked.key[:2] <= (top[0], top[1] + 1)]


def _without_listing(found: list[_Asked]) -> list[_Asked]:
    """Without the questions of a table of contents: they stand again below, with the same words."""
    last_place = {asked.question: asked.place for asked in found}
    kept = [asked for asked in found if last_place[asked.question] == asked.place]
    if len(kept) == len(found) or len(found) < 2 * len(last_place):
        return found
    return [replace(asked, number=asked.number.partition(".")[2]) if asked.key[0] == 2 else asked for asked in kept]


def _is_questionnaire(asked: Sequence[_Asked], blocks: Sequence[Block]) -> bool:
    asking = [each for each in asked if each.asks]
    marks = sum("?" in each.question for each in asking)
    if len(asking) < MINIMUM_QUESTIONS or marks < 2 or marks * 2 < len(asking):
        return False
    addressed = sum(words.TO_A_STATE.search(each.question) is not None for each in asking)
    named = any(words.QUESTIONNAIRE.search(block.text) for block in blocks[: asking[0].place + 1])
    if addressed >= 2 or (addressed and named):
        return True
    tops = [each.key for each in asking if len(each.key) == 2]
    in_order = [key[1] for key in dict.fromkeys(tops)] == list(range(1, len(set(tops)) + 1))
    return in_order and marks >= MINIMUM_QUESTIONS and _has_answers(asking) and _own_share(asking, blocks) >= OWN_SHARE


def _has_answers(asking: Sequence[_Asked]) -> bool:
    """Whether most questions do not directly follow one another: a list of open questions is no questionnaire."""
    pairs = itertools.pairwise(asking)
    apart = sum(bool(left.answers) or right.place - left.place > 1 for left, right in pairs)
    return apart * 2 >= len(asking) - 1


def _own_share(asking: Sequence[_Asked], blocks: Sequence[Block]) -> float:
    """The share of the text from the first question to the Block after the last, without boilerplate."""
    sizes = [0 if block.boilerplate else len(block.text) for block in blocks]
    end = asking[-1].place + 2
    return sum(sizes[asking[0].place : end]) / max(sum(sizes), 1)


def _unnumbered(blocks: Sequence[Block]) -> list[_Asked]:
    """Questions to a State that only their order numbers."""
    found: list[_Asked] = []
    addressed = 0
    for place, block in enumerate(blocks):
        text, answers = _question_parts(block)
        if "?" not in text or not (addressed or words.TO_A_STATE.search(text)):
            continue
        mark = words.MARKED.match(text)
        start = mark.end() if mark else 0
        length = question_length(text[start:])
        asking = text[: start + length]
        speaks = words.TO_A_STATE.search(asking) is not None
        if not length or "?" not in asking or not (speaks or addressed):
            continue
        addressed += speaks
        number = len(found) + 1
        rest = text[start + length :].strip()
        found.append(
            _Asked(
                place=place,
                number=str(number),
                key=(1, number),
                question=text[: start + length].strip(),
                answers=(*((rest,) if rest else ()), *answers),
                asks=True,
            )
        )
    if addressed < MINIMUM_QUESTIONS or not _has_answers(found) or _own_share(found, blocks) < OWN_SHARE:
        return []
    return found


def _named(blocks: Sequence[Block], asked: Sequence[_Asked]) -> tuple[Block, ...]:
    """The Blocks with questions and answers named."""
    by_place = {each.place: each for each in asked}
    named: list[Block] = []
    current = ""
    for place, block in enumerate(blocks):
        found = by_place.get(place)
        if found is not None:
            current = found.number
            named += _cut(block, found)
        elif block.boilerplate or (block.kind is BlockKind.HEADING and _ends_answer(blocks, place, by_place)):
            current = ""
            named.append(block)
        else:
            named.append(as_answer(block, current))
    return tuple(named)


def _cut(block: Block, found: _Asked) -> list[Block]:
    """The QUESTION, and an ANSWER for each text that stands in the same Block."""
    if not found.answers and block.kind is not BlockKind.TABLE_ROW:
        return [replace(block, kind=BlockKind.QUESTION, level=0, anchor=found.number)]
    texts = (found.question, *found.answers)
    kinds = (BlockKind.QUESTION, *(BlockKind.ANSWER for _ in found.answers))
    return [
        Block(kind=kind, text=text, anchor=found.number, links=_links_in(block.links, text))
        for kind, text in zip(kinds, texts, strict=True)
    ]


def _links_in(links: Sequence[Link], text: str) -> tuple[Link, ...]:
    return tuple(link for link in links if link.text and link.text in text)


def _ends_answer(blocks: Sequence[Block], place: int, asked: dict[int, _Asked]) -> bool:
    """A heading is a part of the answer when it is one in short, or when prose before the next question follows it."""
    if words.SHORT_ANSWER.fullmatch(blocks[place].text):
        return False
    if words.SECTION.match(blocks[place].text) or place > max(asked):
        return True
    below = place + 1
    while below < len(blocks) and below not in asked and blocks[below].kind is BlockKind.HEADING:
        below += 1
    return below in asked or blocks[below].boilerplate


def as_answer(block: Block, number: str) -> Block:
    """The Block as an ANSWER to a question, where it is prose, a row of one cell or a short answer; else as it is."""
    if not number or words.CONDITION.fullmatch(block.text) or words.NUMBERED.fullmatch(block.text):
        return block
    one_cell = block.kind is BlockKind.TABLE_ROW and sum(bool(cell) for cell in block.cells) == 1
    short = block.kind is BlockKind.HEADING and words.SHORT_ANSWER.fullmatch(block.text) is not None
    if block.kind in _PROSE or one_cell or short:
        return replace(block, kind=BlockKind.ANSWER, level=0, anchor=number, cells=(), columns=())
    return block
