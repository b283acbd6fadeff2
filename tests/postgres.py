"""A PostgreSQL server of Debian's package in a temporary folder, for tests that run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

SECONDS = 60


def programs() -> Path | None:
    """Where the newest installed server's programs lie, None when there is none."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)


def create(address: str, name: str, *, template: str = "template0") -> None:
    """Make a database, an empty one or the copy of another."""
    engine = create_engine(address.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine.dispose()


@contextmanager
def running() -> Iterator[str]:
    """A server of its own that listens on a Unix socket only; gives the start of SQLAlchemy addresses.

    The server refuses to run as root, so root hands it to the user that Debian's package makes.
    """
    found = programs()
    if found is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="watcher-pg-", dir="/tmp"))
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    data = folder / "data"

    def call(*command: str) -> None:
        subprocess.run([*user, *command], check=True, timeout=SECONDS, capture_output=True, cwd=folder)

    try:
        call(str(found / "initdb"), "-D", str(data), "-U", "watcher", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=200"
        control = str(found / "pg_ctl")
        call(control, "-D", str(data), "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://watcher@/{{name}}?host={folder}"
        finally:
            call(control, "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
