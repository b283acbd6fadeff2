"""What a message says first: the reader's own States, treaty actions, votes; what it counts, and how it adds up."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

import pytest

from watcher.model.change import (
    Change,
    DepositaryEvent,
    Hunk,
    HunkOp,
    PositionChange,
    PositionChangeKind,
    Severity,
    SignificancePart,
    WordEdit,
    WordOp,
)
from watcher.model.subscription import Digest, SourceReach, SubscriptionFilter
from watcher.render import render_digest
from watcher.render.headline import event_words, headline
from watcher.render.reasons import reasons

BASE = "https://watcher.example.org"
KAZ_JOINS = DepositaryEvent(
    subject="KAZ",
    participant="Kazakhstan",
    instrument="MBT",
    event="accession",
    date="2026-11-17",
    passage="Kazakhstan | 17 Nov 2026 a",
    indicators=("treaty_status",),
)
KGZ_JOINS = dataclasses.replace(KAZ_JOINS, subject="KGZ", participant="Kyrgyzstan", date="2026-11-18")
KGZ_CORRECTED = dataclasses.replace(
    KGZ_JOINS, event="correction", date="2026-11-20", action="accession", old_date="2026-11-18"
)


def moved(indicator: str, kind: str, old: str, new: str, *, rank: int = 50, **more: object) -> PositionChange:
    values = {"subject": "KAZ", "severity": Severity.MAJOR, "old_passage": "was", "new_passage": "is", **more}
    return PositionChange(indicator=indicator, change=PositionChangeKind(kind), old=old, new=new, rank=rank, **values)  # type: ignore[arg-type]


def saying(digest: Digest, *what: PositionChange | DepositaryEvent) -> Change:
    change = digest.entries[0].change
    judgement = dataclasses.replace(
        change.judgement,
        position_changes=tuple(one for one in what if isinstance(one, PositionChange)),
        depositary_events=tuple(one for one in what if isinstance(one, DepositaryEvent)),
    )
    return dataclasses.replace(change, judgement=judgement)


def line(digest: Digest, *what: PositionChange | DepositaryEvent, subjects: tuple[str, ...] = ()) -> str:
    return headline(saying(digest, *what), digest.entries[0].source, subjects)


def with_changes(digest: Digest, *changes: Change, subjects: tuple[str, ...] = ("KAZ",)) -> Digest:
    entries = tuple(
        dataclasses.replace(digest.entries[0], change=dataclasses.replace(change, change_id=f"v{place}..w{place}"))
        for place, change in enumerate(changes)
    )
    subscription = dataclasses.replace(digest.subscription, filter=SubscriptionFilter(subjects=subjects))
    return dataclasses.replace(digest, entries=entries, subscription=subscription)


def test_an_accession_leads_a_correction_that_stands_before_it_in_the_table(full_digest: Digest) -> None:
    assert line(full_digest, KGZ_CORRECTED, KAZ_JOINS) == (
        "Kazakhstan: accession to MBT, 17 Nov 2026; Kyrgyzstan: date of accession corrected, 18 → 20 Nov 2026 (MBT)"
    )


def test_the_states_that_a_subscription_asks_for_lead(full_digest: Digest) -> None:
    armenia = dataclasses.replace(KGZ_CORRECTED, subject="ARM", participant="Armenia")
    told = line(full_digest, KAZ_JOINS, KGZ_JOINS, armenia, subjects=("ARM",))
    assert told.startswith("Armenia: date of accession corrected, 18 → 20 Nov 2026 (MBT)")
    assert told.endswith("more)")


def test_what_a_state_now_says_leads_what_it_no_longer_says(full_digest: Digest) -> None:
    told = line(
        full_digest,
        moved("transfer", "withdrawn", "moratorium", "", severity=Severity.CRITICAL),
        moved("stockpile", "new_info", "", "holds"),
        moved("treaty_status", "new_info", "", "intends_to_join", rank=0),
        moved("vote", "changed", "abstain", "yes", rank=2),
    )
    assert told == "Kazakhstan: treaty status intends to join newly stated; vote abstain → yes (and 2 more)"


def test_the_same_stance_in_other_words_is_never_counted(full_digest: Digest) -> None:
    reworded = moved("use", "reworded", "does_not_use", "does_not_use")
    assert line(full_digest, reworded, KAZ_JOINS) == "Kazakhstan: accession to MBT, 17 Nov 2026"
    assert line(full_digest, reworded) == "Kazakhstan: use does not use reworded"


def test_a_position_that_an_action_brought_is_told_by_the_action(full_digest: Digest) -> None:
    joined = moved("treaty_status", "changed", "not_party", "state_party", rank=0)
    assert line(full_digest, joined, KAZ_JOINS) == "Kazakhstan: accession to MBT, 17 Nov 2026"
    other = dataclasses.replace(joined, subject="KGZ")
    assert "Kyrgyzstan: treaty status not party → state party" in line(full_digest, other, KAZ_JOINS)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "accession to MBT, 18 November 2026"),
        ({"event": "withdrawal"}, "withdrawal from MBT, 18 November 2026"),
        ({"event": "ratification", "instrument": ""}, "ratification, 18 November 2026"),
        (
            {"event": "correction", "action": "accession", "old_date": "2026-11-16"},
            "date of accession corrected, 16 → 18 November 2026 (MBT)",
        ),
        (
            {"event": "correction", "action": "signature", "old_date": "2025-11-16", "instrument": ""},
            "date of signature corrected, 16 November 2025 → 18 November 2026",
        ),
        ({"event": "removed", "action": "accession"}, "accession to MBT of 18 November 2026 no longer listed"),
    ],
)
def test_a_treaty_action_reads_as_a_sentence_would_say_it(changes: dict[str, str], told: str) -> None:
    assert event_words(dataclasses.replace(KGZ_JOINS, **changes)) == told  # type: ignore[arg-type]


def test_news_of_several_changes_is_named_together_in_the_subject_line(full_digest: Digest) -> None:
    vote = saying(full_digest, moved("vote", "changed", "abstain", "yes", rank=2, subject="KGZ"))
    stock = saying(full_digest, moved("stockpile", "new_info", "", "holds", subject="KGZ"))
    message = render_digest(
        with_changes(full_digest, vote, stock, saying(full_digest, KGZ_JOINS), subjects=("KGZ",)), base_url=BASE
    )
    assert message.subject == ("[critical] Kyrgyzstan: accession to MBT, 18 Nov 2026; vote abstain → yes (and 1 more)")
    assert message.text.splitlines()[:5] == [
        "Kyrgyzstan: accession to MBT, 18 Nov 2026; vote abstain → yes (and 1 more)",
        "",
        "1. CRITICAL  Kyrgyzstan: vote abstain → yes",
        "2. CRITICAL  Kyrgyzstan: stockpile holds newly stated",
        "3. CRITICAL  Kyrgyzstan: accession to MBT, 18 Nov 2026",
    ]


def test_what_a_heading_only_counts_is_listed_under_it(full_digest: Digest) -> None:
    third = moved("stockpile", "new_info", "", "holds")
    vote = moved("vote", "changed", "abstain", "yes", rank=2)
    message = render_digest(with_changes(full_digest, saying(full_digest, third, vote, KAZ_JOINS)), base_url=BASE)
    assert message.text.splitlines()[1] == "   - Kazakhstan: stockpile holds newly stated"
    assert "(and 1 more)" in message.subject


def test_citations_stand_after_the_passages_of_all_changes(full_digest: Digest) -> None:
    text = render_digest(
        with_changes(full_digest, saying(full_digest, KAZ_JOINS), saying(full_digest, KGZ_JOINS)), base_url=BASE
    ).text
    assert text.count("TO CITE") == 1
    assert text.rindex("WHAT CHANGED") < text.index("TO CITE") < text.index("WHAT WE LOOKED AT")


def _edited(digest: Digest, *parts: SignificancePart) -> Change:
    hunk = Hunk(
        op=HunkOp.EDITED,
        old="They keep 5 mines.",
        new="They keep 7 mines.",
        heading="",
        old_index=1,
        new_index=1,
        words=(
            WordEdit(op=WordOp.KEPT, text="They keep "),
            WordEdit(op=WordOp.DELETED, text="5"),
            WordEdit(op=WordOp.INSERTED, text="7"),
            WordEdit(op=WordOp.KEPT, text=" mines."),
        ),
    )
    change = saying(digest)
    judgement = dataclasses.replace(change.judgement, severity=Severity.MAJOR, parts=parts)
    return dataclasses.replace(change, judgement=judgement, diff=dataclasses.replace(change.diff, hunks=(hunk,)))


def test_only_the_reasons_that_carried_the_severity_are_told_and_in_words(full_digest: Digest) -> None:
    change = _edited(
        full_digest,
        SignificancePart(name="date", points=0.05, passage="Updated 3 May"),
        SignificancePart(name="number", points=0.6, passage="They keep 7 mines."),
    )
    assert reasons(change) == ("a number changed: 5 → 7",)
    grave = moved("vote", "changed", "abstain", "yes", severity=Severity.CRITICAL)
    light = moved("stockpile", "new_info", "", "holds", severity=Severity.MINOR)
    assert reasons(saying(full_digest, light, grave)) == ("the position on vote of Kazakhstan: abstain → yes",)


@pytest.mark.parametrize("part", ["text", "html"])
def test_points_and_sums_are_on_the_page_and_not_in_the_message(full_digest: Digest, part: str) -> None:
    told = getattr(render_digest(full_digest, base_url=BASE), part)
    assert "+0.60" not in told
    assert "their sum" not in told


def _blocked(digest: Digest, source_id: str, *, reached: int) -> SourceReach:
    reach = dataclasses.replace(digest.unreached[0], reached=reached, held="a wall", attempts=1)
    return dataclasses.replace(
        reach,
        source=dataclasses.replace(reach.source, source_id=source_id),
        held_at=digest.period_to - timedelta(hours=5, minutes=36),
    )


@pytest.mark.parametrize("part", ["text", "html"])
def test_the_counts_of_what_was_looked_at_add_up(empty_digest: Digest, part: str) -> None:
    late = empty_digest.unchecked[0]
    digest = dataclasses.replace(
        empty_digest,
        sources_watched=11,
        unchecked=tuple(dataclasses.replace(late, source_id=f"late{place}") for place in range(7)),
        held=(_blocked(empty_digest, "wall", reached=1),),
        still_held=(_blocked(empty_digest, "late3", reached=0),),
    )
    told = " ".join(re.sub(r"<[^>]+>", " ", getattr(render_digest(digest, base_url=BASE), part)).split())
    assert (
        "2 of 11 Sources answered; 1 could not be reached; 1 answered with something else than the document; "
        "7 were not tried."
    ) in told
    assert told.count("still held since 08:29 UTC") == 1


def test_an_empty_message_says_each_sentence_once(empty_digest: Digest) -> None:
    text = " ".join(render_digest(empty_digest, base_url=BASE).text.split())
    for sentence in ("No change of policy meaning", "We looked at 45 Sources", "43 of 45 Sources answered"):
        assert text.count(sentence) == 1, sentence
