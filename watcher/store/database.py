"""Opening the database: never a fresh one over one that cannot be read; one writer at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from watcher.errors import ConfigError, StoreError
from watcher.store.place import unwritable
from watcher.store.schema import SCHEMA

_GONE = ("terminating connection", "server closed the connection", "connection is closed", "connection failed")
_WRITERS_LOCK = 0x77617463686572  # "watcher": one number for all processes on a PostgreSQL database
QUICK_CHECK_LIMIT_BYTES = 256 * 1024 * 1024
BUSY_TIMEOUT_SECONDS = 30


__all__ = [
    "Connection",
    "Database",
    "create_database",
    "database_exists",
    "migrate_database",
    "open_database",
    "sqlite_path",
]


class Database:
    """A connection pool with two doors: `reading()` sees one consistent state, `writing()` is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writers = threading.Lock()  # threads take turns here: SQLite lets a waiting one starve

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction: all of it happens, or nothing. It holds the only write lock from the start."""
        with (
            self._translated(),
            self._writers,
            self._engine.connect().execution_options(watcher_writing=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            problem = str(error.orig).strip().rstrip(".")
            raise StoreError(f"the database did not do as asked: {problem}. {_remedy(problem)}") from error
        except PoolTimeoutError as error:
            raise StoreError(
                "the database is busy: all connections of this process were in use for half a minute. Try again; "
                "when it happens often, let fewer people or programs ask at once."
            ) from error


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite address, None for other databases. ConfigError for what is no address of a database."""
    parsed = _parsed(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def database_exists(url: str) -> bool:
    """Whether there is something at the address, readable or not; on a server, whether the database has tables.

    StoreError when the server cannot be asked.
    """
    path = sqlite_path(url)
    if path is not None:
        return path.exists()
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return bool(inspect(connection).get_table_names())
    except OperationalError as error:
        raise _unreachable(error) from error
    finally:
        engine.dispose()


def create_database(url: str) -> None:
    """Make an empty database with the present schema; it appears at its place only when it is whole."""
    path = sqlite_path(url)
    if path is None:
        _upgrade(url)
        return
    if path.exists():
        raise StoreError(f"{path} already exists")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _upgrade(f"sqlite:///{fresh}")
    fresh.rename(path)


def open_database(url: str) -> Database:
    """Open an existing database of the present schema. StoreError names what is wrong and what to do."""
    path = sqlite_path(url)
    if path is not None:
        _require_readable(path)
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            found = _revision(connection)
    except DatabaseError as error:
        engine.dispose()
        raise _unreachable(error) from error
    _require_revision(found, path or Path(make_url(url).database or "database"))
    return Database(engine)


def migrate_database(url: str) -> None:
    """Bring an existing database of an older schema to the present one."""
    path = sqlite_path(url)
    if path is not None:
        _require_readable(path)
    _upgrade(url)


def _parsed(url: str) -> URL:
    """The address is not repeated in the message: there may be a password in it."""
    wanted = "write sqlite:///data/watcher.db or postgresql+psycopg://watcher@host/watcher"
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigError(f"store.url is no address of a database: {wanted}", key="store.url") from error
    except ImportError as error:
        missing = f"store.url: the library {error.name} is not installed"
        raise ConfigError(
            f"{missing}; for PostgreSQL install watcher[scale], else {wanted}", key="store.url"
        ) from error
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigError(f"store.url names no file: {wanted}", key="store.url")
    return parsed


def _require_readable(path: Path) -> None:
    remedy = "It was left as it is: restore it from a backup, or name another one in config/watcher.yaml."
    try:
        length = path.stat().st_size
        if length == 0:
            raise StoreError(f"database {path} is empty (0 bytes). {remedy}")
        connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_SECONDS)
        try:
            checked = (
                connection.execute("PRAGMA quick_check(1)").fetchone() if length < QUICK_CHECK_LIMIT_BYTES else ("ok",)
            )
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        finally:
            connection.close()
    except (sqlite3.DatabaseError, OSError) as error:
        held_off = unwritable((path.parent, path)) if _is_sqlite(path) else None
        if held_off is not None:
            place, why = held_off
            raise StoreError(
                f"database {path} can be read, but {place} may not be written by this user ({why}): give the service's "
                "user the right to write there. Nothing needs to be restored."
            ) from error
        raise StoreError(f"database {path} cannot be read: {error}. {remedy}") from error
    if checked != ("ok",):
        raise StoreError(f"database {path} is damaged: {checked[0]}. {remedy}")


def _is_sqlite(path: Path) -> bool:
    """Whether a file begins as the files of SQLite do (sqlite.org, "Database File Format", 1.3.1)."""
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def _unreachable(error: DatabaseError) -> StoreError:
    problem = " ".join(str(error.orig).split()).rstrip(".?")
    return StoreError(
        f"the database cannot be read: {problem}. It was left as it is: look after its server and store.url."
    )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _require_revision(found: str | None, path: Path) -> None:
    if found == SCHEMA:
        return
    if found is None:
        raise StoreError(f"database {path} is not a database of watcher. It was left as it is: name another one.")
    if found < SCHEMA:
        raise StoreError(f"database {path} has the older schema {found}: back it up, then run `watcher migrate`.")
    raise StoreError(f"database {path} was written by a newer watcher (schema {found}): use that one.")


def _remedy(problem: str) -> str:
    if "locked" in problem or "busy" in problem:
        return f"Another program held it for {BUSY_TIMEOUT_SECONDS} s: end that program or try again."
    if any(sign in problem for sign in _GONE):
        return "The server ended the connection: whether this step was recorded is found out at the next start."
    if "full" in problem:
        return "Free some disk space and try again."
    if "readonly" in problem:
        return "Give the service's user the right to write it."
    return "Nothing of this step was recorded."


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=not sqlite_path(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    """Writers take turns and readers see one state, as on SQLite."""
    if connection.get_execution_options().get("watcher_writing", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("watcher_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _upgrade(url: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    command.upgrade(config, SCHEMA)
