"""Who is told what: Subscriptions, the Digests composed for them, and the Deliveries of each message."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from watcher.model.announced import Announced
from watcher.model.capture import Outcome
from watcher.model.change import Change, Severity
from watcher.model.source import Source


class Cadence(StrEnum):
    """How often a Subscription gets its Digest; `IMMEDIATE` sends an Alert as soon as something changes instead."""

    IMMEDIATE = "immediate"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


CADENCE_SECONDS = {Cadence.IMMEDIATE: 0, Cadence.HOURLY: 3600, Cadence.DAILY: 86400, Cadence.WEEKLY: 604800}


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionFilter:
    """What a Subscription wants to hear of. An empty tuple means no restriction of that sort."""

    subjects: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    minimum_severity: Severity = Severity.MINOR


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """One recipient's saved search: filter, cadence, and how far it has been told.

    `covered_ordinal` counts recorded Changes, so that a clock that is set back hides none;
    `covered_until` is the same mark as people read it. `digest_hour` ("07:00", of `time_zone`) is when daily and weekly
    Digests are sent, "" for the moment of the day at which it was made.
    """

    subscription_id: str
    recipient: str
    filter: SubscriptionFilter
    cadence: Cadence
    covered_until: datetime
    covered_ordinal: int
    next_digest_at: datetime
    active: bool = True
    digest_hour: str = ""
    time_zone: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceReach:
    """How one Source answered during a period: attempts made, attempts that reached it, the outcome of the newest
    (an `Outcome`, "" without attempts), and the error of the last failure.

    `held` says why its newest page is not believed to be the document, "" when it is, and `held_at` since when it gives
    such pages alone. `gap` is the longest time without any attempt that its cadence does not explain. `notes` are the
    custody notes of the period.
    `flips` says between how many texts it began to go back and forth, "" when it did not.
    """

    source: Source
    attempts: int
    reached: int
    last_outcome: str
    last_error: str
    last_attempt_at: datetime | None
    last_reached_at: datetime | None
    held: str = ""
    held_at: datetime | None = None
    gap: tuple[datetime, datetime] | None = None
    notes: tuple[str, ...] = ()
    flips: str = ""

    @property
    def is_down(self) -> bool:
        """Whether the newest attempt of the period failed, whatever those before it brought."""
        return self.attempts > 0 and not Outcome(self.last_outcome).reached


@dataclass(frozen=True, kw_only=True, slots=True)
class DigestEntry:
    """One Change as a Digest tells it, with what a citation of both sides needs.

    `alike` are further Sources of the same host that show the same edit: told once, with their list; `told_before` are
    those of which it was told in a message before. `old_source` is
    set where the text before is that of another Source: the same document of an earlier year. `announced` is what the
    new documents of a list state.
    """

    change: Change
    source: Source
    old_sequence: int
    new_sequence: int
    old_payload_sha256: str
    new_payload_sha256: str
    old_source: Source | None = None
    alike: tuple[DigestEntry, ...] = ()
    told_before: tuple[Source, ...] = ()
    announced: tuple[Announced, ...] = ()

    @property
    def told(self) -> tuple[DigestEntry, ...]:
        """The entry and those that it tells along with itself."""
        return (replace(self, alike=(), told_before=()), *self.alike)


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """The compiled message of a period for one Subscription.

    `entries` are told in order of severity; `noise_count` Changes were recorded and judged without
    policy meaning. `held` are Sources that answered with
    something else than their document, `unreached` those that the newest attempt did not reach, `unchecked` those
    nobody tried, in the period: each Source is in one of them at the most. `still_held` are those of the last two
    that are held too. `unobserved` were not looked at for longer than their cadence says, `noted` have custody notes,
    `flipping` began to go back and forth between texts and are not told of again until they settle.
    Attempts and noise are those from `looked_from` on: an Alert looks back over a day, a Digest over its period.
    `checkpoint` is the newest head of the ledger.
    """

    digest_id: str
    subscription: Subscription
    period_from: datetime
    period_to: datetime
    composed_at: datetime
    entries: tuple[DigestEntry, ...]
    noise_count: int
    sources_watched: int
    attempts: int
    unreached: tuple[SourceReach, ...]
    unchecked: tuple[Source, ...]
    held: tuple[SourceReach, ...]
    unobserved: tuple[SourceReach, ...]
    noted: tuple[SourceReach, ...]
    checkpoint: str
    flipping: tuple[SourceReach, ...] = ()
    still_held: tuple[SourceReach, ...] = ()
    looked_from: datetime


class DeliveryState(StrEnum):
    """PENDING waits for its turn, SENDING was handed to the server, UNKNOWN lost the server's answer."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A rendered message: one subject line, a plain text and an HTML part."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One message to one recipient, with its state and attempts."""

    delivery_id: str
    subscription_id: str
    digest_id: str
    recipient: str
    message_id: str
    message: Message
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    sent_at: datetime | None = None
    last_error: str = ""
