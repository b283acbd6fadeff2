"""Bring WARC files into a Source: each response, resource or revisit of its address becomes a dated Capture."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from watcher.archive.cdx_read import CdxError, read_cdx
from watcher.archive.cdxj import surt
from watcher.archive.warc_read import RecordHead, WarcError, digest_is_right, read_record, scan
from watcher.errors import ConfigError, FetchError, RefusedError
from watcher.fetch.coding import GZIP_NAMES, Inflater
from watcher.fetch.headers import content_type, values_of
from watcher.model.source import Source
from watcher.pipeline.import_history import DatedItem, import_one, require_past
from watcher.pipeline.ports import Rooms
from watcher.pipeline.record import Recorded
from watcher.store import sources

MAXIMUM_ENTRIES = 1_000_000
MAXIMUM_BYTES = 50_000_000
KINDS = ("response", "resource", "revisit")
SUFFIXES = (".warc", ".warc.gz")
Headers = tuple[tuple[str, str], ...]


class UnusableRecordError(ValueError):
    """A record of the address that is no dated state of the document; says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WarcEntry:
    """One record of the address: where it lies and when it was captured. `indexed` says that an index told so."""

    captured_at: datetime
    path: Path
    offset: int
    url: str
    indexed: bool = False

    @property
    def origin(self) -> str:
        """File and byte, for people."""
        return f"{self.path.name} byte {self.offset}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What became of one record: `recorded` is None when it was known already, or could not be used: see `reason`."""

    entry: WarcEntry
    recorded: Recorded | None
    reason: str = ""


@dataclass(kw_only=True, slots=True)
class _Seen:
    """Payloads of this import by what revisits call them: declared digest, or address and second."""

    by_digest: dict[str, str] = field(default_factory=dict)
    by_moment: dict[tuple[str, str], str] = field(default_factory=dict)


def warc_files(path: Path, match: str) -> list[Path]:
    """The WARC files that a path names; empty when it names something else."""
    files = sorted(file for file in path.glob(match) if file.is_file()) if path.is_dir() else [path]
    return files if files and all(file.name.lower().endswith(SUFFIXES) for file in files) else []


def find_entries(files: list[Path], url: str, *, index: Path | None = None) -> list[WarcEntry]:
    """The records of an address in WARC files, oldest first; an index says where they are, else all is read.

    http and https, a leading www and the order of a query do not count. ConfigError names the file, and the byte
    or line, that cannot be read; nothing was imported then.
    """
    wanted = surt(url)
    entries: list[WarcEntry] = []
    for entry in _indexed(files, wanted, index) if index is not None else _scanned(files, wanted):
        entries.append(entry)
        if len(entries) > MAXIMUM_ENTRIES:
            raise ConfigError(f"more than {MAXIMUM_ENTRIES} records of {url}: import fewer files at a time")
    return sorted(entries, key=lambda entry: entry.captured_at)


def url_of(rooms: Rooms, source_id: str, url: str | None) -> str:
    """The address to look for: the given one, or the Source's own."""
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
    found = url or source.definition.url
    if not found:
        raise RefusedError(f"{source_id!r} is an Upload and has no address: say with --url which one to look for")
    return found


def import_entries(rooms: Rooms, source_id: str, entries: list[WarcEntry], *, user: str) -> Iterator[Imported]:
    """Record each entry in turn, one in memory at a time. A record that cannot be used is passed over and named."""
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
    for entry in entries:
        require_past(rooms, entry.origin, entry.captured_at)
    seen = _Seen()
    for entry in entries:
        yield _import_entry(rooms, source, entry, seen, user=user)


def _import_entry(rooms: Rooms, source: Source, entry: WarcEntry, seen: _Seen, *, user: str) -> Imported:
    try:
        head, block = read_record(entry.path, entry.offset, maximum_bytes=MAXIMUM_BYTES)
        _require_as_indexed(entry, head)
        item = _item(rooms, entry, head, block, seen)
    except (UnusableRecordError, WarcError) as error:
        return Imported(entry=entry, recorded=None, reason=str(error))
    return Imported(entry=entry, recorded=import_one(rooms, source, item, user=user))


