"""One Chromium over many fetches: started by the first, renewed after trouble, ended when it is idle.

Everything here runs on one event loop, which BrowserFetcher keeps in a thread of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from watcher.errors import FetchError, RefusedError
from watcher.fetch.browser_launch import BrowserOptions, Running, launch
from watcher.fetch.browser_page import PAGE_WIDTH, PageLimits, PageReader, Reading
from watcher.fetch.browser_process import group_memory_bytes
from watcher.fetch.browser_proxy import BrowserProxy
from watcher.fetch.browser_traffic import Traffic
from watcher.fetch.egress import Egress
from watcher.fetch.failures import with_url
from watcher.fetch.fetcher import FetchLimits
from watcher.fetch.request import FetchRequest
from watcher.fetch.wire import Budget, Wire
from watcher.model.capture import FetchResult, Hop, Outcome, Truncation
from watcher.model.source import require_http_url

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

PAGE_HEIGHT = 1024
CLOSING_SECONDS = 3.0
MEMORY_PULSE_SECONDS = 1.0
TROUBLE_SECONDS = 1.0
_TWO_STORES = (
    "{url}: ca_file and browser do not go together: Chromium trusts the authorities of its own store alone. "
    "Set `browser: false` for this Source, or leave ca_file out"
)

Trouble = asyncio.Future[FetchError]


class BrowserSession:
    """Reads pages one after another. Failures come back as FetchResults, not as exceptions."""

    def __init__(
        self,
        *,
        user_agent: str,
        limits: FetchLimits,
        clock: Callable[[], datetime],
        egress: Egress,
        options: BrowserOptions,
        wire: Callable[[Egress], Wire],
    ) -> None:
        self._user_agent = user_agent
        self._limits = limits
        self._clock = clock
        self._egress = egress
        self._options = options
        self._wire = wire
        self._running: Running | None = None
        self._fetches = 0
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """One attempt in a fresh browser context."""
        async with self._turn:
            self._stay()
            visit = _Visit(request=request, started_at=self._clock())
            try:
                await self._visit(visit)
            except FetchError as error:
                visit.error = error
            if visit.spoiled or self._fetches >= self._options.maximum_fetches:
                await self._end()
            self._idle = asyncio.get_running_loop().call_later(self._options.idle_seconds, self._close_idle)
            return visit.result(self._clock())

    async def close(self) -> None:
        """End the browser."""
        async with self._turn:
            self._stay()
            await self._end()

    def kill(self) -> None:
        """End the browser and its driver at once; may be called from any thread."""
        if self._running is not None:
            self._running.kill()

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()

    def _close_idle(self) -> None:
        self._closing = asyncio.get_running_loop().create_task(self.close())

    async def _end(self) -> None:
        running, self._running, self._fetches = self._running, None, 0
        if running is not None:
            await running.close(CLOSING_SECONDS)

    async def _visit(self, visit: _Visit) -> None:
        url, seconds = visit.request.url, self._limits.deadline_seconds
        try:
            require_http_url(url)
        except RefusedError as error:
            raise FetchError(str(error), outcome=Outcome.DENIED, transient=False) from error
        if visit.request.ca_file is not None:
            raise FetchError(_TWO_STORES.format(url=url), outcome=Outcome.TLS_ERROR, transient=False)
        budget = Budget(
            deadline_seconds=seconds,
            ends_at=time.monotonic() + seconds,
            maximum_wire_bytes=self._limits.maximum_bytes,
            phase="starting the browser",
        )
        try:
            async with asyncio.timeout(seconds):
                running = await self._launched()
        except TimeoutError as error:
            raise with_url(budget.exceeded(), url) from error
        except FetchError as error:
            raise with_url(error, url) from error
        visit.browser = running.name
        trouble: Trouble = asyncio.get_running_loop().create_future()

        def troubled(error: FetchError) -> None:
            if not trouble.done():
                trouble.set_result(with_url(error, url))

        proxy = BrowserProxy(egress=self._egress, wire=self._wire, budget=budget, on_overrun=troubled)
        watching = asyncio.create_task(self._watch_memory(running, troubled))
        running.on_end = lambda: troubled(_broke("the browser ended while it read the page"))
        try:
            await self._race(visit, running, proxy, budget, trouble, troubled)
        finally:
            running.on_end = None
            watching.cancel()
            await visit.leave()
            await proxy.close()

    async def _launched(self) -> Running:
        if self._running is not None and not self._running.browser.is_connected():
            await self._end()
        if self._running is None:
            self._running = await launch(self._options)
        self._fetches += 1
        return self._running

    async def _race(
        self,
        visit: _Visit,
        running: Running,
        proxy: BrowserProxy,
        budget: Budget,
        trouble: Trouble,
        troubled: Callable[[FetchError], None],
    ) -> None:
        """Read until it is done, trouble comes or the deadline has passed."""
        from playwright.async_api import Error

        reading = asyncio.create_task(self._read(visit, running, proxy, budget.ends_at, troubled))
        try:
            left = max(0.0, budget.ends_at - time.monotonic())
            awaited: set[asyncio.Future[Any]] = {reading, trouble}
            await asyncio.wait(awaited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and isinstance(reading.exception(), Error):
                await asyncio.wait({trouble}, timeout=TROUBLE_SECONDS)
            if trouble.done():
                visit.spoiled = True
                raise trouble.result()
            if not reading.done():
                budget.enter("reading the page")
                raise with_url(budget.exceeded(), visit.request.url)
            visit.reading = reading.result()
        except Error as error:
            visit.spoiled = True
            raise with_url(_broke(f"the browser failed: {str(error).splitlines()[0]}"), visit.request.url) from error
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(
        self,
        visit: _Visit,
        running: Running,
        proxy: BrowserProxy,
        ends_at: float,
        troubled: Callable[[FetchError], None],
    ) -> Reading:
        options = self._options
        server = await proxy.start()
        visit.context = await running.browser.new_context(
            proxy={"server": server, "username": proxy.user, "password": proxy.password, "bypass": "<-loopback>"},
            user_agent=self._introduction(running),
            viewport={"width": PAGE_WIDTH, "height": PAGE_HEIGHT},
            timezone_id="UTC",
            reduced_motion="reduce",
            accept_downloads=False,
            service_workers="block",
            permissions=[],
        )
        page = await visit.context.new_page()
        page.on("crash", lambda _: troubled(_broke("the page crashed the browser")))
        cdp = await visit.context.new_cdp_session(page)
        frame_id = (await cdp.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        visit.traffic = Traffic(
            cdp=cdp, frame_id=frame_id, request=visit.request, maximum_hops=self._limits.maximum_hops
        )
        await visit.traffic.watch()
        visit.reader = PageReader(
            page=page,
            cdp=cdp,
            frame_id=frame_id,
            request=visit.request,
            traffic=visit.traffic,
            proxy=proxy,
            limits=self._limits,
            page_limits=PageLimits(
                settle_seconds=options.settle_seconds,
                screenshot_maximum_height=options.screenshot_maximum_height,
                screenshot_maximum_bytes=options.screenshot_maximum_bytes,
            ),
            clock=self._clock,
            ends_at=ends_at,
        )
        return await visit.reader.read()

    def _introduction(self, running: Running) -> str:
        """A browser's User-Agent, for sites that serve by it, that ends with our own name."""
        major = running.browser.version.partition(".")[0]
        system = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        return f"{system} Chrome/{major}.0.0.0 Safari/537.36 {self._user_agent}"

    async def _watch_memory(self, running: Running, troubled: Callable[[FetchError], None]) -> None:
        maximum = self._options.maximum_memory_bytes
        while True:
            if group_memory_bytes(running.leader.pid) > maximum:
                message = f"the page needs more than {maximum // 1_000_000} MB of memory in the browser"
                troubled(FetchError(message, outcome=Outcome.TOO_LARGE, transient=False))
                running.end_browser()
                return
            await asyncio.sleep(MEMORY_PULSE_SECONDS)


