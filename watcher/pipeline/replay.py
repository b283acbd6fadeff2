"""The dated states of one Source replayed: what its checks would have told, from texts alone. Nothing is recorded.

Each item is a check. As with a watched Source, lines that change by themselves are learnt, a page that goes back and
forth is said once, and where it settles is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.errors import ConfigError, WatcherError
from watcher.model.change import ChangeKind, Severity
from watcher.model.document import Document
from watcher.pipeline.answer import document_of, text_of
from watcher.pipeline.compare import Comparison, compare_documents, pack_of, text_sha256, told_links
from watcher.pipeline.history import (
    FLAPPING_WINDOW,
    PastLinks,
    PastText,
    has_settled,
    place_in_history,
    place_links,
    settled,
    stays_of,
)
from watcher.pipeline.ports import Children
from watcher.pipeline.shapes import LOOKED_AT, counted_lines, may_be_learnt, quietened

PAST_TEXTS = 50
_STEP = timedelta(hours=1)


@dataclass(kw_only=True, slots=True)
class _History:
    """What the states so far leave behind: the newest Document, texts, checks and Changes, oldest first.

    `told` is the Document that the last Change which was told led to, `flapped_from` the one before the last step of
    a page that goes back and forth.
    """

    now: Document | None = None
    told: Document | None = None
    flapped_from: Document | None = None
    texts: list[PastText] = field(default_factory=list)
    checks: list[datetime] = field(default_factory=list)
    changes: list[tuple[datetime, Comparison]] = field(default_factory=list)

    def take(self, document: Document, captured_at: datetime) -> None:
        """A state that is another one than before."""
        self.now = document
        self.texts = [
            *self.texts[1 - PAST_TEXTS :],
            PastText(text_sha256=text_sha256(document), captured_at=captured_at),
        ]

    def record(self, comparison: Comparison, captured_at: datetime) -> None:
        """A Change; those that no rule looks at any more are dropped."""
        kept = [one for one in self.changes if captured_at - one[0] <= FLAPPING_WINDOW or one is self.changes[-1]]
        self.changes = [*kept, (captured_at, comparison)]


def replay_items(items: Iterable[dict[str, Any]], pack_text: str, children: Children) -> Iterator[dict[str, Any]]:
    """Items of `watcher replay --jsonl` in order: the states of one Source, each compared with the one before."""
    history = _History()
    for item in items:
        if "error" in item:
            yield item
            continue
        try:
            media_type = "text/html" if "html" in item else "text/plain"
            document = children.run(document_of, text_of(item, "html" if "html" in item else "text"), media_type)
            captured_at = _moment(item, history.checks)
            found = _checked(history, document, captured_at, pack_text, children)
        except WatcherError as error:
            yield {"id": item["id"], "error": {"code": error.code, "message": str(error)}, "alert": False}
            continue
        yield {"id": item["id"], **_facts(found)}


def _facts(found: Comparison | None) -> dict[str, Any]:
    if found is None:
        return {"kind": "first", "severity": Severity.NOISE.value, "alert": False}
    return {
        "kind": found.kind.value,
        "reason": found.reason,
        "severity": found.judgement.severity.value,
        "alert": found.alert,
    }


def _checked(
    history: _History, document: Document, captured_at: datetime, pack_text: str, children: Children
) -> Comparison | None:
    """What one check tells, None for the first; the history is taken further."""
    if history.now is None:
        found = None
        history.take(document, captured_at)
    else:
        found = _placed(
            history, _compared(history.now, document, pack_text, children), document, captured_at, pack_text
        )
        if found.kind is ChangeKind.FLAPPING:
            history.flapped_from = history.now
        if found.kind is not ChangeKind.NONE:
            history.take(document, captured_at)
        else:
            found = _settled(history, captured_at, pack_text, children) or found
        if found.kind is not ChangeKind.NONE:
            history.record(found, captured_at)
        if found.alert:
            history.told = history.now
    history.checks.append(captured_at)
    return found


def _compared(old: Document, new: Document, pack_text: str, children: Children) -> Comparison:
    return children.run(
        compare_documents, old, new, subjects=(), instruments=(), same_document=True, pack_text=pack_text
    )


def _placed(
    history: _History, found: Comparison, document: Document, captured_at: datetime, pack_text: str
) -> Comparison:
    """A Comparison with what only the history tells: learnt lines, returns, flapping."""
    if may_be_learnt(found):
        pack = pack_of(pack_text)
        since = min(history.checks[-LOOKED_AT:])
        lines = counted_lines([one for moment, one in history.changes if moment >= since], pack=pack)
        found = quietened(found, lines, pack=pack, undo="watcher source volatile SOURCE")
    placed = place_in_history(found, past=history.texts, new_text_sha256=text_sha256(document), captured_at=captured_at)
    steps = [
        PastLinks(links=frozenset(links), captured_at=moment)
        for moment, one in history.changes
        if (links := told_links(one.diff.hunks))
    ]
    return place_links(placed, past=steps, captured_at=captured_at)


def _settled(history: _History, captured_at: datetime, pack_text: str, children: Children) -> Comparison | None:
    """Where a page that went back and forth settled, when this check shows it."""
    if not history.changes or history.changes[-1][1].kind is not ChangeKind.FLAPPING:
        return None
    flapped_at = history.changes[-1][0]
    checks = 1 + sum(moment > flapped_at for moment in history.checks)
    stays = stays_of([one.captured_at for one in history.texts], flapped_at)
    told = history.told or history.flapped_from
    if not has_settled(stays, captured_at - flapped_at, checks) or told is None or history.now is None:
        return None
    found = _compared(told, history.now, pack_text, children)
    return settled(found, since=history.texts[-1].captured_at, checks=checks)


def _moment(item: dict[str, Any], checks: list[datetime]) -> datetime:
    text = item.get("captured_at")
    if text is None:
        return checks[-1] + _STEP if checks else datetime(2000, 1, 1, tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise ConfigError(f"captured_at {text!r} is no ISO date", key="captured_at") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
