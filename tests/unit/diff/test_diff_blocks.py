from __future__ import annotations

import random
import time
from types import SimpleNamespace

import pytest

from watcher.diff import DIFFER, DIFFER_VERSION, apply, compare
from watcher.model.change import HunkOp

EXPORTS = "The delegation stated that the halt on exports remains in force until further notice."
STOCKS = "It also said that all stocks would be destroyed before the end of 2031 under observation."
BORDER = "Survey of the northern border has begun and is reported to the assembly each year."


def test_a_diff_names_its_differ(build: SimpleNamespace) -> None:
    diff = compare(build.document("a"), build.document("a"))
    assert (diff.differ, diff.differ_version) == (DIFFER, DIFFER_VERSION) == ("blocks", 4)
    assert diff.hunks == ()
    assert not diff.coarse


def test_an_edited_paragraph_is_one_hunk_with_its_words_and_heading(build: SimpleNamespace) -> None:
    old = build.document(build.heading("Trade"), EXPORTS, build.heading("Stocks"), STOCKS)
    new = build.document(build.heading("Trade"), EXPORTS, build.heading("Stocks"), STOCKS.replace("would", "will"))
    hunk = build.only(compare(old, new))
    assert (hunk.op, hunk.old_index, hunk.new_index, hunk.heading) == (HunkOp.EDITED, 3, 3, "Stocks")
    assert "stocks [-would-]{+will+} be" in build.marked(hunk.words)


def test_every_sort_of_hunk_has_the_heading_above_it(build: SimpleNamespace) -> None:
    trade, stocks, border = (build.heading(name) for name in ("Trade", "Stocks", "Border"))
    old = build.document("Start.", trade, EXPORTS, stocks, "All is destroyed now.", border, BORDER, "Last.")
    new = build.document("Start.", trade, "Last.", EXPORTS, stocks, STOCKS, border, BORDER.replace("begun", "ended"))
    found = [(hunk.op, hunk.heading) for hunk in compare(old, new).hunks]
    assert sorted(found) == [
        (HunkOp.DELETED, "Stocks"),
        (HunkOp.EDITED, "Border"),
        (HunkOp.INSERTED, "Stocks"),
        (HunkOp.MOVED, "Trade"),
    ]


def test_headings_of_the_navigation_are_not_headings_of_the_text(build: SimpleNamespace) -> None:
    menu = build.heading("Menu", boilerplate=True)
    old = build.document(build.heading("Trade"), menu, EXPORTS)
    hunk = build.only(compare(old, build.document(build.heading("Trade"), menu, EXPORTS, STOCKS)))
    assert hunk.heading == "Trade"


def test_an_inserted_paragraph_does_not_touch_its_neighbours(build: SimpleNamespace) -> None:
    hunk = build.only(compare(build.document(EXPORTS, BORDER), build.document(EXPORTS, STOCKS, BORDER)))
    assert (hunk.op, hunk.old_index, hunk.new_index, hunk.new) == (HunkOp.INSERTED, None, 1, STOCKS)


def test_a_moved_paragraph_is_told_once_as_moved(build: SimpleNamespace) -> None:
    hunk = build.only(compare(build.document(EXPORTS, STOCKS, BORDER), build.document(BORDER, EXPORTS, STOCKS)))
    assert (hunk.op, hunk.old_index, hunk.new_index, hunk.words) == (HunkOp.MOVED, 2, 0, ())


def test_a_long_paragraph_moved_and_edited_at_once_shows_the_edit(build: SimpleNamespace) -> None:
    old = build.document(EXPORTS, STOCKS, BORDER, "Closing words.")
    new = build.document(BORDER.replace("begun", "ended"), EXPORTS, STOCKS, "Closing words.")
    hunk = build.only(compare(old, new))
    assert (hunk.op, hunk.old_index, hunk.new_index) == (HunkOp.EDITED, 2, 0)


def test_unlike_paragraphs_in_one_place_are_a_deletion_and_an_insertion(build: SimpleNamespace) -> None:
    diff = compare(build.document(EXPORTS, "x"), build.document("Registration opens on Monday at noon.", "x"))
    assert sorted(build.ops(diff)) == [HunkOp.DELETED, HunkOp.INSERTED]


def test_a_deleted_block_is_told_where_it_stood(build: SimpleNamespace) -> None:
    old = build.document(EXPORTS, STOCKS, BORDER)
    new = build.document(EXPORTS.replace("halt", "ban"), BORDER.replace("begun", "ended"))
    assert build.ops(compare(old, new)) == [HunkOp.EDITED, HunkOp.DELETED, HunkOp.EDITED]


def test_a_split_paragraph_deletes_and_inserts_nothing(build: SimpleNamespace) -> None:
    old = build.document("Start.", f"{EXPORTS} {STOCKS}", BORDER)
    new = build.document("Start.", EXPORTS, STOCKS, BORDER)
    diff = compare(old, new)
    assert [(hunk.op, hunk.old_index, hunk.old) for hunk in diff.hunks] == [
        (HunkOp.MOVED, 1, EXPORTS),
        (HunkOp.MOVED, 1, STOCKS),
    ]
    assert apply(old, diff) == tuple(block.text for block in new.blocks)


