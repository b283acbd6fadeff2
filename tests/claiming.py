"""What a worker process of its own does in tests of several processes on one database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from watcher.store import claims
from watcher.store.database import open_database


def claim_everything(url: str, name: str, start: Any, out: Any) -> None:
    """Claim what is due, seven Sources at a time, from the moment that `start` is set; the ids go to `out`."""
    database = open_database(url)
    start.wait()
    won: list[str] = []
    for _ in range(200):
        with database.writing() as connection:
            claimed = claims.claim_due(
                connection, now=datetime(2026, 6, 1, tzinfo=UTC), owner=name, lease_seconds=300, limit=7
            )
        if not claimed:
            break
        won += [claim.source.source_id for claim in claimed]
    out.put(won)
    database.close()
