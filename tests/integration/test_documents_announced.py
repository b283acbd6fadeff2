"""A new document of a Collection is announced with what it states, as far as it was read."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.model.collection import CollectionRules, ItemPart
from watcher.model.source import Definition, SourceKind
from watcher.model.subscription import Cadence
from watcher.pipeline import notify, register
from watcher.store import changes, sources
from watcher.web.app import create_app

NOT_JOINED = "Chad is not a State Party to the Mine Ban Treaty."
VOTED = "Chad voted in favour of resolution 80/41 on the Mine Ban Treaty."
OF_ANOTHER = "Germany is a State Party to the Mine Ban Treaty."


def a_list(*titles: str) -> str:
    items = "".join(f'<li><a href="/docs/{title.lower().replace(" ", "-")}.html">{title}</a></li>' for title in titles)
    about = "".join(f"<p>Paragraph {n} says how questionnaires are answered and sent in.</p>" for n in range(6))
    return f"<html><title>Responses</title><body><h1>Responses</h1>{about}<ul>{items}</ul></body></html>"


def document(*sentences: str) -> str:
    rest = "".join(f"<p>Part {n} of the response speaks of forms and of the office.</p>" for n in range(8))
    told = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return f"<html><body><h1>Response</h1>{told}{rest}</body></html>"


@pytest.fixture
def announced(bench: Any) -> Any:
    """A Collection `resp` of Germany's response, to which Chad's came since; a desk that wants all."""
    definition = Definition(
        url=bench.site.put("/list", a_list("Response of Germany 2025")),
        kind=SourceKind.COLLECTION,
        title="Responses",
        publisher="OSCE",
        instruments=("MBT",),
        collection=CollectionRules(link_pattern=r"\.html$", subject_from=ItemPart.LINK_TEXT),
    )
    register.add_source(bench.rooms, "resp", definition, user="test")
    bench.subscribe()
    bench.check("resp")
    bench.site.put("/docs/response-of-chad-2026.html", document(NOT_JOINED, VOTED, OF_ANOTHER))
    bench.site.put("/list", a_list("Response of Germany 2025", "Response of Chad 2026"))
    bench.check("resp")
    return bench


def composed(bench: Any) -> tuple[str, str]:
    """Text with its lines joined, and HTML, of the Digest that is due."""
    bench.clock.advance(days=1)
    (one,) = notify.compose_due(bench.rooms)
    return " ".join(one.message.text.split()), one.message.html


def page_of_the_change(bench: Any) -> str:
    with bench.rooms.database.reading() as connection:
        (change,) = [one for one in changes.list_changes(connection) if one.documents]
    app = create_app(bench.rooms, version="test", allowed_hosts=["testserver"])
    return TestClient(app).get(f"/changes/{change.change_id}").text


def test_a_new_document_is_announced_with_the_positions_and_passages_that_it_states(announced: Any) -> None:
    announced.check("resp-tcd-2026")
    text, html = composed(announced)
    with announced.rooms.database.reading() as connection:
        version_id = sources.get_baseline_id(connection, "resp-tcd-2026")
    assert "WHAT IT STATES Chad, treaty status: not party" in text
    assert f"| {NOT_JOINED}" in text
    assert "Chad, vote: yes" in text
    assert f"/versions/{version_id}" in text
    page = page_of_the_change(announced)
    for shown in (html, page):
        assert "What it states" in shown
        assert NOT_JOINED in shown
        assert "Chad, vote: yes" in shown
        assert f"/versions/{version_id}" in shown


def test_what_a_new_document_says_of_others_is_no_position_of_its_subject(announced: Any) -> None:
    announced.check("resp-tcd-2026")
    text, html = composed(announced)
    assert OF_ANOTHER not in text
    assert OF_ANOTHER not in html


def test_a_new_document_that_nobody_read_yet_is_announced_as_not_read(announced: Any) -> None:
    text, html = composed(announced)
    assert "Not read yet. What it states will be on the page of this Change: http://127.0.0.1:8080/changes/" in text
    assert "not party" not in text
    assert "Not read yet." in html
    assert '<a href="/sources/resp-tcd-2026">Not read yet. Its Source</a>' in page_of_the_change(announced)
    announced.check("resp-tcd-2026")
    assert NOT_JOINED in page_of_the_change(announced)


def test_why_a_new_document_could_not_be_read_stands_in_its_announcement(announced: Any) -> None:
    announced.site.put("/docs/response-of-chad-2026.html", b"busy", status=503)
    announced.check("resp-tcd-2026")
    text, _ = composed(announced)
    assert "Not read yet: " in text
    assert "503" in text.split("WHAT IT STATES")[1].split("WHY YOU ARE TOLD")[0]


def test_a_new_document_without_a_position_says_that_none_was_found(announced: Any) -> None:
    announced.site.put("/docs/response-of-chad-2026.html", document("The office is open."))
    announced.check("resp-tcd-2026")
    text, _ = composed(announced)
    assert "Read, and no Position of Chad found in it; its text: http://" in text


def test_of_many_positions_a_few_are_told_and_the_others_counted_with_a_link(announced: Any) -> None:
    said = (
        NOT_JOINED,
        VOTED,
        "Chad does not produce antipersonnel mines.",
        "Chad has never exported antipersonnel mines.",
        "Chad has a stockpile of 4,000 antipersonnel mines.",
        "Chad has never used antipersonnel mines.",
    )
    announced.site.put("/docs/response-of-chad-2026.html", document(*said))
    announced.check("resp-tcd-2026")
    text, html = composed(announced)
    states = text.split("WHAT IT STATES")[1].split("WHY YOU ARE TOLD")[0]
    assert states.count("Text from 127") == 4
    assert "and 2 more Positions: http://" in states
    assert "and 2 more Positions" in html


def test_many_documents_at_once_are_told_with_one_position_each(announced: Any) -> None:
    names = ["Austria", "Belgium", "Bulgaria", "Croatia", "Cyprus", "Denmark", "Estonia", "Finland", "France", "Greece"]
    names += ["Hungary", "Ireland", "Italy", "Latvia", "Lithuania", "Malta", "Poland", "Portugal", "Romania", "Spain"]
    titles = [f"Response of {name} 2026" for name in (*names, "Sweden", "Norway")]
    announced.site.put("/list", a_list("Response of Germany 2025", "Response of Chad 2026", *titles))
    announced.check("resp")
    for name in ("Austria", "Norway"):
        text = document(
            f"{name} is a State Party to the Mine Ban Treaty.", f"{name} voted in favour of the resolution."
        )
        announced.site.put(f"/docs/response-of-{name.lower()}-2026.html", text)
    announced.check("resp-aut-2026")
    announced.check("resp-nor-2026")
    text, _ = composed(announced)
    states = text.split("WHAT THEY STATE")[1].split("WHY YOU ARE TOLD")[0]
    assert "Austria, treaty status: state party" in states
    assert "and 1 more Position: http://" in states
    assert "Norway, treaty status" not in states
    assert "Response of Norway 2026 2 Positions: http://" in states


@pytest.fixture
def announced_at_once(announced: Any) -> Any:
    """The same with a desk that is told at once."""
    announced.subscribe("at-once@example.org", cadence=Cadence.IMMEDIATE)
    announced.clock.advance(days=1)
    announced.site.put(
        "/docs/response-of-mali-2026.html", document("Mali is not a State Party to the Mine Ban Treaty.")
    )
    announced.site.put("/list", a_list("Response of Germany 2025", "Response of Chad 2026", "Response of Mali 2026"))
    announced.check("resp")
    return announced


def alerts(bench: Any) -> list[str]:
    composed = [one for one in notify.compose_due(bench.rooms) if one.delivery.recipient.startswith("at-once")]
    return [" ".join(one.message.text.split()) for one in composed]


def test_who_is_told_at_once_is_told_when_the_new_document_was_read(announced_at_once: Any) -> None:
    assert alerts(announced_at_once) == []
    announced_at_once.check("resp-mli-2026")
    announced_at_once.clock.advance(minutes=11)
    (text,) = alerts(announced_at_once)
    assert "Mali, treaty status: not party" in text


def test_a_document_that_is_not_read_within_minutes_is_announced_all_the_same(announced_at_once: Any) -> None:
    assert alerts(announced_at_once) == []
    announced_at_once.clock.advance(minutes=11)
    (text,) = alerts(announced_at_once)
    assert "Not read yet." in text
    assert alerts(announced_at_once) == []
