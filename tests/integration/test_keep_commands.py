"""backup, restore, rebuild, payload, hold and retention as a person meets them."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from watcher.cli.main import cli
from watcher.errors import ArchiveError, DeletedError, RefusedError, StoreError

ROOT = Path(__file__).resolve().parents[2]
PAGE = "<html><title>Kazakhstan</title><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command in an empty folder with the project's configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHER_CONFIG", str(ROOT / "config"))
    monkeypatch.setenv("WATCHER_FETCH__INTRANET", "127.0.0.0/8")

    def call(*arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(cli, ["--config", os.environ["WATCHER_CONFIG"], *arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def started(run: Any, site: Any) -> None:
    run("source", "add", site.put("/kaz", PAGE), "--id", "kaz", "--subject", "Kazakhstan")
    assert run("check", "kaz").exit_code == 0


def test_a_lost_database_is_refused_with_the_command_that_makes_it_again(run: Any, site: Any, tmp_path: Path) -> None:
    started(run, site)
    for path in (tmp_path / "data").glob("watcher.db*"):
        path.unlink()
    with pytest.raises(StoreError, match="watcher rebuild"):
        run("status")
    rebuilt = run("rebuild")
    assert "rebuilt: 1 sources, 1 captures, 1 versions, 1 audit" in rebuilt.stdout
    assert "add the Subscriptions again" in rebuilt.stdout
    assert "the same bytes as last time" in run("check", "kaz").stdout
    with pytest.raises(StoreError, match="is not empty"):
        run("rebuild")


def test_a_backup_restores_to_a_folder_that_works(run: Any, site: Any, tmp_path: Path, monkeypatch: Any) -> None:
    started(run, site)
    made = json.loads(run("backup", "out/copy.tar.zst", "--with-key", "--json").stdout)
    with (tmp_path / "snapshots" / "ledger" / "0000000000.jsonl").open() as ledger:
        assert made["ledger_size"] == len(list(ledger))
    restored = run("restore", "out/copy.tar.zst", "--to", "elsewhere")
    assert f"restored to elsewhere: {made['ledger_size']} records" in restored.stdout
    assert "private key" not in restored.stdout
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("WATCHER_CONFIG", "config")
    assert "the same bytes as last time" in run("check", "kaz").stdout
    assert Path("config/indicators/mine_action.yaml").exists()


def test_a_restore_without_the_key_says_that_it_is_needed_and_where_it_belongs(
    run: Any, site: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    started(run, site)
    run("backup", "out/copy.tar.zst")
    restored = run("restore", "out/copy.tar.zst", "--to", "elsewhere")
    *_, missing, first, _, lost, following = restored.stdout.splitlines()
    assert missing.startswith("the private key of the archive is not in this backup")
    assert "to elsewhere/data/archive.key" in first
    assert lost.endswith("cd elsewhere && watcher --config config key rotate --lost")
    assert following == "next: cd elsewhere && watcher --config config status"
    key = (tmp_path / "data" / "archive.key").read_bytes()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("WATCHER_CONFIG", "config")
    with pytest.raises(ArchiveError, match=r"private key data/archive\.key is missing"):
        run("status")
    Path("data/archive.key").write_bytes(key)
    Path("data/archive.key").chmod(0o600)
    assert run("status").exit_code == 0


def test_the_json_of_a_restore_says_of_the_key_what_the_text_says(run: Any, site: Any, tmp_path: Path) -> None:
    started(run, site)
    run("backup", "out/without.tar.zst")
    run("backup", "out/with.tar.zst", "--with-key")
    told = json.loads(run("restore", "out/without.tar.zst", "--to", "without", "--json").stdout)
    printed = run("restore", "out/without.tar.zst", "--to", "again").stdout.replace("again", "without")
    (public,) = (tmp_path / "snapshots" / "keys").glob("*.vkey")
    assert told["signing_key"] == {
        "file": "without/data/archive.key",
        "missing": True,
        "public_keys": [public.read_text().strip()],
    }
    assert told["to_do"]
    for line in (*told["to_do"], f"next: {told['next']}"):
        assert line in printed
    kept = json.loads(run("restore", "out/with.tar.zst", "--to", "with", "--json").stdout)
    assert (kept["signing_key"]["missing"], kept["to_do"]) == (False, [])


def test_a_payload_is_deleted_only_when_the_question_is_answered(run: Any, site: Any, tmp_path: Path) -> None:
    started(run, site)
    with closing(sqlite3.connect(tmp_path / "data" / "watcher.db")) as connection:
        (digest,) = connection.execute("SELECT payload_sha256 FROM snapshots").fetchone()
    asked = run("payload", "delete", digest, "--reason", "a court order", stdin="n\n")
    assert "1 Captures of kaz name these bytes" in asked.stdout
    assert asked.exit_code == 1
    run("hold", "set", "kaz", "--reason", "the inquiry")
    assert "the inquiry" in run("hold", "list").stdout
    with pytest.raises(RefusedError, match="legal hold"):
        run("payload", "delete", digest, "--reason", "a court order", "--yes")
    run("hold", "lift", "kaz", "--reason", "it ended")
    assert "deleted; the tombstone is" in run("payload", "delete", digest, "--reason", "a court order", "--yes").stdout
    with pytest.raises(DeletedError, match="because: a court order"):
        run("payload", "delete", digest, "--reason", "a court order", "--yes")


def test_retention_shows_first_and_deletes_only_when_asked(run: Any, site: Any, monkeypatch: Any) -> None:
    started(run, site)
    site.put("/kaz", "under repair", status=503)
    assert run("check", "kaz").exit_code == 1
    with pytest.raises(RefusedError, match="no retention rule is set"):
        run("retention", "--apply")
    monkeypatch.setenv("WATCHER_RETENTION__PARTIAL_DAYS", "1")
    assert "0 would go" in run("retention").stdout
    assert json.loads(run("retention", "--apply", "--yes", "--json").stdout) == {"expired": [], "deleted": 0}
