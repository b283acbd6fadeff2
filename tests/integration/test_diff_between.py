"""Any two texts compared: how they are named, what stands between them, and every rendering of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from watcher.errors import NotFoundError, RefusedError
from watcher.pipeline.between import between, moment_of, since
from watcher.render import plain_diff, unified_diff
from watcher.store import changes
from watcher.web.app import create_app

PAGE = "<html><body><h1>Kazakhstan</h1>{}<p>This page is kept by the secretariat of the office.</p></body></html>"
STATES = [
    "<p>Kazakhstan abstained in the vote on resolution 61/84 on the Mine Ban Treaty.</p>",
    "<p>Kazakhstan abstained in the vote on resolution 61/84 on the Mine Ban Treaty.</p><p>A second note.</p>",
    "<p>Kazakhstan voted in favour of resolution 62/41 on the Mine Ban Treaty.</p><p>A second note.</p>",
]


@pytest.fixture
def three(bench: Any) -> Any:
    for number, body in enumerate(STATES):
        address = bench.site.put("/kaz", PAGE.format(body))
        if not number:
            bench.register("kaz", address)
        bench.check("kaz", after_seconds=86400.0)
    return bench


@pytest.fixture
def client(three: Any) -> TestClient:
    return TestClient(create_app(three.rooms, version="1", allowed_hosts=("testserver",)))


def test_two_versions_that_are_no_neighbours_are_compared_with_the_changes_between(three: Any) -> None:
    found = between(three.rooms, "kaz~2", "kaz")
    assert "61/84" in found.old.document.text
    assert "62/41" in found.new.document.text
    assert len(found.changes) == 2
    assert [(one.old, one.new) for one in found.comparison.judgement.position_changes][:1] == [("abstain", "yes")]


def test_comparing_by_hand_records_nothing(three: Any) -> None:
    with three.rooms.database.reading() as connection:
        before = changes.last_ordinal(connection)
    between(three.rooms, "kaz~2", "kaz")
    with three.rooms.database.reading() as connection:
        assert changes.last_ordinal(connection) == before


def test_a_text_is_named_by_source_date_version_capture_or_snapshot(three: Any) -> None:
    first = between(three.rooms, "kaz~2", "kaz").old.version
    for name in ("kaz@2026-05-04", "kaz@2026-05-04T23:00", first.version_id, str(first.sequence), first.payload_sha256):
        assert between(three.rooms, name, "kaz").old.version.version_id == first.version_id


def test_since_a_date_is_what_stood_then_against_now(three: Any) -> None:
    found = since(three.rooms, "kaz", moment_of("2026-05-05"))
    assert found.old.version.version_id == between(three.rooms, "kaz~1", "kaz").old.version.version_id
    assert len(found.changes) == 1
    assert found.notes == ()


def test_since_before_the_first_version_says_that_nothing_was_read_then(three: Any) -> None:
    found = since(three.rooms, "kaz", moment_of("2020-01-01"))
    assert len(found.changes) == 2
    assert "Nothing was read of this Source before 1 January 2020" in found.notes[0]


def test_documents_of_two_sources_are_compared_without_withdrawals(three: Any) -> None:
    three.register("kaz-2007", three.site.put("/2007", PAGE.format("<p>A speech about other matters entirely.</p>")))
    three.check("kaz-2007")
    found = between(three.rooms, "kaz", "kaz-2007")
    assert not found.same_source
    assert found.changes == ()
    assert found.comparison.judgement.position_changes == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody", "names nothing that can be compared"),
        ("kaz~9", "has 3 Versions"),
        ("kaz@2019-01-01", "its first Version is of 4 May 2026"),
        ("999999", "999999"),
        ("f" * 64, "no Version was read from a Snapshot"),
    ],
)
def test_a_name_that_means_nothing_says_what_there_is(three: Any, name: str, said: str) -> None:
    with pytest.raises(NotFoundError, match=said):
        between(three.rooms, name, "kaz")


def test_a_date_that_is_none_says_how_to_write_one(three: Any) -> None:
    with pytest.raises(RefusedError, match="write 2026-01-31"):
        between(three.rooms, "kaz@yesterday", "kaz")


def test_the_unified_format_is_applied_by_patch(three: Any, tmp_path: Path) -> None:
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    found = between(three.rooms, "kaz~2", "kaz")
    old, new = ([block.text for block in side.document.blocks] for side in (found.old, found.new))
    told = unified_diff(old, new, found.comparison.diff, old_name="old", new_name="new")
    (tmp_path / "text").write_text("\n".join(old) + "\n")
    (tmp_path / "made.patch").write_text(told)
    subprocess.run(["patch", "text", "made.patch"], cwd=tmp_path, check=True, capture_output=True, timeout=20)
    assert (tmp_path / "text").read_text() == "\n".join(new) + "\n"


def test_plain_text_and_colours_bear_the_same_marks(three: Any) -> None:
    found = between(three.rooms, "kaz~1", "kaz")
    plain = plain_diff(found.comparison.diff)
    coloured = plain_diff(found.comparison.diff, colour=True)
    assert "[-abstained" in plain
    assert "{+voted" in plain
    for code in ("\x1b[31;9m", "\x1b[32;4m", "\x1b[0m"):
        assert code in coloured
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_the_page_shows_every_view_and_json(client: TestClient) -> None:
    for view in ("inline", "side", "unified"):
        answer = client.get("/diff", params={"from": "kaz~2", "to": "kaz", "view": view})
        assert answer.status_code == 200
        assert "62/41" in answer.text
        assert "2 Changes" in answer.text or "Changes between them" in answer.text
    facts = client.get("/diff", params={"from": "kaz~2", "to": "kaz", "as": "json"}).json()
    assert facts["position_changes"][0]["new"] == "yes"
    assert len(facts["changes"]) == 2
    assert client.get("/diff", params={"from": "kaz~2", "to": "kaz", "as": "unified"}).text.startswith("--- kaz ")


def test_the_page_asks_for_names_and_says_what_is_wrong_with_them(client: TestClient) -> None:
    assert "Compare two texts" in client.get("/diff").text
    assert client.get("/diff", params={"from": "nobody", "to": "kaz"}).status_code == 404
    assert client.get("/diff", params={"source": "kaz", "since": "soon"}).status_code == 400


def test_a_change_page_leads_to_its_unified_and_json_form(client: TestClient, three: Any) -> None:
    with three.rooms.database.reading() as connection:
        change = changes.list_changes(connection, source_id="kaz")[0]
    told = client.get(f"/changes/{change.change_id}").text
    address = f"/diff?from={change.from_version_id}&amp;to={change.to_version_id}"
    assert f"{address}&amp;view=unified" in told
    assert f"{address}&amp;as=json" in told
    assert json.loads(client.get(f"{address}&as=json".replace("&amp;", "&")).text)["kind"] == change.kind


def test_the_page_of_a_source_says_what_changed_since_this_browser_last_looked(client: TestClient, three: Any) -> None:
    assert "since you last looked" not in client.get("/sources/kaz").text
    assert "since you last looked" not in client.get("/sources/kaz").text
    three.clock.advance(days=2)
    assert "Nothing changed since you last looked here" in client.get("/sources/kaz").text
    three.site.put("/kaz", PAGE.format("<p>Kazakhstan joined the Mine Ban Treaty in 2009.</p>"))
    three.check("kaz", after_seconds=86400.0)
    told = client.get("/sources/kaz").text
    assert "1 Change since you last looked here" in told
    address = told.partition('<a href="/diff?source=kaz&amp;')[2].partition('"')[0]
    compared = client.get(f"/diff?source=kaz&{address}")
    assert compared.status_code == 200
    assert "2009" in compared.text


def test_the_look_is_kept_for_the_page_of_one_source_and_out_of_reach_of_scripts(client: TestClient) -> None:
    kept = client.get("/sources/kaz").headers["set-cookie"]
    assert "Path=/sources/kaz;" in f"{kept};"
    assert "HttpOnly" in kept
    assert "samesite=strict" in kept.lower()


@pytest.mark.parametrize("value", ["", "x.y", "99999999999.99999999999", "-1.-1", "." * 4000])
def test_a_look_that_somebody_made_up_is_as_good_as_none(client: TestClient, value: str) -> None:
    answer = client.get("/sources/kaz", headers={"Cookie": f"looked={value}"})
    assert answer.status_code == 200
    assert "since you last looked" not in answer.text
