from __future__ import annotations

import csv
import random
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from watcher.diff import apply, compare, kind_of
from watcher.model.change import ChangeKind, HunkOp
from watcher.model.document import Document

TREATY_TABLES = Path(__file__).resolve().parents[3] / "../shared/eval/treaty_status"
HEAD = ("State", "Signed", "Ratified")
STATES = [
    HEAD,
    ("Norland", "3 Mar 1998", "7 Jun 1999"),
    ("Estmark", "4 Mar 1998", ""),
    ("Sudova", "", "9 Sep 2003 a"),
    ("Valleria", "3 Mar 1998", "1 Feb 2001"),
    ("Ostrava", "6 Apr 1998", "2 Oct 2002"),
]


def test_a_changed_cell_is_an_edit_of_its_row_named_by_key(build: SimpleNamespace) -> None:
    changed = [("Estmark", "4 Mar 1998", "5 May 2024") if line[0] == "Estmark" else line for line in STATES]
    hunk = build.only(compare(build.document(*build.rows(*STATES)), build.document(*build.rows(*changed))))
    assert (hunk.op, hunk.row_key, hunk.old_index) == (HunkOp.EDITED, "Estmark", 2)
    assert build.marked(hunk.words) == "Estmark | 4 Mar 1998{+ | 5 May 2024+}"


def test_a_value_that_changes_its_column_is_told_though_the_text_is_equal(build: SimpleNamespace) -> None:
    changed = [("Estmark", "", "4 Mar 1998") if line[0] == "Estmark" else line for line in STATES]
    old, new = build.document(*build.rows(*STATES)), build.document(*build.rows(*changed))
    diff = compare(old, new)
    hunk = build.only(diff)
    assert hunk.old == hunk.new
    assert build.marked(hunk.words) == "Estmark[- | 4 Mar 1998-]{+ | 4 Mar 1998+}"
    assert kind_of(old, new, diff)[0] is ChangeKind.CONTENT


def test_a_resorted_table_gives_moved_hunks_only(build: SimpleNamespace) -> None:
    body = list(STATES[1:])
    random.Random(2).shuffle(body)
    old, new = build.document(*build.rows(*STATES)), build.document(*build.rows(HEAD, *body))
    diff = compare(old, new)
    assert set(build.ops(diff)) == {HunkOp.MOVED}
    assert {hunk.row_key for hunk in diff.hunks} <= {line[0] for line in STATES}
    assert kind_of(old, new, diff)[0] is ChangeKind.MOVED


def test_a_row_edited_in_a_resorted_table_is_an_edit(build: SimpleNamespace) -> None:
    changed = [("Estmark", "4 Mar 1998", "5 May 2024") if line[0] == "Estmark" else line for line in STATES]
    old, new = build.document(*build.rows(*STATES)), build.document(*build.rows(HEAD, *reversed(changed[1:])))
    diff = compare(old, new)
    assert [hunk.row_key for hunk in diff.hunks if hunk.op is HunkOp.EDITED] == ["Estmark"]
    assert set(build.ops(diff)) == {HunkOp.MOVED, HunkOp.EDITED}


def test_a_renamed_key_with_the_same_cells_is_an_edit_even_in_another_place(build: SimpleNamespace) -> None:
    renamed = [line for line in STATES if line[0] != "Valleria"]
    renamed.insert(1, ("Republic of Aval", "3 Mar 1998", "1 Feb 2001"))
    hunk = build.only(compare(build.document(*build.rows(*STATES)), build.document(*build.rows(*renamed))))
    assert (hunk.op, hunk.old_index, hunk.new_index, hunk.row_key) == (HunkOp.EDITED, 4, 1, "Republic of Aval")


def test_a_row_that_joins_is_inserted_though_another_row_looks_alike(build: SimpleNamespace) -> None:
    joined = [*STATES[:3], ("Kuval", "", "9 Sep 2003 a"), *STATES[3:]]
    hunk = build.only(compare(build.document(*build.rows(*STATES)), build.document(*build.rows(*joined))))
    assert (hunk.op, hunk.row_key) == (HunkOp.INSERTED, "Kuval")


def test_rows_with_empty_cells_are_not_taken_for_a_rename(build: SimpleNamespace) -> None:
    old = build.document(*build.rows(*STATES, ("Tarn", "", "")))
    new = build.document(*build.rows(*STATES, ("Mirovia", "", "")))
    assert sorted(build.ops(compare(old, new))) == [HunkOp.DELETED, HunkOp.INSERTED]


