"""Notes of a report: which works they cite, in full or in short, and what rests on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.extract import extract
from watcher.model.citations import Note, read_notes

REPORT = (
    "REPORT\n\nOfficials said that none are made.[1] The borders “are mined along their whole long length”.[2] "
    "Stores are kept.[3] Both say so.[4]\n\n"
    "[1] Response to Questionnaire, Permanent Delegation to the OSCE, FSC.DEL/32/00, 3 February 2000.\n"
    "[2] Letter from A. Kaz, Embassy in Moscow, 19 April 2000, p. 4.\n"
    "[3] Ibid., p. 7.\n"
    "[4] Letter from A. Kaz, 19 April 2000; Response to OSCE, 3 February 2000.\n"
)


def notes_of(text: str) -> dict[str, Note]:
    blocks = extract(text.encode(), media_type="text/plain", charset="utf-8").blocks
    return {each.mark: each for each in read_notes(blocks)}


def test_short_forms_mean_the_note_that_names_the_work_in_full() -> None:
    notes = {
        each.mark: each
        for each in read_notes(extract(REPORT.encode(), media_type="text/plain", charset="utf-8").blocks)
    }
    assert [notes[mark].works for mark in "1234"] == [("1",), ("2",), ("2",), ("2", "1")]
    assert notes["2"].quotes == ("are mined along their whole long length",)
    assert notes["3"].sentence == "Stores are kept."


def test_the_twelve_notes_of_the_report_of_2000_cite_four_works(shared: Path) -> None:
    payload = (shared / "seeds" / "kazakhstan-landmine-monitor-2000.txt").read_text(encoding="utf-8")
    cited = {mark: note.works for mark, note in notes_of(payload).items()}
    assert cited == {
        **dict.fromkeys(("1", "10", "11"), ("1",)),
        **dict.fromkeys(("2", "3", "5", "7"), ("2",)),
        "4": ("1", "2"),
        **dict.fromkeys(("6", "9"), ("6",)),
        **dict.fromkeys(("8", "12"), ("8",)),
    }


@pytest.mark.parametrize("note", ["Other letter, 1999.", "Ministry of Health, Report, 2000."])
def test_a_note_of_other_words_is_a_work_of_its_own(note: str) -> None:
    text = REPORT.replace("Ibid., p. 7.", note)
    notes = {
        each.mark: each for each in read_notes(extract(text.encode(), media_type="text/plain", charset="utf-8").blocks)
    }
    assert notes["3"].works == ("3",)
