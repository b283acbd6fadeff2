"""From a Capture to rows: read it, compare it with the last Version, and write all of it in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.errors import ExtractError
from watcher.extract import extract, extractor_for
from watcher.model.capture import Capture, Outcome, Trigger, Version, version_id
from watcher.model.change import Change, ChangeKind, Diff, Judgement, Position, Severity
from watcher.model.document import Document, ExtractRules
from watcher.model.source import Claim, Definition, Source
from watcher.pipeline.compare import (
    Comparison,
    PastText,
    compare_documents,
    place_in_history,
    positions_in,
    text_sha256,
)
from watcher.pipeline.gate import CONFIRM_AFTER, Hold, awaits_confirmation, brings_untaken, hold_back
from watcher.pipeline.ports import Rooms
from watcher.store import captures, changes, sources, versions

NO_DIFF = Diff(differ="none", differ_version=1, hunks=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What a Capture led to. `version` is None when the Document is the one that was known already."""

    capture: Capture
    version: Version | None
    change: Change | None
    technical: Change | None = None
    first: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """A Capture's Version and Positions before they are recorded."""

    version: Version
    positions: tuple[Position, ...]


def record_capture(
    rooms: Rooms,
    capture: Capture,
    *,
    claim: Claim | None,
    next_check_at: datetime | None,
    host_gap: timedelta = timedelta(0),
) -> Recorded:
    """Write a Capture that the ledger holds already, with everything that follows from it.

    With a claim the Source's schedule moves too; a claim that was lost meanwhile records the Capture alone.
    Idempotent: recording the same Capture again changes nothing.
    """
    with rooms.database.reading() as connection:
        baseline_id = sources.get_baseline_id(connection, capture.source_id)
        newest = versions.newest_version(connection, capture.source_id) if capture.outcome.reached else None
    consequences = _Consequences(baseline_id=baseline_id)
    if capture.outcome is Outcome.NEW or awaits_confirmation(capture, newest):
        consequences = _read_and_compare(rooms, capture, baseline_id, newest)
    return _write(rooms, capture, consequences, claim, next_check_at, first=baseline_id is None, host_gap=host_gap)


def _read_and_compare(rooms: Rooms, capture: Capture, baseline_id: str | None, newest: Version | None) -> _Consequences:
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, capture.source_id)
        baseline = versions.get_version(connection, baseline_id) if baseline_id else None
        until = max(capture.captured_at, baseline.captured_at) if baseline else capture.captured_at
        texts = versions.earlier_texts(connection, source.source_id, until=until)
    reading = read_capture(rooms, capture, source.definition)
    hold = hold_back(rooms, capture, reading.version, baseline, newest)
    if hold is not None:
        return _held(hold, baseline_id)
    past = [PastText(text_sha256=digest, captured_at=moment) for digest, moment in texts]
    consequences = _consequences(rooms, capture, source, reading, baseline, past)
    if brings_untaken(capture, newest) and reading not in consequences.readings:
        taken = reading.version.version_id
        return replace(consequences, baseline_id=taken, described_by=taken, readings=(*consequences.readings, reading))
    return consequences


def record_import(rooms: Rooms, capture: Capture) -> Recorded:
    """Write an imported Capture at its place in time, compared with its neighbours; nothing is sent.

    Idempotent. The Source's baseline moves only when the Capture is newer than all Versions.
    """
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, capture.source_id)
        before = versions.version_before(connection, source.source_id, capture.captured_at, capture.sequence)
        after = versions.version_after(connection, source.source_id, capture.captured_at, capture.sequence)
        baseline_id = sources.get_baseline_id(connection, capture.source_id)
        texts = versions.earlier_texts(connection, source.source_id, until=capture.captured_at)
    consequences = _Consequences(baseline_id=baseline_id)
    if capture.outcome is Outcome.NEW:
        past = [PastText(text_sha256=digest, captured_at=moment) for digest, moment in texts]
        reading = read_capture(rooms, capture, source.definition)
        consequences = _consequences(rooms, capture, source, reading, before, past)
    if after is not None:
        later = _change_to_later(rooms, source, consequences, after)
        consequences = replace(consequences, baseline_id=baseline_id, changes=(*consequences.changes, *later))
    return _write(rooms, capture, consequences, None, None, first=before is None)


