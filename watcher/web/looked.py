"""When this browser last looked at a Source: a cookie of that Source's page alone, and nothing on the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import Request, Response

COOKIE = "looked"
ONE_LOOK = timedelta(hours=1)
KEPT = timedelta(days=400)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def last_look(request: Request, now: datetime) -> tuple[datetime | None, datetime]:
    """When the page was looked at before this look, None for the first, and when this look began.

    Visits within an hour of each other are one look: a page that is loaded again says the same.
    """
    before, began = (_moment(part, now) for part in request.cookies.get(COOKIE, ".").partition(".")[::2])
    if began is None:
        return None, now
    return (before, began) if now - began < ONE_LOOK else (began, now)


def remember(response: Response, request: Request, before: datetime | None, began: datetime) -> None:
    """Keep the look in the browser, for this page only; no script and no other site can read it."""
    value = f"{int(before.timestamp()) if before else ''}.{int(began.timestamp())}"
    path = request.url.path
    response.set_cookie(COOKIE, value, max_age=int(KEPT.total_seconds()), path=path, httponly=True, samesite="strict")


def _moment(text: str, now: datetime) -> datetime | None:
    """A moment that a cookie may hold; anything else is as good as none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return None
    moment = datetime.fromtimestamp(int(text), UTC)
    return moment if _EARLIEST <= moment <= now else None
