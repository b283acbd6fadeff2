"""Asks an origin's robots.txt before a page is fetched, and remembers the answer for a day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from watcher.fetch import allows, crawl_delay_seconds
from watcher.model.capture import FetchResult, Outcome
from watcher.model.source import Definition, RobotsAnswer, origin_of
from watcher.pipeline.ports import FetchDoor, Rooms
from watcher.pipeline.trust import request_of
from watcher.store.robots import put_robots

FRESH_FOR = timedelta(hours=24)
LAST_RESORT_FOR = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """Whether a Source may be fetched; when not, `refusal` is the result that is recorded instead.

    `answer` is the robots.txt that this rests on, None when it was not asked or could not be read.
    """

    answer: RobotsAnswer | None = None
    refusal: FetchResult | None = None
    crawl_delay_seconds: float = 0.0


def ask_robots(rooms: Rooms, door: FetchDoor, definition: Definition, known: RobotsAnswer | None) -> Permission:
    """By RFC 9309: 4xx allows everything; 5xx and an unreachable robots.txt allow nothing.

    `known` is the answer that is remembered. A copy of up to 30 days stands in for a robots.txt that cannot be
    read. A Source with a reason in `fetch_despite_robots` is fetched in any case.
    """
    if definition.fetch_despite_robots:
        return Permission()
    origin = origin_of(definition.url)
    if known is None or rooms.clock() - known.fetched_at > FRESH_FOR:
        answer, failure = _read(rooms, door, definition)
        if answer is None and (known is None or rooms.clock() - known.fetched_at > LAST_RESORT_FOR):
            return Permission(refusal=replace(failure, requested_url=definition.url))
        known = answer or known
    if known is None or known.status != 200:
        return Permission(answer=known)
    delay = crawl_delay_seconds(known.text)
    if allows(known.text, definition.url):
        return Permission(answer=known, crawl_delay_seconds=delay)
    now = rooms.clock()
    message = (
        f"{origin}/robots.txt, read {known.fetched_at:%-d %B %Y}, disallows {definition.url}. "
        "Ask the site's keeper, or give a reason in fetch_despite_robots"
    )
    refusal = FetchResult(
        outcome=Outcome.ROBOTS_DISALLOWED,
        requested_url=definition.url,
        hops=(),
        started_at=now,
        ended_at=now,
        error=message,
    )
    return Permission(answer=known, refusal=refusal, crawl_delay_seconds=delay)


def _read(rooms: Rooms, door: FetchDoor, definition: Definition) -> tuple[RobotsAnswer | None, FetchResult]:
    """The answer of a Source's origin, or None with the failure that stands for the page's."""
    origin = origin_of(definition.url)
    result = door.fetch(request_of(rooms, definition, f"{origin}/robots.txt"))
    answered_without = (Outcome.HTTP_ERROR, Outcome.ACCESS_DENIED)
    refused_for_good = result.outcome in answered_without and 400 <= (result.status or 0) < 500
    empty = result.outcome is Outcome.BROKEN_RESPONSE and result.status == 200 and result.partial is None
    if result.outcome is Outcome.DENIED:
        return None, result
    if result.payload is None and not refused_for_good and not empty:
        message = f"robots.txt could not be read, so nothing of this host may be fetched: {result.error}"
        return None, replace(result, error=message)
    text = (result.payload or b"").decode("utf-8", "replace")
    answer = RobotsAnswer(
        origin=origin,
        fetched_at=rooms.clock(),
        status=result.status or 0,
        text=text if result.status == 200 else "",
    )
    with rooms.database.writing() as connection:
        put_robots(connection, answer)
    return answer, result
