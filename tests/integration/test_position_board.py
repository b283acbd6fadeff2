"""The Position board: who says what as of a day, where Sources contradict, and how it is exported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.errors import ConfigError
from watcher.model.board import Board
from watcher.pipeline.board import end_of_day, read_board, read_time_line
from watcher.pipeline.upload import HandedIn, hand_in
from watcher.pipeline.upload_fields import describe
from watcher.render.board import board_csv, board_facts, contradiction_words
from watcher.web.app import create_app

REPORT = (
    "MINE BAN POLICY\n\nKazakhstan has not acceded to the Mine Ban Treaty.[1] "
    "Kazakhstan acknowledges that its long borders are mined.[2]\n\n"
    "[1] Letter from the Ministry, 19 April 2000.\n[2] Ibid.\n"
)
STATEMENT = "STATEMENT\n\nKazakhstan has no mine fields subject to mine clearing.\n"


def handed_in(bench: Any, text: str, day: str, title: str, source: str = "") -> HandedIn:
    fields = {"title": [title], "date": [day], "subject": ["KAZ"], "handed_in_by": ["ana"], "source": [source]}
    return hand_in(bench.rooms, text.encode(), file_name="a.txt", described=describe(fields), checked_name=True)


@pytest.fixture
def two(bench: Any) -> Any:
    """A report of 2000 and a statement of 2007."""
    handed_in(bench, REPORT, "2000-08-01", "Report")
    handed_in(bench, STATEMENT, "2007-03-25", "Statement")
    return bench


@pytest.fixture
def client(two: Any) -> Iterator[TestClient]:
    app = create_app(two.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as client:
        yield client


def stance(board: Board, indicator: str) -> str:
    cell = board.cell("KAZ", indicator)
    return cell.leading.position.stance if cell else ""


def test_two_sources_that_cannot_both_be_right_are_marked_in_both_cells(two: Any) -> None:
    board = read_board(two.rooms)
    for indicator in ("use", "contamination"):
        cell = board.cell("KAZ", indicator)
        assert cell is not None
        assert cell.contradicted
    use = board.cell("KAZ", "use")
    assert use is not None
    said = [contradiction_words(each) for each in use.contradictions if each.between]
    assert said == ["“Statement” (2007) says contamination not affected, “Report” (2000) says use uses"]


def test_the_board_of_an_earlier_day_knows_nothing_of_what_came_later(two: Any) -> None:
    board = read_board(two.rooms, as_of=end_of_day("2000-12-31"))
    assert stance(board, "use") == "uses"
    assert board.cell("KAZ", "contamination") is None
    assert not any(cell.contradicted for cell in board.cells)
    assert read_board(two.rooms, as_of=end_of_day("1999-12-31")).cells == ()


def test_a_passage_names_its_note_and_ibid_the_note_that_it_means(two: Any) -> None:
    cell = read_board(two.rooms).cell("KAZ", "use")
    assert cell is not None
    (note,) = cell.leading.notes
    assert (note.mark, note.text) == ("2", "[2] Ibid.")
    assert note.meant == "[1] Letter from the Ministry, 19 April 2000."


def test_what_stands_in_a_note_is_nobodys_position(bench: Any) -> None:
    text = "REPORT\n\nThe region is calm.[1]\n\n[1] Kazakhstan does not produce anti-personnel mines.\n[2] Ibid.\n"
    handed_in(bench, text, "2000-08-01", "Report")
    assert read_board(bench.rooms).cells == ()


def test_what_the_newest_version_leaves_out_is_no_longer_stated(two: Any) -> None:
    silent = REPORT.replace("Kazakhstan acknowledges that its long borders are mined.[2]", "")
    handed_in(two, silent, "2001-08-01", "Report", source="report")
    cell = read_board(two.rooms).cell("KAZ", "use")
    assert cell is not None
    assert not cell.leading.current
    assert not cell.contradicted
    assert stance(read_board(two.rooms), "treaty_status") == "not_party"


def test_statements_that_name_different_years_do_not_contradict(bench: Any) -> None:
    text = (
        "VOTES\n\nKazakhstan abstained on the vote on UN General Assembly Resolution 54/54B supporting the Mine Ban "
        "Treaty, as it had in 1997 and 1998. Kazakhstan voted in favor of the pro-ban resolution in 1996.\n"
    )
    handed_in(bench, text, "2000-08-01", "Report")
    cell = read_board(bench.rooms).cell("KAZ", "vote")
    assert cell is not None
    assert cell.contradictions == ()
    line = [(str(each.date), each.statement.position.stance) for each in read_time_line(bench.rooms, "KAZ", "vote")]
    assert line == [("1996", "yes"), ("1997", "abstain"), ("1998", "abstain"), ("1999", "abstain")]


def test_csv_and_json_hold_every_statement_with_its_evidence(two: Any) -> None:
    board = read_board(two.rooms)
    rows = list(csv.DictReader(io.StringIO(board_csv(board, base_url="http://a.example"))))
    facts = board_facts(board, base_url="http://a.example")
    assert len(rows) == sum(len(cell["statements"]) for cell in facts["cells"])
    used = next(row for row in rows if row["stance"] == "uses")
    assert used["contradicted"] == "yes"
    assert "[2] Ibid. (means: [1] Letter from the Ministry, 19 April 2000.)" in used["notes"]
    assert used["capture"].startswith("http://a.example/captures/")
    assert len(used["payload_sha256"]) == 64


def test_a_cell_of_the_page_leads_to_passage_source_and_bytes(client: TestClient) -> None:
    matrix = client.get("/board").text
    assert "contradicted" in matrix
    assert 'href="/board?subject=KAZ#use"' in matrix
    page = client.get("/board?subject=KAZ").text
    assert "Kazakhstan acknowledges that its long borders are mined." in page
    assert "It means: [1] Letter from the Ministry" in page
    assert 'href="/captures/' in page
    assert client.get("/board?subject=KAZ&as_of=2000-12-31").text.count("Contradicted") == 0
    assert client.get("/board?as_of=yesterday").status_code == 404
    assert client.get("/board?form=csv").headers["content-type"] == "text/csv; charset=utf-8"
    assert json.loads(client.get("/board?form=json").text)["cells"]
    assert "borders are mined" in client.get("/subjects/KAZ/timeline?indicator=use").text


def test_the_seeds_read_as_their_readers_do(bench: Any, shared: Path) -> None:
    texts = shared / "seeds"
    for name, day in (("landmine-monitor-2000", "2000-08-01"), ("statement-almaty-2007", "2007-03-25")):
        text = (texts / f"kazakhstan-{name}.txt").read_text(encoding="utf-8")
        handed_in(bench, text, day, name)
    board = read_board(bench.rooms)
    treaty, transfer = (board.cell("KAZ", name) for name in ("treaty_status", "transfer"))
    assert treaty is not None
    assert transfer is not None
    assert treaty.leading.position.stance == "not_party"
    assert {each.captured_at.year for each in treaty.statements} == {2000, 2007}
    assert stance(board, "production") == "does_not_produce"
    assert transfer.leading.position.stance == "moratorium"
    assert [str(each) for each in transfer.leading.dates if each.since] == ["1997-08-06"]
    assert stance(board, "ccw") == "not_party"
    use = board.cell("KAZ", "use")
    assert use is not None
    assert use.contradicted
    line = [(str(each.date), each.statement.position.stance) for each in read_time_line(bench.rooms, "KAZ", "vote")]
    assert line == [("1996", "yes"), ("1997", "abstain"), ("1998", "abstain"), ("1999", "abstain")]


def test_a_contradiction_that_names_no_stance_of_the_pack_is_refused(bench: Any) -> None:
    from watcher.classify import parse_pack

    plain = json.loads(bench.rooms.pack.text)
    plain["contradictions"] = [["use.uses", "use.does_not_usee"]]
    with pytest.raises(ConfigError, match=r"use\.does_not_use"):
        parse_pack(plain, file="pack")
