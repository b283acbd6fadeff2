"""PDF: text layer to paragraphs; what cannot be read is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.extract.pdf_layout import Line, lay_out
from watcher.model.document import BlockKind, Document

Pages = list[list[tuple[float, float, float, str]]]
Builder = Callable[[Pages], bytes]
FULL = "The Republic reaffirms that it does not produce or transfer any such mines at"


def read(payload: bytes) -> Document:
    return extract(payload, media_type="application/pdf", charset=None)


def line(text: str, top: float, *, page: int = 0, size: float = 10.0, left: float = 70.0, width: float = 400.0) -> Line:
    return Line(
        text=text, page=page, left=left, right=left + width, bottom=top - size, top=top, size=size, page_height=842.0
    )


def test_lines_join_to_paragraphs_and_gaps_part_them(pdf: Builder) -> None:
    document = read(pdf([[(70, 700, 10, FULL), (70, 687, 10, "all."), (70, 650, 10, "New paragraph.")]]))
    assert [block.text for block in document.blocks] == [f"{FULL} all.", "New paragraph."]


def test_larger_lines_are_headings(pdf: Builder) -> None:
    lines = [(70.0, 760.0, 20.0, "Mine policy")]
    lines += [(70.0, 700.0 - 13 * row, 10.0, FULL) for row in range(6)]
    document = read(pdf([lines]))
    assert (document.blocks[0].kind, document.blocks[0].text) == (BlockKind.HEADING, "Mine policy")
    assert document.title == "Mine policy"


def test_words_cut_at_line_ends_are_joined_unless_the_hyphen_is_their_own() -> None:
    page = [
        line("The anti-personnel stock and its destruc-", 700),
        line("tion, and anti-", 687),
        line("personnel use", 674),
    ]
    assert lay_out([page]).blocks[0].text == "The anti-personnel stock and its destruction, and anti-personnel use"


def test_running_heads_and_page_numbers_are_furniture_and_paragraphs_cross_pages() -> None:
    pages = [
        [
            line("Report of the Ministry 2004", 820, page=number),
            line(f"body text of page {number} goes on", 500, page=number),
            line(str(number + 4), 40, page=number, width=10),
        ]
        for number in range(3)
    ]
    blocks = lay_out(pages).blocks
    assert [block.text for block in blocks if not block.boilerplate] == [
        "body text of page 0 goes on body text of page 1 goes on body text of page 2 goes on"
    ]
    assert [block.text for block in blocks if block.boilerplate] == ["Report of the Ministry 2004"]


def test_small_numbered_lines_low_on_a_page_are_footnotes() -> None:
    page = [line(f"{FULL}[3]", 700 - 13 * row) for row in range(5)]
    blocks = lay_out([[*page, line("3 Letter of 5 May", 200, size=8), line("4 Ibid.", 190, size=8)]]).blocks
    assert [(b.anchor, b.text) for b in blocks if b.kind is BlockKind.FOOTNOTE] == [
        ("3", "[3] Letter of 5 May"),
        ("4", "[4] Ibid."),
    ]


@pytest.mark.parametrize(
    "payload",
    [b"%PDF-1.7\nnothing", b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\ntrailer<</Root 1 0 R>>"],
)
def test_a_damaged_pdf_is_named(payload: bytes) -> None:
    with pytest.raises(ExtractError) as caught:
        read(payload)
    assert caught.value.code == "damaged"


def test_a_page_tree_that_runs_in_a_circle_ends(pdf: Builder) -> None:
    payload = pdf([[(70, 700, 10, "text")]]).replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")
    with pytest.raises(ExtractError) as caught:
        read(payload)
    assert caught.value.code in ("damaged", "no_text")