def read_capture(rooms: Rooms, capture: Capture, definition: Definition) -> _Reading:
    """Extract a Capture's payload and find its Positions, in a child process."""
    if capture.payload_sha256 is None:
        raise ExtractError("the Capture has no payload", code="no_payload")
    payload = rooms.archive.get_payload(capture.payload_sha256)
    name = capture.hops[-1].url if capture.hops else capture.requested_url
    extractor, extractor_version = "none", 1
    document: Document | None = None
    code = problem = ""
    try:
        extractor, extractor_version, _ = rooms.children.run(
            extractor_for, payload, media_type=capture.media_type, name=name
        )
        document = rooms.children.run(
            extract,
            payload,
            media_type=capture.media_type,
            charset=capture.charset,
            rules=rules_of(definition),
            name=name,
        )
        if not document.text.strip():
            document, code, problem = None, "no_text", "the document holds no text"
    except ExtractError as error:
        code, problem = error.code, str(error)
    digest = definition.digest_sha256
    version = Version(
        version_id=version_id(
            source_id=capture.source_id,
            sequence=capture.sequence,
            extractor=extractor,
            extractor_version=extractor_version,
            definition_sha256=digest,
        ),
        source_id=capture.source_id,
        sequence=capture.sequence,
        payload_sha256=capture.payload_sha256,
        captured_at=capture.captured_at,
        extractor=extractor,
        extractor_version=extractor_version,
        definition_sha256=digest,
        document=document,
        text_sha256=text_sha256(document) if document is not None else "",
        error_code=code,
        error=problem,
    )
    if document is None:
        return _Reading(version=version, positions=())
    try:
        found = rooms.children.run(positions_in, document, subjects=definition.subjects, pack_text=rooms.pack.text)
    except ExtractError:
        found = ()
    return _Reading(version=version, positions=found)


def rules_of(definition: Definition) -> ExtractRules:
    """The part of a Definition that an extractor obeys."""
    return ExtractRules(select=definition.select, remove=definition.remove)


def change_between(
    rooms: Rooms, source: Source, old: Version, new: Version, trigger: Trigger, past: list[PastText]
) -> Change | None:
    """The Change between two Versions; texts of two extractors are not compared, only told apart."""
    if old.extractor != new.extractor:
        return _format_change(rooms, source, old, new, trigger)
    return make_change(rooms, source, old, new, trigger, past)


def make_change(
    rooms: Rooms, source: Source, old: Version, new: Version, trigger: Trigger, past: list[PastText]
) -> Change | None:
    """The Change between two Versions of a Source; None when their Documents are the same."""
    if old.document is None or new.document is None or old.document == new.document:
        return None
    try:
        comparison = rooms.children.run(
            compare_documents,
            old.document,
            new.document,
            subjects=source.definition.subjects,
            instruments=source.definition.instruments,
            same_document=True,
            pack_text=rooms.pack.text,
        )
    except ExtractError as error:
        return _change(rooms, source, old, new, trigger, _not_compared(str(error)))
    if comparison.kind is ChangeKind.NONE:
        return None
    placed = place_in_history(comparison, past=past, new_text_sha256=new.text_sha256, captured_at=new.captured_at)
    return _change(rooms, source, old, new, trigger, placed)


def _change_to_later(rooms: Rooms, source: Source, consequences: _Consequences, after: Version) -> tuple[Change, ...]:
    """The step from an imported Version to the one that was known to follow it."""
    if not consequences.readings:
        return ()
    version = consequences.readings[-1].version
    if version.document is None or version.extractor != after.extractor:
        return ()
    past = [PastText(text_sha256=version.text_sha256, captured_at=version.captured_at)]
    change = make_change(rooms, source, version, after, Trigger.IMPORT, past)
    return () if change is None else (change,)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Consequences:
    """What a Capture's transaction writes beside the Capture.

    `baseline_id` is the Version to compare the next with; `confirm_after` asks for a second read soon.
    """

    baseline_id: str | None
    described_by: str | None = None
    readings: tuple[_Reading, ...] = ()
    changes: tuple[Change, ...] = ()
    confirm_after: timedelta | None = None


def _held(hold: Hold, baseline_id: str | None) -> _Consequences:
    """A held Version is kept with its Document; the baseline stays, and nobody is told that a text went."""
    return _Consequences(
        baseline_id=baseline_id,
        described_by=hold.version.version_id,
        readings=(_Reading(version=hold.version, positions=()),),
        confirm_after=CONFIRM_AFTER if hold.confirmable else None,
    )


def _consequences(
    rooms: Rooms,
    capture: Capture,
    source: Source,
    reading: _Reading,
    baseline: Version | None,
    past: list[PastText],
) -> _Consequences:
    version = reading.version
    baseline_id = baseline.version_id if baseline is not None else None
    if version.document is None:
        return _Consequences(baseline_id=baseline_id, described_by=version.version_id, readings=(reading,))
    if baseline is None or baseline.document is None:
        return _Consequences(baseline_id=version.version_id, described_by=version.version_id, readings=(reading,))
    upgraded = _upgraded(rooms, source, baseline, version)
    old = upgraded.version if upgraded is not None else baseline
    technical = _technical_change(rooms, source, baseline, old)
    change = change_between(rooms, source, old, version, capture.trigger, past)
    kept_upgrade = (upgraded,) if upgraded is not None and (change is not None or technical is not None) else ()
    if change is None:
        known_id = old.version_id if kept_upgrade else baseline_id
        return _Consequences(
            baseline_id=known_id,
            described_by=known_id,
            readings=kept_upgrade,
            changes=(technical,) if technical is not None else (),
        )
    return _Consequences(
        baseline_id=version.version_id,
        described_by=version.version_id,
        readings=(*kept_upgrade, reading),
        changes=(change,) if technical is None else (technical, change),
    )


