"""Reads WARC files of unknown origin under bounds (WARC 1.0 and 1.1, plain or one gzip member a record).

What is cut, lies about its length or expands without end is named with its byte. Memory: one record.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

STEP_BYTES = 1 << 16
LONGEST_HEADER = 1 << 16
LARGEST_SKIPPED = 4 << 30
EXPANSION = 100  # a file may expand to a hundred times its size,
EXPANSION_ALLOWANCE = 1 << 30  # and to so many bytes more
VERSIONS = (b"WARC/1.0", b"WARC/1.1", b"WARC/0.17", b"WARC/0.18")
_DIGEST_BITS = {"md5": 128, "sha1": 160, "sha256": 256, "sha512": 512}


class WarcError(ValueError):
    """A WARC file cannot be read; `offset` is the byte where the record begins."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(f"the record at byte {offset} {message}")
        self.offset = offset


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordHead:
    """Where a record begins, and its named fields by lower-case name."""

    offset: int
    fields: Mapping[str, str]

    @property
    def kind(self) -> str:
        """WARC-Type."""
        return self.fields.get("warc-type", "")

    @property
    def target(self) -> str:
        """WARC-Target-URI, without the angle brackets that old writers put round it."""
        return self.fields.get("warc-target-uri", "").removeprefix("<").removesuffix(">")


def scan(path: Path) -> Iterator[RecordHead]:
    """The heads of all records in order. WarcError names the first record that is not whole."""
    with path.open("rb") as file:
        stream = _Stream(file, 0, budget=EXPANSION * path.stat().st_size + EXPANSION_ALLOWANCE)
        while (offset := stream.next_record()) is not None:
            head, length = _read_head(stream, offset)
            yield head
            if length > LARGEST_SKIPPED:
                raise WarcError(f"says that it is {length} bytes long; the limit is {LARGEST_SKIPPED}", offset=offset)
            stream.skip(length, offset)
            _read_end(stream, offset)


def read_record(path: Path, offset: int, *, maximum_bytes: int) -> tuple[RecordHead, bytes]:
    """The record that begins at a byte, with its whole block. WarcError when there is none, or it is larger."""
    with path.open("rb") as file:
        if not 0 <= offset < path.stat().st_size:
            raise WarcError("is behind the end of the file", offset=offset)
        stream = _Stream(file, offset, budget=maximum_bytes + EXPANSION_ALLOWANCE)
        stream.next_record()
        head, length = _read_head(stream, offset)
        if length > maximum_bytes:
            raise WarcError(f"is {length} bytes long; the limit is {maximum_bytes}", offset=offset)
        block = stream.exactly(length, offset)
        _read_end(stream, offset)
        return head, block


def digest_is_right(declared: str, content: bytes) -> bool | None:
    """Whether bytes have a digest such as `sha1:<base32>` or `sha256:<hex>`; None when its form is not known."""
    name, _, value = declared.strip().partition(":")
    bits = _DIGEST_BITS.get(name.lower().replace("-", ""))
    if bits is None or not value:
        return None
    found = hashlib.new(name.lower().replace("-", ""), content, usedforsecurity=False).digest()
    return any(found == coded for coded in _decoded(value))


def _decoded(value: str) -> Iterator[bytes]:
    for decode in (base64.b32decode, base64.b16decode, base64.b64decode):
        try:
            yield decode(value if decode is base64.b64decode else value.upper())
        except (binascii.Error, ValueError):
            continue


def _read_head(stream: _Stream, offset: int) -> tuple[RecordHead, int]:
    version = stream.line(offset)
    if version.strip() not in VERSIONS:
        raise WarcError(f"begins with {version[:20]!r} and not with WARC/1.1", offset=offset)
    fields: dict[str, str] = {}
    length, last = 0, ""
    while (line := stream.line(offset)).strip():
        length += len(line)
        if length > LONGEST_HEADER:
            raise WarcError(f"has a header of more than {LONGEST_HEADER} bytes", offset=offset)
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text[0] in " \t" and last:
            fields[last] += f" {text.strip()}"
            continue
        name, _, value = text.partition(":")
        last = name.strip().lower()
        fields[last] = value.strip()
    if not line:
        raise WarcError("is cut: the file ends within its header", offset=offset)
    declared = fields.get("content-length", "")
    if not (declared.isascii() and declared.isdigit() and len(declared) < 16):
        raise WarcError(f"has no usable Content-Length but {declared[:20]!r}", offset=offset)
    return RecordHead(offset=offset, fields=fields), int(declared)


