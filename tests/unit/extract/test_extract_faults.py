"""Hostile and broken documents of the fault catalogue: each has text, or an error that names its reason."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.extract.oddities import repair
from watcher.model.document import Document

Builder = Callable[..., bytes]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
WORDS = "<w:p><w:r><w:t>The State has signed.</w:t></w:r></w:p>"
LINE = [(70.0, 700.0, 10.0, "The State has signed.")]


def read(payload: bytes, media_type: str | None = None, charset: str | None = None, name: str = "") -> Document:
    return extract(payload, media_type=media_type, charset=charset, name=name)


def refusal(payload: bytes, media_type: str | None = None) -> tuple[str, str]:
    """Code and message of the ExtractError."""
    with pytest.raises(ExtractError) as caught:
        read(payload, media_type)
    return caught.value.code, str(caught.value)


def outcome(payload: bytes) -> tuple[str, str]:
    """The text and "", or "" and the code of the ExtractError."""
    try:
        return read(payload).text, ""
    except ExtractError as error:
        return "", error.code


def noted(document: Document, words: str) -> bool:
    return any(words in note for note in document.notes)


@pytest.mark.parametrize(
    ("payload", "declared", "charset"),
    [
        ("﻿<p>café</p>".encode(), "iso-8859-1", "utf-8-sig"),
        ("<meta charset=utf-8><p>café</p>".encode("latin-1"), "iso-8859-1", "cp1252"),
        ("<meta charset=iso-8859-1><p>café</p>".encode(), "utf-8", "utf-8"),
        ("<p>café</p>".encode("utf-16"), None, "utf-16"),
        ("<meta charset=utf-16><p>café</p>".encode(), None, "utf-8"),
    ],
)
def test_058_charsets_that_contradict_each_other_are_settled_by_the_bytes_and_recorded(
    payload: bytes, declared: str | None, charset: str
) -> None:
    document = read(payload, "text/html", declared)
    assert (document.text, document.charset) == ("café", charset)


def test_058_utf_7_is_not_decoded_into_markup() -> None:
    document = read(b"<meta charset=utf-7><p>+ADw-script+AD4-</p>", "text/html", "utf-7")
    assert document.text == "+ADw-script+AD4-"


@pytest.mark.parametrize(
    "payload", [b"<p>a\xff\xfe\xfdb words</p>", "<p>\ud800 words</p>".encode("utf-8", "surrogatepass")]
)
def test_058_bytes_that_are_no_text_become_signs_and_never_crash(payload: bytes) -> None:
    document = read(payload, "text/html", "utf-8")
    assert "words" in document.text
    document.text.encode("utf-8")


def test_059_invisible_and_turning_characters_stay_in_the_text_and_nul_goes() -> None:
    hidden = "pay\u200bload \u202eevil\u202c \u2066x\u2069 а\u0301dmin"
    for media_type in ("text/plain", "text/html"):
        document = read(f"{hidden}\x00 end".encode(), media_type, "utf-8")
        assert all(char in document.text for char in "\u200b\u202e\u202c\u2066\u2069а")
        assert "\x00" not in document.text


BROKEN = "Le secrÃ©taire gÃ©nÃ©ral a dÃ©clarÃ© â€œnonâ€\u009d."


def test_060_mojibake_is_named_with_its_repair_and_the_blocks_stay_as_published() -> None:
    document = read(f"<p>{BROKEN}</p>".encode(), "text/html", "utf-8")
    assert document.text == BROKEN
    (note,) = document.notes
    assert "looks wrongly encoded in 7 place(s)" in note
    assert "secrÃ©taire is secrétaire" in note
    view = repair(BROKEN)
    assert view is not None
    assert view.text == "Le secrétaire général a déclaré “non”."


@pytest.mark.parametrize(
    "text", ["Le secrétaire général a déclaré « non ».", "NÃO À GUERRA, SÃO PAULO, ÂNGULO", "Ä Ö Ü ß €5 â “quoted”"]
)
def test_060_text_that_is_right_is_not_called_broken(text: str) -> None:
    assert repair(text * 5) is None


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("text/html", "application/pdf"), (None, "application/pdf"), ("image/png", "application/pdf")],
)
def test_061_a_pdf_under_another_name_is_read_as_a_pdf_and_the_mismatch_is_noted(
    pdf: Builder, declared: str | None, kind: str
) -> None:
    document = read(pdf([LINE]), declared)
    assert (document.media_type, document.text) == (kind, "The State has signed.")
    assert noted(document, f"the server said {declared}, the payload is {kind}") is (declared is not None)


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE])
@pytest.mark.parametrize("kind", ["xml", "rss", "docx", "epub"])
def test_068_entities_are_refused_by_name_wherever_they_stand(
    zip_of: Builder, docx: Builder, head: str, kind: str
) -> None:
    container = f"<?xml version='1.0'?>{head}<container>&a;</container>"
    payloads = {
        "xml": f"<?xml version='1.0'?>{head}<x>&a;</x>".encode(),
        "rss": f"<?xml version='1.0'?>{head}<rss><channel><title>&a;</title></channel></rss>".encode(),
        "docx": zip_of({"word/document.xml": f"{head}<w:document {W}><w:body>&a;</w:body></w:document>"}),
        "epub": zip_of({"mimetype": "application/epub+zip", "META-INF/container.xml": container}),
    }
    code, message = refusal(payloads[kind])
    assert code == "unsupported"
    assert "declares the XML entity 'a'" in message


def test_068_a_picture_of_markup_is_read_without_its_entities() -> None:
    code, message = refusal(f"<?xml version='1.0'?>{OUTSIDE}<svg><text>&a;</text></svg>".encode(), "image/svg+xml")
    assert code == "unsupported"
    assert "passwd" not in message


def feed(items: str) -> bytes:
    return f"<?xml version='1.0'?><rss><channel><title>Statements</title>{items}</channel></rss>".encode()


def test_070_a_feed_of_very_many_entries_is_cut_and_counted() -> None:
    document = read(feed("<item><title>x</title></item>" * 20_500))
    assert sum(block.level == 2 for block in document.blocks) == 20_000
    assert "only the first 20000 of 20500 entries were read" in document.notes


def test_070_entries_without_or_with_the_same_id_are_all_kept() -> None:
    items = "".join(f"<item><guid>same</guid><title>Statement {n}</title></item>" for n in range(3))
    document = read(feed(items + "<item><title>Without</title></item>"))
    assert [b.text for b in document.blocks if b.level == 2] == [*(f"Statement {n}" for n in range(3)), "Without"]


def test_070_markup_in_a_title_is_words_and_a_relative_link_stays_as_written() -> None:
    item = (
        "<item><title>A &lt;b&gt;ban&lt;/b&gt;&lt;script&gt;x()&lt;/script&gt;</title><link>/s/4?a&amp;b</link></item>"
    )
    block = read(feed(item)).blocks[-1]
    assert (block.text, block.links[0].target) == ("A ban", "/s/4?a&b")


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:59 GMT", "0000-00-00T00:00:00", "-1", "Tue, 19 Jan 2038 03:14:08"]
)
def test_163_dates_that_no_clock_holds_stay_as_they_were_given(date: str) -> None:
    assert date in [
        block.text for block in read(feed(f"<item><title>x</title><pubDate>{date}</pubDate></item>")).blocks
    ]


def test_071_a_pdf_with_a_password_is_named(pdf: Builder) -> None:
    locked = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O (" + b"a" * 32 + b") /U (" + b"b" * 32 + b") >>"
    payload = pdf([LINE]).replace(b"trailer << ", b"trailer << /ID [(a) (a)] /Encrypt " + locked + b" ")
    code, message = refusal(payload)
    assert (code, message) == ("encrypted", "the PDF is encrypted and needs a password")


def test_071_a_broken_cross_reference_table_does_not_hide_the_text(pdf: Builder) -> None:
    payload = pdf([LINE])
    assert read(payload.replace(b"startxref\n", b"startxref\n9")).text == "The State has signed."


@pytest.mark.parametrize(
    "change", [(b"/Kids [4 0 R]", b"/Kids [2 0 R]"), (b"/Count 1", b"/Count 1000000000"), (b"/Count 1", b"/Count -7")]
)
def test_071_a_page_tree_that_lies_ends_in_time(pdf: Builder, change: tuple[bytes, bytes]) -> None:
    text, code = outcome(pdf([LINE]).replace(*change))
    assert (text, code) in [("The State has signed.", ""), ("", "damaged"), ("", "too_large"), ("", "no_text")]


def test_071_a_stream_that_unpacks_very_large_ends_named_or_read(pdf: Builder) -> None:
    packed = zlib.compress(b" " * 50_000_000 + b"BT /F1 10 Tf 70 700 Td (The State has signed.) Tj ET", 9)
    plain = pdf([[]])
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed) + packed + b"\nendstream"
    payload = plain.replace(b"<< /Length 0 >>\nstream\n\nendstream", stream)
    assert len(payload) < 200_000
    text, code = outcome(payload)
    assert (text, code) in [("The State has signed.", ""), ("", "no_text"), ("", "too_large"), ("", "damaged")]


def test_073_what_a_pdf_could_do_is_listed_and_nothing_is_run(pdf: Builder) -> None:
    actions = (
        "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> /AA << /WC << /S /Launch /F (calc.exe) >> >> "
        "/Extra << /S /SubmitForm /F (http://x.example) >>"
    )
    document = read(pdf([LINE], extra=actions))
    assert document.text == "The State has signed."
    assert {
        "holds 1 script(s), never run",
        "holds 1 action(s) that start a program, never run",
        "holds 1 action(s) that reach outside, never run",
    } <= set(document.notes)


def test_073_actions_in_packed_objects_are_found(pdf: Builder) -> None:
    packed = zlib.compress(b"9 0 << /S /JavaScript /JS (x) >>")
    inside = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    payload = pdf([LINE]).replace(b"xref\n", b"8 0 obj\n" + inside + packed + b"\nendstream\nendobj\nxref\n", 1)
    assert noted(read(payload), "holds 1 script(s), never run")


def test_073_attached_files_are_listed_by_name_and_not_opened(pdf: Builder) -> None:
    file = "<< /Type /Filespec /F (annex.exe) /UF (annex.exe) /EF << /F 5 0 R >> >>"
    document = read(pdf([LINE], extra=f"/Names << /EmbeddedFiles << /Names [(annex.exe) {file}] >> >>"))
    assert "holds 1 attached file(s), not read: annex.exe" in document.notes


def test_074_text_that_unpacks_very_large_is_refused_before_it_is_parsed(zip_of: Builder) -> None:
    payload = zip_of({"word/document.xml": b"<w>" + b"a" * 200 * 1024 * 1024})
    assert len(payload) < 231 * 1024
    code, message = refusal(payload)
    assert code == "too_large"
    assert (
        message
        == "the Word document is too large to read: 209715203 bytes unpacked, the limit is 134217728 bytes unpacked"
    )


def test_074_members_that_overlap_are_not_unpacked_twice(docx: Builder) -> None:
    payload = bytearray(docx(WORDS, {"word/styles.xml": f"<w:styles {W}/>"}))
    central = [at for at in range(len(payload)) if payload[at : at + 4] == b"PK\x01\x02"]
    for at in central:
        struct.pack_into("<I", payload, at + 42, 0)
    code, message = refusal(bytes(payload))
    assert code == "damaged"
    assert "word/styles.xml" in message


def test_074_parts_outside_the_document_are_listed_and_not_fetched(docx: Builder) -> None:
    def relation(name: str, kind: str, target: str) -> str:
        return f'<Relationship Id="{name}" Type="http://x/{kind}" Target="{target}" TargetMode="External"/>'

    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + relation("r1", "attachedTemplate", "http://127.0.0.1:9/t.dotm")
        + relation("r2", "hyperlink", "http://gov.example/")
        + "</Relationships>"
    )
    document = read(docx(WORDS, {"word/_rels/settings.xml.rels": relations, "word/vbaProject.bin": b"x"}))
    assert "refers to 1 part(s) outside of it, not fetched: http://127.0.0.1:9/t.dotm" in document.notes
    assert "holds macros, never run" in document.notes


def test_074_tracked_changes_are_marked_in_the_text_and_counted(docx: Builder) -> None:
    body = (
        "<w:p><w:r><w:t>We </w:t></w:r><w:del><w:r><w:delText>oppose</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>support</w:t></w:r></w:ins><w:r><w:t> a ban.</w:t></w:r></w:p>"
    )
    document = read(docx(body))
    assert document.text == "We [deleted: oppose][inserted: support] a ban."
    assert "has tracked changes: 1 insertion(s), 1 deletion(s)" in document.notes


def with_zip_behind(front: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("word/document.xml", "<x/>")
    return front + buffer.getvalue()


def test_075_a_page_that_is_an_archive_too_is_read_as_a_page_and_flagged() -> None:
    document = read(
        with_zip_behind(b"<!doctype html><p>The State has signed.</p>" + b" " * 5000 + b"<!--"), "application/zip"
    )
    assert (document.media_type, document.text.split("\n")[0]) == ("text/html", "The State has signed.")
    assert "the server said application/zip, the payload is text/html" in document.notes
    assert "the payload can also be opened as a zip archive; it was read as text/html" in document.notes


def test_075_an_archive_with_a_page_behind_it_is_read_as_an_archive_and_flagged(docx: Builder) -> None:
    document = read(docx(WORDS) + b"<html><script>x()</script></html>", "text/html")
    assert document.text == "The State has signed."
    assert noted(document, "markup after its archive")
    assert noted(document, "the server said text/html")


def test_075_a_pdf_with_a_page_before_it_is_flagged(pdf: Builder) -> None:
    document = read(b"x<script>x()</script>\n" + pdf([LINE]), "text/html")
    assert document.media_type == "application/pdf"
    assert noted(document, "markup before its PDF header")


def test_075_ordinary_files_are_not_flagged(docx: Builder, pdf: Builder) -> None:
    assert read(docx(WORDS)).notes == ()
    assert read(pdf([LINE])).notes == ()
    assert read(b"<!doctype html><p>About %PDF files</p>").notes == ()
