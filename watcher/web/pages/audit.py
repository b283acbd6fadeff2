"""The audit trail."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.store import audit
from watcher.web.reply import page, rooms_of


def list_audit(request: Request) -> Response:
    """Who did what, newest first."""
    with rooms_of(request).database.reading() as connection:
        rows = audit.list_audit(connection)
    return page(request, "audit", section="Audit", rows=rows)
