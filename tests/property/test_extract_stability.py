"""One edit of a page makes one Block differ: a word, a paragraph, a question, a note."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from watcher.extract import extract
from watcher.model.document import Block, BlockKind, Document

ROOT = Path(__file__).resolve().parents[2]


def read(body: str) -> Document:
    """The Document of a page with this body."""
    return extract(f"<body>{body}</body>".encode(), media_type="text/html", charset="utf-8")


def without(body: str, removed: str) -> tuple[list[Block], list[Block]]:
    """Blocks before and after one paragraph is taken out; before without that paragraph's Block."""
    assert f"<p>{removed}</p>" in body
    before = [block for block in read(body).blocks if block.text != removed]
    return before, list(read(body.replace(f"<p>{removed}</p>", "")).blocks)


def test_a_random_edit_of_a_real_page_changes_exactly_one_block_and_gives_one_hunk(shared: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "stability.py", "--edits", "80", "--seed", "3", "--show"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["failed"] == 0


FAQ = "<p>Q: Who signs?</p><p>A: The minister.</p><p>Q: When?</p><p>A: In May.</p><p>Q: Where?</p><p>A: In Oslo.</p>"


@pytest.mark.parametrize("removed", ["Q: Who signs?", "A: The minister.", "Q: Where?"])
def test_a_question_or_an_answer_taken_out_leaves_the_others_what_they_are(removed: str) -> None:
    before, after = without(FAQ, removed)
    assert after == before


def test_an_outline_with_letters_and_one_question_is_no_questionnaire() -> None:
    page = read("<p>Is it clear?</p><p>A. Scope</p><p>Q: Will we sign?</p><p>We shall see.</p>")
    assert {block.kind for block in page.blocks} == {BlockKind.PARAGRAPH}


NOTES = "<p>See [1] and [4].</p>" + "".join(f"<p>[{number}] Note {number}.</p>" for number in range(1, 6))


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_a_note_taken_out_leaves_the_others_notes(number: int) -> None:
    before, after = without(NOTES, f"[{number}] Note {number}.")
    assert after == before
    assert [block.kind for block in after[1:]] == [BlockKind.FOOTNOTE] * 4


def test_numbers_that_fall_by_more_than_two_are_no_notes() -> None:
    page = read("<p>See [1].</p><p>[1] of many.</p><p>[5] of many.</p><p>[9] of many.</p>")
    assert {block.kind for block in page.blocks} == {BlockKind.PARAGRAPH}


def test_a_link_that_shows_nothing_any_more_belongs_to_no_block() -> None:
    page = read("<div>Title <a href=/a><p>Text of the link.</p></a></div><div>Title <a href=/a></a></div>")
    assert [(block.text, [link.text for link in block.links]) for block in page.blocks] == [
        ("Title", []),
        ("Text of the link.", ["Text of the link."]),
        ("Title", []),
    ]


def test_a_link_whose_text_ended_a_block_is_not_said_again_of_the_next() -> None:
    page = read("<a href=/a><h5>Headline</h5></a> <label>By the desk</label>")
    assert [[link.target for link in block.links] for block in page.blocks] == [["/a"], []]


def test_a_link_that_shows_a_picture_alone_is_kept() -> None:
    page = read("<p>Decree <a href=/decree.pdf><img src=pdf.png></a></p>")
    assert [link.target for link in page.blocks[0].links] == ["/decree.pdf"]
