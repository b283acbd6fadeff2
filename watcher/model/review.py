"""What people say of Changes: a verdict each, and what that says of rules and Sources. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """RELEVANT: rightly told. WRONG_STANCE: the passage matters, but was read wrongly. NOT_RELEVANT: no policy."""

    RELEVANT = "relevant"
    WRONG_STANCE = "wrong_stance"
    NOT_RELEVANT = "not_relevant"


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """One person's verdict on a Change; the newest of each author counts. `sequence` is its place in the ledger."""

    sequence: int
    change_id: str
    author: str
    recorded_at: datetime
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Earned:
    """How often a rule, or a Source, brought a Change, and what people said of those that they looked at."""

    name: str
    fired: int
    relevant: int
    wrong_stance: int
    not_relevant: int

    @property
    def reviewed(self) -> int:
        """Changes that somebody judged."""
        return self.relevant + self.wrong_stance + self.not_relevant

    @property
    def precision(self) -> float | None:
        """The share of the judged Changes that were relevant; None when nobody judged any."""
        return self.relevant / self.reviewed if self.reviewed else None


def current_annotations(annotations: Iterable[Annotation]) -> list[Annotation]:
    """The newest Annotation of each author on each Change, oldest first."""
    newest: dict[tuple[str, str], Annotation] = {}
    for each in sorted(annotations, key=lambda one: one.sequence):
        newest[each.change_id, each.author] = each
    return sorted(newest.values(), key=lambda one: one.sequence)


def merged_verdict(annotations: Iterable[Annotation]) -> Verdict | None:
    """What a Change is taken as: the verdict that most give; of as many, the newest. None when nobody gave one."""
    current = current_annotations(annotations)
    given = [each.verdict for each in current]
    newest = {each.verdict: each.sequence for each in current}
    return max(newest, key=lambda verdict: (given.count(verdict), newest[verdict]), default=None)


def earned(fired: Iterable[tuple[str, Verdict | None]]) -> list[Earned]:
    """(name, verdict) of every Change that something brought, counted by name; the most judged first."""
    counted: dict[str, list[Verdict | None]] = {}
    for name, verdict in fired:
        counted.setdefault(name, []).append(verdict)
    found = [
        Earned(
            name=name,
            fired=len(verdicts),
            relevant=verdicts.count(Verdict.RELEVANT),
            wrong_stance=verdicts.count(Verdict.WRONG_STANCE),
            not_relevant=verdicts.count(Verdict.NOT_RELEVANT),
        )
        for name, verdicts in counted.items()
    ]
    return sorted(found, key=lambda each: (-each.reviewed, -each.fired, each.name))
