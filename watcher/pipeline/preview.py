"""What other rules would make of a Source, from its archived Snapshots. Nothing is fetched and nothing is written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.diff import compare
from watcher.errors import ConfigError, DeletedError, ExtractError, NotFoundError
from watcher.extract import extract
from watcher.model.capture import Capture
from watcher.model.change import Change, ChangeKind, HunkOp, WordEdit
from watcher.model.document import Block, Document, ExtractRules, RuleMatch
from watcher.model.source import Definition
from watcher.pipeline.compare import compare_documents
from watcher.pipeline.key_columns import KeyColumns, find_key_columns
from watcher.pipeline.ports import Rooms
from watcher.pipeline.rules import RULE_KEYS, require_key_columns, require_rules
from watcher.store import captures, changes, mementos, sources, versions
from watcher.store.database import Connection

NO_RULES = ExtractRules()
SNAPSHOTS_TRIED = 10
CHANGES_TRIED = 5
SECONDS = 30.0
_NOT_COMPARED = frozenset({ChangeKind.TECHNICAL, ChangeKind.DOCUMENT_WITHDRAWN, ChangeKind.DOCUMENT_ADDED})


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewedRule:
    """One rule: `matches` elements or places in `blocks` Blocks of the Snapshot; matched in `found` of `tried`."""

    rule: str
    pattern: str
    matches: int
    blocks: int
    found: int = 0
    tried: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewedBlock:
    """A Block of the whole document. `words` tell what is left out of a Block of which a part stays."""

    block: Block
    left_out: bool
    words: tuple[WordEdit, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewedChange:
    """A Change as it was recorded, and what it would have been; `told_then` and `told` say if a monitor hears of it."""

    change_id: str
    captured_at: datetime
    was: str
    would_be: str
    told_then: bool
    told: bool

    @property
    def vanishes(self) -> bool:
        """Whether it was told and would not be."""
        return self.told_then and not self.told


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What the rules make of one Capture's payload, of the last Snapshots and of the last Changes.

    `problem` says why these rules read no text of it, "" when they do. `unfinished` says what was not tried.
    `key_columns` tell whether its tables have the columns that are named.
    """

    source_id: str
    capture: Capture
    rules: ExtractRules
    blocks: tuple[PreviewedBlock, ...]
    matches: tuple[PreviewedRule, ...]
    changes: tuple[PreviewedChange, ...]
    problem: str = ""
    unfinished: str = ""
    key_columns: KeyColumns | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trial:
    """One payload under the rules; `document` is None when they read nothing, `problem` then says why."""

    document: Document | None
    problem: str
    matches: tuple[RuleMatch, ...]
    blocks: tuple[PreviewedBlock, ...] = ()


def with_rules(definition: Definition, given: dict[str, tuple[str, ...]]) -> Definition:
    """The Definition with other rules. A kind that is not given, or empty, stays; a blank rule clears its kind.

    ConfigError for a rule that cannot be used.
    """
    changed = {key: tuple(text for text in texts if text.strip()) for key, texts in given.items() if texts}
    wanted = replace(
        definition,
        select=changed.get("select", definition.select),
        remove=changed.get("remove", definition.remove),
        keep_blocks=changed.get("keep_blocks", definition.keep_blocks),
        remove_blocks=changed.get("remove_blocks", definition.remove_blocks),
        remove_text=changed.get("remove_text", definition.remove_text),
    )
    require_rules(wanted.rules)
    return wanted


