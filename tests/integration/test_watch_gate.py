"""A page that is not the document is archived and held: nobody is told that a text went; a person can release it."""

from __future__ import annotations

from typing import Any

import pytest

from watcher.errors import NotFoundError
from watcher.model.capture import Outcome
from watcher.model.change import ChangeKind
from watcher.model.subscription import Cadence, SubscriptionFilter
from watcher.pipeline import notify, register
from watcher.pipeline.release import release_held
from watcher.store import changes, sources, versions

SENTENCE = "Kazakhstan has not joined the Mine Ban Treaty, and its position on that was set out in {} as well. "
PAGE = "<html><head><title>Country page</title></head><body><h1>Kazakhstan</h1>{}</body></html>"
LONG = PAGE.format("".join(f"<p>{SENTENCE.format(year)}</p>" for year in range(1997, 2027)))
SHORT = PAGE.format("<p>Kazakhstan has joined the Mine Ban Treaty.</p>")
WALL = """<html><head><title>Just a moment...</title></head><body><div class="main-wrapper">
<h1>records.example.org</h1><p>Checking if the site connection is secure</p>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></div></body></html>"""
LOGIN = """<html><head><title>Sign in</title></head><body><form><label>User name <input name=u></label>
<label>Password <input type="password" name=p></label><button>Sign in</button></form></body></html>"""


def _held(bench: Any) -> list[Any]:
    with bench.rooms.database.reading() as connection:
        return versions.held_versions(connection)


@pytest.mark.parametrize("body", [WALL, LOGIN], ids=["053 bot wall", "054 login page"])
def test_catalogue_053_054_a_wall_is_held_and_the_baseline_stays(bench: Any, body: str) -> None:
    bench.register("kaz", bench.site.put("/kaz", LONG))
    first = bench.check("kaz").recorded.version
    bench.site.put("/kaz", body)
    for _ in range(3):
        recorded = bench.check("kaz").recorded
        assert recorded.change is None
    (held,) = _held(bench)
    assert held.is_held
    assert bench.rooms.archive.get_payload(held.payload_sha256) == body.encode()
    with bench.rooms.database.reading() as connection:
        assert sources.get_baseline_id(connection, "kaz") == first.version_id
        assert changes.list_changes(connection) == []
    bench.site.put("/kaz", LONG)
    assert bench.check("kaz").recorded.change is None
    assert _held(bench) == []


def test_a_wall_at_the_first_check_is_no_first_version(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", WALL))
    assert bench.check("kaz").recorded.version.is_held
    bench.site.put("/kaz", LONG)
    recorded = bench.check("kaz").recorded
    assert recorded.first
    assert not recorded.version.is_held


def test_catalogue_056_a_text_that_shrinks_is_believed_after_a_second_read(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", LONG))
    bench.check("kaz")
    bench.site.put("/kaz", SHORT)
    checked = bench.check("kaz")
    assert checked.recorded.version.is_held
    assert checked.recorded.change is None
    assert (checked.next_check_at - bench.clock()).total_seconds() > 600
    with bench.rooms.database.reading() as connection:
        soon = sources.get_source(connection, "kaz").next_check_at
    assert (soon - bench.clock()).total_seconds() == 600
    again = bench.check("kaz", after_seconds=600).recorded
    assert again.capture.outcome is Outcome.SAME
    assert again.change.kind is ChangeKind.CONTENT
    assert again.change.alert
    assert _held(bench) == []
    assert bench.check("kaz").recorded.change is None


def test_a_short_text_that_was_gone_at_the_second_read_is_never_told(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", LONG))
    bench.check("kaz")
    bench.site.put("/kaz", SHORT)
    bench.check("kaz")
    bench.site.put("/kaz", LONG)
    assert bench.check("kaz", after_seconds=600).recorded.change is None
    with bench.rooms.database.reading() as connection:
        assert changes.list_changes(connection) == []


def test_a_person_releases_what_is_held_and_the_act_is_audited(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", LONG))
    bench.check("kaz")
    with pytest.raises(NotFoundError, match="nothing is held"):
        release_held(bench.rooms, "kaz", user="auditor")
    bench.site.put("/kaz", SHORT)
    held = bench.check("kaz").recorded.version
    change = release_held(bench.rooms, "kaz", user="auditor")
    assert change is not None
    assert change.to_version_id == held.version_id
    assert change.alert
    with bench.rooms.database.reading() as connection:
        assert sources.get_baseline_id(connection, "kaz") == held.version_id
        assert versions.positions_of_version(connection, held.version_id)
    acts = [record.body["action"] for record in bench.rooms.archive.records() if record.type == "audit"]
    assert acts[-1] == "version.release"
    assert bench.check("kaz").recorded.change is None


def test_a_digest_says_which_sources_answered_with_something_else(bench: Any) -> None:
    register.add_subscription(
        bench.rooms,
        subscription_id="desk",
        recipient="desk@example.org",
        wanted=SubscriptionFilter(),
        cadence=Cadence.DAILY,
        user="test",
    )
    bench.register("kaz", bench.site.put("/kaz", WALL))
    bench.check("kaz")
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert [reach.source.source_id for reach in composed.digest.held] == ["kaz"]
    text = " ".join(composed.message.text.split())
    assert "1 answered with something else than the document" in text
    assert "held until a person looks" in text
    assert "held until a person looks" in composed.message.html
