"""Depositary events: one for each changed fact of a status table, none for what only looks changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from watcher.classify import depositary_events
from watcher.classify.depositary import iso_date
from watcher.model.change import DepositaryEvent, Diff, Hunk, HunkOp
from watcher.model.document import Document

COLUMNS = ("Participant", "Signature", "Ratification, Acceptance(A), Approval(AA), Accession(a), Succession(d)")
BASE = (("Austria", "3 Dec 1997", "29 Jun 1998"), ("Chad", "6 Jul 1998", ""), ("Japan", "3 Dec 1997", "30 Sep 1998 A"))
NOTHING = Diff(differ="blocks", differ_version=1, hunks=())

Table = Callable[..., Document]
Prose = Callable[..., Document]


def _events(old: Document, new: Document) -> list[tuple[str, str, str]]:
    found: Sequence[DepositaryEvent] = depositary_events(NOTHING, instruments=("MBT",), old=old, new=new)
    return [(event.subject, event.event, event.date) for event in found]


def test_a_new_row_with_an_a_is_an_accession(status_table: Table) -> None:
    new = status_table(COLUMNS, *BASE, ("Bhutan", "", "18 Aug 2005 a"))
    assert _events(status_table(COLUMNS, *BASE), new) == [("BTN", "accession", "2005-08-18")]


@pytest.mark.parametrize(
    ("cell", "event"),
    [
        ("6 May 1999", "ratification"),
        ("6 May 1999 A", "acceptance"),
        ("6 May 1999 AA", "approval"),
        ("6 May 1999 a", "accession"),
        ("6 May 1999 d", "succession"),
        ("6-May-99", "ratification"),
        ("6-May-99 (a)", "accession"),
        ("6-May-1999(AA)", "approval"),
        ("(6 May 1999)", "ratification"),
        ("6 May 1999 (b)", "ratification"),
    ],
)
def test_a_filled_cell_is_the_event_of_its_letter(status_table: Table, cell: str, event: str) -> None:
    new = status_table(COLUMNS, BASE[0], ("Chad", "6 Jul 1998", cell), BASE[2])
    assert _events(status_table(COLUMNS, *BASE), new) == [("TCD", event, "1999-05-06")]


@pytest.mark.parametrize(
    ("heading", "cell", "event"),
    [
        ("Ratification/Accession", "6-May-99 (a)", "accession"),
        ("Ratification or accession", "6 May 1999", "ratification"),
        ("Date of withdrawal", "6-May-99", "withdrawal"),
        ("Accession(a) / Succession(d)", "6 May 1999 d", "succession"),
    ],
)
def test_a_heading_may_name_the_date_or_part_its_actions_by_other_marks(
    status_table: Table, heading: str, cell: str, event: str
) -> None:
    tables = [status_table(("State", heading), ("Chad", one), ("Nepal", "")) for one in ("", cell)]
    assert _events(*tables) == [("TCD", event, "1999-05-06")]


def test_a_column_of_signature_or_ratification_tells_neither(status_table: Table) -> None:
    tables = [status_table(("State", "Signature or ratification"), ("Chad", one)) for one in ("", "6 May 1999")]
    assert _events(*tables) == []


def test_a_signature_is_read_from_its_column(status_table: Table) -> None:
    new = status_table(COLUMNS, *BASE, ("Nepal", "1 Feb 2001", ""))
    assert _events(status_table(COLUMNS, *BASE), new) == [("NPL", "signature", "2001-02-01")]


@pytest.mark.parametrize(
    "rows",
    [
        BASE[::-1],
        (BASE[0], ("Republic of Chad", *BASE[1][1:]), BASE[2]),
        (BASE[0], ("Tschad", *BASE[1][1:]), BASE[2]),
        (("Austria 1", "3 Dec 1997", "29 Jun  1998"), BASE[1], BASE[2]),
    ],
    ids=["sorted anew", "official name", "unknown spelling", "note mark and blanks"],
)
def test_what_only_looks_changed_is_no_event(status_table: Table, rows: Sequence[Sequence[str]]) -> None:
    assert _events(status_table(COLUMNS, *BASE), status_table(COLUMNS, *rows)) == []


def test_another_order_of_the_column_heading_is_no_event(status_table: Table) -> None:
    heading = "Approval(AA), Acceptance(A), Accession(a), Succession(d), Ratification"
    new = status_table((*COLUMNS[:2], heading), *BASE)
    assert _events(status_table(COLUMNS, *BASE), new) == []


def test_an_emptied_cell_and_a_lost_row_are_removed(status_table: Table) -> None:
    new = status_table(COLUMNS, ("Austria", "3 Dec 1997", ""), BASE[1])
    assert sorted(_events(status_table(COLUMNS, *BASE), new)) == [
        ("AUT", "removed", "1998-06-29"),
        ("JPN", "removed", "1997-12-03"),
        ("JPN", "removed", "1998-09-30"),
    ]


def test_another_date_for_the_same_action_is_one_correction(status_table: Table) -> None:
    new = status_table(COLUMNS, ("Austria", "3 Dec 1997", "30 Jun 1998"), *BASE[1:])
    assert _events(status_table(COLUMNS, *BASE), new) == [("AUT", "correction", "1998-06-30")]


def test_a_table_of_something_else_gives_nothing(status_table: Table) -> None:
    columns = ("Country", "Population")
    old, new = status_table(columns, ("Chad", "16 million")), status_table(columns, ("Chad", "17 million"))
    assert _events(old, new) == []


def _inserted(text: str) -> Diff:
    hunk = Hunk(op=HunkOp.INSERTED, old="", new=text, heading="", old_index=None, new_index=0)
    return Diff(differ="blocks", differ_version=1, hunks=(hunk,))


@pytest.mark.parametrize(
    "text",
    [
        "On 5 July 2009 Bhutan deposited its instrument of accession to the Mine Ban Treaty.",
        "After the decision Bhutan deposited its instrument of accession to the Mine Ban Treaty on 5 July 2009.",
    ],
)
def test_prose_with_action_date_and_treaty_is_an_event(text: str) -> None:
    [event] = depositary_events(_inserted(text), instruments=())
    assert (event.subject, event.event, event.date, event.instrument) == ("BTN", "accession", "2009-07-05", "MBT")
    assert event.passage == text


@pytest.mark.parametrize(
    "text",
    [
        "Bhutan will ratify the Mine Ban Treaty on 5 July 2009.",
        "Bhutan did not ratify the Mine Ban Treaty by 5 July 2009.",
        "Bhutan ratified the Mine Ban Treaty.",
        "On 5 July 2009 Bhutan ratified its budget.",
        "On 5 July 2009 Bhutan announced its withdrawal from the Mine Ban Treaty, effective 5 January 2010.",
        "The parliament of Bhutan approved the withdrawal from the Mine Ban Treaty on 5 July 2009.",
        "On 5 July 2009 Bhutan began the process of ratification of the Mine Ban Treaty.",
    ],
)
def test_prose_that_reports_no_dated_action_is_none(text: str) -> None:
    assert depositary_events(_inserted(text), instruments=()) == ()


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("24 May 2013 a", "2013-05-24"),
        ("May 24, 2013", "2013-05-24"),
        ("1er janvier 2001", "2001-01-01"),
        ("3 de diciembre de 1997", "1997-12-03"),
        ("2013-05-24", "2013-05-24"),
        ("27-Jun-25", "2025-06-27"),
        ("3-Dec-97", "1997-12-03"),
        ("(25-Jun-2025) (a)", "2025-06-25"),
        ("99 May 2013", ""),
        ("12-May-031", ""),
        ("soon", ""),
    ],
)
def test_dates_are_read_as_iso(text: str, iso: str) -> None:
    assert iso_date(text) == iso
