"""Judging the media type, feeds, XML, mail, and the promise to raise ExtractError only."""

from __future__ import annotations

import json
import lzma
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract, extractor_for
from watcher.extract.registry import EXTRACTORS
from watcher.model.document import Document, Link

DATA = Path(__file__).resolve().parents[3] / "../shared/eval/documents"


def read(text: str | bytes, media_type: str | None = None, name: str = "") -> Document:
    return extract(text if isinstance(text, bytes) else text.encode(), media_type=media_type, charset=None, name=name)


@pytest.mark.parametrize(
    ("payload", "declared", "name", "judged", "extractor"),
    [
        (b"%PDF-1.4 x", "text/html", "", "application/pdf", "pdf"),
        (b"<!doctype html><p>x", "application/pdf", "a.pdf", "text/html", "html"),
        (b"  <!-- c --><HTML><p>x", None, "", "text/html", "html"),
        (b"plain words", "text/html; charset=x", "", "text/html", "html"),
        (b"plain words", None, "", "text/plain", "text"),
        (b"a,b\n1,2", None, "https://x.example/t.csv?v=3", "text/csv", "delimited"),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "text/html", "", "application/rss+xml", "feed"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", None, "", "application/atom+xml", "feed"),
        (b"<?xml version='1.0'?><a/>", None, "", "application/xml", "xml"),
        (b'{"a": 1}', None, "", "application/json", "json"),
        (b"{\\rtf1 x}", "application/msword", "x.doc", "application/rtf", "rtf"),
        (b"\x89PNG\r\n\x1a\n\x00", "text/html", "", "image/png", "picture"),
        (b"\x01\x02\x03\x04\x05\x06" * 20, None, "", "application/octet-stream", "none"),
        (b"From: a@b.example\nTo: c@d.example\nSubject: x\n\nbody", None, "", "message/rfc822", "mail"),
        ("<html>я</html>".encode("utf-16"), None, "", "text/html", "html"),
    ],
)
def test_the_payload_decides_what_it_is(
    payload: bytes, declared: str | None, name: str, judged: str, extractor: str
) -> None:
    found, version, media_type = extractor_for(payload, media_type=declared, name=name)
    assert (found, media_type) == (extractor, judged)
    assert version >= 1


def test_a_wrong_declaration_is_noted() -> None:
    document = read("<!doctype html><p>x", "application/pdf")
    assert "the server said application/pdf, the payload is text/html" in document.notes
    assert read("<p>x", "text/html; charset=utf-8").notes == ()


def test_each_extractor_has_one_name_and_version_and_records_them() -> None:
    pairs = {(each.name, each.version) for each in EXTRACTORS.values()}
    assert len({name for name, _ in pairs}) == len(pairs)
    document = read("some words", "text/plain")
    assert (document.extractor, document.extractor_version) == extractor_for(b"some words", media_type="text/plain")[:2]


def test_rss_entries_have_title_link_date_and_content_without_the_feed_date() -> None:
    document = read(
        "<rss version='2.0'><channel><title>News &amp; views</title><lastBuildDate>now</lastBuildDate>"
        "<item><title>Vote</title><link>https://x.example/1</link><guid>g1</guid><pubDate>Mon, 3 May 2004</pubDate>"
        "<description>&lt;p&gt;It &lt;b&gt;abstained&lt;/b&gt;.&lt;/p&gt;</description></item></channel></rss>"
    )
    assert [(b.kind.value, b.level, b.text) for b in document.blocks] == [
        ("heading", 1, "News & views"),
        ("heading", 2, "Vote"),
        ("paragraph", 0, "Mon, 3 May 2004"),
        ("paragraph", 0, "It abstained."),
    ]
    assert document.blocks[1].links == (Link(text="Vote", target="https://x.example/1"),)
    assert document.blocks[1].anchor == "g1"


def test_atom_entries_are_read_from_text_html_and_xhtml() -> None:
    document = read(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title type='text'>a &lt; b</title><entry><title>T</title>"
        "<link rel='self' href='no'/><link href='https://x.example/2'/>"
        "<summary type='html'>&lt;i&gt;one&lt;/i&gt;</summary>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>two <b>three</b></p></div></content>"
        "</entry></feed>"
    )
    assert [block.text for block in document.blocks] == ["a < b", "T", "two three", "one"]
    assert document.blocks[1].links[0].target == "https://x.example/2"


def test_a_broken_feed_is_read_leniently_with_a_note() -> None:
    document = read("<rss version='2.0'><channel><title>T</title><item><title>Open & broken</title></item></channel>")
    assert "Open & broken" in document.text
    assert "not well-formed XML; read leniently" in document.notes


@pytest.mark.parametrize(
    "root", ["<rss><channel><title>&b;</title></channel></rss>", "<a>&b;</a>", "<feed><title>&b;</title></feed>"]
)
@pytest.mark.parametrize(
    "entity", ['<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/passwd">']
)
def test_xml_entities_are_refused_by_name(root: str, entity: str) -> None:
    with pytest.raises(ExtractError, match="entit") as caught:
        read(f"<?xml version='1.0'?><!DOCTYPE x [{entity}]>{root}")
    assert caught.value.code == "unsupported"


