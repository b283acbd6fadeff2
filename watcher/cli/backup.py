"""watcher rebuild, backup, restore: the database from the archive, and both from a copy."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from pathlib import Path

import click

from watcher.bootstrap import open_instance
from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.errors import RefusedError
from watcher.pipeline.backup import BackupPlan, back_up
from watcher.pipeline.rebuild import Progress, rebuild_database
from watcher.pipeline.restore import restore as restore_backup
from watcher.settings import Settings, load_settings
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


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--with-key", is_flag=True, help="Copy the private key of the archive too: guard such a backup.")
@json_option
@pass_context
def backup(context: Context, out: Path, with_key: bool, as_json: bool) -> None:
    """Copy database, archive and configuration to OUT while the service works.

    OUT is a new folder, or a file that ends with .tar or .tar.zst. Secrets are not copied, and of the configuration
    folder only .yaml, .json and .j2 files. Exit 1 when the archive itself has lost a Payload; the rest is copied.
    """
    with context.instance() as instance:
        settings = instance.settings
        key: Path | None = getattr(settings.archive, "key", None) if with_key else None
        if with_key and (key is None or not key.is_file()):
            raise RefusedError("there is no private key to copy: leave --with-key out")
        plan = BackupPlan(database_url=settings.store.url, config=instance.config, key=key)
        done = back_up(instance.rooms, plan, out)
    if as_json:
        print_json(asdict(done))
    else:
        click.echo(f"{done.place}: {done.files} files, {done.bytes} bytes, {done.ledger_size} records")
        click.echo(f"checkpoint before it: {' '.join(done.checkpoint.split())}")
        for problem in done.problems:
            click.echo(safe(problem), err=True)
    if done.problems:
        raise SystemExit(1)


@click.command()
@click.argument("backup_path", metavar="IN", type=click.Path(path_type=Path))
@click.option("--to", required=True, type=click.Path(path_type=Path), help="A new folder for the instance.")
@json_option
@pass_context
def restore(_context: Context, backup_path: Path, to: Path, as_json: bool) -> None:
    """Make the instance in the backup IN anew in the folder --to: all of it, checked, or nothing.

    Messages that were owed at the time are not sent, because they may have been sent since: `watcher digest resume`
    sends them.
    """
    done = restore_backup(backup_path, to)
    messages = "1 message was" if done.held_messages == 1 else f"{done.held_messages} messages were"
    owed = [f"{messages} owed and held: `watcher digest resume` sends what is owed"] if done.held_messages else []
    warnings, key = _elsewhere(to), _key_of(to)
    to_do = _key_wanted(to, key)
    following = f"cd {shlex.quote(str(to))} && watcher --config config status"
    if as_json:
        signing = {"file": str(key), "missing": bool(to_do), "public_keys": _public_keys(to)}
        said = {"notes": owed, "warnings": warnings, "to_do": to_do, "next": following}
        print_json({**asdict(done), "signing_key": signing, **said})
        return
    click.echo(f"restored to {done.place}: {done.ledger_size} records")
    for line in owed:
        click.echo(line)
    for warning in warnings:
        click.echo(warning, err=True)
    for line in to_do:
        click.echo(line)
    click.echo(f"next: {following}")


def _key_of(to: Path) -> Path:
    """Where a restored instance looks for its private key."""
    written = to / "config" / "watcher.yaml"
    settings = load_settings(written, {}) if written.is_file() else Settings()
    return to / settings.archive.key


def _public_keys(to: Path) -> list[str]:
    """The public keys that the restored archive was signed with, as vkeys, by key id."""
    return [file.read_text().strip() for file in sorted((to / "snapshots" / "keys").glob("*.vkey"))]


def _key_wanted(to: Path, key: Path) -> list[str]:
    """What to do first in a restored instance whose ledger names a key that the backup did not hold."""
    if key.is_file() or not _public_keys(to):
        return []
    return [
        "the private key of the archive is not in this backup; without it the service does not start",
        f"first: copy the archive.key of the instance that was backed up to {key} (mode 0600)",
        "a backup that is made with `watcher backup --with-key` holds it",
        f"if it is lost for good: cd {shlex.quote(str(to))} && watcher --config config key rotate --lost",
    ]


def _elsewhere(to: Path) -> list[str]:
    """Settings of a restored instance that name another place than its own."""
    if not (to / "config").is_dir():
        return [f"the backup held no configuration: write {to}/config/watcher.yaml"]
    settings = load_settings(to / "config" / "watcher.yaml", {})
    usual = Settings()
    lies_at = settings.archive.place if settings.archive.bucket else str(settings.archive.path)
    named = [
        ("archive.path", lies_at, str(usual.archive.path)),
        ("store.url", settings.store.url, usual.store.url),
    ]
    return [
        f"its config/watcher.yaml says {key}: {said}: change it to {own} before it is started"
        for key, said, own in named
        if said != own
    ]


COMMANDS = {"rebuild": rebuild, "backup": backup, "restore": restore}
