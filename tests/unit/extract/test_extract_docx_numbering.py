"""Word: numbers as a reader sees them, boxes once, and what the document would have fetched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.extract import extract
from watcher.model.document import Document

Builder = Callable[..., bytes]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def read(payload: bytes) -> Document:
    return extract(payload, media_type=None, charset=None)


def level(at: int, form: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}<w:lvlText w:val="{text}"/></w:lvl>'
    )


def numbering(levels: str, lists: str = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>') -> str:
    return f'<w:numbering {W}><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>{lists}</w:numbering>'


def item(text: str, at: int = 0, number: int = 1) -> str:
    return (
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr></w:pPr>'
        f"<w:r><w:t>{text}</w:t></w:r></w:p>"
    )


def texts(payload: bytes) -> list[str]:
    return [block.text for block in read(payload).blocks]


def test_numbers_letters_and_their_restarts_are_shown_as_in_word(docx: Builder) -> None:
    levels = level(0, "decimal", "%1.") + level(1, "lowerLetter", "(%2)") + level(2, "lowerRoman", "%1.%2.%3")
    body = item("A") + item("B", 1) + item("C", 1) + item("D", 2) + item("E") + item("F", 1) + item("G", 2)
    assert texts(docx(body, {"word/numbering.xml": numbering(levels)})) == [
        *("1. A", "(a) B", "(b) C", "1.b.i D", "2. E", "(a) F", "2.a.i G"),
    ]


def test_a_list_that_word_starts_anew_counts_from_its_own_start_and_others_go_on(docx: Builder) -> None:
    lists = (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/>'
        "</w:lvlOverride></w:num>"
    )
    parts = {"word/numbering.xml": numbering(level(0, "decimal", "%1)"), lists)}
    body = item("A") + item("B", number=2) + item("C", number=3) + item("D", number=3)
    assert texts(docx(body, parts)) == ["1) A", "2) B", "5) C", "6) D"]


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("upperRoman", "Article IV"),
        ("upperLetter", "Article D"),
        ("decimalZero", "Article 04"),
        ("ordinal", "Article 4th"),
        ("russianLower", "Article г"),
        ("ideographDigital", "Article 4"),
    ],
)
def test_number_formats_are_written_as_word_does(docx: Builder, form: str, shown: str) -> None:
    body = "".join(item(text) for text in "WXYZ")
    assert texts(docx(body, {"word/numbering.xml": numbering(level(0, form, "Article %1"))}))[3] == f"{shown} Z"


def test_bullets_have_no_number_and_lists_without_definition_keep_their_words(docx: Builder) -> None:
    parts = {"word/numbering.xml": numbering(level(0, "bullet", "\uf0b7"))}
    assert texts(docx(item("A") + item("B", number=7), parts)) == ["A", "B"]


def test_a_heading_style_brings_its_number(docx: Builder) -> None:
    styles = (
        f'<w:styles {W}><w:style w:styleId="H"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/>'
        '</w:numPr></w:pPr></w:style><w:style w:styleId="K"><w:basedOn w:val="H"/></w:style></w:styles>'
    )
    body = "".join(f'<w:p><w:pPr><w:pStyle w:val="{s}"/></w:pPr><w:r><w:t>{s}</w:t></w:r></w:p>' for s in "HK")
    parts = {"word/styles.xml": styles, "word/numbering.xml": numbering(level(0, "upperRoman", "%1."))}
    found = read(docx(body, parts)).blocks
    assert [(block.kind.value, block.text) for block in found] == [("heading", "I. H"), ("heading", "II. K")]


def test_legal_numbering_writes_roman_levels_in_digits(docx: Builder) -> None:
    levels = level(0, "upperRoman", "%1.") + level(1, "decimal", "%1.%2", "<w:isLgl/>")
    assert texts(docx(item("A") + item("B", 1), {"word/numbering.xml": numbering(levels)})) == ["I. A", "1.1 B"]


def test_a_text_box_is_read_once_whatever_it_is_nested_in(docx: Builder) -> None:
    inner = "<w:txbxContent><w:p><w:r><w:t>Box inside</w:t></w:r></w:p></w:txbxContent>"
    box = (
        "<w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p>"
        f"<w:p><w:r><w:drawing>{inner}</w:drawing></w:r></w:p></w:txbxContent>"
    )
    alternatives = f"<w:Choice><w:drawing>{box}</w:drawing></w:Choice><w:Fallback><w:pict>{box}</w:pict></w:Fallback>"
    body = f"<w:p><w:r><w:t>Before</w:t></w:r><w:r><w:AlternateContent>{alternatives}</w:AlternateContent></w:r></w:p>"
    nested = f"<w:p><w:r><w:drawing><w:AlternateContent>{alternatives}</w:AlternateContent></w:drawing></w:r></w:p>"
    assert texts(docx(body)) == ["Before", "In the box", "Box inside"]
    assert texts(docx(nested)) == ["In the box", "Box inside"]
