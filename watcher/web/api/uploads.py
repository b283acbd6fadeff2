"""Documents handed in by programs."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from watcher.pipeline.upload import handed_in_facts
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
    return handed_in_facts(ended.done, base_url)
