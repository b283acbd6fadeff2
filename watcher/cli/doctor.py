"""watcher doctor."""

from __future__ import annotations

import dataclasses

import click

from watcher.bootstrap import utc_now
from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.pipeline.doctor import Level, Told, diagnose
from watcher.settings import load_settings

COLOURS = {Level.FINE: "green", Level.ODD: "yellow", Level.BAD: "red"}


@click.command(epilog="\b\nExample:\n  watcher doctor --json | jq '.[] | select(.level != \"fine\")'")
@json_option
@pass_context
def doctor(context: Context, as_json: bool) -> None:
    """Look at what the instance stands on: disks, database, clock, programs, what waits.

    Nothing is changed. Exit 1 when something must be mended.
    """
    settings = load_settings(context.config / "watcher.yaml")
    found = list(
        diagnose(
            database_url=settings.store.url,
            archive=None if settings.archive.bucket else settings.archive.path,
            browser=settings.browser.executable,
            now=utc_now(),
            told=Told(
                smtp_host=settings.smtp.host,
                smtp_sender=settings.smtp.sender,
                contact=settings.fetch.contact,
                origin=settings.archive.origin,
            ),
        )
    )
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
    else:
        for one in found:
            click.echo(f"{click.style(f'{one.level:5}', fg=COLOURS[one.level])} {one.subject}: {safe(one.finding)}")
            if one.remedy:
                click.echo(f"      {one.remedy}")
    if any(one.level is Level.BAD for one in found):
        raise SystemExit(1)


COMMANDS = {"doctor": doctor}
