"""Sentences, words and plain text: nothing is lost, nothing is misplaced."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.classify.prose import edits, is_correction, plain
from watcher.classify.words import sentences, split_words


def _sentences(text: str) -> list[str]:
    return [text[one.start : one.end] for one in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Mr. Smith of the U.S. Army spoke. He left.", ["Mr. Smith of the U.S. Army spoke.", "He left."]),
        ("It is so.[5] Next.", ["It is so.[5]", "Next."]),
        ("It stands in Vienna.We went there.", ["It stands in Vienna.", "We went there."]),
        ("Heading\nText follows.", ["Heading", "Text follows."]),
        ("Art. 7 says so. Done.", ["Art. 7 says so.", "Done."]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert _sentences(text) == expected


def test_a_long_line_that_is_only_wrapped_stays_one_sentence() -> None:
    text = "This line is long enough that it was surely wrapped by\na program and goes on here."
    assert len(_sentences(text)) == 1


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_sentences_are_in_order_and_lose_only_blanks(text: str) -> None:
    found = sentences(text)
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(text)
        assert not text[at : one.start].strip()
        at = one.end
    assert not text[at:].strip()


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_words_know_their_place(text: str) -> None:
    words = split_words(text)
    for start, end, shape in zip(words.starts, words.ends, words.shapes, strict=True):
        assert text[start:end] == shape


def test_years_are_told_from_numbers_and_separators_are_folded() -> None:
    words = split_words("In 1997 some 3,500 of 12.5 million").words
    assert [word for word in words if word[0] in "#~"] == ["~1997", "#3500", "#12.5"]
    assert split_words("won't can't 40th [12]").words == ["will", "not", "can", "not", "40th"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Bold** and _soft_", "Bold and soft"),
        ("See [the page](https://example.org/(x)).", "See the page."),
        ("<s>550</s> \\[55\\] cars", "[55] cars"),
        ("<!-- note --># Title", "Title"),
        ("- item", "item"),
        ("2\\. item", "item"),
        ("3.1.4. item", "item"),
        ("[Only a link to elsewhere](https://example.org)", ""),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
    ],
)
def test_plain_is_what_a_reader_would_read_aloud(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(
    st.lists(st.sampled_from("abcd7"), max_size=30),
    st.lists(st.sampled_from("abcd7"), max_size=30),
)
@settings(max_examples=100, deadline=None)
def test_edits_account_for_every_word(old: list[str], new: list[str]) -> None:
    found = edits(" ".join(old), " ".join(new))
    gone = sum(len(edit.old.words) for edit in found)
    come = sum(len(edit.new.words) for edit in found)
    assert len(old) - gone == len(new) - come
    assert bool(found) == (old != new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [("Larsen spoke", "Larson spoke", True), ("we met", "we parted", False), ("oak", "", False)],
)
def test_a_correction_changes_letters_and_not_words(old: str, new: str, *, expected: bool) -> None:
    assert all(is_correction(edit) for edit in edits(old, new)) is expected
