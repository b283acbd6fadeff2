"""watcher check and watcher import: what happens to one Source now, or happened to it before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.cli.words import StillHeld, change_words, check_words
from watcher.errors import ConfigError, RefusedError
from watcher.model.capture import Trigger
from watcher.pipeline.import_history import import_items, read_items
from watcher.pipeline.import_warc import find_entries, import_entries, url_of, warc_files
from watcher.pipeline.ports import Rooms
from watcher.pipeline.record import Recorded
from watcher.pipeline.schedule import claim_now
from watcher.pipeline.watch import check as check_claim
from watcher.store import sources, versions

KNOWN = "known already"
Step = tuple[datetime, str, str, Recorded | None]


@click.command()
@click.argument("source_id")
@json_option
@pass_context
def check(context: Context, source_id: str, as_json: bool) -> None:
    """Check one Source now and say what happened. Exit 1 when it could not be reached, or what came is held."""
    with context.instance() as instance:
        with instance.rooms.database.reading() as connection:
            if not sources.get_source(connection, source_id).definition.url:
                raise RefusedError(
                    f"{source_id!r} is an Upload and has no address; hand files in with `watcher upload --source`"
                )
        claim = claim_now(instance.rooms, source_id)
        fetcher = instance.fetcher()
        try:
            checked = check_claim(instance.rooms, fetcher, claim, trigger=Trigger.MANUAL, user=user_name())
        finally:
            fetcher.close()
        with instance.rooms.database.reading() as connection:
            held = versions.held_version(connection, source_id)
            since = versions.held_since(connection, source_id) if held is not None else None
    capture = checked.recorded.capture
    still = None
    if held is not None and since is not None and since < capture.captured_at:
        still = StillHeld(version=held, since=since)
    if as_json:
        reason, began = (held.error if held is not None else None), (since.isoformat() if since is not None else None)
        print_json({**_facts(checked.recorded), "held": reason, "held_since": began})
    else:
        for line in check_words(checked, still):
            click.echo(safe(line))
    if not capture.outcome.reached or held is not None:
        raise SystemExit(1)


@click.command("import")
@click.argument("source_id")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--match", default="*", show_default=True, help="Which files of a folder to take.")
@click.option("--url", help="Address to look for in WARC files; the Source's own when left out.")
@click.option("--index", type=click.Path(path_type=Path), help="CDX or CDXJ index of the WARC files.")
@json_option
@pass_context
def import_(
    context: Context, source_id: str, path: Path, match: str, url: str | None, index: Path | None, as_json: bool
) -> None:
    """Bring dated history into a Source. Runs the same pipe as a check; nothing is sent.

    PATH is a folder of files with their date in the name (status_2013-06-06.csv), a file of JSON lines with
    captured_at, one of path, text or html, and optionally media_type and url, or a WARC file or a folder of
    them: every answer of the Source's address in it becomes a dated Capture.

    \b
    Example:
      watcher import kazakhstan-mfa crawl.warc.gz --index crawl.cdxj
    """
    outcomes: Counter[str] = Counter()
    with context.instance() as instance:
        with instance.rooms.database.reading() as connection:
            sources.get_source(connection, source_id)
        files = warc_files(path, match)
        if (url or index) and not files:
            raise ConfigError("--url and --index are for WARC files (.warc, .warc.gz)", file=str(path))
        if files:
            steps = _warc_steps(instance.rooms, source_id, files, url, index)
        else:
            steps = _item_steps(instance.rooms, source_id, path, match)
        for captured_at, origin, outcome, recorded in steps:
            outcomes[outcome if recorded is not None or outcome == KNOWN else "left out"] += 1
            if as_json:
                continue
            click.echo(f"{captured_at:%Y-%m-%d %H:%M}  {safe(origin)}: {safe(outcome)}")
            if recorded is not None and recorded.change is not None:
                for line in change_words(recorded.change):
                    click.echo(safe(f"    {line}"))
    if as_json:
        print_json({"items": outcomes.total(), **outcomes})
    else:
        summary = ", ".join(f"{number} {name}" for name, number in outcomes.items())
        click.echo(f"{outcomes.total()} item(s): {summary}")


def _item_steps(rooms: Rooms, source_id: str, path: Path, match: str) -> Iterator[Step]:
    items = read_items(path, match=match)
    for item, recorded in zip(items, import_items(rooms, source_id, items, user=user_name()), strict=True):
        yield item.captured_at, item.origin, KNOWN if recorded is None else _import_outcome(recorded), recorded


def _warc_steps(rooms: Rooms, source_id: str, files: list[Path], url: str | None, index: Path | None) -> Iterator[Step]:
    wanted = url_of(rooms, source_id, url)
    entries = find_entries(files, wanted, index=index)
    if not entries:
        raise ConfigError(f"no record of {wanted} in these files; --url names another address", file=str(files[0]))
    for done in import_entries(rooms, source_id, entries, user=user_name()):
        recorded = done.recorded
        outcome = done.reason or (KNOWN if recorded is None else _import_outcome(recorded))
        yield done.entry.captured_at, done.entry.origin, outcome, recorded


def _import_outcome(recorded: Recorded) -> str:
    if recorded.version is not None and recorded.version.error:
        return f"archived, but not read: {recorded.version.error}"
    if recorded.first:
        return "first Version"
    if recorded.change is not None:
        return f"{recorded.change.kind} change ({recorded.change.judgement.severity})".replace("_", " ")
    return "no change"


def _facts(recorded: Recorded) -> dict[str, object]:
    capture, change = recorded.capture, recorded.change
    return {
        "capture": capture.sequence,
        "outcome": capture.outcome.value,
        "status": capture.status,
        "error": capture.error,
        "payload_sha256": capture.payload_sha256,
        "version_id": recorded.version.version_id if recorded.version else None,
        "change_id": change.change_id if change else None,
        "kind": change.kind.value if change else None,
        "severity": change.judgement.severity.value if change else None,
    }


COMMANDS = {"check": check, "import": import_}
