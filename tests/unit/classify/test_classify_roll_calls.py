"""Records of votes as governments and the United Nations write them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from watcher.classify import Pack, document_positions, find_positions
from watcher.extract import extract
from watcher.model.document import Document

ROOT = Path(__file__).resolve().parents[3]
MINES = "Recorded vote on resolution 60/80"


def _page(body: str) -> Document:
    return extract(f"<html><body>{body}</body></html>".encode(), media_type="text/html", charset="utf-8")


def _votes(body: str, pack: Pack, subject: str = "") -> list[tuple[str, str]]:
    found = document_positions(_page(body), subject=subject, pack=pack)
    return [(one.subject, one.stance) for one in found if one.indicator == "vote"]


@pytest.mark.parametrize(
    "body",
    [
        "<table><tr><th>State<th>Vote</tr><tr><td>Kenya<td>Yes</tr><tr><td>Cuba<td>Abstained</tr></table>",
        "<table><tr><th>State<th>60/80</tr><tr><td>Kenya<td>Y</tr><tr><td>Cuba<td>A</tr></table>",
        "<table><tr><th>State<th>In favour (1)<th>Abstaining<tr><td>Kenya<td>x<td><tr><td>Cuba<td><td>x</table>",
        "<p><i>In favour</i>: Kenya.</p><p><i>Against</i>: None.</p><p><i>Abstaining</i>: Cuba.</p>",
        "<h2>In favour (1)</h2><ul><li>Kenya</ul><h2>Abstaining (1)</h2><ul><li>Cuba</ul>",
        "<div>Y KENYA</div><div>A CUBA</div>",
        "<p>Kenya (Y), Cuba (A)</p>",
        "<p>Kenya voted in favour.</p><p>Cuba abstained in the vote on resolution 60/80.</p>",
    ],
)
def test_a_vote_is_read_in_each_form_of_a_roll_call(body: str, mines: Pack) -> None:
    assert _votes(f"<h1>{MINES}</h1>{body}", mines) == [("KEN", "yes"), ("CUB", "abstain")]


def test_the_votes_of_the_pages_own_state_need_no_name(mines: Pack) -> None:
    table = "<table><tr><th>Resolution<th>Vote</tr><tr><td>A/RES/60/80<td>Yes</tr></table>"
    assert _votes(table, mines, "KEN") == [("KEN", "yes")]
    assert _votes("<ul><li>Resolution 60/80 (2005): abstained</ul>", mines, "KEN") == [("KEN", "abstain")]


@pytest.mark.parametrize(
    "heading", ["Recorded vote on resolution 60/55", "Vote on nuclear disarmament", "Recorded vote on resolution 70/54"]
)
def test_a_roll_call_on_something_else_says_nothing(heading: str, mines: Pack) -> None:
    body = "<table><tr><th>State<th>Vote</tr><tr><td>Kenya<td>Yes</tr></table><p>In favour: Kenya, Cuba.</p>"
    assert _votes(f"<h1>{heading}</h1>{body}", mines) == []


@pytest.mark.parametrize(
    ("heading", "column", "instruments", "read"),
    [
        ("States", "UNGA 80 vote", ("MBT",), [("KEN", "yes")]),
        ("States", "UNGA 80 vote", ("MBT", "CCW"), [("KEN", "yes")]),
        ("States", "UNGA 80 vote", ("CCW",), []),
        ("States", "UNGA 80 vote", ("MBT", "CCM"), []),
        ("States", "UNGA 80 vote", (), []),
        ("States", "Vote on the death penalty", ("MBT",), []),
        ("States", "Vote 80/55", ("MBT",), []),
        ("Votes on nuclear disarmament", "Vote", ("MBT",), []),
        ("Arms Trade Treaty", "Vote", ("MBT",), []),
    ],
)
def test_a_column_of_votes_that_names_nothing_is_about_what_its_source_watches(
    heading: str, column: str, instruments: tuple[str, ...], read: list[tuple[str, str]], mines: Pack
) -> None:
    table = f"<table><tr><th>State<th>{column}<th>Notes</tr><tr><td>Kenya<td>Yes<td>n</tr></table>"
    page = _page(f"<h1>{heading}</h1>{table}")
    found = document_positions(page, subject="", pack=mines, instruments=instruments)
    assert [(one.subject, one.stance) for one in found] == read


def test_a_yes_in_a_column_that_is_no_vote_says_nothing(mines: Pack) -> None:
    body = "<table><tr><th>State<th>Has an embassy<th>Notes</tr><tr><td>Kenya<td>Yes<td></tr></table>"
    assert _votes(f"<h1>{MINES}</h1>{body}", mines) == []


TITLE = "L.44 Implementation of the Mine Ban Convention"
NUCLEAR = "L.13 Towards a nuclear-weapon-free world"


def _table(headings: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    lines = [*(f"<tr><td>{'<td>'.join(row)}</tr>" for row in rows)]
    return f"<table><tr><th>State<th>{'<th>'.join(headings)}</tr>{''.join(lines)}</table>"


@pytest.mark.parametrize("heading", [TITLE, TITLE.removeprefix("L.44 "), f"Vote on {TITLE}"])
def test_a_column_headed_by_the_title_of_a_resolution_is_read_in_every_word(heading: str, mines: Pack) -> None:
    table = _table((heading,), ("Kenya", "Yes"), ("Cuba", "Abstain"), ("India", "No"))
    expected = [("KEN", "yes"), ("CUB", "abstain"), ("IND", "no")]
    assert _votes(f"<h1>First Committee</h1>{table}", mines) == expected


@pytest.mark.parametrize("above", ["First Committee", "Votes on landmines"])
@pytest.mark.parametrize(
    ("heading", "other"),
    [
        (TITLE, NUCLEAR),
        (f"Vote on {TITLE}", "Vote on the Treaty on the Prohibition of Nuclear Weapons"),
        ("Vote: Mine Ban Convention", "Vote: nuclear disarmament"),
    ],
)
def test_of_two_columns_of_votes_only_that_on_the_topic_is_read(
    above: str, heading: str, other: str, mines: Pack
) -> None:
    rows = (("Kenya", "No", "Yes"), ("Cuba", "Abstain", "No"), ("India", "Abstain", ""))
    table = _table((other, heading), *rows)
    assert _votes(f"<h1>{above}</h1>{table}", mines) == [("KEN", "yes"), ("CUB", "no")]


@pytest.mark.parametrize("heading", ["Party to the Mine Ban Convention", "Mine ban law in force"])
def test_yes_and_no_under_a_heading_that_names_the_treaty_alone_are_no_votes(heading: str, mines: Pack) -> None:
    assert _votes(_table((heading,), ("Kenya", "Yes"), ("Cuba", "No")), mines) == []
    beside_words = _table((heading,), ("Kenya", "Yes"), ("Cuba", "Absent"), ("India", "Since 1999"))
    assert _votes(beside_words, mines) == []


def test_states_named_in_a_line_that_is_no_list_of_states_are_not_read_as_voters(mines: Pack) -> None:
    body = "<p>In favour: speakers from Kenya took the floor, and the hall was full.</p>"
    assert _votes(f"<h1>{MINES}</h1>{body}", mines, "NOR") == []


def test_a_resolution_on_cluster_munitions_is_read_by_its_own_pack_alone(mines: Pack, clusters: Pack) -> None:
    body = "<h1>Resolution 70/54</h1><p>In favour: Kenya.</p>"
    assert _votes(body, clusters) == [("KEN", "yes")]
    assert _votes(body, mines) == []
    said = "Kenya voted in favour of resolution 70/54 on cluster munitions."
    assert "vote" not in {one.indicator for one in find_positions(said, subject="KEN", pack=mines)}


@pytest.mark.parametrize(
    "line",
    [
        "In favour: 167. Against: 0. Abstaining: 6",
        "Abstaining: 5",
        "Abstaining: None.",
        "167 in favour, none against, and 17 abstentions.",
        "Total: 190, in favour 167, abstaining 23",
    ],
)
def test_how_many_voted_how_is_a_vote_of_nobody(line: str, mines: Pack) -> None:
    page = f"<h1>{MINES}</h1><p>{line}</p><p>The resolution on landmines was adopted.</p>"
    assert _votes(page, mines) == []
    assert _votes(page, mines, "KEN") == []


def test_a_state_that_abstained_among_six_is_no_tally(mines: Pack) -> None:
    page = f"<h1>{MINES}</h1><p>Kenya was among 6 abstaining.</p>"
    assert _votes(page, mines) == [("KEN", "abstain")]


def test_a_vote_quotes_its_row_up_to_its_cell_and_the_column_that_it_stands_in(mines: Pack) -> None:
    document = _page(
        "<table><tr><th>State<th>A/RES/59/84<th>A/RES/60/80</tr><tr><td>Kenya<td>A<td>Y</tr></table>",
    )
    found = document_positions(document, subject="", pack=mines)
    assert [(one.stance, one.passage) for one in found] == [("abstain", "Kenya | A"), ("yes", "Kenya | A | Y")]
    assert [document.text[one.start : one.end] for one in found] == [one.passage for one in found]
    assert "A/RES/60/80" in found[1].rule


def test_everyone_named_together_votes(mines: Pack) -> None:
    said = "Cuba, Egypt and the Republic of Korea abstained in the vote on resolution 60/80."
    found = find_positions(said, subject="EGY", pack=mines)
    assert {(one.subject, one.about.value, one.stance) for one in found} == {
        ("CUB", "other", "abstain"),
        ("EGY", "own", "abstain"),
        ("KOR", "other", "abstain"),
    }


@pytest.fixture(scope="module")
def bench() -> Any:
    path = ROOT / "benchmarks" / "votes.py"
    spec = importlib.util.spec_from_file_location("benchmark_votes", path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_real_votes_of_two_years_are_read_as_they_were_cast_in_every_form(bench: Any, mines: Pack) -> None:
    data = ROOT.parent / "shared" / "eval"
    if not (data / "unga_votes.csv").exists():
        pytest.skip(f"{data / 'unga_votes.csv'} is not here: recorded votes are kept beside the project")
    calls, days = bench.roll_calls(data, "mine_ban")
    some = {
        number: {state: calls[number][state] for state in sorted(calls[number])[::9]} for number in ("52/38A", "60/80")
    }
    forms = set()
    for form, page in bench.pages(some, days):
        forms.add(form)
        assert bench.votes_read(page, mines) == page.votes, form
    assert len(forms) >= 15
