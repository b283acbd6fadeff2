"""Dated history goes through the same pipe, at its own place in time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watcher.errors import ConfigError
from watcher.model.change import ChangeKind, Severity
from watcher.model.source import Definition, SourceKind
from watcher.pipeline import register
from watcher.pipeline.import_history import import_items, read_items
from watcher.store import changes, sources, versions

TABLE = "Participant,Signature,Ratification\nGeorgia,,29 Apr 1996 a\n{more}Latvia,,4 Jan 1993 a\n"


def _upload(bench: Any, source_id: str, **more: Any) -> None:
    definition = Definition(url="", kind=SourceKind.UPLOAD, title=source_id, **more)
    register.add_source(bench.rooms, source_id, definition, user="test")


def _import(bench: Any, source_id: str, path: Path, match: str = "*") -> list[Any]:
    return list(import_items(bench.rooms, source_id, read_items(path, match=match), user="test"))


def test_a_folder_of_dated_files_becomes_versions_in_order(bench: Any, tmp_path: Path) -> None:
    _upload(bench, "ccw", instruments=("CCW",))
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "ccw_2009-08-01.csv").write_text(TABLE.format(more="Kazakhstan,,8 Jul 2009 a\n"))
    (folder / "ccw_2009-06-01.csv").write_text(TABLE.format(more=""))
    first, second = _import(bench, "ccw", folder)
    assert first.first
    assert second.capture.captured_at == datetime(2009, 8, 1, tzinfo=UTC)
    (event,) = second.change.judgement.depositary_events
    assert (event.subject, event.event, event.date, event.instrument) == ("KAZ", "accession", "2009-07-08", "CCW")
    assert second.change.judgement.severity is Severity.CRITICAL


def test_imported_states_that_resemble_each_other_are_stored_as_patches(bench: Any, tmp_path: Path) -> None:
    _upload(bench, "kaz", subjects=("KAZ",))
    same = "".join(f"<p>Paragraph {n} of the statement, with {n * n} survivors.</p>" for n in range(90))
    for year in (1997, 1998, 1999):
        (tmp_path / f"kaz_{year}-01-01.html").write_text(f"<p>In force since {year}.</p>{same}")
    _import(bench, "kaz", tmp_path, "*.html")
    archive = bench.rooms.archive
    assert len(list((archive.root / "payloads").rglob("*.zst"))) == 1
    assert len(set(archive.payloads.digests())) == 3


def test_importing_again_changes_nothing(bench: Any, tmp_path: Path) -> None:
    _upload(bench, "ccw")
    (tmp_path / "a_2009-06-01.csv").write_text(TABLE.format(more=""))
    assert _import(bench, "ccw", tmp_path, "*.csv")[0].first
    size = bench.rooms.archive.size()
    assert _import(bench, "ccw", tmp_path, "*.csv") == [None]
    assert bench.rooms.archive.size() == size


def test_a_state_that_is_imported_between_two_others_is_compared_with_both(bench: Any, tmp_path: Path) -> None:
    _upload(bench, "kaz", subjects=("KAZ",))
    lines = tmp_path / "a.jsonl"
    text = "The moratorium on exports has been in force since {year}."
    items = [{"captured_at": f"{year}-01-01", "text": text.format(year=year)} for year in (1997, 1999, 1998)]
    for item in items:
        lines.write_text(json.dumps(item))
        _import(bench, "kaz", lines)
    with bench.rooms.database.reading() as connection:
        made = changes.list_changes(connection, source_id="kaz")
        newest = versions.list_versions(connection, "kaz")[0]
        assert sources.get_baseline_id(connection, "kaz") == newest.version_id
    years = sorted((change.captured_from_at.year, change.captured_at.year) for change in made)
    assert years == [(1997, 1998), (1997, 1999), (1998, 1999)]
    assert newest.captured_at.year == 1999


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "is no JSON"),
        ("[]", "JSON object"),
        ('{"captured_at": "2007-01-01"}', "one of path, text or html"),
        ('{"captured_at": "2007-01-01", "text": "a", "html": "b"}', "one of path, text or html"),
        ('{"captured_at": "yesterday", "text": "a"}', "no ISO date"),
        ('{"captured_at": "2007-01-01", "path": "absent.txt"}', "absent.txt"),
        ('{"captured_at": "2007-01-01", "txt": "a"}', "unknown key 'txt'"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_nothing_is_imported(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"captured_at": "2006-01-01", "text": "fine"}\n' + line + "\n")
    with pytest.raises(ConfigError, match=r"items\.jsonl:2: ") as caught:
        read_items(path)
    assert told in str(caught.value)


def test_a_date_in_the_future_is_refused_before_anything_is_imported(bench: Any, tmp_path: Path) -> None:
    _upload(bench, "kaz")
    for year in ("2001", "2031"):
        (tmp_path / f"kaz_{year}-01-01.txt").write_text(year)
    with pytest.raises(ConfigError, match="2031-01-01 lies in the future"):
        _import(bench, "kaz", tmp_path, "*.txt")
    with bench.rooms.database.reading() as connection:
        assert versions.list_versions(connection, "kaz") == []


def test_a_file_without_a_date_in_its_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "status.csv").write_text("a,b\n")
    with pytest.raises(ConfigError, match=r"status.csv: the name holds no date"):
        read_items(tmp_path)
    (tmp_path / "status.csv").rename(tmp_path / "status_2013-13-45.csv")
    with pytest.raises(ConfigError, match="the date in the name is none"):
        read_items(tmp_path)


def test_the_real_treaty_tables_show_the_accessions_of_kuwait_and_zambia(bench: Any, shared: Path) -> None:
    _upload(bench, "ccw", instruments=("CCW",))
    _upload(bench, "mbt", instruments=("MBT",))
    folder = shared / "eval/treaty_status"
    told = [
        (event.participant, event.event, event.date)
        for name, match in (("ccw", "untc_26-2_*"), ("mbt", "untc_26-5_*"))
        for recorded in _import(bench, name, folder, match)
        if recorded.change is not None
        for event in recorded.change.judgement.depositary_events
    ]
    assert told == [("Kuwait", "accession", "2013-05-24"), ("Zambia", "accession", "2013-09-25")]


def test_the_two_seed_documents_are_uploads_with_positions_of_kazakhstan(bench: Any, shared: Path) -> None:
    for source_id, date, name in (
        ("report-2000", "2000-08-01", "kazakhstan-landmine-monitor-2000.txt"),
        ("statement-2007", "2007-03-27", "kazakhstan-statement-almaty-2007.txt"),
    ):
        _upload(bench, source_id, subjects=("KAZ",))
        lines = bench.rooms.archive.root.parent / f"{source_id}.jsonl"
        lines.write_text(json.dumps({"captured_at": date, "path": str((shared / "seeds" / name).resolve())}))
        (recorded,) = _import(bench, source_id, lines)
        assert recorded.version.document is not None
        with bench.rooms.database.reading() as connection:
            found = versions.positions_of_version(connection, recorded.version.version_id)
        assert ("KAZ", "treaty_status", "not_party") in {(p.subject, p.indicator, p.stance) for p in found}
        assert all(p.passage in recorded.version.document.text for p in found)


def test_a_text_that_came_back_in_history_is_told_as_reverted(bench: Any, tmp_path: Path) -> None:
    _upload(bench, "kaz", subjects=("KAZ",))
    texts = [
        "Kazakhstan has not joined the treaty.",
        "Kazakhstan has joined the treaty.",
        "Kazakhstan has not joined the treaty.",
    ]
    path = tmp_path / "a.jsonl"
    path.write_text(
        "\n".join(json.dumps({"captured_at": f"2001-0{n}-01", "text": text}) for n, text in enumerate(texts, start=1))
    )
    recorded = _import(bench, "kaz", path)
    assert [one.change.kind for one in recorded[1:]] == [ChangeKind.CONTENT, ChangeKind.REVERTED]
    assert "1 January 2001" in recorded[2].change.reason
