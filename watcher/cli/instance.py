"""watcher init, status, migrate, check-config."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from watcher.archive import read_origin
from watcher.bootstrap import user_agent, utc_now
from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.cli.serve import require_loopback
from watcher.cli.words import held_remedy
from watcher.errors import ConfigError, FetchError, StoreError
from watcher.fetch import Egress, Fetcher, FetchLimits, FetchRequest, authorities_in, networks
from watcher.model.capture import Outcome
from watcher.pipeline.health import move_command, proposed_address
from watcher.pipeline.standing import contact_problems, link_problems, mail_problems, origin_problems
from watcher.render.words import counted
from watcher.settings import Settings, load_packs, load_settings, load_sources
from watcher.settings.secrets import unresolved
from watcher.store import captures, digests, sources, subscriptions, versions
from watcher.store.database import database_exists, migrate_database, open_database


@click.command()
@pass_context
def init(context: Context) -> None:
    """Make the archive and the database of a new instance.

    Where the settings say: ./snapshots and ./data unless archive.path and store.url name other places.
    """
    with context.instance(create=True) as instance:
        click.echo(f"archive   {instance.settings.archive.place}")
        click.echo(f"database  {instance.settings.store.url}")
        click.echo("Next: watcher source add URL, then watcher serve")


@click.command()
@pass_context
def migrate(context: Context) -> None:
    """Bring the database to the schema of this watcher. Back it up first."""
    settings = load_settings(context.config / "watcher.yaml")
    migrate_database(settings.store.url)
    click.echo("the database has the present schema")


@click.command()
@json_option
@pass_context
def status(context: Context, as_json: bool) -> None:
    """How the instance is: Sources, Captures, failures, messages owed, ledger."""
    with context.instance(pack_later=True) as instance, instance.rooms.database.reading() as connection:
        every = sources.list_sources(connection)
        held = versions.held_versions(connection)
        active = sum(one.active for one in subscriptions.list_subscriptions(connection))
        failing = [source for source in every if source.failures_in_a_row]
        facts = {
            "sources": len(every),
            "captures": sum(captures.count_captures(connection).values()),
            "moved": {source.source_id: proposed_address(source) for source in every if proposed_address(source)},
            "held": {version.source_id: version.error for version in held},
            "failing": {source.source_id: source.last_outcome for source in failing},
            "subscriptions": active,
            "unsent_messages": digests.count_unsent(connection),
            "checkpoint": instance.rooms.archive.checkpoint().split("\n")[:3],
        }
        settings, origin = instance.settings, instance.rooms.archive.origin
    problems = [
        *mail_problems(host=settings.smtp.host, sender=settings.smtp.sender, active=active),
        *origin_problems(archive=origin, settings=settings.archive.origin),
    ]
    if as_json:
        print_json({**facts, "problems": problems})
        return
    held_in_all: dict[str, Any] = {
        "Source": facts["sources"],
        "Capture": facts["captures"],
        "Subscription": facts["subscriptions"],
    }
    click.echo(", ".join(counted(number, one) for one, number in held_in_all.items()))
    for source in failing:
        what = "the page was not given" if source.last_outcome == Outcome.HTTP_ERROR else "not reached"
        outcome = str(source.last_outcome).replace("_", " ")
        times = "once" if source.failures_in_a_row == 1 else f"{source.failures_in_a_row} times in a row"
        click.echo(f"{what}: {source.source_id} ({outcome}, {times})")
    for version in held:
        click.echo(safe(f"held: {version.source_id}: {version.error}"))
        for line in held_remedy(version):
            click.echo(f"  {line}")
    for source in every:
        if address := proposed_address(source):
            click.echo(f"moved for good: {source.source_id} is sent on to {safe(address)}. If that is the same page:")
            click.echo(f"  {move_command(source.source_id, address)}")
    if settings.smtp.host:
        click.echo(f"{facts['unsent_messages']} messages not sent")
    for problem in problems:
        click.echo(problem)
    click.echo(f"ledger: {' '.join(instance.rooms.archive.checkpoint().split())}")


@click.command("check-config")
@click.argument("sources_path", type=click.Path(path_type=Path, exists=True), required=False)
@pass_context
def check_config(context: Context, sources_path: Path | None) -> None:
    """Read all configuration and say what is wrong; nothing is changed.

    Exit 1 when some Sources are bad or a secret or ca_file that they name is not there, 2 when a file or a key is.
    """
    settings = load_settings(context.config / "watcher.yaml")
    packs = load_packs(context.config / "indicators")
    if settings.classify.pack not in {pack.name for pack in packs}:
        raise ConfigError(f"classify.pack names {settings.classify.pack!r}, which is not there", key="classify.pack")
    folder = sources_path or context.config / "sources"
    registered, problems = load_sources(folder, intranet=settings.fetch.intranet) if folder.exists() else ([], [])
    complaints = [problem.message for problem in problems]
    for entry in registered:
        credentials = entry.definition.credentials
        missing = unresolved(credentials, os.environ, settings.fetch.secrets) if credentials is not None else ""
        missing = missing or _unusable_ca_file(settings.fetch.certificates, entry.definition.ca_file)
        if missing:
            complaints.append(f"{entry.source_id}: {missing}. Until it is there, this Source is not fetched")
    require_loopback(settings.web.host)
    bad = len(complaints)
    fine = len(registered) + len(problems) - bad
    click.echo(f"settings: fine; packs: {len(packs)} fine; Sources: {fine} fine, {bad} bad")
    click.echo(f"Sources: {len(registered) + len(problems)} in files, {_registered_words(settings)}")
    for note in _notes(settings, str(context.config / "watcher.yaml")):
        click.echo(f"note: {note}")
    for complaint in complaints:
        click.echo(complaint, err=True)
    if complaints:
        raise SystemExit(1)


def _registered_words(settings: Settings) -> str:
    """How many Sources are watched; a database that cannot be read is the doctor's."""
    if not database_exists(settings.store.url):
        return "none registered: there is no instance yet"
    try:
        database = open_database(settings.store.url)
    except StoreError:
        return "and the database cannot be read: see `watcher doctor`"
    try:
        with database.reading() as connection:
            return f"{len(sources.list_sources(connection))} registered"
    finally:
        database.close()