def test_a_merge_with_an_edit_shows_only_the_edit(build: SimpleNamespace) -> None:
    old = build.document("Start.", EXPORTS, STOCKS, BORDER)
    new = build.document("Start.", f"{EXPORTS} {STOCKS.replace('2031', '2033')}", BORDER)
    diff = compare(old, new)
    assert build.ops(diff) == [HunkOp.MOVED, HunkOp.EDITED]
    assert "[-2031-]{+2033+}" in build.marked(diff.hunks[1].words)
    assert apply(old, diff) == tuple(block.text for block in new.blocks)


def test_a_block_whose_kind_alone_changed_gives_no_hunk(build: SimpleNamespace) -> None:
    old = build.document(build.heading("Summary"), EXPORTS)
    assert compare(old, build.document("Summary", EXPORTS)).hunks == ()


def test_list_items_are_told_one_by_one(build: SimpleNamespace) -> None:
    old = build.document(*(build.item(name) for name in ("Norland", "Estmark", "Sudova")))
    new = build.document(*(build.item(name) for name in ("Norland", "Ostrava", "Estmark", "Sudova")))
    hunk = build.only(compare(old, new))
    assert (hunk.op, hunk.new) == (HunkOp.INSERTED, "Ostrava")


def test_blocks_with_the_same_anchor_are_paired_across_the_page(build: SimpleNamespace) -> None:
    note = "See the third annual report, page 14."
    old = build.document(build.paragraph(note, anchor="fn3"), EXPORTS, STOCKS)
    new = build.document(EXPORTS, STOCKS, build.paragraph(note.replace("third", "fourth"), anchor="fn3"))
    hunk = build.only(compare(old, new))
    assert (hunk.op, hunk.old_index, hunk.new_index) == (HunkOp.EDITED, 0, 2)


def test_text_read_through_another_charset_is_paired_though_no_word_is_common(build: SimpleNamespace) -> None:
    text = "Страна присоединилась к договору"
    old = build.document(EXPORTS, text.encode().decode("cp1251"), "Другая строка".encode("koi8-r").decode("cp1251"))
    new = build.document(EXPORTS, text, "Другая строка")
    assert build.ops(compare(old, new)) == [HunkOp.EDITED, HunkOp.EDITED]


def test_apply_refuses_a_document_that_the_diff_was_not_made_from(build: SimpleNamespace) -> None:
    diff = compare(build.document(EXPORTS, STOCKS), build.document(EXPORTS))
    with pytest.raises(ValueError, match="does not fit"):
        apply(build.document(EXPORTS, BORDER), diff)


def words_of(source: random.Random, count: int) -> str:
    return " ".join(f"w{int(8000 * source.random() ** 3)}" for _ in range(count))


@pytest.mark.parametrize(
    "case", ["characters", "letters", "one line", "rewrite", "rows", "unkeyed rows", "repeated lines"]
)
def test_worst_cases_end_in_bounded_time_and_stay_exact(build: SimpleNamespace, case: str) -> None:
    source = random.Random(17)

    def texts() -> list[str]:
        if case == "characters":
            return ["".join(chr(source.randrange(0x4E00, 0x4F00)) for _ in range(30_000))]
        if case == "letters":
            return ["".join(source.choices("abcdefghijklmnopqrstuvwxyz .,", k=30_000))]
        if case == "one line":
            return [words_of(source, 170_000)]
        if case == "rewrite":
            return [words_of(source, source.randrange(20, 160)) for _ in range(1_900)]
        return [source.choice("abc") for _ in range(60_000)]

    if case.endswith("rows"):
        lines = [["Name", "Count", "Year"]]
        lines += [[f"row {n if case == 'rows' else n % 3}", str(n), str(n % 7)] for n in range(100_000)]
        changed = [lines[0], *([name, f"{count}1", year] for name, count, year in lines[1:])]
        old, new = build.document(*build.rows(*lines)), build.document(*build.rows(*changed))
    else:
        old, new = build.document(*texts()), build.document(*texts())
    started = time.process_time()
    diff = compare(old, new)
    assert time.process_time() - started < 10
    assert apply(old, diff) == tuple(block.text for block in new.blocks)
    assert diff.coarse is (case in ("characters", "letters", "rows", "unkeyed rows"))
    if case == "rows":
        assert all(hunk.op is HunkOp.EDITED for hunk in diff.hunks)
        assert len(diff.hunks) == 100_000


def test_edited_paragraphs_of_a_large_text_without_rare_words_are_paired(build: SimpleNamespace) -> None:
    source = random.Random(8)

    def word() -> str:
        return f"w{int(400 * source.random() ** 3)}"

    old = [" ".join(word() for _ in range(source.randrange(20, 80))) for _ in range(700)]
    new = [" ".join(word() if source.random() < 0.2 else each for each in text.split()) for text in old]
    diff = compare(build.document(*old), build.document(*new))
    assert set(build.ops(diff)) == {HunkOp.EDITED}
    assert len(diff.hunks) == 700
