"""The route table, the headers of every answer, and what errors look like."""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from watcher.errors import NotFoundError, RefusedError, WatcherError
from watcher.pipeline.ports import Rooms
from watcher.web import hand_in, memento
from watcher.web.api import checkpoint, health
from watcher.web.api import uploads as api_uploads
from watcher.web.guard import refusal
from watcher.web.pages import (
    audit,
    board,
    captures,
    changes,
    diff,
    digests,
    overview,
    preview,
    questionnaires,
    sources,
    subjects,
    subscriptions,
    uploads,
    versions,
)
from watcher.web.reply import page

log = structlog.get_logger()

ROUTES: tuple[tuple[str, Callable[..., Response]], ...] = (
    ("/", overview.overview),
    ("/sources", sources.list_sources),
    ("/sources/{source_id}", sources.show_source),
    ("/sources/{source_id}/preview", preview.preview_source),
    ("/captures/{sequence}", captures.show_capture),
    ("/captures/{sequence}/view", captures.view_capture),
    ("/captures/{sequence}/{part}", captures.download_part),
    ("/payloads/{payload_sha256}", captures.download_payload),
    ("/versions/{version_id}", versions.show_version),
    ("/changes", changes.list_changes),
    ("/changes/{change_id}", changes.show_change),
    ("/diff", diff.show_diff),
    ("/digests", digests.list_digests),
    ("/digests/{digest_id}", digests.show_digest),
    ("/digests/{digest_id}/message", digests.show_message),
    ("/board", board.show_board),
    ("/subjects", subjects.list_subjects),
    ("/subjects/{alpha3}", subjects.show_subject),
    ("/subjects/{alpha3}/timeline", board.show_time_line),
    ("/subscriptions", subscriptions.list_subscriptions),
    ("/uploads/new", uploads.new_upload),
    ("/questionnaires", questionnaires.list_questionnaires),
    ("/questionnaires/question", questionnaires.show_question),
    ("/audit", audit.list_audit),
    ("/timegate/{target:path}", memento.time_gate),
    ("/timemap/{target:path}", memento.time_map),
    ("/checkpoint", checkpoint.checkpoint),
    ("/healthz", health.health),
)

# What changes something; `guard.refusal` keeps other sites out of them.
WRITES: tuple[tuple[str, Callable[..., Awaitable[Response]]], ...] = (
    ("/uploads", uploads.upload),
    ("/changes/{change_id}/review", changes.review),
    ("/api/uploads", api_uploads.upload),
)

STATIC = {
    "watcher.css": "text/css; charset=utf-8",
    "watcher.svg": "image/svg+xml",
}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(rooms: Rooms, *, version: str, allowed_hosts: tuple[str, ...]) -> FastAPI:
    """The page of one instance. A request for any other host name is refused (DNS rebinding)."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.rooms = rooms
    app.state.version = version
    app.state.upload_turns = hand_in.Turns()
    for path, handler in ROUTES:
        app.add_api_route(path, handler, methods=["GET", "HEAD"], response_model=None)
    for path, taker in WRITES:
        app.add_api_route(path, taker, methods=["POST"], response_model=None)
    app.add_api_route("/static/{name}", _static, methods=["GET", "HEAD"], response_model=None)
    app.add_exception_handler(WatcherError, _expected)
    app.add_exception_handler(HTTPException, _unknown_page)
    app.add_exception_handler(RequestValidationError, _unknown_page)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if _host(request) not in allowed_hosts:
            response: Response = PlainTextResponse("this page does not answer for that host name\n", status_code=400)
        elif refused := refusal(request):
            response = PlainTextResponse(f"{refused}\n", status_code=403)
        else:
            try:
                response = await call_next(request)
            except Exception:
                log.exception("a page could not be made", path=request.url.path)
                response = PlainTextResponse(
                    "this page could not be made; the service's log says why\n", status_code=500
                )
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app


def _host(request: Request) -> str:
    try:
        return urllib.parse.urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _static(name: str) -> Response:
    if name not in STATIC:
        raise NotFoundError(f"there is no file {name[:80]!r}")
    return Response((Path(__file__).parent / "static" / name).read_bytes(), media_type=STATIC[name])


def _expected(request: Request, error: Exception) -> Response:
    if isinstance(error, NotFoundError):
        return page(request, "problem", heading="Not found", message=str(error), status=404)
    if isinstance(error, RefusedError):
        return page(request, "problem", heading="This cannot be done", message=str(error), status=400)
    log.error("a page could not be made", path=request.url.path, problem=str(error))
    return page(request, "problem", heading="This cannot be shown now", message=str(error), status=503)


def _unknown_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status == 405:
        allowed = "POST" if request.url.path in dict(WRITES) else "GET, HEAD"
        message = f"this address takes {allowed} only\n"
        return PlainTextResponse(message, status_code=405, headers={"Allow": allowed})
    message = f"There is no page at {request.url.path[:200]!r}."
    return page(request, "problem", heading="Not found", message=message, status=404)
