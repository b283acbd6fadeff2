"""When a Source is due again, by the class of what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watcher.model.capture import FetchResult, Outcome
from watcher.model.source import Claim, Definition, Health, Source, SourceState
from watcher.pipeline.schedule import next_check

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def due_after(outcome: Outcome, *, failures: int = 0, health: Health | None = None, **more: Any) -> timedelta:
    source = Source(
        source_id="kaz",
        state=SourceState.ACTIVE,
        definition=Definition(url="https://example.org/kaz", every_seconds=86400),
        registered_at=NOON - 10 * DAY,
        next_check_at=NOON,
        failures_in_a_row=failures,
        health=health or Health(),
    )
    claim = Claim(source=source, slot_at=NOON, fencing_token=1, lease_until=NOON)
    result = FetchResult(
        outcome=outcome, requested_url="https://example.org/kaz", hops=(), started_at=NOON, ended_at=NOON, **more
    )
    moment = next_check(claim, result, NOON)
    assert moment is not None
    return moment - NOON


@pytest.mark.parametrize(("failures", "minutes"), [(0, 5), (1, 10), (2, 20), (5, 160), (40, 24 * 60)])
def test_what_may_go_away_is_tried_again_after_growing_pauses_up_to_the_cadence(failures: int, minutes: int) -> None:
    assert due_after(Outcome.NETWORK_ERROR, failures=failures, transient=True) == timedelta(minutes=minutes)


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.TOO_LARGE, Outcome.ACCESS_DENIED, Outcome.HTTP_ERROR])
def test_what_will_be_the_same_in_five_minutes_waits_for_the_next_slot(outcome: Outcome) -> None:
    assert DAY / 2 <= due_after(outcome, transient=False) <= DAY * 1.5


def test_a_missing_document_is_looked_for_three_times_before_it_waits_for_its_slot() -> None:
    def seen(*minutes: int) -> Health:
        return Health(gone_at=tuple(NOON - timedelta(minutes=each) for each in minutes))

    assert due_after(Outcome.HTTP_ERROR, status=404) == timedelta(minutes=5)
    assert due_after(Outcome.HTTP_ERROR, status=404, failures=1, health=seen(5)) == timedelta(minutes=10)
    assert due_after(Outcome.HTTP_ERROR, status=404, failures=2, health=seen(15, 10)) >= DAY / 2


def test_a_server_that_says_when_is_believed() -> None:
    assert due_after(Outcome.HTTP_ERROR, status=503, transient=True, retry_after_seconds=7200) == timedelta(hours=2)
