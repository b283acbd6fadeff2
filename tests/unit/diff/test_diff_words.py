from __future__ import annotations

import random
import unicodedata

import pytest

from watcher.diff import word_edits
from watcher.diff.effort import Effort
from watcher.diff.words import bounded_word_edits, tokens
from watcher.model.change import WordEdit, WordOp


def marked(old: str, new: str) -> str:
    frames = {WordOp.KEPT: "{}", WordOp.DELETED: "[-{}-]", WordOp.INSERTED: "{{+{}+}}"}
    return "".join(frames[edit.op].format(edit.text) for edit in word_edits(old, new))


def both_sides(edits: tuple[WordEdit, ...]) -> tuple[str, str]:
    old = "".join(edit.text for edit in edits if edit.op is not WordOp.INSERTED)
    new = "".join(edit.text for edit in edits if edit.op is not WordOp.DELETED)
    return old, new


def test_a_changed_modal_is_one_word_replaced() -> None:
    assert marked("Parties shall report yearly.", "Parties should report yearly.") == (
        "Parties [-shall-]{+should+} report yearly."
    )


def test_an_inserted_negation_stands_alone() -> None:
    assert marked("Norland has joined the accord.", "Norland has not joined the accord.") == (
        "Norland has {+not +}joined the accord."
    )


def test_a_number_is_replaced_whole_with_its_separators() -> None:
    assert marked("It holds 12,450 devices.", "It holds 12,950 devices.") == "It holds [-12,450-]{+12,950+} devices."


def test_neighbouring_words_are_replaced_together() -> None:
    assert marked("a grey wolf and the moon", "a white bear and the moon") == (
        "a [-grey wolf-]{+white bear+} and the moon"
    )


def test_a_repeated_word_is_told_as_an_insertion_at_a_word_boundary() -> None:
    assert marked("of the river bank", "of the the river bank") == "of the {+the +}river bank"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("le cafe\u0301 est ouvert", "le cafe est ouvert"),
        ("\u0915\u093f\u0924\u093e\u092c", "\u0915\u0924\u093e\u092c"),
        ("\u0e17\u0e35\u0e48\u0e14\u0e34\u0e19", "\u0e17\u0e35\u0e14\u0e34\u0e19"),
    ],
)
def test_combining_marks_stay_with_their_base(old: str, new: str) -> None:
    for edit in word_edits(old, new):
        assert unicodedata.category(edit.text[0])[0] != "M"


def test_a_joined_emoji_is_one_token() -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    assert tokens(f"x {family} y") == ["x", " ", family, " ", "y"]


def test_scripts_without_blanks_go_character_by_character() -> None:
    assert marked("\u7981\u6b62\u4f7f\u7528", "\u7981\u6b62\u751f\u4ea7") == (
        "\u7981\u6b62[-\u4f7f\u7528-]{+\u751f\u4ea7+}"
    )


def test_equal_texts_are_kept_whole_and_empty_ones_give_nothing() -> None:
    assert word_edits("same", "same") == (WordEdit(op=WordOp.KEPT, text="same"),)
    assert word_edits("", "") == ()


def test_small_edits_in_a_long_text_are_found_and_cost_no_limit() -> None:
    source = random.Random(11)
    words = [f"w{source.randrange(4000)}" for _ in range(60_000)]
    changed = list(words)
    for place in range(500, 60_000, 1000):
        changed[place] = f"changed{place}"
    effort = Effort(1_500_000)
    edits = bounded_word_edits(" ".join(words), " ".join(changed), effort)
    assert both_sides(edits) == (" ".join(words), " ".join(changed))
    assert sum(edit.op is WordOp.INSERTED for edit in edits) == 60
    assert not effort.cut


