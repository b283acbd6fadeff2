"""Footnotes that point at others: each means the note that a reader would turn to."""

from __future__ import annotations

import pytest

from watcher.model.document import Block, BlockKind
from watcher.model.notes import NoteReference, marks_meant, resolve_notes


def notes(*texts: str) -> list[Block]:
    return [
        Block(kind=BlockKind.FOOTNOTE, text=f"[{number}] {text}", anchor=str(number))
        for number, text in enumerate(texts, start=1)
    ]


def meanings(*texts: str) -> list[tuple[int, int | None, str]]:
    """(number of the note, number of the note meant, pinpoint), numbers from 1."""
    return [
        (each.place + 1, None if each.meant is None else each.meant + 1, each.pinpoint)
        for each in resolve_notes(notes(*texts))
    ]


def test_ibid_means_the_note_before_and_a_chain_of_them_the_first() -> None:
    assert meanings("Letter of 3 May.", "Ibid.", "ibid, p. 4.", "Report 7, p. 2.", "Ibidem, pp. 5-6; Letter 9.") == [
        (2, 1, ""),
        (3, 1, "p. 4"),
        (5, 4, "pp. 5-6"),
    ]


@pytest.mark.parametrize("word", ["Ibid.", "ibid.,", "IBID", "Id.", "Idem", "Ibíd.", "See ibid.", "Там же.", "Ebd."])
def test_the_words_for_the_same_place_are_known(word: str) -> None:
    assert [meant for _, meant, _ in meanings("Letter of 3 May.", f"{word} p. 4")] == [1]


def test_ibid_of_the_first_note_means_nothing() -> None:
    assert meanings("Ibid.", "Letter.") == [(1, None, "")]


def test_words_that_only_begin_so_are_sources_of_their_own() -> None:
    assert meanings("Letter.", "Ideas for a ban, p. 3.", "Ibidun Ade, Report.", "Note 1 of the Embassy, 3 May.") == []


def test_op_cit_means_the_last_earlier_note_that_names_the_author() -> None:
    found = meanings(
        "A. Smith, Mines, 1999, p. 3.",
        "B. Jones, Clearance, 2001; A. Smith, Mines again, 2002.",
        "Smith, op. cit., p. 9.",
        "B. Jones, op.cit., p. 1",
        "Brown, op. cit.",
    )
    assert found == [(3, 2, "p. 9"), (4, 2, "p. 1"), (5, None, "")]


def test_a_number_means_the_note_of_that_number() -> None:
    assert meanings("A, Report.", "B, Report.", "See note 1 above, p. 4.", "Smith, supra note 2.", "See note 9.") == [
        (3, 1, "p. 4"),
        (4, 2, ""),
        (5, None, ""),
    ]


def test_a_note_of_several_sources_is_told_from_a_certain_one() -> None:
    first, second = resolve_notes(notes("Letter A; Letter B.", "Ibid.", "Letter C.", "Ibid."))
    assert (first.several, second.several) == (True, False)
    assert first.reference is NoteReference.IBIDEM


def test_a_note_of_two_paragraphs_is_one_note() -> None:
    long = [*notes("Letter of 3 May."), Block(kind=BlockKind.FOOTNOTE, text="Its second paragraph.", anchor="1")]
    (found,) = resolve_notes([*long, Block(kind=BlockKind.FOOTNOTE, text="[2] Ibid.", anchor="2")])
    assert (found.place, found.meant) == (2, 0)


def test_the_notes_of_a_document_are_told_by_their_place_among_its_blocks() -> None:
    first, second = notes("Letter.", "Ibid.")
    text = Block(kind=BlockKind.PARAGRAPH, text="Ibid. is no note here.")
    assert marks_meant([text, first, text, second]) == {3: "1"}
    assert marks_meant([second]) == {}
