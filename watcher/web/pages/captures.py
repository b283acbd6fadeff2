"""One Capture, as recorded, what it brought as text or rendered in a sandbox, and the bytes for saving."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from watcher.errors import ArchiveError, ExtractError, NotFoundError
from watcher.extract.inert import MAXIMUM_VIEW_BYTES, Excerpt, excerpt, inert_page
from watcher.model.capture import Capture
from watcher.model.permalinks import capture_url
from watcher.pipeline.cite import cite_capture
from watcher.pipeline.ports import Rooms
from watcher.store import captures, sources
from watcher.web.memento import memento_headers
from watcher.web.reply import page, rooms_of

CHARACTERS_SHOWN = 20_000
VIEW_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def show_capture(request: Request, sequence: int, view: str = "text") -> Response:
    """Every recorded field of a Capture, and what it brought: as text, or rendered in a sandbox."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        capture = captures.get_capture(connection, sequence)
        source = sources.get_source(connection, capture.source_id)
        version_id = captures.version_of_capture(connection, sequence)
        revisit_of = captures.first_brought(connection, capture) if capture.is_revisit else None
        headers = memento_headers(connection, capture, rooms.base_url)
        cited = cite_capture(connection, capture, base_url=rooms.base_url)
    beginning, damage = _beginning(rooms, capture)
    answer = page(
        request,
        "capture",
        section="Sources",
        capture=capture,
        source=source,
        version_id=version_id,
        revisit_of=revisit_of,
        citation=cited.footnote if cited is not None else "",
        permalink=capture_url(rooms.base_url, sequence),
        beginning=beginning,
        damage=damage,
        rendered=beginning is not None and beginning.is_page and view == "rendered",
    )
    answer.headers.update(headers)
    return answer


def view_capture(request: Request, sequence: int) -> Response:
    """A captured HTML page for the sandboxed frame of its Capture; opened by itself it is a download."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        capture = captures.get_capture(connection, sequence)
    if not capture.outcome.reached or capture.payload_sha256 is None:
        raise NotFoundError(f"Capture {sequence} brought no page that could be shown")
    payload = rooms.archive.get_payload(capture.payload_sha256)
    try:
        shown = rooms.children.run(
            inert_page,
            payload,
            media_type=capture.media_type,
            charset=capture.charset,
            name=capture.requested_url,
        )
    except ExtractError as error:
        raise NotFoundError(f"Capture {sequence} is shown as a download only: {error}") from error
    headers = {"Content-Security-Policy": VIEW_POLICY, "X-DNS-Prefetch-Control": "off"}
    if request.headers.get("sec-fetch-dest") == "document":
        headers["Content-Disposition"] = f'attachment; filename="capture-{sequence}.html"'
    return HTMLResponse(shown.encode("utf-8", "replace"), headers=headers)


def _beginning(rooms: Rooms, capture: Capture) -> tuple[Excerpt | None, str]:
    """The beginning of what a Capture brought, if that is text and not too large, or why its bytes cannot be read."""
    if not capture.outcome.reached or capture.payload_sha256 is None:
        return None, ""
    if (capture.payload_length or 0) > MAXIMUM_VIEW_BYTES:
        return None, ""
    try:
        payload = rooms.archive.get_payload(capture.payload_sha256)
        found = rooms.children.run(
            excerpt,
            payload,
            media_type=capture.media_type,
            charset=capture.charset,
            name=capture.requested_url,
            limit=CHARACTERS_SHOWN,
        )
    except ExtractError:
        return None, ""
    except ArchiveError as error:
        return None, str(error)
    return found, ""


def download_part(request: Request, sequence: int, part: str) -> Response:
    """What a Capture holds beside its Payload: the partial bytes of a failure, or a browser's screenshot."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        capture = captures.get_capture(connection, sequence)
    parts = {"partial": (capture.partial_sha256, "bin"), "screenshot": (capture.screenshot_sha256, "png")}
    payload_sha256, ending = parts.get(part, (None, ""))
    if payload_sha256 is None:
        raise NotFoundError(f"Capture {sequence} has no {part[:40]!r}")
    return _saved(rooms.archive.get_payload(payload_sha256), f"{payload_sha256}.{ending}")


def download_payload(request: Request, payload_sha256: str) -> Response:
    """The bytes as they were received, for saving only: never shown in our origin."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        if not captures.payload_is_known(connection, payload_sha256):
            raise NotFoundError(f"no Payload has the SHA-256 {payload_sha256[:80]!r}")
    return _saved(rooms.archive.get_payload(payload_sha256), f"{payload_sha256}.bin")


def _saved(content: bytes, name: str) -> Response:
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
