"""Small real documents built in memory for the extractors' tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def _zip_of(parts: dict[str, str | bytes]) -> bytes:
    """A zip file with the given members, in order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def _docx(body: str, parts: dict[str, str | bytes] | None = None) -> bytes:
    """A Word document with further parts by their path."""
    main = f"<?xml version='1.0' encoding='UTF-8'?><w:document {W} {R}><w:body>{body}</w:body></w:document>"
    return _zip_of({"word/document.xml": main, **(parts or {})})


def _pdf(pages: list[list[tuple[float, float, float, str]]], *, font: str = "Helvetica", extra: str = "") -> bytes:
    """A PDF with one text line for each (x, y, size, text) of each page; pages are A4, points from the lower left.

    `extra` goes into the catalog.
    """
    objects: list[bytes] = []
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Catalog /Pages 2 0 R {extra} >>".encode())
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>".encode())
    for number, lines in enumerate(pages):
        content = "".join(f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n" for x, y, size, text in lines).encode(
            "cp1252"
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream")
    out = b"%PDF-1.4\n"
    places = []
    for number, each in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


@pytest.fixture
def zip_of() -> Callable[[dict[str, str | bytes]], bytes]:
    return _zip_of


@pytest.fixture
def docx() -> Callable[..., bytes]:
    return _docx


@pytest.fixture
def pdf() -> Callable[[list[list[tuple[float, float, float, str]]]], bytes]:
    return _pdf
