"""Scanned pages: read by OCR where it is installed, else named; never text that was not there yesterday."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest

from watcher.errors import ExtractError
from watcher.extract import extract, ocr
from watcher.model.document import Document

Builder = Callable[..., bytes]
LINES = [
    (70.0, 700.0, 12.0, "The Republic has destroyed all of its stocks and will not"),
    (70.0, 684.0, 12.0, "produce such mines again."),
    (70.0, 640.0, 12.0, "A letter to the depositary says so."),
]
TEXT = ["The Republic has destroyed all of its stocks and will not produce such mines again.", LINES[2][3]]

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def scan_of(payload: bytes, pages: int = 1) -> bytes:
    """A PDF whose pages are pictures of the first page of another one."""
    document = pypdfium2.PdfDocument(payload)
    bitmap = document[0].render(scale=200 / 72, grayscale=True)
    dots = bytes(bitmap.buffer)
    rows = [dots[at * bitmap.stride : at * bitmap.stride + bitmap.width] for at in range(bitmap.height)]
    picture = zlib.compress(b"".join(rows))
    draw = b"595 0 0 842 0 0 cm /P Do"
    kids = " ".join(f"{5 + at} 0 R" for at in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        f"<< /Type /XObject /Subtype /Image /Width {bitmap.width} /Height {bitmap.height} /ColorSpace /DeviceGray "
        f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(picture)} >>\nstream\n".encode()
        + picture
        + b"\nendstream",
        b"<< /Length %d >>\nstream\n" % len(draw) + draw + b"\nendstream",
    ]
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    objects += [f"{page} /Resources << /XObject << /P 3 0 R >> >> >>".encode()] * pages
    bitmap.close()
    document.close()
    out = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n" % at + each + b"\nendobj\n" for at, each in enumerate(objects, 1))
    return out + b"trailer << /Root 1 0 R >>\n%%EOF"


def read(payload: bytes) -> Document:
    return extract(payload, media_type="application/pdf", charset=None)


@needs_tesseract
def test_a_scan_is_read_and_a_note_says_by_what(pdf: Builder) -> None:
    document = read(scan_of(pdf([LINES])))
    assert [block.text for block in document.blocks] == TEXT
    (note,) = (note for note in document.notes if "OCR" in note)
    assert note.startswith("page(s) 1 read by OCR (tesseract ")
    assert any(char.isdigit() for char in note.partition("(tesseract ")[2][:3])


@needs_tesseract
def test_the_same_scan_gives_the_same_document(pdf: Builder) -> None:
    payload = scan_of(pdf([LINES]))
    assert read(payload) == read(payload)


@needs_tesseract
def test_pages_over_the_limit_are_left_by_their_number_and_said(pdf: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.extract.pdf_scan.MAX_OCR_PAGES", 1)
    document = read(scan_of(pdf([LINES]), pages=3))
    assert [block.text for block in document.blocks] == TEXT
    assert any(note.startswith("page(s) 2, 3 are scans that were not read") for note in document.notes)


@needs_tesseract
def test_a_scan_that_takes_too_long_gives_no_text_rather_than_a_part(
    pdf: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ocr.Reader.__init__
    monkeypatch.setattr(ocr.Reader, "__init__", lambda self, engine: original(self, engine, seconds=0.0))
    with pytest.raises(ExtractError, match=r"OCR took longer than 0 s and was stopped on page 1") as caught:
        read(scan_of(pdf([LINES])))
    assert caught.value.code == "timed_out"


@pytest.mark.parametrize("pages", [1, 2])
def test_071_a_scan_without_ocr_is_named_and_never_an_empty_document(
    pdf: Builder, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    monkeypatch.setattr("watcher.extract.pdf.find_engine", lambda: None)
    with pytest.raises(ExtractError, match="without a text layer, probably scans; OCR was not done") as caught:
        read(scan_of(pdf([LINES]), pages=pages))
    assert caught.value.code == "no_text"


def test_a_scanned_page_among_others_is_named_when_there_is_no_ocr(
    pdf: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.extract.pdf.find_engine", lambda: None)
    document = read(pdf([LINES, []]))
    assert any("page(s) 2 without a text layer" in note for note in document.notes)


def test_blank_pages_are_said_to_have_no_text(pdf: Builder) -> None:
    document = read(pdf([LINES, []]))
    assert [block.text for block in document.blocks] == TEXT
    assert any("2" in note and "without" in note for note in document.notes)


def test_a_program_that_cannot_say_its_version_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    ocr.find_engine.cache_clear()
    try:
        assert ocr.find_engine() is None
    finally:
        ocr.find_engine.cache_clear()


@needs_tesseract
def test_the_program_sees_none_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    seen = tmp_path / "seen"
    program.write_text(f"#!/bin/sh\n/usr/bin/env > {seen}\necho tesseract 9\necho list:\necho eng\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("WATCHER_SECRET", "canary")
    ocr.find_engine.cache_clear()
    try:
        assert ocr.find_engine() is not None
    finally:
        ocr.find_engine.cache_clear()
    assert "canary" not in seen.read_text()


def picture_of(payload: bytes) -> bytes:
    """The first page of a PDF as a PNG."""
    document = pypdfium2.PdfDocument(payload)
    bitmap = document[0].render(scale=200 / 72, grayscale=True)
    dots = bytes(bitmap.buffer)
    rows = b"".join(
        b"\x00" + dots[at * bitmap.stride : at * bitmap.stride + bitmap.width] for at in range(bitmap.height)
    )
    size = struct.pack(">IIBBBBB", bitmap.width, bitmap.height, 8, 0, 0, 0, 0)
    bitmap.close()
    document.close()
    parts = ((b"IHDR", size), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


@needs_tesseract
def test_a_picture_of_a_letter_is_read(pdf: Builder) -> None:
    document = extract(picture_of(pdf([LINES])), media_type="image/png", charset=None)
    assert (document.extractor, [block.text for block in document.blocks]) == ("picture", TEXT)
    assert document.notes[0].startswith("read by OCR (tesseract ")


def test_a_picture_without_ocr_is_named(pdf: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.extract.picture.find_engine", lambda: None)
    with pytest.raises(ExtractError, match=r"a picture \(image/png\); OCR was not done") as caught:
        extract(picture_of(pdf([LINES])), media_type=None, charset=None)
    assert caught.value.code == "no_text"


@needs_tesseract
@pytest.mark.parametrize("size", [(5, 5), (60_000, 60_000)])
def test_a_picture_that_cannot_be_read_is_named(size: tuple[int, int]) -> None:
    head = struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    with pytest.raises(ExtractError, match="OCR failed on page 1") as caught:
        extract(b"\x89PNG\r\n\x1a\n" + chunk, media_type=None, charset=None)
    assert caught.value.code == "damaged"
