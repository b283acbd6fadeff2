"""The Position board and time lines as rows: for JSON, for CSV, and in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from watcher.model.board import Board, Cell, Contradiction, Moment
from watcher.model.permalinks import capture_url, version_url
from watcher.model.stated import StatedDate
from watcher.model.statement import Statement
from watcher.model.subjects import name_of
from watcher.render.words import folded, said, said_date, title_of

# A spreadsheet takes a cell that begins like this for a formula.
FORMULA_SIGNS = ("=", "+", "@", "-", "\t", "\r")


def stated_words(stated: StatedDate) -> str:
    """A date that a passage names: "since 6 August 1997", "December 1996", "1996"."""
    if not stated.month:
        text = str(stated.year)
    else:
        text = f"{date(stated.year, stated.month, stated.day or 1):%B} {stated.year}"
        text = f"{stated.day} {text}" if stated.day else text
    return f"since {text}" if stated.since else text


def moment_words(moment: Moment) -> str:
    """The date of an entry of a time line, and where it is from unless the passage names it."""
    date = stated_words(moment.date)
    if moment.dated:
        return date
    if not moment.undated:
        return f"{date}, date of the document"
    return f"captured {date}, no {'earlier ' if moment.statement.dates else ''}date in the text"


def until_words(statement: Statement) -> str:
    """Until when a passage stood: "stood until 5 May 2026"; "" while it stands."""
    return f"stood until {said_date(statement.until)}" if statement.until is not None else ""


def dates_words(dates: Iterable[StatedDate]) -> str:
    """All dates of a passage in words; years that follow each other as a span: "1997–1999"."""
    words: list[str] = []
    span: list[int] = []

    def close() -> None:
        if span:
            words.append(f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0]))
        span.clear()

    for each in dates:
        bare = not each.month and not each.since
        if not bare or (span and each.year != span[-1] + 1):
            close()
        if bare:
            span.append(each.year)
        else:
            words.append(stated_words(each))
    close()
    return ", ".join(words)


def contradiction_words(contradiction: Contradiction) -> str:
    """Who contradicts whom, in one sentence."""
    one, other = contradiction.one, contradiction.other
    sides = [
        f"“{title_of(each.source)}” ({each.captured_at:%Y}) says {said(each.position.indicator)} "
        f"{said(each.position.stance)}"
        for each in (one, other)
    ]
    return (
        f"{sides[0]}, {sides[1]}" if contradiction.between else f"the same document says both: {sides[0]}, {sides[1]}"
    )


def board_facts(board: Board, *, base_url: str) -> dict[str, Any]:
    """The board for programs."""
    return {
        "as_of": board.as_of.isoformat(),
        "pack": board.pack,
        "pack_version": board.pack_version,
        "cells": [_cell_facts(cell, base_url) for cell in board.cells],
    }


def _cell_facts(cell: Cell, base_url: str) -> dict[str, Any]:
    return {
        "subject": cell.subject,
        "subject_name": name_of(cell.subject),
        "indicator": cell.indicator,
        "stance": cell.leading.position.stance,
        "also": list(cell.also),
        "contradicted": cell.contradicted,
        "undecided": cell.undecided,
        "agree": [source.source_id for source in cell.agree],
        "contradictions": [contradiction_words(each) for each in cell.contradictions],
        "statements": [statement_facts(each, base_url=base_url) for each in cell.statements],
    }


def statement_facts(statement: Statement, *, base_url: str) -> dict[str, Any]:
    """One statement with its evidence."""
    return {
        "source_id": statement.source.source_id,
        "source": title_of(statement.source),
        "subject": statement.position.subject,
        "indicator": statement.position.indicator,
        "stance": statement.position.stance,
        "about": statement.position.about.value,
        "dates": [str(each) for each in statement.dates],
        "since": next((str(each) for each in statement.dates if each.since), None),
        "document_date": f"{statement.captured_at:%Y-%m-%d}",
        "current": statement.current,
        "until": f"{statement.until:%Y-%m-%d}" if statement.until is not None else None,
        "passage": statement.position.passage,
        "heading": statement.heading,
        "notes": [
            {"mark": each.mark, "text": each.text, "means": each.meant or None, "later_in_paragraph": each.later}
            for each in statement.notes
        ],
        "rule": statement.position.rule,
        "version_id": statement.version_id,
        "version": version_url(base_url, statement.version_id),
        "capture": capture_url(base_url, statement.sequence),
        "payload_sha256": statement.payload_sha256,
    }


def time_line_facts(moments: Iterable[Moment], *, base_url: str) -> list[dict[str, Any]]:
    """A time line for programs."""
    return [
        {
            "date": str(moment.date),
            "date_is_from": "passage" if moment.dated else "capture" if moment.undated else "document",
            **statement_facts(moment.statement, base_url=base_url),
        }
        for moment in moments
    ]


COLUMNS = (
    *("subject", "indicator", "stance", "contradicted", "current", "until", "since", "dates", "document_date"),
    "source",
    *("source_id", "passage", "notes", "rule", "capture", "version", "payload_sha256"),
)


def board_csv(board: Board, *, base_url: str) -> str:
    """One row a statement, with a heading row."""
    rows = [
        {**facts, "contradicted": cell["contradicted"]}
        for cell in board_facts(board, base_url=base_url)["cells"]
        for facts in cell["statements"]
    ]
    return _csv(COLUMNS, rows)


def time_line_csv(moments: Iterable[Moment], *, base_url: str) -> str:
    """One row a date, with a heading row."""
    columns = ("date", "date_is_from", *(name for name in COLUMNS if name not in ("contradicted", "dates", "since")))
    return _csv(columns, time_line_facts(moments, base_url=base_url))


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell_text(row.get(name)) for name in columns])
    return out.getvalue()


def _cell_text(value: object) -> str:
    """A value as a spreadsheet may read it: an apostrophe stands before what it would take for a formula."""
    if isinstance(value, list):
        text = "; ".join(folded(_note_text(each) if isinstance(each, dict) else str(each)) for each in value)
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) and len(text) > 1 else text


def _note_text(note: Mapping[str, Any]) -> str:
    return note_words(note["text"], note["means"] or "")


def note_words(text: str, meant: str) -> str:
    """A note, and the one that it means."""
    return f"{folded(text)} (means: {folded(meant)})" if meant else folded(text)
