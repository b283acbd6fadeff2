"""JSON documents: leaves by path, lists of flat objects as tables, in the order of the document."""

from __future__ import annotations

import json
from collections.abc import Iterator

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.limits import MAX_BLOCKS, refuse
from watcher.extract.reading import Payload, Reading, fold, row
from watcher.extract.text import text_blocks
from watcher.model.document import LEAF_COLUMNS, Block

_MINIMUM_TABLE_ROWS = 2


def read_json(payload: Payload) -> Reading:
    """One TABLE_ROW per leaf under LEAF_COLUMNS; a list of flat objects is a table with their keys as columns.

    Paths carry no list indexes, so that a new item does not rename those after it. Text that is not JSON is read as
    lines of JSON, else as plain text with a note. ExtractError `no_text` or `too_large`.
    """
    text, charset = decode(payload.data, declared=payload.charset, media_type=payload.media_type)
    notes: tuple[str, ...] = ()
    try:
        blocks = _blocks(_parsed(text))
    except ValueError:
        blocks = list(text_blocks(text))
        notes = ("not valid JSON; read as plain text",)
    except RecursionError as error:
        raise ExtractError("the JSON is too large to read: it is nested too deeply", code="too_large") from error
    if not blocks:
        raise ExtractError("the JSON holds no values", code="no_text")
    return Reading(title="", blocks=tuple(blocks), charset=charset, notes=notes)


def _parsed(text: str) -> object:
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line, parse_float=str, parse_int=str) for line in lines]


def _blocks(value: object) -> list[Block]:
    blocks: list[Block] = []
    for block in _walk(value, ""):
        blocks.append(block)
        if len(blocks) > MAX_BLOCKS:
            refuse("the JSON", found=f"over {MAX_BLOCKS}", limit=MAX_BLOCKS, unit="values")
    return blocks


def _walk(value: object, path: str) -> Iterator[Block]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        if _is_table(value):
            yield from _table(value)
        else:
            for inner in value:
                yield from _walk(inner, f"{path}[]")
    else:
        block = row((fold(path) or "value", _shown(value)), LEAF_COLUMNS)
        if block is not None and block.cells[1]:
            yield block


def _is_table(items: list[object]) -> bool:
    return len(items) >= _MINIMUM_TABLE_ROWS and all(
        isinstance(item, dict) and item and not any(isinstance(each, (dict, list)) for each in item.values())
        for item in items
    )


def _table(items: list[object]) -> Iterator[Block]:
    objects = [item for item in items if isinstance(item, dict)]
    columns = list(dict.fromkeys(key for item in objects for key in item))
    names = tuple(fold(str(name)) for name in columns)
    for item in objects:
        block = row(tuple(_shown(item.get(name)) for name in columns), names)
        if block is not None:
            yield block


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return fold(str(value).encode("utf-8", "replace").decode("utf-8"))
