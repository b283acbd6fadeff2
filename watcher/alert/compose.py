"""Which Changes a Subscription is told, and the Digest of a period. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from types import MappingProxyType
from urllib.parse import urlsplit

from watcher.model.change import Change, Diff, Severity
from watcher.model.source import Source, SourceState
from watcher.model.subjects import subject_of
from watcher.model.subscription import Digest, DigestEntry, SourceReach, Subscription, SubscriptionFilter
from watcher.model.telling import news_of

ALIKE_SOURCES = 3
EXPLAINED = timedelta(minutes=15)
Alike = tuple[str, str, tuple[tuple[str, ...], ...]]
_NOTHING: Mapping[Alike, Sequence[Source]] = MappingProxyType({})


def subjects_of(change: Change, source: Source) -> frozenset[str]:
    """The Subjects of a Change: those of its Source, of its documents, Position changes and depositary events.

    A Source of no Subject is a table of many: the rows that changed name whom it concerns.
    """
    judgement = change.judgement
    rows = () if source.definition.subjects else _cells_of_rows(change.diff)
    return frozenset(
        subject
        for subject in (
            *source.definition.subjects,
            *(document.subject for document in change.documents),
            *(moved.subject for moved in judgement.position_changes),
            *(event.subject for event in judgement.depositary_events),
            *map(subject_of, rows),
        )
        if subject
    )


def _cells_of_rows(diff: Diff) -> Iterator[str]:
    """The cells of the table rows that say something else, as they stood and stand."""
    for hunk in diff.hunks:
        if hunk.tells and (hunk.row_key or hunk.cells):
            yield from (cell.strip() for side in (hunk.old, hunk.new) for cell in side.split(" | "))


def concerns_all(change: Change, source: Source) -> bool:
    """Whether a Change may concern any Subject: a table of many that is gone, or is back."""
    return change.sequence is not None and not source.definition.subjects


def matches(wanted: SubscriptionFilter, change: Change, source: Source) -> bool:
    """Whether a Subscription wants to hear of a Change. Severity and alert are part of the answer."""
    judgement = change.judgement
    if not change.alert or judgement.severity.rank < wanted.minimum_severity.rank:
        return False
    instruments = {*source.definition.instruments, *(event.instrument for event in judgement.depositary_events)}
    indicators = {moved.indicator for moved in judgement.position_changes}
    indicators.update(name for event in judgement.depositary_events for name in event.indicators)
    return (
        _is_wanted(wanted, source)
        and (
            not wanted.subjects
            or concerns_all(change, source)
            or not subjects_of(change, source).isdisjoint(wanted.subjects)
        )
        and (not wanted.instruments or not instruments.isdisjoint(wanted.instruments))
        and (not wanted.indicators or not indicators.isdisjoint(wanted.indicators))
    )


def _is_wanted(wanted: SubscriptionFilter, source: Source) -> bool:
    """Whether a Source is asked for by name; who asks for a Collection asks for its documents."""
    named = {source.source_id, source.definition.collection_id} - {""}
    return not wanted.sources or not named.isdisjoint(wanted.sources)


def sources_of(wanted: SubscriptionFilter, sources: Iterable[Source]) -> list[Source]:
    """The watched Sources that could have brought a Change to this Subscription: what "we looked" is counted over.

    A Source without Subjects (a treaty table) may speak of any. One in quarantine is counted: it goes unchecked.
    """
    return [
        source
        for source in sources
        if source.state in (SourceState.ACTIVE, SourceState.QUARANTINED)
        and source.definition.url
        and _is_wanted(wanted, source)
        and (
            not wanted.subjects
            or not source.definition.subjects
            or not set(source.definition.subjects).isdisjoint(wanted.subjects)
        )
        and (
            not wanted.instruments
            or not source.definition.instruments
            or not set(source.definition.instruments).isdisjoint(wanted.instruments)
        )
    ]


def longest_gap(moments: Sequence[datetime], every_seconds: int) -> tuple[datetime, datetime] | None:
    """The longest time between two neighbours of `moments` (in order) that a cadence does not explain, if any.

    A cadence explains twice its length, because slots shift, and a quarter of an hour.
    """
    gaps = list(pairwise(moments))
    longest = max(gaps, key=lambda gap: gap[1] - gap[0], default=None)
    if longest is None or longest[1] - longest[0] <= timedelta(seconds=2 * every_seconds) + EXPLAINED:
        return None
    return longest


def edit_of(change: Change) -> tuple[tuple[str, ...], ...]:
    """The passages that a Change edits, whole, before and after; () for one that always is told by itself.

    A Position that moved, a treaty action, a document, or a Change without a Diff is told by itself.
    """
    judgement = change.judgement
    if judgement.position_changes or judgement.depositary_events or change.documents or change.diff.coarse:
        return ()
    telling = [hunk for hunk in change.diff.hunks if hunk.is_shown]
    return tuple(
        sorted(
            (hunk.op.value, hunk.old.strip(), hunk.new.strip(), *(f"{link.old} {link.new}" for link in hunk.links))
            for hunk in telling
        )
    )


def alike_key(change: Change, source: Source) -> Alike | None:
    """What two Changes have in common that are the same edit on one host; None for one that is told by itself."""
    edit, host = edit_of(change), urlsplit(source.definition.url).hostname
    return (host, change.kind.value, edit) if edit and host else None


def waits(change: Change) -> bool:
    """Whether a repetition of an edit may be told later. A critical one never waits."""
    return change.judgement.severity is not Severity.CRITICAL


def folded_alike(
    entries: Sequence[DigestEntry], before: Mapping[Alike, Sequence[Source]] = _NOTHING
) -> tuple[DigestEntry, ...]:
    """Entries with the same edit on three or more Sources of one host told once, by the first, with the others.

    A host's new banner or menu is one piece of news, however many of its pages are watched. `before` are the Sources
    of which an edit was told in earlier messages.
    """
    groups: defaultdict[object, list[DigestEntry]] = defaultdict(list)
    for place, entry in enumerate(entries):
        key = alike_key(entry.change, entry.source)
        groups[place if key is None else key].append(entry)
    told: list[DigestEntry] = []
    for alike in groups.values():
        key = alike_key(alike[0].change, alike[0].source)
        earlier = tuple(before.get(key, ())) if key is not None else ()
        sources = {entry.source.source_id for entry in alike} | {source.source_id for source in earlier}
        if len(sources) >= ALIKE_SOURCES:
            told.append(replace(alike[0], alike=tuple(alike[1:]), told_before=earlier))
        else:
            told.extend(replace(entry, told_before=earlier) for entry in alike)
    order = {entry.change.change_id: place for place, entry in enumerate(entries)}
    return tuple(sorted(told, key=lambda entry: order[entry.change.change_id]))


def _leading(entry: DigestEntry, subjects: tuple[str, ...]) -> tuple[bool, int]:
    """Whether the first news of a Change is of another Subject than those asked for, and its rank."""
    first = news_of(entry.change, subjects=subjects, about=entry.source.definition.subjects)[0]
    return not first.wanted, first.rank


def compose(
    *,
    digest_id: str,
    subscription: Subscription,
    period_to: datetime,
    composed_at: datetime,
    entries: Iterable[DigestEntry],
    noise_count: int,
    reaches: Sequence[SourceReach],
    checkpoint: str,
    told_before: Mapping[Alike, Sequence[Source]] = _NOTHING,
    looked_from: datetime | None = None,
) -> Digest:
    """The Digest of (covered_until, period_to], the gravest Changes first, among them by the news that leads.

    `told_before`: see `folded_alike`. `looked_from` is where the attempts in `reaches` begin, by default the period.
    """
    ordered = sorted(
        entries,
        key=lambda entry: (
            -entry.change.judgement.severity.rank,
            _leading(entry, subscription.filter.subjects),
            -entry.change.judgement.significance,
            entry.change.captured_at,
            entry.change.change_id,
        ),
    )
    return Digest(
        digest_id=digest_id,
        subscription=subscription,
        period_from=subscription.covered_until,
        period_to=period_to,
        composed_at=composed_at,
        entries=folded_alike(ordered, told_before),
        noise_count=noise_count,
        sources_watched=len(reaches),
        attempts=sum(reach.attempts for reach in reaches),
        unreached=tuple(reach for reach in reaches if reach.is_down),
        held=tuple(reach for reach in reaches if reach.held and reach.attempts and not reach.is_down),
        still_held=tuple(reach for reach in reaches if reach.held and (reach.is_down or not reach.attempts)),
        unchecked=tuple(reach.source for reach in reaches if not reach.attempts),
        unobserved=tuple(reach for reach in reaches if reach.gap),
        noted=tuple(reach for reach in reaches if reach.notes),
        flipping=tuple(reach for reach in reaches if reach.flips),
        checkpoint=checkpoint,
        looked_from=looked_from or subscription.covered_until,
    )
