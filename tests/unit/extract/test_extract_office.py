"""Word, OpenDocument, spreadsheets, presentations and RTF."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.model.document import BlockKind, Document

Builder = Callable[..., bytes]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def read(payload: bytes, name: str = "") -> Document:
    return extract(payload, media_type=None, charset=None, name=name)


def code_of(payload: bytes) -> str:
    with pytest.raises(ExtractError) as caught:
        read(payload)
    return caught.value.code


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def test_docx_headings_come_from_styles_and_lists_carry_depth(docx: Builder) -> None:
    styles = (
        f'<w:styles {W}><w:style w:styleId="a1"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="own"><w:name w:val="Mine"/><w:basedOn w:val="a1"/></w:style></w:styles>'
    )
    body = (
        f'<w:p><w:pPr><w:pStyle w:val="own"/></w:pPr>{run("Use")}</w:p>'
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="4"/></w:numPr></w:pPr>{run("item")}</w:p>'
        f"<w:sdt><w:sdtContent><w:p>{run('inside a control')}</w:p></w:sdtContent></w:sdt>"
    )
    document = read(docx(body, {"word/styles.xml": styles}))
    assert [(b.kind.value, b.level, b.text) for b in document.blocks] == [
        ("heading", 2, "Use"),
        ("list_item", 2, "item"),
        ("paragraph", 0, "inside a control"),
    ]
    assert document.title == "Use"


def test_docx_tracked_changes_are_shown_as_such(docx: Builder) -> None:
    body = (
        f"<w:p>{run('The State ')}<w:del><w:r><w:delText>may </w:delText></w:r></w:del>"
        f"<w:ins>{run('shall ')}</w:ins>{run('destroy all mines.')}</w:p>"
    )
    document = read(docx(body))
    assert document.text == "The State [deleted: may] [inserted: shall] destroy all mines."
    assert "has tracked changes: 1 insertion(s), 1 deletion(s)" in document.notes


def test_docx_footnotes_follow_the_numbers_of_the_text(docx: Builder) -> None:
    notes = (
        f'<w:footnotes {W}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
        f'<w:footnote w:id="7"><w:p>{run("Later one")}</w:p></w:footnote>'
        f'<w:footnote w:id="9"><w:p>{run("First one")}</w:p></w:footnote></w:footnotes>'
    )
    body = (
        f"<w:p>{run('A')}<w:r><w:footnoteReference w:id='9'/></w:r>{run(' B')}"
        "<w:r><w:footnoteReference w:id='7'/></w:r></w:p>"
    )
    document = read(docx(body, {"word/footnotes.xml": notes}))
    assert [(b.text, b.anchor) for b in document.blocks] == [
        ("A[1] B[2]", ""),
        ("[1] First one", "1"),
        ("[2] Later one", "2"),
    ]


def test_docx_tables_keep_merged_cells_readable_and_headers_are_furniture(docx: Builder) -> None:
    def cell(text: str, merge: str = "") -> str:
        return f"<w:tc><w:tcPr>{merge}</w:tcPr><w:p>{run(text) if text else ''}</w:p></w:tc>"

    rows = [
        cell("State") + cell("Vote"),
        cell("Aland", '<w:vMerge w:val="restart"/>') + cell("yes"),
        cell("", "<w:vMerge/>") + cell("no"),
    ]
    body = "<w:tbl>" + "".join(f"<w:tr>{each}</w:tr>" for each in rows) + "</w:tbl>"
    document = read(docx(body, {"word/header1.xml": f"<w:hdr {W}><w:p>{run('Draft 3')}</w:p></w:hdr>"}))
    assert document.blocks[2].cells == ("Aland", "no")
    assert document.blocks[2].columns == ("State", "Vote")
    assert (document.blocks[-1].text, document.blocks[-1].boilerplate) == ("Draft 3", True)


def test_docx_links_go_nowhere_but_are_listed(docx: Builder) -> None:
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r9" Type="http://x/hyperlink" Target="https://gov.example/a" TargetMode="External"/>'
        "</Relationships>"
    )
    body = f'<w:p><w:hyperlink r:id="r9">{run("the law")}</w:hyperlink></w:p>'
    document = read(docx(body, {"word/_rels/document.xml.rels": relations, "word/vbaProject.bin": b"x"}))
    assert (document.blocks[0].links[0].text, document.blocks[0].links[0].target) == (
        "the law",
        "https://gov.example/a",
    )
    assert "holds macros, never run" in document.notes


def test_xml_entities_in_a_package_are_refused_by_name(zip_of: Builder) -> None:
    bomb = f'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><w:document {W}><w:body>&b;</w:body></w:document>'
    with pytest.raises(ExtractError, match="entit") as caught:
        read(zip_of({"word/document.xml": bomb}))
    assert caught.value.code == "unsupported"


def test_a_package_that_unpacks_too_large_is_refused_before_it_is_parsed(zip_of: Builder) -> None:
    payload = zip_of({"word/document.xml": b"<w>" + b" " * (140 * 1024 * 1024)})
    assert len(payload) < 200_000
    assert code_of(payload) == "too_large"


def test_a_package_that_lies_about_its_size_is_damaged(zip_of: Builder) -> None:
    payload = zip_of({"word/document.xml": b"<w>" + b"a" * 5000 + b"</w>"})
    with zipfile.ZipFile(io.BytesIO(payload)) as package:
        size = package.getinfo("word/document.xml").file_size
    assert code_of(payload.replace(struct.pack("<I", size), struct.pack("<I", 10))) == "damaged"


def test_a_package_of_very_many_members_is_refused(zip_of: Builder) -> None:
    parts = {"word/document.xml": "<w/>"} | {f"m{number}": "" for number in range(10_001)}
    assert code_of(zip_of(parts)) == "too_large"


def test_an_encrypted_package_is_named(docx: Builder) -> None:
    payload = bytearray(docx(f"<w:p>{run('x')}</w:p>"))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = payload.find(signature)
        payload[at + offset] |= 1
    assert code_of(bytes(payload)) == "encrypted"


ODT_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table")
)


def test_odt_headings_lists_notes_and_deletions(zip_of: Builder) -> None:
    content = (
        f"<office:document-content {ODT_NAMES}><office:body><office:text>"
        '<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><text:p>old words</text:p>'
        "</text:deletion></text:changed-region></text:tracked-changes>"
        '<text:h text:outline-level="2">Policy</text:h>'
        '<text:p>One<text:s/>two<text:change text:change-id="c1"/>'
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Source</text:p></text:note-body>"
        "</text:note></text:p><text:list><text:list-item><text:p>item</text:p></text:list-item></text:list>"
        "</office:text></office:body></office:document-content>"
    )
    payload = zip_of({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})
    assert [(b.kind.value, b.level, b.text) for b in read(payload).blocks] == [
        ("heading", 2, "Policy"),
        ("paragraph", 0, "One two[deleted: old words][1]"),
        ("list_item", 1, "item"),
        ("footnote", 0, "[1] Source"),
    ]


def test_odt_insertions_are_marked_over_paragraphs(zip_of: Builder) -> None:
    content = (
        f"<office:document-content {ODT_NAMES}><office:body><office:text>"
        '<text:tracked-changes><text:changed-region text:id="c1"><text:insertion/></text:changed-region>'
        '<text:changed-region text:id="c2"><text:format-change/></text:changed-region></text:tracked-changes>'
        '<text:p>We <text:change-start text:change-id="c1"/>support <text:span>a ban</text:span></text:p>'
        '<text:p>and sign.<text:change-end text:change-id="c1"/> Soon.</text:p>'
        '<text:p><text:change-start text:change-id="c2"/>Bold<text:change-end text:change-id="c2"/></text:p>'
        "</office:text></office:body></office:document-content>"
    )
    document = read(zip_of({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content}))
    assert document.text.split("\n") == ["We [inserted: support a ban]", "[inserted: and sign.] Soon.", "Bold"]


def test_spreadsheet_rows_carry_columns_and_plain_numbers(zip_of: Builder) -> None:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"

    def row(number: int, *cells: str) -> str:
        return f'<row r="{number}">{"".join(cells)}</row>'

    def text(place: str, value: str) -> str:
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'

    sheet = row(1, text("A1", "State"), text("B1", "Mines")) + row(2, text("A2", "Aland"), '<c r="B2"><v>1200</v></c>')
    payload = zip_of(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook {main} xmlns:r="{relation}"><sheets>'
            '<sheet name="Stocks" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{relation}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{sheet}</sheetData></worksheet>",
        }
    )
    document = read(payload)
    assert [block.text for block in document.blocks] == ["Stocks", "State | Mines", "Aland | 1200"]
    assert document.blocks[2].columns == ("State", "Mines")


def test_rtf_reads_charsets_unicode_tables_footnotes_and_headers() -> None:
    payload = (
        rb"{\rtf1\ansi\ansicpg1252\uc1{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}{\info{\title Decree 5}}"
        rb"{\header Page head}{\pard\outlinelevel0 Policy\par}"
        rb"{\pard\f1 \'cc\'e8\'ed\'fb \f0 caf\'e9 \u8212?\~end{\footnote\pard Source A.}\par}"
        rb"\trowd\intbl State\cell Vote\cell\row\intbl Aland\cell yes\cell\row\pard After{\v hidden}\par"
        rb"{\pict\pngblip 89504e47}{\*\unknown junk}}"
    )
    document = read(payload)
    assert [(b.kind.value, b.text) for b in document.blocks] == [
        ("heading", "Policy"),
        ("paragraph", "Мины café — end[1]"),
        ("table_row", "State | Vote"),
        ("table_row", "Aland | yes"),
        ("paragraph", "After"),
        ("footnote", "[1] Source A."),
        ("paragraph", "Page head"),
    ]
    assert document.title == "Decree 5"
    assert document.blocks[-1].boilerplate


def test_rtf_tracked_changes_are_shown_as_such() -> None:
    first = rb"We {\deleted oppose }{\revised\revauth1 sup}{\revised port} a {\b ban}.\par "
    document = read(rb"{\rtf1 " + first + rb"{\deleted Gone.}\par Stays.}")
    assert [block.text for block in document.blocks] == [
        "We [deleted: oppose] [inserted: support] a ban.",
        "[deleted: Gone.]",
        "Stays.",
    ]
    assert "has tracked changes: 1 insertion(s), 2 deletion(s)" in document.notes


def test_rtf_nested_without_end_is_refused_and_unclosed_is_read() -> None:
    assert code_of(rb"{\rtf1 " + b"{" * 5000) == "too_large"
    assert read(rb"{\rtf1 {\b Open text").text == "Open text"


def test_slides_come_in_the_order_of_the_presentation(zip_of: Builder) -> None:
    names = (
        'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    )

    def slide(title: str, text: str) -> str:
        return (
            f'<p:sld {names}><p:sp><p:nvPr><p:ph type="title"/></p:nvPr><a:p><a:r><a:t>{title}</a:t></a:r></a:p></p:sp>'
            f"<p:sp><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sp></p:sld>"
        )

    relations = "".join(f'<Relationship Id="r{n}" Type="t/slide" Target="slides/slide{n}.xml"/>' for n in (1, 2))
    payload = zip_of(
        {
            "ppt/presentation.xml": f'<p:presentation {names}><p:sldIdLst><p:sldId id="1" r:id="r2"/>'
            '<p:sldId id="2" r:id="r1"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": f"<Relationships>{relations}</Relationships>",
            "ppt/slides/slide1.xml": slide("Second", "two"),
            "ppt/slides/slide2.xml": slide("First", "one"),
        }
    )
    assert [block.text for block in read(payload).blocks] == ["First", "one", "Second", "two"]
    assert read(payload).blocks[0].kind is BlockKind.HEADING
