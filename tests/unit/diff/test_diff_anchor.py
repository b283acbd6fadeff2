"""Cited passages: found in a text, and found again after it changed."""

from __future__ import annotations

from watcher.diff.anchor import Stands, anchor_at, anchors_of, find_again

TEXT = (
    "Response\nThe country does not produce mines and does not plan to construct facilities. It keeps stores.\n"
    "We consider it inexpedient for us to join the Convention as a whole at this stage."
)


def test_a_quotation_with_ellipses_is_found_in_its_sentence() -> None:
    (anchor,) = anchors_of(TEXT, "inexpedient...to join the Convention...at this stage.", quoted=True)
    assert anchor.exact.startswith("We consider it inexpedient")
    assert TEXT[anchor.start : anchor.end] == anchor.exact


def test_words_that_the_text_does_not_have_are_not_anchored() -> None:
    assert anchors_of(TEXT, "The borders are mined along the river with China", quoted=False) == ()


def test_a_passage_that_moved_is_found_where_its_surroundings_are_as_before() -> None:
    start = TEXT.index("It keeps stores.")
    anchor = anchor_at(TEXT, start, start + len("It keeps stores."))
    later = "It keeps stores. Preface.\n" + TEXT
    found = find_again(later, anchor)
    assert found.stands is Stands.EXACT
    assert found.anchor is not None
    assert found.anchor.start == start + len("It keeps stores. Preface.\n")


def test_a_reworded_sentence_is_told_from_one_that_is_gone() -> None:
    (anchor,) = anchors_of(TEXT, "The country does not produce mines and does not plan facilities", quoted=False)
    reworded = find_again(TEXT.replace("does not produce", "no longer produces"), anchor)
    assert reworded.stands is Stands.REWORDED
    gone = find_again(TEXT.replace(anchor.exact, "Nothing is said of this."), anchor)
    assert gone.stands is Stands.GONE
