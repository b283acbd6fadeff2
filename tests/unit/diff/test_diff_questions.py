"""Questionnaires are compared question by question: a changed answer is told under its own question."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from watcher.diff import AnswerStep, apply, compare, compare_questionnaires, kind_of
from watcher.model.change import ChangeKind, HunkOp
from watcher.model.document import Block, BlockKind, Document

ASKED = (
    "Is your country bound by Protocol II on laid mines?",
    "Does your country hold stocks of mines?",
    "Has your country produced mines since last year?",
    "Does your country have the capacity to assist others related to this Protocol? If so, please describe.",
    "Does your country have the capacity to assist others in mine action? If so, please describe.",
    "Has your country adopted a law on mines?",
)
ANSWERS = ("No.", "Yes.", "No.", "No.", "See answer to question 4.", "A law of 2003 forbids their export and transit.")

Pair = tuple[str, str, Sequence[str]]


def document(*pairs: Pair) -> Document:
    """(number, question, answers) as an extractor names them."""
    blocks: list[Block] = [Block(kind=BlockKind.HEADING, text="Part I", level=2)]
    for number, question, answers in pairs:
        blocks.append(Block(kind=BlockKind.QUESTION, text=f"{number}. {question}", anchor=number))
        blocks += [Block(kind=BlockKind.ANSWER, text=answer, anchor=number) for answer in answers]
    return Document(
        title="", blocks=tuple(blocks), media_type="text/html", charset=None, extractor="hand", extractor_version=1
    )


def pairs() -> list[Pair]:
    return [(str(place), question, [ANSWERS[place - 1]]) for place, question in enumerate(ASKED, start=1)]


def told(old: Document, new: Document) -> list[tuple[str, str, str, str]]:
    diff = compare(old, new)
    assert tuple(block.text for block in new.blocks) == apply(old, diff)
    return [(hunk.op.value, hunk.old, hunk.new, hunk.heading) for hunk in diff.hunks]


def steps(old: Document, new: Document) -> list[tuple[str, str, AnswerStep]]:
    return [
        (step.old.number if step.old else "", step.new.number if step.new else "", step.step)
        for step in compare_questionnaires(old, new)
    ]


def test_a_changed_answer_is_told_under_its_question() -> None:
    after = pairs()
    after[2] = ("3", ASKED[2], ["Yes."])
    assert told(document(*pairs()), document(*after)) == [("edited", "No.", "Yes.", f"Question 3: {ASKED[2]}")]


def test_an_answer_that_goes_while_the_same_words_come_elsewhere_has_not_moved() -> None:
    before, after = pairs(), pairs()
    before[1] = ("2", ASKED[1], [])
    after[1] = ("2", ASKED[1], ["No."])
    after[2] = ("3", ASKED[2], [])
    old, new = document(*before), document(*after)
    assert told(old, new) == [
        ("inserted", "", "No.", f"Question 2: {ASKED[1]}"),
        ("deleted", "No.", "", f"Question 3: {ASKED[2]}"),
    ]
    assert kind_of(old, new, compare(old, new))[0] is ChangeKind.CONTENT
    assert [step for *_, step in steps(old, new)][1:3] == [AnswerStep.ANSWERED, AnswerStep.UNANSWERED]


def test_a_question_put_in_shifts_numbers_and_nothing_else() -> None:
    new_question = "Which ministry answers this?"
    shifted = [
        pairs()[0],
        ("2", new_question, ["The ministry of defence."]),
        *((str(int(number) + 1), question, answers) for number, question, answers in pairs()[1:]),
    ]
    old, new = document(*pairs()), document(*shifted)
    found = steps(old, new)
    assert found[0] == ("1", "1", AnswerStep.SAME)
    assert found[1] == ("", "2", AnswerStep.ASKED)
    assert found[2:] == [(str(n), str(n + 1), AnswerStep.SAME) for n in range(2, 7)]
    assert all(step.renumbered and not step.reworded for step in compare_questionnaires(old, new)[2:])
    hunks = told(old, new)
    assert [hunk for hunk in hunks if hunk[0] == "inserted"] == [
        ("inserted", "", f"2. {new_question}", "Part I"),
        ("inserted", "", "The ministry of defence.", f"Question 2: {new_question}"),
    ]
    assert {hunk[0] for hunk in hunks} == {"inserted", "edited"}
    assert all(hunk[1][3:] == hunk[2][3:] for hunk in hunks if hunk[0] == "edited")


def test_numbers_alone_are_no_content() -> None:
    renumbered = [(str(int(number) + 10), question, answers) for number, question, answers in pairs()]
    old, new = document(*pairs()), document(*renumbered)
    assert kind_of(old, new, compare(old, new))[0] is ChangeKind.MOVED


def test_a_reworded_question_is_the_same_question() -> None:
    after = pairs()
    after[1] = ("2", "Does your country still hold any stocks of anti-personnel mines?", ["No."])
    old, new = document(*pairs()), document(*after)
    changed = compare_questionnaires(old, new)[1]
    assert (changed.step, changed.reworded, changed.renumbered) == (AnswerStep.CHANGED, True, False)
    assert [hunk[:3] for hunk in told(old, new)] == [
        ("edited", f"2. {ASKED[1]}", "2. Does your country still hold any stocks of anti-personnel mines?"),
        ("edited", "Yes.", "No."),
    ]


def test_wording_decides_between_questions_that_are_templates_of_one_another() -> None:
    after = pairs()
    after[3], after[4] = ("4", ASKED[4], ["No."]), ("5", ASKED[3], ["Yes, two teams."])
    found = steps(document(*pairs()), document(*after))
    assert ("5", "4", AnswerStep.CHANGED) in found
    assert ("4", "5", AnswerStep.CHANGED) in found


def test_another_question_under_the_same_number_is_another_question() -> None:
    after = pairs()
    after[5] = ("6", "Has your country trained teams that clear roads in winter?", ["None."])
    found = steps(document(*pairs()), document(*after))
    assert found[-2:] == [("", "6", AnswerStep.ASKED), ("6", "", AnswerStep.DROPPED)]


def test_a_question_with_another_number_may_be_reworded_a_little() -> None:
    after = [("1", "Which ministry answers this?", ["Defence."]), *pairs()]
    after[6] = ("7", f"{ASKED[5][:-1]} of any sort?", [ANSWERS[5]])
    after[1:6] = [(str(int(number) + 1), question, answers) for number, question, answers in pairs()[:5]]
    assert steps(document(*pairs()), document(*after))[-1] == ("6", "7", AnswerStep.SAME)


def test_a_moved_question_is_moved_with_its_answer() -> None:
    moved = [*pairs()[1:], pairs()[0]]
    diff = compare(document(*pairs()), document(*moved))
    assert {hunk.op for hunk in diff.hunks} == {HunkOp.MOVED}
    assert {hunk.new for hunk in diff.hunks} == {f"1. {ASKED[0]}", "No."}


def test_an_answer_of_several_paragraphs_is_compared_by_paragraph() -> None:
    before, after = pairs(), pairs()
    prose = ["The law of 2003 forbids all export.", "A second law is before parliament now.", "No date is known."]
    before[5] = ("6", ASKED[5], prose)
    after[5] = ("6", ASKED[5], [prose[0], "A second law was passed by parliament.", prose[2]])
    assert [hunk[:3] for hunk in told(document(*before), document(*after))] == [("edited", prose[1], after[5][2][1])]


def test_blanks_and_typography_change_no_answer() -> None:
    after = pairs()
    after[5] = ("6", ASKED[5], ["A law of 2003 forbids  their export and transit ."])
    found = steps(document(*pairs()), document(*after))
    assert found[5] == ("6", "6", AnswerStep.SAME)


def test_forms_are_the_same_forms_in_any_wording() -> None:
    def forms(words: Sequence[str], answer: str) -> Document:
        return document(*((f"Form {letter}", word, [answer]) for letter, word in zip("ABC", words, strict=True)))

    found = steps(forms(["Measures", "Stocks", "Areas"], "No change."), forms(["Меры", "Запасы", "Районы"], "Нет."))
    assert found == [(f"Form {letter}", f"Form {letter}", AnswerStep.CHANGED) for letter in "ABC"]


@pytest.mark.parametrize("count", [2, 1])
def test_two_questions_make_no_questionnaire(count: int) -> None:
    assert compare_questionnaires(document(*pairs()[:count]), document(*pairs()[:count])) == ()


def test_very_many_questions_are_still_paired() -> None:
    many = [(str(place), f"What was spent in district {place}?", ["None."]) for place in range(1, 1001)]
    after = [*many[:500], ("501", many[500][1], ["All."]), *many[501:]]
    assert [hunk[:3] for hunk in told(document(*many), document(*after))] == [("edited", "None.", "All.")]
