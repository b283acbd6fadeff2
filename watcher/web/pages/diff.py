"""Any two texts against each other: one below the other, side by side, unified, or as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import Request, Response

from watcher.errors import RefusedError
from watcher.pipeline.between import Between, between, facts, moment_of, since
from watcher.render import unified_diff
from watcher.store import sources
from watcher.web.pages.changes import HUNKS_SHOWN
from watcher.web.reply import page, rooms_of

VIEWS = ("inline", "side", "unified")


def show_diff(request: Request, view: str = "inline") -> Response:
    """`from` and `to` name two texts as `watcher diff` does; `source` with `since` takes one Source from a date on.

    `as=json` gives the values, `as=unified` the format of patches.
    """
    asked = {name: request.query_params.get(name, "").strip()[:200] for name in ("from", "to", "source", "since", "as")}
    if not ((asked["from"] and asked["to"]) or (asked["source"] and asked["since"])):
        with rooms_of(request).database.reading() as connection:
            names = [source.source_id for source in sources.list_sources(connection)]
        unknown = sorted(set(request.query_params) - {*asked, "view"})
        return page(request, "diff_form", section="Changes", asked=asked, names=names, unknown=unknown)
    rooms = rooms_of(request)
    if asked["from"] and asked["to"]:
        found = between(rooms, asked["from"], asked["to"])
        query = {"from": asked["from"], "to": asked["to"]}
    else:
        found = since(rooms, asked["source"], moment_of(asked["since"]), said=f"{asked['source']}@{asked['since']}")
        query = {"source": asked["source"], "since": asked["since"]}
    if asked["as"] == "json":
        body = json.dumps(facts(found), ensure_ascii=True, indent=1)
        return Response(body.encode(), media_type="application/json")
    if asked["as"] == "unified":
        return Response(unified(found).encode("utf-8", "replace"), media_type="text/plain; charset=utf-8")
    if asked["as"]:
        raise RefusedError(f"as={asked['as']!r} is not known: leave it out, or write json or unified")
    hunks = sorted(found.comparison.diff.hunks, key=lambda hunk: hunk.boilerplate)
    chosen = view if view in VIEWS else "inline"
    return page(
        request,
        "diff",
        section="Changes",
        found=found,
        view=chosen,
        hunks=hunks[:HUNKS_SHOWN],
        hidden=max(0, len(hunks) - HUNKS_SHOWN),
        unified=unified(found) if chosen == "unified" else "",
        address="/diff?" + urlencode(query),
        changes=[(change, found.new.source) for change in found.changes],
    )


def unified(found: Between) -> str:
    """Both texts in the unified format, a Block a line."""
    old, new = ([block.text for block in side.document.blocks] for side in (found.old, found.new))
    names = (f"{side.source.source_id} {_moment(side.version.captured_at)}" for side in (found.old, found.new))
    return unified_diff(old, new, found.comparison.diff, old_name=next(names), new_name=next(names))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
