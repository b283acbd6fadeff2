"""One writing for what can be written in several ways, and stems by which forms of a word meet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.classify import Pack
from watcher.classify.stems import is_denied, stem
from watcher.classify.words import split_words
from watcher.classify.writing import figured, phrased, spelled, without_asides, without_contacts


def _words(text: str, pack: Pack) -> list[str]:
    return phrased(figured(split_words(spelled(without_contacts(text)), stops=False)), pack.lexicon.phrases).words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$1.5 million", "1,500,000 dollars"),
        ("£2bn", "2 billion pounds"),
        ("twenty-five wells", "25 wells"),
        ("two hundred wells", "200 wells"),
        ("a million wells", "1,000,000 wells"),
        ("5%", "5 per cent"),
        ("on Thursday, 5 May 2027", "on May 5, 2027"),
        ("on 2027-05-05", "on 5th May 2027"),
        ("in Sept. 2027", "in September 2027"),
        ("at 8 p.m.", "at 20:00"),
        ("12 km of road", "12 kilometres of road"),
        ("it is required to report", "it must report"),
        ("no fewer than 5", "at least 5"),
        ("over 5", "more than 5"),
        ("no later than 5 May", "by 5 May"),
        ("call 555-0142", "call 555-0177"),
        ("see page 12", "see page 14"),
        ("write to a@example.org", "write to b@example.org"),
    ],
)
def test_two_writings_of_one_thing_are_the_same_words(mines: Pack, one: str, other: str) -> None:
    assert _words(one, mines) == _words(other, mines)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 May 2027", "7 May 2027"),
        ("8 a.m.", "8 p.m."),
        ("$5", "€5"),
        ("40 million", "40 billion"),
        ("call for 100 000 000 crowns", "call for 200 000 000 crowns"),
        ("over the hill", "more than the hill"),
        ("by bus", "no later than bus"),
        ("two wells", "three wells"),
        ("he may come", "he came in May 5"),
    ],
)
def test_what_differs_stays_different(mines: Pack, one: str, other: str) -> None:
    assert _words(one, mines) != _words(other, mines)


def test_a_sum_in_another_currency_beside_the_first_is_an_aside() -> None:
    assert without_asides("It costs $5 [£4] now.", "It costs $5 now.")[0].split() == ["It", "costs", "$5", "now."]
    assert without_asides("It costs [£4].", "It costs [£5].") == ("It costs [£4].", "It costs [£5].")


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_has_canonical_words_in_order(mines: Pack, text: str) -> None:
    written = spelled(without_contacts(text))
    words = phrased(figured(split_words(written, stops=False)), mines.lexicon.phrases)
    assert len(words.words) == len(words.starts) == len(words.ends) == len(words.shapes)
    assert words.starts == sorted(words.starts)
    assert all(0 <= start < end <= len(written) for start, end in zip(words.starts, words.ends, strict=True))


@pytest.mark.parametrize(
    "forms",
    [
        ("approve", "approves", "approved", "approving"),
        ("ban", "bans", "banned", "banning"),
        ("deny", "denies", "denied", "denying"),
        ("authorize", "authorise", "authorized", "authorising"),
        ("pass", "passes", "passed", "passing"),
    ],
)
def test_forms_of_a_word_share_a_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_short_words_and_other_scripts_keep_their_form() -> None:
    assert [stem(word) for word in ("is", "red", "use", "мины", "#5")] == ["is", "red", "use", "мины", "#5"]


def test_a_negative_prefix_denies() -> None:
    assert is_denied("lawful", "unlawful")
    assert is_denied("illegal", "legal")