def _notes(settings: Settings, file: str) -> list[str]:
    """What is allowed and probably not meant; `file` is where it is said."""
    archive = settings.archive.path
    made = not settings.archive.bucket and (archive / "format.json").exists()
    origin = read_origin(archive) if made else settings.archive.origin
    return [
        *origin_problems(archive=origin, settings=settings.archive.origin),
        *link_problems(
            base_url=settings.web.base_url,
            served_at=f"http://{settings.web.host}:{settings.web.port}/",
            settings=file,
        ),
        *mail_problems(host=settings.smtp.host, sender=settings.smtp.sender, active=0),
        *contact_problems(settings.fetch.contact),
    ]


def _unusable_ca_file(folder: Path, name: str) -> str:
    """Why a Source's file of authorities cannot be used, "" when it can or there is none."""
    try:
        if name:
            authorities_in(folder / name)
    except FetchError as error:
        return str(error)
    return ""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where the service listens; else as configured.")
@pass_context
def health(context: Context, port: int | None) -> None:
    """Ask the running service on this machine if it is well. Exit 0 when it is, else 1."""
    settings = load_settings(context.config / "watcher.yaml")
    address = f"http://127.0.0.1:{port or settings.web.port}/healthz"
    limits, own = FetchLimits(deadline_seconds=4), Egress(intranet=networks(["127.0.0.1"]))
    fetcher = Fetcher(user_agent=user_agent(""), limits=limits, clock=utc_now, egress=own)
    result = fetcher.fetch(FetchRequest(url=address))
    fetcher.close()
    click.echo(result.error or (result.payload or b"").decode("utf-8", "replace"))
    if result.status != 200:
        raise SystemExit(1)


COMMANDS = {"init": init, "migrate": migrate, "status": status, "health": health, "check-config": check_config}
