"""A changed pack tried on what is recorded, beside the present one; and Positions read again by the present pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from watcher.errors import ExtractError
from watcher.model.capture import Version
from watcher.model.change import Change, ChangeKind, PositionChange, Severity
from watcher.model.review import Verdict
from watcher.model.source import Source
from watcher.pipeline.citations import with_citations
from watcher.pipeline.compare import Comparison, compare_documents, positions_in
from watcher.pipeline.ports import PackText, Rooms
from watcher.pipeline.register import record_act
from watcher.pipeline.review import verdicts
from watcher.store import changes, sources, versions

JUDGED = frozenset({ChangeKind.CONTENT, ChangeKind.LINK_TARGET, ChangeKind.REVERTED, ChangeKind.FLAPPING})


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A pack's word on a Change: whether people are told, how grave it is, and the Positions that it sees change."""

    alert: bool
    severity: Severity
    moved: tuple[PositionChange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One recorded Change as both packs judge it. `verdict` is what people said of it, None when nobody did."""

    change: Change
    source: Source
    present: Judged
    candidate: Judged
    verdict: Verdict | None

    @property
    def is_lost(self) -> bool:
        """Told by the present pack alone."""
        return self.present.alert and not self.candidate.alert

    @property
    def is_new(self) -> bool:
        """Told by the candidate alone."""
        return self.candidate.alert and not self.present.alert


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """Alerts of one ISO week, "2026-W47": by the present pack, by the candidate, and what is lost and new between.

    Hits are Changes that people judged as worth telling and that are told, misses those that are not; false alarms
    are told though people judged them not relevant. The first of a pair is the present pack's.
    """

    week: str
    alerts: tuple[int, int]
    lost: int
    new: int
    hits: tuple[int, int]
    misses: tuple[int, int]
    false_alarms: tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Backtest:
    """What trying a pack gave. `left_out` Changes could not be judged again: no text, or too large."""

    tried: tuple[Tried, ...]
    left_out: int

    @property
    def weeks(self) -> tuple[Week, ...]:
        """The weeks that have a Change, in order."""
        by_week: dict[str, list[Tried]] = {}
        for each in self.tried:
            year, week, _ = each.change.captured_at.isocalendar()
            by_week.setdefault(f"{year}-W{week:02}", []).append(each)
        return tuple(_week(week, by_week[week]) for week in sorted(by_week))

    @property
    def total(self) -> Week:
        """All weeks together."""
        return _week("all", self.tried)


def backtest(rooms: Rooms, candidate: PackText, *, since: datetime) -> Backtest:
    """Judge every content Change captured since a moment by the present pack and by a candidate. Records nothing."""
    tried = []
    left_out = 0
    with rooms.database.reading() as connection:
        given = verdicts(connection)
    for change, source, old, new in judged_changes(rooms, since=since):
        pair = [_judged(rooms, change, source, old, new, pack) for pack in (rooms.pack, candidate)]
        if pair[0] is None or pair[1] is None:
            left_out += 1
            continue
        verdict = given.get(change.change_id)
        tried.append(Tried(change=change, source=source, present=pair[0], candidate=pair[1], verdict=verdict))
    return Backtest(tried=tuple(tried), left_out=left_out)


def judged_changes(rooms: Rooms, *, since: datetime | None = None) -> Iterator[tuple[Change, Source, Version, Version]]:
    """Recorded Changes that a pack has a word on, captured since a moment, each with its Source and both Versions."""
    with rooms.database.reading() as connection:
        ids = changes.change_ids(connection, since=since)
        known = {source.source_id: source for source in sources.list_sources(connection)}
    for change_id in ids:
        with rooms.database.reading() as connection:
            change = changes.get_change(connection, change_id)
            if change.kind not in JUDGED:
                continue
            old = versions.get_version(connection, change.from_version_id)
            new = versions.get_version(connection, change.to_version_id)
        yield change, known[change.source_id], old, new


def _judged(rooms: Rooms, change: Change, source: Source, old: Version, new: Version, pack: PackText) -> Judged | None:
    found = judge_again(rooms, change, source, old, new, pack)
    if found is None:
        return None
    alert = found.alert and change.kind is not ChangeKind.FLAPPING
    return Judged(alert=alert, severity=found.judgement.severity, moved=found.judgement.position_changes)


def judge_again(
    rooms: Rooms, change: Change, source: Source, old: Version, new: Version, pack: PackText
) -> Comparison | None:
    """What a pack says of a recorded Change, with the notes that rest on its Source as they are bound now.

    None where a side has no text or the comparison fails.
    """
    if old.document is None or new.document is None:
        return None
    try:
        found: Comparison = rooms.children.run(
            compare_documents,
            old.document,
            new.document,
            subjects=source.definition.subjects,
            instruments=source.definition.instruments,
            same_document=not change.from_source_id,
            pack_text=pack.text,
            key_columns=source.definition.key_columns,
        )
    except ExtractError:
        return None
    return with_citations(rooms, source, old, new, found)


def _week(week: str, tried: Iterable[Tried]) -> Week:
    listed = list(tried)
    worth = [each for each in listed if each.verdict in (Verdict.RELEVANT, Verdict.WRONG_STANCE)]
    idle = [each for each in listed if each.verdict is Verdict.NOT_RELEVANT]

    def told(among: list[Tried]) -> tuple[int, int]:
        return sum(each.present.alert for each in among), sum(each.candidate.alert for each in among)

    hits = told(worth)
    return Week(
        week=week,
        alerts=told(listed),
        lost=sum(each.is_lost for each in listed),
        new=sum(each.is_new for each in listed),
        hits=hits,
        misses=(len(worth) - hits[0], len(worth) - hits[1]),
        false_alarms=told(idle),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadAgain:
    """A Version whose Positions the present pack reads otherwise: how many it had, and has."""

    source_id: str
    version_id: str
    before: int
    after: int


def recompute_positions(rooms: Rooms, *, user: str, dry_run: bool = False) -> Iterator[ReadAgain]:
    """Read the Positions of every Version again by the present pack: a technical upgrade, nobody is told.

    Changes keep their judgement, see `recompute_scores`. The act is audited when the last one is done.
    """
    with rooms.database.reading() as connection:
        ids = versions.standing_ids(connection)
        known = {source.source_id: source for source in sources.list_sources(connection)}
    changed = 0
    for version_id in ids:
        with rooms.database.reading() as connection:
            version = versions.get_version(connection, version_id)
            before = tuple(versions.positions_of_version(connection, version_id))
        if version.document is None:
            continue
        definition = known[version.source_id].definition
        try:
            after = rooms.children.run(
                positions_in,
                version.document,
                subjects=definition.subjects,
                instruments=definition.instruments,
                pack_text=rooms.pack.text,
            )
        except ExtractError:
            continue
        if after == before:
            continue
        changed += 1
        if not dry_run:
            with rooms.database.writing() as connection:
                versions.replace_positions(connection, version, after)
        yield ReadAgain(source_id=version.source_id, version_id=version_id, before=len(before), after=len(after))
    if changed and not dry_run:
        pack = rooms.pack.pack
        after_act = {"pack": pack.name, "pack_version": pack.version, "versions": changed}
        with rooms.database.writing() as connection:
            record_act(rooms, connection, user=user, action="positions.recompute", target=pack.name, after=after_act)
