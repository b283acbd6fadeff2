"""watcher diff: any two texts that the archive holds, side against side."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC

import click

from watcher.cli.context import Context, pass_context, print_json
from watcher.cli.words import judgement_words
from watcher.errors import ConfigError
from watcher.pipeline.between import Between, between, facts, moment_of, since
from watcher.render import plain_diff, unified_diff
from watcher.render.words import counted, folded, said, said_time, shown, title_of
from watcher.store import subscriptions


@click.command()
@click.argument("names", nargs=-1, metavar="OLD NEW | SOURCE")
@click.option("--since", "since_date", help="Of one SOURCE: what changed since that date (2026-01-31), taken together.")
@click.option("--since-digest", help="Of one SOURCE: what changed since the last Digest of that Subscription.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "unified", "json"]),
    default="text",
    show_default=True,
    help="Text with [-removed-]{+added+}, the unified format of patches, or JSON for programs.",
)
@pass_context
def diff(context: Context, names: tuple[str, ...], since_date: str | None, since_digest: str | None, form: str) -> None:
    """Compare any two texts of any Sources. Nothing is recorded and nobody is told.

    OLD and NEW are each a Version (v…), a Capture (7), a Snapshot (its SHA-256), a Source (its newest text),
    SOURCE~1 (the one before), or SOURCE@2026-01-31 (what stood at the end of that day, UTC).

    \b
    Examples:
      watcher diff kazakhstan-mfa~1 kazakhstan-mfa
      watcher diff kazakhstan-mfa --since 2026-01-01
      watcher diff statement-2006 statement-2007 --as unified
    """
    if since_date and since_digest:
        raise ConfigError("give --since or --since-digest, not both")
    wanted = 1 if since_date or since_digest else 2
    if len(names) != wanted:
        raise ConfigError("give OLD and NEW, or one SOURCE with --since; watcher diff --help shows how to name them")
    with context.instance() as instance:
        rooms = instance.rooms
        if since_digest:
            with rooms.database.reading() as connection:
                covered = subscriptions.get_subscription(connection, since_digest).covered_until
            found = since(rooms, names[0], covered)
        elif since_date:
            found = since(rooms, names[0], moment_of(since_date), said=f"{names[0]}@{since_date}")
        else:
            found = between(rooms, names[0], names[1])
    if form == "json":
        print_json(facts(found))
    elif form == "unified":
        click.echo(_unified(found), nl=False)
    else:
        click.echo(_text(found), nl=False)


def _unified(found: Between) -> str:
    old, new = ([block.text for block in side.document.blocks] for side in (found.old, found.new))
    return unified_diff(old, new, found.comparison.diff, old_name=_label(found, 0), new_name=_label(found, 1))


def _label(found: Between, side: int) -> str:
    one = (found.old, found.new)[side]
    moment = one.version.captured_at.astimezone(UTC).isoformat(timespec="seconds")
    return f"{one.source.source_id} {moment} {one.version.version_id}"


def _text(found: Between) -> str:
    comparison = found.comparison
    lines = []
    for word, side in (("Old", found.old), ("New", found.new)):
        version = side.version
        lines.append(f"{word}: {title_of(side.source)}, {said_time(version.captured_at)}")
        lines.append(f"     Capture {version.sequence}, Version {version.version_id}")
    if found.same_source and found.changes:
        lines.append(f"Between them: {counted(len(found.changes), 'Change')}.")
    lines += [f"Note: {note}" for note in found.notes]
    lines += ["", f"{said(comparison.kind)}, {comparison.judgement.severity}: {folded(comparison.reason)}"]
    lines += [shown(line) for line in judgement_words(comparison.judgement)]
    body = plain_diff(comparison.diff, width=min(_width(), 120), colour=_has_colours())
    return "\n".join(lines) + "\n" + (f"\n{body}" if body else "")


def _width() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _has_colours() -> bool:
    """Colours for a terminal only, and never where NO_COLOR asks for none (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


COMMANDS = {"diff": diff}
