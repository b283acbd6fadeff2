"""A Digest put into sentences and addresses: what its text part and its HTML part both say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from watcher.model.change import Change, ChangeKind, DepositaryEvent, Hunk, HunkOp, PositionChange, Severity
from watcher.model.permalinks import capture_url, change_url, digest_url
from watcher.model.source import Source
from watcher.model.subscription import Digest, DigestEntry, SourceReach, SubscriptionFilter
from watcher.render.announced import ToldDocument, told_documents
from watcher.render.citation import Cited, footnote
from watcher.render.headline import Line, headline, lines_of, named, ranked_events, ranked_positions
from watcher.render.reasons import citing_notes, reasons
from watcher.render.words import (
    counted,
    folded,
    grouped,
    presence_citation,
    said,
    said_between,
    said_since,
    said_time,
    subject_name,
    title_of,
)

ENTRIES_IN_FULL = 20
MOST_ALSO = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldEntry:
    """One Change with everything that its paragraph in a message says. Addresses are absolute, below `base_url`.

    `telling` are the Hunks that are shown; `others` counts in words those that are not (moved, boilerplate).
    `alike` are title, address and citing notes of the same edit on other Sources of the host, `before` the titles of
    those of which it was told in a message before. `also` are the pieces of news that the headline only counts.
    `reasons` carried the severity; `note` says what sort of edit it was where that is news. `positions` and `events`
    are in the order in which they are told. `documents` are the new documents of a list, with what they state.
    `notes` are the notes of reports that cite the Source, each with the passage that its sentence rests on, "" where
    that stands as it was or none was found.
    """

    entry: DigestEntry
    headline: str
    also: tuple[str, ...]
    reasons: tuple[str, ...]
    note: str
    positions: tuple[PositionChange, ...]
    events: tuple[DepositaryEvent, ...]
    change_url: str
    old_capture_url: str
    new_capture_url: str
    old_citation: str
    new_citation: str
    telling: tuple[Hunk, ...]
    others: tuple[str, ...]
    alike: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    before: tuple[str, ...] = ()
    documents: tuple[ToldDocument, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldDigest:
    """A Digest put into sentences. `full` are told with their passages, `brief` by headline and link alone.

    `summary` is "" where nothing is told: `looked` and `missed` then say it all.
    """

    digest: Digest
    base_url: str
    headline: str
    summary: str
    looked: str
    missed: str
    noise: str
    asked_for: str
    full: tuple[ToldEntry, ...]
    brief: tuple[ToldEntry, ...]
    digest_url: str


def tell(digest: Digest, *, base_url: str) -> ToldDigest:
    """All sentences and addresses of a Digest's message."""
    subjects = digest.subscription.filter.subjects
    entries = tuple(_told_entry(entry, base_url, subjects) for entry in digest.entries)
    return ToldDigest(
        digest=digest,
        base_url=base_url,
        headline=_headline(digest, entries),
        summary=_summary(digest),
        looked=_looked(digest),
        missed=_missed(digest),
        noise=_noise(digest),
        asked_for=_asked_for(digest.subscription.filter),
        full=entries[:ENTRIES_IN_FULL],
        brief=entries[ENTRIES_IN_FULL:],
        digest_url=digest_url(base_url, digest.digest_id),
    )


def _told_entry(entry: DigestEntry, base_url: str, subjects: tuple[str, ...]) -> ToldEntry:
    change = entry.change
    telling, others = _sorted_hunks(change)
    old_capture_url = capture_url(base_url, entry.old_sequence)
    new_capture_url = capture_url(base_url, entry.new_sequence)
    return ToldEntry(
        entry=entry,
        headline=(line := folded(headline(change, entry.source, subjects))),
        also=_also(line, lines_of(change, entry.source, subjects)),
        reasons=(why := reasons(change)),
        note=folded(change.reason) if change.kind is not ChangeKind.CONTENT or change.from_source_id or not why else "",
        positions=ranked_positions(change, subjects),
        events=ranked_events(change, subjects),
        change_url=change_url(base_url, change.change_id),
        old_capture_url=old_capture_url,
        new_capture_url=new_capture_url,
        old_citation=_cited(
            entry.old_source or entry.source, change.captured_from_at, old_capture_url, entry.old_payload_sha256
        ),
        new_citation=presence_citation(entry.source.definition, change, archived_at=new_capture_url)
        or _cited(entry.source, change.captured_at, new_capture_url, entry.new_payload_sha256),
        telling=telling,
        others=others,
        alike=tuple(
            (
                folded(title_of(one.source)),
                change_url(base_url, one.change.change_id),
                tuple(words for words, _ in citing_notes(one.change)),
            )
            for one in entry.alike
        ),
        before=tuple(dict.fromkeys(folded(title_of(source)) for source in entry.told_before)),
        documents=told_documents(entry.announced, base_url=base_url, change_url=change_url(base_url, change.change_id)),
        notes=citing_notes(change),
    )


def _cited(source: Source, stood_at: datetime, permalink: str, payload_sha256: str) -> str:
    definition = source.definition
    return footnote(
        Cited(
            author=folded(definition.author),
            addressee=folded(definition.addressee),
            publisher=folded(definition.publisher),
            title=folded(definition.title),
            reference=folded(definition.reference),
            url=folded(definition.url),
            stood_at=stood_at,
            permalink=permalink,
            payload_sha256=payload_sha256,
        )
    )


