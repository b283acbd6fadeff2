"""The disk fails at every step of a check, the process dies at every step: what was acknowledged is there, whole."""

from __future__ import annotations

import errno
import importlib.util
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from watcher.archive import durable, open_archive
from watcher.archive.ledger import Ledger
from watcher.bootstrap import Instance, browser_of
from watcher.errors import ArchiveError, StoreError, WatcherError
from watcher.fetch import tls_context
from watcher.model.capture import Outcome
from watcher.pipeline import notify, register
from watcher.pipeline.ports import Rooms
from watcher.pipeline.recover import recover
from watcher.scheduler import Service
from watcher.settings import Settings
from watcher.store import captures
from watcher.store.database import Database, create_database, open_database

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("changes", "stays", "fails")
PAGE = "<html><body><h1>Kazakhstan</h1><p>Kazakhstan voted in favour of resolution {}.</p>{}</body></html>"
FILLING = "".join(f"<p>Paragraph {n} of the statement, which nobody edits.</p>" for n in range(40))


def _driver() -> Any:
    specification = importlib.util.spec_from_file_location("kills_driver", ROOT / "benchmarks" / "kills.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["kills_driver"] = module
    specification.loader.exec_module(module)
    return module


DRIVER = _driver()


def _problems(rooms: Rooms, acknowledged: list[dict[str, Any]]) -> list[str]:
    return [*DRIVER.lost(rooms, acknowledged), *DRIVER.not_whole(rooms.archive), *DRIVER.not_owed(rooms)]


@dataclass(kw_only=True)
class Fault:
    """Raises `error` at the n-th passage of a step; `struck` says whether it came to that."""

    step: str
    passage: int
    error: OSError
    struck: bool = False
    passed: int = 0

    def __call__(self, step: str) -> None:
        """Pass a step."""
        if step == self.step:
            self.passed += 1
            if self.passed == self.passage:
                self.struck = True
                raise self.error


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class Scenario:
    """Checks that bring something new, the same, a change, a failure and a new edition; kept from fault to fault."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        for name in SOURCES:
            bench.register(name, bench.site.put(f"/{name}", PAGE.format("61/84", FILLING)))
        register.add_subscription(
            bench.rooms,
            subscription_id="desk",
            recipient="desk@example.org",
            wanted=DRIVER.SubscriptionFilter(),
            cadence=DRIVER.Cadence.IMMEDIATE,
            user="test",
        )
        self.acknowledged: list[dict[str, Any]] = []
        self.number = 0

    def run(self, *, until_error: bool) -> WatcherError | None:
        """Each Source is checked twice; acknowledges what returns, and stops at the first error if asked to."""
        for name in (*SOURCES, *SOURCES):
            self.number += 1
            edition = FILLING.replace("nobody", f"writer {self.number}") if self.number % 4 == 0 else FILLING
            self.bench.site.put("/changes", PAGE.format(f"62/{self.number}", edition))
            self.bench.site.put("/fails", f"repair {self.number}", status=503)
            try:
                recorded = self.bench.check(name).recorded
                notify.compose_due(self.bench.rooms)
            except WatcherError as error:
                if until_error:
                    return error
                raise
            self.acknowledged.append(
                {
                    "sequence": recorded.capture.sequence,
                    "outcome": recorded.capture.outcome.value,
                    "payload_sha256": recorded.capture.payload_sha256,
                    "change": recorded.change.change_id if recorded.change else None,
                }
            )
        return None

    def restart(self) -> None:
        """Open archive and database as a new process would."""
        rooms = self.bench.rooms
        rooms.database.close()
        database = open_database(f"sqlite:///{rooms.archive.root.parent / 'data' / 'watcher.db'}")
        self.bench.rooms = replace(rooms, database=database, archive=open_archive(rooms.archive.root))
        recover(self.bench.rooms)
        notify.compose_due(self.bench.rooms)


@pytest.fixture
def scenario(bench: Any) -> Iterator[Scenario]:
    """A scenario that has run once without a fault."""
    scenario = Scenario(bench)
    scenario.run(until_error=False)
    yield scenario
    scenario.bench.rooms.database.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("step", ["file write", "file rename", "pack write", "ledger write"])
def test_catalogue_132_a_write_that_fails_anywhere_loses_nothing_and_shows_nothing_half(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    for passage in itertools.count(1):
        fault = Fault(step=step, passage=passage, error=_error(number))
        with monkeypatch.context() as failing:
            failing.setattr(durable, "failpoint", fault)
            error = scenario.run(until_error=True)
        if not fault.struck:
            break
        assert isinstance(error, ArchiveError)
        assert _problems(scenario.bench.rooms, scenario.acknowledged) == [], "before the restart"
        scenario.restart()
        assert _problems(scenario.bench.rooms, scenario.acknowledged) == []
        scenario.bench.clock.advance(hours=1)
    assert passage > 1, "the scenario passes the step at least once"


def test_catalogue_132_a_write_that_stops_half_way_is_taken_back(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all = durable.write_all
    for passage in range(1, 12):
        passed = itertools.count(1)

        def half(descriptor: int, content: bytes, passed: Iterator[int] = passed, passage: int = passage) -> None:
            if next(passed) == passage:
                write_all(descriptor, content[: len(content) // 2])
                raise _error(errno.ENOSPC)
            write_all(descriptor, content)

        with monkeypatch.context() as failing:
            failing.setattr(durable, "write_all", half)
            error = scenario.run(until_error=True)
        assert isinstance(error, ArchiveError) or next(passed) <= passage
        assert _problems(scenario.bench.rooms, scenario.acknowledged) == [], "before the restart"
        scenario.restart()
        assert _problems(scenario.bench.rooms, scenario.acknowledged) == []
        scenario.bench.clock.advance(hours=1)


def test_catalogue_132_records_of_a_group_that_could_not_be_written_whole_are_all_taken_back(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bench.rooms.archive.root
    ledger = Ledger(root / "ledger")
    before = ledger.head()
    write_all = durable.write_all

    def most(descriptor: int, content: bytes) -> None:
        write_all(descriptor, content[: len(content) * 2 // 3])
        raise _error(errno.ENOSPC)

    with monkeypatch.context() as failing:
        failing.setattr(durable, "write_all", most)
        with pytest.raises(ArchiveError, match="disk full"):
            ledger.append_all("audit", [{"number": number} for number in range(9)])
    assert open_archive(root).size() == before[0]
    assert ledger.head() == before


def test_catalogue_131_a_commit_that_fails_anywhere_leaves_a_record_that_the_next_start_takes_up(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = Database.writing
    struck = 0
    for passage in itertools.count(1):
        fault = Fault(step="commit", passage=passage, error=_error(errno.EIO))

        @contextmanager
        def failing_writing(self: Database, fault: Fault = fault) -> Iterator[Any]:
            with writing(self) as connection:
                yield connection
                with _as_sqlite_says():
                    fault("commit")

        with monkeypatch.context() as failing:
            failing.setattr(Database, "writing", failing_writing)
            error = scenario.run(until_error=True)
        if not fault.struck:
            break
        struck += 1
        assert isinstance(error, StoreError)
        scenario.restart()
        assert _problems(scenario.bench.rooms, scenario.acknowledged) == []
        scenario.bench.clock.advance(hours=1)
    assert struck > 12


@contextmanager
def _as_sqlite_says() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error")) from error


def test_catalogue_131_processes_killed_at_every_step_lose_nothing_that_they_acknowledged() -> None:
    command = [sys.executable, ROOT / "benchmarks" / "kills.py", "--kills", "30", "--seconds", "90"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=280, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    told = json.loads(done.stdout)
    assert told["examples"] == []
    assert (told["acknowledged_lost"], told["changes_without_what_they_owe"], done.returncode) == (0, 0, 0)
    assert told["kills"] >= 10
    assert told["changes_acknowledged"] >= 1


# A full or read-only disk


Start = Callable[[], Service]


@pytest.fixture
def start(bench: Any) -> Iterator[Start]:
    """A service whose ticks a test calls itself."""
    started: list[Service] = []
    settings = Settings()
    house = replace(settings.fetch, intranet=("127.0.0.0/8",), ports=(bench.site.port,), deadline_seconds=5.0)

    def make() -> Service:
        instance = Instance(
            settings=replace(
                settings, fetch=house, scheduler=replace(settings.scheduler, workers=2, tick_seconds=30.0)
            ),
            config=Path("config"),
            rooms=bench.rooms,
            tls=tls_context(),
            browser=browser_of(settings, bench.clock),
        )
        started.append(Service(instance))
        return started[-1]

    yield make
    for service in started:
        service.stop()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        pytest.param(errno.ENOSPC, "disk full", id="132_disk_full"),
        pytest.param(errno.EROFS, "read-only file system", id="134_read_only"),
    ],
)
@pytest.mark.parametrize("step", ["file write", "pack write", "ledger write"])
def test_catalogue_132_134_capturing_pauses_and_says_so_reading_goes_on_capturing_resumes(
    bench: Any,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    step: str,
    number: int,
    said: str,
) -> None:
    bench.register("page", bench.site.put("/page", PAGE.format("61/84", FILLING)))
    service = start()
    service.check_due()
    first = bench.rooms.archive.get_payload
    bench.site.put("/page", PAGE.format("62/41", FILLING) if step == "pack write" else os.urandom(5000).hex())
    bench.clock.advance(days=1)
    with monkeypatch.context() as failing:
        failing.setattr(durable, "failpoint", _Always(step, number))
        before = len(bench.site.requests)
        while (asked := len(bench.site.requests)) == before:
            bench.clock.advance(minutes=9)
            service.check_due()
        service.check_due()
        assert len(bench.site.requests) == asked, "no busy loop"
        assert said in capsys.readouterr().out
        with bench.rooms.database.reading() as connection:
            (snapshot,) = captures.list_snapshots(connection, "page")
            assert captures.count_captures(connection) == {"page": 1}
        assert first(snapshot.payload_sha256).startswith(b"<html>")
    bench.clock.advance(seconds=61)
    service.check_due()
    with bench.rooms.database.reading() as connection:
        assert captures.count_captures(connection) == {"page": 2}
        assert len(captures.list_snapshots(connection, "page")) == 2


class _Always:
    def __init__(self, step: str, number: int) -> None:
        self._step, self._number = step, number

    def __call__(self, step: str) -> None:
        if step == self._step:
            raise _error(self._number)


def test_catalogue_134_an_archive_that_may_only_be_read_is_opened_and_read(bench: Any, tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("a read-only mount needs root and unshare")
    bench.register("page", bench.site.put("/page", PAGE.format("61/84", FILLING)))
    bench.check("page")
    digest = bench.check("page").recorded.capture.payload_sha256
    script = (
        "import sys, pathlib; from watcher.archive import open_archive; from watcher.errors import ArchiveError\n"
        "archive = open_archive(pathlib.Path(sys.argv[1]))\n"
        "print(archive.size(), len(archive.get_payload(sys.argv[2])))\n"
        "for write in (lambda: archive.put_payload(b'new'), lambda: archive.append('audit', {})):\n"
        "    try: write()\n"
        "    except ArchiveError as error: print(error)\n"
    )
    root = bench.rooms.archive.root
    (tmp_path / "read.py").write_text(script)
    command = f"mount --bind {root} {root} && mount -o remount,ro,bind {root} && "
    command += f"exec {sys.executable} {tmp_path / 'read.py'} {root} {digest}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.stderr.startswith(("mount:", "unshare:")):
        pytest.skip(f"this machine allows no mounts: {done.stderr.strip()}")
    first, *refused = done.stdout.splitlines()
    assert first == f"{bench.rooms.archive.size()} {len(PAGE.format('61/84', FILLING))}"
    assert len(refused) == 2
    assert all("read-only file system" in line for line in refused)


def test_catalogue_132_a_disk_that_really_is_full_shows_nothing_half_and_takes_up_again(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("a small disk of its own needs root and unshare")
    (tmp_path / "fill.py").write_text(
        "import os, pathlib, sys; from watcher.archive import create_archive; from watcher.errors import ArchiveError\n"
        "root = pathlib.Path(sys.argv[1]); ballast = root / 'ballast'; ballast.write_bytes(bytes(400_000))\n"
        "archive = create_archive(root / 'snapshots', origin='test')\n"
        "kept = []\n"
        "try:\n"
        "    while True: kept.append(archive.put_payload(os.urandom(30_000)))\n"
        "except ArchiveError as error: print(error)\n"
        "assert sorted(archive.payloads.digests()) == sorted(kept) and len(kept) > 3\n"
        "assert all(len(archive.get_payload(digest)) == 30_000 for digest in kept)\n"
        "assert not list(root.rglob('*.tmp'))\n"
        "ballast.unlink()\n"
        "digest = archive.put_payload(bytes(range(256)) * 200)\n"
        "print(len(archive.get_payload(digest)), archive.append('audit', {}).sequence)\n"
    )
    (tmp_path / "disk").mkdir()
    command = f"mount -t tmpfs -o size=1m none {tmp_path / 'disk'} && "
    command += f"exec {sys.executable} {tmp_path / 'fill.py'} {tmp_path / 'disk'}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.stderr.startswith(("mount:", "unshare:")):
        pytest.skip(f"this machine allows no mounts: {done.stderr.strip()}")
    full, resumed = done.stdout.splitlines()
    assert full.startswith("disk full: ")
    assert resumed == "51200 0"


# Reading


def test_catalogue_133_a_payload_that_the_disk_cannot_read_is_named_and_the_others_are_fine(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.register("page", bench.site.put("/page", PAGE.format("61/84", FILLING)))
    bench.register("other", bench.site.put("/other", PAGE.format("61/85", "")))
    bad = bench.check("page").recorded.capture.payload_sha256
    good = bench.check("other").recorded.capture.payload_sha256
    bench.site.put("/page", PAGE.format("62/41", FILLING))
    patch = bench.check("page").recorded.capture.payload_sha256
    archive = bench.rooms.archive
    assert archive.payloads.keyframe_of(patch) == bad
    read_bytes = Path.read_bytes

    def unreadable(path: Path) -> bytes:
        if path.name == f"{bad}.zst":
            raise _error(errno.EIO)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", unreadable)
    for digest in (bad, patch):
        with pytest.raises(ArchiveError, match=f"{bad} is damaged.*cannot be read: Input/output error") as caught:
            archive.get_payload(digest)
        assert caught.value.payloads == (bad, patch)
    assert archive.get_payload(good)
    bench.site.put("/page", PAGE.format("63/42", FILLING))
    capture = bench.check("page").recorded.capture
    assert capture.outcome is Outcome.NEW
    assert archive.get_payload(capture.payload_sha256) == PAGE.format("63/42", FILLING).encode()


# A failed fsync


@pytest.mark.parametrize("step", ["file fsync", "folder fsync", "pack fsync", "ledger fsync"])
def test_catalogue_135_a_failed_fsync_ends_the_process_and_is_not_tried_again(bench: Any, step: str) -> None:
    bench.register("page", bench.site.put("/page", PAGE.format("61/84", FILLING)))
    digest = bench.check("page").recorded.capture.payload_sha256
    size = bench.rooms.archive.size()
    script = (
        "import errno, os, pathlib, sys\n"
        "from watcher.archive import durable, open_archive\n"
        "archive = open_archive(pathlib.Path(sys.argv[1]))\n"
        "fsync = os.fsync\n"
        "def failpoint(name):\n"
        "    if name == sys.argv[3]:\n"
        "        os.fsync = lambda descriptor: print('asked') or fail()\n"
        "def fail(): raise OSError(errno.EIO, os.strerror(errno.EIO))\n"
        "durable.failpoint = failpoint\n"
        "old = archive.get_payload(sys.argv[2])\n"
        "archive.put_payload(old + b'<!-- edited -->', like=sys.argv[2])\n"
        "archive.put_payload(os.urandom(5000))\n"
        "archive.append('audit', {})\n"
        "print('went on')\n"
    )
    done = subprocess.run(
        [sys.executable, "-u", "-c", script, bench.rooms.archive.root, digest, step],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout) == (durable.SYNC_FAILED_EXIT_CODE, "asked\n")
    assert "watcher ends: the disk did not confirm" in done.stderr
    assert "Check the disk" in done.stderr
    again = open_archive(bench.rooms.archive.root)
    assert again.size() in (size, size + 1)
    assert DRIVER.not_whole(again) is not None
    assert list(DRIVER.not_whole(again)) == []


# What a damaged or half-written database or archive meets at the start


def test_peer_39_a_ledger_or_database_cut_anywhere_is_never_replaced_by_a_fresh_one(tmp_path: Path, bench: Any) -> None:
    bench.register("page", bench.site.put("/page", PAGE.format("61/84", FILLING)))
    bench.check("page")
    root = bench.rooms.archive.root
    described = (root / "format.json").read_bytes()
    (root / "format.json").chmod(0o644)
    for length in range(len(described) - 1):
        (root / "format.json").write_bytes(described[:length])
        with pytest.raises(ArchiveError, match=r"format\.json cannot be read.*restore it from a backup"):
            open_archive(root)
        assert (root / "format.json").read_bytes() == described[:length]
    url = f"sqlite:///{tmp_path / 'cut.db'}"
    create_database(url)
    whole = (tmp_path / "cut.db").read_bytes()
    for place in range(20):
        (tmp_path / "cut.db").write_bytes(whole[: len(whole) * place // 20])
        with pytest.raises(StoreError):
            open_database(url)
        with suppress(FileNotFoundError):
            assert (tmp_path / "cut.db").read_bytes() == whole[: len(whole) * place // 20]