def test_renamed_headings_touch_the_heading_row_alone(build: SimpleNamespace) -> None:
    renamed = [("Participant", "Signature", "Ratification, accession (a)"), *STATES[1:]]
    hunk = build.only(compare(build.document(*build.rows(*STATES)), build.document(*build.rows(*renamed))))
    assert (hunk.op, hunk.old_index, hunk.new_index) == (HunkOp.EDITED, 0, 0)


def renamed(*names: str) -> list[tuple[str, ...]]:
    return [(*names, *HEAD[len(names) :]), *STATES[1:]]


def test_a_renamed_column_is_content_and_its_reason_has_both_headings_and_no_row(build: SimpleNamespace) -> None:
    old = build.document(*build.rows(*STATES))
    for names, said in (
        (("State", "Denounced"), "a column heading changed: “Signed” → “Denounced”"),
        (("Member", "Denounced"), "column headings changed: “State” → “Member”, “Signed” → “Denounced”"),
    ):
        new = build.document(*build.rows(*renamed(*names)))
        diff = compare(old, new)
        assert kind_of(old, new, diff) == (ChangeKind.CONTENT, said)
        assert build.only(diff).old_index == 0


def test_a_renamed_column_is_named_beside_what_else_changed(build: SimpleNamespace) -> None:
    old = build.document("Read in May.", *build.rows(*STATES))
    new = build.document("Noted by a clerk.", *build.rows(*renamed("State", "Denounced")))
    _, reason = kind_of(old, new, compare(old, new))
    assert reason.startswith("a column heading changed: “Signed” → “Denounced”; the words changed: 1 inserted")


def test_a_heading_in_other_letters_alone_is_no_renamed_column(build: SimpleNamespace) -> None:
    old = build.document(*build.rows(*STATES))
    new = build.document(*build.rows(tuple(cell.upper() for cell in STATES[0]), *STATES[1:]))
    assert kind_of(old, new, compare(old, new))[0] is ChangeKind.TYPOGRAPHY


def test_two_tables_do_not_lend_each_other_rows(build: SimpleNamespace) -> None:
    votes = [("State", "Vote"), ("Norland", "yes"), ("Estmark", "no")]
    changed = [("State", "Vote"), ("Norland", "abstained"), ("Estmark", "no")]
    old = build.document(*build.rows(*STATES), "Votes", *build.rows(*votes))
    new = build.document(*build.rows(*STATES), "Votes", *build.rows(*changed))
    hunk = build.only(compare(old, new))
    assert (hunk.row_key, build.marked(hunk.words)) == ("Norland", "Norland | [-yes-]{+abstained+}")


def treaty_tables() -> list[tuple[Path, Path]]:
    series: dict[str, list[Path]] = {}
    for path in sorted(TREATY_TABLES.glob("*.csv")):
        series.setdefault(path.stem.split("_")[1], []).append(path)
    return [pair for paths in series.values() for pair in pairwise(paths)]


def test_real_treaty_tables_insert_a_row_only_for_a_new_state(build: SimpleNamespace) -> None:
    if not treaty_tables():
        pytest.skip(f"no treaty tables at {TREATY_TABLES}")
    for older, newer in treaty_tables():
        lines = [list(csv.reader(path.read_text().splitlines())) for path in (older, newer)]
        old, new = (build.document(*build.rows(*each)) for each in lines)
        diff = compare(old, new)
        assert apply(old, diff) == tuple(block.text for block in new.blocks)
        assert build.ops(diff).count(HunkOp.INSERTED) == max(len(lines[1]) - len(lines[0]), 0), newer.name
        assert HunkOp.DELETED not in build.ops(diff), newer.name


TREATY = [HEAD, ("Norway", "3 Mar 1998", "7 Jun 1999"), ("Turkey", "", ""), ("Uruguay", "3 Dec 1997", "7 Jun 2001")]


def test_a_state_under_another_of_its_names_is_no_change_of_its_row(build: SimpleNamespace) -> None:
    renamed = [HEAD, TREATY[1], TREATY[3], ("Türkiye", "", "")]
    old, new = build.document(*build.rows(*TREATY)), build.document(*build.rows(*renamed))
    diff = compare(old, new)
    kind, reason = kind_of(old, new, diff)
    assert kind is ChangeKind.TYPOGRAPHY
    assert reason == "a State is written in another way: “Turkey” → “Türkiye”"
    assert build.ops(diff) == [HunkOp.EDITED]


def test_a_state_that_is_renamed_and_accedes_at_once_is_one_edited_row(build: SimpleNamespace) -> None:
    renamed = [HEAD, TREATY[1], ("Türkiye", "", "5 May 2024 a"), TREATY[3]]
    old, new = build.document(*build.rows(*TREATY)), build.document(*build.rows(*renamed))
    diff = compare(old, new)
    hunk = build.only(diff)
    assert (hunk.op, hunk.row_key, hunk.old_index) == (HunkOp.EDITED, "Türkiye", 2)
    assert build.marked(hunk.words) == "[-Turkey-]{+Türkiye | 5 May 2024 a+}"
    assert kind_of(old, new, diff)[0] is ChangeKind.CONTENT


