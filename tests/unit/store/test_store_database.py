"""The database is created whole, opened only when it is readable, and never replaced."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from watcher.errors import StoreError
from watcher.store import database
from watcher.store.database import create_database, migrate_database, open_database
from watcher.store.schema import SCHEMA, metadata


def _url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_the_migrated_schema_is_the_declared_one(tmp_path: Path) -> None:
    create_database(_url(tmp_path / "a.db"))
    engine = create_engine(_url(tmp_path / "a.db"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_schema_number_is_the_newest_migration() -> None:
    versions = (Path(__file__).resolve().parents[3] / "watcher/store/migrations/versions").glob("[0-9]*.py")
    assert max(path.name.split("_")[0] for path in versions) == SCHEMA


def test_evidence_is_written_with_full_synchronisation_and_foreign_keys(tmp_path: Path) -> None:
    create_database(_url(tmp_path / "a.db"))
    database = open_database(_url(tmp_path / "a.db"))
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()


@pytest.mark.parametrize("share", [step / 20 for step in range(20)])
def test_peer_39_a_truncated_database_is_refused_and_left_as_it_is(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.db"
    create_database(_url(path))
    whole = path.read_bytes()
    cut = whole[: int(len(whole) * share)]
    path.write_bytes(cut)
    with pytest.raises(StoreError) as caught:
        open_database(_url(path)).close()
    assert str(path) in str(caught.value)
    assert "left as it is" in str(caught.value)
    assert path.read_bytes() == cut


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"these are somebody's notes\n" * 500)
    with pytest.raises(StoreError, match="left as it is"):
        open_database(_url(path))
    assert path.read_bytes().startswith(b"these are")


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match="not a database of watcher"):
        open_database(_url(path))


@pytest.mark.parametrize(("revision", "advice"), [("0000", "watcher migrate"), ("9999", "newer watcher")])
def test_catalogue_144_a_schema_of_another_watcher_is_refused(tmp_path: Path, revision: str, advice: str) -> None:
    path = tmp_path / "a.db"
    create_database(_url(path))
    raw = sqlite3.connect(path)
    raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match=advice):
        open_database(_url(path))


_KILLED = """
import os, sys
from sqlalchemy import Engine, event
from watcher.store.database import migrate_database
left = int(sys.argv[2])
@event.listens_for(Engine, "after_cursor_execute")
def _(connection, cursor, statement, *more):
    global left
    if statement.split()[0] in ("CREATE", "ALTER", "INSERT", "UPDATE", "DROP", "DELETE"):
        left -= 1
        if left < 0:
            os._exit(9)
migrate_database(sys.argv[1])
"""


def test_catalogue_144_a_migration_that_is_killed_anywhere_is_done_by_the_next_one(tmp_path: Path) -> None:
    first = tmp_path / "first.db"
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = _url(first)
    command.upgrade(config, "0001")
    killed = 0
    for step in itertools.count(0, 3):
        path = tmp_path / f"{step}.db"
        shutil.copyfile(first, path)
        run = [sys.executable, "-c", _KILLED, _url(path), str(step)]
        code = subprocess.run(run, check=False, timeout=60).returncode
        assert code in (0, 9)
        killed += code == 9
        migrate_database(_url(path))
        open_database(_url(path)).close()
        if code == 0:
            break
    assert killed > 2


def test_creating_over_an_existing_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    create_database(_url(path))
    before = path.read_bytes()
    with pytest.raises(StoreError, match="already exists"):
        create_database(_url(path))
    assert path.read_bytes() == before


def test_a_creation_that_was_interrupted_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "a.db.new").write_bytes(b"half")
    create_database(_url(tmp_path / "a.db"))
    open_database(_url(tmp_path / "a.db")).close()


def test_migrating_a_present_database_changes_nothing(tmp_path: Path) -> None:
    create_database(_url(tmp_path / "a.db"))
    migrate_database(_url(tmp_path / "a.db"))
    open_database(_url(tmp_path / "a.db")).close()
