"""robots.txt by RFC 9309: what a text allows our agent to fetch."""

from __future__ import annotations

import functools

from protego import Protego

AGENT = "watcher"
MAXIMUM_TEXT_CHARACTERS = 500 * 1024
LONGEST_CRAWL_DELAY_SECONDS = 3600.0


def allows(text: str, url: str) -> bool:
    """Whether a robots.txt lets `watcher` fetch a URL. What stands after 500 KiB is not read (RFC 9309, 2.5)."""
    return bool(_rules(text).can_fetch(url, AGENT))


def crawl_delay_seconds(text: str) -> float:
    """The pause between two requests that a robots.txt asks of `watcher`, at most an hour, 0 when it asks none."""
    delay = _rules(text).crawl_delay(AGENT)
    return min(max(float(delay or 0.0), 0.0), LONGEST_CRAWL_DELAY_SECONDS)


@functools.lru_cache(maxsize=256)
def _rules(text: str) -> Protego:
    return Protego.parse(text[:MAXIMUM_TEXT_CHARACTERS])