def test_another_state_in_the_place_of_one_is_content_though_its_cells_are_equal(build: SimpleNamespace) -> None:
    replaced = [HEAD, TREATY[1], TREATY[2], ("Paraguay", "3 Dec 1997", "7 Jun 2001")]
    old, new = build.document(*build.rows(*TREATY)), build.document(*build.rows(*replaced))
    assert kind_of(old, new, compare(old, new))[0] is ChangeKind.CONTENT


def test_a_state_that_is_only_a_value_of_a_row_is_content_under_another_name(build: SimpleNamespace) -> None:
    meetings = [("Meeting", "Host"), ("Ninth", "Turkey"), ("Tenth", "Norway")]
    changed = [meetings[0], ("Ninth", "Türkiye"), meetings[2]]
    old, new = build.document(*build.rows(*meetings)), build.document(*build.rows(*changed))
    assert kind_of(old, new, compare(old, new))[0] is ChangeKind.CONTENT


def test_a_configured_key_column_names_the_rows(build: SimpleNamespace) -> None:
    head = ("No", "State", "Mines held")
    old = [head, ("1", "Norland", "400"), ("2", "Estmark", "90"), ("3", "Sudova", "12")]
    new = [head, ("1", "Estmark", "70"), ("2", "Norland", "400"), ("3", "Sudova", "12")]
    documents = build.document(*build.rows(*old)), build.document(*build.rows(*new))
    found = {hunk.row_key: build.marked(hunk.words) for hunk in compare(*documents).hunks}
    named = {hunk.row_key: build.marked(hunk.words) for hunk in compare(*documents, key_columns=["state "]).hunks}
    assert set(found) == {"1", "2"}
    assert named == {
        "Estmark": "[-2-]{+1+} | Estmark | [-90-]{+70+}",
        "Norland": "[-1-]{+2+} | Norland | 400",
    }


def test_json_values_are_compared_by_path_and_their_order_is_no_change(build: SimpleNamespace) -> None:
    def read(leaves: list[tuple[str, str]]) -> Document:
        rows = [build.rows(leaf)[0] for leaf in leaves]
        made: Document = build.document(*rows)
        return made

    leaves = [("treaty.name", "Accord"), ("treaty.parties", "164"), ("updated", "3 May"), ("stocks.held", "0")]
    assert kind_of(read(leaves), read(leaves[::-1]), compare(read(leaves), read(leaves[::-1])))[0] is ChangeKind.MOVED
    changed = [*leaves[:1], ("treaty.parties", "165"), *leaves[2:]]
    hunk = build.only(compare(read(leaves), read(changed)))
    assert (hunk.row_key, build.marked(hunk.words)) == ("treaty.parties", "treaty.parties | [-164-]{+165+}")


def test_leaves_are_named_by_their_path_where_a_list_repeats_it(build: SimpleNamespace) -> None:
    def read(*tags: str, parties: str = "164") -> Document:
        rows = [("path", "value"), ("treaty.parties", parties), *(("tags[]", tag) for tag in tags)]
        made: Document = build.document(*build.rows(*rows)[1:])
        return made

    assert build.only(compare(read("a", "b", "c", "d"), read("a", "b", "c", "d", parties="165"))).row_key == (
        "treaty.parties"
    )
    added = build.only(compare(read("a", "b", "c", "d"), read("a", "b", "e", "c", "d")))
    assert (added.row_key, added.new) == ("tags[]", "tags[] | e")


def test_columns_in_another_order_are_moved_and_a_value_under_another_heading_is_content(
    build: SimpleNamespace,
) -> None:
    swapped = [(name, ratified, signed) for name, signed, ratified in STATES]
    old, new = build.document(*build.rows(*STATES)), build.document(*build.rows(*swapped))
    kind, reason = kind_of(old, new, compare(old, new))
    assert kind is ChangeKind.MOVED
    assert reason == "the columns of a table stand in another order"
    renamed = build.document(*build.rows(("State", "Ratified", "Signed"), *STATES[1:]))
    assert kind_of(old, renamed, compare(old, renamed))[0] is ChangeKind.CONTENT
    moved_value = [swapped[0], ("Norland", "3 Mar 1998", "7 Jun 1999"), *swapped[2:]]
    other = build.document(*build.rows(*moved_value))
    assert kind_of(old, other, compare(old, other))[0] is ChangeKind.CONTENT
