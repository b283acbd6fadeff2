"""Old Word documents: text by the piece table, and what is said of its paragraphs and characters."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.model.document import Document

Builder = Callable[[dict[str, bytes]], bytes]
IN_TABLE = struct.pack("<HB", 0x2416, 1)
ENDS_ROW = IN_TABLE + struct.pack("<HB", 0x2417, 1)
LIST = struct.pack("<HB", 0x260A, 1) + struct.pack("<HH", 0x460B, 3)
DELETED, INSERTED, HIDDEN = (struct.pack("<HB", name, 1) for name in (0x0800, 0x0801, 0x083C))
TEXT_AT, PARAGRAPHS_AT, CHARACTERS_AT = 0x800, 2, 3


def streams(
    main: list[tuple[str, int, bytes]],
    *,
    runs: dict[str, bytes] | None = None,
    footnotes: list[str] | None = None,
    headers: str = "",
    flags: int = 0x0200,
    version: int = 0xC1,
) -> dict[str, bytes]:
    """Streams of a document of (text with its end, style, properties); `runs` says what holds for some words.

    The first paragraph is stored in windows-1252, the rest in UTF-16.
    """
    notes = [note + "\r" for note in footnotes or []]
    paragraphs = [*main, *((note, 0, b"") for note in notes), *([(headers, 0, b"")] if headers else [])]
    whole = "".join(text for text, _, _ in paragraphs)
    narrow = len(paragraphs[0][0])
    stored = whole[:narrow].encode("cp1252") + whole[narrow:].encode("utf-16-le")

    def byte(place: int) -> int:
        return TEXT_AT + (place if place <= narrow else narrow + 2 * (place - narrow))

    edges = [byte(sum(len(text) for text, _, _ in paragraphs[:at])) for at in range(len(paragraphs) + 1)]
    said = [struct.pack("<H", style) + properties for _, style, properties in paragraphs]
    marked = sorted((whole.index(words), whole.index(words) + len(words), what) for words, what in (runs or {}).items())
    marks = [(byte(first), byte(last), what) for first, last, what in marked]
    word = bytearray(0x200)
    struct.pack_into("<HH", word, 0, 0xA5EC, version)
    struct.pack_into("<H", word, 0x0A, flags)
    main_length = sum(len(text) for text, _, _ in main)
    struct.pack_into("<3i", word, 0x4C, main_length, sum(map(len, notes)), len(headers))
    word = word.ljust(0x400, b"\x00") + paragraph_page(edges, said) + character_page(marks)
    word = word.ljust(TEXT_AT, b"\x00") + stored
    table = bytearray()

    def part(place: int, data: bytes) -> None:
        struct.pack_into("<II", word, 0x9A + 8 * place, len(table), len(data))
        table.extend(data)

    pieces = struct.pack("<3I", 0, narrow, len(whole)) if len(whole) > narrow else struct.pack("<2I", 0, narrow)
    pieces += struct.pack("<HIH", 0, 0x40000000 | TEXT_AT * 2, 0)
    if len(whole) > narrow:
        pieces += struct.pack("<HIH", 0, TEXT_AT + narrow, 0)
    part(33, b"\x01\x02\x00ab" + b"\x02" + struct.pack("<I", len(pieces)) + pieces)
    part(13, struct.pack("<3I", TEXT_AT, edges[-1], PARAGRAPHS_AT))
    part(12, struct.pack("<3I", TEXT_AT, edges[-1], CHARACTERS_AT))
    if notes:
        places = [at for at, char in enumerate(whole) if char == "\x02"][: len(notes)]
        part(
            2,
            struct.pack(f"<{len(places) + 1}I", *places, main_length)
            + struct.pack(f"<{len(places)}H", *[1] * len(places)),
        )
        begins = [sum(map(len, notes[:at])) for at in range(len(notes) + 1)]
        part(3, struct.pack(f"<{len(begins) + 1}I", *begins, begins[-1] + 1))
    return {"WordDocument": bytes(word), "1Table" if flags & 0x0200 else "0Table": bytes(table)}


def paragraph_page(edges: list[int], said: list[bytes]) -> bytes:
    page = bytearray(512)
    struct.pack_into(f"<{len(edges)}I", page, 0, *edges)
    end = 510
    for at, each in enumerate(said):
        padded = each if len(each) % 2 else each + b"\x00"
        end = (end - 1 - len(padded)) // 2 * 2
        page[end] = (len(padded) + 1) // 2
        page[end + 1 : end + 1 + len(padded)] = padded
        page[4 * len(edges) + 13 * at] = end // 2
    page[511] = len(said)
    return bytes(page)


def character_page(marks: list[tuple[int, int, bytes]]) -> bytes:
    page = bytearray(512)
    edges, said = [TEXT_AT], list[bytes]()
    for first, last, what in marks:
        edges += [first, last]
        said += [b"", what]
    struct.pack_into(f"<{len(edges)}I", page, 0, *edges)
    end = 500
    for at, each in enumerate(said):
        if each:
            end -= 8
            page[end] = len(each)
            page[end + 1 : end + 1 + len(each)] = each
            page[4 * len(edges) + at] = end // 2
    page[511] = len(said)
    return bytes(page)


def read(payload: bytes) -> Document:
    return extract(payload, media_type=None, charset=None)


def seen(document: Document) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, block.text) for block in document.blocks]


def refusal(payload: bytes) -> tuple[str, str]:
    with pytest.raises(ExtractError) as caught:
        read(payload)
    return caught.value.code, str(caught.value)


def test_paragraphs_headings_and_lists_come_in_both_ways_of_storing_text(compound: Builder) -> None:
    payload = compound(
        streams([("Café “policy”\r", 1, b""), ("Мины не\x0bпроизводятся.\r", 0, b""), ("an item\r", 0, LIST)])
    )
    document = read(payload)
    assert (document.extractor, document.title) == ("doc", "Café “policy”")
    assert seen(document) == [
        ("heading", 1, "Café “policy”"),
        ("paragraph", 0, "Мины не производятся."),
        ("list_item", 2, "an item"),
    ]


@pytest.mark.parametrize("flags", [0, 0x0200])
def test_the_table_stream_is_the_one_that_the_header_names(compound: Builder, flags: int) -> None:
    assert read(compound(streams([("The State has signed.\r", 0, b"")], flags=flags))).text == "The State has signed."


def test_tracked_changes_are_marked_and_hidden_text_is_left_out(compound: Builder) -> None:
    main = [("First.\r", 0, b""), ("We oppose support a ban secretly.\r", 0, b"")]
    document = read(compound(streams(main, runs={"oppose ": DELETED, "support ": INSERTED, " secretly": HIDDEN})))
    assert document.blocks[1].text == "We [deleted: oppose] [inserted: support] a ban."
    assert "has tracked changes: 1 insertion(s), 1 deletion(s)" in document.notes


def test_tables_are_rows_with_columns(compound: Builder) -> None:
    cells = [("State\x07", 0, IN_TABLE), ("Vote\x07", 0, IN_TABLE), ("\x07", 0, ENDS_ROW)]
    cells += [("Aland\r", 0, IN_TABLE), ("(no)\x07", 0, IN_TABLE), ("\x07", 0, IN_TABLE), ("\x07", 0, ENDS_ROW)]
    document = read(compound(streams([("Votes\r", 0, b""), *cells, ("After.\r", 0, b"")])))
    assert [block.cells for block in document.blocks] == [(), ("State", "Vote"), ("Aland (no)", ""), ()]
    assert document.blocks[2].columns == ("State", "Vote")


def test_notes_keep_their_references_and_headers_are_furniture(compound: Builder) -> None:
    main = [("It said so\x02 and more\x02.\r", 0, b"")]
    document = read(compound(streams(main, footnotes=["\x02 Letter.", "\x02 Ibid."], headers="\x03\rDraft 3\r")))
    assert [(block.kind.value, block.anchor, block.text) for block in document.blocks] == [
        ("paragraph", "", "It said so[1] and more[2]."),
        ("footnote", "1", "[1] Letter."),
        ("footnote", "2", "[2] Ibid."),
        ("paragraph", "", "Draft 3"),
    ]
    assert document.blocks[-1].boilerplate


def test_of_a_field_its_result_is_read_and_its_address_is_a_link(compound: Builder) -> None:
    link = '\x13 HYPERLINK "https://gov.example/a" \x14the law\x15'
    document = read(compound(streams([(f"See {link} on page \x13 PAGE \x1412\x15.\r", 0, b"")])))
    assert document.text == "See the law on page 12."
    assert [(each.text, each.target) for each in document.blocks[0].links] == [("the law", "https://gov.example/a")]


def test_macros_and_embedded_files_are_listed(compound: Builder) -> None:
    document = read(compound({**streams([("x\r", 0, b"")]), "Macros/VBA": b"x", "ObjectPool/one": b"y"}))
    assert {"holds macros, never run", "holds embedded files, not read"} <= set(document.notes)


def test_what_cannot_be_read_is_named(compound: Builder) -> None:
    main = [("x\r", 0, b"")]
    assert refusal(compound(streams(main, flags=0x0300)))[0] == "encrypted"
    code, message = refusal(compound(streams(main, version=0x65)))
    assert (code, message) == ("unsupported", "the old Word document is older than Word 97, which no extractor reads")
    whole = streams(main)
    assert refusal(compound({**whole, "WordDocument": whole["WordDocument"][:0x500]}))[0] == "damaged"
    assert refusal(compound({"WordDocument": whole["WordDocument"]}))[0] == "damaged"
    assert refusal(compound(streams([("\r", 0, b"")])))[0] == "no_text"


def test_old_presentations_are_named(compound: Builder) -> None:
    code, message = refusal(compound({"PowerPoint Document": b"x"}))
    assert (code, message) == (
        "unsupported",
        "the payload is the old PowerPoint format (.ppt), which no extractor reads",
    )


def test_damaged_files_give_text_or_a_named_error(compound: Builder) -> None:
    chance = random.Random(3)
    cells = [("Aland\x07", 0, IN_TABLE), ("\x07", 0, ENDS_ROW)]
    whole = compound(streams([("a\x02 word\r", 1, LIST), *cells], footnotes=["\x02 n"], runs={"word": DELETED}))
    for _ in range(400):
        payload = bytearray(whole)
        for _ in range(chance.choice((1, 3, 12))):
            payload[chance.randrange(8, len(payload))] = chance.randrange(256)
        try:
            assert read(bytes(payload)).text.strip()
        except ExtractError as error:
            assert error.code in ("damaged", "unsupported", "encrypted", "no_text", "too_large"), str(error)  # noqa: PT017
