"""What the handlers share: the rooms of the running instance, and how an answer is made."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from watcher.model.change import Change
from watcher.model.source import Source
from watcher.pipeline.ports import Rooms
from watcher.render import render_page
from watcher.store import sources
from watcher.store.database import Connection


def rooms_of(request: Request) -> Rooms:
    """The rooms that the app was made with."""
    rooms: Rooms = request.app.state.rooms
    return rooms


def page(request: Request, name: str, *, section: str = "", status: int = 200, **values: object) -> HTMLResponse:
    """A page of the templates, filled. `section` is the entry of the navigation that it belongs to."""
    body = render_page(name, section=section, program=request.app.state.version, **values)
    return HTMLResponse(body.encode("utf-8", "replace"), status_code=status)


def with_sources(connection: Connection, changes: list[Change]) -> list[tuple[Change, Source]]:
    """Each Change with its Source."""
    known = {source.source_id: source for source in sources.list_sources(connection)}
    return [(change, known[change.source_id]) for change in changes]
