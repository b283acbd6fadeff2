"""Bytes go only with a tombstone, never what is held, and every read of them says who, when and why."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.archive import LedgerRecord, open_archive
from watcher.archive.payloads import payload_path
from watcher.errors import ArchiveError, ConflictError, DeletedError, NotFoundError, RefusedError
from watcher.model.capture import Outcome
from watcher.pipeline.holds import active_holds, lift_hold, set_hold
from watcher.pipeline.rebuild import rebuild_database
from watcher.pipeline.recover import recover
from watcher.pipeline.retention import RetentionRules, find_expired, let_go
from watcher.pipeline.tombstone import delete_payload
from watcher.store import audit, versions
from watcher.store.database import open_database
from watcher.store.rebuild import begin_rebuild
from watcher.web.app import create_app

PAGE = "<html><body><p>Kazakhstan has not joined the treaty. Read {}.</p></body></html>"
WHY = "a court order of 3 May"


def captured(bench: Any, number: int = 0) -> str:
    """The SHA-256 of a Payload that the Source `kaz` gave."""
    url = bench.site.put("/kaz", PAGE.format(number))
    if not bench.site.requests:
        bench.register("kaz", url)
    digest = bench.check("kaz").recorded.capture.payload_sha256
    assert digest is not None
    return str(digest)


def stored(bench: Any, digest: str) -> bool:
    return payload_path(bench.rooms.archive.root, digest).exists()


def records(bench: Any, record_type: str) -> list[LedgerRecord]:
    return [record for record in bench.rooms.archive.records() if record.type == record_type]


def test_a_deleted_payload_is_gone_and_every_read_says_who_when_and_why(bench: Any) -> None:
    digest = captured(bench)
    other = captured(bench, 1)
    delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    assert not stored(bench, digest)
    says = r"was deleted on 3 May 2026, 11:00 UTC by mara because: a court order of 3 May"
    with pytest.raises(DeletedError, match=says):
        open_archive(bench.rooms.archive.root).get_payload(digest)
    assert bench.rooms.archive.get_payload(other)
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        answer = client.get(f"/payloads/{digest}")
        assert (answer.status_code, "by mara because: a court order" in answer.text) == (404, True)


def test_a_deletion_is_a_record_and_an_act(bench: Any) -> None:
    digest = captured(bench)
    delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    (record,) = records(bench, "tombstone")
    assert (record.body["payload_sha256"], record.body["user"], record.body["reason"]) == (digest, "mara", WHY)
    with bench.rooms.database.reading() as connection:
        act = audit.list_audit(connection, target=digest)[0]
    assert (act.action, json.loads(act.after or "")["record"]) == ("payload.delete", record.sequence)


def test_deleted_bytes_are_not_stored_again_when_the_source_still_gives_them(bench: Any) -> None:
    digest = captured(bench)
    delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    assert bench.check("kaz").recorded.capture.outcome is Outcome.SAME
    bench.register("copy", bench.site.url("/kaz"))
    recorded = bench.check("copy").recorded
    assert (recorded.capture.payload_sha256, recorded.version.error_code) == (digest, "deleted")
    assert not stored(bench, digest)


def test_a_check_after_a_deletion_compares_with_the_text_that_was_read_before(bench: Any) -> None:
    digest = captured(bench)
    delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    bench.site.put("/kaz", PAGE.format("again"))
    assert bench.check("kaz").recorded.change is not None


def test_a_rebuild_after_a_deletion_has_the_evidence_and_says_what_is_deleted(bench: Any, tmp_path: Path) -> None:
    digest = captured(bench)
    captured(bench, 1)
    delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    (tmp_path / "again").mkdir()
    database = open_database(begin_rebuild(f"sqlite:///{tmp_path}/again/watcher.db"))
    *_, last = rebuild_database(replace(bench.rooms, database=database))
    with database.reading() as connection:
        newest, oldest = versions.list_versions(connection, "kaz")
    assert (last.problems, oldest.error_code, newest.error_code) == ((), "deleted", "")
    database.close()


def test_deleting_asks_for_a_reason_for_known_bytes_and_only_once(bench: Any) -> None:
    digest = captured(bench)
    with pytest.raises(RefusedError, match="say why"):
        delete_payload(bench.rooms, digest, user="mara", reason=" ")
    with pytest.raises(NotFoundError, match="no Capture names"):
        delete_payload(bench.rooms, "0" * 64, user="mara", reason=WHY)
    delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    with pytest.raises(DeletedError):
        delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    assert len(records(bench, "tombstone")) == 1


def test_a_marker_without_its_record_is_damage_not_a_deletion(bench: Any) -> None:
    digest = captured(bench)
    path = payload_path(bench.rooms.archive.root, digest)
    path.unlink()
    path.with_suffix(".deleted").write_text('{"sequence":0,"keep_out":true}')
    with pytest.raises(ArchiveError, match="does not say so"):
        bench.rooms.archive.get_payload(digest)


def test_bytes_whose_tombstone_was_written_before_a_crash_go_at_the_next_start(bench: Any) -> None:
    digest = captured(bench)
    body = {"recorded_at": bench.clock.now.isoformat(), "payload_sha256": digest, "user": "mara", "reason": WHY}
    bench.rooms.archive.append("tombstone", body)
    assert stored(bench, digest)
    recover(bench.rooms)
    assert not stored(bench, digest)
    with pytest.raises(DeletedError, match="by mara"):
        bench.rooms.archive.get_payload(digest)


@pytest.mark.parametrize("whole_source", [True, False])
def test_what_is_held_is_not_deleted_until_the_hold_is_lifted(bench: Any, whole_source: bool) -> None:
    digest = captured(bench)
    named = "kaz" if whole_source else str(records(bench, "capture")[-1].sequence)
    set_hold(bench.rooms, named, user="mara", reason="the inquiry")
    with pytest.raises(RefusedError, match="under legal hold since 3 May 2026 by mara: the inquiry"):
        delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    assert stored(bench, digest)
    lift_hold(bench.rooms, named, user="mara", reason="the inquiry ended")
    delete_payload(bench.rooms, digest, user="mara", reason=WHY)
    assert not stored(bench, digest)


def test_a_hold_on_one_capture_covers_its_partial_bytes_and_no_other_capture(bench: Any) -> None:
    digest = captured(bench)
    bench.site.put("/kaz", "under repair", status=503)
    failed = bench.check("kaz").recorded.capture
    set_hold(bench.rooms, str(failed.sequence), user="mara", reason="the inquiry")
    with pytest.raises(RefusedError, match="legal hold"):
        delete_payload(bench.rooms, failed.partial_sha256, user="mara", reason=WHY)
    delete_payload(bench.rooms, digest, user="mara", reason=WHY)


def test_holds_are_records_and_survive_the_database(bench: Any) -> None:
    captured(bench)
    held = set_hold(bench.rooms, "kaz", user="mara", reason="the inquiry")
    with pytest.raises(ConflictError, match="held already"):
        set_hold(bench.rooms, "kaz", user="mara", reason="again")
    assert active_holds(replace(bench.rooms, archive=open_archive(bench.rooms.archive.root))) == [held]
    lift_hold(bench.rooms, "kaz", user="mara", reason="over")
    assert active_holds(bench.rooms) == []
    with pytest.raises(NotFoundError, match="is not held"):
        lift_hold(bench.rooms, "kaz", user="mara", reason="over")
    assert [record.body["act"] for record in records(bench, "hold")] == ["set", "lift"]


def failed_attempt(bench: Any, words: str) -> str:
    bench.site.put("/kaz", words, status=503)
    return str(bench.check("kaz").recorded.capture.partial_sha256)


def test_retention_lets_go_only_of_old_parts_that_nothing_rests_on(bench: Any) -> None:
    snapshot = captured(bench)
    old = failed_attempt(bench, "under repair")
    also_a_payload = failed_attempt(bench, PAGE.format(7))
    assert captured(bench, 7) == also_a_payload
    named_again = failed_attempt(bench, "come again")
    held = failed_attempt(bench, "held")
    set_hold(bench.rooms, str(bench.rooms.archive.size() - 1), user="mara", reason="the inquiry")
    bench.clock.advance(days=100)
    assert failed_attempt(bench, "come again") == named_again
    rules = RetentionRules(partial_days=90)
    assert [one.payload_sha256 for one in find_expired(bench.rooms, rules)] == [old]
    assert stored(bench, old)
    assert [one.payload_sha256 for one in let_go(bench.rooms, rules, user="mara")] == [old]
    assert [stored(bench, one) for one in (snapshot, old, also_a_payload, named_again, held)] == [
        True,
        False,
        True,
        True,
        True,
    ]
    assert find_expired(bench.rooms, rules) == []


def test_without_a_rule_nothing_expires(bench: Any) -> None:
    captured(bench)
    failed_attempt(bench, "under repair")
    bench.clock.advance(days=10_000)
    assert find_expired(bench.rooms, RetentionRules()) == []


def test_bytes_that_retention_let_go_are_evidence_again_when_they_come_again(bench: Any) -> None:
    captured(bench)
    digest = failed_attempt(bench, "under repair")
    bench.clock.advance(days=100)
    rules = RetentionRules(partial_days=90)
    list(let_go(bench.rooms, rules, user="mara"))
    with pytest.raises(DeletedError, match="retention: partial bytes are kept for 90 days"):
        bench.rooms.archive.get_payload(digest)
    assert failed_attempt(bench, "under repair") == digest
    assert bench.rooms.archive.get_payload(digest) == b"under repair"
    recover(bench.rooms)
    assert stored(bench, digest)
    bench.clock.advance(days=100)
    assert [one.payload_sha256 for one in let_go(bench.rooms, rules, user="mara")] == [digest]
    assert not stored(bench, digest)
    newest = records(bench, "tombstone")[-1]
    with pytest.raises(DeletedError, match=rf"ledger record {newest.sequence}\)"):
        bench.rooms.archive.get_payload(digest)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from watcher.archive import open_archive, payloads, storage
from watcher.pipeline import tombstone
from watcher.store.database import open_database
folder, digest, nth = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
rooms = SimpleNamespace(
    database=open_database(f"sqlite:///{folder}/data/watcher.db"), archive=open_archive(folder / "snapshots"),
    clock=lambda: datetime.now(UTC),
)
count = 0
def dies(call):
    def counted(*args, **more):
        global count
        count += 1
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    return counted
tombstone.record_act = dies(tombstone.record_act)
payloads.Payloads.remove = dies(payloads.Payloads.remove)
payloads.sync_directory = dies(payloads.sync_directory)
storage.write_once = dies(storage.write_once)
tombstone.delete_payload(rooms, digest, user="mara", reason="a court order")
"""


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_131_a_killed_deletion_is_ended_by_the_next_start(bench: Any, tmp_path: Path, nth: int) -> None:
    digest, other = captured(bench), captured(bench, 1)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), digest, str(nth)], capture_output=True, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(records(bench, "tombstone")) == 1
    recover(bench.rooms)
    with pytest.raises(DeletedError, match="by mara"):
        bench.rooms.archive.get_payload(digest)
    assert bench.rooms.archive.get_payload(other)
    with pytest.raises(DeletedError):
        delete_payload(bench.rooms, digest, user="mara", reason=WHY)
