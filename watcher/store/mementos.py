"""Captures as Mementos: found by Source or by address, in order of time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from watcher.model.capture import Capture, Outcome
from watcher.model.memento import Memento, Neighbours, plain_address
from watcher.store.schema import captures, definitions

REACHED = (Outcome.NEW, Outcome.SAME, Outcome.NOT_MODIFIED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Whose Mementos are meant: Sources, each with the spellings of the address that count, or None for all of them."""

    sources: Mapping[str, frozenset[str] | None]


def scope_of_source(source_id: str) -> Scope:
    """All Mementos of one Source, whatever its address was."""
    return Scope(sources={source_id: None})


def scope_of_address(connection: Connection, url: str) -> Scope:
    """The Mementos of an address, of every Source that has it or had it; no Sources when there is none."""
    wanted = plain_address(url)
    host = urlsplit(wanted).hostname or ""
    rows = connection.execute(
        select(definitions.c.source_id, definitions.c.body).where(
            func.lower(definitions.c.body).contains(host, autoescape=True)
        )
    )
    addresses: dict[str, set[str]] = {}
    for row in rows:
        addresses.setdefault(row.source_id, set()).add(json.loads(row.body)["url"])
    found: dict[str, frozenset[str] | None] = {}
    for source_id, spellings in addresses.items():
        same = frozenset(spelling for spelling in spellings if spelling and plain_address(spelling) == wanted)
        if same:
            found[source_id] = same
    return Scope(sources=found)


def list_mementos(connection: Connection, scope: Scope, *, limit: int, offset: int = 0) -> list[Memento]:
    """Mementos, oldest first."""
    rows = connection.execute(_selected(scope).order_by(*_OLDEST_FIRST).limit(limit).offset(offset))
    return [_memento(row) for row in rows]


def first_memento(connection: Connection, scope: Scope) -> Memento | None:
    """The oldest."""
    return _one(connection, _selected(scope).order_by(*_OLDEST_FIRST))


def last_memento(connection: Connection, scope: Scope, *, until: datetime | None = None) -> Memento | None:
    """The newest, or the newest of those that stood at a moment."""
    query = _selected(scope)
    if until is not None:
        query = query.where(captures.c.captured_at <= until)
    return _one(connection, query.order_by(*_NEWEST_FIRST))


def neighbours(connection: Connection, capture: Capture) -> Neighbours | None:
    """Where a Capture stands among the Mementos of its Source; None when it is no Memento itself."""
    if not capture.outcome.reached or capture.payload_sha256 is None:
        return None
    scope = scope_of_source(capture.source_id)
    moment, sequence = captures.c.captured_at, captures.c.sequence
    earlier = or_(moment < capture.captured_at, and_(moment == capture.captured_at, sequence < capture.sequence))
    later = or_(moment > capture.captured_at, and_(moment == capture.captured_at, sequence > capture.sequence))
    first, last = first_memento(connection, scope), last_memento(connection, scope)
    if first is None or last is None:
        return None
    return Neighbours(
        first=first,
        last=last,
        previous=_one(connection, _selected(scope).where(earlier).order_by(*_NEWEST_FIRST)),
        following=_one(connection, _selected(scope).where(later).order_by(*_OLDEST_FIRST)),
    )


_OLDEST_FIRST = (captures.c.captured_at, captures.c.sequence)
_NEWEST_FIRST = (captures.c.captured_at.desc(), captures.c.sequence.desc())


def _selected(scope: Scope) -> Select[tuple[int, str, datetime, str]]:
    within = [
        captures.c.source_id == source_id if spellings is None else _asked_for(source_id, spellings)
        for source_id, spellings in scope.sources.items()
    ]
    return select(captures.c.sequence, captures.c.source_id, captures.c.captured_at, captures.c.payload_sha256).where(
        or_(False, *within), captures.c.outcome.in_(REACHED), captures.c.payload_sha256.is_not(None)
    )


def _asked_for(source_id: str, spellings: Iterable[str]) -> ColumnElement[bool]:
    """Captures of a Source that asked for one of these addresses.

    The body is searched with `replace`, which tells capitals apart on every database; LIKE does not on SQLite.
    """
    needles = [f'"requested_url":{json.dumps(spelling, ensure_ascii=False)}' for spelling in sorted(spellings)]
    asked = [func.replace(captures.c.body, needle, "") != captures.c.body for needle in needles]
    return and_(captures.c.source_id == source_id, or_(*asked))


def _one(connection: Connection, query: Select[tuple[int, str, datetime, str]]) -> Memento | None:
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _memento(row)


def _memento(row: Row[tuple[int, str, datetime, str]]) -> Memento:
    return Memento(
        sequence=row.sequence,
        source_id=row.source_id,
        captured_at=row.captured_at,
        payload_sha256=row.payload_sha256,
    )
