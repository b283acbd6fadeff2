"""A backup under load, and what it takes to become an instance again."""

from __future__ import annotations

import io
import json
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from watcher.archive import open_archive
from watcher.errors import RefusedError
from watcher.model.capture import Trigger
from watcher.model.subscription import Cadence, DeliveryState, SubscriptionFilter
from watcher.pipeline import backup, register
from watcher.pipeline.backup import BackedUp, BackupPlan, back_up
from watcher.pipeline.notify import compose_digest, deliver_owed
from watcher.pipeline.recover import recover
from watcher.pipeline.restore import restore
from watcher.pipeline.schedule import claim_now
from watcher.pipeline.watch import check
from watcher.store import captures, digests, subscriptions
from watcher.store.copies import resume_outbox
from watcher.store.database import open_database

PAGE = "<html><body><p>Kazakhstan has not joined the treaty. Read {}.</p></body></html>"
KINDS = ("copy", "copy.tar", "copy.tar.zst")


def plan_of(tmp_path: Path, **more: Any) -> BackupPlan:
    return BackupPlan(database_url=f"sqlite:///{tmp_path / 'data' / 'watcher.db'}", **more)


def backed_up(bench: Any, tmp_path: Path, name: str = "copy", **more: Any) -> BackedUp:
    return back_up(bench.rooms, plan_of(tmp_path, **more), tmp_path / "out" / name)