def test_xml_elements_with_text_are_paragraphs() -> None:
    document = read("<?xml version='1.0'?><law><title>Act</title><p>No <b>mines</b> here</p><empty/></law>")
    assert ([block.text for block in document.blocks], document.title) == (["Act", "No mines here"], "Act")


def test_mail_prefers_html_and_lists_attachments_unopened() -> None:
    document = read(
        "From: Ministry <m@gov.example>\nTo: w@x.example\nSubject: =?utf-8?q?R=C3=A9ponse?=\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/html; charset=iso-8859-1\n'
        "Content-Transfer-Encoding: quoted-printable\n\n<p>caf=E9</p>\n--b\nContent-Type: application/pdf\n"
        'Content-Disposition: attachment; filename="reply.pdf"\n\nxx\n--b--\n'
    )
    assert document.title == "Réponse"
    assert document.blocks[-1].text == "café"
    assert ("From", "Ministry <m@gov.example>") in [block.cells for block in document.blocks]
    assert any("reply.pdf" in note for note in document.notes)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "no_text"),
        (b"PK\x03\x04 broken", "unsupported"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "unsupported"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "EncryptedPackage\0".encode("utf-16-le"), "encrypted"),
        (b"x" * (64 * 1024 * 1024 + 1), "too_large"),
    ],
)
def test_refusals_have_codes(payload: bytes, code: str) -> None:
    with pytest.raises(ExtractError) as caught:
        read(payload)
    assert caught.value.code == code
    assert len(str(caught.value)) > 10


def test_mutated_payloads_give_a_document_or_an_extract_error(
    docx: Callable[..., bytes], pdf: Callable[..., bytes]
) -> None:
    random_source = random.Random(5)
    seeds = [
        docx("<w:p><w:r><w:t>word</w:t></w:r></w:p>"),
        pdf([[(70, 700, 10, "line of text")]]),
        b"<html><table><tr><td>a<td>b</table><p>x&amp;y</html>",
        b"<?xml version='1.0'?><rss><channel><item><title>t</title></item></channel></rss>",
        b"{\\rtf1\\ansi {\\fonttbl{\\f0\\fcharset204 x;}}\\f0 \\'cc\\u8212?\\par {\\footnote a}}",
        b'{"a": [1, {"b": "c"}]}',
        b"From: a@b.c\nSubject: =?x?q?y?=\nTo: d\nContent-Type: multipart/mixed; boundary=q\n\n--q\n\nx\n--q--",
    ]
    types = [None, "text/html", "text/csv", "application/json", "application/xml", "message/rfc822", "application/rtf"]
    for _ in range(700):
        payload = bytearray(random_source.choice(seeds))
        for _ in range(random_source.choice((1, 4, 20))):
            payload[random_source.randrange(len(payload))] = random_source.randrange(256)
        cut = random_source.randrange(len(payload) // 2, len(payload) + 1)
        try:
            document = extract(bytes(payload[:cut]), media_type=random_source.choice(types), charset=None)
        except ExtractError:
            continue
        assert document.text.strip()
        json.dumps(document.text).encode("ascii")
        document.text.encode("utf-8")


def test_extraction_is_deterministic(docx: Callable[..., bytes]) -> None:
    payload = docx("<w:p><w:r><w:t>word</w:t></w:r></w:p>")
    assert read(payload) == read(payload)


def outcome(payload: bytes, name: str) -> str:
    """The code of the ExtractError, or an empty string for a Document with text."""
    try:
        document = read(payload, name=name)
    except ExtractError as error:
        return error.code
    assert document.text.strip()
    return ""


@pytest.mark.parametrize("archive", ["pdf_samples", "markitdown_office_and_pdf_samples"])
def test_sample_documents_have_text_or_a_named_error(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.extract.pdf.find_engine", lambda: None)
    monkeypatch.setattr("watcher.extract.picture.find_engine", lambda: None)
    path = DATA / f"{archive}.tar.xz"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    read_well = 0
    with tarfile.open(fileobj=lzma.open(path)) as members:
        for member in members:
            stream = members.extractfile(member) if member.isfile() else None
            if stream is None:
                continue
            code = outcome(stream.read(), member.name)
            assert code in ("", "no_text", "unsupported", "damaged", "encrypted")
            read_well += code == ""
    assert read_well >= 15


def test_feed_corpus_is_read_or_refused_by_name() -> None:
    path = DATA / "feedparser_feeds_corpus.tar.xz"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    read_well = total = 0
    with tarfile.open(fileobj=lzma.open(path)) as members:
        for member in members:
            stream = members.extractfile(member) if member.name.endswith(".xml") else None
            if stream is None:
                continue
            total += 1
            code = outcome(stream.read(), member.name)
            assert code in ("", "no_text", "unsupported")
            read_well += code == ""
    assert read_well >= 0.97 * total
