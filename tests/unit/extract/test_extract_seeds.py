"""The notes of a country report as it was published."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.extract import extract
from watcher.model.document import BlockKind
from watcher.model.notes import resolve_notes

REPORT = Path(__file__).resolve().parents[3] / "../shared/seeds/kazakhstan-landmine-monitor-2000.txt"


def test_all_twelve_notes_of_the_report_are_found_and_ibid_means_the_tenth() -> None:
    if not REPORT.exists():
        pytest.skip(f"{REPORT} is absent")
    document = extract(REPORT.read_bytes(), media_type="text/plain", charset=None)
    notes = [block for block in document.blocks if block.kind is BlockKind.FOOTNOTE]
    assert [note.anchor for note in notes] == [str(number) for number in range(1, 13)]
    assert [(each.place, each.meant) for each in resolve_notes(notes)] == [(10, 9)]
    body = [block.text for block in document.blocks if block.kind is not BlockKind.FOOTNOTE]
    assert all(any(f"[{number}]" in text for text in body) for number in range(1, 13))
