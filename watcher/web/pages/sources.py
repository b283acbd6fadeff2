"""Sources: the list, and one with everything that came of it."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.model.change import ChangeKind
from watcher.model.source import Source
from watcher.pipeline.addresses import address_history, holders_of
from watcher.pipeline.health import move_command, proposed_address
from watcher.pipeline.learnt import learnt_lines
from watcher.store import captures, changes, collections, digests, sources, versions
from watcher.web.looked import last_look, remember
from watcher.web.reply import page, rooms_of, with_sources

CAPTURES_A_PAGE = 50
CHANGES_SHOWN = 50
LINES_SHOWN = 20
LOOKED_AT = 500


def list_sources(request: Request, find: str = "") -> Response:
    """All Sources, or those that `find` names: by words of title or id, or by an address that they have or had."""
    wanted = find.strip()
    with rooms_of(request).database.reading() as connection:
        counts = captures.count_captures(connection)
        at_address = {one.source.source_id: one for one in holders_of(connection, wanted)} if "://" in wanted else {}
        every = sources.list_sources(connection)
        listed = collections.count_listed(connection)
    found = [one for one in every if one.source_id in at_address or _is_named(one, wanted)]
    rows = [(source, counts.get(source.source_id, 0), at_address.get(source.source_id)) for source in found]
    return page(request, "sources", section="Sources", rows=rows, find=wanted, registered=len(every), listed=listed)


def _is_named(source: Source, wanted: str) -> bool:
    definition = source.definition
    said = f"{source.source_id}\n{definition.title}\n{definition.reference}\n{definition.url}".casefold()
    return all(word in said for word in wanted.casefold().split())


def show_source(request: Request, source_id: str, before: int | None = None) -> Response:
    """One Source: Definitions, documents of a Collection, Captures, Versions, Changes, Digests."""
    rooms = rooms_of(request)
    now = rooms.clock()
    before_now, began = last_look(request, now)
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
        seen = captures.list_captures(connection, source_id, limit=CAPTURES_A_PAGE + 1, before=before)
        shown = seen[:CAPTURES_A_PAGE]
        proposed = proposed_address(source)
        made = changes.list_changes(connection, source_id=source_id, limit=CHANGES_SHOWN)
        read = versions.list_versions(connection, source_id)
        since = changes.changes_between(connection, source_id, after=before_now or now, until=now, limit=LOOKED_AT)
        answer = page(
            request,
            "source",
            section="Sources",
            source=source,
            last_look=before_now,
            since=[change for change in since if change.kind is not ChangeKind.TECHNICAL],
            learnt=learnt_lines(rooms, connection, source_id)[:LINES_SHOWN],
            definitions=sources.list_definitions(connection, source_id),
            addresses=address_history(connection, source_id),
            proposed=proposed,
            move_command=move_command(source_id, proposed),
            captures=shown,
            older=shown[-1].sequence if len(seen) > CAPTURES_A_PAGE else None,
            described=captures.version_of_captures(connection, source_id),
            versions=read,
            versions_by_sequence={one.sequence: one for one in read},
            changes=with_sources(connection, made),
            read=collections.get_read(connection, source_id),
            items=collections.list_items(connection, source_id),
            item=collections.item_of_child(connection, source_id),
            digests=digests.digests_about_source(connection, source_id),
        )
    remember(answer, request, before_now, began)
    return answer
