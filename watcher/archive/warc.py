"""Writes WARC 1.1 files (ISO 28500:2017): each record one gzip member, so that it can be read alone."""

from __future__ import annotations

import hashlib
import re
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from watcher.archive.offline_verifier import target_uri

HTTP_RESPONSE = "application/http;msgtype=response"
HTTP_REQUEST = "application/http;msgtype=request"
FIELDS = "application/warc-fields"
REVISIT_SAME = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
REVISIT_304 = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_NAMESPACE = uuid.UUID("6d0c6fd8-7a1f-5d9b-8b59-0c8a3f2f5a11")


@dataclass(frozen=True, kw_only=True, slots=True)
class WarcRecord:
    """One record. `head` is the HTTP head of a request or response, `payload` what follows it.

    `payload_sha256` is declared when given, else it is that of `payload`; `more` are further named fields in order.
    """

    kind: str
    record_id: str
    date: datetime
    content_type: str = ""
    target: str = ""
    head: bytes = b""
    payload: bytes = b""
    payload_sha256: str | None = None
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a record lies: file name, first byte and number of bytes, both as compressed."""

    filename: str
    offset: int
    length: int


def record_id(*parts: object) -> str:
    """A WARC-Record-ID that is always the same for the same parts."""
    return f"<urn:uuid:{uuid.uuid5(_NAMESPACE, ' '.join(str(part) for part in parts))}>"


def warc_date(moment: datetime) -> str:
    """WARC-Date in UTC, with a fraction of a second where there is one (WARC 1.1, 5.4)."""
    shown = moment.astimezone(UTC).isoformat(timespec="microseconds" if moment.microsecond else "seconds")
    return shown.replace("+00:00", "Z")


def fields_block(fields: Sequence[tuple[str, str]]) -> bytes:
    """The block of a warcinfo or metadata record of type application/warc-fields."""
    return b"".join(f"{name}: {_one_line(value)}\r\n".encode() for name, value in fields)


class WarcWriter:
    """Writes records to `<stem>-00001.warc.gz` and on, a new file when one has grown to `file_bytes`.

    Every file begins with a warcinfo record of the given fields.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        *,
        info: Sequence[tuple[str, str]],
        made_at: datetime,
        file_bytes: int = 1_000_000_000,
    ) -> None:
        self._folder = folder
        self._stem = stem
        self._info = tuple(info)
        self._made_at = made_at
        self._file_bytes = file_bytes
        self._number = 0
        self._file: IO[bytes] | None = None
        self.filename = ""

    def close(self) -> None:
        """Close the file that is being written."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def write(self, record: WarcRecord) -> Place:
        """Write one record; returns where it lies."""
        file = self._file
        if file is None or file.tell() >= self._file_bytes:
            file = self._next_file()
        return self._put(file, record)

    def _next_file(self) -> IO[bytes]:
        self.close()
        self._number += 1
        self.filename = f"{self._stem}-{self._number:05d}.warc.gz"
        self._file = (self._folder / self.filename).open("xb")
        info = WarcRecord(
            kind="warcinfo",
            record_id=record_id("warcinfo", self.filename, self._made_at),
            date=self._made_at,
            content_type=FIELDS,
            payload=fields_block(self._info),
            more=(("WARC-Filename", self.filename),),
        )
        self._put(self._file, info)
        return self._file

    def _put(self, file: IO[bytes], record: WarcRecord) -> Place:
        offset = file.tell()
        deflater = zlib.compressobj(6, zlib.DEFLATED, 31)
        for piece in (record_head(record), record.head, record.payload, b"\r\n\r\n"):
            file.write(deflater.compress(piece))
        file.write(deflater.flush())
        return Place(filename=self.filename, offset=offset, length=file.tell() - offset)


def record_head(record: WarcRecord) -> bytes:
    """Version line and named fields of a record, with the digests of its block and payload."""
    block = hashlib.sha256(record.head)
    block.update(record.payload)
    fields = [("WARC-Type", record.kind), ("WARC-Record-ID", record.record_id), ("WARC-Date", warc_date(record.date))]
    if record.target:
        fields.append(("WARC-Target-URI", target_uri(record.target)))
    if record.kind in ("response", "resource", "revisit", "conversion"):
        digest = record.payload_sha256 or hashlib.sha256(record.payload).hexdigest()
        fields.append(("WARC-Payload-Digest", f"sha256:{digest}"))
    fields.append(("WARC-Block-Digest", f"sha256:{block.hexdigest()}"))
    fields += record.more
    if record.content_type:
        fields.append(("Content-Type", record.content_type))
    fields.append(("Content-Length", str(len(record.head) + len(record.payload))))
    lines = b"".join(f"{name}: {_one_line(value)}\r\n".encode("utf-8", "surrogatepass") for name, value in fields)
    return b"WARC/1.1\r\n" + lines + b"\r\n"


def _one_line(value: str) -> str:
    return " ".join(re.split(r"[\r\n]+", value)).strip()
