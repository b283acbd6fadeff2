"""A Capture as WARC 1.1 records: what was asked, what came, what is known of it, and what was read out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from watcher.archive import warc
from watcher.archive.cdxj import cdxj_line
from watcher.archive.offline_verifier import response_head
from watcher.archive.warc import WarcRecord
from watcher.model.capture import Capture, Outcome, Truncation, Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The record that holds a payload, for those that refer to it."""

    record_id: str
    target: str
    date: datetime


class CaptureWriter:
    """Writes Captures to WARC files in the order of the ledger; a payload is written once, then referred to.

    `get_payload` gives archived bytes by digest, None for bytes that were deleted with a tombstone. `index`
    gathers the CDXJ lines of what can be replayed.
    """

    def __init__(self, writer: warc.WarcWriter, *, origin: str, get_payload: Callable[[str], bytes | None]) -> None:
        self._writer = writer
        self._origin = origin
        self._get_payload = get_payload
        self._written: dict[str, Written] = {}
        self.index: list[str] = []

    def write(self, capture: Capture, line: bytes) -> None:
        """All records of one Capture; `line` is its ledger record byte for byte."""
        body = self._body(capture)
        if body is not None:
            self._put_body(capture, body)
        if capture.request_headers:
            self._writer.write(self._request(capture))
        self._writer.write(self._metadata(capture, line, described=body))
        for screenshot in self._screenshot(capture):
            self._writer.write(screenshot)

    def write_text(self, capture: Capture, version: Version) -> None:
        """The text that a Version holds, as a `conversion` of the payload."""
        if version.document is None:
            return
        source = self._written.get(version.payload_sha256)
        refers = () if source is None else (("WARC-Refers-To", source.record_id),)
        record = WarcRecord(
            kind="conversion",
            record_id=warc.record_id(self._origin, version.version_id, "text"),
            date=capture.captured_at,
            content_type="text/plain;charset=utf-8",
            target=target_of(capture),
            payload=version.document.text.encode("utf-8", "replace"),
            more=(*refers, ("Watcher-Version", version.version_id), *self._named(capture)),
        )
        self._writer.write(record)

    def _put_body(self, capture: Capture, body: WarcRecord) -> None:
        place = self._writer.write(body)
        digest = body.payload_sha256
        if body.kind != "revisit" and digest is not None:
            self._written.setdefault(
                digest, Written(record_id=body.record_id, target=body.target, date=capture.captured_at)
            )
        if urlsplit(body.target).scheme in ("http", "https") and capture.status != 304:
            mime = "warc/revisit" if body.kind == "revisit" else capture.media_type or "application/octet-stream"
            self.index.append(
                cdxj_line(
                    url=body.target,
                    captured_at=capture.captured_at,
                    mime=mime,
                    status=capture.status,
                    digest=f"sha256:{digest}",
                    place=place,
                )
            )

    def _body(self, capture: Capture) -> WarcRecord | None:
        """The response, resource or revisit record of a Capture; None when no bytes came or they were deleted."""
        digest = capture.payload_sha256 if capture.outcome.reached else capture.partial_sha256
        if digest is None:
            return None
        known = self._written.get(digest)
        if known is not None:
            return self._revisit(capture, digest, known)
        payload = self._get_payload(digest)
        if payload is None:
            return None
        has_head = _has_head(capture) and capture.outcome is not Outcome.NOT_MODIFIED
        head = b""
        if has_head:
            decoded = capture.outcome.reached
            head = response_head(capture.status, capture.headers, decoded=decoded, length=len(payload))
        cut: tuple[tuple[str, str], ...] = ()
        if capture.truncated is not Truncation.NONE:
            cut = (("WARC-Truncated", capture.truncated.value),)
        return WarcRecord(
            kind="response" if has_head else "resource",
            record_id=self._id(capture, "body"),
            date=capture.captured_at,
            content_type=warc.HTTP_RESPONSE if has_head else capture.media_type or "application/octet-stream",
            target=target_of(capture),
            head=head,
            payload=payload,
            payload_sha256=digest,
            more=(*self._address(capture), *cut, *self._named(capture)),
        )

    def _revisit(self, capture: Capture, digest: str, known: Written) -> WarcRecord:
        is_304 = capture.outcome is Outcome.NOT_MODIFIED
        has_head = _has_head(capture)
        decoded = capture.outcome.reached and not is_304
        head = response_head(capture.status, capture.headers, decoded=decoded, length=None) if has_head else b""
        return WarcRecord(
            kind="revisit",
            record_id=self._id(capture, "body"),
            date=capture.captured_at,
            content_type=warc.HTTP_RESPONSE if has_head else "",
            target=target_of(capture),
            head=head,
            payload_sha256=digest,
            more=(
                ("WARC-Profile", warc.REVISIT_304 if is_304 else warc.REVISIT_SAME),
                ("WARC-Refers-To", known.record_id),
                ("WARC-Refers-To-Target-URI", known.target),
                ("WARC-Refers-To-Date", warc.warc_date(known.date)),
                *self._address(capture),
                *self._named(capture),
            ),
        )

    def _request(self, capture: Capture) -> WarcRecord:
        parts = urlsplit(target_of(capture))
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in capture.request_headers)]
        head = "".join(" ".join(line.splitlines()) + "\r\n" for line in lines) + "\r\n"
        return WarcRecord(
            kind="request",
            record_id=self._id(capture, "request"),
            date=capture.captured_at,
            content_type=warc.HTTP_REQUEST,
            target=target_of(capture),
            head=head.encode("utf-8", "surrogatepass"),
            more=(("WARC-Concurrent-To", self._id(capture, "body")), *self._named(capture)),
        )

    def _metadata(self, capture: Capture, line: bytes, *, described: WarcRecord | None) -> WarcRecord:
        beside = () if described is None else (("WARC-Concurrent-To", described.record_id),)
        return WarcRecord(
            kind="metadata",
            record_id=self._id(capture, "record"),
            date=capture.captured_at,
            content_type="application/json",
            target=capture_urn(self._origin, capture.sequence),  # a replayer must not take it for the page
            payload=line,
            more=(*beside, *self._named(capture)),
        )

    def _screenshot(self, capture: Capture) -> Iterator[WarcRecord]:
        if capture.screenshot_sha256 is None:
            return
        image = self._get_payload(capture.screenshot_sha256)
        if image is not None:
            yield WarcRecord(
                kind="resource",
                record_id=self._id(capture, "screenshot"),
                date=capture.captured_at,
                content_type="image/png",
                target=f"urn:view:{target_of(capture)}",
                payload=image,
                payload_sha256=capture.screenshot_sha256,
                more=(("WARC-Concurrent-To", self._id(capture, "body")), *self._named(capture)),
            )

    def _id(self, capture: Capture, part: str) -> str:
        return warc.record_id(self._origin, capture.sequence, part)

    def _named(self, capture: Capture) -> tuple[tuple[str, str], ...]:
        return (("Watcher-Capture", capture_urn(self._origin, capture.sequence)),)

    def _address(self, capture: Capture) -> tuple[tuple[str, str], ...]:
        """The IP address that answered; a proxy hides whether it was that one."""
        if not capture.hops or not capture.hops[-1].address or capture.hops[-1].proxy:
            return ()
        host = capture.hops[-1].address.rpartition(":")[0].strip("[]")
        return (("WARC-IP-Address", host),) if host else ()


def _has_head(capture: Capture) -> bool:
    return capture.status is not None and bool(capture.headers)


def capture_urn(origin: str, sequence: int) -> str:
    """The name of a Capture that is the same in every export of its archive."""
    return f"urn:x-watcher:capture:{quote(origin, safe='/.-_~')}:{sequence}"


def target_of(capture: Capture) -> str:
    """The address that answered at the end of all redirects, or a name for a document without one."""
    url = capture.hops[-1].url if capture.hops else capture.requested_url
    return url or f"urn:x-watcher:source:{quote(capture.source_id, safe='')}"
