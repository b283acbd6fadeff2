"""A check of a Source: what is archived, recorded, compared, and when the next check comes."""

from __future__ import annotations

import multiprocessing
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from claiming import claim_everything

from watcher.archive import open_archive
from watcher.errors import ConflictError, ExtractError, StoreError
from watcher.model.capture import Outcome, Trigger
from watcher.model.change import ChangeKind, Severity
from watcher.model.source import Definition, Source, SourceState, share_of
from watcher.pipeline.recover import recover
from watcher.pipeline.schedule import claim_due, claim_now
from watcher.pipeline.watch import archive, check, fetch
from watcher.store import captures, changes, sources, versions
from watcher.store.database import create_database, open_database

PAGE = """<html><head><title>Kazakhstan</title></head><body><h1>Kazakhstan</h1>
<p>Kazakhstan {ccw} the Convention on Certain Conventional Weapons.</p>
<p>{vote}</p><p>This page is kept by the secretariat.</p></body></html>"""
BEFORE = PAGE.format(
    ccw="is not a party to", vote="Kazakhstan abstained in the vote on resolution 61/84 on the Mine Ban Treaty."
)
AFTER = PAGE.format(
    ccw="acceded on 8 July 2009 to", vote="Kazakhstan voted in favour of resolution 62/41 on the Mine Ban Treaty."
)


def _rows(bench: Any, source_id: str) -> tuple[list[Any], list[Any], list[Any]]:
    with bench.rooms.database.reading() as connection:
        return (
            captures.list_captures(connection, source_id),
            versions.list_versions(connection, source_id),
            changes.list_changes(connection, source_id=source_id),
        )


