"""Fetches pages whose text is written by their scripts, with Chromium and under the same contract as Fetcher."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime

from watcher.fetch.browser_launch import BrowserOptions
from watcher.fetch.browser_session import BrowserSession
from watcher.fetch.egress import Egress
from watcher.fetch.fetcher import FetchLimits
from watcher.fetch.request import FetchRequest
from watcher.fetch.wire import Wire
from watcher.model.capture import FetchResult, Outcome

HUNG_SECONDS = 20.0
LONGEST_TURN_SECONDS = 120.0
CLOSING_SECONDS = 15.0


class BrowserFetcher:
    """Reads pages with one Chromium, started by the first fetch. May be used from any thread, one fetch at a time.

    The payload is the DOM after the scripts ran, as UTF-8 HTML; the result carries a screenshot. A browser's read is
    always whole: `etag` and `last_modified` of a request are not sent. Every connection of the browser goes through
    a Wire that `wire` makes, under the same policy as that of a Fetcher.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        limits: FetchLimits,
        clock: Callable[[], datetime],
        egress: Egress | None = None,
        options: BrowserOptions | None = None,
        wire: Callable[[Egress], Wire] = Wire,
    ) -> None:
        self._user_agent = user_agent
        self._limits = limits
        self._clock = clock
        self._egress = egress or Egress()
        self._options = options or BrowserOptions()
        self._wire = wire
        self._one_at_a_time = threading.Lock()
        self._room: _Room | None = None

    def fetch(self, request: FetchRequest) -> FetchResult:
        """One attempt. `outcome` NEW means that a page came; the archive says if it is new."""
        started_at = self._clock()
        if not self._one_at_a_time.acquire(timeout=LONGEST_TURN_SECONDS):
            return self._timed_out(request, started_at, "the browser was busy with the pages of other Sources")
        try:
            if self._room is None:
                self._room = _Room(self._new_session())
            return self._room.fetch(request, self._limits.deadline_seconds + HUNG_SECONDS)
        except TimeoutError:
            if self._room is not None:
                self._room.abandon()
            self._room = None
            return self._timed_out(request, started_at, "the browser hung and was ended")
        finally:
            self._one_at_a_time.release()

    def close(self) -> None:
        """End the browser and all that belongs to it."""
        with self._one_at_a_time:
            if self._room is not None:
                self._room.close()
                self._room = None

    def _timed_out(self, request: FetchRequest, started_at: datetime, problem: str) -> FetchResult:
        return FetchResult(
            outcome=Outcome.TIMED_OUT,
            requested_url=request.url,
            hops=(),
            started_at=started_at,
            ended_at=self._clock(),
            error=f"{request.url}: {problem}",
            transient=True,
        )

    def _new_session(self) -> BrowserSession:
        return BrowserSession(
            user_agent=self._user_agent,
            limits=self._limits,
            clock=self._clock,
            egress=self._egress,
            options=self._options,
            wire=self._wire,
        )


class _Room:
    """A thread with an event loop on which one session lives."""

    def __init__(self, session: BrowserSession) -> None:
        self._session = session
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="browser", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def fetch(self, request: FetchRequest, seconds: float) -> FetchResult:
        """The session's result; TimeoutError when it does not come within `seconds`."""
        future = asyncio.run_coroutine_threadsafe(self._session.fetch(request), self._loop)
        return future.result(seconds)

    def close(self) -> None:
        """End the browser, then the thread."""
        try:
            asyncio.run_coroutine_threadsafe(self._session.close(), self._loop).result(CLOSING_SECONDS)
        except TimeoutError:
            self._session.kill()
        self.abandon()
        self._thread.join(CLOSING_SECONDS)

    def abandon(self) -> None:
        """Kill what still runs, and let the thread end when it can."""
        self._session.kill()
        self._loop.call_soon_threadsafe(self._loop.stop)
