"""From a Capture to rows: read it, compare it with the last Version, and write all of it in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from watcher.model.capture import Capture, Outcome, Trigger, Version
from watcher.model.change import Change
from watcher.model.source import Definition, Source
from watcher.pipeline.alike import Alike, is_outdated, read_alike, read_by, record_alike, without_lost_selectors
from watcher.pipeline.collect import Gathered, gather, is_behind, write_gathered
from watcher.pipeline.gate import CONFIRM_AFTER, Hold, awaits_confirmation, brings_untaken, hold_back
from watcher.pipeline.health import Presence
from watcher.pipeline.history import PastText
from watcher.pipeline.ports import Rooms
from watcher.pipeline.reading import Reading, read_capture
from watcher.pipeline.register import record_act
from watcher.pipeline.settle import settled_change
from watcher.pipeline.steps import change_between, make_change, presence_change, structure_change
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


def is_of_former_address(definition: Definition, capture: Capture) -> bool:
    """Whether a check that ran while its Source moved asked the old address: its Capture is recorded alone."""
    return capture.definition_sha256 != definition.digest_sha256 and capture.requested_url != definition.url


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
        consequences = _list_again(rooms, capture, _upgrade(rooms, capture, baseline_id, newest))
    if capture.outcome.reached and baseline_id is not None and consequences.is_as_before(baseline_id):
        settled = settled_change(rooms, capture, baseline_id)
        consequences = replace(consequences, changes=(settled,) if settled is not None else ())
    if attempt.presence is not Presence.AS_BEFORE and baseline_id is not None:
        consequences = _with_presence(rooms, capture, consequences, baseline_id, attempt.presence)
    if not consequences.readings and brings_untaken(capture, newest):
        consequences = replace(consequences, brings_held=newest is not None and newest.is_held)
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
    alike = read_alike(rooms, source, baseline) if baseline is not None else None
    compared, lost = _comparable(rooms, source, alike, reading.version)
    last_good = compared if alike is not None and not alike.problem else None
    hold = hold_back(rooms, capture, reading.version, last_good, newest)
    if hold is not None:
        return _held(hold, alike)
    past = [PastText(text_sha256=digest, captured_at=moment) for digest, moment in texts]
    consequences = _consequences(rooms, capture, source, reading, alike, compared, lost, past)
    if baseline is None and source.definition.collection_id:
        beside = sibling_change(rooms, source, reading.version, capture.trigger)
        consequences = replace(consequences, changes=(beside,) if beside is not None else ())
    if brings_untaken(capture, newest) and reading not in consequences.readings:
        taken = reading.version.version_id
        kept = (*consequences.readings, reading)
        consequences = replace(consequences, baseline_id=taken, described_by=taken, readings=kept)
    if source.definition.collection is not None and reading.version.document is not None:
        return _with_documents(rooms, capture, source, reading, compared, consequences)
    return consequences


def _comparable(
    rooms: Rooms, source: Source, alike: Alike | None, version: Version
) -> tuple[Version | None, tuple[str, ...]]:
    """What a new Version is compared with, and the select rules that it no longer matches."""
    if alike is None:
        return None, ()
    if alike.problem or version.document is None or alike.version.document is None:
        return alike.version, ()
    return without_lost_selectors(rooms, source, alike.version, version)


def _with_documents(
    rooms: Rooms,
    capture: Capture,
    source: Source,
    reading: Reading,
    old: Version | None,
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
    if old is None or not (gathered.events or gathered.news):
        return replace(consequences, gathered=gathered)
    page = consequences.changes[0] if consequences.changes else None
    told = list_changes(rooms, source, capture, old, version, page, gathered)
    kept = [one for one in consequences.readings if one.version.version_id != version.version_id]
    return replace(
        consequences,
        baseline_id=version.version_id,
        described_by=version.version_id,
        readings=(*kept, reading),
        changes=told,
        gathered=replace(gathered, read=replace(gathered.read, version_id=version.version_id)),
    )


def _list_again(rooms: Rooms, capture: Capture, consequences: _Consequences) -> _Consequences:
    """The list of the known text under rules that are new, or after a person released it."""
    baseline_id = consequences.baseline_id
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, capture.source_id)
        if baseline_id is None or not is_behind(connection, source, baseline_id):
            return consequences
        read_today = [one.version for one in consequences.upgraded if one.version.version_id == baseline_id]
        baseline = read_today[0] if read_today else versions.get_version(connection, baseline_id)
    gathered = gather(rooms, source, capture, baseline, baseline_id=baseline_id)
    if gathered is None:
        return consequences
    told = list_changes(rooms, source, capture, baseline, baseline, None, gathered)
    return replace(consequences, changes=told, gathered=gathered)


def _upgrade(rooms: Rooms, capture: Capture, baseline_id: str, newest: Version | None) -> _Consequences:
    """What follows from the bytes that are known already: nothing, unless rules or extractor are newer than they.

    When the known Snapshot cannot be read by them, the baseline stays and what is wrong with the rules is held.
    """
    nothing = _Consequences(baseline_id=baseline_id)
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, capture.source_id)
        baseline = versions.get_version(connection, baseline_id)
        if newest is not None and newest.error_code and not is_outdated(read_by(connection, newest), source.definition):
            return nothing
    alike = read_alike(rooms, source, baseline)
    if not alike.problem:
        described_by = alike.version.version_id if alike.reading is not None else None
        return _Consequences(baseline_id=alike.version.version_id, described_by=described_by, upgraded=(alike,))
    reading = read_capture(rooms, capture, source.definition)
    hold = hold_back(rooms, capture, reading.version, None, newest)
    if hold is not None:
        return _held(hold, alike)
    if reading.version.document is not None:
        return nothing
    return _Consequences(baseline_id=baseline_id, described_by=reading.version.version_id, readings=(reading,))


def record_import(rooms: Rooms, capture: Capture) -> Recorded:
    """Write a Capture that was brought in at its place in time, compared with its neighbours.

    Of imports nobody is told; of a document that was handed in only when it is the newest of its Source.
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
        alike = read_alike(rooms, source, before) if before is not None else None
        compared, lost = _comparable(rooms, source, alike, reading.version)
        told_as = capture if after is None else replace(capture, trigger=Trigger.IMPORT)
        consequences = _consequences(rooms, told_as, source, reading, alike, compared, lost, past)
    if after is not None:
        consequences = _with_later(rooms, source, consequences, after, baseline_id)
    return _write(rooms, Attempt(capture=capture), consequences, first=before is None)


