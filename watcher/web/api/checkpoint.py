"""The newest checkpoint, for those who keep it elsewhere."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import PlainTextResponse

from watcher.web.reply import rooms_of


def checkpoint(request: Request) -> PlainTextResponse:
    """The signed note as it is."""
    return PlainTextResponse(rooms_of(request).newest_checkpoint())
