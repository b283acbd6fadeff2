"""Reads one page in a browser: opens it, waits until it has come to rest, takes its text and its picture."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from watcher.errors import FetchError
from watcher.fetch.browser_proxy import BrowserProxy
from watcher.fetch.browser_traffic import DEFAULT_PORTS, Answer, Origin, Traffic, origin
from watcher.fetch.fetcher import FetchLimits
from watcher.fetch.headers import retry_after_seconds
from watcher.fetch.request import FetchRequest
from watcher.model.capture import Hop, Outcome

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

PAGES = frozenset({"text/html", "application/xhtml+xml"})
QUIET_SECONDS = 0.5
PULSE_SECONDS = 0.1
CERTIFICATE_SECONDS = 2.0
SCREENSHOT_SECONDS = 10.0
PAGE_WIDTH = 1280
ERROR_PAGE_BYTES = 64 * 1024
ACCESS_DENIED = {
    401: "the page asks for a login; give the Source credentials",
    403: "the site does not show it to us",
    451: "it is blocked for legal reasons",
}
WORLD = "watcher"
MAXIMUM_RETRY_AFTER_SECONDS = 86400.0

# Both scripts run in a world of their own, whose functions the page's scripts cannot replace.
PULSE = """(() => {
  if (!globalThis.changedAt) {
    globalThis.changedAt = performance.now();
    const noted = () => { globalThis.changedAt = performance.now(); };
    new MutationObserver(noted).observe(document, {subtree: true, childList: true, characterData: true});
  }
  return {loaded: document.readyState === 'complete', still: (performance.now() - globalThis.changedAt) / 1000};
})()"""
# Where there are open shadow roots, the flat tree (DOM standard, 4.2.2) is written: what a reader sees in place of
# a host is its shadow root with the slots filled. It is written by hand, because pages can forbid the parser.
TAKE = """(limit => {
  const escaped = (text, quoted) => {
    const plain = text.replaceAll('&', '&amp;').replaceAll('\\u00a0', '&nbsp;');
    return quoted ? plain.replaceAll('"', '&quot;') : plain.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  };
  const above = new Set();
  let shadows = 0;
  const seek = from => from.querySelectorAll('*').forEach(element => {
    if (!element.shadowRoot) return;
    shadows++;
    for (let node = element; node; node = node.parentNode || node.host) above.add(node);
    seek(element.shadowRoot);
    element.shadowRoot.querySelectorAll('slot').forEach(slot => {
      for (let node = slot; node; node = node.parentNode || node.host) above.add(node);
    });
  });
  const below = node => {
    if (node.shadowRoot) return node.shadowRoot.childNodes;
    const filled = node.localName === 'slot' ? node.assignedNodes() : [];
    return filled.length ? filled : node.childNodes;
  };
  const written = node => {
    if (node.nodeType === Node.TEXT_NODE) return escaped(node.data, false);
    if (node.nodeType === Node.COMMENT_NODE) return `<!--${node.data}-->`;
    if (node.nodeType !== Node.ELEMENT_NODE) return '';
    if (!above.has(node)) return node.outerHTML;
    const attributes = [...node.attributes].map(one => ` ${one.name}="${escaped(one.value, true)}"`).join('');
    return `<${node.localName}${attributes}>${[...below(node)].map(written).join('')}</${node.localName}>`;
  };
  seek(document);
  const doctype = document.doctype ? new XMLSerializer().serializeToString(document.doctype) + '\\n' : '';
  const whole = (doctype + written(document.documentElement)).toWellFormed();
  return {html: whole.length > limit ? null : whole, shadows, url: location.href};
})"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a page was when it was read. `notes` are sentences for the custody of the evidence."""

    payload: bytes
    screenshot: bytes | None
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PageLimits:
    """How long a page may take to come to rest once it is loaded, and how large its picture may be."""

    settle_seconds: float
    screenshot_maximum_height: int
    screenshot_maximum_bytes: int


