"""Withdrawn, moved, quarantined, missed: what the checks of a Source say of it over time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from watcher.errors import ExtractError
from watcher.model.capture import Outcome, Trigger
from watcher.model.change import ChangeKind, Severity
from watcher.model.source import Definition, SourceState
from watcher.pipeline import notify, register
from watcher.pipeline.cite import cite
from watcher.pipeline.schedule import claim_due, claim_now, spread_missed
from watcher.pipeline.watch import check
from watcher.store import captures, changes, sources
from watcher.store.audit import list_audit

TEXT = "<html><body><main><p>Kazakhstan has not joined the treaty and keeps its stockpile.</p></main></body></html>"


def _changes(bench: Any) -> list[Any]:
    with bench.rooms.database.reading() as connection:
        return changes.list_changes(connection, limit=50)


def _source(bench: Any, source_id: str = "kaz") -> Any:
    with bench.rooms.database.reading() as connection:
        return sources.get_source(connection, source_id)


def _digest_text(bench: Any) -> str:
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    return " ".join(composed.message.text.split())


@pytest.mark.parametrize("status", [404, 410])
def test_catalogue_051_a_withdrawn_document_is_a_policy_event_and_its_text_stays(bench: Any, status: int) -> None:
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", TEXT))
    bench.check("kaz")
    bench.site.put("/kaz", b"no such page", status=status)
    for _ in range(4):
        bench.check("kaz", after_seconds=600)
    (change,) = _changes(bench)
    assert (change.kind, change.judgement.severity) == (ChangeKind.DOCUMENT_WITHDRAWN, Severity.MAJOR)
    assert change.alert
    assert change.from_version_id == change.to_version_id
    assert str(status) in change.reason
    text = _digest_text(bench)
    assert "withdrawn?" in text
    assert (
        f"no document found on 3 May 2026, 10:30 UTC, recorded at http://127.0.0.1:8080/captures/{change.sequence}"
        in text
    )
    assert text.count("accessed 3 May 2026") == 1
    assert "Its last text: kaz" in cite(bench.rooms, change.change_id).footnote


def test_a_withdrawn_document_that_comes_back_is_told_and_compared_with_its_last_text(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", TEXT))
    bench.check("kaz")
    bench.site.put("/kaz", b"no such page", status=404)
    for _ in range(3):
        bench.check("kaz", after_seconds=600)
    bench.site.put("/kaz", TEXT.replace("has not joined", "has joined"))
    bench.check("kaz", after_seconds=600)
    kinds = {change.kind for change in _changes(bench)}
    assert kinds == {ChangeKind.DOCUMENT_WITHDRAWN, ChangeKind.STATUS, ChangeKind.CONTENT}


def test_an_address_that_moved_for_good_is_noted_in_the_capture_and_the_digest(bench: Any) -> None:
    bench.subscribe()
    bench.site.put("/new", TEXT)
    bench.register("kaz", bench.site.put("/kaz", b"", status=301, headers={"Location": bench.site.url("/new")}))
    noted = [bench.check("kaz").recorded.capture.notes for _ in range(4)]
    assert [len(notes) for notes in noted] == [0, 0, 1, 0]
    text = _digest_text(bench)
    assert "Custody notes" in text
    assert "Moved permanently" in text


def test_a_validator_that_lies_is_not_used_again(bench: Any) -> None:
    tagged = {"Content-Type": "text/html", "ETag": '"always"'}
    bench.register("kaz", bench.site.put("/kaz", TEXT, headers=tagged))
    bench.check("kaz")
    bench.site.put("/kaz", TEXT.replace("stockpile", "mines"), headers=tagged)
    assert bench.check("kaz").recorded.capture.notes[0].startswith("The server gives the same ETag")
    bench.check("kaz")
    asked = [headers.get("If-None-Match") for path, headers in bench.site.requests if path == "/kaz"]
    assert asked == [None, '"always"', None]


def test_catalogue_149_a_source_that_ends_its_worker_three_times_is_quarantined_and_named(bench: Any) -> None:
    bench.subscribe()
    bench.register("killer", bench.site.put("/killer", TEXT))
    bench.register("kaz", bench.site.put("/kaz", TEXT))
    for _ in range(3):
        bench.clock.advance(seconds=bench.rooms.lease_seconds + 1)
        while claimed := claim_due(bench.rooms, limit=10):
            for claim in claimed:
                if claim.source.source_id != "killer":
                    check(bench.rooms, bench.fetcher, claim, trigger=Trigger.SLOT)
    bench.clock.advance(seconds=bench.rooms.lease_seconds + 1)
    assert claim_due(bench.rooms, limit=10) == []
    assert _source(bench, "killer").state is SourceState.QUARANTINED
    assert _source(bench, "kaz").state is SourceState.ACTIVE
    with bench.rooms.database.reading() as connection:
        acts = [entry.action for entry in list_audit(connection)]
    assert "source.quarantine" in acts
    text = _digest_text(bench)
    assert "killer: in quarantine" in text
    assert "watcher source resume killer" in text


def test_a_resumed_source_is_tried_again_and_counted_from_nothing(bench: Any) -> None:
    bench.register("killer", bench.site.put("/killer", TEXT))
    for _ in range(4):
        bench.clock.advance(seconds=bench.rooms.lease_seconds + 1)
        claim_due(bench.rooms, limit=10)
    register.resume_source(bench.rooms, "killer", user="test")
    (claim,) = claim_due(bench.rooms, limit=10)
    check(bench.rooms, bench.fetcher, claim, trigger=Trigger.SLOT)
    source = _source(bench, "killer")
    assert (source.state, source.crashes_in_a_row) == (SourceState.ACTIVE, 0)


def test_a_page_that_kills_its_reader_three_times_in_a_row_is_quarantined(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise ExtractError("reading this document ended its process", code="killed")

    bench.register("kaz", bench.site.put("/kaz", TEXT))
    monkeypatch.setattr(type(bench.rooms.children), "run", killed)
    for number in range(3):
        assert _source(bench).state is SourceState.ACTIVE
        bench.site.put("/kaz", TEXT.replace("stockpile", f"{number} mines"))
        bench.check("kaz")
    assert _source(bench).state is SourceState.QUARANTINED
    assert _source(bench).next_check_at is None


def test_of_several_suspects_one_is_tried_at_a_time(bench: Any) -> None:
    for number in range(4):
        url = f"http://127.0.0.{number + 1}:{bench.site.port}/"
        bench.register(f"page-{number}", url)
    assert len(claim_due(bench.rooms, limit=10)) == 4
    bench.clock.advance(seconds=bench.rooms.lease_seconds + 1)
    assert len(claim_due(bench.rooms, limit=10)) == 1
    assert claim_due(bench.rooms, limit=10) == []


def test_catalogue_150_missed_checks_are_spread_over_an_hour_and_made_once(bench: Any) -> None:
    for number in range(400):
        bench.register(f"page-{number}", f"http://host-{number}.example/", every_seconds=21600)
    bench.clock.advance(days=3)
    assert spread_missed(bench.rooms) == 400
    now = bench.clock()
    with bench.rooms.database.reading() as connection:
        planned = sorted(source.next_check_at - now for source in sources.list_sources(connection))
    assert planned[0] >= timedelta(0)
    assert timedelta(minutes=55) < planned[-1] <= timedelta(hours=1)
    assert timedelta(minutes=20) < planned[200] < timedelta(minutes=40)
    assert spread_missed(bench.rooms) == 0


def test_a_few_missed_checks_do_not_wait_an_hour(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", TEXT))
    bench.clock.advance(days=3)
    spread_missed(bench.rooms)
    assert _source(bench).next_check_at - bench.clock() <= timedelta(seconds=10)


def test_catalogue_150_time_in_which_nobody_looked_is_said_in_the_digest(bench: Any) -> None:
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", TEXT))
    bench.check("kaz", after_seconds=0)
    bench.check("kaz", after_seconds=3 * 86400)
    text = _digest_text(bench)
    assert "No observations of 1 Source from 3 May 2026, 09:00 UTC to 6 May 2026, 09:00 UTC" in text


def test_a_cadence_that_was_kept_leaves_no_gap(bench: Any) -> None:
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", TEXT))
    for _ in range(4):
        bench.check("kaz", after_seconds=21600)
    assert "No observations" not in _digest_text(bench)


def test_many_attempts_are_recorded_in_one_transaction_each_once(bench: Any) -> None:
    from watcher.pipeline.watch import archive, fetch, record

    for number in range(5):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", TEXT))
        bench.check(f"page-{number}")
    before = bench.rooms.archive.size()
    fetched = [
        fetch(bench.rooms, bench.fetcher, claim_now(bench.rooms, f"page-{number}"), trigger=Trigger.MANUAL)
        for number in range(5)
    ]
    attempts = archive(bench.rooms, fetched)
    assert [attempt.capture.sequence for attempt in attempts] == list(range(before, before + 5))
    record(bench.rooms, attempts)
    record(bench.rooms, attempts)
    with bench.rooms.database.reading() as connection:
        assert set(captures.count_captures(connection).values()) == {2}
        assert captures.get_capture(connection, before + 3).outcome is Outcome.SAME


def test_a_definition_of_before_keeps_its_digest() -> None:
    definition = Definition(url="https://example.org/a", title="A")
    assert definition.digest_sha256 == "4f90bc3e7003bac5747b8e0fead4c96fc568209bb12f2eadc5416f83cbbb4370"
    assert replace(definition, browser=True).digest_sha256 != definition.digest_sha256


def test_an_address_that_leads_on_for_good_is_told_once_as_status_with_both_addresses(bench: Any) -> None:
    bench.subscribe()
    bench.site.put("/new", TEXT)
    bench.register("kaz", bench.site.put("/kaz", TEXT))
    bench.check("kaz")
    bench.site.put("/kaz", b"", status=301, headers={"Location": bench.site.url("/new")})
    for _ in range(5):
        bench.check("kaz", after_seconds=600)
    (told,) = [change for change in _changes(bench) if change.alert]
    assert told.kind is ChangeKind.STATUS
    assert f"sent on to {bench.site.url('/new')}" in told.reason
    assert f"watcher source move kaz {bench.site.url('/new')}" in told.reason
    text = " ".join(_digest_text(bench).split())
    assert "kaz: its address leads to another one for good" in text
    assert "redirected on 3 May 2026" in text


def test_a_page_that_moves_for_a_time_only_is_no_status(bench: Any) -> None:
    bench.site.put("/new", TEXT)
    bench.register("kaz", bench.site.put("/kaz", b"", status=302, headers={"Location": bench.site.url("/new")}))
    for _ in range(5):
        bench.check("kaz", after_seconds=600)
    assert _changes(bench) == []


def test_a_page_that_becomes_another_sort_of_file_is_told_as_status_and_not_compared(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", TEXT))
    bench.check("kaz")
    rows = "".join(f"Kazakhstan,{year},has not joined the Mine Ban Treaty\n" for year in range(1997, 2027))
    bench.site.put("/kaz", f"State,Year,Said\n{rows}", headers={"Content-Type": "text/csv"})
    for _ in range(3):  # what is odd about a page is read a second time before it is believed
        bench.check("kaz", after_seconds=3600)
    (told,) = _changes(bench)
    assert (told.kind, told.alert, told.diff.hunks) == (ChangeKind.STATUS, True, ())
    assert told.reason == "was html, is now delimited: the texts are not compared"