def _item(rooms: Rooms, entry: WarcEntry, head: RecordHead, block: bytes, seen: _Seen) -> DatedItem:
    is_http = head.fields.get("content-type", "").lower().startswith("application/http")
    is_bare = head.kind == "revisit" and not block.strip()
    status, headers, body = _http(block) if is_http and not is_bare else (None, (), block)
    if head.kind == "revisit":
        payload = rooms.archive.get_payload(_revisited(head, seen))
        media_type, charset = content_type(headers)
    else:
        _require_answer(status)
        _require_digest(head, block, body, headers)
        payload = _decoded(_unchunked(body, headers), headers, entry)
        media_type, charset = content_type(headers or (("content-type", head.fields.get("content-type", "")),))
    if not payload:
        raise UnusableRecordError("has an empty body")
    digest = hashlib.sha256(payload).hexdigest()
    seen.by_moment[surt(head.target), _second(entry.captured_at)] = digest
    declared = head.fields.get("warc-payload-digest", "").lower()
    if declared:
        seen.by_digest.setdefault(declared, digest)
    return DatedItem(
        captured_at=entry.captured_at,
        payload=payload,
        media_type=media_type,
        charset=charset,
        url=head.target,
        origin=f"{entry.origin} {head.fields.get('warc-record-id', '')}".strip(),
        status=status,
        headers=headers,
    )


def _revisited(head: RecordHead, seen: _Seen) -> str:
    """The archived payload that a revisit refers to."""
    declared = head.fields.get("warc-payload-digest", "").lower()
    referred = head.fields.get("warc-refers-to-date", "")
    found = seen.by_digest.get(declared)
    if found is None and referred:
        target = head.fields.get("warc-refers-to-target-uri", head.target)
        found = seen.by_moment.get((surt(target), _second(_date(referred, head))))
    if found is None:
        raise UnusableRecordError("says that nothing had changed, and what it refers to is not in these files")
    return found


def _http(block: bytes) -> tuple[int, Headers, bytes]:
    """Status, headers and body of an HTTP answer."""
    head, blank, body = block.partition(b"\r\n\r\n")
    if not blank:
        head, blank, body = block.partition(b"\n\n")
    lines = head.decode("latin-1").splitlines()
    words = lines[0].split(None, 2) if lines else []
    if len(words) < 2 or not words[0].startswith("HTTP/") or not (words[1].isascii() and words[1].isdigit()):
        raise UnusableRecordError("holds no HTTP answer")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
        elif ":" in line:
            name, _, value = line.partition(":")
            headers.append((name.strip(), value.strip()))
    return int(words[1][:3]), tuple(headers), body


def _require_answer(status: int | None) -> None:
    if status is not None and status != 200:
        raise UnusableRecordError(f"answered with status {status}, which is no state of the document")


def _require_digest(head: RecordHead, block: bytes, body: bytes, headers: Headers) -> None:
    """A digest that the record declares must be that of its bytes, with the chunks of their transfer or without."""
    payload, whole = head.fields.get("warc-payload-digest", ""), head.fields.get("warc-block-digest", "")
    if payload:
        verdicts = {digest_is_right(payload, body), digest_is_right(payload, _unchunked(body, headers))}
        if True not in verdicts and None not in verdicts:
            raise UnusableRecordError(f"is not what it says: its payload does not have the digest {payload}")
    if whole and digest_is_right(whole, block) is False:
        raise UnusableRecordError(f"is not what it says: its bytes do not have the digest {whole}")


