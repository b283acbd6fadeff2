"""A document that comes over the web, by form or by program: received, handed in, and how that ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from watcher.errors import AlreadyHeldError, ConfigError, DeletedError, NotFoundError, RefusedError, WatcherError
from watcher.pipeline.upload import HandedIn, hand_in
from watcher.pipeline.upload_fields import describe
from watcher.web.receive import Received, TooLargeError, receive
from watcher.web.reply import rooms_of

AT_ONCE = 2  # each document is whole in memory while it is recorded
RECEIVED_WITHIN_SECONDS = 600


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a hand-in ended: with a document, or with a problem. `wrong` is the name of the field that is wrong.

    `held` is the Source and Capture of bytes that were handed in before.
    """

    status: int
    done: HandedIn | None = None
    problem: str = ""
    code: str = ""
    wrong: str = ""
    held: AlreadyHeldError | None = None
    fields: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turns:
    """What bounds the documents that are received at once; they are recorded one by one, so that a double is seen."""

    receiving: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    recording: asyncio.Lock = field(default_factory=asyncio.Lock)


async def take(request: Request) -> Ended:
    """Receive and record the document of a request. Only what is unexpected raises."""
    rooms = rooms_of(request)
    turns: Turns = request.app.state.upload_turns
    fields: dict[str, list[str]] = {}
    try:
        async with turns.receiving:
            async with asyncio.timeout(RECEIVED_WITHIN_SECONDS):
                received = await receive(request, maximum_bytes=rooms.upload_maximum_bytes)
            fields = received.fields
            async with turns.recording:
                return Ended(status=201, done=await run_in_threadpool(_record, request, received), fields=fields)
    except TimeoutError:
        problem = f"the document was not whole after {RECEIVED_WITHIN_SECONDS} seconds: nothing was kept"
        return Ended(status=408, problem=problem, code="timed_out")
    except ClientDisconnect:
        return Ended(status=400, problem="the sender went away before the document was whole", code="gone")
    except WatcherError as error:
        return _failed(error, fields)


def _record(request: Request, received: Received) -> HandedIn:
    described = describe(received.fields)
    return hand_in(
        rooms_of(request), received.payload, file_name=received.file_name, described=described, checked_name=False
    )


def _failed(error: WatcherError, fields: dict[str, list[str]]) -> Ended:
    wrong = (error.key or "") if isinstance(error, ConfigError) else ""
    held = error if isinstance(error, AlreadyHeldError) else None
    return Ended(status=_status(error), problem=str(error), code=error.code, wrong=wrong, held=held, fields=fields)


def _status(error: WatcherError) -> int:
    """HTTP's word for an error: 503 is for an archive or a database that cannot be written now."""
    for kind, status in (
        (TooLargeError, 413),
        (AlreadyHeldError, 409),
        (DeletedError, 410),
        (NotFoundError, 404),
        (ConfigError, 400),
        (RefusedError, 400),
    ):
        if isinstance(error, kind):
            return status
    return 503
