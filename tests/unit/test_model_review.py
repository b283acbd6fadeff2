"""Verdicts: whose counts, and what they say of a rule."""

from __future__ import annotations

from datetime import UTC, datetime

from watcher.model.review import Annotation, Verdict, earned, merged_verdict


def said(sequence: int, author: str, verdict: Verdict) -> Annotation:
    at = datetime(2026, 5, 3, tzinfo=UTC)
    return Annotation(sequence=sequence, change_id="a..b", author=author, recorded_at=at, verdict=verdict)


def test_the_newest_verdict_of_each_person_counts_and_most_people_decide() -> None:
    given = [
        said(1, "ana", Verdict.NOT_RELEVANT),
        said(2, "ben", Verdict.RELEVANT),
        said(3, "ana", Verdict.RELEVANT),
        said(4, "eve", Verdict.NOT_RELEVANT),
    ]
    assert merged_verdict(given) is Verdict.RELEVANT
    assert merged_verdict(given[:2]) is Verdict.RELEVANT
    assert merged_verdict([]) is None


def test_precision_counts_only_what_was_judged() -> None:
    (cue,) = earned([("c", Verdict.RELEVANT), ("c", Verdict.WRONG_STANCE), ("c", None)])
    assert (cue.fired, cue.reviewed, cue.precision) == (3, 2, 0.5)
    assert earned([("d", None)])[0].precision is None
