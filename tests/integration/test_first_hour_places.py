"""Where an instance is made: both places are tried first, half an instance is finished, a locked one is told apart."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from watcher.archive import create_archive
from watcher.cli.main import cli
from watcher.errors import ConfigError, StoreError

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command in an empty folder with the project's configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHER_CONFIG", str(ROOT / "config"))

    def called(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(cli, list(arguments), env=environment)

    return called


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """A folder in which nobody, not even root, may write; skipped where the file system cannot do that."""
    done = subprocess.run(["chattr", "-R", "+i", str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no folder can be made immutable here")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-R", "-i", str(folder)], capture_output=True, check=True)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("WATCHER_ARCHIVE__PATH", "/proc/evidence", "archive.path: /proc/evidence cannot be made"),
        ("WATCHER_ARCHIVE__PATH", "a-file", "a-file cannot be made (Not a directory)"),
        ("WATCHER_STORE__URL", "sqlite:////proc/x/watcher.db", "store.url: /proc/x cannot be made"),
        ("WATCHER_STORE__URL", "sqlite:///a-file/watcher.db", "a-file cannot be made (Not a directory)"),
        ("WATCHER_ARCHIVE__KEY", "/proc/keys/archive.key", "archive.key: /proc/keys cannot be made"),
    ],
)
def test_a_place_that_cannot_be_made_is_named_and_nothing_is_made_anywhere(
    run: Run, tmp_path: Path, variable: str, value: str, told: str
) -> None:
    (tmp_path / "a-file").touch()
    result = run("init", **{variable: value})
    assert isinstance(result.exception, ConfigError)
    assert told in str(result.exception)
    assert str(result.exception).endswith("Nothing was created.")
    assert [one.name for one in tmp_path.iterdir()] == ["a-file"]
    assert run("init").exit_code == 0


def test_a_folder_that_may_not_be_written_is_told_before_anything_is_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with frozen(tmp_path / "data"):
        result = run("init")
        assert "data may not be written (Operation not permitted). Nothing was created." in str(result.exception)
    assert [one.name for one in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("url", ["nonsense", "oracledb://desk:secret@host/x", "sqlite://", "sqlite:///:memory:"])
def test_a_store_url_that_is_no_address_is_told_without_its_password(run: Run, tmp_path: Path, url: str) -> None:
    result = run("init", WATCHER_STORE__URL=url)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith("store.url")
    assert "secret" not in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_init_finishes_an_archive_in_which_nothing_was_recorded(run: Run, tmp_path: Path) -> None:
    create_archive(tmp_path / "snapshots", origin="watcher.local/archive")
    assert run("init").exit_code == 0
    assert run("source", "list").exit_code == 0


def test_an_archive_with_records_never_gets_a_fresh_database(run: Run, tmp_path: Path) -> None:
    run("source", "add", "https://example.org/kaz", "--no-look")
    (tmp_path / "data" / "watcher.db").unlink()
    result = run("init")
    assert isinstance(result.exception, StoreError)
    assert "its database data/watcher.db is missing" in str(result.exception)
    assert not (tmp_path / "data" / "watcher.db").exists()


@pytest.mark.parametrize(("folder", "subject"), [("snapshots", "archive"), ("data", "database")])
def test_the_doctor_finds_a_folder_in_which_nothing_may_be_written(
    run: Run, tmp_path: Path, folder: str, subject: str
) -> None:
    run("init")
    with frozen(tmp_path / folder):
        result = run("doctor")
    assert result.exit_code == 1
    assert f"bad   writing the {subject}: {folder} may not be written by this user" in result.output
    again = run("doctor").output
    assert f"fine  writing the {subject}: {folder} may be written" in again
    assert "bad" not in again


def test_a_database_that_may_only_be_read_is_not_sent_to_a_backup(run: Run, tmp_path: Path) -> None:
    run("init")
    with frozen(tmp_path / "data"):
        problem: Any = run("source", "list").exception
    assert isinstance(problem, StoreError)
    assert "data may not be written by this user" in str(problem)
    assert "Nothing needs to be restored" in str(problem)
