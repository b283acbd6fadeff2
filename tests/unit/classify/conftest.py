"""The packs as they ship, and Documents written in a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from watcher.classify import Pack, parse_pack
from watcher.model.document import Block, BlockKind, Document

PACKS = Path(__file__).resolve().parents[3] / "config" / "indicators"


def _read(name: str) -> dict[str, object]:
    loaded = YAML(typ="safe").load((PACKS / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture
def raw_pack() -> dict[str, object]:
    """The values of the default pack, fresh for each test so that it may be changed."""
    return _read("mine_action")


@pytest.fixture(scope="session")
def mines() -> Pack:
    return parse_pack(_read("mine_action"), file="mine_action.yaml")


@pytest.fixture(scope="session")
def clusters() -> Pack:
    return parse_pack(_read("cluster_munitions"), file="cluster_munitions.yaml")


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
