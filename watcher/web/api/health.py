"""How the instance is, for health checks."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from watcher.errors import WatcherError
from watcher.store import sources
from watcher.web.reply import rooms_of


def health(request: Request) -> JSONResponse:
    """200 when database and ledger can be read, else 503 with what is wrong."""
    rooms = rooms_of(request)
    try:
        with rooms.database.reading() as connection:
            every = sources.list_sources(connection)
        size = rooms.archive.size()
    except WatcherError as error:
        return JSONResponse({"ok": False, "problem": str(error)}, status_code=503)
    checked = [source.last_capture_at for source in every if source.last_capture_at]
    last = max(checked).isoformat() if checked else None
    return JSONResponse({"ok": True, "sources": len(every), "ledger_size": size, "last_capture_at": last})
