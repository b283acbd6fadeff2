"""A page that is not the document is archived and held: nobody is told that a text went; a person can release it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from watcher.errors import NotFoundError
from watcher.fetch import FetchRequest
from watcher.model.capture import FetchResult, Outcome, Trigger
from watcher.model.change import ChangeKind
from watcher.pipeline import notify, register
from watcher.pipeline.ports import FetchDoor
from watcher.pipeline.record import Recorded
from watcher.pipeline.release import release_held
from watcher.pipeline.schedule import claim_now
from watcher.pipeline.watch import check
from watcher.store import changes, schema, sources, versions

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
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", WALL))
    bench.check("kaz")
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert [reach.source.source_id for reach in composed.digest.held] == ["kaz"]
    text = " ".join(composed.message.text.split())
    assert "1 answered with something else than the document" in text
    assert "held until a person looks" in text
    assert "held until a person looks" in composed.message.html


WITHOUT_TEXT = {
    "only white space": (" \n", "the payload is empty"),
    "blank page": (PAGE.format("").replace("<h1>Kazakhstan</h1>", ""), "the page has no visible text"),
    "only noscript": (
        "<html><body><noscript>Please enable JavaScript.</noscript><script src=/a.js></script></body></html>",
        "it seems to be written by JavaScript: set `browser: true` for this Source",
    ),
    "application": (
        "<html><body><div id=root></div><script src=/a.js></script></body></html>",
        "it seems to be written by JavaScript: set `browser: true` for this Source",
    ),
    "frames": (
        "<html><frameset cols='20%,*'><frame src=menu.html><frame src=text.html></frameset></html>",
        "the page only holds frames: watch ",
    ),
}


@pytest.mark.parametrize("name", WITHOUT_TEXT)
@pytest.mark.parametrize("known", [True, False], ids=["after a text", "at first"])
def test_055_a_page_without_text_is_held_and_says_what_to_do(bench: Any, name: str, known: bool) -> None:
    body, advice = WITHOUT_TEXT[name]
    bench.register("kaz", bench.site.put("/kaz", LONG if known else body))
    baseline = bench.check("kaz").recorded.version.version_id if known else None
    bench.site.put("/kaz", body)
    for _ in range(2):
        assert bench.check("kaz").recorded.change is None
    (held,) = _held(bench)
    assert held.error_code == "held_no_text"
    assert advice in held.error
    with bench.rooms.database.reading() as connection:
        assert sources.get_baseline_id(connection, "kaz") == baseline
    bench.site.put("/kaz", LONG)
    assert bench.check("kaz").recorded.change is None
    assert _held(bench) == []


def test_what_is_held_without_text_cannot_be_released_and_says_why(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", WITHOUT_TEXT["application"][0]))
    bench.check("kaz")
    with pytest.raises(NotFoundError, match="no text to release: the page holds scripts"):
        release_held(bench.rooms, "kaz", user="auditor")


def test_a_page_of_frames_names_their_addresses(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/old/kaz.html", WITHOUT_TEXT["frames"][0]))
    assert f"{bench.site.url('/old/text.html')} instead" in bench.check("kaz").recorded.version.error


def test_a_source_that_is_read_with_a_browser_is_not_told_to_set_it(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", WITHOUT_TEXT["application"][0]), browser=True)
    error = bench.check("kaz").recorded.version.error
    assert "the page holds scripts" in error
    assert "browser" not in error


def test_a_wall_without_text_is_told_as_a_wall(bench: Any) -> None:
    body = (
        "<html><head><title>Just a moment...</title><script>window._cf_chl_opt={}</script></head><body></body></html>"
    )
    bench.register("kaz", bench.site.put("/kaz", LONG))
    bench.check("kaz")
    bench.site.put("/kaz", body)
    assert bench.check("kaz").recorded.version.error_code == "held_bot_wall"


def test_a_payload_that_cannot_be_read_keeps_its_own_code(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz.pdf", b"%PDF-1.7 nothing", headers={"Content-Type": "application/pdf"}))
    version = bench.check("kaz").recorded.version
    assert version.error_code == "damaged"
    assert not version.is_held


OLD_SHAPE = LONG.replace("<body>", "<body><p>Ministry of Foreign Affairs</p><main>").replace(
    "</body>", "</main></body>"
)
NEW_SHAPE = OLD_SHAPE.replace("<main>", "<div id=text>").replace("</main>", "</div>")


def test_080_a_selector_that_matches_nothing_is_a_changed_structure_and_no_removal(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", OLD_SHAPE), select=("main",))
    first = bench.check("kaz").recorded.version
    bench.site.put("/kaz", NEW_SHAPE)
    for _ in range(3):
        assert bench.check("kaz").recorded.change is None
    (held,) = _held(bench)
    assert held.error_code == "held_structure_changed"
    assert "structure changed: the select rule 'main' matched nothing" in held.error
    with bench.rooms.database.reading() as connection:
        assert sources.get_baseline_id(connection, "kaz") == first.version_id
        assert changes.list_changes(connection) == []


def test_080_a_selected_part_that_is_empty_is_a_changed_structure(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", OLD_SHAPE), select=("main",))
    bench.check("kaz")
    bench.site.put("/kaz", NEW_SHAPE.replace("<body>", "<body><main></main>"))
    assert bench.check("kaz").recorded.version.error_code == "held_structure_changed"


def test_080_a_selector_that_never_matched_blames_the_rule(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", NEW_SHAPE), select=("main",))
    version = bench.check("kaz").recorded.version
    assert version.error_code == "held_structure_changed"
    assert version.error.startswith("the select rule 'main' matched nothing")
    assert "correct the rules" in version.error


def test_080_a_wall_in_which_a_selector_matches_nothing_is_a_wall(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", OLD_SHAPE), select=("main",))
    bench.check("kaz")
    bench.site.put("/kaz", LOGIN)
    assert bench.check("kaz").recorded.version.error_code == "held_login"


def test_080_a_corrected_selector_reads_the_held_bytes_at_the_next_check(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", OLD_SHAPE), select=("main",))
    bench.check("kaz")
    bench.site.put("/kaz", NEW_SHAPE)
    assert bench.check("kaz").recorded.version.is_held
    with bench.rooms.database.reading() as connection:
        definition = sources.get_source(connection, "kaz").definition
    wanted = [("kaz", replace(definition, select=("#text",)), False)]
    register.apply_plan(bench.rooms, register.plan_sources(bench.rooms, wanted), user="test")
    recorded = bench.check("kaz").recorded
    assert recorded.capture.outcome is Outcome.SAME
    assert recorded.change is None
    assert not recorded.version.is_held
    assert _held(bench) == []
    with bench.rooms.database.reading() as connection:
        assert sources.get_baseline_id(connection, "kaz") == recorded.version.version_id
    again = bench.check("kaz").recorded
    assert (again.version, again.change) == (None, None)


@pytest.mark.parametrize("known", [True, False], ids=["after a text", "at first"])
def test_027_a_redirect_page_is_held_with_its_target_and_not_followed(bench: Any, known: bool) -> None:
    stub = "<html><head><meta http-equiv=refresh content='0;url=/new/kaz'></head><body><p>Moved.</p></body></html>"
    bench.register("kaz", bench.site.put("/kaz", LONG if known else stub))
    bench.check("kaz")
    bench.site.put("/kaz", stub)
    bench.check("kaz")
    (held,) = _held(bench)
    assert held.error_code == "held_redirect_stub"
    assert f"looks like a redirect page to {bench.site.url('/new/kaz')}" in held.error
    assert "/new/kaz" not in [path for path, _ in bench.site.requests]


def test_an_error_page_with_status_200_is_held(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", LONG))
    bench.check("kaz")
    bench.site.put("/kaz", PAGE.format("<p>Fatal error: Uncaught Error: Call to a member function in /srv/a.php</p>"))
    assert bench.check("kaz").recorded.version.error_code == "held_server_error"


CUT = LONG[: len(LONG) * 2 // 3]


class Unframed:
    """A door to servers that end their answers by closing the connection."""

    def __init__(self, door: FetchDoor) -> None:
        self._door = door

    def fetch(self, request: FetchRequest) -> FetchResult:
        return replace(self._door.fetch(request), framed=False)


def _check_unframed(bench: Any, *, after_seconds: float = 3600.0) -> Recorded:
    bench.clock.advance(seconds=after_seconds)
    door = Unframed(bench.fetcher)
    return check(bench.rooms, door, claim_now(bench.rooms, "kaz"), trigger=Trigger.MANUAL).recorded


def test_040_a_loss_at_the_end_of_an_unframed_body_is_told_after_two_equal_reads(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", LONG))
    assert not _check_unframed(bench).version.is_held
    bench.site.put("/kaz", CUT)
    first = _check_unframed(bench)
    assert first.version.error_code == "held_cut_short"
    assert first.change is None
    again = _check_unframed(bench, after_seconds=600)
    assert again.change.kind is ChangeKind.CONTENT
    assert _held(bench) == []


def test_040_a_cut_body_that_was_whole_at_the_second_read_is_never_told(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", LONG))
    _check_unframed(bench)
    for _ in range(3):
        bench.site.put("/kaz", CUT)
        assert _check_unframed(bench).version.is_held
        bench.site.put("/kaz", LONG)
        assert _check_unframed(bench, after_seconds=600).change is None
    with bench.rooms.database.reading() as connection:
        assert changes.list_changes(connection) == []


def test_040_the_same_loss_in_a_body_of_known_length_is_told_at_once(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", LONG))
    bench.check("kaz")
    bench.site.put("/kaz", CUT)
    assert bench.check("kaz").recorded.change.kind is ChangeKind.CONTENT


def test_040_a_held_body_is_asked_for_in_full_the_second_time(bench: Any) -> None:
    tagged = {"Content-Type": "text/html", "ETag": '"1"'}
    bench.register("kaz", bench.site.put("/kaz", LONG, headers=tagged))
    _check_unframed(bench)
    bench.site.put("/kaz", CUT, headers=tagged)
    _check_unframed(bench)
    assert "If-None-Match" in bench.site.requests[-1][1]
    _check_unframed(bench, after_seconds=600)
    assert "If-None-Match" not in bench.site.requests[-1][1]


def test_040_not_modified_confirms_no_body_that_may_have_been_cut(bench: Any) -> None:
    tagged = {"Content-Type": "text/html", "ETag": '"2"'}
    bench.register("kaz", bench.site.put("/kaz", LONG))
    _check_unframed(bench)
    bench.site.put("/kaz", CUT, headers=tagged)
    _check_unframed(bench)
    assert _check_unframed(bench, after_seconds=60).capture.outcome is Outcome.SAME
    _remember(bench, etag='"2"')
    bench.site.put("/kaz", b"", status=304)
    recorded = _check_unframed(bench, after_seconds=600)
    assert recorded.capture.outcome is Outcome.NOT_MODIFIED
    assert recorded.change is None
    assert [version.error_code for version in _held(bench)] == ["held_cut_short"]


OLD_DAY, DAY = "Thu, 01 Jan 2026 00:00:00 GMT", "Fri, 01 May 2026 00:00:00 GMT"
HTML = {"Content-Type": "text/html"}


def _remember(bench: Any, **validators: str) -> None:
    """Give the Source validators that it was left with by an answer of before."""
    with bench.rooms.database.writing() as connection:
        connection.execute(schema.sources.update().values(**validators))


def _asked_conditionally(bench: Any) -> bool:
    return not {"If-None-Match", "If-Modified-Since"}.isdisjoint(bench.site.requests[-1][1])


@pytest.mark.parametrize("redirected", [True, False], ids=["at another address", "at its own address"])
def test_054_the_page_after_a_login_page_is_read_in_full_and_not_taken_for_it(bench: Any, redirected: bool) -> None:
    dated, older = {**HTML, "Last-Modified": DAY}, {**HTML, "Last-Modified": OLD_DAY}
    bench.register("kaz", bench.site.put("/kaz", LONG, headers=older))
    page = bench.check("kaz").recorded.capture
    if redirected:
        bench.site.put("/login.html", LOGIN, headers=dated)
        bench.site.put("/kaz", b"", status=302, headers={"Location": "/login.html"})
    else:
        bench.site.put("/kaz", LOGIN, headers=dated)
    for outcome in (Outcome.NEW, Outcome.SAME, Outcome.SAME):
        recorded = bench.check("kaz").recorded
        assert recorded.capture.outcome is outcome
    assert not _asked_conditionally(bench)
    bench.site.put("/kaz", LONG, headers=older)
    back = bench.check("kaz").recorded
    assert not _asked_conditionally(bench)
    assert back.capture.payload_sha256 == page.payload_sha256
    assert back.change is None
    assert _held(bench) == []
    bench.check("kaz")
    assert bench.site.requests[-1][1]["If-Modified-Since"] == OLD_DAY


def test_054_what_a_login_page_left_behind_is_asked_about_once_more_at_the_most(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", LOGIN))
    bench.check("kaz")
    _remember(bench, last_modified=DAY)
    bench.site.put("/kaz", b"", status=304)
    assert bench.check("kaz").recorded.capture.outcome is Outcome.NOT_MODIFIED
    bench.site.put("/kaz", LONG)
    recorded = bench.check("kaz").recorded
    assert not _asked_conditionally(bench)
    assert not recorded.version.is_held


def test_a_released_page_is_asked_about_with_its_own_validators_again(bench: Any) -> None:
    tagged = {**HTML, "ETag": '"short"'}
    bench.register("kaz", bench.site.put("/kaz", LONG))
    bench.check("kaz")
    bench.site.put("/kaz", SHORT, headers=tagged)
    assert bench.check("kaz").recorded.version.is_held
    release_held(bench.rooms, "kaz", user="auditor")
    bench.check("kaz")
    assert not _asked_conditionally(bench)
    bench.check("kaz")
    assert bench.site.requests[-1][1]["If-None-Match"] == '"short"'


def test_a_page_at_another_address_leaves_no_validators(bench: Any) -> None:
    bench.site.put("/new", LONG, headers={**HTML, "ETag": '"new"', "Last-Modified": DAY})
    bench.register("kaz", bench.site.put("/kaz", b"", status=302, headers={"Location": "/new"}))
    assert not bench.check("kaz").recorded.version.is_held
    bench.check("kaz")
    assert not _asked_conditionally(bench)


SHORT_DOCUMENTS = {
    "decree": PAGE.format("<p>The moratorium on the export of anti-personnel mines is extended until 2027.</p>"),
    "treaty table": PAGE.format(
        "<table><tr><th>Participant<th>Ratification<tr><td>Kazakhstan<td><tr><td>Norway<td>9 Jul 1998</table>"
    ),
    "Arabic": "<html><title>بيان</title><body><p>تؤكد وزارة الخارجية التزامها بالاتفاقية.</p></body></html>",
    "Chinese": "<html><title>声明</title><body><p>外交部重申支持该公约的宗旨。</p></body></html>",
}


@pytest.mark.parametrize("name", SHORT_DOCUMENTS)
def test_a_short_document_becomes_the_first_version(bench: Any, name: str) -> None:
    headers = {"Content-Type": "text/html; charset=utf-8"}
    bench.register("kaz", bench.site.put("/kaz", SHORT_DOCUMENTS[name], headers=headers))
    recorded = bench.check("kaz").recorded
    assert recorded.first
    assert not recorded.version.is_held
    assert recorded.version.document is not None
