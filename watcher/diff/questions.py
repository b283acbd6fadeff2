"""Which question of one questionnaire is which of another, by number and by wording; and what was answered then.

Wording decides: an inserted question shifts the numbers of those below it. The number decides between wordings that
are about as near, and lets a question be reworded further than one that has another number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log

from rapidfuzz import fuzz

from watcher.diff.folds import explain
from watcher.diff.sequence import rising
from watcher.model.change import ChangeKind
from watcher.model.document import Block, Document
from watcher.model.questionnaire import (
    FORM,
    MINIMUM_QUESTIONS,
    Question,
    normal_number,
    read_questionnaire,
    read_questions,
)

# Likeness of wordings, 0..1. Questions of one questionnaire are templates of one another ("... Amended Protocol II?",
# "... the Convention?"), so that another number asks for more.
SAME_NUMBER_WORDS = 0.5
OTHER_NUMBER_CHARACTERS = 0.8
OTHER_NUMBER_WORDS = 0.7
NUMBER_BONUS = 0.1
# Questions beyond this many are paired where they are equal, without a search for near ones.
MAXIMUM_QUESTIONS = 400
MAXIMUM_CHARACTERS = 1500
_WORD = re.compile(r"\w+")
_SAME_WORDS = (ChangeKind.WHITESPACE, ChangeKind.TYPOGRAPHY, ChangeKind.ENCODING)


class AnswerStep(StrEnum):
    """What became of a question and its answer from one questionnaire to another."""

    SAME = "same"
    CHANGED = "changed"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    ASKED = "asked"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionStep:
    """One question in two questionnaires; `old` is None when it was not asked before, `new` when it is no longer.

    `renumbered` and `reworded` speak of the question, `step` of the answer.
    """

    old: Question | None
    new: Question | None
    step: AnswerStep
    renumbered: bool = False
    reworded: bool = False


def compare_questionnaires(old: Document, new: Document) -> tuple[QuestionStep, ...]:
    """What became of each question, in the order of the new questionnaire, dropped questions at the end.

    Both may be of one Source or of two (last year's document and this year's). A Document that is no questionnaire
    asks nothing: all questions of the other are then asked anew, or dropped.
    """
    before, now = (_questions(document) for document in (old, new))
    partner = {j: i for i, j in align(before, now)}
    steps = [_step(before[partner[j]] if j in partner else None, asked) for j, asked in enumerate(now)]
    taken = set(partner.values())
    return (*steps, *(_step(asked, None) for i, asked in enumerate(before) if i not in taken))


def _questions(document: Document) -> tuple[Question, ...]:
    read = read_questionnaire(document)
    return read.questions if read is not None else ()


def _step(old: Question | None, new: Question | None) -> QuestionStep:
    if old is None or new is None:
        return QuestionStep(old=old, new=new, step=AnswerStep.ASKED if old is None else AnswerStep.DROPPED)
    return QuestionStep(
        old=old,
        new=new,
        step=answer_step(old, new),
        renumbered=normal_number(old.number) != normal_number(new.number),
        reworded=_differs(old.wording, new.wording),
    )


def answer_step(old: Question, new: Question) -> AnswerStep:
    """What became of the answer to one question. Spaces and typography alone change nothing."""
    if old.answer.given is not new.answer.given:
        return AnswerStep.ANSWERED if new.answer.given else AnswerStep.UNANSWERED
    changed = new.answer.given and _differs(old.answer.text, new.answer.text)
    return AnswerStep.CHANGED if changed else AnswerStep.SAME


def _differs(old: str, new: str) -> bool:
    left, right = " ".join(old.split()), " ".join(new.split())
    if left == right:
        return False
    found = explain(left, right)
    return found is None or found[0] not in _SAME_WORDS


def align(old: Sequence[Question], new: Sequence[Question]) -> list[tuple[int, int]]:
    """Index pairs (old, new) of questions that are one, by old index; each stands in at most one pair."""
    scored = _equal(old, new)
    if max(len(old), len(new)) <= MAXIMUM_QUESTIONS:
        weights = word_weights([*old, *new])
        scored = [
            (score, abs(i - j), i, j)
            for i, left in enumerate(old)
            for j, right in enumerate(new)
            if (score := likeness(left, right, weights)) > 0
        ]
    pairs: list[tuple[int, int]] = []
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for _, _, i, j in sorted(scored, key=lambda found: (-found[0], *found[1:])):
        if i not in taken_old and j not in taken_new:
            pairs.append((i, j))
            taken_old.add(i)
            taken_new.add(j)
    return sorted(pairs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A question with its answer on both sides, as half-open ranges of Blocks; an empty range where it is not asked.

    `straight` is False for a question that stands in another order than its neighbours.
    """

    old: range
    new: range
    straight: bool


