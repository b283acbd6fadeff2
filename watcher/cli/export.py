"""watcher export: what the archive holds of one Source, for a court, a colleague or another archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.errors import ConfigError
from watcher.pipeline.export import export_source
from watcher.pipeline.export_ledger import ExportForm, ExportRequest


@click.command("export")
@click.argument("source_id")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "first", metavar="DATE", help="Only Captures from this day or moment on (UTC).")
@click.option("--to", "last", metavar="DATE", help="Only Captures up to this day, it included, or before this moment.")
@click.option("--wacz", is_flag=True, help="A WACZ for replay in a browser instead of a bag of evidence.")
@json_option
@pass_context
def export(
    context: Context, source_id: str, out: Path, first: str | None, last: str | None, wacz: bool, as_json: bool
) -> None:
    """Write what the archive holds of SOURCE_ID to OUT: bytes, records, proofs, texts, and a program that checks them.

    OUT is a zip with a BagIt bag in it; an existing file is never overwritten. README.txt in it says how to check it.

    \b
    Example:
      watcher export kazakhstan-mfa evidence.zip --from 2026-01-01 --to 2026-06-30
    """
    with context.instance() as instance:
        request = ExportRequest(
            source_id=source_id,
            out=out,
            user=user_name(),
            captured_from=_moment(first, "--from"),
            captured_to=_moment(last, "--to", after=timedelta(days=1)),
            form=ExportForm.WACZ if wacz else ExportForm.BAG,
        )
        checkpoint = instance.rooms.checkpoint()
        exported = export_source(
            instance.rooms, request, checkpoint=checkpoint, told=lambda words: click.echo(words, err=True)
        )
    if as_json:
        print_json(
            {
                "path": str(exported.path),
                "sha256": exported.sha256,
                "length": exported.length,
                "captures": exported.captures,
                "signed": exported.signed,
                "record": exported.sequence,
            }
        )
        return
    click.echo(f"{safe(str(exported.path))}: {exported.captures} Captures, {exported.length} bytes")
    click.echo(f"SHA-256 {exported.sha256}, noted in ledger record {exported.sequence}")
    if request.form is ExportForm.BAG:
        click.echo("To check it: unpack it and run  python3 -I data/verify_offline.py")
        if not exported.signed:
            click.echo("Its checkpoint has no signature: it shows that the parts fit together, not who made them.")


def _moment(text: str | None, option: str, *, after: timedelta = timedelta()) -> datetime | None:
    """A day or moment; `after` is added to a day, so that all of it counts."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{option} {text!r} is no date: write 2026-05-31 or 2026-05-31T12:00", key=option) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment + after if len(text) <= 10 else moment


COMMANDS = {"export": export}