@pytest.mark.parametrize(("alphabet", "length"), [("ab ", 200_000), ("0123456789 .", 200_000), (None, 30_000)])
def test_random_characters_stay_exact_and_say_where_they_were_cut(alphabet: str | None, length: int) -> None:
    source = random.Random(5)
    letters = alphabet or "".join(map(chr, range(0x4E00, 0x4F00)))
    old = "".join(source.choices(letters, k=length))
    new = "".join(source.choices(letters, k=length))
    effort = Effort(1_500_000)
    edits = bounded_word_edits(old, new, effort)
    assert both_sides(edits) == (old, new)
    assert effort.cut


def test_refused_work_is_told_as_replaced_whole() -> None:
    effort = Effort(0)
    edits = bounded_word_edits("b c d e a", "c b e d a", effort)
    assert both_sides(edits) == ("b c d e a", "c b e d a")
    assert effort.cut
    assert sum(edit.op is WordOp.DELETED for edit in edits) == 1


def test_private_use_characters_of_the_source_do_not_collide_with_codes() -> None:
    old = "\ue000 \U000f0000 word \u4e00 ok\u0301"
    new = "\ue001 \U000f0000 sword \u4e01 ok\u0301"
    assert both_sides(word_edits(old, new)) == (old, new)


@pytest.mark.parametrize(
    ("old", "new", "drawn"),
    [
        (
            "لم تنضم الدولة إلى الاتفاقية في عام 2023.",
            "تنضم الدولة إلى الاتفاقية في عام 2024.",
            "[-لم -]تنضم الدولة إلى الاتفاقية في عام [-2023-]{+2024+}.",
        ),
        (
            "המדינה תומכת באיסור (120 מוקשים).",
            "המדינה מתנגדת באיסור (120 מוקשים).",
            "המדינה [-תומכת-]{+מתנגדת+} באיסור (120 מוקשים).",
        ),
        ("שָׁלוֹם לכולם", "שלום לכולם", "[-שָׁלוֹם-]{+שלום+} לכולם"),
    ],
)  # fmt: skip
def test_text_that_runs_from_right_to_left_is_marked_word_by_word(old: str, new: str, drawn: str) -> None:
    assert marked(old, new) == drawn


def test_small_words_between_two_edits_go_with_them_and_eight_unchanged_ones_never_do() -> None:
    assert marked("a long grey wolf and the old moon", "a quick white bear and the new sun") == (
        "a [-long grey wolf-]{+quick white bear+} and the [-old moon-]{+new sun+}"
    )
    kept = "and reports it to the assembly each year"
    left, right = (" ".join(f"{side}{number}" for number in range(40)) for side in "xy")
    edits = word_edits(f"{left} {kept} {left}", f"{right} {kept} {right}")
    assert any(edit.op is WordOp.KEPT and kept in edit.text for edit in edits)


def test_a_long_text_is_marked_with_no_more_words_than_the_shortest_edit() -> None:
    source = random.Random(3)
    old = [f"w{int(800 * source.random() ** 3)}" for _ in range(4_000)]
    new = [f"v{number}" if number % 23 == 0 else word for number, word in enumerate(old)]
    edits = word_edits(" ".join(old), " ".join(new))
    marks = sum(len(edit.text.split()) for edit in edits if edit.op is not WordOp.KEPT)
    assert marks == 2 * len(range(0, 4_000, 23))


@pytest.mark.parametrize(
    ("old", "new", "drawn"),
    [
        ("on resolution 61/84.", "on resolution 62/41.", "on resolution [-61/84-]{+62/41+}."),
        ("at 22:00:38 today", "at 23:17:13 today", "at [-22:00:38-]{+23:17:13+} today"),
        ("the years 1997-1999", "the years 1996-1998", "the years [-1997-1999-]{+1996-1998+}"),
        ("on resolution 61/84.", "on resolution 61/41.", "on resolution 61/[-84-]{+41+}."),
    ],
)
def test_a_number_held_together_by_a_sign_is_drawn_as_one(old: str, new: str, drawn: str) -> None:
    assert marked(old, new) == drawn
