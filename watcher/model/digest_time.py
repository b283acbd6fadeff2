"""The hour of a Digest: when the next one is due, in the time zone of its reader. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watcher.errors import ConfigError
from watcher.model.subscription import CADENCE_SECONDS, Cadence

DAY = timedelta(days=1)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def parse_hour(text: str, zone: str, cadence: Cadence) -> tuple[str, str]:
    """("07:00", "Asia/Almaty") from what a person wrote; ("", "") for no hour, and UTC where no zone is named.

    ConfigError for what is no time of day, a zone that is not known here (IANA names), and for a cadence that has no
    hour.
    """
    if not text and not zone:
        return "", ""
    if not text:
        raise ConfigError("--time-zone goes with --at, such as --at 07:00", key="time-zone")
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"--at should be a time of day such as 07:00, not {text!r}", key="at")
    if cadence not in (Cadence.DAILY, Cadence.WEEKLY):
        raise ConfigError(f"--at goes with daily or weekly Digests; {cadence} ones have no hour", key="at")
    name = zone.strip() or "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"no time zone is named {name!r} here: write one such as Asia/Almaty or Europe/Vienna, or leave it out "
            "for UTC",
            key="time-zone",
        ) from error
    return f"{int(found[1]):02}:{found[2]}", name


def first_digest_at(cadence: Cadence, now: datetime, *, hour: str = "", zone: str = "") -> datetime:
    """When the first Digest is due, in UTC: at the hour (of `zone`) if one is given, else one cadence from now."""
    step = timedelta(seconds=CADENCE_SECONDS[cadence])
    if not hour:
        return now + step
    after = now + step - DAY
    day = after.astimezone(ZoneInfo(zone)).date()
    return next(moment for n in range(3) if (moment := _moment(day + n * DAY, hour, zone)) > after)


def following_digest_at(
    cadence: Cadence, due_at: datetime, now: datetime, *, hour: str = "", zone: str = ""
) -> datetime:
    """The first moment after `now` at which a Digest that was due at `due_at` is due again, in UTC.

    With an hour the days are those of its zone: the hour stays over a change to summer time. An hour that a day does
    not have is that much later, one that it has twice is the first.
    """
    step = timedelta(seconds=CADENCE_SECONDS[cadence])
    if due_at > now:
        return due_at
    if not step:
        return now
    missed = max(0, (now - due_at) // step)
    if not hour:
        return due_at + step * (missed + 1)
    day = due_at.astimezone(ZoneInfo(zone)).date()
    return next(moment for n in range(missed, missed + 4) if (moment := _moment(day + n * step, hour, zone)) > now)


def _moment(day: date, hour: str, zone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(hour), ZoneInfo(zone)).astimezone(UTC)
