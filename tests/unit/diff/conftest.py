"""Documents built by hand for the tests of the diff room."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from watcher.model.change import Diff, Hunk, HunkOp, WordEdit, WordOp
from watcher.model.document import Block, BlockKind, Document, Link


def paragraph(text: str, *, boilerplate: bool = False, links: Sequence[Link] = (), anchor: str = "") -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text, boilerplate=boilerplate, links=tuple(links), anchor=anchor)


def heading(text: str, *, boilerplate: bool = False) -> Block:
    return Block(kind=BlockKind.HEADING, text=text, level=2, boilerplate=boilerplate)


def item(text: str) -> Block:
    return Block(kind=BlockKind.LIST_ITEM, text=text, level=1)


def rows(*lines: Sequence[str]) -> list[Block]:
    """A table: the first line is its heading row, which has no columns itself."""
    return [
        Block(
            kind=BlockKind.TABLE_ROW,
            text=" | ".join(cell for cell in line if cell),
            cells=tuple(line),
            columns=tuple(lines[0]) if number else (),
        )
        for number, line in enumerate(lines)
    ]


def document(*blocks: Block | str) -> Document:
    return Document(
        title="",
        blocks=tuple(paragraph(block) if isinstance(block, str) else block for block in blocks),
        media_type="text/html",
        charset="utf-8",
        extractor="hand",
        extractor_version=1,
    )


def marked(words: Sequence[WordEdit]) -> str:
    """Edits as one line: [-deleted-] and {+inserted+}."""
    frames = {WordOp.KEPT: "{}", WordOp.DELETED: "[-{}-]", WordOp.INSERTED: "{{+{}+}}"}
    return "".join(frames[edit.op].format(edit.text) for edit in words)


def ops(diff: Diff) -> list[HunkOp]:
    return [hunk.op for hunk in diff.hunks]


def only(diff: Diff) -> Hunk:
    assert len(diff.hunks) == 1, diff.hunks
    return diff.hunks[0]


@pytest.fixture
def build() -> SimpleNamespace:
    """The builders and readers of this file, for tests."""
    return SimpleNamespace(
        document=document, heading=heading, item=item, marked=marked, only=only, ops=ops, paragraph=paragraph, rows=rows
    )
