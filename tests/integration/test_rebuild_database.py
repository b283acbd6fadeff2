"""The database again from the archive alone: every row of the evidence, and the state that the next check needs."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from watcher.errors import StoreError
from watcher.model.capture import Outcome
from watcher.model.change import ChangeKind
from watcher.model.source import Definition, SourceKind
from watcher.model.subscription import Cadence, SubscriptionFilter
from watcher.pipeline import register
from watcher.pipeline.import_history import DatedItem, import_items
from watcher.pipeline.rebuild import rebuild_database
from watcher.pipeline.release import release_held
from watcher.pipeline.upgrade import upgrade_source
from watcher.store import sources
from watcher.store.database import open_database
from watcher.store.rebuild import begin_rebuild, finish_rebuild

EVIDENCE = ("definitions", "captures", "snapshots", "audit")
DERIVED = ("versions", "positions", "changes", "position_changes")
SCHEDULE = {"fencing_token", "next_check_at"}  # of a Source: what claims and their moment leave
JOINED = "<p>Kazakhstan is a State Party to the Mine Ban Treaty.</p>"
NOT_JOINED = "<p>Kazakhstan is not a State Party to the Mine Ban Treaty.</p>"
REST = "".join(f"<p>Paragraph {number} speaks of clearance and of assistance to victims.</p>" for number in range(30))
ROOT = Path(__file__).resolve().parents[2]


def page(lead: str) -> str:
    return f"<html><body><h1>Position</h1>{lead}{REST}</body></html>"


def item(day: int, lead: str) -> DatedItem:
    moment = datetime(2026, 4, day, tzinfo=UTC)
    html = page(lead).encode()
    return DatedItem(
        captured_at=moment, payload=html, media_type="text/html", charset="utf-8", url="", origin=f"{day}.html"
    )


def tell_a_story(bench: Any) -> None:
    """New, same, changed, failed, held, released, redefined, withdrawn, back, imported, uploaded, retired."""
    bench.register("kaz", bench.site.put("/kaz", page(NOT_JOINED)))
    bench.register("gone", bench.site.put("/gone", page(NOT_JOINED)))
    register.add_subscription(
        bench.rooms,
        subscription_id="desk",
        recipient="desk@example.org",
        wanted=SubscriptionFilter(),
        cadence=Cadence.DAILY,
        user="test",
    )
    bench.check("kaz")
    bench.check("kaz")
    bench.site.put("/kaz", page(JOINED), headers={"Content-Type": "text/html", "ETag": '"two"'})
    bench.check("kaz")
    bench.site.put("/kaz", "under repair", status=503)
    bench.check("kaz")
    bench.site.put("/kaz", "<html><body><p>Kazakhstan.</p></body></html>")
    assert bench.check("kaz").recorded.version.is_held
    release_held(bench.rooms, "kaz", user="test")
    bench.clock.advance(seconds=1)
    changed = Definition(url=bench.site.url("/kaz"), title="kaz", subjects=("KAZ",), remove=("h1",))
    steps = register.plan_sources(bench.rooms, [("kaz", changed, False)])
    register.apply_plan(bench.rooms, steps, user="test")
    bench.site.put("/kaz", page(NOT_JOINED))
    bench.check("kaz", after_seconds=9000)
    bench.check("gone")
    bench.site.put("/gone", "not here", status=404)
    told = [bench.check("gone").recorded.change for _ in range(3)]
    assert told[-1].kind is ChangeKind.DOCUMENT_WITHDRAWN
    bench.site.put("/gone", page(NOT_JOINED))
    bench.check("gone")
    register.add_source(
        bench.rooms,
        "letter",
        Definition(url="", kind=SourceKind.UPLOAD, title="Letter", subjects=("KAZ",)),
        user="test",
    )
    for source_id in ("letter", "kaz"):
        list(import_items(bench.rooms, source_id, [item(9, NOT_JOINED), item(12, JOINED)], user="test"))
    register.pause_source(bench.rooms, "gone", user="test")
    register.resume_source(bench.rooms, "gone", user="test")
    register.retire_source(bench.rooms, "gone", user="test")


def rows(database: Path, table: str, *, without: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    return [{key: row[key] for key in row.keys() if key not in without} for row in found]  # noqa: SIM118


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'watcher.db'}"


def rebuilt(bench: Any, folder: Path) -> Path:
    """Rebuild from the bench's archive into a database of its own; returns the file."""
    folder.mkdir(exist_ok=True)
    database = open_database(begin_rebuild(url_of(folder)))
    *_, last = rebuild_database(replace(bench.rooms, database=database))
    database.close()
    assert last.problems == ()
    finish_rebuild(url_of(folder))
    return folder / "watcher.db"


def test_the_evidence_and_what_follows_from_it_are_rebuilt_row_by_row(bench: Any, tmp_path: Path) -> None:
    tell_a_story(bench)
    again = rebuilt(bench, tmp_path / "again")
    original = tmp_path / "data" / "watcher.db"
    for table in (*EVIDENCE, *DERIVED):
        assert rows(original, table), table
        assert rows(again, table) == rows(original, table), table
    hidden = frozenset({*SCHEDULE, "lease_owner", "lease_until"})
    assert rows(again, "sources", without=hidden) == rows(original, "sources", without=hidden)


