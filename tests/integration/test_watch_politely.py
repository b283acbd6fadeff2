"""A site's wishes are asked for, remembered and obeyed; its host is given time between requests."""

from __future__ import annotations

from typing import Any

import pytest

from watcher.model.capture import Outcome, Trigger
from watcher.model.source import origin_of, share_of
from watcher.pipeline.schedule import claim_due
from watcher.pipeline.watch import check

PAGE = "<html><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"
TEXT = {"Content-Type": "text/plain"}


def _asked(bench: Any, path: str) -> int:
    return sum(asked == path for asked, _ in bench.site.requests)


def test_catalogue_153_a_disallowed_page_is_never_asked_for_and_recorded_so(bench: Any) -> None:
    bench.site.put("/robots.txt", "User-agent: *\nDisallow: /closed/\n", headers=TEXT)
    bench.register("closed", bench.site.put("/closed/kaz", PAGE))
    bench.register("open", bench.site.put("/open/kaz", PAGE))
    checked = bench.check("closed")
    capture = checked.recorded.capture
    assert capture.outcome is Outcome.ROBOTS_DISALLOWED
    assert "robots.txt" in capture.error
    assert "/closed/kaz" in capture.error
    assert _asked(bench, "/closed/kaz") == 0
    assert (checked.next_check_at - bench.clock()).total_seconds() == 86400
    assert bench.check("open").recorded.first


def test_the_rules_for_our_own_agent_come_before_those_for_all(bench: Any) -> None:
    bench.site.put("/robots.txt", "User-agent: *\nDisallow: /\n\nUser-agent: watcher\nAllow: /\n", headers=TEXT)
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    assert bench.check("kaz").recorded.first


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_catalogue_153_a_robots_txt_that_is_refused_allows_everything(bench: Any, status: int) -> None:
    bench.site.put("/robots.txt", "Disallow: /", status=status)
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    assert bench.check("kaz").recorded.capture.outcome is Outcome.NEW


def test_a_robots_txt_that_was_cut_off_allows_nothing(bench: Any) -> None:
    cut = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    bench.site.put("/robots.txt", b"\x1f\x8b\x08\x00half of it", headers=cut)
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    recorded = bench.check("kaz").recorded
    assert not recorded.capture.outcome.reached
    assert "robots.txt could not be read" in recorded.capture.error


def test_an_empty_robots_txt_allows_everything(bench: Any) -> None:
    bench.site.put("/robots.txt", "", headers=TEXT)
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    assert bench.check("kaz").recorded.first


def test_catalogue_153_a_robots_txt_that_fails_stops_the_check_and_says_so(bench: Any) -> None:
    bench.site.put("/robots.txt", "", status=503)
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    capture = bench.check("kaz").recorded.capture
    assert capture.outcome is Outcome.HTTP_ERROR
    assert "robots.txt could not be read" in capture.error
    assert _asked(bench, "/kaz") == 0


def test_a_copy_stands_in_for_a_robots_txt_that_cannot_be_read(bench: Any) -> None:
    bench.site.put("/robots.txt", "User-agent: *\nDisallow: /closed/\n", headers=TEXT)
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    bench.register("closed", bench.site.put("/closed/kaz", PAGE))
    bench.check("kaz")
    bench.site.put("/robots.txt", "", status=500)
    assert bench.check("kaz", after_seconds=3 * 86400).recorded.capture.outcome is Outcome.SAME
    assert bench.check("closed").recorded.capture.outcome is Outcome.ROBOTS_DISALLOWED
    assert bench.check("kaz", after_seconds=31 * 86400).recorded.capture.outcome is Outcome.HTTP_ERROR


def test_robots_txt_is_asked_for_once_a_day_for_all_sources_of_an_origin(bench: Any) -> None:
    for number in range(3):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", PAGE))
        bench.check(f"page-{number}")
    assert _asked(bench, "/robots.txt") == 1
    bench.check("page-0", after_seconds=86401)
    assert _asked(bench, "/robots.txt") == 2


def test_a_source_with_a_reason_is_fetched_despite_robots_and_the_reason_is_audited(bench: Any) -> None:
    bench.site.put("/robots.txt", "User-agent: *\nDisallow: /\n", headers=TEXT)
    bench.register("kaz", bench.site.put("/kaz", PAGE), fetch_despite_robots="agreed with the ministry by letter")
    assert bench.check("kaz").recorded.first
    (record,) = [record for record in bench.rooms.archive.records() if record.type == "audit"]
    assert "agreed with the ministry by letter" in str(record.body["after"])


def test_catalogue_153_a_megabyte_of_robots_txt_is_read_to_its_limit(bench: Any) -> None:
    text = "User-agent: *\nDisallow: /closed/\n" + "# filler\n" * 120_000 + "Disallow: /kaz\n"
    bench.site.put("/robots.txt", text, headers=TEXT)
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    assert bench.check("kaz").recorded.first


def test_a_host_rests_between_two_sources_in_every_process(bench: Any) -> None:
    from dataclasses import replace

    bench.site.put("/robots.txt", "User-agent: *\nCrawl-delay: 30\n", headers=TEXT)
    for number in range(2):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", PAGE))
    polite = replace(bench.rooms, gap_seconds=2.0)
    (claim,) = claim_due(polite, limit=10)
    check(polite, bench.fetcher, claim, trigger=Trigger.SLOT)
    bench.clock.advance(seconds=29)
    assert claim_due(replace(polite, name="another process"), limit=10) == []
    bench.clock.advance(seconds=2)
    assert len(claim_due(replace(polite, name="another process"), limit=10)) == 1


def test_sources_that_were_registered_together_do_not_stay_together(bench: Any) -> None:
    slots = set()
    for number in range(8):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", PAGE))
    for _ in range(8):
        (claim,) = claim_due(bench.rooms, limit=10)
        slots.add(check(bench.rooms, bench.fetcher, claim, trigger=Trigger.SLOT).next_check_at)
    assert len(slots) == 8
    assert all(0 <= share_of(f"page-{number}") < 1 for number in range(8))


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://Example.org/a?b") == "https://example.org"
    assert origin_of("http://[::1]:8080/a") == "http://[::1]:8080"
