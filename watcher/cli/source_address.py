"""watcher source move | history | find: where Sources are and were."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.errors import ConfigError, NotFoundError
from watcher.pipeline import addresses
from watcher.pipeline.health import proposed_address
from watcher.pipeline.ports import Rooms
from watcher.settings import load_sources
from watcher.settings.sources import require_open_url
from watcher.store import sources

if TYPE_CHECKING:
    from watcher.fetch import Egress


@click.command()
@click.argument("source_id")
@click.argument("url", required=False)
@click.option("--because", default="", help="Why, for the history of its addresses.")
@click.option("--yes", is_flag=True, help="Do not ask before an address is taken that the old one sent on to.")
@pass_context
def move(context: Context, source_id: str, url: str | None, because: str, yes: bool) -> None:
    """Watch a Source at URL from now on. Everything that was captured of it stays with it.

    Without URL: where its old address was sent on to for good, three checks in a row. The page at the new address
    is compared with that of the old one, and held when it is another document.

    \b
    Example:
      watcher source move kaz-ministry https://example.org/kaz --because "new web site since May"
    """
    with context.instance() as instance:
        with instance.rooms.database.reading() as connection:
            before = sources.get_source(connection, source_id)
        address = require_open_url(url) if url else proposed_address(before)
        if not address:
            raise ConfigError(f"where to? {source_id!r} was not sent on to another address; give its URL", key="url")
        if not url and not yes:
            click.confirm(f"Watch {source_id} at {safe(address)} instead of {safe(before.definition.url)}?", abort=True)
        reason = because or ("" if url else "sent on for good, three checks in a row")
        others = others_at(instance.rooms, address, source_id)
        moved = addresses.move_source(
            instance.rooms, source_id, require_open_url(address), user=user_name(), because=reason
        )
    click.echo(f"moved {source_id} from {safe(before.definition.url)} to {safe(moved.definition.url)}")
    due = "it is due now" if moved.next_check_at else f"it is {moved.state} and not checked"
    click.echo(f"{due}; next: watcher check {source_id}")
    for line in [*others, *_in_files(context, source_id, moved.definition.url)]:
        click.echo(line, err=True)


@click.command()
@click.argument("source_id")
@json_option
@pass_context
def history(context: Context, source_id: str, as_json: bool) -> None:
    """The addresses that a Source had, with dates and reasons, newest first."""
    with context.instance(pack_later=True) as instance, instance.rooms.database.reading() as connection:
        periods = addresses.address_history(connection, source_id)
    if as_json:
        print_json([_period(one) for one in periods])
        return
    for one in periods:
        until = f"{one.until:%Y-%m-%d %H:%M}" if one.until else "now"
        by = f" ({safe(one.because)}{', by ' + safe(one.user) if one.user else ''})" if one.because or one.user else ""
        click.echo(f"{one.since:%Y-%m-%d %H:%M} to {until:<16}  {safe(one.url) or 'no address: an Upload'}{by}")


@click.command()
@click.argument("url")
@json_option
@pass_context
def find(context: Context, url: str, as_json: bool) -> None:
    """The Sources that have or had the address URL. Exit 1 when there is none."""
    with context.instance(pack_later=True) as instance, instance.rooms.database.reading() as connection:
        holders = addresses.holders_of(connection, url)
    if as_json:
        print_json([{"source_id": one.source.source_id, **_period(one.period)} for one in holders])
    else:
        for one in holders:
            click.echo(safe(addresses.holder_words(one)))
    if not holders:
        raise NotFoundError(f"no Source has or had the address {url}")


def others_at(rooms: Rooms, url: str, source_id: str) -> list[str]:
    """Which other Sources have or had an address, a line each."""
    if not url:
        return []
    with rooms.database.reading() as connection:
        holders = addresses.holders_of(connection, url)
    return [f"note: {safe(addresses.holder_words(one))}" for one in holders if one.source.source_id != source_id]


def refusal_words(url: str, egress: Egress) -> list[str]:
    """That an address which names no host but a number is refused, and what allows it; nothing is looked up."""
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return []
    refusal = egress.refusal(address, parts.port or {"https": 443}.get(parts.scheme, 80))
    if not refusal:
        return []
    whole = ipaddress.ip_network(address)
    told = (
        f"note: each check of it will be refused: {refusal}. Is it of your house? Then allow its network in "
        f'config/watcher.yaml, for example fetch: {{intranet: ["{whole}"]}}'
    )
    return [told]


def _in_files(context: Context, source_id: str, url: str) -> list[str]:
    """Files that would move the Source back when they are applied the next time."""
    folder = context.config / "sources"
    try:
        registered, _ = load_sources(folder) if folder.exists() else ([], [])
    except ConfigError:
        return []
    if any(entry.source_id == source_id and entry.definition.url != url for entry in registered):
        return [f"note: a file in {folder} still has another url for {source_id}: change it, or `apply` moves it back"]
    return []


def _period(one: addresses.AddressPeriod) -> dict[str, object]:
    return {"url": one.url, "since": one.since, "until": one.until, "because": one.because, "user": one.user}
