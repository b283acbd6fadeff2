"""Cells and links that changed, in every rendering: JSON, terminal, page and mail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.cli.words import comparison_words
from watcher.pipeline.answer import comparison_facts
from watcher.pipeline.between import between
from watcher.pipeline.notify import compose_digest
from watcher.render import plain_diff, unified_diff
from watcher.store import subscriptions
from watcher.web.app import create_app

PAGE = """<html><body><h1>Record of votes</h1><table><tr><th>Country</th><th>Vote</th></tr>
<tr><td>France</td><td>yes</td></tr><tr><td>Kazakhstan</td><td>{vote}</td></tr></table>
<p>Read <a href="/{decree}.pdf">the decree</a> or write to <a href="mailto:{desk}@example.org">the desk</a>.</p>
</body></html>"""
CELL = "row Kazakhstan, column Vote: abstain → yes"
DECREE = "link “the decree”: /decree-2019.pdf → /decree-2024.pdf"
DESK = "link “the desk”: mailto:old@example.org → mailto:new@example.org"


@pytest.fixture
def voted(bench: Any) -> Any:
    """A table in which one vote changed, above a sentence whose links lead elsewhere."""
    bench.subscribe()
    bench.register("votes", bench.site.put("/votes", PAGE.format(vote="abstain", decree="decree-2019", desk="old")))
    bench.check("votes")
    bench.site.put("/votes", PAGE.format(vote="yes", decree="decree-2024", desk="new"))
    bench.check("votes")
    return bench


def _line(text: str) -> str:
    return " ".join(text.replace("|", " ").split())


def _client(bench: Any) -> TestClient:
    return TestClient(create_app(bench.rooms, version="1", allowed_hosts=("testserver",)))


def test_the_terminal_and_json_name_row_column_and_both_addresses(voted: Any) -> None:
    comparison = between(voted.rooms, "votes~1", "votes").comparison
    for text in ("\n".join(comparison_words(comparison)), plain_diff(comparison.diff)):
        for said in (CELL, DECREE, DESK):
            assert said in text
    facts = json.loads(json.dumps(comparison_facts(comparison)))
    (row,) = [hunk for hunk in facts["hunks"] if hunk["row"]]
    assert (row["row"], row["cells"]) == ("Kazakhstan", [{"column": "Vote", "old": "abstain", "new": "yes"}])
    (linked,) = [hunk for hunk in facts["hunks"] if hunk["op"] == "linked"]
    assert [link["new"] for link in linked["links"]] == ["/decree-2024.pdf", "mailto:new@example.org"]


def test_the_pages_name_row_column_and_both_addresses(voted: Any) -> None:
    found = between(voted.rooms, "votes~1", "votes")
    (change,) = found.changes
    client = _client(voted)
    for address in (
        f"/changes/{change.change_id}",
        f"/changes/{change.change_id}?view=side",
        "/diff?from=votes~1&to=votes",
    ):
        text = client.get(address).text
        for said in (CELL, DECREE, DESK):
            assert said in text, address


def test_the_mail_names_row_column_and_both_addresses_and_makes_no_link_of_them(voted: Any) -> None:
    with voted.rooms.database.reading() as connection:
        composed = compose_digest(voted.rooms, subscriptions.get_subscription(connection, "desk"))
    for part in (composed.message.text, composed.message.html):
        assert CELL in _line(part)
        assert "link “the decree”: /decree-2019[.]pdf → /decree-2024[.]pdf" in _line(part)
        assert "mailto:old@example[.]org → mailto:new@example[.]org" in _line(part)
        assert "@example.org →" not in part


def test_a_link_alone_is_no_line_of_a_unified_diff(voted: Any) -> None:
    found = between(voted.rooms, "votes~1", "votes")
    old, new = ([block.text for block in side.document.blocks] for side in (found.old, found.new))
    text = unified_diff(old, new, found.comparison.diff, old_name="a", new_name="b")
    changed = [line for line in text.splitlines()[2:] if line[0] in "+-"]
    assert changed == ["-Kazakhstan | abstain", "+Kazakhstan | yes"]


def test_one_changed_link_is_the_headline_of_its_change(voted: Any) -> None:
    voted.site.put("/votes", PAGE.format(vote="yes", decree="decree-2024", desk="press"))
    voted.check("votes")
    assert "link “the desk”: mailto:new@example.org → mailto:press@example.org" in _client(voted).get("/changes").text
