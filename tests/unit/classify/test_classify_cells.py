"""What a changed cell of a table says by itself."""

from __future__ import annotations

import pytest

from watcher.classify import Pack
from watcher.classify.markers import markers
from watcher.model.change import CellEdit, Hunk, HunkOp


def _row(old: str, new: str, column: str) -> Hunk:
    return Hunk(
        op=HunkOp.EDITED,
        old=f"Norway | {old}",
        new=f"Norway | {new}",
        heading="",
        old_index=0,
        new_index=0,
        cells=(CellEdit(column=column, old=old, new=new),),
    )


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("Abstain", "Yes", "Result"),
        ("yes", "no", "Answer"),
        ("Воздержался", "Да", "Vote"),
        ("A", "Y", "Vote"),
        ("In favour", "Against", ""),
    ],
)
def test_a_cell_that_says_another_vote_or_answer_is_an_opposite(mines: Pack, old: str, new: str, column: str) -> None:
    assert "opposite" in markers(_row(old, new, column), subject="NOR", pack=mines)


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("A", "Y", "Grade"),
        ("Abstained", "abstain", "Vote"),
        ("Y", "Yes", "Vote"),
        ("Yes", "Yes, with a note", "Answer"),
    ],
)
def test_a_letter_that_is_no_vote_and_a_vote_in_other_words_are_none(
    mines: Pack, old: str, new: str, column: str
) -> None:
    assert "opposite" not in markers(_row(old, new, column), subject="NOR", pack=mines)
