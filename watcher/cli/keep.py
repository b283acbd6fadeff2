"""watcher payload delete, watcher hold, watcher retention: what goes, what must stay, and on whose word."""

from __future__ import annotations

from dataclasses import asdict

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.cli.groups import Group
from watcher.errors import RefusedError
from watcher.pipeline import holds
from watcher.pipeline.retention import RetentionRules, find_expired, let_go
from watcher.pipeline.tombstone import delete_payload, uses_of

reason_option = click.option("--reason", required=True, help="Why. It is kept in the ledger for good.")


@click.group(cls=Group)
def payload() -> None:
    """Delete bytes, with a tombstone."""


@payload.command()
@click.argument("payload_sha256", metavar="SHA256")
@reason_option
@click.option("--yes", is_flag=True, help="Delete without asking.")
@pass_context
def delete(context: Context, payload_sha256: str, reason: str, yes: bool) -> None:
    """Delete the bytes of a Payload for good and keep the record of who, when and why.

    The same bytes are not stored again when they come again. What was read from them (Versions, Changes, Digests)
    stays in the database.
    """
    digest = payload_sha256.lower()
    with context.instance() as instance:
        uses = uses_of(instance.rooms, digest)
        click.echo(f"{len(uses.captures)} Captures of {', '.join(uses.sources)} name these bytes.")
        click.echo(f"{uses.versions} Versions and {uses.changes} Changes were read from them and stay.")
        if not yes:
            click.confirm("Delete the bytes for good?", abort=True)
        tombstone = delete_payload(instance.rooms, digest, user=user_name(), reason=reason)
    click.echo(f"deleted; the tombstone is ledger record {tombstone.sequence}. Backups that hold the bytes keep them.")


@click.group(cls=Group)
def hold() -> None:
    """Say what must not be deleted."""


@hold.command("set")
@click.argument("named", metavar="SOURCE|CAPTURE")
@reason_option
@pass_context
def set_(context: Context, named: str, reason: str) -> None:
    """Hold a Source with all its Captures, or one Capture by its number: their bytes cannot be deleted."""
    with context.instance() as instance:
        held = holds.set_hold(instance.rooms, named, user=user_name(), reason=reason)
    click.echo(f"held {held.target}; ledger record {held.sequence}")


@hold.command()
@click.argument("named", metavar="SOURCE|CAPTURE")
@reason_option
@pass_context
def lift(context: Context, named: str, reason: str) -> None:
    """End a hold."""
    with context.instance() as instance:
        holds.lift_hold(instance.rooms, named, user=user_name(), reason=reason)
    click.echo(f"lifted the hold on {named}")


@hold.command("list")
@json_option
@pass_context
def list_(context: Context, as_json: bool) -> None:
    """The holds in force."""
    with context.instance() as instance:
        found = holds.active_holds(instance.rooms)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        click.echo(safe(f"{one.target:<40} since {one.set_at:%Y-%m-%d} by {one.user}: {one.reason}"))
    if not found:
        click.echo("nothing is held")


@click.command()
@click.option("--apply", "wanted", is_flag=True, help="Delete. Without it, only what would go is shown.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@json_option
@pass_context
def retention(context: Context, wanted: bool, yes: bool, as_json: bool) -> None:
    """Show, or with --apply delete, bytes that the section `retention` of the settings lets go.

    Only partial bytes of failed attempts and screenshots, never a Snapshot, never what is held. Each leaves a
    tombstone.
    """
    with context.instance() as instance:
        rules = RetentionRules(**asdict(instance.settings.retention))
        if rules == RetentionRules() and wanted:
            raise RefusedError(
                "no retention rule is set, so everything is kept: see `retention` in config/watcher.yaml"
            )
        expired = find_expired(instance.rooms, rules)
        if not as_json:
            for one in expired:
                click.echo(f"{one.payload_sha256}  {one.part:<10} last named {one.last_captured_at:%Y-%m-%d}")
            click.echo(f"{len(expired)} would go")
        gone = 0
        if wanted and expired:
            if not yes:
                click.confirm(f"Delete {len(expired)} of them for good?", abort=True)
            gone = sum(1 for _ in let_go(instance.rooms, rules, user=user_name()))
    if as_json:
        print_json({"expired": [asdict(one) for one in expired], "deleted": gone})
    else:
        click.echo(f"{gone} deleted" if wanted else "dry run: nothing was changed; --apply deletes them")


COMMANDS = {"payload": payload, "hold": hold, "retention": retention}
