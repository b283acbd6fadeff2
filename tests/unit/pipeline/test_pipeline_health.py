"""What one more attempt says of a Source's address, from values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watcher.model.capture import FetchResult, Hop, Outcome
from watcher.model.source import Claim, Definition, Health, Source, SourceState
from watcher.pipeline.health import Finding, Presence, find

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
OLD, NEW = "https://old.example/kaz", "https://new.example/kaz"


def claim(**more: Any) -> Claim:
    source = Source(
        source_id="kaz",
        state=SourceState.ACTIVE,
        definition=Definition(url=OLD),
        registered_at=NOON,
        next_check_at=NOON,
        **{name: more.pop(name) for name in ("health", "failures_in_a_row") if name in more},
    )
    return Claim(source=source, slot_at=NOON, fencing_token=1, lease_until=NOON, **more)


def result(outcome: Outcome = Outcome.NEW, *, after: float = 0, **more: Any) -> FetchResult:
    moment = NOON + timedelta(minutes=after)
    return FetchResult(outcome=outcome, requested_url=OLD, started_at=moment, ended_at=moment, **{"hops": (), **more})


def after_all(*results: FetchResult) -> list[Finding]:
    """The findings of attempts that follow each other."""
    health, found = Health(), []
    for one in results:
        found.append(find(claim(health=health), one, payload_sha256=None))
        health = found[-1].health
    return found


def sent_on(target: str = NEW, status: int = 301) -> FetchResult:
    return result(hops=(Hop(url=OLD, status=status, location=target), Hop(url=target, status=200)))


def answered() -> FetchResult:
    return result(hops=(Hop(url=OLD, status=200),))


def gone(after: float, status: int = 404) -> FetchResult:
    return result(Outcome.HTTP_ERROR, after=after, status=status, error=f"{OLD} answered {status}")


def test_an_address_that_moved_for_good_is_noted_at_the_third_check_and_only_then() -> None:
    notes = [finding.notes for finding in after_all(*[sent_on()] * 5)]
    assert [len(each) for each in notes] == [0, 0, 1, 0, 0]
    assert OLD in notes[2][0]
    assert NEW in notes[2][0]


@pytest.mark.parametrize("break_with", [sent_on(status=302), sent_on("https://other.example/"), answered()])
def test_three_checks_in_a_row_must_be_sent_to_the_same_place_for_good(break_with: FetchResult) -> None:
    assert not any(finding.notes for finding in after_all(sent_on(), sent_on(), break_with, sent_on(), sent_on()))


@pytest.mark.parametrize("status", [404, 410])
def test_catalogue_051_a_document_is_withdrawn_after_three_checks_in_a_day(status: int) -> None:
    found = after_all(*[gone(minutes, status) for minutes in (0, 5, 15, 35)])
    assert [finding.presence for finding in found] == ["", "", Presence.WITHDRAWN, ""]


def test_catalogue_051_three_checks_over_more_than_a_day_say_nothing_yet() -> None:
    day = 24 * 60
    found = after_all(gone(0), gone(day), gone(2 * day), gone(2 * day + 5), gone(2 * day + 15))
    assert [finding.presence for finding in found] == ["", "", "", "", Presence.WITHDRAWN]


def test_checks_by_hand_one_after_the_other_are_one_look() -> None:
    found = after_all(gone(0), gone(0.1), gone(0.2), gone(5), gone(15))
    assert [finding.presence for finding in found] == ["", "", "", "", Presence.WITHDRAWN]


def test_a_server_that_is_down_in_between_neither_counts_nor_starts_over() -> None:
    down = result(Outcome.NETWORK_ERROR, after=7)
    found = after_all(gone(0), gone(5), down, gone(15))
    assert [finding.presence for finding in found] == ["", "", "", Presence.WITHDRAWN]


def test_a_withdrawn_document_that_answers_again_is_back_once() -> None:
    found = after_all(gone(0), gone(5), gone(15), result(after=60), result(after=120))
    assert [finding.presence for finding in found][3:] == [Presence.BACK, ""]


def test_a_document_that_was_missing_twice_was_never_withdrawn() -> None:
    found = after_all(gone(0), gone(5), result(after=10), gone(20), gone(25))
    assert {finding.presence for finding in found} == {Presence.AS_BEFORE}


def signed(issuer: str, host: str = "old.example") -> FetchResult:
    return result(hops=(Hop(url=f"https://{host}/kaz", status=200, issuer=issuer),))


def test_another_issuer_of_the_certificate_is_noted_once() -> None:
    first, second = signed("CN=R11, O=Small Authority, C=US"), signed("CN=X, O=Ministry of Security, C=QQ")
    notes = [finding.notes for finding in after_all(first, first, second, second)]
    assert [len(each) for each in notes] == [0, 0, 1, 0]
    assert "Ministry of Security" in notes[2][0]
    assert "Small Authority" in notes[2][0]


def test_another_key_of_the_same_organisation_is_no_news() -> None:
    found = after_all(signed("CN=R10, O=Small Authority"), signed("CN=R11, O=Small Authority"))
    assert not any(finding.notes for finding in found)


def test_the_issuer_of_another_host_is_not_compared() -> None:
    assert not any(finding.notes for finding in after_all(signed("O=One"), signed("O=Two", host="new.example")))


@pytest.mark.parametrize("headers", [(("ETag", '"7"'),), (("Last-Modified", "Sun, 03 May 2026 10:00:00 GMT"),)])
def test_the_same_validator_for_other_bytes_is_a_lie_that_is_noted_and_remembered(
    headers: tuple[tuple[str, str], ...],
) -> None:
    etag, date = (headers[0][1], None) if headers[0][0] == "ETag" else (None, headers[0][1])
    known = claim(etag=etag, last_modified=date, payload_sha256="a" * 64)
    finding = find(known, result(headers=headers), payload_sha256="b" * 64)
    assert finding.health.validators_lie
    assert headers[0][1] in finding.notes[0]
    again = find(
        replace(known, source=replace(known.source, health=finding.health)),
        result(headers=headers),
        payload_sha256="c" * 64,
    )
    assert again.notes == ()


@pytest.mark.parametrize(
    ("etag", "payload"), [('"8"', "b" * 64), ('"7"', "a" * 64)], ids=["another validator", "the same bytes"]
)
def test_an_honest_validator_is_believed(etag: str, payload: str) -> None:
    known = claim(etag='"7"', payload_sha256="a" * 64)
    finding = find(known, result(headers=(("etag", etag),)), payload_sha256=payload)
    assert not finding.health.validators_lie
    assert finding.notes == ()


def test_the_third_failure_in_a_row_is_noted() -> None:
    down = result(Outcome.NETWORK_ERROR)
    notes = [find(claim(failures_in_a_row=count), down, payload_sha256=None).notes for count in range(5)]
    assert [len(each) for each in notes] == [0, 0, 1, 0, 0]
