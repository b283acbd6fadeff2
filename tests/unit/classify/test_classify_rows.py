"""Rows of tables as text: each says what it says by itself, in whatever order they stand."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from watcher.classify import Pack, document_positions
from watcher.extract import extract
from watcher.model.document import Document

ROWS = (
    {"state": "Kenya", "policy": "Kenya retains a moratorium on the export of antipersonnel mines"},
    {"state": "Nepal", "policy": "Nepal has announced a moratorium on exports of coal"},
    {"state": "Chad", "policy": "The government voted in favour"},
)


def _list(*rows: dict[str, str]) -> Document:
    return extract(json.dumps(rows).encode(), media_type="application/json", charset="utf-8")


def _said(document: Document, pack: Pack) -> list[tuple[str, str, str]]:
    found = document_positions(document, subject="", pack=pack)
    for one in found:
        assert document.text[one.start : one.end] == one.passage
    return [(one.subject, one.indicator, one.stance) for one in found]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_row_says_the_same_wherever_it_stands(order: tuple[int, ...], mines: Pack) -> None:
    assert _said(_list(*(ROWS[at] for at in order)), mines) == [("KEN", "transfer", "moratorium")]


def test_a_heading_of_its_column_gives_a_row_its_topic(mines: Pack) -> None:
    columns = "Export of antipersonnel mines", "Export of coal"
    tables = (f"State,{column}\nNepal,Nepal has announced a moratorium on exports\n" for column in columns)
    read = [_said(extract(one.encode(), media_type="text/csv", charset="utf-8"), mines) for one in tables]
    assert read == [[("NPL", "transfer", "moratorium")], []]


@pytest.mark.parametrize("none", ["none", "No", "n/a", "-"])
def test_a_label_with_a_bare_no_says_nothing(none: str, mines: Pack) -> None:
    table = f"Question,Answer\nMoratorium on the export of landmines,{none}\n"
    assert _said(extract(table.encode(), media_type="text/csv", charset="utf-8"), mines) == []
    rows = f"<tr><td>Moratorium on exports of landmines<td>{none}<tr><td>Capital<td>Nairobi"
    page = f"<h2>Landmine policy of Kenya</h2><table>{rows}</table>"
    assert _said(extract(page.encode(), media_type="text/html", charset="utf-8"), mines) == []


def test_prose_around_a_table_is_read_as_before(mines: Pack) -> None:
    page = (
        "<p>Kenya ratified the Mine Ban Treaty.</p>"
        "<table><tr><th>Town<th>People</tr><tr><td>Lamu<td>30,000</tr></table>"
        "<p>Kenya has destroyed its stockpile of landmines.</p>"
    )
    document = extract(page.encode(), media_type="text/html", charset="utf-8")
    assert _said(document, mines) == [("KEN", "treaty_status", "state_party"), ("KEN", "stockpile", "destroyed")]