def _read_end(stream: _Stream, offset: int) -> None:
    if stream.exactly(4, offset) != b"\r\n\r\n":
        raise WarcError("does not end where its Content-Length says", offset=offset)


class _Stream:
    """The bytes of a WARC file from an offset on, inflated where they are gzip. `budget` bounds what is inflated."""

    def __init__(self, file: IO[bytes], offset: int, *, budget: int) -> None:
        file.seek(offset)
        self._file = file
        self._place = offset  # in the file, of the first byte after what is ready or coded
        self._budget = budget
        self._ready = b""
        self._coded = b""
        self._inflater: zlib._Decompress | None = None
        self._pull()
        self._is_gzip = self._coded[:2] == b"\x1f\x8b"

    def next_record(self) -> int | None:
        """The byte at which the next record begins, None at the end of the file."""
        if not self._is_gzip:
            if not self._ready and not self._more(self._place):
                return None
            return self._place - len(self._coded) - len(self._ready)
        start = self._place - len(self._coded)
        if self._ready:
            raise WarcError(
                "does not begin a gzip member: the file was compressed as one piece; `warcio recompress` mends that",
                offset=start,
            )
        while self._inflater is not None and not self._inflater.eof:
            if self._more(start):
                return self.next_record()
        if not self._coded and not self._pull():
            return None
        self._inflater = zlib.decompressobj(31)
        return self._place - len(self._coded)

    def line(self, offset: int) -> bytes:
        """Bytes up to and including a line feed; empty at the end of the file."""
        while b"\n" not in self._ready and len(self._ready) <= LONGEST_HEADER:
            if not self._more(offset):
                break
        end = self._ready.find(b"\n") + 1
        if not end and len(self._ready) > LONGEST_HEADER:
            raise WarcError(f"has a line of more than {LONGEST_HEADER} bytes in its header", offset=offset)
        end = end or len(self._ready)
        line, self._ready = self._ready[:end], self._ready[end:]
        return line

    def exactly(self, number: int, offset: int) -> bytes:
        """So many bytes; WarcError when the file ends before."""
        pieces, missing = [], number
        while missing:
            piece = self._some(missing, offset)
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def skip(self, number: int, offset: int) -> None:
        """Pass over so many bytes; WarcError when the file ends before."""
        while number:
            number -= len(self._some(number, offset))

    def _some(self, most: int, offset: int) -> bytes:
        if not self._ready and not self._more(offset):
            raise WarcError("is cut: the file, or its gzip member, ends within it", offset=offset)
        piece, self._ready = self._ready[:most], self._ready[most:]
        return piece

    def _pull(self) -> bool:
        fresh = self._file.read(STEP_BYTES)
        self._place += len(fresh)
        self._coded += fresh
        return bool(fresh)

    def _more(self, offset: int) -> bool:
        """Make some more bytes of this gzip member (or of the plain file) ready; False at its end."""
        if not self._is_gzip:
            if not self._coded and not self._pull():
                return False
            self._ready, self._coded = self._ready + self._coded, b""
            return True
        inflater = self._inflater
        while inflater is not None and not inflater.eof:
            if not self._coded and not self._pull():
                raise WarcError("is cut: its gzip member does not end", offset=offset)
            try:
                piece = inflater.decompress(self._coded, STEP_BYTES)
            except zlib.error as error:
                raise WarcError(f"is damaged: {error}", offset=offset) from error
            self._coded = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            self._budget -= len(piece)
            if self._budget < 0:
                raise WarcError("expands beyond all measure: this is no web archive but a bomb", offset=offset)
            if piece:
                self._ready += piece
                return True
        return False
