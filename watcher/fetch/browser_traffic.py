"""What a page asks for, as Chromium's DevTools protocol tells it: each request is judged before it is sent.

Sources: the domains Fetch, Network and Page of the protocol, version 1.3. Addresses are not judged here but by
the proxy; this is about the rules that need to know the request: the hops of the main document, the methods, the
secrets. Overridden headers do not extend to the next hop of a redirect: each hop is paused, and judged, anew.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from watcher.errors import FetchError, RefusedError
from watcher.fetch.protection import leaves_protection, protection_denial, protection_note
from watcher.fetch.request import FetchRequest
from watcher.model.capture import Outcome
from watcher.model.source import require_http_url

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})
WITHHELD_KINDS = {"Media": "audio or video", "Ping": "a ping", "CSPViolationReport": "a violation report"}
UNCOUNTED_KINDS = frozenset({"EventSource", "Prefetch", "Preflight", "Document"})  # endless, or another frame's
OWN_HEADERS = frozenset({"proxy-authorization", "proxy-connection"})
DEFAULT_PORTS = {"http": 80, "https": 443}
MASK = "***"

Headers = tuple[tuple[str, str], ...]
Origin = tuple[str, str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The head of an answer to a request for the main document."""

    url: str
    status: int
    reason: str
    headers: Headers
    media_type: str
    tls_version: str
    issuer: str

    def header(self, name: str) -> str:
        """The first value of a header, "" when it was not sent."""
        return next((value for key, value in self.headers if key.lower() == name), "")