def filled(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", PAGE.format(0)))
    for number in range(3):
        bench.site.put("/kaz", PAGE.format(number))
        bench.check("kaz")


@pytest.mark.parametrize("name", KINDS)
def test_145_a_backup_under_load_restores_to_a_whole_instance(bench: Any, tmp_path: Path, name: str) -> None:
    names = [f"s{number}" for number in range(3)]
    for source_id in names:
        bench.register(source_id, bench.site.put(f"/{source_id}", PAGE.format(source_id)))
    stop = threading.Event()
    fetchers = [bench.fetcher]

    def works(source_id: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            bench.site.put(f"/{source_id}", PAGE.format(number))
            check(bench.rooms, fetchers[0], claim_now(bench.rooms, source_id), trigger=Trigger.MANUAL)

    def registers() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            bench.register(f"new-{number}", bench.site.url("/new"))
            stop.wait(0.01)

    workers = [threading.Thread(target=works, args=("s0",)), threading.Thread(target=registers)]
    for worker in workers:
        worker.start()
    threading.Event().wait(0.3)
    size_before = bench.rooms.archive.size()
    done = backed_up(bench, tmp_path, name)
    size_after = bench.rooms.archive.size()
    stop.set()
    for worker in workers:
        worker.join(10)
    assert size_before <= done.ledger_size <= size_after
    assert size_after > size_before, "nothing happened during the backup: this test shows nothing"

    restored = restore(tmp_path / "out" / name, tmp_path / "elsewhere")
    assert restored.ledger_size == done.ledger_size >= int(restored.checkpoint.split("\n")[1])
    database = open_database(f"sqlite:///{tmp_path / 'elsewhere' / 'data' / 'watcher.db'}")
    rooms = replace(bench.rooms, database=database, archive=open_archive(tmp_path / "elsewhere" / "snapshots"))
    recover(rooms)
    records = {record.sequence: record for record in rooms.archive.records()}
    with database.reading() as connection:
        assert captures.recorded_sequences(connection) == {
            sequence for sequence, record in records.items() if record.type == "capture"
        }
        acts = {entry.sequence for entry in register.audit.list_audit(connection, limit=10**6)}
        for source_id in captures.count_captures(connection):
            for snapshot in captures.list_snapshots(connection, source_id):
                assert rooms.archive.get_payload(snapshot.payload_sha256)
    assert acts == {sequence for sequence, record in records.items() if record.type == "audit"}
    database.close()


class Refuses:
    """A mail channel that must not be used."""

    def send(self, delivery: Any, *, possible_duplicate: bool) -> DeliveryState:
        raise AssertionError(f"{delivery.delivery_id} was sent, possible duplicate: {possible_duplicate}")


def test_145_a_restored_outbox_sends_nothing_until_a_person_resumes_it(bench: Any, tmp_path: Path) -> None:
    subscription = register.add_subscription(
        bench.rooms,
        subscription_id="desk",
        recipient="desk@example.org",
        wanted=SubscriptionFilter(),
        cadence=Cadence.DAILY,
        user="test",
    )
    filled(bench)
    composed = compose_digest(bench.rooms, subscription)
    assert composed is not None
    backed_up(bench, tmp_path)
    assert restore(tmp_path / "out" / "copy", tmp_path / "elsewhere").held_messages == 1
    database = open_database(f"sqlite:///{tmp_path / 'elsewhere' / 'data' / 'watcher.db'}")
    rooms = replace(bench.rooms, database=database, archive=open_archive(tmp_path / "elsewhere" / "snapshots"))
    bench.clock.advance(days=2)
    assert deliver_owed(rooms, Refuses()) == []
    with database.writing() as connection:
        (delivery,) = digests.deliveries_of_digest(connection, composed.digest.digest_id)
        assert (delivery.state, delivery.last_error[:28]) == (DeliveryState.FAILED, "not sent: restored from a ba")
        assert subscriptions.get_subscription(connection, "desk").covered_ordinal == 2
        assert resume_outbox(connection, now=bench.clock.now) == 1
    with pytest.raises(AssertionError, match="was sent"):
        deliver_owed(rooms, Refuses())
    database.close()


def test_a_restored_message_that_the_ledger_knows_as_sent_is_sent(bench: Any, tmp_path: Path) -> None:
    subscription = register.add_subscription(
        bench.rooms,
        subscription_id="desk",
        recipient="desk@example.org",
        wanted=SubscriptionFilter(),
        cadence=Cadence.DAILY,
        user="test",
    )
    filled(bench)
    composed = compose_digest(bench.rooms, subscription)
    assert composed is not None
    at = bench.clock.now.isoformat()
    bench.rooms.archive.append("delivery", {"recorded_at": at, "delivery_id": composed.delivery.delivery_id})
    bench.register("later", bench.site.url("/later"))
    backed_up(bench, tmp_path)
    assert restore(tmp_path / "out" / "copy", tmp_path / "elsewhere").held_messages == 0


def test_secrets_and_the_private_key_stay_out_of_a_backup_unless_asked_for(bench: Any, tmp_path: Path) -> None:
    filled(bench)
    config = tmp_path / "config"
    (config / "sources").mkdir(parents=True)
    (config / "watcher.yaml").write_text("web: {port: 8081}\n")
    (config / "sources" / "états.yaml").write_text("[]\n")
    for name in ("password", ".env", "server.pem"):
        (config / name).write_text("hunter2")
    key = tmp_path / "data" / "archive.key"
    key.write_text("PRIVATE")
    backed_up(bench, tmp_path, "without", config=config)
    found = {path.relative_to(tmp_path / "out" / "without") for path in (tmp_path / "out" / "without").rglob("*")}
    assert Path("config/sources/états.yaml") in found
    assert not any(path.name in ("password", ".env", "server.pem", "archive.key") for path in found)
    backed_up(bench, tmp_path, "with", key=key)
    restore(tmp_path / "out" / "with", tmp_path / "elsewhere")
    restored = tmp_path / "elsewhere" / "data" / "archive.key"
    assert (restored.read_text(), restored.stat().st_mode & 0o777) == ("PRIVATE", 0o600)


def test_a_backup_is_never_written_over_anything(bench: Any, tmp_path: Path) -> None:
    filled(bench)
    backed_up(bench, tmp_path)
    with pytest.raises(RefusedError, match="exists already"):
        backed_up(bench, tmp_path)


def test_nothing_is_restored_over_an_instance(bench: Any, tmp_path: Path) -> None:
    filled(bench)
    backed_up(bench, tmp_path)
    with pytest.raises(RefusedError, match="is not empty"):
        restore(tmp_path / "out" / "copy", tmp_path / "data")


def test_a_payload_that_the_archive_lost_is_named_and_the_rest_is_copied(bench: Any, tmp_path: Path) -> None:
    filled(bench)
    lost = next(bench.rooms.archive.root.glob("payloads/*/*.zst"))
    lost.unlink()
    done = backed_up(bench, tmp_path)
    assert len(done.problems) == 1
    assert lost.stem in done.problems[0]
    assert restore(tmp_path / "out" / "copy", tmp_path / "elsewhere").ledger_size == done.ledger_size


Member = tuple[tarfile.TarInfo, bytes]


def members_of(path: Path) -> list[Member]:
    with tarfile.open(path) as tar:
        return [(one, (tar.extractfile(one) or io.BytesIO()).read()) for one in tar.getmembers()]


def write_tar(path: Path, members: list[Member]) -> None:
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))


