"""The forms of an Article 7 report: Form A to Form J, their numbered parts, and what a State writes into them.

The Mine Ban Convention's formats (APLC/MSP.1/1999/1, annex II) and those of the Convention on Cluster Munitions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from watcher.extract import question_words as words
from watcher.model.document import Block, BlockKind

MINIMUM_FORMS = 3
MAXIMUM_HEADING_CHARACTERS = 250
MAXIMUM_PART_CHARACTERS = 250
_PART = re.compile(r"(\d{1,2})([a-z])?[.):]?\s+\S", re.IGNORECASE)
_PROSE = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)


def name_forms(blocks: Sequence[Block]) -> tuple[Block, ...] | None:
    """The Blocks with forms and their parts as QUESTION and what is filled in as ANSWER; None when there are no forms.

    Rows of tables stay rows: they answer the form that they stand under.
    """
    forms = _forms(blocks)
    if len(forms) < MINIMUM_FORMS or not any(words.ARTICLE_7.search(block.text) for block in blocks):
        return None
    named: list[Block] = []
    form = current = ""
    part = 0
    for place, block in enumerate(blocks):
        if place in forms:
            form = current = f"Form {forms[place]}"
            part = 0
            named.append(_asking(block, form))
            continue
        if block.boilerplate:
            named.append(block)
            continue
        number = _part_number(block) if form else None
        if number is not None and part <= number[0] <= part + 2:
            part = number[0]
            current = f"{form}.{number[0]}" + (f".{number[1]}" if number[1] else "")
            named.append(_asking(block, current))
        else:
            named.append(_answering(block, current))
    return tuple(named)


def _asking(block: Block, number: str) -> Block:
    return replace(block, kind=BlockKind.QUESTION, level=0, anchor=number, cells=(), columns=())


def _answering(block: Block, number: str) -> Block:
    short = block.kind is BlockKind.HEADING and words.SHORT_ANSWER.fullmatch(block.text) is not None
    if number and (block.kind in _PROSE or short) and not words.FORM_PREFACE.match(block.text):
        return replace(block, kind=BlockKind.ANSWER, level=0, anchor=number)
    return block


def _forms(blocks: Sequence[Block]) -> dict[int, str]:
    """The letter of each Block that opens a form, where letters rise; of a list of the forms nothing is taken."""
    found: list[tuple[int, str]] = []
    for place, block in enumerate(blocks):
        if block.boilerplate or len(block.text) > MAXIMUM_HEADING_CHARACTERS:
            continue
        if block.kind is BlockKind.TABLE_ROW and sum(bool(cell) for cell in block.cells) != 1:
            continue
        match = words.FORM.match(block.text)
        if match:
            found.append((place, match[1].upper()))
    letters = {letter for _, letter in found}
    order = words.CYRILLIC_ORDER if letters & {"Б", "Г", "Д"} else words.LOOKALIKES
    opened = [(place, order.get(letter, letter)) for place, letter in found]
    opened = _last_run(opened)
    return {
        place: letter for index, (place, letter) in enumerate(opened) if index == 0 or letter != opened[index - 1][1]
    }


def _last_run(opened: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The longest stretch, by the text it spans, in which letters do not fall."""
    runs: list[list[tuple[int, str]]] = []
    for place, letter in opened:
        if runs and letter >= runs[-1][-1][1]:
            runs[-1].append((place, letter))
        else:
            runs.append([(place, letter)])
    whole = [run for run in runs if len({letter for _, letter in run}) >= MINIMUM_FORMS]
    return max(whole, key=lambda run: (run[-1][0] - run[0][0], run[0][0]), default=[])


def _part_number(block: Block) -> tuple[int, str] | None:
    """The number of a part of a form: a heading, or a line that ends like a label."""
    if block.kind not in (*_PROSE, BlockKind.HEADING) or len(block.text) > MAXIMUM_PART_CHARACTERS:
        return None
    match = _PART.match(block.text)
    if match is None:
        return None
    is_label = block.kind is BlockKind.HEADING or block.text.endswith((":", "*", "?"))
    return (int(match[1]), (match[2] or "").lower()) if is_label else None
