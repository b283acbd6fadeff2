"""The form by which a person hands in a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from watcher.model.source import SourceKind, SourceState
from watcher.store import sources
from watcher.web.guard import is_from_our_page
from watcher.web.hand_in import Ended, take
from watcher.web.reply import page, rooms_of


def new_upload(request: Request, source: str = "") -> Response:
    """The empty form; `source` names the Upload of which a further version is handed in."""
    return _form(request, Ended(status=200, fields={"source": [source]}))


async def upload(request: Request) -> Response:
    """Take what the form sends: on to the Source's page, or the form again with what is wrong."""
    if not is_from_our_page(request):
        ended = Ended(status=403, problem="a browser must say that this form came from here; programs use /api/uploads")
    else:
        ended = await take(request)
    if ended.done is None:
        return _form(request, ended)
    if ended.done.left_out:
        taken = f"{ended.done.source.source_id} is archived, but attachments were left out. "
        return _form(request, Ended(status=201, problem=taken + " ".join(ended.done.left_out)))
    path = f"/sources/{quote(ended.done.source.source_id, safe='')}#documents"
    return RedirectResponse(path, status_code=303)


def _form(request: Request, ended: Ended) -> Response:
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        every = sources.list_sources(connection)
    uploads = [
        one
        for one in every
        if one.definition.kind is SourceKind.UPLOAD and one.state in (SourceState.ACTIVE, SourceState.PAUSED)
    ]
    return page(
        request,
        "upload",
        section="Hand in",
        status=ended.status,
        given=_first(ended.fields),
        problem=ended.problem,
        wrong=ended.wrong,
        held=ended.held,
        uploads=uploads,
        maximum_bytes=rooms.upload_maximum_bytes,
    )


def _first(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What was typed before, to be shown in the form again; several values of one field with ";" between them."""
    return {name: "; ".join(values) for name, values in fields.items()}