def preview_rules(
    rooms: Rooms,
    source_id: str,
    rules: ExtractRules,
    *,
    sequence: int | None = None,
    as_of: datetime | None = None,
    key_columns: tuple[str, ...] | None = None,
    seconds: float = SECONDS,
    timer: Callable[[], float] = time.monotonic,
) -> Preview:
    """Try rules on the newest Snapshot of a Source, or that of a Capture or a moment, and on what came before.

    `key_columns` are other headings of key columns than those in force, None for these. All reading is done in child
    processes. After `seconds` no further Snapshot or Change is begun. NotFoundError
    when there is none; ConfigError for rules that cannot be used.
    """
    require_rules(rules)
    until = timer() + seconds
    with rooms.database.reading() as connection:
        definition = sources.get_source(connection, source_id).definition
        capture = _chosen(connection, source_id, sequence, as_of)
        snapshots = captures.list_snapshots(connection, source_id)[:SNAPSHOTS_TRIED]
        recorded = [
            change
            for change in changes.list_changes(connection, source_id=source_id, limit=50)
            if change.kind not in _NOT_COMPARED and change.sequence is None
        ][:CHANGES_TRIED]
        pairs = [(change, *_sides(connection, change)) for change in recorded]
        seen = [captures.get_capture(connection, snapshot.first_sequence) for snapshot in snapshots]
    if key_columns is not None:
        require_key_columns(key_columns)
        definition = replace(definition, key_columns=key_columns)
    trial = _try(rooms, capture, rules, marked=True)
    counted: list[_Trial] = []
    for one in seen:
        if timer() > until:
            break
        counted.append(_try(rooms, one, rules))
    compared: list[PreviewedChange] = []
    for change, old, new in pairs:
        if timer() > until:
            break
        compared.append(_compared(rooms, definition, rules, change, old, new))
    left = [
        f"{len(counted)} of {len(seen)} Snapshots" if len(counted) < len(seen) else "",
        f"{len(compared)} of {len(pairs)} Changes" if len(compared) < len(pairs) else "",
    ]
    tried = " and ".join(part for part in left if part)
    return Preview(
        source_id=source_id,
        capture=capture,
        rules=rules,
        blocks=trial.blocks,
        matches=tuple(_with_history(match, counted) for match in trial.matches),
        changes=tuple(compared),
        problem=trial.problem,
        unfinished=f"stopped after {seconds:g} s: only {tried} were tried" if tried else "",
        key_columns=find_key_columns(trial.document, definition.key_columns) if trial.document is not None else None,
    )


def _chosen(connection: Connection, source_id: str, sequence: int | None, as_of: datetime | None) -> Capture:
    if sequence is not None:
        capture = captures.get_capture(connection, sequence)
        if capture.source_id != source_id:
            raise NotFoundError(f"Capture {sequence} is one of Source {capture.source_id!r}, not of {source_id!r}")
        if capture.payload_sha256 is None:
            raise NotFoundError(f"Capture {sequence} brought nothing: {capture.error}")
        return capture
    found = mementos.last_memento(connection, mementos.scope_of_source(source_id), until=as_of)
    if found is None:
        when = f" from {as_of:%-d %B %Y, %H:%M} UTC or before" if as_of is not None else ""
        raise NotFoundError(f"there is no Snapshot of Source {source_id!r}{when}; watcher check {source_id} makes one")
    return captures.get_capture(connection, found.sequence)


def _sides(connection: Connection, change: Change) -> tuple[Capture, Capture]:
    old = versions.get_version(connection, change.from_version_id)
    new = versions.get_version(connection, change.to_version_id)
    return captures.get_capture(connection, old.sequence), captures.get_capture(connection, new.sequence)


def _try(rooms: Rooms, capture: Capture, rules: ExtractRules, *, marked: bool = False) -> _Trial:
    try:
        payload = rooms.archive.get_payload(capture.payload_sha256 or "")
        return rooms.children.run(
            try_rules,
            payload,
            media_type=capture.media_type,
            charset=capture.charset,
            name=capture.hops[-1].url if capture.hops else capture.requested_url,
            rules=rules,
            marked=marked,
        )
    except (ExtractError, DeletedError) as error:
        return _Trial(document=None, problem=str(error), matches=())


