from __future__ import annotations

from types import SimpleNamespace

from watcher.diff import apply, compare, kind_of
from watcher.model.change import ChangeKind, HunkOp, Part, WordOp

TEXT = (
    "The delegation stated that the halt on exports remains in force until further notice. It also said that all "
    "stocks would be destroyed before the end of 2031 under observation. Survey of the northern border has begun and "
    "is reported to the assembly each year. Parties shall report on the first day of May."
)


def wrapped(text: str, width: int) -> list[str]:
    words = text.split()
    return [" ".join(words[start : start + width]) for start in range(0, len(words), width)]


def test_lines_wrapped_anew_are_no_change_of_the_words(build: SimpleNamespace) -> None:
    old, new = build.document("Start.", *wrapped(TEXT, 9), "End."), build.document("Start.", *wrapped(TEXT, 7), "End.")
    diff = compare(old, new)
    assert set(build.ops(diff)) == {HunkOp.MOVED}
    assert Part.WRAPPED in {hunk.part for hunk in diff.hunks}
    assert kind_of(old, new, diff)[0] is ChangeKind.WHITESPACE


def test_a_part_says_whether_its_block_was_split_or_joined(build: SimpleNamespace) -> None:
    first, second = TEXT[: TEXT.index(" Survey")], TEXT[TEXT.index("Survey") :]
    whole, halves = build.document("Start.", TEXT, "End."), build.document("Start.", first, second, "End.")
    assert [hunk.part for hunk in compare(whole, halves).hunks] == [Part.SPLIT, Part.SPLIT]
    assert [hunk.part for hunk in compare(halves, whole).hunks] == [Part.JOINED, Part.JOINED]
    moved = compare(build.document(first, "Middle of it.", second), build.document(second, "Middle of it.", first))
    assert {hunk.part for hunk in moved.hunks} == {None}


def test_one_word_in_lines_wrapped_anew_is_one_word(build: SimpleNamespace) -> None:
    changed = TEXT.replace("shall", "should")
    old = build.document("Start.", *wrapped(TEXT, 9), "End.")
    new = build.document("Start.", *wrapped(changed, 7), "End.")
    diff = compare(old, new)
    edits = [edit for hunk in diff.hunks for edit in hunk.words if edit.op is not WordOp.KEPT]
    assert [(edit.op, edit.text) for edit in edits] == [(WordOp.DELETED, "shall"), (WordOp.INSERTED, "should")]
    assert set(build.ops(diff)) <= {HunkOp.MOVED, HunkOp.EDITED}
    assert apply(old, diff) == tuple(block.text for block in new.blocks)
    assert kind_of(old, new, diff)[0] is ChangeKind.CONTENT


def test_a_paragraph_that_gains_headings_shows_the_headings_alone(build: SimpleNamespace) -> None:
    parts = [part.strip() + "." for part in TEXT.split(".") if part.strip()]
    new = build.document(
        build.heading("Trade"), parts[0], build.heading("Stocks"), parts[1], build.heading("Survey"), *parts[2:]
    )
    diff = compare(build.document(TEXT), new)
    assert {hunk.new for hunk in diff.hunks if hunk.op is HunkOp.INSERTED} == {"Trade", "Stocks", "Survey"}
    assert {hunk.op for hunk in diff.hunks} == {HunkOp.INSERTED, HunkOp.MOVED}


def test_paragraphs_that_only_follow_one_another_are_not_run_together(build: SimpleNamespace) -> None:
    old = build.document("Norland has joined the accord.", "Registration opens on Monday at noon.")
    new = build.document("Norland has not joined the accord.", "The hall is closed for repairs in spring.")
    edited = [hunk for hunk in compare(old, new).hunks if hunk.op is HunkOp.EDITED]
    assert [hunk.old for hunk in edited] == ["Norland has joined the accord."]


def test_rows_of_a_table_are_never_run_together(build: SimpleNamespace) -> None:
    old, new = (build.document(*build.rows(*[[line] for line in wrapped(TEXT, width)])) for width in (9, 7))
    diff = compare(old, new)
    assert len({hunk.new_index for hunk in diff.hunks if hunk.new}) == len([hunk for hunk in diff.hunks if hunk.new])
    assert kind_of(old, new, diff)[0] is ChangeKind.CONTENT