def test_the_first_check_archives_the_bytes_and_makes_a_version(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    checked = bench.check("kaz")
    recorded = checked.recorded
    assert recorded.first
    assert recorded.change is None
    assert recorded.capture.outcome is Outcome.NEW
    assert bench.rooms.archive.get_payload(recorded.capture.payload_sha256) == BEFORE.encode()
    assert recorded.version.document.title == "Kazakhstan"
    assert "is not a party to" in recorded.version.document.text


def test_a_changed_page_makes_a_change_with_both_passages(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    change = bench.check("kaz").recorded.change
    assert change.kind is ChangeKind.CONTENT
    assert change.alert
    assert change.judgement.severity is Severity.CRITICAL
    moved = {step.indicator: (step.old, step.new) for step in change.judgement.position_changes}
    assert moved["vote"] == ("abstain", "yes")
    assert moved["ccw"] == ("not_party", "party")
    vote = next(step for step in change.judgement.position_changes if step.indicator == "vote")
    assert "abstained" in vote.old_passage
    assert "in favour" in vote.new_passage


def test_the_same_bytes_are_recorded_as_a_capture_and_nothing_else(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    assert bench.check("kaz").recorded.capture.outcome is Outcome.SAME
    seen, read, made = _rows(bench, "kaz")
    assert (len(seen), len(read), made) == (2, 1, [])


def test_bytes_that_read_the_same_make_no_version(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    first = bench.check("kaz").recorded.version
    bench.site.put("/kaz", BEFORE.replace("<p>", '<p class="x" data-nonce="81723">'))
    recorded = bench.check("kaz").recorded
    assert recorded.capture.outcome is Outcome.NEW
    assert (recorded.version, recorded.change) == (None, None)
    with bench.rooms.database.reading() as connection:
        described = captures.version_of_captures(connection, "kaz")
    assert described[recorded.capture.sequence] == first.version_id


def test_304_keeps_the_snapshot_and_records_a_capture(bench: Any) -> None:
    headers = {"Content-Type": "text/html", "ETag": '"one"'}
    bench.register("kaz", bench.site.put("/kaz", BEFORE, headers=headers))
    first = bench.check("kaz").recorded.capture
    bench.site.put("/kaz", b"", status=304)
    second = bench.check("kaz").recorded.capture
    assert bench.site.requests[-1][1]["If-None-Match"] == '"one"'
    assert second.outcome is Outcome.NOT_MODIFIED
    assert second.payload_sha256 == first.payload_sha256


def test_a_validator_is_forgotten_with_the_answer_that_gave_it(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE, headers={"Content-Type": "text/html", "ETag": '"one"'}))
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    bench.check("kaz")
    bench.check("kaz")
    assert "If-None-Match" in bench.site.requests[-2][1]
    assert "If-None-Match" not in bench.site.requests[-1][1]


class _KilledAt:
    """Children of which one function is killed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ == self.name:
            raise ExtractError("took longer than 30 s and was stopped", code="timed_out")
        return function(*args, **kwargs)


@pytest.mark.parametrize("name", ["extractor_for", "extract", "positions_in", "judge_quality", "compare_documents"])
def test_a_page_that_kills_its_child_anywhere_is_recorded_and_waits_for_its_next_slot(bench: Any, name: str) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    bench.rooms = replace(bench.rooms, children=_KilledAt(name))
    checked = bench.check("kaz")
    assert checked.recorded.capture.outcome is Outcome.NEW
    assert claim_due(bench.rooms, limit=10) == []
    assert len(_rows(bench, "kaz")[0]) == 2
    if name == "compare_documents":
        assert checked.recorded.change.kind is ChangeKind.STATUS
        assert "could not be compared" in checked.recorded.change.reason


def test_one_busy_host_does_not_starve_the_others(bench: Any) -> None:
    for number in range(100):
        bench.register(f"busy-{number:03d}", f"http://busy.example/{number}")
    bench.register("zzz", "http://other.example/")
    claimed = [claim.source.source_id for _ in range(2) for claim in claim_due(bench.rooms, limit=1)]
    assert claimed == ["busy-000", "zzz"]


def test_a_server_that_always_says_304_is_asked_in_full_every_tenth_time(bench: Any) -> None:
    headers = {"Content-Type": "text/html", "ETag": '"one"'}
    bench.register("kaz", bench.site.put("/kaz", BEFORE, headers=headers))
    for _ in range(20):
        bench.check("kaz")
    asked = ["If-None-Match" in sent for path, sent in bench.site.requests if path == "/kaz"]
    assert asked.count(False) == 3
    assert asked[9] is False
    assert asked[19] is False


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("answer", "outcome", "told"),
    [
        ({"status": 404}, Outcome.HTTP_ERROR, "404"),
        ({"status": 500, "body": b"<html>oops</html>"}, Outcome.HTTP_ERROR, "500"),
        ({"status": 503}, Outcome.HTTP_ERROR, "503"),
        ({"status": 204}, Outcome.HTTP_ERROR, "204"),
        ({"body": b""}, Outcome.BROKEN_RESPONSE, "empty body"),
        ({"body": b"late", "wait_seconds": 1.6}, Outcome.TIMED_OUT, "deadline of 1 s exceeded (headers)"),
        ({"status": 302, "headers": {"Location": "file:///etc/passwd"}}, Outcome.DENIED, "file"),
        ({"status": 302, "headers": {}}, Outcome.BROKEN_RESPONSE, "without saying where"),
        ({"status": 302, "headers": {"Location": "/kaz"}}, Outcome.BROKEN_RESPONSE, "redirects"),
        ({"body": b"x", "headers": {"Content-Encoding": "br"}}, Outcome.BROKEN_RESPONSE, "'br', which was not offered"),
        ({"body": b"plain", "headers": {"Content-Encoding": "gzip"}}, Outcome.BROKEN_RESPONSE, "gzip"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_failed_fetch_is_a_recorded_capture_without_change_and_the_next_check_comes(
    bench: Any, answer: dict[str, Any], outcome: Outcome, told: str
) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", answer.pop("body", b"gone"), **answer)
    checked = bench.check("kaz")
    capture = checked.recorded.capture
    assert capture.outcome is outcome
    assert told in capture.error
    assert bench.site.url("/kaz")[:20] in capture.error or outcome is Outcome.DENIED
    assert (checked.recorded.version, checked.recorded.change, capture.payload_sha256) == (None, None, None)
    assert bench.clock.now < checked.next_check_at <= bench.clock.now + timedelta(hours=6)
    bench.site.put("/kaz", AFTER)
    assert bench.check("kaz").recorded.change.alert


def test_a_server_that_is_down_is_a_recorded_capture(bench: Any) -> None:
    bench.register("kaz", f"http://127.0.0.1:{_closed_port()}/kaz")
    checked = bench.check("kaz")
    assert checked.recorded.capture.outcome is Outcome.NETWORK_ERROR
    assert checked.next_check_at == bench.clock.now + timedelta(minutes=5)
    assert bench.check("kaz").next_check_at == bench.clock.now + timedelta(minutes=10)


def test_catalogue_001_a_host_that_nobody_knows_is_named_so(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    bench.register("kaz", "http://nowhere.invalid/")
    capture = bench.check("kaz").recorded.capture
    assert capture.outcome is Outcome.DNS_ERROR
    assert "nowhere.invalid" in capture.error


def test_catalogue_041_a_gzip_bomb_is_stopped_at_the_limit(bench: Any) -> None:
    import gzip

    bomb = gzip.compress(b"\0" * 60_000_000)
    bench.register("kaz", bench.site.put("/kaz", bomb, headers={"Content-Encoding": "gzip"}))
    capture = bench.check("kaz").recorded.capture
    assert capture.outcome is Outcome.TOO_LARGE
    assert "50000000 bytes" in capture.error


def test_a_page_without_text_is_archived_and_never_becomes_the_baseline(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    first = bench.check("kaz").recorded.version
    bench.site.put("/kaz", "<html><body><div id=app></div></body></html>")
    recorded = bench.check("kaz").recorded
    assert recorded.change is None
    assert recorded.version.error_code == "held_no_text"
    with bench.rooms.database.reading() as connection:
        assert sources.get_baseline_id(connection, "kaz") == first.version_id


def test_a_page_that_flips_back_is_told_once_and_then_is_flapping(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    kinds = []
    for body in (AFTER, BEFORE, AFTER, BEFORE):
        bench.site.put("/kaz", body)
        change = bench.check("kaz").recorded.change
        kinds.append((change.kind, change.alert))
    assert kinds == [
        (ChangeKind.CONTENT, True),
        (ChangeKind.REVERTED, True),
        (ChangeKind.FLAPPING, False),
        (ChangeKind.FLAPPING, False),
    ]


def test_a_new_definition_reads_the_old_snapshot_again_and_alerts_nobody(bench: Any) -> None:
    from watcher.pipeline.register import apply_plan, plan_sources

    noisy = '<html><body><div class="date">Monday</div><main><p>Kazakhstan has not joined.</p></main></body></html>'
    source = bench.register("kaz", bench.site.put("/kaz", noisy))
    bench.check("kaz")
    definition = Definition(url=source.definition.url, title="kaz", subjects=("KAZ",), remove=(".date",))
    apply_plan(bench.rooms, plan_sources(bench.rooms, [("kaz", definition, False)]), user="test")
    bench.site.put("/kaz", noisy.replace("Monday", "Tuesday"))
    recorded = bench.check("kaz").recorded
    assert recorded.change is None
    assert recorded.technical.kind is ChangeKind.TECHNICAL
    assert not recorded.technical.alert


def test_a_source_that_is_being_checked_is_not_checked_twice(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    claim_now(bench.rooms, "kaz")
    with pytest.raises(ConflictError, match="is being checked at this moment by test"):
        claim_now(bench.rooms, "kaz")
    assert claim_due(bench.rooms, limit=10) == []
    bench.clock.advance(seconds=bench.rooms.lease_seconds + 1)
    assert len(claim_due(bench.rooms, limit=10)) == 1


def test_catalogue_148_a_late_result_of_a_lost_lease_moves_nothing(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    late = claim_now(bench.rooms, "kaz")
    bench.clock.advance(seconds=bench.rooms.lease_seconds + 1)
    check(bench.rooms, bench.fetcher, claim_now(bench.rooms, "kaz"), trigger=Trigger.SLOT)
    bench.site.put("/kaz", AFTER)
    checked = check(bench.rooms, bench.fetcher, late, trigger=Trigger.SLOT)
    assert (checked.recorded.version, checked.recorded.change) == (None, None)
    seen, read, made = _rows(bench, "kaz")
    assert (len(seen), len(read), made) == (2, 1, [])


def test_slots_that_were_missed_give_one_check_and_the_grid_is_kept(bench: Any) -> None:
    source = bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.clock.advance(days=3, minutes=7)
    (claim,) = claim_due(bench.rooms, limit=10)
    checked = check(bench.rooms, bench.fetcher, claim, trigger=Trigger.SLOT)
    shift = timedelta(hours=6) * 0.1 * share_of("kaz")
    assert checked.next_check_at == source.registered_at + shift + timedelta(days=3, hours=6)
    assert claim_due(bench.rooms, limit=10) == []


def test_a_manual_check_leaves_the_planned_slot(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    planned = bench.check("kaz", after_seconds=60).next_check_at
    assert bench.check("kaz", after_seconds=60).next_check_at == planned


def test_one_host_is_asked_by_one_worker_at_a_time(bench: Any) -> None:
    for number in range(5):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", BEFORE))
    assert len(claim_due(bench.rooms, limit=10)) == 1


def test_a_crash_between_ledger_and_database_loses_nothing(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    claim = claim_now(bench.rooms, "kaz")
    (attempt,) = archive(bench.rooms, [fetch(bench.rooms, bench.fetcher, claim, trigger=Trigger.SLOT)])
    seen, _, made = _rows(bench, "kaz")
    assert (len(seen), made) == (1, [])
    assert recover(bench.rooms).captures == 1
    seen, _, made = _rows(bench, "kaz")
    assert seen[0].sequence == attempt.capture.sequence
    assert made[0].judgement.severity is Severity.CRITICAL
    assert recover(bench.rooms).captures == 0
    assert len(_rows(bench, "kaz")[2]) == 1


def test_catalogue_132_a_full_disk_records_nothing_half_and_gives_the_lease_back(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    real = os.write

    def full(descriptor: int, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Exception, match=r"disk full: .*payloads"):
        bench.check("kaz")
    monkeypatch.setattr(os, "write", real)
    assert _rows(bench, "kaz") == ([], [], [])
    assert list((bench.rooms.archive.root / "payloads").rglob("*.*")) == []
    assert bench.check("kaz", after_seconds=0).recorded.first


def test_catalogue_147_two_processes_on_one_database_check_nothing_twice(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    url = f"sqlite:///{tmp_path / 'a.db'}"
    create_database(url)
    database = open_database(url)
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    with database.writing() as connection:
        for number in range(300):
            source = Source(
                source_id=f"s{number}",
                state=SourceState.ACTIVE,
                definition=Definition(url=f"https://host{number}.example.org/"),
                registered_at=moment,
                next_check_at=moment,
            )
            sources.add_source(connection, source)
    database.close()
    context = multiprocessing.get_context("spawn")
    start, out = context.Event(), context.Queue()
    workers = [context.Process(target=claim_everything, args=(url, name, start, out)) for name in ("a", "b")]
    for worker in workers:
        worker.start()
    start.set()
    won = out.get(timeout=60) + out.get(timeout=60)
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len(won) == 300
    assert len(set(won)) == 300


def test_the_archive_alone_holds_every_attempt(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", b"gone", status=404)
    bench.check("kaz")
    records = [record for record in open_archive(bench.rooms.archive.root).records() if record.type == "capture"]
    assert [record.body["outcome"] for record in records] == ["new", "http_error"]
    assert all(record.body["source_id"] == "kaz" for record in records)


def test_catalogue_138_a_database_that_is_locked_too_long_says_so(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.store.database.BUSY_TIMEOUT_SECONDS", 0)
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    other = open_database(f"sqlite:///{bench.rooms.archive.root.parent / 'data' / 'watcher.db'}")
    with bench.rooms.database.writing(), pytest.raises(StoreError, match="Another program held it"):
        claim_now(replace(bench.rooms, database=other), "kaz")
    other.close()
