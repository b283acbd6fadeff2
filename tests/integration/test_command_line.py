"""The command line as a person meets it: what it prints, how it fails, which exit code it gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from watcher.errors import ConfigError
from watcher.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
WATCHER = Path(sys.executable).with_name("watcher")
PAGE = "<html><title>Kazakhstan</title><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run the command in an empty folder with the project's configuration."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
    environment["WATCHER_CONFIG"] = str(ROOT / "config")
    environment["WATCHER_FETCH__INTRANET"] = "127.0.0.0/8"

    def call(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [WATCHER, *arguments],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def test_the_whole_path_from_registering_to_the_second_check(run: Any, site: Any) -> None:
    url = site.put("/kaz", PAGE)
    added = run("source", "add", url, "--id", "kaz", "--subject", "Kazakhstan", "--title", "Country page: Kazakhstan")
    assert added.returncode == 0
    assert "a new instance is made here" in added.stderr
    first = run("check", "kaz")
    assert first.returncode == 0, first.stderr
    assert "Country page: Kazakhstan" in first.stdout
    assert "This is the first Version" in first.stdout
    assert "the same bytes as last time" in run("check", "kaz").stdout
    site.put("/kaz", PAGE.replace("has not joined", "has joined"))
    changed = run("check", "kaz")
    assert "Kazakhstan: treaty status not party → state party (critical)" in changed.stdout
    site.put("/kaz", b"", status=500)
    failed = run("check", "kaz")
    assert failed.returncode == 1
    assert "The server was reached, but did not give the page" in failed.stdout
    assert "500 Internal Server Error" in failed.stdout
    listed = json.loads(run("source", "list", "--json").stdout)
    assert [(one["source_id"], one["failures_in_a_row"], one["captures"]) for one in listed] == [("kaz", 1, 4)]
    assert "the page was not given: kaz (http error, once)" in run("status").stdout
    shown = run("source", "show", "kaz").stdout
    assert "content  critical" in shown


def test_an_address_that_is_not_http_is_refused_by_name_and_nothing_is_made(run: Any, tmp_path: Path) -> None:
    refused = run("source", "add", "file:///etc/passwd")
    assert refused.returncode == 2
    assert "file:///etc/passwd" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_does_not_exist_is_named(run: Any) -> None:
    assert "no instance yet" in run("check", "kaz").stderr
    run("init")
    missing = run("check", "kaz")
    assert (missing.returncode, "no Source is named 'kaz'" in missing.stderr) == (1, True)


SOURCES = "sources:\n  a:\n    url: https://example.org/a\n  b:\n    url: https://example.org/b\n"


def test_apply_shows_its_plan_and_a_dry_run_changes_nothing(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(SOURCES)
    dry = run("source", "apply", str(file), "--dry-run")
    assert "2 to add, 0 to change, 0 unchanged" in dry.stdout
    assert json.loads(run("source", "list", "--json").stdout) == []
    assert "applied" in run("source", "apply", str(file), "--yes").stdout
    assert "0 to add, 0 to change, 2 unchanged" in run("source", "apply", str(file)).stdout
    file.write_text(SOURCES.replace("/a\n", "/a2\n"))
    refused = run("source", "apply", str(file), stdin="n\n")
    assert refused.returncode == 130
    assert "applied" not in refused.stdout
    file.write_text(SOURCES.replace("/b\n", "/b2\n    every: 1d\n"))
    changed = run("source", "apply", str(file), "--yes").stdout
    assert "1 to change" in changed
    assert "url: https://example.org/b → https://example.org/b2" in changed
    assert "every_seconds: 21600 → 86400" in changed


def test_a_misspelled_key_applies_nothing(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(SOURCES + "    tilte: B\n")
    wrong = run("source", "apply", str(file))
    assert wrong.returncode == 2
    assert f"{file}:6: unknown key 'tilte'; did you mean 'title'?" in wrong.stderr
    assert not (tmp_path / "data").exists()


def test_catalogue_091_one_bad_source_is_named_and_the_others_are_applied(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(SOURCES.replace("https://example.org/b", "gopher://example.org/b"))
    applied = run("source", "apply", str(file), "--yes")
    assert applied.returncode == 1
    assert "bad     b" in applied.stderr
    assert "gopher" in applied.stderr
    assert [one["source_id"] for one in json.loads(run("source", "list", "--json").stdout)] == ["a"]


def test_peer_39_a_damaged_database_is_never_replaced_by_a_fresh_one(run: Any, tmp_path: Path) -> None:
    run("init")
    database = tmp_path / "data" / "watcher.db"
    database.write_bytes(database.read_bytes()[:5000])
    before = database.read_bytes()
    for command in (
        ("init",),
        ("serve", "--port", "1"),
        ("source", "add", "https://example.org/", "--no-look"),
        ("status",),
    ):
        refused = run(*command)
        assert refused.returncode == 3
        assert "watcher.db" in refused.stderr
        assert "left as it is" in refused.stderr
    assert database.read_bytes() == before


def test_an_archive_without_its_database_is_not_started_over(run: Any, tmp_path: Path) -> None:
    run("init")
    run("source", "add", "https://example.org/", "--no-look")
    for file in (tmp_path / "data").iterdir():
        file.unlink()
    refused = run("source", "add", "https://example.org/2", "--no-look")
    assert refused.returncode == 3
    assert "No fresh one was made" in refused.stderr
    assert list((tmp_path / "data").iterdir()) == []


def test_a_database_without_its_archive_is_not_started_over(run: Any, tmp_path: Path) -> None:
    run("init")
    (tmp_path / "snapshots").rename(tmp_path / "elsewhere")
    refused = run("status")
    assert refused.returncode == 3
    assert "its archive" in refused.stderr
    assert not (tmp_path / "snapshots").exists()


def test_without_accounts_the_page_is_served_on_loopback_only(run: Any) -> None:
    refused = run("serve", "--host", "0.0.0.0")
    assert refused.returncode == 2
    assert "loopback only" in refused.stderr


def test_json_lines_are_answered_each_and_a_bad_one_says_so(run: Any) -> None:
    items = [
        {"id": "one", "text": "Kazakhstan has not joined the Mine Ban Treaty.", "subject": "KAZ"},
        {"id": "two"},
        {"id": "three", "text": "", "subject": ""},
    ]
    answered = run("positions", "--jsonl", stdin="\n".join([*map(json.dumps, items), "no json"]))
    assert answered.returncode == 0, answered.stderr
    one, two, three, four = map(json.loads, answered.stdout.splitlines())
    assert [(p["indicator"], p["stance"]) for p in one["positions"]] == [("treaty_status", "not_party")]
    assert (two["id"], two["error"]["code"]) == ("two", "config")
    assert three == {"id": "three", "positions": []}
    assert four["error"]["code"] == "bad_item"


def test_two_files_are_compared_in_words_and_as_json(run: Any, tmp_path: Path) -> None:
    page = "Kazakhstan {} on the Mine Ban Treaty."
    (tmp_path / "old.txt").write_text(page.format("abstained in the vote on resolution 61/84"))
    (tmp_path / "new.txt").write_text(page.format("voted in favour of resolution 62/41"))
    told = run("compare", "old.txt", "new.txt", "--subject", "KAZ").stdout
    assert "Kazakhstan: vote abstain → yes (critical)" in told
    assert "[-abstained-]{+voted+} in [-the vote on-]{+favour of+} resolution" in told
    facts = json.loads(run("compare", "old.txt", "new.txt", "--subject", "KAZ", "--json").stdout)
    assert next((step["indicator"], step["old"], step["new"]) for step in facts["position_changes"]) == (
        "vote",
        "abstain",
        "yes",
    )
    told = run("positions", "Kazakhstan has not joined the Mine Ban Treaty.", "--subject", "KAZ").stdout
    assert told.startswith("Kazakhstan: treaty status not party\n")


def test_replay_tells_a_change_once_and_stays_quiet_while_it_flips(run: Any) -> None:
    texts = [
        "The office is open on 3 May.",
        "The office is open on 4 June.",
        *["The office is open on 3 May.", "The office is open on 4 June."] * 2,
    ]
    items = [{"id": n, "captured_at": f"2026-01-0{n + 1}", "text": text} for n, text in enumerate(texts)]
    lines = run("replay", "--jsonl", stdin="\n".join(map(json.dumps, items))).stdout.splitlines()
    answers = [json.loads(line) for line in lines]
    assert [answer["kind"] for answer in answers] == [
        "first",
        "content",
        "reverted",
        "flapping",
        "flapping",
        "flapping",
    ]
    assert [answer["alert"] for answer in answers][3:] == [False, False, False]


def test_extract_names_what_it_cannot_read(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some words.")
    items = [{"id": 1, "path": str(tmp_path / "a.txt")}, {"id": 2, "path": str(tmp_path / "absent.pdf")}]
    lines = run("extract", "--jsonl", stdin="\n".join(map(json.dumps, items))).stdout.splitlines()
    one, two = map(json.loads, lines)
    assert (one["text"], one["error"]) == ("Some words.", None)
    assert two["error"]["code"] == "unreadable"


def test_sending_without_a_mail_server_changes_nothing(run: Any) -> None:
    run("subscription", "add", "desk@example.org", "--cadence", "weekly")
    before = run("subscription", "list").stdout
    refused = run("digest", "send", "desk-example-org")
    assert refused.returncode == 2
    assert "nothing was composed or sent" in refused.stderr
    assert run("subscription", "list").stdout == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("source", "add", "https://example.org/", "--instrument", "FOO"), "'FOO' is no treaty"),
        (("source", "add", "https://example.org/", "--subject", "Atlantis"), "'Atlantis' is no State"),
        (("subscription", "add", "a@example.org", "--instrument", "FOO"), "'FOO' is no treaty"),
        (("--config", "absent/config", "status"), "there is no configuration folder"),
        (("serve", "--port", "0"), "--port"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_option_is_named_and_nothing_is_done(
    run: Any, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    refused = run(*arguments)
    assert refused.returncode == 2
    assert told in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_configuration_folder_is_said_with_the_ways_to_name_one_and_a_new_one_that_works(
    run: Any, tmp_path: Path
) -> None:
    refused = run("--config", "my own/config", "positions", "--pack", "mine_action", "Chad has joined.")
    assert refused.returncode == 2
    for way in ("`watcher --config FOLDER …`", "environment variable WATCHER_CONFIG", "./config"):
        assert way in refused.stderr
    assert "which WATCHER_CONFIG names" not in refused.stderr
    commands = refused.stderr.partition("For a new one: ")[2].strip()
    folder = Path(WATCHER).parent
    path = {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    made = subprocess.run(
        ["/bin/sh", "-c", commands], cwd=tmp_path, env=path, capture_output=True, timeout=60, check=False
    )
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "my own" / "config" / "indicators" / "mine_action.yaml").is_file()
    assert (tmp_path / "snapshots").is_dir()


def test_a_missing_configuration_folder_that_the_environment_names_is_said_to_be_of_it() -> None:
    with pytest.raises(ConfigError, match="no configuration folder absent, which WATCHER_CONFIG names"):
        load_settings(Path("absent/watcher.yaml"), {"WATCHER_CONFIG": "absent"})


def test_a_port_in_use_is_named_before_anything_is_checked(run: Any, tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = run("serve", "--port", str(taken.getsockname()[1]))
    assert refused.returncode == 2
    assert "Choose another port" in refused.stderr
    assert "scheduler started" not in refused.stdout + refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_shows_examples_and_an_unknown_command_is_named(run: Any) -> None:
    assert "Examples:" in run("--help").stdout
    unknown = run("chekc")
    assert unknown.returncode == 2
    assert "chekc" in unknown.stderr


def test_catalogue_129_control_characters_of_a_server_do_not_reach_the_terminal(run: Any, site: Any) -> None:
    run("source", "add", site.put("/kaz", b"", status=302, headers={"Location": "x:\x1b[31mred"}), "--id", "kaz")
    printed = run("check", "kaz").stdout
    assert "\x1b" not in printed
