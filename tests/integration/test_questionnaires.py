"""Questionnaires of several States, captured over two years: list, show, compare, and their pages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from starlette.testclient import TestClient

from watcher.cli import questionnaire as command
from watcher.cli.context import Context
from watcher.diff import AnswerStep
from watcher.errors import NotFoundError, RefusedError
from watcher.model.collection import CollectionRules, ItemPart
from watcher.model.source import SourceKind
from watcher.pipeline import questionnaire
from watcher.web.app import create_app

MINES = (
    "Is your country bound by the Protocol on laid mines?",
    "Does your country hold stocks of mines?",
    "Does your country produce mines?",
    "Would your country like help with clearing? If so, please describe.",
)
REMNANTS = (
    "Has your country agreed to be bound by the Protocol on remnants?",
    "Does your country need help with remnants? If so, please describe.",
    "Which remnants were cleared in your country last year?",
)


def page(title: str, asked: tuple[str, ...], answers: tuple[str, ...]) -> str:
    """A response as a page."""
    body = "".join(
        f"<p><b>{number}. {question}</b></p><p>{answer}</p>"
        for number, (question, answer) in enumerate(zip(asked, answers, strict=True), start=1)
    )
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"


@pytest.fixture
def filled(bench: Any) -> Any:
    """Two States answer on mines, in two years; one on remnants; one page is no questionnaire; one was never read."""
    put = bench.site.put
    kaz = put("/kaz", page("Response on mines: Kazakhstan", MINES, ("No.", "Yes.", "No.", "See answer to question 2.")))
    kgz = put("/kgz", page("Response on mines: Kyrgyzstan", MINES, ("No.", "", "No.", "Yes, =detectors.")))
    blr = put("/blr", page("Remnants: Belarus", REMNANTS, ("Yes.", "No.", "None.")))
    bench.register("kaz", kaz, subjects=("KAZ",))
    bench.register("kgz", kgz, subjects=("KGZ",))
    bench.register("blr", blr, subjects=("BLR",))
    bench.register("news", put("/news", "<html><body><p>1. Rain.</p><p>2. Wind.</p></body></html>"), subjects=("KAZ",))
    bench.register("never", bench.site.url("/never"), kind=SourceKind.PAGE, subjects=("UZB",))
    for source_id in ("kaz", "kgz", "blr", "news"):
        bench.check(source_id)
    bench.clock.advance(days=365)
    inserted = (MINES[0], "Which ministry in your country answers this?", *MINES[1:])
    put("/kaz", page("Response on mines: Kazakhstan", inserted, ("No.", "Defence.", "None left.", "No.", "No.")))
    put("/kgz", page("Response on mines: Kyrgyzstan", MINES, ("No.", "Yes.", "No.", "Yes, =detectors.")))
    bench.check("kaz")
    bench.check("kgz")
    return bench


@pytest.fixture
def client(filled: Any) -> Iterator[TestClient]:
    app = create_app(filled.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as client:
        yield client


def run(rooms: Any, *words: str, width: int = 100, monkeypatch: pytest.MonkeyPatch) -> Result:
    """A command on this instance, in a terminal of some width."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(Context, "instance", lambda _: nullcontext(SimpleNamespace(rooms=rooms)))
    return CliRunner().invoke(command.questionnaire, list(words), obj=Context(None), catch_exceptions=False)


def test_an_answer_is_found_under_another_number_and_compared_with_the_year_before(filled: Any) -> None:
    stocks = questionnaire.compare_question(filled.rooms, "2")
    assert stocks.wording == MINES[1]
    assert stocks.wordings[0] == (MINES[1], 2)
    rows = {given.filled.source.source_id: given for given in stocks.answers}
    assert set(rows) == {"kaz", "kgz"}
    assert (rows["kaz"].question.number, rows["kaz"].question.answer.text) == ("3", "None left.")
    assert rows["kaz"].step == "changed"
    assert rows["kgz"].step == "answered"
    assert rows["kgz"].since == datetime(2026, 5, 3, 11, 0, tzinfo=UTC)
    assert [left.source.source_id for left in stocks.left_out] == ["blr"]
    assert "asks something else" in stocks.left_out[0].reason
    assert stocks.others == 2


