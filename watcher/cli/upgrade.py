"""watcher upgrade: technical upgrades at once."""

from __future__ import annotations

import click

from watcher.cli.context import Context, pass_context, safe, user_name
from watcher.pipeline.upgrade import UpgradeEnd, outdated_sources, upgrade_sources


@click.command()
@click.argument("source_ids", metavar="[SOURCE]...", nargs=-1)
@click.option("--limit", type=click.IntRange(1), default=10_000, show_default=True, help="At most so many Sources.")
@click.option("--dry-run", is_flag=True, help="Name the Sources and read nothing.")
@pass_context
def upgrade(context: Context, source_ids: tuple[str, ...], limit: int, dry_run: bool) -> None:
    """Read the newest good Snapshot of each SOURCE (all by default) again, where rules or extractor are newer than it.

    The result is a new Version of the same Snapshot, and what is compared with next; the old one stays. Nobody is
    told. A check does the same before it compares. What was stopped goes on when it is called again. Exit 1 when
    a Snapshot cannot be read by the rules of today: its old reading stays.
    """
    with context.instance() as instance:
        waiting = outdated_sources(instance.rooms, source_ids)
        if not waiting:
            click.echo("nothing to do: every newest Snapshot was read by the rules and extractors of today")
            return
        if dry_run:
            for source_id in waiting:
                click.echo(f"  to do     {source_id}")
            click.echo(f"{len(waiting)} to read again; dry run: nothing was changed")
            return
        counts = dict.fromkeys(UpgradeEnd, 0)
        turn = waiting[:limit]
        for number, one in enumerate(upgrade_sources(instance.rooms, turn, user=user_name()), start=1):
            counts[one.end] += 1
            click.echo(safe(f"  {one.end:<9} {one.source_id} ({number} of {len(turn)}): {one.reason}"))
    left = len(waiting) - counts[UpgradeEnd.UPGRADED] - counts[UpgradeEnd.CURRENT]
    click.echo(f"{counts[UpgradeEnd.UPGRADED]} read again, {counts[UpgradeEnd.FAILED]} failed, {left} still to do")
    if counts[UpgradeEnd.FAILED]:
        click.echo("try other rules with: watcher source preview SOURCE --select …", err=True)
        raise SystemExit(1)


COMMANDS = {"upgrade": upgrade}
