"""Status tables as Positions: what the row of a State says of a treaty, and what it does not say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.classify import Pack, depositary_events, judge, table_positions
from watcher.model.change import Diff, Hunk, HunkOp, Judgement
from watcher.model.document import Block, BlockKind, Document

COLUMNS = ("Participant", "Signature", "Ratification, Acceptance(A), Approval(AA), Accession(a), Succession(d)")
NOTHING = Diff(differ="blocks", differ_version=1, hunks=())

Table = Callable[..., Document]


def _under(document: Document, *lines: str) -> Document:
    above = (
        Block(kind=BlockKind.HEADING, text=lines[0]),
        *(Block(kind=BlockKind.PARAGRAPH, text=one) for one in lines[1:]),
    )
    return Document(**{**_fields(document), "blocks": (*above, *document.blocks)})


def _fields(document: Document) -> dict[str, object]:
    return {name: getattr(document, name) for name in document.__dataclass_fields__}


def _read(document: Document, pack: Pack, *instruments: str) -> list[tuple[str, str, str, str]]:
    found = table_positions(document, subject="", instruments=instruments, pack=pack)
    for one in found:
        assert document.text[one.start : one.end] == one.passage
    return [(one.subject, one.indicator, one.stance, one.date) for one in found]


def test_a_row_is_the_stance_of_its_state_with_its_own_date(status_table: Table, mines: Pack) -> None:
    table = status_table(
        COLUMNS,
        ("Kyrgyzstan", "", "18 Nov 2026 a"),
        ("Japan", "3 Dec 1997", "30 Sep 1998 A"),
        ("Chad", "6 Jul 1998", ""),
        ("Atlantis", "", "1 Jan 2001"),
    )
    assert _read(table, mines, "MBT") == [
        ("KGZ", "treaty_status", "state_party", "2026-11-18"),
        ("JPN", "treaty_status", "state_party", "1998-09-30"),
        ("TCD", "treaty_status", "signatory", "1998-07-06"),
    ]


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [("CCW", [("KGZ", "ccw", "party", "2026-11-18")]), ("APII", [("KGZ", "ccw", "party", "2026-11-18")]), ("NPT", [])],
)
def test_the_pack_says_what_a_treaty_counts_for(
    status_table: Table, mines: Pack, instrument: str, expected: list[object]
) -> None:
    assert _read(status_table(COLUMNS, ("Kyrgyzstan", "", "18 Nov 2026 a")), mines, instrument) == expected


WORDED = ("State", "Status", "Date of deposit", "Entry into force")


def test_a_status_column_says_in_words_what_a_state_is_whatever_dates_stand_beside(
    status_table: Table, mines: Pack
) -> None:
    table = status_table(
        WORDED,
        ("Nepal", "not party", "", ""),
        ("Kenya", "State Party", "23 January 2001", "1 July 2001"),
        ("Marshall Islands", "Signatory (not ratified)", "", ""),
        ("Latvia", "Withdrawn", "27 June 2025", "27 December 2025"),
        ("Chad", "acceded", "6 May 1999", "1 November 1999"),
        ("Cuba", "under review", "", ""),
        ("Total", "State Party", "", ""),
    )
    assert _read(table, mines, "MBT") == [
        ("NPL", "treaty_status", "not_party", ""),
        ("KEN", "treaty_status", "state_party", "2001-01-23"),
        ("MHL", "treaty_status", "signatory", ""),
        ("LVA", "treaty_status", "withdrawn", "2025-06-27"),
        ("TCD", "treaty_status", "state_party", "1999-05-06"),
    ]
    assert _read(table, mines, "NPT") == []


@pytest.mark.parametrize(
    ("column", "cell", "read"),
    [
        ("Mine Ban Treaty", "Non-signatory", [("KEN", "treaty_status", "not_party", "")]),
        ("Status of the Mine Ban Treaty", "Party", [("KEN", "treaty_status", "state_party", "")]),
        ("CCW", "Party", [("KEN", "ccw", "party", "")]),
        ("Mine Ban Treaty vote", "Party", []),
        ("Status", "approved", []),
        ("Arms Trade Treaty", "State Party", []),
        ("Notes", "State Party", []),
    ],
)
def test_a_column_named_by_a_treaty_is_about_it(
    status_table: Table, mines: Pack, column: str, cell: str, read: list[object]
) -> None:
    assert _read(status_table(("State", column), ("Kenya", cell)), mines, "MBT", "CCW") == read


def _judged(old_row: tuple[str, ...], new_row: tuple[str, ...], status_table: Table, mines: Pack) -> Judgement:
    old, new = (status_table(WORDED, row) for row in (old_row, new_row))
    hunk = Hunk(op=HunkOp.EDITED, old=old.blocks[0].text, new=new.blocks[0].text, heading="", old_index=0, new_index=0)
    return judge(
        old=old,
        new=new,
        diff=Diff(differ="table", differ_version=1, hunks=(hunk,)),
        subject="",
        instruments=("MBT",),
        same_document=True,
        pack=mines,
    )


def test_a_status_word_that_changes_is_a_position_change(status_table: Table, mines: Pack) -> None:
    rows = ("Kenya", "not party", "", ""), ("Kenya", "State Party", "23 January 2001", "")
    [change] = _judged(*rows, status_table, mines).position_changes
    assert (change.subject, change.old, change.new, change.severity.value) == (
        "KEN",
        "not_party",
        "state_party",
        "critical",
    )


def test_a_date_that_changes_beside_a_status_word_changes_no_position(status_table: Table, mines: Pack) -> None:
    rows = (("Kenya", "State Party", "23 January 2001", day) for day in ("1 July 2001", "2 July 2001"))
    assert _judged(*rows, status_table, mines).position_changes == ()


def test_who_left_after_joining_has_withdrawn(status_table: Table, mines: Pack) -> None:
    table = status_table(
        (*COLUMNS, "Withdrawal"), ("Latvia", "", "1 Jul 2005 a", "27 Jun 2025"), ("Chad", "", "6 May 1999", "")
    )
    assert [one[2] for one in _read(table, mines, "MBT")] == ["withdrawn", "state_party"]


@pytest.mark.parametrize(
    ("joined", "left", "expected"),
    [
        ("12-May-03", "27-Jun-25", ("withdrawn", "2025-06-27")),
        ("1 Jul 2005 a", "27-Jun-25", ("withdrawn", "2025-06-27")),
        ("25-Jun-25 (a)", "", ("state_party", "2025-06-25")),
        ("12 May 2003", "27/06/2025", ("withdrawn", "")),
        ("12 May 2003", "yes", ("withdrawn", "")),
        ("12 May 2003", "see note 3", ("state_party", "2003-05-12")),
        ("1 Jul 2005", "27-Jun-01", ("state_party", "2005-07-01")),
    ],
)
@pytest.mark.parametrize("column", ["Withdrawal", "Denunciation", "Date of withdrawal"])
def test_who_left_has_withdrawn_however_the_date_is_written(
    status_table: Table, mines: Pack, column: str, joined: str, left: str, expected: tuple[str, str]
) -> None:
    table = status_table((*COLUMNS, column), ("Lithuania", "26-Feb-99", joined, left))
    assert _read(table, mines, "MBT") == [("LTU", "treaty_status", *expected)]


@pytest.mark.parametrize(
    ("lines", "cell", "stances"),
    [
        (("Status of the Convention",), "", []),
        (("Status of the Convention",), "–", []),
        (("Parties and non-parties",), "", ["not_party"]),
        (("Status", "The table lists all States."), "", ["not_party"]),
        (("Status of the Convention",), "Not party", ["not_party"]),
    ],
)
def test_a_row_without_a_date_says_something_only_where_the_table_says_so(
    status_table: Table, mines: Pack, lines: tuple[str, ...], cell: str, stances: list[str]
) -> None:
    table = _under(status_table(COLUMNS, ("Kazakhstan", "", cell)), *lines)
    assert [one[2] for one in _read(table, mines, "MBT")] == stances


def test_of_several_watched_treaties_the_heading_names_the_one_of_the_table(status_table: Table, mines: Pack) -> None:
    table = status_table(COLUMNS, ("Chad", "", "6 May 1999"))
    assert _read(_under(table, "Mine Ban Convention"), mines, "MBT", "CCW") == [
        ("TCD", "treaty_status", "state_party", "1999-05-06")
    ]
    assert _read(table, mines, "MBT", "CCW") == []


def test_a_corrected_date_names_its_action_and_both_dates(status_table: Table) -> None:
    old, new = (status_table(COLUMNS, ("Kyrgyzstan", "", f"{day} Nov 2026 a")) for day in (18, 20))
    (event,) = depositary_events(NOTHING, instruments=("MBT",), old=old, new=new)
    assert (event.event, event.action, event.old_date, event.date) == (
        "correction",
        "accession",
        "2026-11-18",
        "2026-11-20",
    )


def test_words_in_place_of_a_date_are_no_action_that_can_be_removed(status_table: Table) -> None:
    old, new = (status_table(COLUMNS, ("Chad", "", cell)) for cell in ("not party", "6 May 1999 a"))
    assert [one.event for one in depositary_events(NOTHING, instruments=("MBT",), old=old, new=new)] == ["accession"]


@pytest.mark.parametrize(
    ("instruments", "indicators"),
    [(("MBT",), ("treaty_status",)), (("CCW",), ("ccw",)), (("MBT", "CCW"), ("treaty_status", "ccw")), (("NPT",), ())],
)
def test_a_treaty_action_counts_for_the_indicators_of_its_treaty(
    status_table: Table, mines: Pack, instruments: tuple[str, ...], indicators: tuple[str, ...]
) -> None:
    old, new = status_table(COLUMNS, ("Chad", "", "")), status_table(COLUMNS, ("Chad", "", "6 May 1999 a"))
    hunk = Hunk(op=HunkOp.EDITED, old="Chad", new="Chad | 6 May 1999 a", heading="", old_index=0, new_index=0)
    found = judge(
        old=old,
        new=new,
        diff=Diff(differ="blocks", differ_version=1, hunks=(hunk,)),
        subject="",
        instruments=instruments,
        same_document=True,
        pack=mines,
    )
    assert [event.indicators for event in found.depositary_events] == [indicators]
