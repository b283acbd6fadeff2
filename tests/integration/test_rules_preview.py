"""The preview of rules: what they keep and leave out, from the archive alone; and the commands about rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from watcher.cli.main import cli
from watcher.errors import ConfigError, NotFoundError
from watcher.model.document import ExtractRules
from watcher.pipeline.preview import preview_rules, with_rules
from watcher.pipeline.watch import Checked
from watcher.store import captures, changes, sources, versions
from watcher.web.app import create_app

PAGE = """<html><head><title>Kazakhstan</title></head><body><p class=date>Seen {count} times.</p>
<main><h1>Kazakhstan</h1><p>Kazakhstan {vote} resolution 61/84 on the Mine Ban Treaty. Page {count} of 900.</p></main>
<p>&lt;script&gt;alert(1)&lt;/script&gt;</p></body></html>"""


def _page(count: int, vote: str = "abstained in the vote on") -> str:
    return PAGE.format(count=count, vote=vote)


@pytest.fixture
def watched(bench: Any) -> list[Checked]:
    """Four checks: two in which only counters went on, and one with another vote."""
    bench.register("kaz", bench.site.put("/kaz", _page(1)))
    checked = [bench.check("kaz")]
    for body in (_page(2), _page(3, "voted in favour of"), _page(4, "voted in favour of")):
        bench.site.put("/kaz", body)
        checked.append(bench.check("kaz"))
    return checked


@pytest.fixture
def client(bench: Any) -> Iterator[TestClient]:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as client:
        yield client


QUIET = ExtractRules(remove=("//p[@class='date']", ".ad"), remove_text=(r"Page \d+ of \d+\.",))


def test_a_preview_marks_what_is_kept_and_what_is_left_out(bench: Any, watched: list[Checked]) -> None:
    found = preview_rules(bench.rooms, "kaz", QUIET)
    assert found.capture.sequence == watched[-1].recorded.capture.sequence
    assert [one.block.text for one in found.blocks if one.left_out] == ["Seen 4 times."]
    (partly,) = [one for one in found.blocks if one.words]
    assert "".join(edit.text for edit in partly.words if edit.op == "deleted").strip() == "Page 4 of 900."
    counted = {match.pattern: (match.matches, match.blocks, match.found, match.tried) for match in found.matches}
    assert counted == {
        "//p[@class='date']": (1, 1, 4, 4),
        ".ad": (0, 0, 0, 4),
        r"Page \d+ of \d+\.": (1, 1, 4, 4),
    }


def test_a_preview_says_which_of_the_last_changes_would_vanish(bench: Any, watched: list[Checked]) -> None:
    found = preview_rules(bench.rooms, "kaz", QUIET)
    of_vote = watched[2].recorded.change.change_id  # type: ignore[union-attr]
    told = {change.change_id: (change.told_then, change.told) for change in found.changes}
    assert told[of_vote] == (True, True)
    others = [change for change in found.changes if change.change_id != of_vote]
    assert others
    assert all(change.would_be == "no Change" and not change.told for change in others)


def test_a_preview_writes_and_fetches_nothing(bench: Any, watched: list[Checked]) -> None:
    assert watched
    asked, size = len(bench.site.requests), bench.rooms.archive.size()
    with bench.rooms.database.reading() as connection:
        before = versions.list_versions(connection, "kaz"), changes.list_changes(connection)
    preview_rules(bench.rooms, "kaz", QUIET)
    with bench.rooms.database.reading() as connection:
        assert (versions.list_versions(connection, "kaz"), changes.list_changes(connection)) == before
    assert (len(bench.site.requests), bench.rooms.archive.size()) == (asked, size)


def test_a_preview_reads_an_earlier_capture_or_moment(bench: Any, watched: list[Checked]) -> None:
    first = watched[0].recorded.capture
    by_number = preview_rules(bench.rooms, "kaz", ExtractRules(select=("main",)), sequence=first.sequence)
    by_date = preview_rules(bench.rooms, "kaz", ExtractRules(select=("main",)), as_of=first.captured_at)
    assert by_number.capture == by_date.capture
    assert any("Page 1 of 900" in one.block.text for one in by_date.blocks)
    with pytest.raises(NotFoundError, match="there is no Snapshot of Source 'kaz' from"):
        preview_rules(bench.rooms, "kaz", ExtractRules(), as_of=first.captured_at.replace(year=2000))


def test_rules_that_read_nothing_say_which_rule(bench: Any, watched: list[Checked]) -> None:
    assert watched
    found = preview_rules(bench.rooms, "kaz", ExtractRules(select=("#no",), remove_text=("Seen",)))
    assert found.problem == "the select rule '#no' matched nothing"
    assert all(one.left_out for one in found.blocks)
    assert {match.pattern: match.matches for match in found.matches} == {"#no": 0, "Seen": 1}


def test_a_preview_that_takes_too_long_says_what_it_left(bench: Any, watched: list[Checked]) -> None:
    assert watched
    times = iter([0.0, 1.0, 2.0, *[99.0] * 50])
    found = preview_rules(bench.rooms, "kaz", QUIET, seconds=10, timer=lambda: next(times))
    assert found.unfinished.startswith("stopped after 10 s: only 2 of 4 Snapshots and 0 of ")


def test_rules_that_are_not_given_stay_and_a_blank_one_clears(bench: Any) -> None:
    definition = bench.register("kaz", bench.site.put("/kaz", _page(1)), select=("main",), remove=(".ad",)).definition
    wanted = with_rules(definition, {"select": (), "remove": ("",), "remove_text": ("x+",)})
    assert (wanted.select, wanted.remove, wanted.remove_text) == (("main",), (), ("x+",))
    with pytest.raises(ConfigError, match="21 rules; the limit is 20"):
        with_rules(definition, {"remove": tuple(f".a{number}" for number in range(21))})


def test_the_page_previews_rules_of_its_form_and_escapes_what_it_shows(
    bench: Any, watched: list[Checked], client: TestClient
) -> None:
    assert watched
    size = bench.rooms.archive.size()
    answer = client.get("/sources/kaz/preview", params={"remove": ".date\n.ad", "remove_text": r"Page \d+ of \d+\."})
    assert answer.status_code == 200
    assert "left out: </span><del>Seen 4 times.</del>" in answer.text
    assert "4 of the last 4" in answer.text
    assert "<strong>no longer</strong>" in answer.text or "no Change" in answer.text
    assert "<script>" not in answer.text
    assert bench.rooms.archive.size() == size


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ({"select": "//p[document('x')]"}, 400, "the function document() is not allowed"),
        ({"remove_text": r"(a)\1"}, 400, "back-references"),
        ({"select": "p" * 600}, 400, "the limit is 500"),
        ({"capture": "../1"}, 400, "is no number of a Capture"),
        ({"capture": "99999"}, 404, "99999"),
    ],
)
def test_the_page_refuses_hostile_rules_in_words(
    watched: list[Checked], client: TestClient, asked: dict[str, str], status: int, told: str
) -> None:
    assert watched
    answer = client.get("/sources/kaz/preview", params=asked)
    assert answer.status_code == status
    assert told in answer.text


def test_the_page_of_a_version_shows_what_its_rules_hide(bench: Any, client: TestClient) -> None:
    bench.register(
        "kaz", bench.site.put("/kaz", _page(7)), remove_blocks=("^Seen",), remove_text=(r"Page \d+ of \d+\.",)
    )
    version = bench.check("kaz").recorded.version
    shown = client.get(f"/versions/{version.version_id}").text
    assert "2 passages left out by rules" in shown
    assert "<del>Seen 7 times.</del>" in shown
    assert "<del>Page 7 of 900.</del>" in shown
    assert "^Seen" in client.get("/sources/kaz").text


@pytest.fixture
def run(tmp_path: Path, bench: Any) -> Any:
    """The commands on an instance of their own, with one checked Source."""
    config = tmp_path / "house"
    config.mkdir()
    (config / "indicators").symlink_to(Path(__file__).resolve().parents[2] / "config" / "indicators")
    port = bench.site.port
    (config / "watcher.yaml").write_text(
        f"archive:\n  path: {tmp_path}/own\n  key: {tmp_path}/own.key\nstore:\n  url: sqlite:///{tmp_path}/own.db\n"
        f"fetch:\n  intranet: [127.0.0.0/8]\n  ports: [{port}]\n  gap_seconds: 0\n"
    )

    def call(*words: str) -> Any:
        return CliRunner().invoke(cli, ["--config", str(config), *words])

    assert call("source", "add", bench.site.put("/kaz", _page(1)), "--id", "kaz", "--subject", "KAZ").exit_code == 0
    assert call("check", "kaz").exit_code == 0
    return call


def test_edit_preview_upgrade_and_definitions_at_the_console(run: Any) -> None:
    preview = run("source", "preview", "kaz", "--remove", ".date", "--remove-text", r"Page \d+ of \d+\.")
    assert preview.exit_code == 0, preview.output
    assert "- Seen 1 times." in preview.output
    assert "[- Page 1 of 900.-]" in preview.output
    assert "remove .date: matched 1 here (Blocks: 1), and in 1 of the last 1 Snapshots" in preview.output
    dry = run("source", "edit", "kaz", "--remove", ".date", "--dry-run")
    assert "remove: none → .date" in dry.output
    assert "dry run" in dry.output
    refused = run("source", "edit", "kaz", "--select", "//p[doc('x')]", "--yes")
    assert (refused.exit_code, "the function doc() is not allowed" in str(refused.exception)) == (1, True)
    done = run("source", "edit", "kaz", "--remove", ".date", "--every", "1h", "--yes")
    assert done.exit_code == 0, done.output
    assert "watcher upgrade kaz" in done.output
    assert "to do     kaz" in run("upgrade", "--dry-run").output
    upgraded = run("upgrade")
    assert "1 read again, 0 failed, 0 still to do" in upgraded.output
    assert "nothing to do" in run("upgrade", "kaz").output
    dated = run("source", "definitions", "kaz").output
    assert re.search(r"1\. from .* until ", dated)
    assert re.search(r"2\. from .* in force", dated)
    assert "every: 6h → 1h" in dated
    assert "remove: none → .date" in dated
    assert "nothing to change" in run("source", "edit", "kaz", "--every", "1h").output


def test_an_upgrade_that_fails_ends_with_1_and_names_the_preview(run: Any) -> None:
    assert run("source", "edit", "kaz", "--select", "#no", "--yes").exit_code == 0
    failed = run("upgrade")
    assert failed.exit_code == 1
    assert "the old reading stays: the select rule '#no' matched nothing" in failed.output
    assert "watcher source preview" in failed.output


def test_the_rules_of_a_new_source_are_given_at_the_console(run: Any, bench: Any) -> None:
    assert bench.site.port
    added = run("source", "add", bench.site.url("/x"), "--id", "x", "--keep-blocks", "Mine", "--remove-blocks", "^Ad")
    assert added.exit_code == 0
    dated = run("source", "definitions", "x").output
    assert "keep_blocks: Mine" in dated
    assert "remove_blocks: ^Ad" in dated


def test_definitions_and_captures_keep_their_dates(bench: Any, watched: list[Checked]) -> None:
    with bench.rooms.database.reading() as connection:
        (dated,) = sources.list_definitions(connection, "kaz")
        seen = captures.list_captures(connection, "kaz")
    assert dated[1] is None
    assert {capture.definition_sha256 for capture in seen} == {dated[2].digest_sha256}
    assert len(seen) == len(watched)