def _sorted_hunks(change: Change) -> tuple[tuple[Hunk, ...], tuple[str, ...]]:
    """The Hunks worth a reader's time, and sentences that count the rest: nothing is left out unsaid."""
    kept = [hunk for hunk in change.diff.hunks if hunk.op is HunkOp.MOVED and not hunk.boilerplate]
    moved = [hunk for hunk in kept if not hunk.is_same_part]
    parts = [hunk for hunk in kept if hunk.is_same_part]
    boilerplate = [hunk for hunk in change.diff.hunks if hunk.boilerplate]
    renumbered = [hunk for hunk in change.diff.hunks if hunk.renumbered and not hunk.boilerplate]
    telling = tuple(hunk for hunk in change.diff.hunks if hunk.is_shown)
    others = []
    if moved:
        others.append(f"{counted(len(moved), 'passage')} moved, words unchanged.")
    if parts:
        others.append(f"{counted(len(parts), 'part')} of paragraphs split, joined or wrapped anew, words unchanged.")
    if renumbered:
        others.append(f"{counted(len(renumbered), 'table row')} with another running number, else unchanged.")
    if boilerplate:
        others.append(f"{counted(len(boilerplate), 'passage')} of navigation or boilerplate changed too.")
    return telling, tuple(others)


def _also(line: str, lines: tuple[Line, ...]) -> tuple[str, ...]:
    """The news that a headline only counts."""
    counting = [one for one in lines if one.news.counts]
    unnamed = [one.whole for one in counting[1:] if folded(one.text) not in line or one.who not in line]
    left = len(unnamed) - MOST_ALSO
    return (*unnamed[:MOST_ALSO], *([f"and {grouped(left)} more"] if left > 0 else []))


def _headline(digest: Digest, entries: tuple[ToldEntry, ...]) -> str:
    """Of several Changes the news that leads in all of them together."""
    if len(entries) == 1:
        return entries[0].headline
    if entries:
        subjects = digest.subscription.filter.subjects
        found: dict[str, Line] = {}
        for entry in digest.entries:
            for line in lines_of(entry.change, entry.source, subjects):
                times = 1 if line.news.what is not None else len(entry.told)
                found.setdefault(line.whole, replace(line, times=times))
        return folded(named(sorted(found.values(), key=lambda line: line.news.key[:3])))
    return "No change of policy meaning" if digest.attempts else "Nothing was looked at"


def _summary(digest: Digest) -> str:
    if not digest.entries:
        return "" if digest.attempts else "Nothing can be said of this period: no Source was looked at."
    entries = [one for entry in digest.entries for one in entry.told]
    severities = [entry.change.judgement.severity for entry in entries]
    kinds = ", ".join(
        f"{grouped(severities.count(severity))} {severity}"
        for severity in sorted(Severity, key=lambda severity: -severity.rank)
        if severity in severities
    )
    told = counted(len(entries), "Change")
    sources = counted(len({entry.source.source_id for entry in entries}), "Source")
    return f"{told} in {sources}: {kinds}."


def _looked(digest: Digest) -> str:
    period = said_between(digest.looked_from, digest.period_to)
    if not digest.sources_watched:
        return f"No Source is watched for this Subscription {period}."
    if not digest.attempts:
        return f"No attempt was made {period}: {counted(digest.sources_watched, 'Source')} went unchecked."
    sources = counted(digest.sources_watched, "Source")
    times = "once" if digest.attempts == 1 else f"{grouped(digest.attempts)} times"
    return f"We looked at {sources} {times} {period}."


def _missed(digest: Digest) -> str:
    if not digest.sources_watched:
        return ""
    answered = digest.sources_watched - len(digest.unreached) - len(digest.unchecked) - len(digest.held)
    parts = [f"{grouped(answered)} of {counted(digest.sources_watched, 'Source')} answered"]
    if digest.unreached:
        parts.append(f"{grouped(len(digest.unreached))} could not be reached")
    if digest.held:
        parts.append(f"{grouped(len(digest.held))} answered with something else than the document")
    if digest.unchecked:
        parts.append(f"{grouped(len(digest.unchecked))} {'was' if len(digest.unchecked) == 1 else 'were'} not tried")
    return "; ".join(parts) + "." + _unobserved(digest)


def held_since(reach: SourceReach, now: datetime) -> str:
    """What follows the name of a Source whose newest page is held from before."""
    return f"; still held since {said_since(reach.held_at, now=now)}" if reach.held_at else ""


def _unobserved(digest: Digest) -> str:
    """Time in which nobody looked at some Sources, in one sentence, or nothing."""
    gaps = [reach.gap for reach in digest.unobserved if reach.gap]
    if not gaps:
        return ""
    first, last = min(start for start, _ in gaps), max(end for _, end in gaps)
    return (
        f" No observations of {counted(len(gaps), 'Source')} from {said_time(first)} to {said_time(last)}: "
        "what changed and changed back in that time was not seen."
    )


def _noise(digest: Digest) -> str:
    since = said_time(digest.looked_from)
    if not digest.noise_count:
        return f"Nothing was left out as noise since {since}."
    was = "was" if digest.noise_count == 1 else "were"
    return f"{counted(digest.noise_count, 'Change')} {was} recorded since {since} and left out here as noise."


def _asked_for(wanted: SubscriptionFilter) -> str:
    parts = [
        ("Subjects", [subject_name(alpha3) for alpha3 in wanted.subjects]),
        ("Instruments", list(wanted.instruments)),
        ("indicators", [said(name) for name in wanted.indicators]),
        ("Sources", list(wanted.sources)),
    ]
    told = [f"{name} {', '.join(values)}" for name, values in parts if values] or ["everything that is watched"]
    return "; ".join([*told, f"severity {wanted.minimum_severity} and above"])
