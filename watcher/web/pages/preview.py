"""What other rules would read of a Source, from its archive. A GET form: nothing is fetched, nothing is written."""

from __future__ import annotations

import threading

from fastapi import Request, Response

from watcher.errors import ConfigError, NotFoundError
from watcher.pipeline.key_columns import missing_words
from watcher.pipeline.preview import preview_rules, with_rules
from watcher.pipeline.rules import RULE_KEYS
from watcher.store import sources
from watcher.web.reply import page, rooms_of

BLOCKS_SHOWN = 1000
SECONDS = 15.0
PATIENCE_SECONDS = 3.0
LABELS = {
    "select": "Keep what these selectors match",
    "remove": "Leave out what these selectors match",
    "keep_blocks": "Keep only Blocks in which one of these patterns is found",
    "remove_blocks": "Leave out Blocks in which one of these patterns is found",
    "remove_text": "Leave out the words that these patterns find",
}
_ONE_AT_A_TIME = threading.Lock()


def preview_source(request: Request, source_id: str) -> Response:
    """The form with the rules asked for, those in force at first, and what they make of the archive.

    One preview at a time: the children that read it are those that the checks need.
    """
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
    asked = request.query_params
    written = {
        key: "\n".join(asked.getlist(key)) if key in asked else "\n".join(getattr(source.definition, key))
        for key in RULE_KEYS
    }
    found, problem, status = None, "", 200
    if not _ONE_AT_A_TIME.acquire(timeout=PATIENCE_SECONDS):
        problem, status = "Another preview is being made just now; try again in a minute.", 503
    else:
        try:
            # the blank rule clears its kind, so that an empty field means no rule
            given = {key: (*(line.strip() for line in written[key].splitlines()), "") for key in RULE_KEYS}
            rules = with_rules(source.definition, given).rules
            found = preview_rules(rooms, source_id, rules, sequence=_sequence(asked.get("capture")), seconds=SECONDS)
        except (ConfigError, NotFoundError) as error:
            problem, status = str(error), 400 if isinstance(error, ConfigError) else 404
        finally:
            _ONE_AT_A_TIME.release()
    return page(
        request,
        "preview",
        section="Sources",
        status=status,
        source=source,
        fields=[(key, LABELS[key], written[key]) for key in RULE_KEYS],
        capture=asked.get("capture", ""),
        found=found,
        missing=missing_words(found.key_columns) if found is not None and found.key_columns else (),
        problem=problem,
        blocks=found.blocks[:BLOCKS_SHOWN] if found is not None else (),
        kept=sum(not one.left_out for one in found.blocks) if found is not None else 0,
        hidden=max(0, len(found.blocks) - BLOCKS_SHOWN) if found is not None else 0,
    )


def _sequence(text: str | None) -> int | None:
    if not text or not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > 15:
        raise ConfigError(f"{text[:40]!r} is no number of a Capture", key="capture")
    return int(text)
