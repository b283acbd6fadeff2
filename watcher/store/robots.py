"""What each origin's robots.txt said when it was last read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from watcher.store.schema import robots


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRobots:
    """A robots.txt as it was answered; `text` is "" unless the status was 200."""

    origin: str
    fetched_at: datetime
    status: int
    text: str


def get_robots(connection: Connection, origin: str) -> StoredRobots | None:
    """The last answer of an origin, None when it was never asked."""
    row = connection.execute(select(robots).where(robots.c.origin == origin)).first()
    return None if row is None else StoredRobots(**row._mapping)


def put_robots(connection: Connection, answer: StoredRobots) -> None:
    """Keep an answer in place of the one before."""
    connection.execute(delete(robots).where(robots.c.origin == answer.origin))
    connection.execute(
        insert(robots).values(
            origin=answer.origin, fetched_at=answer.fetched_at, status=answer.status, text=answer.text
        )
    )