def _upgraded(rooms: Rooms, source: Source, baseline: Version, version: Version) -> _Reading | None:
    """The baseline as today's extractor and Definition read it, so that like is compared with like.

    None when it was read so already, or cannot be read so.
    """
    with rooms.database.reading() as connection:
        old_definition = sources.get_definition(connection, source.source_id, baseline.definition_sha256)
        old_capture = captures.get_capture(connection, baseline.sequence)
    same_extractor = (baseline.extractor, baseline.extractor_version) == (version.extractor, version.extractor_version)
    if same_extractor and rules_of(old_definition) == rules_of(source.definition):
        return None
    reading = read_capture(rooms, old_capture, source.definition)
    return reading if reading.version.document is not None else None


def _technical_change(rooms: Rooms, source: Source, old: Version, new: Version) -> Change | None:
    if old.document is None or new.document is None or old.document.blocks == new.document.blocks:
        return None
    comparison = Comparison(
        kind=ChangeKind.TECHNICAL,
        reason="the same bytes, read by a newer extractor or under a newer Definition",
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.NOISE, significance=0.0),
    )
    return _change(rooms, source, old, new, Trigger.MANUAL, comparison)


def _not_compared(problem: str) -> Comparison:
    """Two texts that differ and could not be compared: said, because the difference may matter."""
    return Comparison(
        kind=ChangeKind.STATUS,
        reason=f"the text is another one, but the two could not be compared: {problem}",
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.MAJOR, significance=0.5),
    )


def _format_change(rooms: Rooms, source: Source, old: Version, new: Version, trigger: Trigger) -> Change:
    comparison = Comparison(
        kind=ChangeKind.STATUS,
        reason=f"was {old.extractor}, is now {new.extractor}: the texts are not compared",
        diff=NO_DIFF,
        judgement=Judgement(severity=Severity.MINOR, significance=0.2),
    )
    return _change(rooms, source, old, new, trigger, comparison)


def _change(
    rooms: Rooms, source: Source, old: Version, new: Version, trigger: Trigger, comparison: Comparison
) -> Change:
    return Change(
        change_id=f"{old.version_id}..{new.version_id}",
        source_id=source.source_id,
        from_version_id=old.version_id,
        to_version_id=new.version_id,
        captured_from_at=old.captured_at,
        captured_at=new.captured_at,
        recorded_at=rooms.clock(),
        trigger=trigger,
        kind=comparison.kind,
        alert=comparison.alert,
        reason=comparison.reason,
        pack=rooms.pack.pack.name,
        pack_version=rooms.pack.pack.version,
        diff=comparison.diff,
        judgement=comparison.judgement,
    )


def _write(
    rooms: Rooms,
    capture: Capture,
    consequences: _Consequences,
    claim: Claim | None,
    next_check_at: datetime | None,
    *,
    first: bool,
    host_gap: timedelta = timedelta(0),
) -> Recorded:
    if next_check_at is not None and consequences.confirm_after is not None:
        next_check_at = min(next_check_at, rooms.clock() + consequences.confirm_after)
    in_full = consequences.confirm_after is not None  # "not modified" would confirm nothing
    with rooms.database.writing() as connection:
        captures.add_capture(connection, capture, version_id=consequences.described_by)
        if claim is not None:
            reached = capture.outcome.reached
            kept = sources.finish_claim(
                connection,
                claim,
                next_check_at=next_check_at,
                captured_at=capture.captured_at,
                outcome=capture.outcome,
                failures_in_a_row=0 if reached else claim.source.failures_in_a_row + 1,
                etag=_validator(capture, "etag", claim.etag) if not in_full else None,
                last_modified=_validator(capture, "last-modified", claim.last_modified) if not in_full else None,
                baseline_version_id=consequences.baseline_id,
                host_ready_at=rooms.clock() + host_gap,
            )
            if not kept:
                return Recorded(capture=capture, version=None, change=None)
        elif consequences.baseline_id is not None:
            sources.set_baseline(connection, capture.source_id, consequences.baseline_id)
        for reading in consequences.readings:
            versions.add_version(connection, reading.version, reading.positions)
        for change in consequences.changes:
            changes.add_change(connection, change)
    told = [change for change in consequences.changes if change.kind is not ChangeKind.TECHNICAL]
    technical = [change for change in consequences.changes if change.kind is ChangeKind.TECHNICAL]
    return Recorded(
        capture=capture,
        version=consequences.readings[-1].version if consequences.readings else None,
        change=told[0] if told else None,
        technical=technical[0] if technical else None,
        first=first,
    )


def _validator(capture: Capture, name: str, known: str | None) -> str | None:
    """What the next request is conditional on: a full answer's own validator, or the known one while it still holds."""
    given = next((value for key, value in capture.headers if key.lower() == name), None)
    if capture.outcome in (Outcome.NEW, Outcome.SAME):
        return given
    return given or known if capture.outcome is Outcome.NOT_MODIFIED else known
