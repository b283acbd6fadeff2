"""Answers to single questions, for programs: compare, positions, extract, replay, with values in and values out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from watcher.classify import find_positions
from watcher.errors import ConfigError, ExtractError, WatcherError
from watcher.extract import extract
from watcher.model.change import ChangeKind, Severity
from watcher.model.document import Document
from watcher.model.notes import marks_meant
from watcher.pipeline.compare import (
    Comparison,
    PastText,
    compare_documents,
    pack_of,
    place_in_history,
    text_sha256,
)
from watcher.pipeline.ports import Children

MAXIMUM_FILE_BYTES = 100_000_000


def compare_item(item: dict[str, Any], pack_text: str) -> dict[str, Any]:
    """One item of `watcher compare --jsonl`: id, old, new, media_type, subject, same_document."""
    media_type = str(item.get("media_type") or "text/plain")
    old, new = (_document(_text(item, side), media_type) for side in ("old", "new"))
    comparison = compare_files(
        old,
        new,
        subject=str(item.get("subject") or ""),
        same_document=bool(item.get("same_document", True)),
        pack_text=pack_text,
    )
    return {"id": item["id"], **comparison_facts(comparison)}


def compare_files(old: Document, new: Document, *, subject: str, same_document: bool, pack_text: str) -> Comparison:
    """Two Documents that belong to no Source, compared."""
    return compare_documents(
        old,
        new,
        subjects=(subject,) if subject else (),
        instruments=(),
        same_document=same_document,
        pack_text=pack_text,
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
            {"op": hunk.op.value, "old": hunk.old, "new": hunk.new, "heading": hunk.heading}
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
    found = find_positions(_text(item, "text"), subject=str(item.get("subject") or ""), pack=pack_of(pack_text))
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


def replay_items(items: Iterable[dict[str, Any]], pack_text: str, children: Children) -> Iterator[dict[str, Any]]:
    """Items of `watcher replay --jsonl` in order: the states of one Source, each compared with the one before."""
    past: list[PastText] = []
    before: Document | None = None
    for item in items:
        if "error" in item:
            yield item
            continue
        try:
            media_type = "text/html" if "html" in item else "text/plain"
            document = children.run(_document, _text(item, "html" if "html" in item else "text"), media_type)
            captured_at = _moment(item, past)
            answer, changed = _replayed(before, document, past, captured_at, pack_text, children)
        except WatcherError as error:
            yield {"id": item["id"], "error": {"code": error.code, "message": str(error)}, "alert": False}
            continue
        if changed:
            past.append(PastText(text_sha256=text_sha256(document), captured_at=captured_at))
            before = document
        yield {"id": item["id"], **answer}


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


def _replayed(
    before: Document | None,
    document: Document,
    past: list[PastText],
    captured_at: datetime,
    pack_text: str,
    children: Children,
) -> tuple[dict[str, Any], bool]:
    if before is None:
        return {"kind": "first", "severity": Severity.NOISE.value, "alert": False}, True
    comparison: Comparison = children.run(
        compare_documents, before, document, subjects=(), instruments=(), same_document=True, pack_text=pack_text
    )
    placed = place_in_history(
        comparison, past=past[-50:], new_text_sha256=text_sha256(document), captured_at=captured_at
    )
    answer = {
        "kind": placed.kind.value,
        "reason": placed.reason,
        "severity": placed.judgement.severity.value,
        "alert": placed.alert,
    }
    return answer, placed.kind is not ChangeKind.NONE


def _document(text: str, media_type: str) -> Document:
    payload = text.encode("utf-8", "surrogatepass")
    try:
        return extract(payload, media_type=media_type, charset="utf-8", name="")
    except ExtractError as error:
        if error.code != "no_text":
            raise
        return Document(
            title="", blocks=(), media_type=media_type, charset="utf-8", extractor="none", extractor_version=1
        )


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise ConfigError(f"the item needs {key!r} as text", key=key)
    return value


def _moment(item: dict[str, Any], past: list[PastText]) -> datetime:
    text = item.get("captured_at")
    if text is None:
        return past[-1].captured_at + timedelta(hours=1) if past else datetime(2000, 1, 1, tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise ConfigError(f"captured_at {text!r} is no ISO date", key="captured_at") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