def try_rules(
    payload: bytes, *, media_type: str | None, charset: str | None, name: str, rules: ExtractRules, marked: bool
) -> _Trial:
    """One payload under rules, in a child process; `marked` asks for the whole text with what is left out of it."""
    document, problem = None, ""
    try:
        document = extract(payload, media_type=media_type, charset=charset, name=name, rules=rules)
        matches = document.rules
    except ExtractError as error:
        if error.code not in ("no_text", "selector_matched_nothing"):
            raise
        problem = str(error)
        matches = tuple(
            _alone(payload, media_type, charset, name, key, text) for key in RULE_KEYS for text in getattr(rules, key)
        )
    if not marked:
        return _Trial(document=document, problem=problem, matches=matches)
    whole = extract(payload, media_type=media_type, charset=charset, name=name)
    return _Trial(document=document, problem=problem, matches=matches, blocks=_marked(whole, document))


def _alone(payload: bytes, media_type: str | None, charset: str | None, name: str, key: str, text: str) -> RuleMatch:
    """How far one rule applies by itself."""
    try:
        rules = replace(NO_RULES, **{key: (text,)})
        document = extract(payload, media_type=media_type, charset=charset, name=name, rules=rules)
    except ExtractError as error:
        none = error.code == "selector_matched_nothing"
        return RuleMatch(rule=key, pattern=text, matches=0 if none else 1, blocks=0)
    return next(
        (match for match in document.rules if (match.rule, match.pattern) == (key, text)),
        RuleMatch(rule=key, pattern=text, matches=0, blocks=0),
    )


def _marked(whole: Document, ruled: Document | None) -> tuple[PreviewedBlock, ...]:
    if ruled is None:
        return tuple(PreviewedBlock(block=block, left_out=True) for block in whole.blocks)
    hunks = {hunk.old_index: hunk for hunk in compare(whole, ruled).hunks if hunk.old_index is not None}
    marked = []
    for place, block in enumerate(whole.blocks):
        hunk = hunks.get(place)
        gone = hunk is not None and hunk.op is HunkOp.DELETED
        words = hunk.words if hunk is not None and hunk.op is HunkOp.EDITED else ()
        marked.append(PreviewedBlock(block=block, left_out=gone, words=words))
    return tuple(marked)


def _with_history(match: RuleMatch, counted: list[_Trial]) -> PreviewedRule:
    found = sum(
        any((one.rule, one.pattern) == (match.rule, match.pattern) and one.matches for one in trial.matches)
        for trial in counted
    )
    return PreviewedRule(
        rule=match.rule,
        pattern=match.pattern,
        matches=match.matches,
        blocks=match.blocks,
        found=found,
        tried=len(counted),
    )


def _compared(
    rooms: Rooms, definition: Definition, rules: ExtractRules, change: Change, old: Capture, new: Capture
) -> PreviewedChange:
    would_be, told = _judged(rooms, definition, _try(rooms, old, rules), _try(rooms, new, rules))
    return PreviewedChange(
        change_id=change.change_id,
        captured_at=change.captured_at,
        was=_said(change.kind, change.judgement.severity),
        would_be=would_be,
        told_then=change.alert,
        told=told,
    )


def _judged(rooms: Rooms, definition: Definition, old: _Trial, new: _Trial) -> tuple[str, bool]:
    if old.document is None or new.document is None:
        return f"held: {old.problem or new.problem}", False
    if old.document.extractor != new.document.extractor:
        return "not compared: two formats", True
    try:
        comparison = rooms.children.run(
            compare_documents,
            old.document,
            new.document,
            subjects=definition.subjects,
            instruments=definition.instruments,
            same_document=True,
            pack_text=rooms.pack.text,
            key_columns=definition.key_columns,
        )
    except (ExtractError, ConfigError) as error:
        return f"not compared: {error}", False
    if comparison.kind is ChangeKind.NONE:
        return "no Change", False
    return _said(comparison.kind, comparison.judgement.severity), comparison.alert


def _said(kind: ChangeKind, severity: str) -> str:
    return f"{kind}, {severity}".replace("_", " ")