class PageReader:
    """Reads one page that is open and blank. `ends_at` is the deadline on the monotonic clock.

    `error_page` is what a page with another status than 200 said, up to 64 KiB, and whether it was cut.
    """

    def __init__(
        self,
        *,
        page: Page,
        cdp: CDPSession,
        frame_id: str,
        request: FetchRequest,
        traffic: Traffic,
        proxy: BrowserProxy,
        limits: FetchLimits,
        page_limits: PageLimits,
        clock: Callable[[], datetime],
        ends_at: float,
    ) -> None:
        self._page = page
        self._cdp = cdp
        self._frame_id = frame_id
        self._request = request
        self._traffic = traffic
        self._proxy = proxy
        self._limits = limits
        self._page_limits = page_limits
        self._clock = clock
        self._ends_at = ends_at
        self.error_page: tuple[bytes | None, bool] = (None, False)

    async def read(self) -> Reading:
        """Open the page and take it. FetchError says why it is not to be had."""
        opened = await self._cdp.send("Page.navigate", {"url": self._request.url})
        if not opened.get("errorText"):
            self._traffic.note_shown(opened["loaderId"])
        self._require_page()
        notes = [await self._settle()]
        payload, shadows = await self._take()
        if shadows:
            notes.append(f"The text of {shadows} shadow root{'s' if shadows != 1 else ''} was written into the page.")
        screenshot, remark = await self._picture()
        notes += [remark, *self._losses()]
        return Reading(payload=payload, screenshot=screenshot, notes=tuple(filter(None, notes)))

    async def hops(self) -> tuple[Hop, ...]:
        """The requests for the main document so far, as evidence; certificates where the browser tells them in time."""
        from playwright.async_api import Error

        answers = self._traffic.answers
        certificates: dict[Origin, str] = {}
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(CERTIFICATE_SECONDS):
                for where in dict.fromkeys(origin(answer.url) for answer in answers if answer.tls_version):
                    certificates[where] = await self._certificate(where)
        return tuple(
            Hop(
                url=answer.url,
                status=answer.status,
                location=answer.header("location"),
                address=self._proxy.addresses.get(origin(answer.url)[1:], ""),
                tls_version=answer.tls_version,
                certificate_sha256=certificates.get(origin(answer.url), ""),
                issuer=answer.issuer,
            )
            for answer in answers
        )

    def _require_page(self) -> Answer:
        """The answer that the page was made from; FetchError when there is none, or it is no page."""
        traffic = self._traffic
        if traffic.denial is not None:
            raise traffic.denial
        document = traffic.document
        if document is None:
            last = traffic.answers[-1] if traffic.answers else None
            if last is not None and not 300 <= last.status < 400 and _is_aborted(traffic.failure):
                raise _no_success(last, self._clock()) if last.status != 200 else _no_page(last)
            raise self._unreached()
        if document.media_type not in PAGES and document.status == 200:
            raise _no_page(document)
        return document

    def _unreached(self) -> FetchError:
        url = self._traffic.asked[-1] if self._traffic.asked else self._request.url
        failure = self._traffic.failure or "the browser showed no page"
        refused = self._proxy.failures.get(origin(url)[1:])
        if refused is not None:
            return FetchError(f"{url}: {refused}", outcome=refused.outcome, transient=refused.transient)
        if "ERR_CERT" in failure or "ERR_SSL" in failure:
            return FetchError(f"{url}: no trusted TLS connection: {failure}", outcome=Outcome.TLS_ERROR, transient=True)
        broken = any(word in failure for word in ("EMPTY_RESPONSE", "INVALID", "RESPONSE_HEADERS", "CONTENT_", "HTTP2"))
        outcome = Outcome.BROKEN_RESPONSE if broken else Outcome.NETWORK_ERROR
        said = "sent a broken response" if broken else "could not be reached"
        return FetchError(f"{url} {said}: {failure}", outcome=outcome, transient=True)

    async def _settle(self) -> str:
        """Wait until the page is at rest; "" when it came to rest, else a note."""
        begun = time.monotonic()
        reserve = min(5.0, 0.25 * self._limits.deadline_seconds)
        latest = self._ends_at - reserve
        loaded_at: float | None = None
        while (now := time.monotonic()) < latest:
            pulse = await self._evaluate(PULSE, latest - now)
            self._require_page()
            if pulse is not None and pulse["loaded"]:
                if loaded_at is None:
                    loaded_at = now
                    latest = min(latest, now + self._page_limits.settle_seconds)
                if pulse["still"] >= QUIET_SECONDS and self._traffic.quiet_seconds() >= QUIET_SECONDS:
                    return ""
            elif now - begun > 2 * self._page_limits.settle_seconds:
                break
            await asyncio.sleep(PULSE_SECONDS)
        what = "come to rest" if loaded_at is not None else "finished loading"
        return f"The page had not {what} after {time.monotonic() - begun:.0f} s and was taken as it was."

    async def _take(self) -> tuple[bytes, int]:
        """The page as HTML and how many shadow roots it has. FetchError for an error page or one that is too large."""
        taken = await self._evaluate(f"{TAKE}({self._limits.maximum_bytes})", None)
        document = self._require_page()
        if taken is None:
            raise FetchError(
                f"{self._request.url}: the page was replaced by another while it was read",
                outcome=Outcome.BROKEN_RESPONSE,
                transient=True,
            )
        if not taken["url"].startswith(("http:", "https:")):
            raise self._unreached()
        payload = taken["html"].encode() if taken["html"] is not None else None
        if payload is None or len(payload) > self._limits.maximum_bytes:
            message = f"the page {self._request.url} is over the limit of {self._limits.maximum_bytes} bytes"
            raise FetchError(message, outcome=Outcome.TOO_LARGE, transient=False)
        if document.status != 200:
            self.error_page = payload[:ERROR_PAGE_BYTES], len(payload) > ERROR_PAGE_BYTES
            raise _no_success(document, self._clock())
        return payload, taken["shadows"]

    async def _picture(self) -> tuple[bytes | None, str]:
        """A PNG of the page from its top, and a note on what it lacks."""
        limits = self._page_limits
        try:
            async with asyncio.timeout(min(SCREENSHOT_SECONDS, 0.8 * self._left())):
                metrics = await self._cdp.send("Page.getLayoutMetrics")
                full = max(1, round(metrics["cssContentSize"]["height"]))
                height = min(full, limits.screenshot_maximum_height)
                picture = await self._page.screenshot(
                    full_page=True,
                    clip={"x": 0, "y": 0, "width": PAGE_WIDTH, "height": height},
                    animations="disabled",
                    timeout=0,
                )
        except TimeoutError:
            return None, "No screenshot: it was not done in time."
        if len(picture) > limits.screenshot_maximum_bytes:
            return None, f"No screenshot: it has {len(picture)} bytes, more than {limits.screenshot_maximum_bytes}."
        cut = f"The screenshot shows the first {height} of {full} pixels." if height < full else ""
        return picture, cut

    def _losses(self) -> list[str]:
        """What the page asked for and did not get, as notes."""
        refusals, withheld = self._proxy.refusals, self._traffic.withheld
        unreached = [error for error in self._proxy.failures.values() if error.outcome != Outcome.DENIED]
        notes = []
        if refusals:
            reasons = dict.fromkeys(str(error).partition(". Is it")[0] for error in refusals)
            notes.append(f"{_requests(len(refusals))} of the page were refused: {_listed(reasons)}.")
        if withheld:
            notes.append(f"{_requests(withheld.total())} of the page were withheld: {_listed(dict(withheld))}.")
        if unreached:
            notes.append(f"Parts of the page did not come: {_listed(dict.fromkeys(map(str, unreached)))}.")
        return notes

    async def _certificate(self, where: Origin) -> str:
        """SHA-256 of the certificate of a server that answered, "" when the browser does not know it."""
        scheme, host, port = where
        shown = f"[{host}]" if ":" in host else host
        text = f"{scheme}://{shown}" + ("" if port == DEFAULT_PORTS[scheme] else f":{port}")
        chain = (await self._cdp.send("Network.getCertificate", {"origin": text}))["tableNames"]
        return hashlib.sha256(base64.b64decode(chain[0])).hexdigest() if chain else ""

    async def _evaluate(self, script: str, seconds: float | None) -> Any:
        """A script's value in our own world of the page; None when the document went away or is silent for so long."""
        from playwright.async_api import Error

        with suppress(Error, TimeoutError):
            async with asyncio.timeout(seconds):
                world = await self._cdp.send(
                    "Page.createIsolatedWorld", {"frameId": self._frame_id, "worldName": WORLD}
                )
                answer = await self._cdp.send(
                    "Runtime.evaluate",
                    {"expression": script, "contextId": world["executionContextId"], "returnByValue": True},
                )
                return answer["result"].get("value")
        return None

    def _left(self) -> float:
        return max(0.0, self._ends_at - time.monotonic())