class Traffic:
    """The requests of one page. `answers` are those to the main document in order, redirects included.

    `denial` is why a request for the main document was not let out; `failure` the network's word (net::ERR_…) on the
    newest one that failed; `withheld` counts what the page's other requests were not let out for; `notes` are sentences
    for the custody of the evidence.
    """

    def __init__(self, *, cdp: CDPSession, frame_id: str, request: FetchRequest, maximum_hops: int) -> None:
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        self.denial: FetchError | None = None
        self.failure = ""
        self.withheld: Counter[str] = Counter()
        self.notes: tuple[str, ...] = ()
        self._cdp = cdp
        self._frame_id = frame_id
        self._request = request
        self._secret_origin = origin(request.secret_origin) if request.secret_origin else None
        self._maximum_hops = maximum_hops
        self._by_request: dict[str, Answer] = {}
        self._newest = ""
        self._committed = ""
        self._raw_headers: dict[str, str] = {}
        self._sent_headers: dict[str, Headers] = {}
        self._under_way: set[str] = set()
        self._changed_at = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()

    async def watch(self) -> None:
        """Judge and note every request from now on."""
        handlers: dict[str, Callable[[Any], None]] = {
            "Fetch.requestPaused": lambda event: self._later(self._judge(event)),
            "Network.requestWillBeSent": self._on_sent,
            "Network.requestWillBeSentExtraInfo": self._on_sent_headers,
            "Network.responseReceived": self._on_answer,
            "Network.responseReceivedExtraInfo": self._on_raw_headers,
            "Network.loadingFinished": self._on_ended,
            "Network.loadingFailed": self._on_failed,
            "Page.frameNavigated": self._on_navigated,
        }
        for name, handler in handlers.items():
            self._cdp.on(name, handler)
        await self._cdp.send("Page.enable")
        await self._cdp.send("Network.enable")
        await self._cdp.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    def stop(self) -> None:
        """Judge nothing more; what is paused stays paused until the page is closed."""
        for task in self._tasks:
            task.cancel()

    @property
    def document(self) -> Answer | None:
        """The answer that the page shown was made from; None while no answer became a page."""
        return self._by_request.get(self._committed)

    def headers_of(self, answer: Answer) -> Headers:
        """The response headers of an answer, as they came over the wire where Chromium tells."""
        request_id = next((known for known, one in self._by_request.items() if one is answer), "")
        raw = self._raw_headers.get(request_id, "")
        lines = [line.partition(":") for line in raw.splitlines()[1:] if ":" in line]
        return tuple((name.strip(), value.strip()) for name, _, value in lines) or answer.headers

    @property
    def sent_headers(self) -> Headers:
        """The request headers of the newest request for the main document, secrets masked."""
        return self._sent_headers.get(self._newest, ())

    def note_shown(self, loader_id: str) -> None:
        """A request for the main document became the page shown; its loader has the request's id."""
        self._committed = loader_id

    def quiet_seconds(self) -> float:
        """For how long nothing was asked for or under way."""
        return 0.0 if self._under_way else time.monotonic() - self._changed_at

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _judge(self, event: dict[str, Any]) -> None:
        before = self.asked[-1] if self.asked else ""
        is_document = self._is_document(event, "resourceType")
        refused = self._refuses_document(event) if is_document else self._refuses(event)
        answer: dict[str, Any] = {"requestId": event["requestId"]}
        if refused:
            await self._send("Fetch.failRequest", {**answer, "errorReason": "Aborted"})
            return
        if is_document and self._request.secret_headers and leaves_protection(before, event["request"]["url"]):
            await self._send("Network.clearBrowserCookies", {})  # secrets may have brought them
        if self._may_have_secrets(event):
            mine = {name.lower() for name, _ in self._request.secret_headers}
            kept = [(name, value) for name, value in event["request"]["headers"].items() if name.lower() not in mine]
            fields = [*kept, *self._request.secret_headers]
            answer["headers"] = [{"name": name, "value": value} for name, value in fields]
        await self._send("Fetch.continueRequest", answer)

    async def _send(self, method: str, arguments: dict[str, Any]) -> None:
        from playwright.async_api import Error

        try:
            await self._cdp.send(method, arguments)
        except Error:
            return  # the page went away, and its request with it

    def _is_document(self, event: dict[str, Any], kind: str) -> bool:
        return bool(event.get(kind) == "Document" and event.get("frameId") == self._frame_id)

    def _refuses_document(self, event: dict[str, Any]) -> bool:
        url = event["request"]["url"]
        before = self.asked[-1] if self.asked else ""
        self.asked.append(url)
        try:
            require_http_url(url)
        except RefusedError as error:
            self._deny(str(error))
        if self.denial is None and leaves_protection(before, url):
            if self._request.follow_to_http:
                self.notes = tuple(dict.fromkeys((*self.notes, protection_note(url))))
            else:
                self.denial = protection_denial(before, url)
        if event["request"]["method"] not in METHODS:
            self._deny(f"{before} leads to {url} by {event['request']['method']}, which is not followed")
        if len(self.asked) > self._maximum_hops:
            last = " → ".join(self.asked[-3:])
            message = f"more than {self._maximum_hops} redirects, the last ones {last}"
            self.denial = FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)
        return self.denial is not None

    def _deny(self, message: str) -> None:
        self.denial = FetchError(message, outcome=Outcome.DENIED, transient=False)

    def _refuses(self, event: dict[str, Any]) -> bool:
        method, kind = event["request"]["method"], event.get("resourceType", "")
        why = WITHHELD_KINDS.get(kind, "") if method in METHODS else f"the method {method}"
        if why:
            self.withheld[why] += 1
        return bool(why)

    def _may_have_secrets(self, event: dict[str, Any]) -> bool:
        """Only the origin they belong to, and only when it asks for itself: no other site's page may use them."""
        if self._secret_origin is None or origin(event["request"]["url"]) != self._secret_origin:
            return False
        if self._is_document(event, "resourceType"):
            return True
        shown = self.document
        return shown is not None and origin(shown.url) == self._secret_origin

    def _on_sent(self, event: dict[str, Any]) -> None:
        self._changed_at = time.monotonic()
        request_id = event["requestId"]
        if self._is_document(event, "type"):
            if "redirectResponse" in event:
                self.answers.append(_answer(event["redirectResponse"]))
            self._newest, self.failure = request_id, ""
        if request_id == self._newest or event.get("type") not in UNCOUNTED_KINDS:
            self._under_way.add(request_id)

    def _on_answer(self, event: dict[str, Any]) -> None:
        if event["requestId"] == self._newest:
            answer = _answer(event["response"])
            self.answers.append(answer)
            self._by_request[self._newest] = answer

    def _on_sent_headers(self, event: dict[str, Any]) -> None:
        secret = {name.lower() for name, _ in self._request.secret_headers}
        self._sent_headers[event["requestId"]] = tuple(
            (name, MASK if name.lower() in secret else value)
            for name, value in event["headers"].items()
            if name.lower() not in OWN_HEADERS
        )

    def _on_raw_headers(self, event: dict[str, Any]) -> None:
        self._raw_headers[event["requestId"]] = event.get("headersText", "")

    def _on_ended(self, event: dict[str, Any]) -> None:
        self._changed_at = time.monotonic()
        self._under_way.discard(event["requestId"])

    def _on_failed(self, event: dict[str, Any]) -> None:
        self._on_ended(event)
        if event["requestId"] == self._newest:
            self.failure = event.get("errorText", "") or "net::ERR_FAILED"

    def _on_navigated(self, event: dict[str, Any]) -> None:
        if event["frame"]["id"] == self._frame_id:
            self.note_shown(event["frame"]["loaderId"])


def origin(url: str) -> Origin:
    """Scheme, host and port of a URL, the port always said."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def _answer(response: dict[str, Any]) -> Answer:
    security = response.get("securityDetails") or {}
    return Answer(
        url=response["url"],
        status=response["status"],
        reason=response.get("statusText", ""),
        headers=tuple(response["headers"].items()),
        media_type=response.get("mimeType", ""),
        tls_version=security.get("protocol", "").replace("TLS ", "TLSv"),
        issuer=f"CN={security['issuer']}" if security.get("issuer") else "",
    )