def test_an_answer_that_points_elsewhere_comes_with_the_one_it_points_to(
    filled: Any, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = datetime(2026, 12, 31, tzinfo=UTC)
    found = questionnaire.compare_question(filled.rooms, "4", only_subjects=("KAZ",), as_of=then)
    referred = found.answers[0].referred
    assert referred is not None
    assert (referred.number, referred.answer.text) == ("2", "Yes.")
    words = ("compare", "--question", "4", "--subject", "Kazakhstan", "--as-of", "2026-12-31")
    assert "[Question 2: Yes.]" in run(filled.rooms, *words, monkeypatch=monkeypatch).output
    assert "Its Question 2:" in client.get("/questionnaires/question?n=4&subject=KAZ&as_of=2026-12-31").text


def test_a_state_is_given_as_an_argument_or_as_an_option(filled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("--question", "4", "--as-of", "2026-12-31")
    shown = [
        run(filled.rooms, "compare", *words, *asked, monkeypatch=monkeypatch).output
        for words in (("--subject", "Kazakhstan"), ("KAZ",), ())
    ]
    assert "[Question 2: Yes.]" in shown[0]
    assert shown[0] == shown[1] != shown[2]


def test_as_of_a_date_the_answers_of_that_date_are_laid_side_by_side(filled: Any) -> None:
    then = datetime(2026, 12, 31, tzinfo=UTC)
    found = questionnaire.compare_question(filled.rooms, "3", as_of=then)
    assert found.wording == MINES[2]
    assert [(given.filled.state, given.question.number, given.step) for given in found.answers] == [
        ("Kazakhstan", "3", None),
        ("Kyrgyzstan", "3", None),
    ]


def test_named_sources_without_an_answer_are_told_with_the_reason(filled: Any) -> None:
    found = questionnaire.compare_question(filled.rooms, "1", only_sources=("kaz", "kgz", "blr", "news", "never"))
    reasons = {left.source.source_id: left.reason for left in found.left_out}
    assert set(reasons) == {"blr", "news", "never"}
    assert reasons["blr"] == f"its Question 1 asks something else or in another language (wording 2): “{REMNANTS[0]}”"
    assert reasons["news"] == "no questionnaire was recognised in its newest readable Version"
    assert reasons["never"] == "it has no readable Version yet"


def test_a_number_that_nobody_has_and_a_wording_that_is_none_say_so(filled: Any) -> None:
    with pytest.raises(NotFoundError, match=r"no questionnaire has a question '77'; the longest one has 1, 2, 3, 4, 5"):
        questionnaire.compare_question(filled.rooms, "77")
    with pytest.raises(RefusedError, match=r"2 wording\(s\) here"):
        questionnaire.compare_question(filled.rooms, "1", wording=9)
    with pytest.raises(NotFoundError, match="'absent'"):
        questionnaire.compare_question(filled.rooms, "1", only_sources=("absent",))
    with pytest.raises(NotFoundError, match="'news' holds no questionnaire"):
        questionnaire.show_filled(filled.rooms, "news")
    with pytest.raises(NotFoundError, match="of 1 January 2020 or earlier"):
        questionnaire.show_filled(filled.rooms, "kaz", as_of=datetime(2020, 1, 1, tzinfo=UTC))


def test_documents_with_the_same_questions_stand_together(filled: Any) -> None:
    with filled.rooms.database.reading() as connection:
        groups = questionnaire.grouped(questionnaire.list_filled(connection))
    assert [(group.title, [each.source.source_id for each in group.filled]) for group in groups] == [
        ("Response on mines", ["kaz", "kgz"]),
        ("Remnants: Belarus", ["blr"]),
    ]
    asked = [(question.wording, given) for _, question, given in questionnaire.questions_asked(groups[0])]
    assert asked[1:3] == [("Which ministry in your country answers this?", 1), (MINES[1], 2)]


def test_a_held_or_unreadable_page_leaves_the_last_good_questionnaire(filled: Any) -> None:
    filled.site.put("/kaz", "<html><body><p>Please log in to continue.</p></body></html>")
    filled.check("kaz")
    assert questionnaire.show_filled(filled.rooms, "kaz").questionnaire.questions[2].answer.text == "None left."


def test_a_changed_answer_is_a_change_told_under_its_question(filled: Any) -> None:
    filled.site.put("/kgz", page("Response on mines: Kyrgyzstan", MINES, ("No.", "No.", "No.", "Yes, =detectors.")))
    change = filled.check("kgz").recorded.change
    assert [(hunk.old, hunk.new, hunk.heading) for hunk in change.diff.hunks] == [
        ("Yes.", "No.", f"Question 2: {MINES[1]}")
    ]


def test_a_wide_terminal_has_columns_and_a_narrow_one_has_one_below_the_other(
    filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = run(filled.rooms, "compare", "--question", "4", monkeypatch=monkeypatch).output
    narrow = run(filled.rooms, "compare", "--question", "4", width=50, monkeypatch=monkeypatch).output
    heads = [line for line in wide.splitlines() if "Kazakhstan" in line]
    assert "Kyrgyzstan" in heads[0]
    assert not any("Kyrgyzstan" in line for line in narrow.splitlines() if "Kazakhstan" in line)
    assert max(map(len, narrow.splitlines())) <= 50
    for text in (wide, narrow):
        assert "SHA-256" in text
        assert "2027" in text


def test_json_and_csv_carry_the_evidence_and_no_formula(filled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(run(filled.rooms, "compare", "--question", "3", "--json", monkeypatch=monkeypatch).output)
    assert {answer["source_id"] for answer in told["answers"]} >= {"kgz"}
    assert all(len(answer["payload_sha256"]) == 64 for answer in told["answers"])
    filled.site.put("/kgz", page("Response on mines: Kyrgyzstan", MINES, ("No.", "Yes.", "=1+1", "No.")))
    filled.check("kgz")
    text = run(filled.rooms, "compare", "--question", "3", "--source", "kgz", "--csv", monkeypatch=monkeypatch).output
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["state"], row["number"], row["answer"]) == ("Kyrgyzstan", "3", "'=1+1")


def test_list_and_show_read_as_text(filled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = run(filled.rooms, "list", monkeypatch=monkeypatch).output
    assert "Response on mines  (2 Sources)" in listed
    assert "kaz  Kazakhstan  2027-05-03  5 questions, 5 answered" in listed
    shown = run(filled.rooms, "show", "kgz", "--as-of", "2026-12-31", monkeypatch=monkeypatch).output
    assert f"Question 2: {MINES[1]}\n  (no answer)" in shown


def test_the_pages_lay_answers_side_by_side_and_show_hostile_text_as_text(filled: Any, client: TestClient) -> None:
    listed = client.get("/questionnaires").text
    assert "Response on mines" in listed
    assert 'href="/questionnaires/question?n=4&amp;of=kaz"' in listed
    assert MINES[2] in client.get("/questionnaires/question?n=4&of=kaz").text.partition("<form")[0]
    assert MINES[3] in client.get("/questionnaires/question?n=4&of=kgz").text.partition("<form")[0]
    hostile = "&lt;script&gt;alert(1)&lt;/script&gt;"
    filled.site.put("/kgz", page("Response on mines: Kyrgyzstan", MINES, ("No.", hostile, "No.", "No.")))
    filled.check("kgz")
    shown = client.get("/questionnaires/question?n=2&subject=kgz").text
    assert hostile in shown
    assert "<script" not in shown
    assert "<h2>Kyrgyzstan</h2>" in shown
    assert "Kazakhstan" not in shown
    assert "answered now, was not before" in shown


@pytest.mark.parametrize(
    "query",
    [
        "n=77",
        "n=" + "9" * 60,
        "n=2&as_of=soon",
        "n=2&wording=99",
        "n=2&wording=-1",
        "n=2&subject=Nowhere",
        "n=2&source=absent",
        "n=2&of=absent",
        "n=2&of=news",
        "n=%00",
    ],
)
def test_peer_14_a_question_that_cannot_be_shown_is_a_page_that_says_so(client: TestClient, query: str) -> None:
    answer = client.get(f"/questionnaires/question?{query}")
    assert answer.status_code == 404
    assert "Not found" in answer.text


def test_a_year_is_compared_with_the_document_that_the_same_list_has_of_the_year_before(bench: Any) -> None:
    rules = CollectionRules(link_pattern="reply-", subject_from=ItemPart.LINK_TEXT)
    links = "".join(
        f"<li><a href='/reply-{state.lower()}-{year}.html'>{state}: reply {year}</a></li>"
        for state, year in (("Kazakhstan", 2025), ("Kazakhstan", 2026), ("Norway", 2026))
    )
    for state, year, answer in (("kazakhstan", 2025, "No."), ("kazakhstan", 2026, "Yes."), ("norway", 2026, "Yes.")):
        asked = (f"1. Is your country a party?</p><p>{answer}", "2. Has your country stocks?</p><p>None.")
        body = "".join(f"<p>{one}</p>" for one in (*asked, "3. Does your country clear mines?</p><p>Yes, it does."))
        bench.site.put(f"/reply-{state}-{year}.html", f"<h1>Questionnaire</h1>{body}")
    url = bench.site.put("/list", f"<h1>Replies</h1><p>Of every year.</p><ul>{links}</ul>")
    bench.register("replies", url, kind=SourceKind.COLLECTION, collection=rules, subjects=())
    bench.check("replies")
    for child in ("replies-kaz-2025", "replies-kaz-2026", "replies-nor-2026"):
        bench.check(child)
    found = questionnaire.compare_question(bench.rooms, "1")
    told = [(one.filled.source.source_id, one.step, one.against and one.against.source_id) for one in found.answers]
    assert told == [
        ("replies-kaz-2026", AnswerStep.CHANGED, "replies-kaz-2025"),
        ("replies-nor-2026", None, None),
    ]
    assert [(one.source.source_id, "replies-kaz-2026" in one.reason) for one in found.left_out] == [
        ("replies-kaz-2025", True)
    ]
    named = questionnaire.compare_question(bench.rooms, "1", only_sources=["replies-kaz-2025"])
    assert [one.filled.source.source_id for one in named.answers] == ["replies-kaz-2025"]
