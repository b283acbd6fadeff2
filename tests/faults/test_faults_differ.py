"""Faults of the catalogue that meet the differ: what hides in a text is in the Diff, mojibake is no news, and the
largest rewrites end in time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from watcher.diff import compare, kind_of
from watcher.isolation import ChildPool
from watcher.model.change import ChangeKind, Diff, HunkOp, WordOp
from watcher.model.document import Block, BlockKind, Document
from watcher.pipeline.compare import TOLD_KINDS

CPU_SECONDS = 5.0


@pytest.fixture(scope="module")
def children() -> Iterator[ChildPool]:
    with ChildPool(size=1, seconds=120.0) as pool:
        yield pool


def document(*texts: str) -> Document:
    blocks = tuple(Block(kind=BlockKind.PARAGRAPH, text=text) for text in texts)
    return Document(
        title="", blocks=blocks, media_type="text/html", charset="utf-8", extractor="hand", extractor_version=1
    )


def changed(diff: Diff) -> list[tuple[WordOp, str]]:
    return [(edit.op, edit.text) for hunk in diff.hunks for edit in hunk.words if edit.op is not WordOp.KEPT]


HIDDEN = {
    "zero_width_blank": ("The moratorium stays.", "The mora\u200btorium stays.", "\u200b"),
    "word_joiner": ("The moratorium stays.", "The mora\u2060torium stays.", "\u2060"),
    "soft_hyphen": ("The moratorium stays.", "The mora\u00adtorium stays.", "\u00ad"),
    "bidi_override": ("It holds 120 mines.", "It holds \u202e021\u202c mines.", "\u202e"),
    "bidi_isolate": ("It holds 120 mines.", "It holds \u2067120\u2069 mines.", "\u2067"),
    "cyrillic_homoglyph": ("A ban on export.", "A b\u0430n on export.", "b\u0430n"),
    "greek_homoglyph": ("An Oslo accord.", "An \u039fslo accord.", "\u039fslo"),
}


@pytest.mark.parametrize("fault", HIDDEN)
def test_59_what_cannot_be_seen_is_in_the_words_of_the_diff(fault: str) -> None:
    before, after, hidden = HIDDEN[fault]
    old, new = document("Start.", before), document("Start.", after)
    (hunk,) = compare(old, new).hunks
    assert hunk.op is HunkOp.EDITED
    inserted = [text for op, text in changed(compare(old, new)) if op is WordOp.INSERTED]
    assert any(hidden in text for text in inserted)
    assert kind_of(old, new, compare(old, new))[0] is not ChangeKind.NONE


@pytest.mark.parametrize("fault", ["bidi_override", "cyrillic_homoglyph", "greek_homoglyph"])
def test_59_letters_that_only_look_the_same_and_turned_numbers_are_content(fault: str) -> None:
    old, new = document(HIDDEN[fault][0]), document(HIDDEN[fault][1])
    assert kind_of(old, new, compare(old, new))[0] is ChangeKind.CONTENT


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("Страна присоединилась к договору о запрещении мин в 2024 году.", "utf-8", "cp1251"),
        ("Страна присоединилась к договору о запрещении мин в 2024 году.", "koi8-r", "cp1251"),
        ("La Côte d'Ivoire a adhéré à l'accord; l'État déposera son rapport à Genève.", "utf-8", "cp1252"),
        ("انضمت الدولة إلى الاتفاقية في عام 2024.", "cp1256", "cp1252"),
    ],
)
def test_60_the_same_bytes_under_another_charset_are_encoding_and_alert_nobody(
    text: str, right: str, wrong: str
) -> None:
    old, new = (document(text.encode(right).decode(charset, "replace")) for charset in (wrong, right))
    assert old.text != new.text == text
    diff = compare(old, new)
    kind, reason = kind_of(old, new, diff)
    assert (kind, kind_of(new, old, compare(new, old))[0]) == (ChangeKind.ENCODING, ChangeKind.ENCODING), reason
    assert ChangeKind.ENCODING not in TOLD_KINDS


def words(source: random.Random, count: int) -> str:
    return " ".join(f"w{int(8000 * source.random() ** 3)}" for _ in range(count))


def worst(case: str, source: random.Random) -> Document:
    if case == "30000_random_characters":
        return document("".join(chr(source.randrange(0x4E00, 0x4F00)) for _ in range(30_000)))
    if case == "30000_random_letters":
        return document("".join(source.choices("abcdefghijklmnopqrstuvwxyz .,", k=30_000)))
    if case == "1_MB_in_one_line":
        return document(words(source, 170_000))
    return document(*(words(source, source.randrange(20, 160)) for _ in range(1_900)))


def table(edited: bool) -> Document:
    columns = ("Name", "Count", "Year")
    rows = [(f"row {number}", f"{number}1" if edited else str(number), str(number % 7)) for number in range(100_000)]
    blocks = tuple(Block(kind=BlockKind.TABLE_ROW, text=" | ".join(row), cells=row, columns=columns) for row in rows)
    return Document(
        title="", blocks=blocks, media_type="text/csv", charset="utf-8", extractor="hand", extractor_version=1
    )


@pytest.mark.parametrize(
    "case", ["30000_random_characters", "30000_random_letters", "1_MB_in_one_line", "1_MB_of_paragraphs", "rows"]
)
def test_77_the_worst_diff_ends_in_time_in_its_child_and_is_the_same_again(children: ChildPool, case: str) -> None:
    source = random.Random(77)
    old, new = (table(False), table(True)) if case == "rows" else (worst(case, source), worst(case, source))
    begun = children.run(time.process_time)
    diff = children.run(compare, old, new)
    assert children.run(time.process_time) - begun < CPU_SECONDS
    assert diff == compare(old, new)
    assert diff.coarse is (case in ("30000_random_characters", "30000_random_letters", "rows"))