class _Visit:
    """What is known so far of one fetch. `spoiled` says that the browser is not to be used again."""

    def __init__(self, *, request: FetchRequest, started_at: datetime) -> None:
        self.request = request
        self.started_at = started_at
        self.browser = ""
        self.spoiled = False
        self.context: BrowserContext | None = None
        self.traffic: Traffic | None = None
        self.reader: PageReader | None = None
        self.hops: tuple[Hop, ...] = ()
        self.reading: Reading | None = None
        self.error: FetchError | None = None

    async def leave(self) -> None:
        """Note where the page came from and close it."""
        from playwright.async_api import Error

        if self.reader is not None:
            self.hops = await self.reader.hops()
        if self.traffic is not None:
            self.traffic.stop()
        if self.context is not None:
            try:
                async with asyncio.timeout(CLOSING_SECONDS):
                    await self.context.close()
            except (Error, TimeoutError):
                self.spoiled = True

    def result(self, ended_at: datetime) -> FetchResult:
        """The fetch as the rest of the program sees it."""
        read = FetchResult(
            outcome=Outcome.NEW,
            requested_url=self.request.url,
            hops=self.hops,
            started_at=self.started_at,
            ended_at=ended_at,
            notes=(*((f"Asked for with a browser ({self.browser}).",) if self.browser else ()), *self._noted()),
        )
        if self.traffic is not None:
            shown = self.traffic.document or next(reversed(self.traffic.answers), None)
            read = replace(
                read,
                status=shown.status if shown else None,
                headers=self.traffic.headers_of(shown) if shown else (),
                request_headers=self.traffic.sent_headers,
            )
        if self.reading is not None:
            return replace(
                read,
                payload=self.reading.payload,
                media_type="text/html",
                charset="utf-8",
                screenshot=self.reading.screenshot,
                notes=(
                    f"Read with a browser ({self.browser}) after its scripts ran.",
                    *self._noted(),
                    *self.reading.notes,
                ),
            )
        error = self.error or _broke("the browser gave no page")
        error_page, cut = self.reader.error_page if self.reader is not None else (None, False)
        return replace(
            read,
            outcome=Outcome(error.outcome),
            error=str(error),
            transient=error.transient,
            retry_after_seconds=error.retry_after_seconds,
            partial=error_page,
            truncated=Truncation.LENGTH if cut else Truncation.NONE,
        )

    def _noted(self) -> tuple[str, ...]:
        return self.traffic.notes if self.traffic is not None else ()


def _broke(message: str) -> FetchError:
    return FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=True)