def paired_sections(old: Sequence[Block], new: Sequence[Block]) -> list[Section]:
    """The questions of two Documents side by side; none unless both are questionnaires."""
    before, now = read_questions(old), read_questions(new)
    if min(len(before), len(now)) < MINIMUM_QUESTIONS:
        return []
    pairs = align(before, now)
    straight = set(rising(pairs))
    found = [Section(old=_range(before[i]), new=_range(now[j]), straight=(i, j) in straight) for i, j in pairs]
    lone_old = set(range(len(before))) - {i for i, _ in pairs}
    lone_new = set(range(len(now))) - {j for _, j in pairs}
    found += [Section(old=_range(before[i]), new=range(0), straight=False) for i in sorted(lone_old)]
    return found + [Section(old=range(0), new=_range(now[j]), straight=False) for j in sorted(lone_new)]


def _range(asked: Question) -> range:
    return range(asked.place, asked.end)


def _equal(old: Sequence[Question], new: Sequence[Question]) -> list[tuple[float, int, int, int]]:
    places: dict[tuple[str, str], int] = {(asked.number, asked.wording): j for j, asked in enumerate(new)}
    found = [(i, places.get((asked.number, asked.wording))) for i, asked in enumerate(old)]
    return [(1.0, abs(i - j), i, j) for i, j in found if j is not None]


def word_weights(questions: Sequence[Question]) -> dict[str, float]:
    """What each word weighs among these questions: log(1 + wordings / wordings that have it).

    Words that every question has ("your country") say little of which question it is. "" is the weight of a new word.
    """
    wordings = {frozenset(_words(question.wording)) for question in questions}
    counts = Counter(word for wording in wordings for word in wording)
    total = max(len(wordings), 1)
    return {"": log(1 + total), **{word: log(1 + total / count) for word, count in counts.items()}}


def likeness(left: Question, right: Question, weights: Mapping[str, float], *, by_number: bool = True) -> float:
    """0 when two questions are not one, else how near they are, up to 1.1 for the same number and wording.

    `by_number` is True for documents that are one questionnaire, where the same number lets a question be reworded
    further. A form is the same form in any wording: the Convention gives it its letter.
    """
    same_number = normal_number(left.number) == normal_number(right.number)
    left_form, _, left_part = left.number.partition(".")
    right_form, _, right_part = right.number.partition(".")
    if left.number.startswith(FORM) or right.number.startswith(FORM):
        if left_form != right_form or bool(left_part) != bool(right_part):
            return 0.0
        if not left_part:
            return 1.0 + NUMBER_BONUS
    bonus = NUMBER_BONUS if same_number and by_number else 0.0
    if left.wording == right.wording:
        return 1.0 + bonus
    first, second = (question.wording.casefold()[:MAXIMUM_CHARACTERS] for question in (left, right))
    if same_number and by_number:
        shared = _shared(first, second, weights)
        return (shared + fuzz.ratio(first, second) / 100) / 2 + bonus if shared >= SAME_NUMBER_WORDS else 0.0
    near = fuzz.ratio(first, second, score_cutoff=100 * OTHER_NUMBER_CHARACTERS) / 100
    shared = _shared(first, second, weights) if near else 0.0
    return (near + shared) / 2 if shared >= OTHER_NUMBER_WORDS else 0.0


def _shared(left: str, right: str, weights: Mapping[str, float]) -> float:
    """The weight of the words in common, twice, by that of all words of both."""
    first, second = set(_words(left)), set(_words(right))
    heavy = weights[""]
    both = sum(weights.get(word, heavy) for word in first & second)
    apart = sum(weights.get(word, heavy) for word in first ^ second)
    return 2 * both / (2 * both + apart) if both else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
