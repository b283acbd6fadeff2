"""Outlook messages and EPUB publications."""

from __future__ import annotations

import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.extract.msg import unpacked_rtf
from watcher.model.document import BlockKind, Document

SAMPLES = Path(__file__).resolve().parents[3] / "../shared/eval/documents/markitdown_office_and_pdf_samples.tar.xz"
Builder = Callable[..., bytes]
SENT = struct.pack("<HHIQ", 0x40, 0x39, 6, 133_795_000_000_000_000)
CYRILLIC = struct.pack("<HHIQ", 3, 0x3FFD, 6, 1251) + struct.pack("<HHIQ", 3, 0x3FDE, 6, 1251)


def read(payload: bytes) -> Document:
    return extract(payload, media_type=None, charset=None)


def properties(*entries: bytes) -> dict[str, bytes]:
    return {"__properties_version1.0": bytes(32) + b"".join(entries)}


def wide(number: int, text: str) -> dict[str, bytes]:
    return {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le")}


def test_a_message_has_its_subject_sender_recipients_date_and_body(compound: Builder) -> None:
    streams = {
        **properties(SENT),
        **wide(0x0037, "Réponse"),
        **wide(0x0C1A, "Ministry"),
        **wide(0x0C1F, "m@gov.example"),
        **wide(0x0E04, "w@x.example"),
        **wide(0x1000, "We have signed.\r\n\r\nRegards"),
        "__attach_version1.0_#00000000/__substg1.0_3707001F": "annex.pdf".encode("utf-16-le"),
    }
    document = read(compound(streams))
    assert (document.extractor, document.title) == ("msg", "Réponse")
    assert [block.cells or block.text for block in document.blocks] == [
        "Réponse",
        ("From", "Ministry <m@gov.example>"),
        ("To", "w@x.example"),
        ("Date", "2024-12-24 07:46:40 UTC"),
        "We have signed.",
        "Regards",
    ]
    assert "attachment not opened: annex.pdf" in document.notes


def test_an_html_body_is_preferred_and_read_in_the_code_page_of_the_message(compound: Builder) -> None:
    streams = {
        **properties(CYRILLIC),
        "__substg1.0_0037001E": "Мины".encode("cp1251"),
        "__substg1.0_10130102": "<p>Страна <b>подписала</b>.</p>".encode("cp1251"),
        **wide(0x1000, "plain"),
    }
    document = read(compound(streams))
    assert [block.text for block in document.blocks] == ["Мины", "Страна подписала."]


def test_a_body_in_compressed_rtf_is_read(compound: Builder) -> None:
    source = rb"{\rtf1\ansi We have signed.\par}"
    packed = b"".join(b"\x00" + source[at : at + 8] for at in range(0, len(source), 8))
    header = struct.pack("<4I", len(packed) + 12, len(source), 0x75465A4C, 0)
    document = read(compound({**properties(), **wide(0x0037, "S"), "__substg1.0_10090102": header + packed}))
    assert [block.text for block in document.blocks] == ["S", "We have signed."]


def test_compressed_rtf_goes_back_into_its_window() -> None:
    header = struct.pack("<4I", 0, 0, 0x75465A4C, 0)
    again = struct.pack(">H", (207 << 4) | (6 - 2))
    end = struct.pack(">H", ((207 + 10) % 4096) << 4)
    assert unpacked_rtf(header + b"\x30" + b"abcd" + again + end) == b"abcdabcdab"


def test_the_beginning_of_the_window_is_that_of_the_format() -> None:
    header = struct.pack("<4I", 0, 0, 0x75465A4C, 0)
    begin = struct.pack(">H", (0 << 4) | (6 - 2))
    assert unpacked_rtf(header + b"\x01" + begin) == rb"{\rtf1"


@pytest.mark.parametrize("body", [b"", b"x" * 20])
def test_a_body_in_no_known_form_is_named(compound: Builder, body: bytes) -> None:
    with pytest.raises(ExtractError, match="message's body is damaged") as caught:
        read(compound({**properties(), **wide(0x0037, "S"), "__substg1.0_10090102": body or b"y"}))
    assert caught.value.code == "damaged"


def test_an_empty_message_is_named(compound: Builder) -> None:
    with pytest.raises(ExtractError, match="Outlook message is empty") as caught:
        read(compound(properties()))
    assert caught.value.code == "no_text"


def test_a_message_that_carries_an_old_word_file_is_still_a_message(compound: Builder) -> None:
    carried = "__attach_version1.0_#00000000/__substg1.0_37010102"
    document = read(
        compound({**properties(), **wide(0x1000, "See annex."), carried: "WordDocument\0".encode("utf-16-le")})
    )
    assert (document.extractor, document.text) == ("msg", "See annex.")


@pytest.mark.parametrize("name", ["test_outlook_msg.msg", "test.epub"])
def test_a_real_sample_is_read(name: str) -> None:
    if not SAMPLES.exists():
        pytest.skip(f"{SAMPLES} is absent")
    with tarfile.open(SAMPLES) as members:
        stream = members.extractfile(next(each for each in members if each.name.endswith(name)))
        assert stream is not None
        document = read(stream.read())
    assert len(document.blocks) >= 5
    assert document.blocks[0].kind is BlockKind.HEADING


CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
PACKAGE = (
    '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Report</dc:title></metadata><manifest>'
    '<item id="b" href="b%20.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="a" href="../a.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="p" href="p.png" media-type="image/png"/></manifest>'
    '<spine><itemref idref="b"/><itemref idref="p"/><itemref idref="a"/></spine></package>'
)
BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/book.opf": PACKAGE,
    "a.xhtml": "<html><body><p>Second.</p><aside role='doc-footnote' id='fn1'><p>1 Letter.</p></aside></body></html>",
    "OEBPS/b .xhtml": "<html><body><h1>Use</h1><p>First.</p><script>x()</script></body></html>",
}


def test_pages_of_a_publication_come_in_the_order_of_its_spine(zip_of: Builder) -> None:
    document = read(zip_of(BOOK))
    assert (document.extractor, document.title, document.media_type) == ("epub", "Report", "application/epub+zip")
    assert [(block.kind.value, block.text) for block in document.blocks] == [
        ("heading", "Use"),
        ("paragraph", "First."),
        ("paragraph", "Second."),
        ("footnote", "1 Letter."),
    ]


def test_a_publication_under_a_key_is_named_and_one_with_locked_fonts_is_read(zip_of: Builder) -> None:
    def locked(path: str) -> bytes:
        keys = f'<encryption><CipherReference URI="{path}"/></encryption>'
        return zip_of({**BOOK, "META-INF/encryption.xml": keys})

    assert read(locked("OEBPS/font.otf")).text.startswith("Use")
    with pytest.raises(ExtractError) as caught:
        read(locked("a.xhtml"))
    assert caught.value.code == "encrypted"


def test_a_publication_without_its_parts_is_named(zip_of: Builder) -> None:
    with pytest.raises(ExtractError) as caught:
        read(zip_of({"mimetype": "application/epub+zip"}))
    assert caught.value.code == "damaged"
    document = read(zip_of({name: content for name, content in BOOK.items() if name != "a.xhtml"}))
    assert "1 page(s) that are listed are not in the package" in document.notes
