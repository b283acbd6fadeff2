"""Text patterns: what they leave of any document, what stays visible of the rest, and what is refused."""

from __future__ import annotations

import pytest

from watcher.errors import ConfigError, ExtractError
from watcher.extract import extract
from watcher.extract.patterns import require_pattern
from watcher.model.document import Document, ExtractRules

PAGE = """<html><body><p>Kazakhstan has not joined. Updated 3 May 2026.</p><p>Visitors: 10,241</p>
<table><tr><th>State</th><th>Seen</th></tr><tr><td>Kazakhstan</td><td>Visitors: 7</td></tr></table></body></html>"""


def _read(data: str, rules: ExtractRules, media_type: str = "text/html") -> Document:
    return extract(data.encode(), media_type=media_type, charset="utf-8", rules=rules)


def test_what_a_pattern_leaves_out_of_a_block_stays_visible_under_its_name() -> None:
    document = _read(PAGE, ExtractRules(remove_text=("Updated [^.]+[.]",)))
    assert document.blocks[0].text == "Kazakhstan has not joined."
    (piece,) = document.left_out
    assert (piece.block, piece.text, piece.rule, piece.whole) == (0, "Updated 3 May 2026.", "remove_text", False)
    assert piece.pattern == "Updated [^.]+[.]"


def test_a_block_of_which_nothing_is_left_is_left_out_whole() -> None:
    document = _read(PAGE, ExtractRules(remove_text=("Visitors: ", "[0-9,]+")))
    assert [piece.text for piece in document.left_out if piece.whole] == ["Visitors: ", "10,241"]
    assert not any("Visitors" in block.text for block in document.blocks)


def test_words_leave_the_cells_of_a_table_row() -> None:
    document = _read(PAGE, ExtractRules(remove_text=("Visitors: [0-9,]+",)))
    row = document.blocks[-1]
    assert (row.cells, row.text) == (("Kazakhstan", ""), "Kazakhstan")


def test_blocks_are_kept_and_removed_by_what_is_found_in_them() -> None:
    kept = _read(PAGE, ExtractRules(keep_blocks=("(?i)kazakhstan",)))
    assert [block.text for block in kept.blocks] == [
        "Kazakhstan has not joined. Updated 3 May 2026.",
        "Kazakhstan | Visitors: 7",
    ]
    assert [piece.text for piece in kept.left_out] == ["Visitors: 10,241", "State | Seen"]
    removed = _read(PAGE, ExtractRules(remove_blocks=("^Visitors",)))
    assert [piece.text for piece in removed.left_out] == ["Visitors: 10,241"]
    assert removed.left_out[0].block == 1


def test_patterns_hold_for_every_media_type() -> None:
    document = _read("Kazakhstan.\n\nVisitors: 7", ExtractRules(remove_blocks=("Visitors",)), "text/plain")
    assert document.text == "Kazakhstan."
    assert [(match.rule, match.matches) for match in document.rules] == [("remove_blocks", 1)]


def test_a_pattern_that_finds_nothing_is_noted_and_no_kept_block_is_an_error() -> None:
    assert "the remove_text rule 'zebra' matched nothing" in _read(PAGE, ExtractRules(remove_text=("zebra",))).notes
    with pytest.raises(ExtractError, match="the keep_blocks rule 'zebra' matched nothing") as caught:
        _read(PAGE, ExtractRules(keep_blocks=("zebra",)))
    assert caught.value.code == "selector_matched_nothing"


def test_patterns_that_leave_nothing_say_so() -> None:
    with pytest.raises(ExtractError, match="leave no text") as caught:
        _read(PAGE, ExtractRules(remove_blocks=(".",)))
    assert caught.value.code == "no_text"


def test_letters_of_any_script_keep_their_places() -> None:
    document = _read(
        "Қазақстан 🎌 жаңартылды 12:00 соңы", ExtractRules(remove_text=("жаңартылды [0-9:]+",)), "text/plain"
    )
    assert document.text == "Қазақстан 🎌 соңы"


def test_rules_change_nothing_where_they_do_not_match() -> None:
    assert _read(PAGE, ExtractRules(remove_text=("zebra",))).blocks == _read(PAGE, ExtractRules()).blocks


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("(abc", "character 1: missing )"),
        ("ab[c", "character 3: missing ]"),
        ("a**", "character 2: bad repetition operator"),
        ("x*", "matches the empty text"),
        (" ", "an empty pattern"),
        ("a" * 501, "501 characters; the limit is 500"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_its_place(pattern: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_pattern(pattern, rule="remove_text")
    assert told in str(caught.value)
    assert caught.value.key == "remove_text"