def _with_later(
    rooms: Rooms, source: Source, consequences: _Consequences, after: Version, baseline_id: str | None
) -> _Consequences:
    """With the step from an imported Version to the one that was known to follow it, both read alike."""
    version = consequences.readings[-1].version if consequences.readings else None
    found: tuple[Change, ...] = ()
    upgraded = consequences.upgraded
    if version is not None and version.document is not None and version.extractor == after.extractor:
        alike = read_alike(rooms, source, after)
        upgraded = (*upgraded, alike)
        past = [PastText(text_sha256=version.text_sha256, captured_at=version.captured_at)]
        change = None if alike.problem else make_change(rooms, source, version, alike.version, Trigger.IMPORT, past)
        found = () if change is None else (change,)
    stays = {alike.before.version_id: alike.version.version_id for alike in upgraded}
    return replace(
        consequences,
        baseline_id=stays.get(baseline_id, baseline_id) if baseline_id else None,
        changes=(*consequences.changes, *found),
        upgraded=upgraded,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Consequences:
    """What a Capture's transaction writes beside the Capture.

    `baseline_id` is the Version to compare the next with; `confirm_after` asks for a second read soon. `upgraded`
    are Versions from before as they read today. `brings_held` says that the bytes are not taken as the document.
    """

    baseline_id: str | None
    described_by: str | None = None
    readings: tuple[Reading, ...] = ()
    changes: tuple[Change, ...] = ()
    confirm_after: timedelta | None = None
    brings_held: bool = False
    upgraded: tuple[Alike, ...] = ()
    gathered: Gathered | None = None

    def is_as_before(self, baseline_id: str) -> bool:
        """Whether the Capture showed the text that was known, and nothing else."""
        return self.baseline_id == baseline_id and not (self.readings or self.changes)


def _held(hold: Hold, alike: Alike | None) -> _Consequences:
    """A held Version is kept with its Document; the baseline stays, and nobody is told that a text went."""
    return _Consequences(
        baseline_id=alike.version.version_id if alike is not None else None,
        upgraded=(alike,) if alike is not None else (),
        described_by=hold.version.version_id,
        readings=(Reading(version=hold.version, positions=()),),
        confirm_after=CONFIRM_AFTER if hold.confirmable else None,
        brings_held=True,
    )


def _consequences(
    rooms: Rooms,
    capture: Capture,
    source: Source,
    reading: Reading,
    alike: Alike | None,
    compared: Version | None,
    lost: tuple[str, ...],
    past: list[PastText],
) -> _Consequences:
    version = reading.version
    if version.document is None or alike is None or compared is None or compared.document is None:
        kept = alike.version.version_id if alike is not None and version.document is None else None
        return _Consequences(
            baseline_id=kept or (version.version_id if version.document is not None else None),
            described_by=version.version_id,
            readings=(reading,),
            upgraded=(alike,) if alike is not None else (),
        )
    if past and past[-1].text_sha256 == alike.before.text_sha256:
        past = [*past[:-1], PastText(text_sha256=compared.text_sha256, captured_at=compared.captured_at)]
    change = change_between(rooms, source, compared, version, capture.trigger, past)
    if lost:
        change = structure_change(rooms, source, compared, version, capture.trigger, change, lost)
    elif change is not None and alike.problem:
        unlike = (
            f"the two were not read alike, because the earlier one cannot be read by today's rules: {alike.problem}"
        )
        change = replace(change, reason=f"{change.reason}; {unlike}" if change.reason else unlike)
    if change is None:
        known_id = alike.version.version_id
        return _Consequences(baseline_id=known_id, described_by=known_id, upgraded=(alike,))
    return _Consequences(
        baseline_id=version.version_id,
        described_by=version.version_id,
        readings=(reading,),
        changes=(change,),
        upgraded=(alike,),
    )


def _write(rooms: Rooms, attempt: Attempt, consequences: _Consequences, *, first: bool) -> Recorded:
    capture, finished = attempt.capture, attempt.finished
    with rooms.database.writing() as connection:
        ended = _finish(rooms, finished, consequences) if finished is not None else None
        if ended is not None and not claims.finish_claims(connection, [ended]):
            captures.add_capture(connection, capture)
            return Recorded(capture=capture, version=None, change=None)
        captures.add_capture(connection, capture, version_id=consequences.described_by)
        if ended is not None:
            if ended.crashes_in_a_row >= claims.CRASHES_TO_QUARANTINE:
                _quarantine(rooms, connection, capture, consequences)
        elif consequences.baseline_id is not None:
            sources.set_baseline(connection, capture.source_id, consequences.baseline_id)
        for alike in consequences.upgraded:
            record_alike(connection, alike)
        for reading in consequences.readings:
            versions.add_version(connection, reading.version, reading.positions)
        for change in consequences.changes:
            changes.add_change(connection, change)
        if consequences.gathered is not None:
            write_gathered(rooms, connection, consequences.gathered, capture, replayed=attempt.replayed)
    return Recorded(
        capture=capture,
        version=consequences.readings[-1].version if consequences.readings else None,
        change=consequences.changes[0] if consequences.changes else None,
        technical=next((alike.technical for alike in consequences.upgraded if alike.technical is not None), None),
        first=first,
        more=consequences.changes[1:],
        gathered=consequences.gathered,
    )


def _finish(rooms: Rooms, finished: claims.Finished, consequences: _Consequences) -> claims.Finished:
    """The schedule as the reading changes it: a second read soon, or one more reader that did not survive."""
    if consequences.brings_held:
        # "not modified" since a page that is not the document says nothing of the document, so the next read is whole
        finished = replace(finished, etag=None, last_modified=None)
    if consequences.confirm_after is not None:
        soon = rooms.clock() + consequences.confirm_after
        planned = finished.next_check_at
        finished = replace(finished, next_check_at=planned and min(planned, soon))
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
