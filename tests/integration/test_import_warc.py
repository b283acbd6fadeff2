"""WARC files of other archives become dated Captures; what is cut, lies or expands without end is named."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from watcher.archive import warc_read
from watcher.errors import ConfigError, RefusedError
from watcher.model.capture import Outcome, Trigger
from watcher.model.change import ChangeKind
from watcher.model.source import Definition, SourceKind
from watcher.pipeline import import_warc, register
from watcher.pipeline.import_warc import find_entries, import_entries, url_of, warc_files
from watcher.store import captures, changes

# warcio leaves its temporary files to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

URL = "https://www.example.org/kaz"
TEXT = "<html><title>Kazakhstan</title><body><p>Kazakhstan {} the Mine Ban Treaty.</p></body></html>"
OLD, NEW = TEXT.format("has not joined").encode(), TEXT.format("has joined").encode()
OTHER = b"<html><body><p>Another page.</p></body></html>"


class Maker:
    """Writes WARC files with warcio, as other archives do; `places` are (offset, length) of each record."""

    def __init__(self, path: Path, *, is_gzip: bool = True) -> None:
        self.path = path
        self._is_gzip = is_gzip
        self._content = b""
        self.places: list[tuple[int, int]] = []

    def put(self, date: str, body: bytes, *, url: str = URL, status: str = "200 OK", **more: Any) -> None:
        """A response; `headers` and `kind` may differ from the usual, `lies` replace what is true."""
        headers = more.get("headers", [("Content-Type", "text/html; charset=utf-8")])
        is_http = more.get("http", True)
        record = WARCWriter(io.BytesIO()).create_warc_record(
            url,
            more.get("kind", "response"),
            payload=io.BytesIO(body),
            http_headers=StatusAndHeaders(status, headers, protocol="HTTP/1.1") if is_http else None,
            warc_content_type=None if is_http else "text/html",
            warc_headers_dict={"WARC-Date": date},
        )
        self._write(record, more.get("lies", {}))

    def revisit(self, date: str, digest: str, *, url: str = URL, refers_to: str = "2007-01-01T00:00:00Z") -> None:
        """A revisit of an earlier payload."""
        record = WARCWriter(io.BytesIO()).create_revisit_record(
            url, digest, URL, refers_to, warc_headers_dict={"WARC-Date": date}
        )
        self._write(record, {})

    def _write(self, record: Any, lies: dict[str, str]) -> None:
        buffer = io.BytesIO()
        WARCWriter(buffer, gzip=False).write_record(record)
        written = buffer.getvalue()
        for name, value in lies.items():
            written = re.sub(rb"(?m)^%s: .*\r$" % name.encode(), f"{name}: {value}\r".encode(), written)
        packed = gzip.compress(written) if self._is_gzip else written
        self.places.append((len(self._content), len(packed)))
        self._content += packed
        self.path.write_bytes(self._content)


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path / "crawl.warc.gz")


@pytest.fixture
def kaz(bench: Any) -> Any:
    bench.register("kaz", "http://example.org/kaz")
    return bench


def _sha1(body: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def _import(bench: Any, path: Path, *, index: Path | None = None) -> list[Any]:
    entries = find_entries(warc_files(path, "*"), url_of(bench.rooms, "kaz", None), index=index)
    return list(import_entries(bench.rooms, "kaz", entries, user="test"))


def test_responses_of_the_address_become_dated_captures_and_a_change(kaz: Any, maker: Maker) -> None:
    maker.put("2009-05-01T10:00:00Z", NEW)
    maker.put("2008-05-01T10:00:00Z", OTHER, url="https://example.org/other")
    maker.put("2007-05-01T10:00:00Z", OLD, url="http://example.org:80/kaz")
    first, second = _import(kaz, maker.path)
    assert first.recorded.capture.captured_at == datetime(2007, 5, 1, 10, tzinfo=UTC)
    assert first.recorded.capture.trigger is Trigger.IMPORT
    assert first.recorded.capture.status == 200
    assert ("Content-Type", "text/html; charset=utf-8") in first.recorded.capture.headers
    assert kaz.rooms.archive.get_payload(second.recorded.capture.payload_sha256) == NEW
    assert second.recorded.change.kind is ChangeKind.CONTENT
    assert second.recorded.capture.fetcher.startswith("import of crawl.warc.gz byte 0 <urn:uuid:")


def test_importing_again_changes_nothing(kaz: Any, maker: Maker) -> None:
    maker.put("2007-05-01T10:00:00Z", OLD)
    assert _import(kaz, maker.path)[0].recorded is not None
    size = kaz.rooms.archive.size()
    assert _import(kaz, maker.path)[0].recorded is None
    assert kaz.rooms.archive.size() == size


def test_a_revisit_is_a_capture_of_the_payload_it_refers_to(kaz: Any, maker: Maker) -> None:
    maker.put("2007-01-01T00:00:00Z", OLD)
    maker.revisit("2008-01-01T00:00:00Z", _sha1(OLD))
    maker.revisit("2009-01-01T00:00:00Z", _sha1(OTHER), refers_to="2001-01-01T00:00:00Z")
    first, same, unknown = _import(kaz, maker.path)
    assert same.recorded.capture.outcome is Outcome.SAME
    assert same.recorded.capture.payload_sha256 == first.recorded.capture.payload_sha256
    assert unknown.recorded is None
    assert "not in these files" in unknown.reason


def test_resource_records_and_plain_warc_files_are_read(kaz: Any, tmp_path: Path) -> None:
    maker = Maker(tmp_path / "plain.warc", is_gzip=False)
    maker.put("2007-01-01T00:00:00Z", OLD, kind="resource", http=False)
    maker.put("2008-01-01T00:00:00Z", NEW)
    first, second = _import(kaz, maker.path)
    assert first.recorded.capture.media_type == "text/html"
    assert first.recorded.capture.status is None
    assert second.recorded.change.kind is ChangeKind.CONTENT


def test_an_index_says_where_the_records_are_and_nothing_else_is_read(kaz: Any, maker: Maker) -> None:
    maker.put("2007-01-01T00:00:00Z", OLD)
    maker.put("2008-01-01T00:00:00Z", NEW)
    maker.path.write_bytes(maker.path.read_bytes() + b"what follows is never looked at")
    index = maker.path.with_name("crawl.cdxj")
    lines = [
        f"org,example)/kaz {digits} " + json.dumps({"url": URL, "filename": f"a/../b/{maker.path.name}", "offset": n})
        for digits, (n, _) in zip(("20070101000000", "20080101000000"), maker.places, strict=True)
    ]
    index.write_text("\n".join(lines))
    assert [done.recorded.capture.captured_at.year for done in _import(kaz, maker.path, index=index)] == [2007, 2008]


def test_the_classic_cdx_of_the_internet_archive_is_read(kaz: Any, maker: Maker) -> None:
    maker.put("2007-01-01T00:00:00Z", OLD)
    maker.put("2008-01-01T00:00:00Z", NEW)
    index = maker.path.with_name("crawl.cdx")
    offset, length = maker.places[1]
    index.write_text(
        " CDX N b a m s k r M S V g\n"
        f"org,example)/kaz 20080101000000 {URL} text/html 200 ABC - - {length} {offset} crawl.warc.gz\n"
    )
    (done,) = _import(kaz, maker.path, index=index)
    assert kaz.rooms.archive.get_payload(done.recorded.capture.payload_sha256) == NEW


@pytest.mark.parametrize(
    ("digits", "place", "url", "told"),
    [
        ("20070101000000", 1, URL, "dated 2008-01-01"),
        ("20070101000000", 2, URL, "it is of https://example.org/other"),
        ("20070101000000", 3, URL, "a warcinfo record"),
        ("20070101000000", None, URL, "begins with"),
    ],
)
def test_an_index_that_lies_imports_nothing_and_is_told(
    kaz: Any, maker: Maker, digits: str, place: int | None, url: str, told: str
) -> None:
    maker.put("2007-01-01T00:00:00Z", OLD)
    maker.put("2008-01-01T00:00:00Z", NEW)
    maker.put("2007-01-01T00:00:00Z", OTHER, url="https://example.org/other")
    maker.put("2007-01-01T00:00:00Z", b"a: b", kind="warcinfo", http=False)
    offset = maker.places[place][0] if place is not None else 7
    index = maker.path.with_name("crawl.cdxj")
    index.write_text(f"k {digits} " + json.dumps({"url": url, "filename": maker.path.name, "offset": str(offset)}))
    (done,) = _import(kaz, maker.path, index=index)
    assert done.recorded is None
    assert told in done.reason


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("k 20070101000000 {", "no line of a CDX"),
        ("one two three", "no line of a CDX"),
        ('k 2007 {"url": "https://example.org/kaz", "filename": "crawl.warc.gz", "offset": 0}', "no line of a CDX"),
        ('k 20070101000000 {"url": "https://example.org/kaz", "filename": "../..", "offset": 0}', "no line of a CDX"),
        ('k 20070101000000 {"url": "https://example.org/kaz", "filename": "/etc/passwd", "offset": 0}', "'passwd', wh"),
    ],
)
def test_a_bad_line_of_an_index_is_named(kaz: Any, maker: Maker, line: str, told: str) -> None:
    maker.put("2007-01-01T00:00:00Z", OLD)
    index = maker.path.with_name("crawl.cdxj")
    index.write_text(line + "\n")
    with pytest.raises(ConfigError) as caught:
        _import(kaz, maker.path, index=index)
    assert told in str(caught.value)


@pytest.mark.parametrize("is_gzip", [True, False])
def test_a_file_that_is_cut_anywhere_is_named_with_its_byte_and_nothing_is_imported(
    kaz: Any, tmp_path: Path, is_gzip: bool
) -> None:
    maker = Maker(tmp_path / ("cut.warc.gz" if is_gzip else "cut.warc"), is_gzip=is_gzip)
    maker.put("2007-01-01T00:00:00Z", OLD)
    maker.put("2008-01-01T00:00:00Z", NEW)
    whole = maker.path.read_bytes()
    second = maker.places[1][0]
    for end in range(second + 1, len(whole), 37):
        maker.path.write_bytes(whole[:end])
        with pytest.raises(ConfigError, match=rf"the record at byte {second} ") as caught:
            _import(kaz, maker.path)
        assert "Nothing was imported" in str(caught.value)
    with kaz.rooms.database.reading() as connection:
        assert captures.list_captures(connection, "kaz") == []


def test_a_gzip_bomb_is_stopped_by_what_it_expands_to(kaz: Any, maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc_read, "EXPANSION_ALLOWANCE", 1 << 20)
    head = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999\r\n\r\n"
    maker.path.write_bytes(gzip.compress(head + bytes(30_000_000)))
    with pytest.raises(ConfigError, match="a bomb"):
        _import(kaz, maker.path)


def test_a_record_larger_than_the_limit_is_left_out_by_name(
    kaz: Any, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_warc, "MAXIMUM_BYTES", 2000)
    maker.put("2007-01-01T00:00:00Z", OLD)
    maker.put("2008-01-01T00:00:00Z", b"x" * 3000)
    maker.put("2009-01-01T00:00:00Z", gzip.compress(bytes(500_000)), headers=[("Content-Encoding", "gzip")])
    kept, large, bomb = _import(kaz, maker.path)
    assert kept.recorded is not None
    assert "the limit is 2000" in large.reason
    assert "expands to more than 2000 bytes" in bomb.reason


@pytest.mark.parametrize(
    ("length", "told"),
    [
        ("-1", "no usable Content-Length"),
        ("", "no usable Content-Length"),
        ("9" * 30, "no usable Content-Length"),
        ("9" * 12, "the limit is"),
        ("3", "does not end where its Content-Length says"),
        ("500", "is cut"),
    ],
)
def test_a_length_that_lies_is_named(kaz: Any, tmp_path: Path, length: str, told: str) -> None:
    path = tmp_path / "lies.warc"
    path.write_bytes(
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: " + length.encode() + b"\r\n\r\nhello\r\n\r\n"
    )
    with pytest.raises(ConfigError) as caught:
        _import(kaz, path)
    assert told in str(caught.value)


def test_a_header_without_end_is_named(kaz: Any, tmp_path: Path) -> None:
    path = tmp_path / "long.warc"
    for content in (b"WARC/1.0\r\nX: " + b"x" * 200_000, b"WARC/1.0\r\n" + b"X-A: b\r\n" * 20_000, b"<html>" * 9):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"more than 65536 bytes|not with WARC"):
            _import(kaz, path)


def test_a_file_compressed_as_one_piece_is_named_with_the_remedy(kaz: Any, tmp_path: Path) -> None:
    maker = Maker(tmp_path / "plain.warc", is_gzip=False)
    maker.put("2007-01-01T00:00:00Z", OLD)
    maker.put("2008-01-01T00:00:00Z", NEW)
    whole = tmp_path / "one-piece.warc.gz"
    whole.write_bytes(gzip.compress(maker.path.read_bytes()))
    with pytest.raises(ConfigError, match="compressed as one piece; `warcio recompress`"):
        _import(kaz, whole)


def test_a_payload_that_does_not_have_its_digest_is_left_out(kaz: Any, maker: Maker) -> None:
    maker.put("2007-01-01T00:00:00Z", OLD, lies={"WARC-Payload-Digest": _sha1(NEW)})
    maker.put("2008-01-01T00:00:00Z", OLD, lies={"WARC-Block-Digest": _sha1(NEW)})
    for done in _import(kaz, maker.path):
        assert done.recorded is None
        assert "is not what it says" in done.reason


def test_chunks_and_codings_are_removed_where_they_are_really_there(kaz: Any, maker: Maker) -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(OLD), OLD)
    raw_deflate = zlib.compressobj(wbits=-15)
    coded = [
        ("2001", chunked, [("Transfer-Encoding", "chunked")]),
        ("2002", OLD, [("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")]),
        ("2003", gzip.compress(OLD), [("Content-Encoding", "gzip")]),
        ("2004", raw_deflate.compress(OLD) + raw_deflate.flush(), [("Content-Encoding", "deflate")]),
        ("2005", zlib.compress(OLD), [("Content-Encoding", "deflate")]),
    ]
    for year, body, headers in coded:
        maker.put(f"{year}-01-01T00:00:00Z", body, headers=headers)
    maker.put("2006-01-01T00:00:00Z", OLD, headers=[("Content-Encoding", "br")])
    maker.put("2007-01-01T00:00:00Z", gzip.compress(OLD)[:40], headers=[("Content-Encoding", "gzip")])
    *read, unknown, cut = _import(kaz, maker.path)
    assert [kaz.rooms.archive.get_payload(one.recorded.capture.payload_sha256) for one in read] == [OLD] * 5
    assert "coded as br" in unknown.reason
    assert "ends in the middle" in cut.reason


@pytest.mark.parametrize(("status", "body"), [("404 Not Found", b"gone"), ("302 Found", b""), ("200 OK", b"")])
def test_what_is_no_state_of_the_document_is_left_out(kaz: Any, maker: Maker, status: str, body: bytes) -> None:
    maker.put("2007-01-01T00:00:00Z", body, status=status)
    (done,) = _import(kaz, maker.path)
    assert done.recorded is None
    assert done.reason


def test_a_block_that_is_no_http_answer_is_left_out(kaz: Any, maker: Maker) -> None:
    for kind in (b"", b"hello", b"HTTP/1.1\r\n\r\nx", b"HTTP/1.1 abc\r\n\r\nx", b"\xff" * 90):
        head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2007-01-01T00:00:00Z\r\nWARC-Target-URI: %s\r\n"
        more = b"Content-Type: application/http\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n"
        maker.path.write_bytes(gzip.compress((head + more) % (URL.encode(), len(kind), kind)))
        (done,) = _import(kaz, maker.path)
        assert "no HTTP answer" in done.reason


def test_a_date_in_the_future_or_none_is_refused_before_anything_is_imported(kaz: Any, maker: Maker) -> None:
    maker.put("2007-01-01T00:00:00Z", OLD)
    maker.put("2031-01-01T00:00:00Z", NEW)
    with pytest.raises(ConfigError, match="2031-01-01 lies in the future"):
        _import(kaz, maker.path)
    maker.put("yesterday", NEW)
    with pytest.raises(ConfigError, match="'yesterday', which is no date"):
        _import(kaz, maker.path)
    with kaz.rooms.database.reading() as connection:
        assert changes.list_changes(connection, source_id="kaz") == []


def test_an_upload_needs_the_address_to_look_for(bench: Any) -> None:
    definition = Definition(url="", kind=SourceKind.UPLOAD, title="letters")
    register.add_source(bench.rooms, "letters", definition, user="test")
    with pytest.raises(RefusedError, match="--url"):
        url_of(bench.rooms, "letters", None)


def test_many_records_of_other_addresses_cost_no_memory(kaz: Any, maker: Maker) -> None:
    import tracemalloc

    maker.put("2007-01-01T00:00:00Z", OLD)
    body = bytes(1_000_000)
    for _ in range(40):
        maker.put("2007-01-01T00:00:00Z", body, url="https://example.org/other")
    tracemalloc.start()
    entries = find_entries([maker.path], URL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(entries) == 1
    assert peak < 2_000_000
