"""The addresses of Sources over time: a Source moves, its history is told, and it is found under each of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.errors import RefusedError
from watcher.model.memento import plain_address
from watcher.model.source import Definition, Source, require_http_url
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import supersede
from watcher.store import audit, mementos, sources
from watcher.store.database import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressPeriod:
    """An address that a Source had. `until` is None for the one in force.

    `because` is the reason that was given when it came into force, `user` who gave it; "" where nothing is known.
    """

    url: str
    since: datetime
    until: datetime | None
    because: str = ""
    user: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A Source that has or had an address, with the newest period in which it did."""

    source: Source
    period: AddressPeriod

    @property
    def has_it_now(self) -> bool:
        """Whether the address is the one in force."""
        return self.period.until is None


def move_source(rooms: Rooms, source_id: str, url: str, *, user: str, because: str = "") -> Source:
    """Watch a Source at another address from now on; its Captures, Versions and Changes stay with it.

    The next check is made at once, is compared with the old page, and is held when it shows another document.
    RefusedError for an Upload, for the address that it has, and where its credentials are for another origin.
    """
    address = require_http_url(url)
    now = rooms.clock()
    with rooms.database.writing() as connection:
        before = sources.get_source(connection, source_id)
        if not before.definition.url:
            raise RefusedError(f"{source_id!r} is an Upload and has no address that could move")
        if before.definition.url == address:
            raise RefusedError(f"{source_id!r} is watched at {address} already")
        definition = replace(before.definition, url=address)
        return supersede(
            rooms,
            connection,
            before,
            definition,
            state=before.state,
            user=user,
            at=now,
            action="source.move",
            because=because.strip(),
        )


def address_history(connection: Connection, source_id: str) -> list[AddressPeriod]:
    """The addresses of a Source, newest first; one for an Upload, with the address "". NotFoundError without Source."""
    sources.get_source(connection, source_id)
    acts = {entry.recorded_at: entry for entry in audit.list_audit(connection, target=source_id, limit=10_000)}
    return _periods(sources.list_definitions(connection, source_id), acts)


def holders_of(connection: Connection, url: str) -> list[Holder]:
    """The Sources that have or had an address in any of its spellings: those that have it now come first.

    An address without scheme is looked for as https and as http.
    """
    given = url.strip()
    if "://" not in given:
        return [one for scheme in ("https", "http") for one in holders_of(connection, f"{scheme}://{given}")]
    wanted = plain_address(given)
    found = []
    for source_id in mementos.scope_of_address(connection, wanted).sources:
        periods = address_history(connection, source_id)
        period = next((one for one in periods if one.url and plain_address(one.url) == wanted), None)
        if period is not None:
            found.append(Holder(source=sources.get_source(connection, source_id), period=period))
    return sorted(found, key=lambda holder: (not holder.has_it_now, holder.source.source_id))


def holder_words(holder: Holder) -> str:
    """Who has or had an address, in one sentence without its full stop."""
    period = holder.period
    if period.until is None:
        return f"the Source {holder.source.source_id} has this address since {period.since:%-d %B %Y}"
    return (
        f"the Source {holder.source.source_id} had this address from {period.since:%-d %B %Y} to "
        f"{period.until:%-d %B %Y}; it is now at {holder.source.definition.url or 'no address'}"
    )


def _periods(
    dated: Sequence[tuple[datetime, datetime | None, Definition]], acts: dict[datetime, audit.AuditEntry]
) -> list[AddressPeriod]:
    """Neighbours with one address are one period; `dated` is newest first and so is the result."""
    periods: list[AddressPeriod] = []
    for since, until, definition in reversed(dated):
        if periods and periods[-1].url == definition.url:
            periods[-1] = replace(periods[-1], until=until)
            continue
        act = acts.get(since)
        periods.append(
            AddressPeriod(
                url=definition.url,
                since=since,
                until=until,
                because=_because(act),
                user=act.user if act is not None else "",
            )
        )
    return periods[::-1]


def _because(act: audit.AuditEntry | None) -> str:
    if act is None:
        return ""
    if act.action == "source.add":
        return "registered"
    reason = json.loads(act.after or "{}").get("because", "")
    return str(reason) or ("changed by its file or form" if act.action == "source.change" else "")
