"""watcher rebuild, backup, restore: the database from the archive, and both from a copy."""

from __future__ import annotations

from dataclasses import replace

import click

from watcher.bootstrap import open_instance
from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.pipeline.rebuild import Progress, rebuild_database
from watcher.settings import load_settings
from watcher.store.rebuild import begin_rebuild, count_rows, finish_rebuild


@click.command()
@json_option
@pass_context
def rebuild(context: Context, as_json: bool) -> None:
    """Make the database again from the archive alone. It must be missing or empty.

    Every record of the ledger goes through the same pipe again; nothing is fetched and nobody is told.
    Subscriptions and Digests are in no archive and stay empty. Stopped half-way, it goes on where it was. Exit 1
    when some Payload could not be read again.
    """
    settings = load_settings(context.config / "watcher.yaml")
    begun = begin_rebuild(settings.store.url)
    own = replace(settings, store=replace(settings.store, url=begun))
    last = Progress(done=0, of=0)
    with open_instance(context.config, settings=own, recover=False) as instance:
        for last in rebuild_database(instance.rooms):
            if not as_json:
                click.echo(f"{last.done} of {last.of} records", err=True)
        with instance.rooms.database.reading() as connection:
            rows = count_rows(connection)
    finish_rebuild(settings.store.url)
    if as_json:
        print_json({"records": last.of, "rows": rows, "problems": last.problems})
    else:
        click.echo("rebuilt: " + ", ".join(f"{count} {name}" for name, count in rows.items() if count))
        click.echo("Subscriptions and Digests are in no archive: add the Subscriptions again.")
        for problem in last.problems:
            click.echo(safe(problem), err=True)
    if last.problems:
        raise SystemExit(1)


COMMANDS = {"rebuild": rebuild}
