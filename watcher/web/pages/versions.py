"""One Version: the Document as it was read, and the Positions in it."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.model.document import LeftOut
from watcher.model.notes import marks_meant
from watcher.pipeline.cite import cite_version
from watcher.store import changes, sources, versions
from watcher.web.reply import page, rooms_of

BLOCKS_SHOWN = 3000
CHANGES_LOOKED_AT = 1000


def show_version(request: Request, version_id: str) -> Response:
    """A Version with its Blocks, Positions and neighbouring Changes."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        version = versions.get_version(connection, version_id)
        source = sources.get_source(connection, version.source_id)
        found = versions.positions_of_version(connection, version_id)
        cited = cite_version(connection, version, base_url=rooms.base_url)
        held = versions.held_version(connection, version.source_id) if version.is_held else None
        made = changes.list_changes(connection, source_id=version.source_id, limit=CHANGES_LOOKED_AT)
    blocks = version.document.blocks if version.document is not None else ()
    left_out: dict[int, list[LeftOut]] = {}
    for piece in version.document.left_out if version.document is not None else ():
        left_out.setdefault(piece.block, []).append(piece)
    near = [(change, "leads here") for change in made if change.to_version_id == version_id]
    near += [(change, "leads away") for change in made if change.from_version_id == version_id]
    return page(
        request,
        "version",
        section="Sources",
        version=version,
        source=source,
        positions=found,
        held_now=held is not None and held.version_id == version_id,
        changes=near,
        blocks=blocks[:BLOCKS_SHOWN],
        meant=marks_meant(blocks),
        left_out=left_out,
        citation=cited.footnote,
        permalink=cited.permalink,
        hidden=max(0, len(blocks) - BLOCKS_SHOWN),
    )
