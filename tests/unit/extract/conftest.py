"""Small real documents built in memory for the extractors' tests."""

from __future__ import annotations

import io
import struct
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


def _compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of format 3 with streams by their path; all of them in whole sectors."""
    storages = sorted({path.rpartition("/")[0] for path in streams if "/" in path})
    names = ["Root Entry", *storages, *streams]
    sectors: list[bytes] = []
    chains: list[int] = []

    def stored(data: bytes) -> int:
        first = len(sectors)
        cut = [data[at : at + 512].ljust(512, b"\x00") for at in range(0, len(data), 512)]
        sectors.extend(cut)
        chains.extend([*range(first + 1, first + len(cut)), 0xFFFFFFFE])
        return first

    starts = {path: stored(data or b"\x00") for path, data in streams.items()}
    none = 0xFFFFFFFF
    entries = []
    for number, name in enumerate(names):
        folder = name.rpartition("/")[0] if name in streams else ""
        kind = 5 if number == 0 else 2 if name in streams else 1
        beside = [at for at, other in enumerate(names) if at and at > number and _folder(other, streams) == folder]
        mine = "" if number == 0 else name
        children = [at for at, other in enumerate(names) if at and _folder(other, streams) == mine and at != number]
        has_children = number == 0 or kind == 1
        written = name.rpartition("/")[2].encode("utf-16-le")
        entries.append(
            written.ljust(64, b"\x00")
            + struct.pack("<HBB", len(written) + 2, kind, 1)
            + struct.pack(
                "<III",
                none,
                beside[0] if number and beside else none,
                children[0] if has_children and children else none,
            )
            + bytes(36)
            + struct.pack("<IQ", starts.get(name, 0xFFFFFFFE) if kind == 2 else 0xFFFFFFFE, len(streams.get(name, b"")))
        )
    directory = stored(b"".join(entries).ljust(-(-len(entries) * 128 // 512) * 512, b"\x00"))
    table_sectors = 1
    while table_sectors * 128 < len(sectors) + table_sectors:
        table_sectors += 1
    first = len(sectors)
    table = chains + [0xFFFFFFFD] * table_sectors
    table += [none] * (table_sectors * 128 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9I", 0, table_sectors, directory, 0, 0, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    places = [*range(first, first + table_sectors)]
    header += struct.pack("<109I", *places, *[none] * (109 - table_sectors))
    return header + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def _folder(path: str, streams: dict[str, bytes]) -> str:
    return path.rpartition("/")[0] if path in streams else ""


@pytest.fixture
def compound() -> Callable[[dict[str, bytes]], bytes]:
    return _compound


@pytest.fixture
def zip_of() -> Callable[[dict[str, str | bytes]], bytes]:
    return _zip_of


@pytest.fixture
def docx() -> Callable[..., bytes]:
    return _docx


@pytest.fixture
def pdf() -> Callable[[list[list[tuple[float, float, float, str]]]], bytes]:
    return _pdf
