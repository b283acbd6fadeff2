"""One Capture, as recorded, and the bytes of a Payload."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.errors import NotFoundError
from watcher.render import citation
from watcher.store import captures, sources
from watcher.web.memento import memento_headers
from watcher.web.reply import page, rooms_of


def show_capture(request: Request, sequence: int) -> Response:
    """Every recorded field of a Capture."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        capture = captures.get_capture(connection, sequence)
        source = sources.get_source(connection, capture.source_id)
        version_id = captures.version_of_captures(connection, capture.source_id).get(sequence)
        revisit_of = captures.first_brought(connection, capture) if capture.is_revisit else None
        headers = memento_headers(connection, capture, rooms.base_url)
    cited = ""
    if capture.payload_sha256:
        cited = citation(
            source.definition,
            url=capture.requested_url,
            accessed_at=capture.captured_at,
            archived_at=f"{rooms.base_url}/captures/{sequence}",
            payload_sha256=capture.payload_sha256,
        )
    answer = page(
        request,
        "capture",
        section="Sources",
        capture=capture,
        source=source,
        version_id=version_id,
        revisit_of=revisit_of,
        citation=cited,
    )
    answer.headers.update(headers)
    return answer


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
