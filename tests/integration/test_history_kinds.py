"""Kinds that only a Source's history tells: back and forth, settled, and who hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from watcher.model.change import ChangeKind
from watcher.model.subscription import Cadence
from watcher.pipeline.history import SETTLED_CHECKS, has_settled
from watcher.pipeline.notify import compose_digest, compose_due
from watcher.pipeline.rebuild import rebuild_database
from watcher.store import captures, changes, subscriptions, versions
from watcher.store.database import create_database, open_database

PAGE = (
    "<html><body><h1>Kazakhstan</h1><p>Kazakhstan {} the Mine Ban Treaty.</p><p>Kept by the office.</p></body></html>"
)
A, B, C = PAGE.format("has not joined"), PAGE.format("acceded on 8 July 2009 to"), PAGE.format("will soon consider")


@pytest.fixture
def flipping(bench: Any) -> Any:
    """A page that went A, B, A, B and A: told twice, then quiet."""
    bench.register("kaz", bench.site.put("/kaz", A))
    bench.check("kaz")
    for body in (B, A, B, A):
        bench.site.put("/kaz", body)
        bench.check("kaz")
    return bench


def _told(bench: Any) -> list[Any]:
    with bench.rooms.database.reading() as connection:
        found = changes.list_changes(connection, source_id="kaz")
    return [change for change in reversed(found) if change.alert]


def _digest(bench: Any, name: str = "desk") -> Any:
    with bench.rooms.database.reading() as connection:
        subscription = subscriptions.get_subscription(connection, name)
    return compose_digest(bench.rooms, subscription)


def test_the_reason_says_between_how_many_texts_and_since_when(flipping: Any) -> None:
    with flipping.rooms.database.reading() as connection:
        newest = changes.newest_change(connection, "kaz")
    assert newest.kind is ChangeKind.FLAPPING
    assert newest.reason.startswith("flips between 2 texts since 3 May 2026")


def test_a_page_that_flips_is_said_once_in_a_digest_and_then_no_more(bench: Any) -> None:
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", A))
    bench.check("kaz")
    for body in (B, A, B):
        bench.site.put("/kaz", body)
        bench.check("kaz")
    first = _digest(bench)
    assert len(first.digest.entries) == 2
    assert [reach.source.source_id for reach in first.digest.flipping] == ["kaz"]
    for part in (first.message.text, first.message.html):
        assert "flips between 2 texts since" in " ".join(part.split())
    for body in (A, B, A):
        bench.site.put("/kaz", body)
        bench.check("kaz")
    second = _digest(bench)
    assert (second.digest.entries, second.digest.flipping) == ((), ())


def test_an_immediate_subscription_hears_once_that_a_page_flips(bench: Any) -> None:
    bench.subscribe(cadence=Cadence.IMMEDIATE)
    bench.register("kaz", bench.site.put("/kaz", A))
    bench.check("kaz")
    heard = []
    for body in (B, A, B, A, B):
        bench.site.put("/kaz", body)
        bench.check("kaz")
        heard += [composed.message.subject for composed in compose_due(bench.rooms)]
    assert len(heard) == 3
    assert heard[2].startswith("Goes back and forth: kaz")


def test_a_subscription_to_another_subject_hears_of_no_flips(flipping: Any) -> None:
    flipping.subscribe("other@example.org", subjects=("FRA",))
    flipping.site.put("/kaz", B)
    flipping.check("kaz")
    assert _digest(flipping, "other").digest.flipping == ()


def test_a_page_that_settles_where_it_was_told_is_said_so_once(flipping: Any) -> None:
    for _ in range(SETTLED_CHECKS + 5):
        flipping.check("kaz")
    told = _told(flipping)
    assert [change.kind for change in told] == [ChangeKind.CONTENT, ChangeKind.REVERTED, ChangeKind.STATUS]
    assert told[-1].reason.startswith("settled: the same text in 10 checks")
    assert told[-1].diff.hunks == ()


def test_a_settled_page_is_cited_by_the_day_of_the_capture_that_brought_its_text(flipping: Any) -> None:
    flipping.subscribe()
    for _ in range(SETTLED_CHECKS):
        flipping.check("kaz", after_seconds=86400.0)
    (entry,) = _digest(flipping).digest.entries
    assert entry.change.kind is ChangeKind.STATUS
    with flipping.rooms.database.reading() as connection:
        cited = captures.get_capture(connection, entry.new_sequence)
    assert entry.change.captured_at == cited.captured_at


def test_a_page_that_settles_elsewhere_is_told_against_what_was_told_last(flipping: Any) -> None:
    flipping.site.put("/kaz", B)
    flipping.check("kaz")
    for _ in range(SETTLED_CHECKS + 5):
        flipping.check("kaz")
    settled = _told(flipping)[-1]
    assert settled.kind is ChangeKind.REVERTED
    assert "otherwise than was last told" in settled.reason
    moved = settled.judgement.position_changes
    assert ("not_party", "state_party") in [(one.old, one.new) for one in moved]


def test_a_third_text_in_a_page_that_flips_is_told_at_once(flipping: Any) -> None:
    flipping.site.put("/kaz", C)
    change = flipping.check("kaz").recorded.change
    assert change.kind is ChangeKind.CONTENT


def test_the_same_bytes_before_the_tenth_check_settle_nothing(flipping: Any) -> None:
    for _ in range(SETTLED_CHECKS - 1):
        flipping.check("kaz")
    assert len(_told(flipping)) == 2


def test_a_page_that_flips_every_week_has_not_settled_after_three_days() -> None:
    week = [timedelta(days=7), timedelta(days=7)]
    assert not has_settled(week, timedelta(days=3), 100)
    assert not has_settled(week, timedelta(days=30), 9)
    assert has_settled(week, timedelta(days=15), 10)


def test_a_settled_page_is_rebuilt_from_the_ledger_as_it_was_told(flipping: Any, tmp_path: Path) -> None:
    for _ in range(SETTLED_CHECKS + 2):
        flipping.check("kaz")
    url = f"sqlite:///{tmp_path / 'again.db'}"
    create_database(url)
    database = open_database(url)
    *_, last = rebuild_database(replace(flipping.rooms, database=database))
    with database.reading() as connection:
        again = changes.list_changes(connection, source_id="kaz")
    database.close()
    with flipping.rooms.database.reading() as connection:
        before = changes.list_changes(connection, source_id="kaz")
    assert last.problems == ()
    told = [(one.change_id, one.kind, one.alert, one.reason) for one in before]
    assert [(one.change_id, one.kind, one.alert, one.reason) for one in again] == told


def test_a_page_that_goes_back_says_to_which_day_s_text_it_returned(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", A))
    bench.check("kaz")
    for body in (B, C):
        bench.site.put("/kaz", body)
        bench.check("kaz", after_seconds=86400.0)
    bench.site.put("/kaz", B)
    change = bench.check("kaz", after_seconds=86400.0).recorded.change
    assert (change.kind, change.alert) == (ChangeKind.REVERTED, True)
    assert change.reason == "is again as it was on 4 May 2026"


def test_every_state_of_a_page_that_flips_is_archived_and_a_change(flipping: Any) -> None:
    with flipping.rooms.database.reading() as connection:
        found = changes.list_changes(connection, source_id="kaz")
        made = versions.list_versions(connection, "kaz")
    assert [change.kind for change in found].count(ChangeKind.FLAPPING) == 2
    assert len({(change.from_version_id, change.to_version_id) for change in found}) == 4
    texts = [flipping.rooms.archive.get_payload(one.payload_sha256) for one in reversed(made)]
    assert texts == [A.encode(), B.encode(), A.encode(), B.encode(), A.encode()]


def test_a_change_of_navigation_alone_is_recorded_with_its_hunk_and_told_to_nobody(bench: Any) -> None:
    bench.subscribe()
    menu = "<html><body><nav><ul>{}</ul></nav><main><h1>Kazakhstan</h1><p>It keeps its mines.</p></main></body></html>"
    bench.register("kaz", bench.site.put("/kaz", menu.format("<li>Home</li><li>News</li>")))
    bench.check("kaz")
    bench.site.put("/kaz", menu.format("<li>Home</li><li>Press</li>"))
    change = bench.check("kaz").recorded.change
    assert (change.kind, change.alert) == (ChangeKind.BOILERPLATE, False)
    assert change.diff.hunks
    assert all(hunk.boilerplate for hunk in change.diff.hunks)
    digest = _digest(bench).digest
    assert (digest.entries, digest.noise_count) == ((), 1)
