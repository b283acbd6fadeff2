"""A Digest with everything in it, and one with nothing."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from watcher.model.capture import Trigger
from watcher.model.change import (
    Change,
    ChangeKind,
    DepositaryEvent,
    Diff,
    Hunk,
    HunkOp,
    Judgement,
    PositionChange,
    PositionChangeKind,
    Severity,
    SignificancePart,
    WordEdit,
    WordOp,
)
from watcher.model.source import Definition, Source, SourceState
from watcher.model.subscription import Cadence, Digest, DigestEntry, SourceReach, Subscription, SubscriptionFilter

NOON = datetime(2026, 5, 3, 14, 5, tzinfo=UTC)


def a_source(source_id: str, title: str, publisher: str = "UN") -> Source:
    return Source(
        source_id=source_id,
        state=SourceState.ACTIVE,
        definition=Definition(
            url=f"https://records.example.org/{source_id}", title=title, publisher=publisher, subjects=("KAZ",)
        ),
        registered_at=NOON - timedelta(days=90),
        next_check_at=NOON + timedelta(hours=6),
    )


def vote_change() -> Change:
    old, new = "The delegation abstained on the resolution.", "The delegation voted in favour of the resolution."
    return Change(
        change_id="v00000000000000a..v00000000000000b",
        source_id="kaz-report",
        from_version_id="v00000000000000a",
        to_version_id="v00000000000000b",
        captured_from_at=NOON - timedelta(days=30),
        captured_at=NOON,
        recorded_at=NOON,
        trigger=Trigger.SLOT,
        kind=ChangeKind.CONTENT,
        alert=True,
        reason="a stance changed",
        pack="mine_action",
        pack_version=1,
        diff=Diff(
            differ="words",
            differ_version=1,
            hunks=(
                Hunk(
                    op=HunkOp.EDITED,
                    old=old,
                    new=new,
                    heading="Voting record",
                    old_index=4,
                    new_index=4,
                    words=(
                        WordEdit(op=WordOp.KEPT, text="The delegation "),
                        WordEdit(op=WordOp.DELETED, text="abstained on"),
                        WordEdit(op=WordOp.INSERTED, text="voted in favour of"),
                        WordEdit(op=WordOp.KEPT, text=" the resolution."),
                    ),
                ),
                Hunk(
                    op=HunkOp.DELETED,
                    old="Contact us",
                    new="",
                    heading="",
                    old_index=9,
                    new_index=None,
                    boilerplate=True,
                ),
            ),
        ),
        judgement=Judgement(
            severity=Severity.CRITICAL,
            significance=0.9,
            parts=(
                SignificancePart(name="stance_changed", points=0.6, passage=new),
                SignificancePart(name="subject_named", points=0.3, passage=""),
            ),
            position_changes=(
                PositionChange(
                    subject="KAZ",
                    indicator="vote",
                    change=PositionChangeKind.CHANGED,
                    old="abstain",
                    new="yes",
                    severity=Severity.CRITICAL,
                    old_passage=old,
                    new_passage=new,
                ),
            ),
            depositary_events=(
                DepositaryEvent(
                    subject="KAZ",
                    participant="Kazakhstan",
                    instrument="MBT",
                    event="accession",
                    date="2026-05-01",
                    passage="Kazakhstan | 1 May 2026 a",
                ),
            ),
        ),
    )


def subscription() -> Subscription:
    return Subscription(
        subscription_id="desk",
        recipient="desk@example.org",
        filter=SubscriptionFilter(subjects=("KAZ",)),
        cadence=Cadence.DAILY,
        covered_until=NOON - timedelta(days=1),
        covered_ordinal=0,
        next_digest_at=NOON,
    )


@pytest.fixture
def empty_digest() -> Digest:
    """No Change; 45 Sources looked at 180 times, one unreached, one not tried."""
    return Digest(
        digest_id="desk-20260503",
        subscription=subscription(),
        period_from=NOON - timedelta(days=1),
        looked_from=NOON - timedelta(days=1),
        period_to=NOON,
        composed_at=NOON,
        entries=(),
        noise_count=7,
        sources_watched=45,
        attempts=180,
        unreached=(
            SourceReach(
                source=a_source("army", "Ministry of Defence: Statements", "Ministry of Defence"),
                attempts=4,
                reached=0,
                last_outcome="dns_error",
                last_error="the name army.example.org has no address",
                last_attempt_at=NOON - timedelta(hours=1),
                last_reached_at=datetime(2026, 4, 28, 6, 0, tzinfo=UTC),
            ),
        ),
        unchecked=(a_source("late", "Late arrivals"),),
        held=(),
        unobserved=(),
        noted=(),
        checkpoint="watcher.example/archive\n1234\nq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n",
    )


@pytest.fixture
def full_digest(empty_digest: Digest) -> Digest:
    """The same period with one critical Change."""
    entry = DigestEntry(
        change=vote_change(),
        source=a_source("kaz-report", "Country Report: Kazakhstan"),
        old_sequence=17,
        new_sequence=203,
        old_payload_sha256="1a" * 32,
        new_payload_sha256="2b" * 32,
    )
    return dataclasses.replace(empty_digest, entries=(entry,))
