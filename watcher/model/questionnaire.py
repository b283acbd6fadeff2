"""Questionnaires: the questions of a Document and what a State answers to each.

Read from the QUESTION and ANSWER Blocks of any extractor. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from watcher.model.document import Block, BlockKind, Document

MINIMUM_QUESTIONS = 3
FORM = "Form "
LABEL_CHARACTERS = 140
_ANY_WORD = re.compile(r"\w")
_REFERENCE = re.compile(
    r"(?:(?<![^\n])|(?<=[.;,(] ))(?:please\s+)?"
    r"(?:see|refer\s+to|voir|véase|ver|см\.?|смотри(?:те)?)(?!\w)[^.;\d]{0,60}?"
    r"(?:question|answer|réponse|pregunta|respuesta|вопрос\w*|ответ\w*)\s*(?:to\s+)?(?:question\s+|n[o°º]\.?\s*|№\s*)?"
    r"(\d{1,3}(?:\.\d{1,2})?)(?:\s?[.(]?\s?([a-z])\b)?",
    re.IGNORECASE,
)
_LEADING_NUMBER = re.compile(
    r"(?:(?:question|pregunta|вопрос|frage|q)\s*+(?:no\.?|n[°º]|№)?\s*+)?"
    r"[(\[]?(?:\d{1,3}(?:\.\d{1,2})*(?:\s?[.(]?\s?[a-zа-я](?=[).:]))?[\])]?\s?[.):\-–—]{0,2}|[a-zа-я]\))(?:\s+|$)"
    r"(?:\([a-zа-я]\)\s+)?",
    re.IGNORECASE,
)
_FORM_WORD = re.compile(
    r"(?:form|formulaire|formule|formulario|форма|formblatt)\s+[\"“«]?\w\b[\"”»]?\s*", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What is answered: one line a Block, "" when nothing is. `refers_to` is the question that "See ..." names."""

    text: str
    refers_to: str = ""

    @property
    def given(self) -> bool:
        """False for no words at all, and for dashes or dots in their place."""
        return _ANY_WORD.search(self.text) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question with its answer. `number` is the Block's anchor ("3", "8.b", "Form C.2"), `wording` what is asked.

    `place` is the index of the QUESTION Block in its Document, `end` the index after the last Block of its answer.
    """

    number: str
    wording: str
    answer: Answer
    place: int
    end: int

    @property
    def name(self) -> str:
        """How a person calls it: "Question 3", "Form C.2"."""
        return self.number if self.number.startswith(FORM) else f"Question {self.number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Questionnaire:
    """The questions of one Document in reading order."""

    title: str
    questions: tuple[Question, ...]

    def get(self, number: str) -> Question | None:
        """The question of a number in any usual spelling: "3", "8b", "8 (b)", "Form C 2", "c.2"."""
        wanted = normal_number(number)
        return next((each for each in self.questions if normal_number(each.number) == wanted), None)


def read_questionnaire(document: Document) -> Questionnaire | None:
    """The questionnaire that a Document is; None when it has fewer than three questions."""
    questions = read_questions(document.blocks)
    if len(questions) < MINIMUM_QUESTIONS:
        return None
    return Questionnaire(title=document.title, questions=questions)


def read_questions(blocks: Sequence[Block]) -> tuple[Question, ...]:
    """The questions among Blocks, in reading order."""
    questions = []
    for place, end in spans(blocks):
        text = "\n".join(block.text for block in blocks[place + 1 : end] if _speaks(block))
        answer = Answer(text=text, refers_to=_reference(text))
        asked = blocks[place]
        questions.append(
            Question(number=asked.anchor, wording=wording_of(asked.text), answer=answer, place=place, end=end)
        )
    return tuple(questions)


def spans(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """For each QUESTION the half-open range of Blocks from it to the end of its answer.

    An answer ends with its last ANSWER Block and the table below that; that of a form with the next form.
    """
    places = [place for place, block in enumerate(blocks) if block.kind is BlockKind.QUESTION]
    return [(place, _end(blocks, place, following)) for place, following in pairwise([*places, len(blocks)])]


def _end(blocks: Sequence[Block], place: int, following: int) -> int:
    within = range(place + 1, following)
    stop = next((index for index in within if blocks[index].boilerplate), following)
    if blocks[place].anchor.startswith(FORM):
        return stop
    end = max((index + 1 for index in within if blocks[index].kind is BlockKind.ANSWER), default=place + 1)
    while end < stop and blocks[end].kind is BlockKind.TABLE_ROW:
        end += 1
    return end


def _speaks(block: Block) -> bool:
    return block.kind in (BlockKind.ANSWER, BlockKind.TABLE_ROW, BlockKind.HEADING) and not block.boilerplate


def question_names(blocks: Sequence[Block]) -> dict[int, str]:
    """For each Block of an answer its question as a heading: "Question 3: Does your country ...", cut when long."""
    names: dict[int, str] = {}
    for place, end in spans(blocks):
        asked = blocks[place]
        name = asked.anchor if asked.anchor.startswith(FORM) else f"Question {asked.anchor}"
        words = wording_of(asked.text)
        shown = words if len(words) <= LABEL_CHARACTERS else f"{words[: LABEL_CHARACTERS - 1].rstrip()}…"
        for index in range(place + 1, end):
            names[index] = f"{name}: {shown}" if shown else name
    return names


def wording_of(text: str) -> str:
    """A question's text without its number; of a form without its letter."""
    opening = _FORM_WORD.match(text) or _LEADING_NUMBER.match(text)
    bare = text[opening.end() :] if opening else text
    return " ".join(bare.lstrip(" .:–—-").split())


def normal_number(number: str) -> str:
    """The form in which two spellings of a question's number are equal: "8 (b)", "8b" and "8.B" are "8.b"."""
    folded = re.sub(r"^(?:question|q|form)\b[\s.:]*", "", number.strip().casefold())
    return ".".join(re.findall(r"\d+|[^\W\d_]+", folded))


def _reference(text: str) -> str:
    match = _REFERENCE.search(text)
    return "" if match is None else match[1] + (f".{match[2].lower()}" if match[2] else "")
