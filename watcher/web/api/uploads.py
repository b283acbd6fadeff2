"""Documents handed in by programs."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from watcher.model.permalinks import capture_url, source_url
from watcher.pipeline.upload import HandedIn
from watcher.web.hand_in import Ended, take
from watcher.web.reply import rooms_of


async def upload(request: Request) -> JSONResponse:
    """201 with what was recorded; else {"error", "code", "field"} with 400, 404, 409, 410, 413 or 503."""
    ended = await take(request)
    return JSONResponse(_body(ended, rooms_of(request).base_url), status_code=ended.status)


def _body(ended: Ended, base_url: str) -> dict[str, object]:
    if ended.done is None:
        body: dict[str, object] = {"error": ended.problem, "code": ended.code, "field": ended.wrong or None}
        if ended.held is not None:
            body |= {
                "source": ended.held.source_id,
                "capture": ended.held.sequence,
                "sha256": ended.held.payload_sha256,
            }
        return body
    return _facts(ended.done, base_url)


def _facts(done: HandedIn, base_url: str) -> dict[str, object]:
    recorded = done.recorded
    capture = recorded.capture
    return {
        "source": capture.source_id,
        "capture": capture.sequence,
        "sha256": capture.payload_sha256,
        "media_type": capture.media_type,
        "length": capture.payload_length,
        "version": recorded.version.version_id if recorded.version is not None else None,
        "not_extracted": done.not_extracted or None,
        "change": recorded.change.change_id if recorded.change is not None else None,
        "page": source_url(base_url, capture.source_id),
        "permalink": capture_url(base_url, capture.sequence),
        "attached": [_facts(one, base_url) for one in done.attached],
        "left_out": list(done.left_out),
    }
