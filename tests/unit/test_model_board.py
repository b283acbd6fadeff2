"""Which statement leads a cell, and what a row of a roll call is dated by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from watcher.model.board import Cell, make_board
from watcher.model.change import About, Position
from watcher.model.document import Block, BlockKind
from watcher.model.source import Definition, Source, SourceState
from watcher.model.statement import CitedNote, Statement, read_statements

DAY = datetime(2020, 5, 1, tzinfo=UTC)
STANCES = {"use": ("does_not_use", "alleged", "uses"), "vote": ("no", "abstain", "yes")}
PAIRS = frozenset({frozenset({("use", "uses"), ("use", "does_not_use")})})


def _source(name: str = "ken") -> Source:
    definition = Definition(url=f"https://{name}.example/", title=name, subjects=("KEN",))
    return Source(
        source_id=name, state=SourceState.ACTIVE, definition=definition, registered_at=DAY, next_check_at=None
    )


def _position(stance: str, cue: str, *, indicator: str = "use", passage: str = "Said.", start: int = 0) -> Position:
    return Position(
        subject="KEN",
        indicator=indicator,
        stance=stance,
        about=About.OWN,
        start=start,
        end=start + len(passage),
        passage=passage,
        rule=f"{indicator}.{stance}: {cue}",
    )


def _statements(*positions: Position, blocks: tuple[Block, ...] = ()) -> list[Statement]:
    return read_statements(
        [(one, None) for one in positions],
        blocks,
        source=_source(),
        version_id="v1",
        sequence=1,
        payload_sha256="0" * 64,
        captured_at=DAY,
    )


def _cell(statements: list[Statement], indicator: str = "use") -> Cell:
    board = make_board(statements, as_of=DAY, pack="p", pack_version=1, stances=STANCES, contradictions=PAIRS)
    cell = board.cell("KEN", indicator)
    assert cell is not None
    return cell


def test_of_one_date_the_strongest_statement_leads_and_not_the_packs_last() -> None:
    cell = _cell(_statements(_position("uses", "{weapon} used"), _position("does_not_use", "! {no} used", start=9)))
    assert cell.leading.position.stance == "does_not_use"


def test_a_weak_cue_leads_where_no_other_speaks_alone() -> None:
    cell = _cell(_statements(_position("uses", "? {weapon}"), _position("does_not_use", "{no} used", start=9)))
    assert cell.leading.position.stance == "does_not_use"
    assert _cell(_statements(_position("uses", "? {weapon}"))).leading.position.stance == "uses"


def test_a_source_that_states_both_at_one_date_is_undecided() -> None:
    cell = _cell(_statements(_position("uses", "used"), _position("does_not_use", "{no} used", start=9)))
    assert cell.undecided
    assert not cell.contradicted
    dated = _position("uses", "used", passage="It used them in 1999.")
    assert not _cell(_statements(dated, _position("does_not_use", "{no} used", start=30))).undecided


def test_a_report_whose_note_names_the_page_is_no_second_voice() -> None:
    page, report, other = _source("page"), _source("report"), _source("other")
    (said,) = _statements(_position("uses", "used"))
    on_page = replace(said, source=page)
    note = CitedNote(mark="3", text="Government page, https://page.example/, accessed 1 May 2020.")
    cited = replace(said, source=report, notes=(note,))
    assert {one.source_id for one in _cell([on_page, cited]).agree} == {"page"}
    assert {one.source_id for one in _cell([on_page, replace(said, source=report)]).agree} == {"page", "report"}
    assert {one.source_id for one in _cell([on_page, cited, replace(said, source=other)]).agree} == {"page", "other"}
    assert {one.source_id for one in _cell([cited]).agree} == {"report"}


def test_a_vote_in_a_table_is_dated_by_its_column_and_a_listed_one_by_its_heading() -> None:
    row = Block(
        kind=BlockKind.TABLE_ROW,
        text="Kenya | A | Y",
        cells=("Kenya", "A", "Y"),
        columns=("State", "54/54 B", "60/80"),
    )
    head = Block(kind=BlockKind.HEADING, text="Resolution 61/84", level=2)
    listed = Block(kind=BlockKind.PARAGRAPH, text="In favour: Kenya.")
    blocks = (row, head, listed)
    at = len(row.text) + len(head.text) + 2
    positions = (
        _position("abstain", "roll call, “A”", indicator="vote", passage="Kenya | A"),
        _position("yes", "roll call, “Y”", indicator="vote", passage="Kenya | A | Y"),
        _position("yes", "roll call, under “In favour”", indicator="vote", passage=listed.text, start=at),
    )
    found = _statements(*positions, blocks=blocks)
    assert [[str(date) for date in one.dates] for one in found] == [["1999"], ["2005"], ["2006"]]
