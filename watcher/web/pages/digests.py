"""Digests as they were sent, with their Deliveries."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from watcher.model.permalinks import digest_url
from watcher.store import digests
from watcher.web.reply import page, rooms_of

MESSAGE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


def list_digests(request: Request) -> Response:
    """All Digests, newest first."""
    with rooms_of(request).database.reading() as connection:
        rows = [
            (digest, digests.deliveries_of_digest(connection, digest.digest_id))
            for digest in digests.list_digests(connection)
        ]
    return page(request, "digests", section="Digests", rows=rows)


def show_digest(request: Request, digest_id: str) -> Response:
    """One Digest, as text and as HTML."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        digest = digests.get_digest(connection, digest_id)
        deliveries = digests.deliveries_of_digest(connection, digest_id)
    permalink = digest_url(rooms.base_url, digest_id)
    return page(request, "digest", section="Digests", digest=digest, deliveries=deliveries, permalink=permalink)


def show_message(request: Request, digest_id: str) -> Response:
    """The HTML part of a Digest's message, for the sandboxed frame of its page."""
    with rooms_of(request).database.reading() as connection:
        digest = digests.get_digest(connection, digest_id)
    return HTMLResponse(digest.message.html, headers={"Content-Security-Policy": MESSAGE_POLICY})
