"""Collections and files of Sources on the command line, as an administrator meets them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATES = ("Austria", "Chad", "Germany", "Kazakhstan", "Peru", "Serbia", "Viet Nam", "Yemen", "Zambia")
REST = "".join(f"<p>Part {n} of the page speaks of stockpiles, training and assistance.</p>" for n in range(8))


def page(*states: str) -> str:
    links = "".join(f'<li><a href="/docs/{state[:4]}.html">Response of {state}, 2025</a></li>' for state in states)
    return f"<html><title>Responses</title><body><h1>Responses</h1>{REST}<ul>{links}</ul></body></html>"


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run the command in an empty folder, with a configuration whose Sources a test writes."""
    config = tmp_path / "config"
    (config / "sources").mkdir(parents=True)
    (config / "indicators").symlink_to(ROOT / "config" / "indicators")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
    environment["WATCHER_CONFIG"] = str(config)
    environment["WATCHER_FETCH__INTRANET"] = "127.0.0.0/8"

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "watcher", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    call.config = config  # type: ignore[attr-defined]
    return call


def test_adding_a_list_proposes_the_collection_and_the_proposal_works(run: Any, site: Any) -> None:
    url = site.put("/list", page(*STATES))
    added = run("source", "add", url, "--id", "resp")
    assert "This page lists 9 documents (9 names of States)" in added.stdout
    proposed = next(line for line in added.stdout.splitlines() if "--collection" in line)
    assert "watcher source retire resp" in added.stdout
    again = run(*shlex.split(proposed)[1:])
    assert again.returncode == 0, again.stderr
    assert "The rules take 9 documents of 9 States" in again.stdout
    checked = run("check", "resp-list")
    assert "The list shows 9 documents; 9 new Sources were registered." in checked.stdout
    facts = json.loads(run("source", "show", "resp-list", "--json").stdout)
    assert facts["documents"][0] == "9 listed"
    assert any("resp-list-kaz-2025" in line for line in facts["documents"])
    assert "its 9 documents go on being checked" in run("source", "retire", "resp-list").stdout


def test_a_page_that_is_no_list_proposes_nothing_and_no_look_asks_nothing(run: Any, site: Any) -> None:
    url = site.put("/kaz", f"<html><title>Kazakhstan</title><body>{REST}</body></html>")
    assert "lists" not in run("source", "add", url, "--id", "kaz").stdout
    site.requests.clear()
    assert run("source", "add", url, "--id", "kaz-2", "--no-look").returncode == 0
    assert site.requests == []


def test_a_page_that_does_not_answer_is_registered_all_the_same(run: Any, site: Any) -> None:
    added = run("source", "add", site.url("/absent"), "--id", "absent")
    assert (added.returncode, added.stderr.count("Traceback")) == (0, 0)
    assert "registered absent" in added.stdout


def test_rules_that_cannot_be_used_are_refused_before_anything_is_made(run: Any, tmp_path: Path) -> None:
    refused = run("source", "add", "http://127.0.0.1:9/list", "--collection", "--link-pattern", "(")
    assert refused.returncode == 2
    assert "no pattern that RE2 reads" in refused.stderr
    bare = run("source", "add", "http://127.0.0.1:9/list", "--collection")
    assert "needs link_pattern or title_pattern" in bare.stderr
    assert not (tmp_path / "data").exists()


def test_apply_shows_a_table_as_one_line_and_counts_what_is_disabled(run: Any, site: Any) -> None:
    for slug in ("kazakhstan", "peru", "chad"):
        site.put(f"/profile/{slug}", f"<html><title>{slug}</title><body><h1>{slug}</h1>{REST}</body></html>")
    text = f"""sources:
  profile:
    url: "{site.url("/profile/{slug}")}"
    for_each: {{KAZ: kazakhstan, PER: peru, TCD: chad}}
    disabled: true
  gone:
    url: {site.url("/gone")}
    disabled: true
  plain:
    url: "{site.url("/plain/{slug}")}"
    for_each: all_states
"""
    (run.config / "sources" / "all.yaml").write_text(text)
    applied = run("source", "apply", str(run.config / "sources"), "--yes")
    assert "add     plain-…  (197 Sources, plain-afg the first)" in applied.stdout
    assert "197 to add, 0 to change, 0 unchanged" in applied.stdout
    assert "4 disabled (2 entries)" in applied.stdout
    assert "watcher source enable profile" in applied.stdout
    assert run("source", "show", "profile-kaz").returncode == 1
    failed = run("source", "enable", "gone", "profile", "--pause", "0", "--yes")
    assert failed.returncode == 1
    assert "cannot be watched: gone: " in failed.stderr
    assert "3 to add" in failed.stdout
    assert run("source", "show", "profile-kaz").returncode == 0
    kept = run("source", "apply", str(run.config / "sources"), "--yes")
    assert "200 unchanged" in kept.stdout
    assert "1 disabled (1 entry)" in kept.stdout


def test_source_test_knows_entries_of_the_files_by_name(run: Any, site: Any) -> None:
    url = site.put("/list", page(*STATES))
    head = f"sources:\n  resp:\n    url: {url}\n    disabled: true\n    collection:\n"
    text = head + "      link_pattern: {}\n      subject_from: link_text\n"
    (run.config / "sources" / "all.yaml").write_text(text.format(r"\.html$"))
    tried = run("source", "test", "resp", "--pause", "0")
    assert tried.returncode == 0, tried.stderr
    assert "The rules take 9 documents of 9 States. The first: “Response of Austria, 2025”" in tried.stdout
    (run.config / "sources" / "all.yaml").write_text(text.format(r"\.pdf$"))
    nothing = run("source", "test", "resp", "--pause", "0")
    assert nothing.returncode == 1
    assert "match none of its links" in nothing.stdout
    unknown = run("source", "test", "absent")
    assert "no entry of" in unknown.stderr