def test_technical_upgrades_are_rebuilt_with_what_they_superseded(bench: Any, tmp_path: Path) -> None:
    bench.register("kaz", bench.site.put("/kaz", page(NOT_JOINED)))
    bench.check("kaz")
    for rules, at_once in ((("h1",), False), (("p",), True)):
        with bench.rooms.database.reading() as connection:
            definition = sources.get_source(connection, "kaz").definition
        bench.clock.advance(hours=1)
        steps = register.plan_sources(bench.rooms, [("kaz", replace(definition, remove=rules), False)])
        register.apply_plan(bench.rooms, steps, user="test")
        if at_once:
            assert upgrade_source(bench.rooms, "kaz", user="test").version_id
        else:
            assert bench.check("kaz").recorded.technical is not None
    database = rebuilt(bench, tmp_path / "rebuilt")
    for table in ("versions", "changes", "audit", "positions"):
        assert rows(database, table) == rows(tmp_path / "data" / "watcher.db", table), table
    assert [row["superseded_by"] is None for row in rows(database, "versions")].count(False) == 2


def test_definitions_keep_their_own_moments_while_the_clock_runs(bench: Any, tmp_path: Path) -> None:
    moments = (bench.clock.now + timedelta(microseconds=number) for number in range(10**6))
    bench.rooms = replace(bench.rooms, clock=lambda: next(moments))
    bench.register("kaz", bench.site.url("/kaz"))
    changed = Definition(url=bench.site.url("/elsewhere"), title="kaz")
    register.apply_plan(bench.rooms, register.plan_sources(bench.rooms, [("kaz", changed, False)]), user="test")
    again = rebuilt(bench, tmp_path / "again")
    for table in ("definitions", "audit"):
        assert rows(again, table) == rows(tmp_path / "data" / "watcher.db", table), table


def test_a_rebuild_adds_nothing_to_the_archive_and_owes_no_message(bench: Any, tmp_path: Path) -> None:
    tell_a_story(bench)
    before = bench.rooms.archive.checkpoint()
    again = rebuilt(bench, tmp_path / "again")
    assert bench.rooms.archive.checkpoint() == before
    assert [rows(again, table) for table in ("subscriptions", "digests", "deliveries")] == [[], [], []]


def test_after_a_rebuild_a_check_compares_with_the_baseline_of_before(bench: Any, tmp_path: Path) -> None:
    tell_a_story(bench)
    folder = tmp_path / "again"
    rebuilt(bench, folder)
    database = open_database(url_of(folder))
    with bench.rooms.database.reading() as connection:
        baseline = sources.get_baseline_id(connection, "kaz")
    bench.rooms = replace(bench.rooms, database=database)
    assert bench.check("kaz").recorded.capture.outcome is Outcome.SAME
    bench.site.put("/kaz", page(JOINED))
    change = bench.check("kaz").recorded.change
    assert change is not None
    assert change.from_version_id == baseline
    database.close()


def test_a_database_that_holds_something_is_never_rebuilt(bench: Any, tmp_path: Path) -> None:
    bench.register("kaz", bench.site.put("/kaz", page(JOINED)))
    with pytest.raises(StoreError, match="is not empty"):
        begin_rebuild(url_of(tmp_path / "data"))


def test_a_damaged_payload_is_named_and_the_rest_is_rebuilt(bench: Any, tmp_path: Path) -> None:
    tell_a_story(bench)
    damaged = next(bench.rooms.archive.root.glob("payloads/*/*.zst"))
    damaged.chmod(0o644)
    damaged.write_bytes(b"no zstd")
    folder = tmp_path / "again"
    folder.mkdir()
    database = open_database(begin_rebuild(url_of(folder)))
    *_, last = rebuild_database(replace(bench.rooms, database=database))
    database.close()
    finish_rebuild(url_of(folder))
    assert any(damaged.stem in problem for problem in last.problems)
    for table in ("definitions", "snapshots", "audit"):
        assert rows(folder / "watcher.db", table) == rows(tmp_path / "data" / "watcher.db", table)


def configured(tmp_path: Path) -> dict[str, str]:
    """An instance's surroundings whose archive is the bench's and whose database is not there yet."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "indicators").symlink_to(ROOT / "config" / "indicators")
    return {
        **os.environ,
        "WATCHER_CONFIG": str(config),
        "WATCHER_ARCHIVE__PATH": str(tmp_path / "snapshots"),
        "WATCHER_STORE__URL": url_of(tmp_path / "again"),
        "PYTHONPATH": str(ROOT),
    }


KILLED = """
import os, signal
import watcher.pipeline.rebuild as rebuild
replay, count = rebuild._replay, 0
def dies(*args):
    global count
    count += 1
    if count == 12:
        os.kill(os.getpid(), signal.SIGKILL)
    return replay(*args)
rebuild._replay = dies
from watcher.cli.main import cli
cli(["rebuild"])
"""


def test_131_a_rebuild_that_was_killed_goes_on_where_it_was(bench: Any, tmp_path: Path) -> None:
    tell_a_story(bench)
    surroundings = configured(tmp_path)
    killed = subprocess.run([sys.executable, "-c", KILLED], env=surroundings, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "again" / "watcher.db").exists()
    done = subprocess.run(
        [sys.executable, "-m", "watcher", "rebuild", "--json"], env=surroundings, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]["sources"] == 3
    for table in (*EVIDENCE, *DERIVED):
        assert rows(tmp_path / "again" / "watcher.db", table) == rows(tmp_path / "data" / "watcher.db", table), table


def test_a_rebuild_of_many_captures_keeps_their_order(bench: Any, tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(4)]
    for name in names:
        bench.register(name, bench.site.put(f"/{name}", page(NOT_JOINED)))
    for _ in range(3):
        for name in names:
            bench.check(name)
    again = rebuilt(bench, tmp_path / "again")
    assert rows(again, "captures") == rows(tmp_path / "data" / "watcher.db", "captures")
