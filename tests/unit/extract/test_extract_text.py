"""Plain text, Markdown, notes, questionnaires, CSV and JSON."""

from __future__ import annotations

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.model.document import BlockKind, Document, Link


def read(text: str, media_type: str = "text/plain", name: str = "") -> Document:
    return extract(text.encode(), media_type=media_type, charset="utf-8", name=name)


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(block.kind.value, block.text) for block in document.blocks]


def test_blank_lines_part_paragraphs_and_unwrapped_lines_stand_alone() -> None:
    assert [text for _, text in kinds(read("One.\nTwo.\n\nThree."))] == ["One.", "Two.", "Three."]


def test_lines_wrapped_by_hand_are_joined() -> None:
    words = ("The delegation of our country wishes to recall that it has always supported a complete ban " * 4).split()
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) + 1 > 60:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    text = "\n".join([*lines, line])
    assert kinds(read(text)) == [("paragraph", " ".join(words))]


def test_short_lines_above_longer_paragraphs_are_headings() -> None:
    document = read("Use and Production\n\n" + "The country has never produced any such weapon. " * 3)
    assert kinds(document)[0] == ("heading", "Use and Production")
    assert kinds(read("Dear friends,\n\n" + "We thank the hosts of this meeting. " * 3))[0][0] == "paragraph"


def test_numbered_notes_at_the_end_are_footnotes_with_their_mark() -> None:
    document = read("It denied this.[1] It also said more.[2]\n\n[1] Letter of 3 May.\n[2] Ibid.\n")
    notes = [(block.anchor, block.text) for block in document.blocks if block.kind is BlockKind.FOOTNOTE]
    assert notes == [("1", "[1] Letter of 3 May."), ("2", "[2] Ibid.")]


def test_numbers_under_a_notes_heading_are_footnotes_and_a_plain_list_is_not() -> None:
    noted = read("The text is here.\n\nNotes\n\n1. First source.\n2. Second source.")
    plain = read("We ask that you:\n\n1. Sign the treaty.\n2. Destroy the stocks.")
    assert [b.anchor for b in noted.blocks if b.kind is BlockKind.FOOTNOTE] == ["1", "2"]
    assert not [b for b in plain.blocks if b.kind is BlockKind.FOOTNOTE]


def test_a_questionnaire_gives_questions_and_answers() -> None:
    document = read(
        "1. Does your country produce mines?\nNo.\n2. Are stocks held?\nYes, for training.\nNumbers are secret.\n"
        "3. Will you join?\nNot now."
    )
    assert [(b.kind.value, b.anchor) for b in document.blocks] == [
        ("question", "1"),
        ("answer", "1"),
        ("question", "2"),
        ("answer", "2"),
        ("answer", "2"),
        ("question", "3"),
        ("answer", "3"),
    ]


def test_markdown_headings_lists_links_and_tables() -> None:
    document = read(
        "# Title\n\nSee **the** [report](https://gov.example/r).\n\n- one\n  - two\n\n| A | B |\n|---|---|\n| 1 | 2 |\n"
    )
    assert kinds(document) == [
        ("heading", "Title"),
        ("paragraph", "See the report."),
        ("list_item", "- one"),
        ("list_item", "- two"),
        ("table_row", "A | B"),
        ("table_row", "1 | 2"),
    ]
    assert document.blocks[1].links == (Link(text="report", target="https://gov.example/r"),)
    assert document.blocks[5].columns == ("A", "B")
    assert [document.blocks[2].level, document.blocks[3].level] == [1, 2]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_csv_rows_carry_the_columns_of_the_first_row(sign: str) -> None:
    lines = ["State,Signed,Note", '"Aland",1997,first', "Beland,1998,", "Celand,1999,last"]
    document = read("\n".join(line.replace(",", sign) for line in lines), "text/csv")
    assert document.blocks[0].cells == ("State", "Signed", "Note")
    assert document.blocks[0].columns == ()
    assert document.blocks[2].cells == ("Beland", "1998", "")
    assert document.blocks[2].columns == ("State", "Signed", "Note")
    assert document.blocks[2].text == "Beland | 1998"


def test_csv_of_numbers_has_no_columns() -> None:
    assert [block.columns for block in read("1,2\n3,4\n", "text/csv").blocks] == [(), ()]


def test_a_title_line_above_a_csv_table_is_a_paragraph() -> None:
    document = read("Votes on resolution 5\n\nState,Vote\nAland,yes\nBeland,no\n", "text/csv")
    assert kinds(document)[0] == ("paragraph", "Votes on resolution 5")
    assert document.blocks[2].columns == ("State", "Vote")


def test_json_leaves_come_with_paths_that_a_new_item_does_not_rename() -> None:
    first = read('{"state": "Aland", "tags": ["a", "b"], "n": 12345678901234567890123}', "application/json")
    second = read('{"state": "Aland", "tags": ["new", "a", "b"], "n": 12345678901234567890123}', "application/json")
    assert [block.cells for block in first.blocks] == [
        ("state", "Aland"),
        ("tags[]", "a"),
        ("tags[]", "b"),
        ("n", "12345678901234567890123"),
    ]
    assert set(first.blocks) < set(second.blocks)


def test_json_lists_of_flat_objects_are_tables() -> None:
    document = read('[{"state": "Aland", "vote": null}, {"state": "Beland", "vote": true}]', "application/json")
    assert [(b.cells, b.columns) for b in document.blocks] == [
        (("Aland", ""), ("state", "vote")),
        (("Beland", "true"), ("state", "vote")),
    ]


def test_broken_json_is_read_as_text_with_a_note() -> None:
    document = read('{"state": ', "application/json")
    assert document.text == '{"state":'
    assert "not valid JSON; read as plain text" in document.notes


def test_deep_json_is_refused_by_name() -> None:
    with pytest.raises(ExtractError) as caught:
        read("[" * 200_000, "application/json")
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("text", ["", "  \n\t ", "\x00\x00"])
def test_an_empty_text_is_no_document(text: str) -> None:
    with pytest.raises(ExtractError) as caught:
        read(text)
    assert caught.value.code == "no_text"
