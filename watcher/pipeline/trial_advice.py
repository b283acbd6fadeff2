"""From what a trial found to what a person should do: cadence, and remarks in words. Pure."""

from __future__ import annotations

import email.utils
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.extract import Quality
from watcher.model.capture import FetchResult
from watcher.model.source import format_cadence
from watcher.pipeline.key_columns import find_key_columns, missing_words
from watcher.pipeline.trial import Conditional, Trial

HOUR, DAY = 3600, 86400
USUAL_SECONDS = 6 * HOUR
LADDER = (900, HOUR, 6 * HOUR, 12 * HOUR, DAY)
_BY_AGE = ((DAY, HOUR), (7 * DAY, 6 * HOUR), (90 * DAY, 12 * HOUR))
_BY_FREQUENCY = {
    "always": HOUR,
    "hourly": HOUR,
    "daily": 6 * HOUR,
    "weekly": 12 * HOUR,
    "monthly": DAY,
    "yearly": DAY,
    "never": DAY,
}
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})")
_MOVED_FOR_GOOD = frozenset({301, 308})


@dataclass(frozen=True, kw_only=True, slots=True)
class CadenceAdvice:
    """How often to check, and why, one reason a line."""

    every_seconds: int
    reasons: tuple[str, ...]


def suggest_cadence(trial: Trial) -> CadenceAdvice:
    """From when the page last changed (its header, else its sitemap), how long answers are cached, and Crawl-delay.

    A page that changed lately is checked more often; nothing is checked more often than its server's caches turn.
    """
    first = trial.first
    headers = _headers(first.result) if first is not None else {}
    seconds, reasons = _by_last_change(trial, headers)
    if trial.hints.ttl_minutes:
        seconds = _step(trial.hints.ttl_minutes * 60)
        reasons = [f"the feed asks to be read every {_span(trial.hints.ttl_minutes * 60)} at most (ttl)"]
    cached = _MAX_AGE.search(headers.get("cache-control", "").lower())
    age = int(cached[1]) if cached else 0
    if age > seconds:
        seconds = _step(age)
        reasons.append(f"the server lets caches keep it for {_span(age)}, so asking more often brings nothing")
    delay = trial.robots.crawl_delay_seconds
    if delay >= 60 and _step(delay * 60) > seconds:
        seconds = _step(delay * 60)
        reasons.append(f"robots.txt asks for {delay:g} s between two requests, so this host should be asked seldom")
    return CadenceAdvice(every_seconds=seconds, reasons=tuple(reasons))


def remarks(trial: Trial) -> list[str]:
    """What a person should know or do before this address is registered, most important first."""
    found: list[str] = []
    first = trial.first
    if first is None:
        return found
    quality = first.quality.quality if first.quality is not None else None
    if first.result.status == 401 or quality is Quality.LOGIN:
        found.append(
            "It asks for a login. If it takes a password or a key with the request, name them in `credentials` "
            "of the Source (docs/operations.md)."
        )
    if first.result.status == 403 or quality is Quality.BOT_WALL:
        found.append("It keeps programs out. Its keeper may let this one in: say who you are in fetch.contact.")
    if _needs_scripts(trial):
        found.append("Its text seems to be written by scripts: try again with --browser.")
    if first.document is not None:
        found += missing_words(find_key_columns(first.document, trial.definition.key_columns))
    if trial.obstacle:
        return found
    stability = trial.stability
    if stability is not None and stability.told and not trial.removals:
        found.append(
            "Each check would tell of a Change. No lasting selector was found for what differs: "
            "choose a `select` that leaves it out."
        )
    if stability is not None and stability.told and trial.removals:
        found.append("Each check would tell of a Change: take the `remove` rules, then test again.")
    if trial.conditional is not None and trial.conditional.support is Conditional.LIES:
        found.append("watcher reads in full every tenth time, so a hidden change is found late: check more often.")
    if first.mismatch:
        found.append(
            f"The server calls it {first.result.media_type}, its bytes are {first.judged_type}: it is read as that."
        )
    hops = first.result.hops
    if address_to_register(trial) != trial.definition.url:
        found.append(f"It moved for good: {hops[-1].url} is the address to register.")
    elif len(hops) > 1:
        found.append(f"It is redirected to {hops[-1].url} at each check.")
    found += [f"It has a feed, {feed}: a Source of its own tells of new items." for feed in trial.hints.feeds[:1]]
    found += [f"Noted while reading: {note}." for note in (first.document.notes if first.document else ())]
    return found


def wants_browser(trial: Trial) -> bool:
    """Whether the Source should be read with a browser."""
    return trial.definition.browser or _needs_scripts(trial)


def _needs_scripts(trial: Trial) -> bool:
    first = trial.first
    if first is None or first.quality is None or trial.definition.browser:
        return False
    return first.quality.quality is Quality.NO_TEXT and trial.hints.scripts > 0


def _by_last_change(trial: Trial, headers: dict[str, str]) -> tuple[int, list[str]]:
    moment, where = _date(headers.get("last-modified", "")), "its server says"
    if moment is None and trial.sitemap is not None:
        moment, where = _date(trial.sitemap.lastmod), "the sitemap says"
    if moment is not None:
        age = (trial.tried_at - moment).total_seconds()
        if age < 60:
            return USUAL_SECONDS, ["Last-Modified is the moment of the request and says nothing"]
        seconds = next((cadence for bound, cadence in _BY_AGE if age < bound), DAY)
        return seconds, [f"{where} that it changed last on {moment:%-d %B %Y}, {_span(int(age))} ago"]
    if trial.sitemap is not None and trial.sitemap.changefreq in _BY_FREQUENCY:
        frequency = trial.sitemap.changefreq
        return _BY_FREQUENCY[frequency], [f"the sitemap says that it changes {frequency}"]
    return USUAL_SECONDS, [f"nothing says when it changes, and {format_cadence(USUAL_SECONDS)} is the usual"]


def _headers(result: FetchResult) -> dict[str, str]:
    return {name.lower(): value for name, value in result.headers}


def _date(text: str) -> datetime | None:
    """A moment from an HTTP date or an ISO 8601 one (as in sitemaps), None when it is neither."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _step(seconds: float) -> int:
    """The shortest usual cadence that is not shorter."""
    return next((step for step in LADDER if step >= seconds), LADDER[-1])


def _span(seconds: int) -> str:
    for size, name in ((DAY, "day"), (HOUR, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "0 seconds"


def address_to_register(trial: Trial) -> str:
    """Where the page is now: behind redirects that are all permanent, else the address that was tried."""
    hops = trial.first.result.hops if trial.first is not None else ()
    moved = len(hops) > 1 and all(hop.status in _MOVED_FOR_GOOD for hop in hops[:-1])
    return hops[-1].url if moved else trial.definition.url
