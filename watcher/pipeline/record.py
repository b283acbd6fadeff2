"""From a Capture to rows: read it, compare it with the last Version, and write all of it in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from watcher.model.capture import Capture, Outcome, Trigger, Version
from watcher.model.change import Change, ChangeKind
from watcher.model.source import Source
from watcher.pipeline.collect import Gathered, gather, is_behind, write_gathered
from watcher.pipeline.compare import PastText
from watcher.pipeline.gate import CONFIRM_AFTER, Hold, awaits_confirmation, brings_untaken, hold_back
from watcher.pipeline.health import Presence
from watcher.pipeline.ports import Rooms
from watcher.pipeline.reading import Reading, read_capture, rules_of
from watcher.pipeline.register import record_act
from watcher.pipeline.steps import change_between, make_change, presence_change, technical_change
from watcher.pipeline.steps_documents import list_changes
from watcher.pipeline.steps_siblings import sibling_change
from watcher.store import captures, changes, claims, sources, versions
from watcher.store.database import Connection

ENDED_ITS_READER = frozenset({"killed", "timed_out"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A Capture that the ledger holds and the database does not yet.

    `finished` moves the Source's schedule; None when the check that made the Capture is long over. `replayed` says
    that the ledger holds the acts that followed, too.
    """

    capture: Capture
    finished: claims.Finished | None = None
    presence: Presence = Presence.AS_BEFORE
    replayed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What a Capture led to. `version` is None when the Document is the one that was known already.

    `more` are further Changes that are told, those of a Collection's documents; `gathered` is what its list led to.
    """

    capture: Capture
    version: Version | None
    change: Change | None
    technical: Change | None = None
    first: bool = False
    more: tuple[Change, ...] = ()
    gathered: Gathered | None = None


def record_unchanged(rooms: Rooms, attempts: Sequence[Attempt]) -> list[Recorded]:
    """Write attempts from which nothing follows but their rows and the next check: all in one transaction."""
    if attempts:
        with rooms.database.writing() as connection:
            captures.add_captures(connection, [attempt.capture for attempt in attempts])
            claims.finish_claims(connection, [one.finished for one in attempts if one.finished is not None])
    return [Recorded(capture=attempt.capture, version=None, change=None) for attempt in attempts]


def record_attempt(rooms: Rooms, attempt: Attempt) -> Recorded:
    """Write one attempt with everything that follows from it.

    A claim that was lost meanwhile records the Capture alone. Recording the same attempt again changes nothing.
    """
    capture = attempt.capture
    with rooms.database.reading() as connection:
        baseline_id = sources.get_baseline_id(connection, capture.source_id)
        newest = versions.newest_version(connection, capture.source_id) if capture.outcome.reached else None
    consequences = _Consequences(baseline_id=baseline_id)
    if capture.outcome is Outcome.NEW or awaits_confirmation(capture, newest):
        consequences = _read_and_compare(rooms, capture, baseline_id, newest)
    elif capture.outcome.reached and baseline_id is not None:
        consequences = _list_again(rooms, capture, consequences, baseline_id)
    if attempt.presence is not Presence.AS_BEFORE and baseline_id is not None:
        consequences = _with_presence(rooms, capture, consequences, baseline_id, attempt.presence)
    return _write(rooms, attempt, consequences, first=baseline_id is None)


def _with_presence(
    rooms: Rooms, capture: Capture, consequences: _Consequences, baseline_id: str, presence: Presence
) -> _Consequences:
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, capture.source_id)
        baseline = versions.get_version(connection, baseline_id)
    told = presence_change(rooms, source, baseline, capture, presence)
    return replace(consequences, changes=(*consequences.changes, told))


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
    if baseline is None and source.definition.collection_id:
        beside = sibling_change(rooms, source, reading.version, capture.trigger)
        consequences = replace(consequences, changes=(beside,) if beside is not None else ())
    if brings_untaken(capture, newest) and reading not in consequences.readings:
        taken = reading.version.version_id
        kept = (*consequences.readings, reading)
        consequences = replace(consequences, baseline_id=taken, described_by=taken, readings=kept)
    if source.definition.collection is not None and reading.version.document is not None:
        return _with_documents(rooms, capture, source, reading, baseline, consequences)
    return consequences


def _with_documents(
    rooms: Rooms,
    capture: Capture,
    source: Source,
    reading: Reading,
    baseline: Version | None,
    consequences: _Consequences,
) -> _Consequences:
    """What a Collection's list adds: items, children, and Changes of documents instead of those of its links."""
    version = reading.version
    gathered = gather(rooms, source, capture, version, baseline_id=consequences.baseline_id or version.version_id)
    if gathered is None:
        return consequences
    if gathered.rolls:
        quiet = tuple(replace(change, alert=False) for change in consequences.changes)
        consequences = replace(consequences, changes=quiet)
    if baseline is None or not (gathered.events or gathered.news):
        return replace(consequences, gathered=gathered)
    technical = tuple(change for change in consequences.changes if change.kind is ChangeKind.TECHNICAL)
    page = next((change for change in consequences.changes if change.kind is not ChangeKind.TECHNICAL), None)
    known = {one.version.version_id: one.version for one in consequences.readings} | {baseline.version_id: baseline}
    old = known[page.from_version_id] if page is not None else baseline
    told = list_changes(rooms, source, capture, old, version, page, gathered)
    kept = [one for one in consequences.readings if one.version.version_id != version.version_id]
    return replace(
        consequences,
        baseline_id=version.version_id,
        described_by=version.version_id,
        readings=(*kept, reading),
        changes=(*technical, *told),
        gathered=replace(gathered, read=replace(gathered.read, version_id=version.version_id)),
    )


