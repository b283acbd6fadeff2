"""PDF pages: the same text on other pages is the same Document; columns, tables and notes as a person reads them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from watcher.extract import extract
from watcher.model.document import Block, BlockKind, Document

Text = tuple[float, float, float, str]
Builder = Callable[..., bytes]
TEXT = (
    "The Republic recalls that a complete inventory of its stocks was handed over to the depositary and that no unit "
    "of the armed forces holds or plans to hold such devices for any purpose whatsoever. A commission of experts was "
    "asked to look into the means of clearing what earlier conflicts have left in the ground near the border."
)
WORDS = TEXT.split()


def sentences(seed: int, words: int) -> str:
    """A paragraph of its own words, ending with a full stop."""
    chosen = [WORDS[(seed * 7 + place * (1 + seed % 3)) % len(WORDS)].strip(".").lower() for place in range(words)]
    return f"Article {seed} says {' '.join(chosen)}."


def typeset(texts: list[tuple[float, str]], *, letters: int, rows: int, head: str) -> list[list[Text]]:
    """Paragraphs of (size, text), wrapped after so many letters, so many rows on a page, under a head and a number.

    "{n|words}" in a text is a reference to a note, which stands at the foot of the page with the reference.
    """
    pages: list[list[Text]] = []
    y = 0.0

    def new_page() -> None:
        nonlocal y
        pages.append([(70, 800, 9, f"{head} 2004"), (290, 30, 9, f"- {len(pages) + 1} -")])
        y = 760.0

    new_page()
    for size, text in texts:
        body, _, note = text.partition("{")
        for row in textwrap.wrap(body, letters if size < 12 else 200):
            if y < 760 - rows * 13:
                new_page()
            pages[-1].append((70, y, size, row))
            y -= 13
        if note:
            number, _, words = note.strip("}").partition("|")
            used = sum(line[1] < 200 and line[2] == 7 for line in pages[-1])
            pages[-1].append((70, 120 - 9 * used, 7, f"{number} {words}"))
        y -= 9
    return pages


def read(payload: bytes) -> Document:
    return extract(payload, media_type="application/pdf", charset=None)


def content(document: Document) -> list[Block]:
    return [block for block in document.blocks if not block.boilerplate]


TEXTS = [(16.0, "Statement on mines")]
for chapter in range(1, 4):
    TEXTS += [(13.0, f"Chapter {chapter}"), *((10.0, sentences(chapter * 5 + at, 40 + 23 * at)) for at in range(4))]
    TEXTS += [(10.0, sentences(chapter * 5 + 4, 30) + f" It was said so.{{{chapter}|Letter of {chapter} May.}}")]


def test_the_same_text_on_other_pages_and_in_other_lines_gives_the_same_blocks(pdf: Builder) -> None:
    long = read(pdf(typeset(TEXTS, letters=74, rows=40, head="Ministry of Defence"), font="Courier"))
    short = read(pdf(typeset(TEXTS, letters=58, rows=17, head="Ministry of Defence"), font="Courier"))
    assert long.blocks == short.blocks
    assert [block.text for block in content(long) if block.kind is BlockKind.HEADING] == [
        "Statement on mines",
        *(f"Chapter {chapter}" for chapter in (1, 2, 3)),
    ]
    assert [block.text for block in content(long) if block.kind is BlockKind.PARAGRAPH] == [
        text.partition("{")[0] for size, text in TEXTS if size == 10
    ]


def test_running_heads_come_once_and_page_numbers_only_as_a_note(pdf: Builder) -> None:
    document = read(pdf(typeset(TEXTS, letters=58, rows=17, head="Report of the Ministry"), font="Courier"))
    assert [block.text for block in document.blocks if block.boilerplate] == ["Report of the Ministry 2004"]
    assert not any(block.text.startswith("-") for block in document.blocks)
    assert any(note.startswith("page numbers of ") for note in document.notes)


def test_a_head_with_the_page_number_in_it_reads_the_same_on_any_number_of_pages(pdf: Builder) -> None:
    def pages(count: int) -> bytes:
        return pdf(
            [[(70, 800, 9, f"Page {at + 1} of {count} - Order 77"), (70, 500, 10, "Text.")] for at in range(count)]
        )

    for count in (3, 4):
        heads = [block.text for block in read(pages(count)).blocks if block.boilerplate]
        assert heads == ["Page # of # - Order 77"]


def test_articles_at_the_top_of_pages_are_text_and_no_running_head(pdf: Builder) -> None:
    tops = ["Article 4", "Article 9", "Article 11"]
    document = read(pdf([[(70, 800, 10, top), (70, 500, 10, "Its words.")] for top in tops]))
    assert [block.text for block in content(document) if block.text in tops] == tops


def test_a_lone_number_near_the_edge_is_text_when_it_does_not_count_with_the_pages(pdf: Builder) -> None:
    document = read(
        pdf([[(70, 500, 10, "In all:"), (70, 40, 10, "1997")], [(70, 500, 10, "End."), (70, 40, 10, "12")]])
    )
    assert {"1997", "12"} <= {word for block in content(document) for word in block.text.split()}


def test_notes_at_the_foot_come_after_the_text_with_their_mark_and_the_reference_stays(pdf: Builder) -> None:
    body = [
        (70.0, 700.0 - 13 * row, 10.0, "The State has said so in more than one letter to the depositary of")
        for row in range(4)
    ]
    reference = [(70.0, 648.0, 10.0, "the treaty"), (70 + 10 * 6.0, 652.0, 6.0, "1")]
    first = [
        *body,
        *reference,
        (70, 90, 7, "1 Letter of 5 May, which was sent in two copies to the"),
        (70, 81, 7, "19 States of the region."),
    ]
    second = [(70.0, 700.0, 10.0, "More follows."), (70, 90, 7, "2 Ibid.")]
    document = read(pdf([first, second], font="Courier"))
    assert document.blocks[0].text.endswith("the treaty[1]")
    assert [(block.anchor, block.text) for block in document.blocks if block.kind is BlockKind.FOOTNOTE] == [
        ("1", "[1] Letter of 5 May, which was sent in two copies to the 19 States of the region."),
        ("2", "[2] Ibid."),
    ]
    assert document.blocks[-1].kind is BlockKind.FOOTNOTE


def columns(texts: list[list[str]], *, by_row: bool) -> list[Text]:
    placed = [
        (70.0 + 260 * column, 700.0 - 13 * row, 10.0, line)
        for column, lines in enumerate(texts)
        for row, line in enumerate(lines)
    ]
    return sorted(placed, key=lambda each: (-each[1], each[0])) if by_row else placed


@pytest.mark.parametrize("by_row", [False, True])
def test_columns_are_read_one_after_the_other_however_they_were_drawn(pdf: Builder, *, by_row: bool) -> None:
    left, right = sentences(1, 86), sentences(2, 90)
    lines = [textwrap.wrap(text, 36) for text in (left, right)]
    document = read(pdf([columns(lines, by_row=by_row)], font="Courier"))
    assert [block.text for block in document.blocks] == [left, right]


ROWS = [("State", "Signed", "Stock"), ("Aland", "1997", "12 000"), ("Beland", "1999", "none"), ("Celand", "2004", "7")]


def grid(rows: list[tuple[str, ...]], top: float = 700.0) -> list[Text]:
    return [
        (70.0 + 130 * column, top - 20 * row, 10.0, cell)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
        if cell
    ]


def test_aligned_words_are_a_table_with_its_columns_and_a_note_says_so(pdf: Builder) -> None:
    document = read(pdf([[(70, 740, 10, "Table of States"), *grid(ROWS), (70, 500, 10, "Text below the table.")]]))
    rows = [block for block in document.blocks if block.kind is BlockKind.TABLE_ROW]
    assert [block.cells for block in rows] == ROWS
    assert rows[2].columns == ROWS[0]
    assert [document.blocks[0].text, document.blocks[-1].text] == ["Table of States", "Text below the table."]
    assert "1 table(s) were told by the alignment of their words; compare with the page" in document.notes


def test_an_empty_cell_stays_in_its_column(pdf: Builder) -> None:
    rows = [*ROWS, ("Deland", "", "4")]
    blocks = read(pdf([grid(rows)])).blocks
    assert blocks[-1].cells == ("Deland", "", "4")


def test_a_table_goes_on_over_a_page_break_and_its_repeated_head_is_left_out(pdf: Builder) -> None:
    more = [ROWS[0], ("Deland", "2001", "1"), ("Eland", "2002", "2"), ("Feland", "2003", "3")]
    whole = read(pdf([grid([*ROWS, *more[1:]])]))
    broken = read(pdf([grid(ROWS), grid(more)]))
    assert whole.blocks == broken.blocks


@pytest.mark.parametrize("mark", ["{}.", "({})", "•", "1.{}"])
def test_a_list_with_its_marks_apart_is_no_table(pdf: Builder, mark: str) -> None:
    lines: list[Text] = []
    for at, words in enumerate(("sign it", "destroy stocks", "clear fields", "help victims"), start=1):
        lines += [(70, 700 - 20.0 * at, 10, mark.format(at)), (100, 700 - 20.0 * at, 10, words)]
    assert BlockKind.TABLE_ROW not in {block.kind for block in read(pdf([lines])).blocks}


def test_lines_of_double_spaced_text_are_one_paragraph(pdf: Builder) -> None:
    text = sentences(3, 60)
    lines = [(70.0, 700.0 - 26 * row, 10.0, line) for row, line in enumerate(textwrap.wrap(text, 70))]
    assert [block.text for block in read(pdf([lines], font="Courier")).blocks] == [text]
