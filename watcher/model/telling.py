"""In which order the news of a Change is told: what a line names first, and what it does not even count. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from watcher.model.change import Change, DepositaryEvent, Judgement, PositionChange, PositionChangeKind, Severity

ACTION = 0
REMOVAL = 1
# Ranks after those of a pack, which are `UNRANKED` at the most.
DOCUMENTS = 55
WITHDRAWN = 60
CORRECTED = 61
EDITED = 62
REWORDED = 63

_SAID = (PositionChangeKind.CHANGED, PositionChangeKind.CONTRADICTED, PositionChangeKind.NEW_INFO)
CORRECTION = "correction"
REMOVED = "removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """One thing that a Change says of a Subject: `what` is None for an edit without any. The least `key` leads."""

    subject: str
    what: PositionChange | DepositaryEvent | None
    rank: int
    severity: Severity
    wanted: bool
    place: int

    @property
    def key(self) -> tuple[bool, int, int, int]:
        """The subscriber's own Subjects, then the rank, then the gravest, then as it was found."""
        return (not self.wanted, self.rank, -self.severity.rank, self.place)

    @property
    def counts(self) -> bool:
        """Whether it is news at all: the same stance in other words is none."""
        return self.rank != REWORDED


def news_in(judgement: Judgement, *, subjects: Collection[str] = ()) -> tuple[News, ...]:
    """What a judgement holds, what leads first. `subjects` are those that a Subscription asks for.

    A Position that a treaty action beside it brought is told by that action. A treaty action is critical.
    """
    events = judgement.depositary_events
    acted = {(one.subject, name) for one in events if one.event not in (CORRECTION, REMOVED) for name in one.indicators}
    told = [
        one
        for one in judgement.position_changes
        if one.change not in _SAID or (one.subject, one.indicator) not in acted
    ]
    found: list[tuple[str, PositionChange | DepositaryEvent, int, Severity]] = [
        *((one.subject, one, _event_rank(one), Severity.CRITICAL) for one in events),
        *((one.subject, one, _position_rank(one), one.severity) for one in told),
    ]
    news = [
        News(
            subject=subject,
            what=what,
            rank=rank,
            severity=severity,
            wanted=not subjects or subject in subjects,
            place=place,
        )
        for place, (subject, what, rank, severity) in enumerate(found)
    ]
    return tuple(sorted(news, key=lambda one: one.key))


def news_of(change: Change, *, subjects: Collection[str] = (), about: Collection[str] = ()) -> tuple[News, ...]:
    """What a Change says, what leads first; one entry without content for its documents, or for an edit that says
    nothing of a policy. `about` are the Subjects of its Source."""
    news = news_in(change.judgement, subjects=subjects)
    if news and not change.documents:
        return news
    whole = News(
        subject="",
        what=None,
        rank=DOCUMENTS if change.documents or change.sequence is not None else EDITED,
        severity=change.judgement.severity,
        wanted=not subjects or not {*about, *(one.subject for one in change.documents)}.isdisjoint(subjects),
        place=0,
    )
    return (whole,)


def _event_rank(event: DepositaryEvent) -> int:
    if event.event == CORRECTION:
        return CORRECTED
    return REMOVAL if event.event == REMOVED else ACTION


def _position_rank(moved: PositionChange) -> int:
    if moved.change is PositionChangeKind.REWORDED:
        return REWORDED
    return WITHDRAWN if moved.change is PositionChangeKind.WITHDRAWN else moved.rank
