"""The renderings of a Diff: visible marks for what hides, folding, unified spans."""

from __future__ import annotations

import pytest

from watcher.diff import compare
from watcher.model.document import Block, BlockKind, Document
from watcher.render import plain_diff, unified_diff
from watcher.render.digest_text import WIDTH
from watcher.render.environment import ENVIRONMENT, page_hunk
from watcher.render.words import shown


def _document(*texts: str) -> Document:
    blocks = tuple(Block(kind=BlockKind.PARAGRAPH, text=text) for text in texts)
    return Document(
        title="", blocks=blocks, media_type="text/plain", charset="utf-8", extractor="text", extractor_version=1
    )


def _texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


_PAGE = ENVIRONMENT.from_string(
    '{% from "shared/hunk.html" import hunk %}{% for one in hunks %}{{ hunk(one) }}{{ hunk(one, side=true) }}'
    "{{ hunk(one, mail=true) }}{% endfor %}"
)
HIDDEN = {
    "\u202e": "[U+202E]",
    "\u2066": "[U+2066]",
    "\u200b": "[U+200B]",
    "\u2060": "[U+2060]",
    "\ufeff": "[U+FEFF]",
    "\u00ad": "[U+00AD]",
    "\u200d": "[U+200D]",
    "\U000e0041": "[U+E0041]",
    "\x00": "\ufffd",
}


@pytest.mark.parametrize("character", HIDDEN)
def test_59_what_hides_or_reorders_is_shown_in_every_rendering(character: str) -> None:
    old = _document("The State has no mines in its stocks.", "And a line.")
    new = _document(f"The State has n{character}o mines in its stocks at all.", "And a line.")
    diff = compare(old, new)
    page = _PAGE.render(hunks=[page_hunk(hunk) for hunk in diff.hunks])
    told = (
        plain_diff(diff),
        plain_diff(diff, colour=True),
        unified_diff(_texts(old), _texts(new), diff, old_name="a", new_name="b"),
        page,
    )
    for text in told:
        assert character not in text
        assert HIDDEN[character] in text


def test_59_a_letter_that_only_looks_latin_is_named() -> None:
    assert shown("Kаzakhstan") == "Kа[U+0430]zakhstan"
    assert shown("Казахстан, Ελλάδα, μg") == "Казахстан, Ελλάδα, μg"


def test_joiners_stay_in_scripts_that_are_spelled_with_them() -> None:
    assert shown("می\u200cخواهم क्\u200dष") == "می\u200cخواهم क्\u200dष"
    assert shown("no\u200cmines") == "no[U+200C]mines"


def test_a_long_passage_is_folded_and_loses_no_word() -> None:
    old = _document("word " * 60 + "end", "kept")
    new = _document("word " * 59 + "other end", "kept")
    told = plain_diff(compare(old, new), width=WIDTH)
    assert max(map(len, told.splitlines())) <= WIDTH
    assert "[-word-]" in told.replace("\n", " ") or "{+other+}" in told


def test_a_removed_block_at_the_start_has_the_span_that_patch_expects() -> None:
    old, new = _document("one", "two", "three"), _document("two", "three")
    told = unified_diff(_texts(old), _texts(new), compare(old, new), old_name="a", new_name="b", context=0)
    assert told == "--- a\n+++ b\n@@ -1,1 +0,0 @@\n-one\n"


def test_texts_that_are_the_same_give_nothing_to_render() -> None:
    document = _document("one")
    diff = compare(document, document)
    assert plain_diff(diff) == ""
    assert unified_diff(["one"], ["one"], diff, old_name="a", new_name="b") == ""
