"""What goes into an export beside the evidence: texts, Changes, custody, citations and a letter to the reader."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watcher.model.capture import Capture, Version
from watcher.model.change import Change, Hunk, HunkOp, WordOp
from watcher.model.details import details_of
from watcher.model.source import Source
from watcher.render import cited_capture, footnote, headline, said_time
from watcher.store.types import to_json

CUSTODY_COLUMNS = ("record", "recorded_at", "who", "action", "target", "before", "after")
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_MARKS = {WordOp.KEPT: "{}", WordOp.DELETED: "[-{}-]", WordOp.INSERTED: "{{+{}+}}"}


def plain_cell(value: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula: such a one gets an apostrophe in front."""
    return f"'{value}" if _FORMULA.match(value.lstrip(" ")) else value


def custody_csv(records: Iterable[Mapping[str, Any]]) -> str:
    """Who did what to the Source and what is kept of it, one ledger record a line."""
    sheet = io.StringIO()
    rows = csv.writer(sheet, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    rows.writerow(CUSTODY_COLUMNS)
    for record in records:
        rows.writerow([plain_cell(cell) for cell in _custody_row(record)])
    return sheet.getvalue()


def is_custody(fields: Mapping[str, Any], source_id: str) -> bool:
    """Whether a ledger record is an act on a Source: audit, export, deletion, hold, or a check by hand or import."""
    if fields.get("type") == "capture":
        return fields.get("source_id") == source_id and bool(fields.get("user"))
    return source_id in (fields.get("target"), fields.get("source_id"))


def _custody_row(record: Mapping[str, Any]) -> tuple[str, ...]:
    facts: tuple[object, ...]
    if record["type"] == "capture":
        action = f"capture.{record['trigger']}"
        after = {"outcome": record["outcome"], "payload_sha256": record["payload_sha256"], "by": record["fetcher"]}
        facts = (record["ended_at"], record["user"], action, record["source_id"], None, after)
    else:
        known = ("recorded_at", "user", "action", "target", "source_id", "before", "after", "sequence", "type")
        rest = {name: value for name, value in record.items() if name not in known}
        facts = (
            record.get("recorded_at"),
            record.get("user"),
            record.get("action", record["type"]),
            record.get("target", record.get("source_id")),
            record.get("before"),
            record.get("after") or rest or None,
        )
    return (str(record["sequence"]), *(_cell(value) for value in facts))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def write_text(folder: Path, version: Version) -> None:
    """The text of a Version, named by its time, and as held where it is."""
    if version.document is not None:
        held = "-held" if version.is_held else ""
        name = f"{_stamp(version.captured_at)}-{version.version_id}{held}.txt"
        (folder / name).write_bytes(version.document.text.encode("utf-8", "replace") + b"\n")


def write_change(folder: Path, change: Change, source: Source) -> None:
    """A Change for programs (JSON) and for people (text: `[-taken out-]{+put in+}`)."""
    stem = f"{_stamp(change.captured_at)}-{change.from_version_id}-{change.to_version_id}"
    (folder / f"{stem}.json").write_text(to_json(Change, change) + "\n", encoding="utf-8")
    (folder / f"{stem}.txt").write_bytes(_change_text(change, source).encode("utf-8", "replace"))


def _change_text(change: Change, source: Source) -> str:
    judgement, diff = change.judgement, change.diff
    lines = [
        headline(change, source),
        "",
        f"Before: captured {said_time(change.captured_from_at)}, Version {change.from_version_id}",
        f"After:  captured {said_time(change.captured_at)}, Version {change.to_version_id}",
        f"Kind {change.kind}, severity {judgement.severity}. {change.reason}".replace("_", " ").rstrip(),
        f"Compared by {diff.differ} {diff.differ_version}, judged by {change.pack} {change.pack_version}.",
        "[-taken out-] {+put in+}",
    ]
    for hunk in diff.hunks:
        where = f" under “{' '.join(hunk.over.split())}”" if hunk.over else ""
        lines += [
            "",
            f"{hunk.label}{where}",
            *(f"{one.what}: {one.steps}" for one in details_of(hunk)),
            _hunk_text(hunk),
        ]
    return "\n".join(lines) + "\n"


def _hunk_text(hunk: Hunk) -> str:
    if hunk.words:
        return "".join(_MARKS[edit.op].format(edit.text) for edit in hunk.words)
    if hunk.op in (HunkOp.MOVED, HunkOp.LINKED):
        return hunk.new
    sides = ((WordOp.DELETED, hunk.old), (WordOp.INSERTED, hunk.new))
    return "".join(_MARKS[op].format(text) for op, text in sides if text)


def cite(source: Source, capture: Capture, base_url: str, *, held: Mapping[str, str]) -> str:
    """A footnote for a Capture that brought bytes. `held`: Payloads that are not taken as the document, and why."""
    return footnote(
        cited_capture(
            capture,
            source.definition,
            document_title="",
            base_url=base_url,
            payload_sha256=capture.payload_sha256 or "",
            held=held.get(capture.payload_sha256 or "", ""),
        )
    )


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
