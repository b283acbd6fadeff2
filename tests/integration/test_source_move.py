"""A Source moves: its history, its secrets, what a running check may still write, and under what it is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.errors import RefusedError
from watcher.model.capture import Outcome, Trigger
from watcher.model.change import ChangeKind
from watcher.model.source import Credentials, SourceState
from watcher.pipeline import notify, register
from watcher.pipeline.addresses import address_history, holders_of, move_source
from watcher.pipeline.import_history import DatedItem, import_items
from watcher.pipeline.rebuild import rebuild_database
from watcher.pipeline.release import release_held
from watcher.pipeline.schedule import claim_due, claim_now
from watcher.pipeline.watch import archive, fetch, record
from watcher.store import changes, sources, versions
from watcher.store.audit import list_audit
from watcher.store.database import create_database, open_database
from watcher.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
TEXT = (
    "<html><body><main><p>Kazakhstan has not joined the Mine Ban Treaty and keeps its stockpile of mines.</p>"
    "<p>The moratorium on exports of anti-personnel mines remains in force since 1997.</p></main></body></html>"
)
OTHER = (
    "<html><body><main><p>Welcome to our new portal! Book trains, hotels and guided tours online today.</p>"
    "<p>Subscribe for weather, football results and recipes every morning.</p></main></body></html>"
)
TAGGED = {"Content-Type": "text/html", "ETag": '"old"', "Last-Modified": "Sun, 03 May 2026 09:00:00 GMT"}


@pytest.fixture
def client(bench: Any) -> Iterator[TestClient]:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as client:
        yield client


def moved(bench: Any, path: str = "/new", *, text: str = TEXT, because: str = "new web site") -> str:
    """A Source with a first Version, moved to a path that shows a text; returns the new address."""
    bench.register("kaz", bench.site.put("/old", TEXT, headers=TAGGED))
    bench.check("kaz")
    bench.clock.advance(days=1)
    new = str(bench.site.put(path, text))
    move_source(bench.rooms, "kaz", new, user="ana", because=because)
    return new


def source_row(bench: Any) -> Any:
    with bench.rooms.database.reading() as connection:
        return sources.get_source_row(connection, "kaz")


def told_changes(bench: Any) -> list[Any]:
    with bench.rooms.database.reading() as connection:
        return changes.list_changes(connection, source_id="kaz")


def test_a_moved_source_is_compared_with_its_old_page_and_asked_without_its_validators(bench: Any) -> None:
    new = moved(bench, text=TEXT.replace("has not joined", "has joined"))
    checked = bench.check("kaz")
    path, headers = bench.site.requests[-1]
    assert new.endswith(path)
    assert not {"If-None-Match", "If-Modified-Since"} & set(headers)
    (change,) = told_changes(bench)
    assert (change.kind, checked.recorded.change) == (ChangeKind.CONTENT, change)


def test_another_document_at_the_new_address_is_held_until_a_person_takes_it(bench: Any) -> None:
    moved(bench, text=OTHER)
    held = bench.check("kaz").recorded
    assert held.version.error_code == "held_other_document"
    assert "/new shows another text than" in held.version.error
    assert told_changes(bench) == []
    bench.site.put("/new", OTHER.replace("football", "chess"))
    assert bench.check("kaz").recorded.version.is_held
    release_held(bench.rooms, "kaz", user="ana")
    bench.site.put("/new", TEXT)
    assert bench.check("kaz").recorded.version.error_code == ""


def test_the_same_page_of_one_address_may_change_all_its_words(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/old", TEXT))
    bench.check("kaz")
    bench.site.put("/old", OTHER)
    assert bench.check("kaz").recorded.change.kind is ChangeKind.CONTENT


def test_history_that_was_imported_from_elsewhere_holds_no_first_check(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", OTHER))
    then = DatedItem(
        captured_at=datetime(2001, 1, 1, tzinfo=UTC),
        payload=TEXT.encode(),
        media_type="text/html",
        charset="utf-8",
        url="http://archive.example/2001/kaz",
        origin="kaz.jsonl line 1",
    )
    list(import_items(bench.rooms, "kaz", [then], user="ana"))
    assert bench.check("kaz").recorded.version.error_code == ""


def test_the_robots_of_the_new_origin_are_asked_anew(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/old", TEXT))
    bench.check("kaz")
    assert claim_now(bench.rooms, "kaz").robots is not None
    bench.clock.advance(days=1)
    move_source(bench.rooms, "kaz", f"http://127.0.0.2:{bench.site.port}/new", user="ana")
    assert claim_now(bench.rooms, "kaz").robots is None
    bench.clock.advance(days=1)
    move_source(bench.rooms, "kaz", bench.site.put("/new", TEXT), user="ana")
    bench.site.put("/robots.txt", "User-agent: *\nDisallow: /new\n", headers={"Content-Type": "text/plain"})
    assert bench.check("kaz").recorded.capture.outcome is Outcome.ROBOTS_DISALLOWED


def test_secrets_are_not_taken_along_to_another_origin(bench: Any) -> None:
    origin = f"http://127.0.0.1:{bench.site.port}"
    bench.register("kaz", bench.site.put("/old", TEXT), credentials=Credentials(origin=origin, basic_auth="env:X"))
    size = bench.rooms.archive.size()
    with pytest.raises(RefusedError, match=r"the credentials are for .*, the address is at https://evil\.example"):
        move_source(bench.rooms, "kaz", "https://evil.example/kaz", user="ana")
    assert source_row(bench).host == "127.0.0.1"
    assert bench.rooms.archive.size() == size


def test_a_move_that_means_nothing_is_refused(bench: Any) -> None:
    url = bench.site.put("/old", TEXT)
    bench.register("kaz", url)
    with pytest.raises(RefusedError, match="already"):
        move_source(bench.rooms, "kaz", url, user="ana")
    with pytest.raises(RefusedError, match="only http and https"):
        move_source(bench.rooms, "kaz", "file:///etc/passwd", user="ana")


def test_a_check_that_runs_while_its_source_moves_leaves_nothing_of_the_old_page(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/old", TEXT, headers=TAGGED))
    bench.check("kaz")
    bench.clock.advance(hours=7)
    bench.site.put("/old", TEXT.replace("1997", "1998"), headers={**TAGGED, "ETag": '"newer"'})
    (claim,) = claim_due(bench.rooms, limit=5)
    running = fetch(bench.rooms, bench.fetcher, claim, trigger=Trigger.SLOT)
    move_source(bench.rooms, "kaz", bench.site.put("/new", TEXT), user="ana")
    (late,) = record(bench.rooms, archive(bench.rooms, [running]))
    assert (late.recorded.version, late.recorded.change) == (None, None)
    row = source_row(bench)
    assert (row.etag, row.last_modified, row.lease_until) == (None, None, None)
    assert claim_now(bench.rooms, "kaz").etag is None


def test_a_new_rule_during_a_check_does_not_swallow_the_change_that_it_found(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/old", TEXT))
    bench.check("kaz")
    bench.site.put("/old", TEXT.replace("has not joined", "has joined"))
    claim = claim_now(bench.rooms, "kaz")
    running = fetch(bench.rooms, bench.fetcher, claim, trigger=Trigger.MANUAL)
    bench.clock.advance(minutes=1)
    faster = replace(claim.source.definition, every_seconds=3600)
    register.apply_plan(bench.rooms, register.plan_sources(bench.rooms, [("kaz", faster, False)]), user="ana")
    (late,) = record(bench.rooms, archive(bench.rooms, [running]))
    assert late.recorded.change is None
    change = bench.check("kaz").recorded.change
    assert change is not None
    assert change.kind is ChangeKind.CONTENT


def test_the_history_has_each_address_with_dates_reasons_and_names(bench: Any) -> None:
    new = moved(bench)
    bench.clock.advance(days=1)
    with bench.rooms.database.reading() as connection:
        definition = sources.get_source(connection, "kaz").definition
    steps = register.plan_sources(bench.rooms, [("kaz", replace(definition, every_seconds=3600), False)])
    register.apply_plan(bench.rooms, steps, user="ana")
    with bench.rooms.database.reading() as connection:
        now, before = address_history(connection, "kaz")
    assert (now.url, now.because, now.user, now.until) == (new, "new web site", "ana", None)
    assert (before.url, before.because, before.until) == (bench.site.url("/old"), "registered", now.since)


def test_a_source_is_found_under_every_address_in_any_spelling(bench: Any) -> None:
    new = moved(bench)
    bench.register("second", bench.site.url("/old"))
    with bench.rooms.database.reading() as connection:
        old = holders_of(connection, bench.site.url("/old").replace("http", "HTTP") + "#part")
        assert [(one.source.source_id, one.has_it_now) for one in old] == [("second", True), ("kaz", False)]
        assert [one.source.source_id for one in holders_of(connection, new)] == ["kaz"]
        assert [one.source.source_id for one in holders_of(connection, new.partition("://")[2])] == ["kaz"]
        assert holders_of(connection, bench.site.url("/elsewhere")) == []


def test_time_gate_and_time_map_find_a_moved_source_under_both_addresses(client: TestClient, bench: Any) -> None:
    new = moved(bench, text=TEXT.replace("1997", "1998"))
    bench.check("kaz")
    for url in (bench.site.url("/old"), new):
        listed = client.get(f"/timemap/json/{url}").json()["mementos"]["list"]
        assert [one["source_id"] for one in listed] == ["kaz"]
        assert client.get(f"/timegate/{url}", follow_redirects=False).status_code == 302
    assert len(client.get("/timemap/json/kaz").json()["mementos"]["list"]) == 2


def test_the_page_of_a_source_shows_its_addresses_and_the_list_finds_it_by_each(client: TestClient, bench: Any) -> None:
    new = moved(bench, because="<b>new</b> site")
    text = client.get("/sources/kaz").text
    assert bench.site.url("/old") in text
    assert "&lt;b&gt;new&lt;/b&gt; site" in text
    for url in (bench.site.url("/old"), new):
        found = client.get("/sources", params={"find": url}).text
        assert 'href="/sources/kaz"' in found
    assert 'href="/sources/kaz"' not in client.get("/sources", params={"find": "nothing like it"}).text


def test_an_address_that_moved_for_good_is_proposed_with_the_exact_command(client: TestClient, bench: Any) -> None:
    bench.subscribe()
    new = bench.site.put("/new?a=1&b=2", TEXT)
    bench.register("kaz", bench.site.put("/old", b"", status=301, headers={"Location": new}))
    for _ in range(3):
        bench.check("kaz")
    assert f"watcher source move kaz &#39;{new.replace('&', '&amp;')}&#39;" in client.get("/sources/kaz").text
    assert "watcher source move kaz" in client.get("/").text
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert "watcher source move kaz" in " ".join(composed.message.text.split())
    move_source(bench.rooms, "kaz", new, user="ana")
    assert "watcher source move" not in client.get("/sources/kaz").text


def test_a_paused_source_stays_paused_where_it_moves(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/old", TEXT))
    register.pause_source(bench.rooms, "kaz", user="ana")
    bench.clock.advance(days=1)
    after = move_source(bench.rooms, "kaz", bench.site.url("/new"), user="ana")
    assert (after.state, after.next_check_at) == (SourceState.PAUSED, None)


def test_pausing_twice_is_one_act(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/old", TEXT))
    for _ in range(2):
        register.pause_source(bench.rooms, "kaz", user="ana")
    with bench.rooms.database.reading() as connection:
        assert [entry.action for entry in list_audit(connection, target="kaz")] == ["source.pause", "source.add"]


def test_a_rebuilt_database_knows_the_addresses_and_writes_no_validator_of_the_old_page(
    bench: Any, tmp_path: Path
) -> None:
    bench.register("kaz", bench.site.put("/old", TEXT, headers=TAGGED))
    first = bench.check("kaz").recorded.capture
    claim = claim_now(bench.rooms, "kaz")
    bench.site.put("/old", OTHER, headers=TAGGED)
    running = fetch(bench.rooms, bench.fetcher, claim, trigger=Trigger.MANUAL)
    bench.clock.advance(minutes=1)
    new = bench.site.put("/new", TEXT)
    move_source(bench.rooms, "kaz", new, user="ana", because="new web site")
    record(bench.rooms, archive(bench.rooms, [running]))
    url = f"sqlite:///{tmp_path / 'again.db'}"
    create_database(url)
    again = replace(bench.rooms, database=open_database(url))
    for _ in rebuild_database(again):
        pass
    with again.database.reading() as connection:
        now, before = address_history(connection, "kaz")
        row = sources.get_source_row(connection, "kaz")
        assert [version.sequence for version in versions.list_versions(connection, "kaz")] == [first.sequence]
    again.database.close()
    assert (now.url, now.because, before.url) == (new, "new web site", bench.site.url("/old"))
    assert row.etag is None


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("WATCHER_CONFIG", str(ROOT / "config"))
    monkeypatch.setenv("WATCHER_FETCH__INTRANET", "127.0.0.0/8")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def call(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "watcher", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )

    return call


def test_move_history_and_find_on_the_command_line(run: Any, site: Any) -> None:
    old, new = site.put("/old", TEXT), site.put("/new", TEXT)
    run("source", "add", old, "--id", "kaz")
    assert run("source", "move", "kaz").returncode == 2
    done = run("source", "move", "kaz", new, "--because", "new web site")
    assert f"moved kaz from {old} to {new}" in done.stdout, done.stderr
    assert "new web site" in run("source", "history", "kaz").stdout
    assert [one["url"] for one in json.loads(run("source", "history", "kaz", "--json").stdout)] == [new, old]
    assert "the Source kaz had this address" in run("source", "find", old).stdout
    absent = run("source", "find", site.url("/absent"))
    assert (absent.returncode, absent.stderr.count("\n")) == (1, 1)
    again = run("source", "add", old, "--id", "kaz-two")
    assert "note: the Source kaz had this address" in again.stderr
    assert "kaz is paused already" in (run("source", "pause", "kaz"), run("source", "pause", "kaz"))[1].stdout