def _unchunked(body: bytes, headers: Headers) -> bytes:
    """The body without the chunks of its transfer (RFC 9112, 7.1); as it is when it is not in chunks any more."""
    if not any("chunked" in value.lower() for value in values_of(headers, "transfer-encoding")):
        return body
    pieces: list[bytes] = []
    place = 0
    while True:
        end = body.find(b"\r\n", place, place + 1000)
        size = body[place:end].split(b";")[0].strip() if end >= 0 else b""
        try:
            length = int(size, 16)
        except ValueError:
            return body
        if length == 0:
            return b"".join(pieces)
        pieces.append(body[end + 2 : end + 2 + length])
        place = end + 2 + length + 2
        if body[place - 2 : place] != b"\r\n":
            return body


def _decoded(body: bytes, headers: Headers, entry: WarcEntry) -> bytes:
    """The body without its content-coding, under a bound. Some writers remove it and leave the header."""
    codings = [part.strip().lower() for value in values_of(headers, "content-encoding") for part in value.split(",")]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if not codings:
        return body
    if len(codings) > 1 or codings[0] not in (*GZIP_NAMES, "deflate"):
        raise UnusableRecordError(f"is coded as {', '.join(codings)}, which is not read here")
    if codings[0] == "deflate":
        return _inflated(body)
    if not body.startswith(b"\x1f\x8b"):
        return body
    inflater, pieces, length = Inflater(entry.origin), [], 0
    try:
        for piece in inflater.pieces(body):
            pieces.append(piece)
            length += len(piece)
            if length > MAXIMUM_BYTES:
                raise UnusableRecordError(f"expands to more than {MAXIMUM_BYTES} bytes")
        inflater.finish()
    except FetchError as error:
        raise UnusableRecordError(str(error)) from error
    return b"".join(pieces)


def _inflated(body: bytes) -> bytes:
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # servers send deflate with the zlib header and without
        stream = zlib.decompressobj(window)
        try:
            found = stream.decompress(body, MAXIMUM_BYTES)
        except zlib.error:
            continue
        if stream.unconsumed_tail:
            raise UnusableRecordError(f"expands to more than {MAXIMUM_BYTES} bytes")
        return found
    raise UnusableRecordError("is said to be coded as deflate and is not readable as such")


def _scanned(files: list[Path], wanted: str) -> Iterator[WarcEntry]:
    for path in files:
        try:
            for head in scan(path):
                if head.kind in KINDS and surt(head.target) == wanted:
                    moment = _date(head.fields.get("warc-date", ""), head)
                    yield WarcEntry(captured_at=moment, path=path, offset=head.offset, url=head.target)
        except (WarcError, UnusableRecordError) as error:
            raise ConfigError(f"{error}. Nothing was imported; get the file once more.", file=str(path)) from error
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error


def _indexed(files: list[Path], wanted: str, index: Path) -> Iterator[WarcEntry]:
    by_name = {path.name: path for path in files}
    try:
        for entry in read_cdx(index):
            if surt(entry.url) != wanted:
                continue
            path = by_name.get(entry.filename)
            if path is None:
                raise ConfigError(f"names {entry.filename!r}, which is not among the WARC files", file=str(index))
            yield WarcEntry(captured_at=entry.captured_at, path=path, offset=entry.offset, url=entry.url, indexed=True)
    except CdxError as error:
        raise ConfigError(f"{error}; nothing was imported", file=str(index), line=error.line) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(index)) from error


def _require_as_indexed(entry: WarcEntry, head: RecordHead) -> None:
    if not entry.indexed:
        return
    if head.kind not in KINDS:
        raise UnusableRecordError(f"is not what the index says: it is a {head.kind or 'nameless'} record")
    if surt(head.target) != surt(entry.url):
        raise UnusableRecordError(f"is not what the index says: it is of {head.target}")
    if _second(_date(head.fields.get("warc-date", ""), head)) != _second(entry.captured_at):
        raise UnusableRecordError(f"is not what the index says: it is dated {head.fields.get('warc-date')}")


def _date(text: str, head: RecordHead) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnusableRecordError(
            f"the record at byte {head.offset} is dated {text[:40]!r}, which is no date"
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _second(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"
