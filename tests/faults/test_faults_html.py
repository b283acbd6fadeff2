"""Catalogue 58 to 77 for HTML: every word is read, or the refusal says why; never a crash or a shorter text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from watcher.diff import compare
from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.isolation import ChildPool
from watcher.model.capture import Outcome
from watcher.model.change import ChangeKind, HunkOp
from watcher.model.document import BlockKind, Document
from watcher.render.words import shown

TEXT = "<p>Le Gouvernement a ratifié la Convention à Genève.</p>"


@pytest.fixture(scope="module")
def children() -> Iterator[ChildPool]:
    with ChildPool(size=1, seconds=60.0, memory_bytes=512 * 1024**2) as pool:
        yield pool


@pytest.fixture
def read(children: ChildPool) -> Callable[[str], Document]:
    """Read a page in a child of 512 MB."""

    def read_in_child(source: str) -> Document:
        return children.run(extract, source.encode(), media_type="text/html", charset="utf-8")

    return read_in_child


@pytest.mark.parametrize(
    ("payload", "declared", "charset"),
    [
        pytest.param(TEXT.encode("cp1252"), "utf-8", "cp1252", id="header_wrong"),
        pytest.param(f"<meta charset=utf-8>{TEXT}".encode("cp1252"), None, "cp1252", id="meta_wrong"),
        pytest.param(TEXT.encode("utf-8-sig"), "iso-8859-1", "utf-8", id="mark_beats_the_header"),
        pytest.param(TEXT.encode("utf-16"), "utf-8", "utf-16", id="utf_16_under_a_wrong_header"),
        pytest.param(f"<html>{TEXT}</html>".encode("utf-16-le"), None, "utf-16-le", id="utf_16_without_a_mark"),
    ],
)
def test_058_a_wrong_charset_is_stored_as_it_came_and_read_as_it_is(
    bench: Any, payload: bytes, declared: str | None, charset: str
) -> None:
    header = "text/html" + (f"; charset={declared}" if declared else "")
    bench.register("fra", bench.site.put("/fra", payload, headers={"Content-Type": header}))
    recorded = bench.check("fra").recorded
    assert bench.rooms.archive.get_payload(recorded.capture.payload_sha256) == payload
    assert recorded.version.document.text == "Le Gouvernement a ratifié la Convention à Genève."
    assert recorded.version.document.charset.replace("-sig", "") == charset


@pytest.mark.parametrize("spoilt", [b"\xff\xfe\xfa", b"\xed\xa0\x80", b"&#xd800;", b"\x00", b"+ADw-script+AD4-"])
def test_058_bytes_that_no_charset_explains_are_stored_and_give_text_that_can_be_written(
    bench: Any, spoilt: bytes
) -> None:
    payload = b"<p>The treaty " + spoilt + b" entered into force.</p>"
    bench.register("xyz", bench.site.put("/xyz", payload))
    recorded = bench.check("xyz").recorded
    assert recorded.capture.outcome is Outcome.NEW
    assert bench.rooms.archive.get_payload(recorded.capture.payload_sha256) == payload
    text = recorded.version.document.text
    assert text.startswith("The treaty ")
    assert text.endswith(" entered into force.")
    assert "<script>" not in text
    text.encode()


@pytest.mark.parametrize(
    ("put", "seen"), [("\u202e", "[U+202E]"), ("\u2066", "[U+2066]"), ("\x00", ""), ("\x1b", "\ufffd")]
)
def test_059_signs_that_hide_or_reorder_are_seen_in_the_diff(put: str, seen: str) -> None:
    old, new = (
        extract(f"<p>Kazakhstan has {word}ratified.</p>".encode(), media_type="text/html", charset="utf-8")
        for word in ("not ", f"{put}now ")
    )
    (hunk,) = compare(old, new).hunks
    assert hunk.op is HunkOp.EDITED
    assert f"has {seen}now ratified" in shown(hunk.new)


def test_059_a_letter_that_only_looks_the_same_is_an_edit() -> None:
    old, new = (
        extract(f"<p>The p{letter}rty agrees.</p>".encode(), media_type="text/html", charset="utf-8")
        for letter in ("a", "\u0430")
    )
    assert [hunk.op for hunk in compare(old, new).hunks] == [HunkOp.EDITED]


def test_060_a_page_that_is_decoded_otherwise_is_an_encoding_change_and_no_alert(bench: Any) -> None:
    page = "<h1>Côte d'Ivoire</h1><p>La Côte d'Ivoire a adhéré à la Convention en 2000.</p>"
    bench.register("civ", bench.site.put("/civ", page))
    bench.check("civ")
    bench.site.put("/civ", page.encode().decode("cp1252"))
    change = bench.check("civ").recorded.change
    assert change.kind is ChangeKind.ENCODING
    assert not change.alert


@pytest.mark.parametrize(
    ("declared", "note"),
    [
        ("application/pdf", ("the server said application/pdf, the payload is text/html",)),
        ("text/plain", ("the server said text/plain, the payload is text/html",)),
        ("", ()),
    ],
)
def test_061_the_payload_decides_and_a_wrong_type_is_noted(declared: str, note: tuple[str, ...]) -> None:
    page = b"<!doctype html><html><body><p>A page.</p></body></html>"
    document = extract(page, media_type=declared or None, charset=None)
    assert (document.media_type, document.notes) == ("text/html", note)


@pytest.mark.parametrize("tag", ["b", "font", "div", "p", "span", "blockquote", "ul><li", "a href=/x", "x-y"])
@pytest.mark.parametrize("levels", [300, 5_000])
def test_063_every_word_of_unclosed_tags_is_read(read: Any, tag: str, levels: int) -> None:
    page = read("".join(f"<{tag}>w{number} " for number in range(levels)))
    assert page.text.split() == [f"w{number}" for number in range(levels)]


@pytest.mark.parametrize("tag", ["div", "b"])
def test_064_fifty_thousand_levels_are_read_to_the_last_word(read: Any, tag: str) -> None:
    page = read(f"<{tag}>w " * 50_000 + f"last</{tag}>")
    assert len(page.text.split()) == 50_001
    assert page.text.endswith("last")


def test_064_levels_that_are_not_kept_are_noted(read: Any) -> None:
    assert read("<div>w " * 5_000).notes == ("elements nested deeper than 4000 levels were read as if side by side",)


def test_065_a_long_table_is_read_and_compared_by_row(read: Any) -> None:
    rows = [f"<tr><td>State {number}<td>{number} May 2001" for number in range(10_000)]
    head = "<table><tr><th>Participant<th>Ratification"
    old = read(head + "".join(rows))
    rows[777] = "<tr><td>State 777<td>9 June 2009"
    new = read(head + "".join(rows))
    assert len(new.blocks) == 10_001
    assert all(block.kind is BlockKind.TABLE_ROW for block in new.blocks)
    assert [(hunk.op, hunk.row_key) for hunk in compare(old, new).hunks] == [(HunkOp.EDITED, "State 777")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "<table><tr>" + "<td>" * 1_000_000,
            "the table is too large to read: over 1000000 nodes, the limit is 1000000 nodes",
            id="cells",
        ),
        pytest.param(
            "<p>w" * 300_001,
            "the page is too large to read: over 300000 blocks, the limit is 300000 blocks",
            id="blocks",
        ),
        pytest.param(
            "<table><tr>" + "<th colspan=1000>h" * 2 + "<tr><td>x" * 5_000,
            "the table is too large to read: over 2000000 cells, the limit is 2000000 cells",
            id="columns_of_few_cells",
        ),
        pytest.param(
            "<table>" + "<tr><td rowspan=1000 colspan=1000>x" * 1_000 + "<th>y",
            "the table is too large to read: over 2000000 cells, the limit is 2000000 cells",
            id="spans",
        ),
    ],
)
def test_065_a_page_of_too_many_parts_is_refused_with_its_limit(read: Any, source: str, message: str) -> None:
    with pytest.raises(ExtractError) as caught:
        read(source)
    assert (caught.value.code, str(caught.value)) == ("too_large", message)


@pytest.mark.parametrize("repeated", ["<a ", "<!--", "<!-- >", "</", "<![CDATA[", "<script", "<table", "&#", "<?"])
def test_066_markup_that_never_ends_leaves_the_words_before_it(read: Any, repeated: str) -> None:
    page = read("<p>Words before it. " + repeated * 40_000)
    assert page.text.startswith("Words before it.")


def test_067_one_very_long_line_is_read_whole(read: Any) -> None:
    page = read("<p>" + "word " * 1_000_000)
    assert page.text.count("word") == 1_000_000


def test_067_a_million_attributes_are_left_out_and_noted(read: Any) -> None:
    page = read("<p " + " ".join(f"a{number}=1" for number in range(1_000_000)) + ">Text.")
    assert page.text == "Text."
    assert page.notes == ("an element with more than 5000 attributes was read without them",)


def test_067_a_list_of_very_many_choices_is_read_as_furniture(read: Any) -> None:
    page = read(
        "<p>Choose a town.</p><select name=town>" + "<option value=1>Town</option>" * 40_000 + "</select><p>End"
    )
    assert len(page.blocks) == 40_002
    assert {(block.kind, block.boilerplate) for block in page.blocks[1:-1]} == {(BlockKind.LIST_ITEM, True)}
    assert not page.blocks[-1].boilerplate


def test_075_a_page_that_is_a_zip_file_too_is_read_as_what_it_begins_as() -> None:
    page = b"<!doctype html><html><body><p>A page.</p></body></html>"
    zipped = b"PK\x05\x06" + bytes(18)
    assert extract(page + zipped, media_type="application/zip", charset=None).media_type == "text/html"
    with pytest.raises(ExtractError, match="zip archive") as caught:
        extract(zipped + page, media_type="text/html", charset=None)
    assert caught.value.code == "unsupported"


def test_076_a_page_of_fifty_megabytes_is_refused_by_name_in_its_child(read: Any, children: ChildPool) -> None:
    with pytest.raises(ExtractError) as caught:
        read("<p>Some words of a paragraph of usual length, not long. " * 900_000)
    assert caught.value.code in ("too_large", "killed")
    assert "memory" in str(caught.value)
    assert children.run(len, "abc") == 3


def test_076_a_page_that_is_not_read_is_stored_and_says_so(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.extract.html_walker.MAX_BLOCKS", 50)
    bench.register("big", bench.site.put("/big", "<p>A line.</p>" * 60))
    recorded = bench.check("big").recorded
    assert recorded.capture.outcome is Outcome.NEW
    assert bench.rooms.archive.get_payload(recorded.capture.payload_sha256) == b"<p>A line.</p>" * 60
    assert recorded.version.document is None
    assert recorded.version.error_code == "too_large"
    assert recorded.version.error == "the page is too large to read: over 50 blocks, the limit is 50 blocks"
    assert recorded.change is None