def member(name: str, content: bytes = b"x", **more: Any) -> Member:
    described = tarfile.TarInfo(name)
    described.size = len(content) if not more else 0
    for key, value in more.items():
        setattr(described, key, value)
    return described, content


def adds(*more: Member) -> Callable[[list[Member]], list[Member]]:
    return lambda members: [*more, *members]


def manifest_says(**fields: Any) -> Callable[[list[Member]], list[Member]]:
    def change(members: list[Member]) -> list[Member]:
        manifest = {**json.loads(members[-1][1]), **fields}
        return [*members[:-1], member("manifest.json", json.dumps(manifest).encode())]

    return change


def flips(members: list[Member]) -> list[Member]:
    first, content = members[0]
    return [(first, content[:-1] + bytes([content[-1] ^ 1])), *members[1:]]


REFUSED = {
    "slip": (adds(member("data/../../evil")), "where none belongs"),
    "slip_with_backslash": (adds(member("data/..\\evil")), "where none belongs"),
    "absolute": (adds(member("/etc/evil")), "where none belongs"),
    "elsewhere": (adds(member("evil")), "where none belongs"),
    "hidden": (adds(member("config/.evil")), "where none belongs"),
    "symlink": (adds(member("data/link", type=tarfile.SYMTYPE, linkname="/etc")), "no plain file"),
    "hardlink": (adds(member("data/link", type=tarfile.LNKTYPE, linkname="/etc/passwd")), "no plain file"),
    "device": (adds(member("data/device", type=tarfile.CHRTYPE)), "no plain file"),
    "twice": (lambda members: [members[0], *members], "twice"),
    "twice_in_another_case": (adds(member("data/Watcher.DB")), "twice"),
    "extra": (adds(member("data/extra")), "not in its manifest"),
    "missing": (lambda members: members[1:], "is missing in the backup"),
    "wrong_checksum": (flips, "not what was backed up"),
    "no_manifest": (lambda members: members[:-1], "its manifest is missing"),
    "older_schema": (manifest_says(schema="0001"), "older schema 0001"),
    "newer_schema": (manifest_says(schema="9999"), "newer schema 9999"),
    "newer_format": (manifest_says(format=2), "has the format 2"),
    "other_ledger": (manifest_says(ledger={"size": 1, "root": "x"}), "tree head"),
    "bad_list": (manifest_says(files=[1]), "list of files"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_094_a_backup_that_was_changed_leaves_nothing_behind(bench: Any, tmp_path: Path, name: str) -> None:
    change, says = REFUSED[name]
    filled(bench)
    backed_up(bench, tmp_path, "copy.tar")
    changed = tmp_path / "changed.tar"
    write_tar(changed, change(members_of(tmp_path / "out" / "copy.tar")))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RefusedError, match=says):
        restore(changed, tmp_path / "elsewhere")
    assert sorted(tmp_path.rglob("*")) == before


def test_094_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.tar.zst"
    with zstd.open(bomb, "wb") as file:
        header, _ = member("data/watcher.db")
        header.size = 10**10
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(200):
            file.write(bytes(1024 * 1024))
    with pytest.raises(RefusedError, match=r"times its size|no room"):
        restore(bomb, tmp_path / "elsewhere")
    assert [path.name for path in tmp_path.iterdir()] == ["bomb.tar.zst"]


@pytest.mark.parametrize("keep", [0, 3, 700, 20_000])
@pytest.mark.parametrize("name", ["copy.tar", "copy.tar.zst"])
def test_094_a_backup_that_was_cut_short_is_refused(bench: Any, tmp_path: Path, name: str, keep: int) -> None:
    filled(bench)
    backed_up(bench, tmp_path, name)
    cut = tmp_path / "cut"
    content = (tmp_path / "out" / name).read_bytes()
    cut.write_bytes(content[: min(keep, len(content) - 100)])
    with pytest.raises(RefusedError, match=r"cut short|damaged|ends in the middle"):
        restore(cut, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_094_a_folder_with_a_symbolic_link_is_refused(bench: Any, tmp_path: Path) -> None:
    filled(bench)
    backed_up(bench, tmp_path)
    database = tmp_path / "out" / "copy" / "data" / "watcher.db"
    database.rename(tmp_path / "elsewhere.db")
    database.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(RefusedError, match="symbolic link"):
        restore(tmp_path / "out" / "copy", tmp_path / "elsewhere")


KILLED = """
import os, signal, sys
from pathlib import Path
from watcher.pipeline import backup, restore
from watcher.archive import open_archive
from watcher.store.database import open_database
from datetime import UTC, datetime
from types import SimpleNamespace
act, folder, nth = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
count = 0
def dies(call):
    def counted(*args, **more):
        global count
        count += 1
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    return counted
if act == "backup":
    url = f"sqlite:///{folder}/data/watcher.db"
    rooms = SimpleNamespace(
        database=open_database(url), archive=open_archive(folder / "snapshots"),
        clock=lambda: datetime.now(UTC), fetcher_name="test",
    )
    backup._Tar.put = dies(backup._Tar.put)
    os.sync = dies(os.sync)
    backup.back_up(rooms, backup.BackupPlan(database_url=url), folder / "out" / "copy.tar")
else:
    restore._receive = dies(restore._receive)
    restore.hold_outbox = dies(restore.hold_outbox)
    os.sync = dies(os.sync)
    restore.restore(folder / "out" / "copy.tar", folder / "elsewhere")
"""


@pytest.mark.parametrize("nth", [1, 3, 6])
@pytest.mark.parametrize("act", ["backup", "restore"])
def test_131_a_killed_act_leaves_nothing_that_looks_whole_and_can_be_repeated(
    bench: Any, tmp_path: Path, act: str, nth: int
) -> None:
    filled(bench)
    if act == "restore":
        backed_up(bench, tmp_path, "copy.tar")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, act, str(tmp_path), str(nth)], capture_output=True, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (tmp_path / "out" / "copy.tar").exists() == (act == "restore")
    assert not (tmp_path / "elsewhere").exists()
    if act == "backup":
        backed_up(bench, tmp_path, "copy.tar")
    restore(tmp_path / "out" / "copy.tar", tmp_path / "elsewhere")
    with closing(sqlite3.connect(tmp_path / "elsewhere" / "data" / "watcher.db")) as connection:
        assert connection.execute("SELECT count(*) FROM captures").fetchone() == (3,)
    left = {path.name for path in (*tmp_path.iterdir(), *(tmp_path / "out").iterdir())}
    assert not {name for name in left if ".partial" in name or ".restoring" in name}


def test_145_what_was_recorded_between_the_checkpoint_and_the_copy_is_in_both_halves(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(bench)
    copy = backup.copy_database

    def copies_later(url: str, target: Path) -> None:
        bench.check("kaz")
        bench.register("late", bench.site.url("/late"))
        copy(url, target)
        bench.register("too-late", bench.site.url("/late"))

    monkeypatch.setattr(backup, "copy_database", copies_later)
    done = backed_up(bench, tmp_path)
    assert done.ledger_size == int(done.checkpoint.split("\n")[1]) + 3 == bench.rooms.archive.size() - 2
    restore(tmp_path / "out" / "copy", tmp_path / "elsewhere")


def test_145_a_backup_waits_for_an_act_that_has_its_record_and_no_row_yet(bench: Any, tmp_path: Path) -> None:
    filled(bench)
    recorded, may_end = threading.Event(), threading.Event()

    def acts() -> None:
        with bench.rooms.database.writing() as connection:
            register.record_act(bench.rooms, connection, user="test", action="test.act", target="kaz")
            recorded.set()
            may_end.wait(10)

    acting = threading.Thread(target=acts)
    acting.start()
    recorded.wait(10)
    threading.Timer(0.3, may_end.set).start()
    done = backed_up(bench, tmp_path)
    acting.join(10)
    with closing(sqlite3.connect(tmp_path / "out" / "copy" / "data" / "watcher.db")) as connection:
        newest = connection.execute("SELECT max(sequence) FROM audit").fetchone()[0]
    assert newest == done.ledger_size - 1