def _list_again(rooms: Rooms, capture: Capture, consequences: _Consequences, baseline_id: str) -> _Consequences:
    """The list of the known text under rules that are new, or after a person released it."""
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, capture.source_id)
        if not is_behind(connection, source, baseline_id):
            return consequences
        baseline = versions.get_version(connection, baseline_id)
    gathered = gather(rooms, source, capture, baseline, baseline_id=baseline_id)
    if gathered is None:
        return consequences
    told = list_changes(rooms, source, capture, baseline, baseline, None, gathered)
    return replace(consequences, changes=told, gathered=gathered)


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
    return _write(rooms, Attempt(capture=capture), consequences, first=before is None)


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
    readings: tuple[Reading, ...] = ()
    changes: tuple[Change, ...] = ()
    confirm_after: timedelta | None = None
    gathered: Gathered | None = None


def _held(hold: Hold, baseline_id: str | None) -> _Consequences:
    """A held Version is kept with its Document; the baseline stays, and nobody is told that a text went."""
    return _Consequences(
        baseline_id=baseline_id,
        described_by=hold.version.version_id,
        readings=(Reading(version=hold.version, positions=()),),
        confirm_after=CONFIRM_AFTER if hold.confirmable else None,
    )


def _consequences(
    rooms: Rooms,
    capture: Capture,
    source: Source,
    reading: Reading,
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
    technical = technical_change(rooms, source, baseline, old)
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


def _upgraded(rooms: Rooms, source: Source, baseline: Version, version: Version) -> Reading | None:
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


def _write(rooms: Rooms, attempt: Attempt, consequences: _Consequences, *, first: bool) -> Recorded:
    capture, finished = attempt.capture, attempt.finished
    with rooms.database.writing() as connection:
        captures.add_capture(connection, capture, version_id=consequences.described_by)
        if finished is not None:
            ended = _finish(rooms, finished, consequences)
            if not claims.finish_claims(connection, [ended]):
                return Recorded(capture=capture, version=None, change=None)
            if ended.crashes_in_a_row >= claims.CRASHES_TO_QUARANTINE:
                _quarantine(rooms, connection, capture, consequences)
        elif consequences.baseline_id is not None:
            sources.set_baseline(connection, capture.source_id, consequences.baseline_id)
        for reading in consequences.readings:
            versions.add_version(connection, reading.version, reading.positions)
        for change in consequences.changes:
            changes.add_change(connection, change)
        if consequences.gathered is not None:
            write_gathered(rooms, connection, consequences.gathered, capture, replayed=attempt.replayed)
    told = [change for change in consequences.changes if change.kind is not ChangeKind.TECHNICAL]
    technical = [change for change in consequences.changes if change.kind is ChangeKind.TECHNICAL]
    return Recorded(
        capture=capture,
        version=consequences.readings[-1].version if consequences.readings else None,
        change=told[0] if told else None,
        technical=technical[0] if technical else None,
        first=first,
        more=tuple(told[1:]),
        gathered=consequences.gathered,
    )


def _finish(rooms: Rooms, finished: claims.Finished, consequences: _Consequences) -> claims.Finished:
    """The schedule as the reading changes it: a second read soon, or one more reader that did not survive."""
    if consequences.confirm_after is not None:
        soon = rooms.clock() + consequences.confirm_after
        planned = finished.next_check_at
        # "not modified" would confirm nothing, so the second read is a whole one
        finished = replace(finished, next_check_at=planned and min(planned, soon), etag=None, last_modified=None)
    killed = any(reading.version.error_code in ENDED_ITS_READER for reading in consequences.readings)
    crashes_in_a_row = finished.claim.source.crashes_in_a_row + 1 if killed else 0
    return replace(
        finished,
        baseline_id=consequences.baseline_id,
        crashes_in_a_row=crashes_in_a_row,
    )


def _quarantine(rooms: Rooms, connection: Connection, capture: Capture, consequences: _Consequences) -> None:
    claims.quarantine(connection, [capture.source_id])
    record_act(
        rooms,
        connection,
        user=rooms.name,
        action="source.quarantine",
        target=capture.source_id,
        after={"capture": capture.sequence, "reason": consequences.readings[-1].version.error},
    )
