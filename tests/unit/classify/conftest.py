"""The packs as they ship, and Documents written in a line."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from watcher.classify import Pack, judge
from watcher.model.change import Diff, Hunk, HunkOp, Judgement
from watcher.model.document import Block, BlockKind, Document
from watcher.settings import load_pack

PACKS = Path(__file__).resolve().parents[3] / "config" / "indicators"


@pytest.fixture(scope="session")
def loaded() -> tuple[Pack, dict[str, object]]:
    """The default pack and the values that it was made of, read once."""
    return load_pack(PACKS, "mine_action")


@pytest.fixture
def raw_pack(loaded: tuple[Pack, dict[str, object]]) -> dict[str, object]:
    """The values of the default pack, fresh for each test so that it may be changed."""
    return copy.deepcopy(loaded[1])


@pytest.fixture(scope="session")
def mines(loaded: tuple[Pack, dict[str, object]]) -> Pack:
    return loaded[0]


@pytest.fixture(scope="session")
def clusters() -> Pack:
    return load_pack(PACKS, "cluster_munitions")[0]


def _document(blocks: Sequence[Block]) -> Document:
    return Document(
        title="", blocks=tuple(blocks), media_type="text/html", charset="utf-8", extractor="html", extractor_version=1
    )


@pytest.fixture(scope="session")
def prose() -> Callable[..., Document]:
    """A Document of one paragraph for each text."""
    return lambda *texts: _document([Block(kind=BlockKind.PARAGRAPH, text=text) for text in texts])


@pytest.fixture(scope="session")
def status_table() -> Callable[..., Document]:
    """A Document that is one table: column headings, then rows of cells."""

    def make(columns: Sequence[str], *rows: Sequence[str]) -> Document:
        return _document(
            [
                Block(
                    kind=BlockKind.TABLE_ROW,
                    text=" | ".join(cell for cell in row if cell),
                    cells=tuple(row),
                    columns=tuple(columns),
                )
                for row in rows
            ]
        )

    return make


@pytest.fixture
def edited(mines: Pack, prose: Callable[..., Document]) -> Callable[..., Judgement]:
    """The judgement of one paragraph edited to another; "" stands for no paragraph."""

    def make(
        old: str, new: str, *, subject: str = "NOR", same: bool = True, boilerplate: bool = False, also: str = ""
    ) -> Judgement:
        op = HunkOp.EDITED if old and new else HunkOp.INSERTED if new else HunkOp.DELETED
        hunk = Hunk(
            op=op,
            old=old,
            new=new,
            heading="",
            old_index=0 if old else None,
            new_index=0 if new else None,
            boilerplate=boilerplate,
        )
        rest = (also,) if also else ()
        return judge(
            old=prose(*((old,) if old else ()), *rest),
            new=prose(*((new,) if new else ()), *rest),
            diff=Diff(differ="blocks", differ_version=1, hunks=(hunk,)),
            subject=subject,
            instruments=("MBT",),
            same_document=same,
            pack=mines,
        )

    return make
