"""watcher verify and watcher key as a person meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WATCHER = Path(sys.executable).with_name("watcher")
PAGE = "<html><title>Kazakhstan</title><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run the command in an empty folder with the project's configuration."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
    environment["WATCHER_CONFIG"] = str(ROOT / "config")
    environment["WATCHER_FETCH__INTRANET"] = "127.0.0.0/8"

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [WATCHER, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def test_verify_says_what_it_proved_and_what_is_wrong(run: Any, site: Any, tmp_path: Path) -> None:
    run("source", "add", site.put("/kaz", PAGE), "--id", "kaz")
    run("check", "kaz")
    clean = run("verify")
    assert (clean.returncode, "nothing is wrong" in clean.stdout) == (0, True), clean.stdout + clean.stderr
    assert clean.stdout.count("proof against") == 3
    assert "\x1b" not in clean.stdout + clean.stderr
    payload = next((tmp_path / "snapshots" / "payloads").rglob("*.zst"))
    payload.rename(tmp_path / "aside.zst")
    found = run("verify")
    assert found.returncode == 1
    assert "payload_missing (1)" in found.stdout
    assert "do: restore the file from a backup" in found.stdout
    told = json.loads(run("verify", "--json", "--level", "quick").stdout)
    assert (told["counts"], told["exit_code"], told["recorded"]) == ({"payload_missing": 1}, 1, True)
    (tmp_path / "aside.zst").rename(payload)
    records = (tmp_path / "snapshots" / "ledger" / "0000000000.jsonl").read_text().splitlines()
    assert [json.loads(line)["type"] for line in records][-3:] == ["verification"] * 3


def test_a_deleted_row_is_found_before_the_next_start_gives_it_back(run: Any, site: Any, tmp_path: Path) -> None:
    import sqlite3

    run("source", "add", site.put("/kaz", PAGE), "--id", "kaz")
    run("check", "kaz")
    connection = sqlite3.connect(tmp_path / "data" / "watcher.db")
    connection.execute("DELETE FROM captures")
    connection.commit()
    connection.close()
    assert "row_missing (1)" in run("verify").stdout


def test_a_damaged_database_is_not_checked_and_the_rest_is(run: Any, tmp_path: Path) -> None:
    run("init")
    database = tmp_path / "data" / "watcher.db"
    database.write_bytes(database.read_bytes()[:5000])
    told = run("verify")
    assert told.returncode == 2
    assert "not checked: rows:" in told.stderr
    assert "ledger    1 records" in told.stdout


def test_a_note_kept_elsewhere_finds_what_was_cut_off(run: Any, site: Any, tmp_path: Path) -> None:
    run("source", "add", site.put("/kaz", PAGE), "--id", "kaz")
    assert run("key", "rotate").returncode == 0
    note = max((tmp_path / "snapshots" / "checkpoints").glob("*.note"))
    (tmp_path / "kept.txt").write_text(
        "Dear all,\n\n" + "".join(f"> {line}\n" for line in note.read_text().splitlines())
    )
    vkeys = run("key", "show").stdout.split()
    assert len(vkeys) == 2
    assert run("verify", "--against", "kept.txt", "--key", vkeys[0]).returncode == 0
    ledger = tmp_path / "snapshots" / "ledger" / "0000000000.jsonl"
    ledger.write_bytes(ledger.read_bytes().split(b"\n")[0] + b"\n")
    found = run("verify", "--against", "kept.txt")
    assert found.returncode == 1
    assert "the note of --against: covers 3 records, the ledger has 1" in found.stdout
    assert run("verify", "--against", str(ROOT / "README.md")).returncode == 2


def test_a_run_that_stopped_is_resumed_with_its_sample_and_its_findings(run: Any, tmp_path: Path) -> None:
    run("init")
    state = tmp_path / "data" / "verify.json"
    finding = {"code": "payload_missing", "target": "payload aa", "message": "payload aa is missing."}
    state.write_text(
        json.dumps({"level": "full", "seed": "drawn", "share": 0.5, "after": "aa" * 32, "found": [finding]})
    )
    told = json.loads(run("verify", "--resume", "--json").stdout)
    assert (told["seed"], told["share"], told["counts"]) == ("drawn", 0.5, {"payload_missing": 1})
    assert not state.exists()
    state.write_text("[]")
    assert "begin anew" in run("verify", "--resume").stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--sample", "0%"), "--sample '0%'"),
        (("--key", "x+y"), "--key is no key"),
        (("--resume",), "nothing to resume"),
        (("--against", "absent.note"), "absent.note"),
    ],
)
def test_a_wrong_option_of_verify_is_named(run: Any, arguments: tuple[str, ...], told: str) -> None:
    run("init")
    refused = run("verify", *arguments)
    assert refused.returncode == 2
    assert told in refused.stderr


def test_without_its_key_an_archive_is_read_by_verify_alone(run: Any, tmp_path: Path) -> None:
    run("init")
    key = tmp_path / "data" / "archive.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.rename(tmp_path / "aside.key")
    refused = run("status")
    assert refused.returncode == 3
    assert "data/archive.key is missing" in refused.stderr
    assert "watcher key rotate --lost" in refused.stderr
    told = run("verify")
    assert told.returncode == 0
    assert "note      the private key is not at data/archive.key" in told.stdout
    assert not key.exists()
