"""Answers to single questions, for programs: compare, positions, extract, with values in and values out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from watcher.classify import find_positions
from watcher.errors import ConfigError, ExtractError
from watcher.extract import extract
from watcher.model.document import Document
from watcher.model.notes import marks_meant
from watcher.pipeline.compare import Comparison, compare_documents, pack_of

MAXIMUM_FILE_BYTES = 100_000_000


def compare_item(item: dict[str, Any], pack_text: str) -> dict[str, Any]:
    """One item of `watcher compare --jsonl`: id, old, new, media_type, subject, same_document, key_columns."""
    media_type = str(item.get("media_type") or "text/plain")
    old, new = (document_of(text_of(item, side), media_type) for side in ("old", "new"))
    comparison = compare_files(
        old,
        new,
        subject=str(item.get("subject") or ""),
        same_document=bool(item.get("same_document", True)),
        pack_text=pack_text,
        key_columns=_headings(item.get("key_columns", [])),
    )
    return {"id": item["id"], **comparison_facts(comparison)}


def _headings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(heading, str) for heading in value):
        raise ConfigError("key_columns should be a list of column headings", key="key_columns")
    return tuple(value)


def compare_files(
    old: Document,
    new: Document,
    *,
    subject: str,
    same_document: bool,
    pack_text: str,
    key_columns: tuple[str, ...] = (),
) -> Comparison:
    """Two Documents that belong to no Source, compared."""
    return compare_documents(
        old,
        new,
        subjects=(subject,) if subject else (),
        instruments=(),
        same_document=same_document,
        pack_text=pack_text,
        key_columns=key_columns,
    )


def comparison_facts(comparison: Comparison) -> dict[str, Any]:
    """A comparison as plain values."""
    judgement = comparison.judgement
    return {
        "kind": comparison.kind.value,
        "reason": comparison.reason,
        "severity": judgement.severity.value,
        "significance": round(judgement.significance, 4),
        "parts": [{"name": part.name, "points": part.points, "passage": part.passage} for part in judgement.parts],
        "hunks": [
            {
                "op": hunk.op.value,
                "old": hunk.old,
                "new": hunk.new,
                "heading": hunk.heading,
                "boilerplate": hunk.boilerplate,
                "row": hunk.row_key,
                "cells": [asdict(cell) for cell in hunk.cells],
                "links": [asdict(link) for link in hunk.links],
            }
            for hunk in comparison.diff.hunks
        ],
        "position_changes": [
            {
                "subject": moved.subject,
                "indicator": moved.indicator,
                "change": moved.change.value,
                "old": moved.old,
                "new": moved.new,
                "severity": moved.severity.value,
                "old_passage": moved.old_passage,
                "new_passage": moved.new_passage,
            }
            for moved in judgement.position_changes
        ],
        "depositary_events": [
            {
                "subject": event.subject or event.participant,
                "participant": event.participant,
                "event": event.event,
                "date": event.date,
            }
            for event in judgement.depositary_events
        ],
    }


def positions_item(item: dict[str, Any], pack_text: str) -> dict[str, Any]:
    """One item of `watcher positions --jsonl`: id, text, subject."""
    found = find_positions(text_of(item, "text"), subject=str(item.get("subject") or ""), pack=pack_of(pack_text))
    return {
        "id": item["id"],
        "positions": [
            {
                "indicator": position.indicator,
                "stance": position.stance,
                "subject": position.subject,
                "about": position.about.value,
                "start": position.start,
                "end": position.end,
                "passage": position.passage,
                "rule": position.rule,
            }
            for position in found
        ],
    }


def extract_item(item: dict[str, Any], _pack_text: str) -> dict[str, Any]:
    """One item of `watcher extract --jsonl`: id, path, media_type. A document that cannot be read names its error.

    `text` has a line a Block, and the cells of a table row are separated by tabs, as programs expect.
    """
    path = str(item.get("path") or "")
    empty = {"id": item["id"], "title": "", "text": "", "blocks": [], "media_type": None, "charset": None}
    try:
        document = read_file(path, item.get("media_type"))
    except ExtractError as error:
        return {**empty, "error": {"code": error.code, "message": str(error)}}
    if not document.text.strip():
        return {**empty, "error": {"code": "no_text", "message": f"{path} holds no text"}}
    return {
        "id": item["id"],
        "title": document.title,
        "text": "\n".join("\t".join(block.cells) if block.cells else block.text for block in document.blocks),
        "blocks": _block_facts(document),
        "media_type": document.media_type,
        "charset": document.charset,
        "notes": list(document.notes),
        "error": None,
    }


def _block_facts(document: Document) -> list[dict[str, str]]:
    """Kind and text of each Block, and its anchor; of a footnote that says "Ibid.", the mark of the one meant."""
    meant = marks_meant(document.blocks)
    facts = []
    for place, block in enumerate(document.blocks):
        fact = {"kind": block.kind.value, "text": block.text}
        fact |= {"anchor": block.anchor} if block.anchor else {}
        facts.append(fact | ({"means": meant[place]} if place in meant else {}))
    return facts


def read_file(path: str, media_type: str | None) -> Document:
    """The Document in a file."""
    file = Path(path)
    try:
        if file.stat().st_size > MAXIMUM_FILE_BYTES:
            raise ExtractError(f"{path} is over the limit of {MAXIMUM_FILE_BYTES} bytes", code="too_large")
        payload = file.read_bytes()
    except OSError as error:
        raise ExtractError(f"{path} cannot be read: {error.strerror}", code="unreadable") from error
    return extract(payload, media_type=media_type, charset=None, name=file.name)


def document_of(text: str, media_type: str) -> Document:
    """The Document in a text; one without Blocks where it says nothing."""
    payload = text.encode("utf-8", "surrogatepass")
    try:
        return extract(payload, media_type=media_type, charset="utf-8", name="")
    except ExtractError as error:
        if error.code != "no_text":
            raise
        return Document(
            title="", blocks=(), media_type=media_type, charset="utf-8", extractor="none", extractor_version=1
        )


def text_of(item: dict[str, Any], key: str) -> str:
    """The text under a key of an item. ConfigError where there is none."""
    value = item.get(key)
    if not isinstance(value, str):
        raise ConfigError(f"the item needs {key!r} as text", key=key)
    return value
