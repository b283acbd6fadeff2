"""What each origin's robots.txt said when it was last read."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select

from watcher.model.source import RobotsAnswer
from watcher.store.schema import robots


def robots_of(connection: Connection, origins: Collection[str]) -> dict[str, RobotsAnswer]:
    """The last answers of origins; one that was never asked is left out."""
    rows = connection.execute(select(robots).where(robots.c.origin.in_(origins)))
    return {row.origin: RobotsAnswer(**row._mapping) for row in rows}


def put_robots(connection: Connection, answer: RobotsAnswer) -> None:
    """Keep an answer in place of the one before."""
    connection.execute(delete(robots).where(robots.c.origin == answer.origin))
    connection.execute(
        insert(robots).values(
            origin=answer.origin, fetched_at=answer.fetched_at, status=answer.status, text=answer.text
        )
    )