def _no_success(answer: Answer, now: datetime) -> FetchError:
    said = f"{answer.url} answered {answer.status} {answer.reason}".strip()
    if answer.status in ACCESS_DENIED:
        return FetchError(f"{said}: {ACCESS_DENIED[answer.status]}", outcome=Outcome.ACCESS_DENIED, transient=False)
    return FetchError(
        said,
        outcome=Outcome.HTTP_ERROR,
        transient=answer.status in (408, 425, 429) or answer.status >= 500,
        retry_after_seconds=retry_after_seconds((("retry-after", answer.header("retry-after")),), now),
    )


def _no_page(answer: Answer) -> FetchError:
    return FetchError(
        f"{answer.url} answered {answer.media_type or 'something without a type'}, which is no page: "
        "set `browser: false` for this Source",
        outcome=Outcome.BROKEN_RESPONSE,
        transient=False,
    )


def _is_aborted(failure: str) -> bool:
    """Whether Chromium gave a request up by itself, as it does with downloads and answers without content."""
    return failure in ("net::ERR_ABORTED", "")


def _requests(count: int) -> str:
    return f"{count} request" + ("s" if count != 1 else "")


def _listed(reasons: dict[str, Any]) -> str:
    """The first three of some reasons, and how many more there are."""
    more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return "; ".join(list(reasons)[:3]) + more
