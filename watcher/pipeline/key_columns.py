"""Whether the tables of a Document have the columns that a Definition names as those which name their rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watcher.diff import table_headings
from watcher.model.document import Document

COLUMNS_NAMED = 12
LONGEST_HEADING = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyColumns:
    """`missing` are the headings that no table has, `columns` those that there are, of `tables` tables, each once."""

    missing: tuple[str, ...]
    columns: tuple[str, ...]
    tables: int


def find_key_columns(document: Document, wanted: Iterable[str]) -> KeyColumns:
    """Look for headings as the comparison of tables does: without regard to case and white space."""
    headings = table_headings(document.blocks)
    there = {_plain(heading): " ".join(heading.split()) for table in headings for heading in table if heading.strip()}
    return KeyColumns(
        missing=tuple(heading for heading in wanted if _plain(heading) not in there),
        columns=tuple(there.values()),
        tables=len(headings),
    )


def missing_words(found: KeyColumns) -> list[str]:
    """What is said of each key column that no table has: with the columns that there are."""
    if not found.tables:
        there = "the page has no table"
    elif not found.columns:
        there = "its tables have no column headings"
    else:
        named = ", ".join(f'"{_clipped(heading)}"' for heading in found.columns[:COLUMNS_NAMED])
        left = len(found.columns) - COLUMNS_NAMED
        there = f"no table of the page has it. The columns are {named}" + (f" and {left} more" if left > 0 else "")
    return [f'Key column "{heading}": {there}.' for heading in found.missing]


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _clipped(heading: str) -> str:
    return heading if len(heading) <= LONGEST_HEADING else heading[:LONGEST_HEADING] + "…"
