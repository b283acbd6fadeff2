"""Sources: the list, and one with everything that came of it."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.store import captures, changes, collections, digests, sources, versions
from watcher.web.reply import page, rooms_of, with_sources

CAPTURES_A_PAGE = 50
CHANGES_SHOWN = 50


def list_sources(request: Request) -> Response:
    """All Sources."""
    with rooms_of(request).database.reading() as connection:
        counts = captures.count_captures(connection)
        listed = collections.count_listed(connection)
        rows = [(source, counts.get(source.source_id, 0)) for source in sources.list_sources(connection)]
    return page(request, "sources", section="Sources", rows=rows, listed=listed)


def show_source(request: Request, source_id: str, before: int | None = None) -> Response:
    """One Source: Definitions, documents of a Collection, Captures, Versions, Changes, Digests."""
    with rooms_of(request).database.reading() as connection:
        source = sources.get_source(connection, source_id)
        seen = captures.list_captures(connection, source_id, limit=CAPTURES_A_PAGE + 1, before=before)
        shown = seen[:CAPTURES_A_PAGE]
        made = changes.list_changes(connection, source_id=source_id, limit=CHANGES_SHOWN)
        return page(
            request,
            "source",
            section="Sources",
            source=source,
            definitions=sources.list_definitions(connection, source_id),
            captures=shown,
            older=shown[-1].sequence if len(seen) > CAPTURES_A_PAGE else None,
            described=captures.version_of_captures(connection, source_id),
            versions=versions.list_versions(connection, source_id),
            changes=with_sources(connection, made),
            read=collections.get_read(connection, source_id),
            items=collections.list_items(connection, source_id),
            item=collections.item_of_child(connection, source_id),
            digests=digests.digests_about_source(connection, source_id),
        )
