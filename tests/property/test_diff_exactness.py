"""Claims about every Diff, tried on generated Documents."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.diff import apply, compare, kind_of, word_edits
from watcher.model.change import ChangeKind, HunkOp, WordOp
from watcher.model.document import Block, BlockKind, Document, Link

WORDS = (
    "shall",
    "not",
    "join",
    "the",
    "accord",
    "mines",
    "12,5",
    "2031",
    "état",
    "e\u0301tat",
    "мина",
    "地雷",
    "a|b",
    "—",
)
PROSE = tuple(kind for kind in BlockKind if kind is not BlockKind.TABLE_ROW)

texts = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join),
    st.text(max_size=24),
)
links = st.lists(st.builds(Link, text=st.just("x"), target=st.sampled_from("ab")), max_size=1).map(tuple)
prose = st.builds(
    Block,
    kind=st.sampled_from(PROSE),
    text=texts,
    anchor=st.sampled_from(("", "", "n1", "n2")),
    links=links,
    boilerplate=st.booleans(),
)


def _row(cells: tuple[str, ...], columns: tuple[str, ...]) -> Block:
    text = " | ".join(cell for cell in cells if cell)
    return Block(kind=BlockKind.TABLE_ROW, text=text, cells=cells, columns=columns)


cells = st.lists(st.sampled_from(("", *WORDS)), min_size=1, max_size=4).map(tuple)
table_rows = st.builds(_row, cells, st.sampled_from(((), ("State", "Signed"))))
blocks = st.lists(st.one_of(prose, prose, table_rows), max_size=14)


def _document(content: list[Block]) -> Document:
    return Document(
        title="", blocks=tuple(content), media_type="text/html", charset=None, extractor="made", extractor_version=1
    )


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[Document, Document]:
    """Two unrelated Documents, or one and its shuffled, cut, joined and edited copy."""
    old = draw(blocks)
    new = draw(blocks) if draw(st.integers(0, 3)) == 0 else list(old)
    for _ in range(draw(st.integers(0, 4))):
        if not new:
            break
        place = draw(st.integers(0, len(new) - 1))
        action = draw(st.sampled_from(("drop", "move", "insert", "replace", "join")))
        if action == "drop":
            del new[place]
        elif action == "move":
            new.insert(draw(st.integers(0, len(new) - 1)), new.pop(place))
        elif action == "insert":
            new.insert(place, draw(prose))
        elif action == "join" and place + 1 < len(new):
            text = f"{new[place].text} {new.pop(place + 1).text}"
            new[place] = Block(kind=BlockKind.PARAGRAPH, text=text)
        else:
            new[place] = Block(kind=new[place].kind, text=f"{new[place].text} {draw(texts)}")
    return _document(old), _document(new)


def _wrapped(words: list[str], lengths: list[int]) -> Document:
    """The words broken into paragraphs of these numbers of words."""
    blocks: list[Block] = []
    while words:
        length = lengths[len(blocks) % len(lengths)]
        blocks.append(Block(kind=BlockKind.PARAGRAPH, text=" ".join(words[:length])))
        words = words[length:]
    return _document(blocks)


@st.composite
def _reflowed(draw: st.DrawFn) -> tuple[Document, Document]:
    """One text wrapped in two ways, with a few words dropped, added or replaced."""
    words = draw(st.lists(st.sampled_from((*WORDS, *(f"w{number}" for number in range(60)))), min_size=8, max_size=120))
    edited = list(words)
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(edited) - 1))
        edited[place : place + draw(st.integers(0, 12))] = draw(st.lists(st.sampled_from(WORDS), max_size=12)) or ["x"]
    lengths = st.lists(st.integers(1, 20), min_size=1, max_size=5)
    return _wrapped(words, draw(lengths)), _wrapped(edited, draw(lengths))


@settings(max_examples=600, deadline=None)
@given(_reflowed())
def test_a_text_wrapped_in_another_way_gives_the_new_one_exactly(pair: tuple[Document, Document]) -> None:
    old, new = pair
    diff = compare(old, new)
    assert apply(old, diff) == tuple(block.text for block in new.blocks)


@settings(max_examples=400, deadline=None)
@given(_pairs())
def test_applying_a_diff_to_the_old_document_gives_the_new_one(pair: tuple[Document, Document]) -> None:
    old, new = pair
    diff = compare(old, new)
    assert apply(old, diff) == tuple(block.text for block in new.blocks)
    assert diff == compare(old, new)


@settings(max_examples=300, deadline=None)
@given(_pairs())
def test_every_hunk_has_the_sides_and_words_of_its_kind(pair: tuple[Document, Document]) -> None:
    for hunk in compare(*pair).hunks:
        assert (hunk.old_index is None) == (hunk.op is HunkOp.INSERTED)
        assert (hunk.new_index is None) == (hunk.op is HunkOp.DELETED)
        if hunk.op is HunkOp.EDITED:
            assert "".join(edit.text for edit in hunk.words if edit.op is not WordOp.INSERTED) == hunk.old
            assert "".join(edit.text for edit in hunk.words if edit.op is not WordOp.DELETED) == hunk.new
        else:
            assert hunk.words == ()
        if hunk.op is HunkOp.MOVED:
            assert hunk.old == hunk.new


@settings(max_examples=300, deadline=None)
@given(_pairs())
def test_a_kind_is_always_told_and_none_means_equal_texts(pair: tuple[Document, Document]) -> None:
    old, new = pair
    diff = compare(old, new)
    kind, reason = kind_of(old, new, diff)
    assert reason
    if kind is ChangeKind.NONE:
        assert old.text == new.text
        assert diff.hunks == ()
    if old == new:
        assert kind is ChangeKind.NONE


@settings(max_examples=400, deadline=None)
@given(texts, texts)
def test_word_edits_join_to_both_texts_and_never_part_a_mark_from_its_base(old: str, new: str) -> None:
    edits = word_edits(old, new)
    assert "".join(edit.text for edit in edits if edit.op is not WordOp.INSERTED) == old
    assert "".join(edit.text for edit in edits if edit.op is not WordOp.DELETED) == new
    assert all(first.op is not second.op for first, second in pairwise(edits))
    for text in (old, new):
        if text and unicodedata.category(text[0])[0] == "M":
            return
    assert all(unicodedata.category(edit.text[0])[0] != "M" for edit in edits)
