"""`watcher doctor`: what an operator is told before it hurts, and that nothing is changed by asking."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from watcher.cli.main import cli
from watcher.pipeline import doctor
from watcher.pipeline.doctor import Diagnosis, Level, diagnose
from watcher.store import incidents, place

Look = Callable[..., dict[str, Diagnosis]]


@pytest.fixture
def look(bench: Any) -> Look:
    """What the doctor says of the bench's instance, by subject."""
    root = bench.rooms.archive.root

    def looked(**other: Any) -> dict[str, Diagnosis]:
        asked = {
            "database_url": f"sqlite:///{root.parent / 'data' / 'watcher.db'}",
            "archive": root,
            "browser": "",
            "now": bench.clock(),
            **other,
        }
        return {one.subject: one for one in diagnose(**asked)}

    return looked


def test_a_sound_instance_has_nothing_to_mend(bench: Any, look: Look) -> None:
    bench.register("kaz", bench.site.put("/kaz", "<p>Kazakhstan has not joined.</p>"))
    bench.check("kaz")
    found = look()
    assert {one.level for one in found.values()} <= {Level.FINE, Level.ODD}
    assert found["checks"].level is Level.FINE
    assert found["evidence"].finding == "0 open incidents"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_140_a_database_on_a_network_file_system_must_be_moved(
    look: Look, bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = bench.rooms.archive.root.parent / "data"
    mounts = tmp_path / "mounts"
    named = str(folder).replace("_", r"\137")
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {named} {kind} rw 0 0\nproc /proc proc rw 0 0\n")
    mount = place.mount_of(folder / "watcher.db", mounts=mounts)
    assert mount == place.Mount(path=folder, type=kind)
    monkeypatch.setattr(doctor, "mount_of", lambda _: mount)
    found = look()["file system"]
    assert found.level is Level.BAD
    assert f"lies on {kind} at {folder}" in found.finding
    assert "PostgreSQL" in found.remedy


def test_138_a_long_log_is_named_with_the_process_that_reads(
    look: Look, bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.rooms.archive.root.parent / "data" / "watcher.db"
    code = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('BEGIN'); "
    code += "c.execute('SELECT count(*) FROM sources').fetchone(); print('reads', flush=True); sys.stdin.read()"
    monkeypatch.setattr(doctor, "LONG_LOG_BYTES", 1)
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == b"reads\n"
        bench.register("kaz", bench.site.put("/kaz", "<p>Kazakhstan</p>"))
        found = look()["write-ahead log"]
        reader.communicate(timeout=20)
    assert found.level is Level.ODD
    assert f"process {reader.pid}: {sys.executable} -c import sqlite3" in found.finding


def test_a_database_that_cannot_be_read_is_told_beside_everything_else(look: Look, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database")
    found = look(database_url=f"sqlite:///{broken}")
    assert found["database"].level is Level.BAD
    assert str(broken) in found["database"].finding
    assert "space for the archive" in found


def test_late_checks_incidents_and_a_clock_set_back_are_told(look: Look, bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", "<p>Kazakhstan has not joined.</p>"))
    bench.check("kaz")
    now = bench.clock()
    with bench.rooms.database.writing() as connection:
        incidents.open_incident(connection, code="seal_failed", target="the ledger", message="no key", now=now)
    assert "no key" in look()["evidence"].finding
    assert look()["evidence"].level is Level.BAD
    assert look(now=now + timedelta(days=2))["checks"].finding == "1 of 1 Sources are more than an hour late"
    assert "clock" not in look()
    assert look(now=now - timedelta(days=1))["clock"].level is Level.BAD


def test_a_program_that_is_missing_is_named_with_what_it_costs(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = look()
    assert found["tesseract"].level is Level.ODD
    assert "scans without a text layer" in found["tesseract"].finding


def test_the_command_ends_with_1_when_something_must_be_mended_and_makes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "watcher.yaml").write_text(
        f"archive:\n  path: {tmp_path}/snapshots\nstore:\n  url: sqlite:///{tmp_path}/data/watcher.db\n"
    )
    ran = CliRunner().invoke(cli, ["--config", str(config), "doctor", "--json"])
    assert ran.exit_code == 1
    told = {one["subject"]: one for one in json.loads(ran.output)}
    assert told["database"]["level"] == "bad"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config"]
