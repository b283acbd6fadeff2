"""The first page: what changed lately, and who could not be reached."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.model.source import SourceState
from watcher.pipeline.health import proposed_address
from watcher.store import captures, changes, digests, incidents, sources, versions
from watcher.web.reply import page, rooms_of, with_sources

LATEST = 15
LOOKED_AT = 300


def overview(request: Request) -> Response:
    """The newest Changes with policy meaning, failing Sources, counts and the checkpoint."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        every = sources.list_sources(connection)
        recent = changes.list_changes(connection, limit=LOOKED_AT)
        told = with_sources(connection, [change for change in recent if change.alert][:LATEST])
        counts = captures.count_captures(connection)
        wrong = incidents.open_incidents(connection)
        unsent = digests.count_unsent(connection)
        known = {source.source_id: source for source in every}
        held = [(version, known[version.source_id]) for version in versions.held_versions(connection)]
    active = [source for source in every if source.state is SourceState.ACTIVE and source.definition.url]
    return page(
        request,
        "overview",
        sources=every,
        watched=len(active),
        captures=sum(counts.values()),
        quarantined=[source for source in every if source.state is SourceState.QUARANTINED],
        moved=[(source, proposed_address(source)) for source in active if proposed_address(source)],
        failing=[source for source in active if source.failures_in_a_row],
        unsent=unsent,
        held=held,
        incidents=wrong,
        told=told,
        checkpoint=rooms.newest_checkpoint(),
    )
