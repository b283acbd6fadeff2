"""watcher timestamp."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.errors import ConfigError
from watcher.pipeline.timestamp import Authority, Stamped, check_stamps, stamp_now


@click.command()
@click.option("--check", is_flag=True, help="Ask nobody; check the stamps that there are. Exit 1 when one fails.")
@json_option
@pass_context
def timestamp(context: Context, check: bool, as_json: bool) -> None:
    """Have the newest checkpoint stamped by the authority of archive.timestamp_url (RFC 3161).

    The ledger is signed first, as it stands. The stamp is stored in the archive's folder timestamps/. A service that
    runs does this once a day.
    """
    with context.instance() as instance:
        archive, storage = instance.settings.archive, instance.rooms.archive.storage
        if not archive.timestamp_certificates or not (archive.timestamp_url or check):
            raise ConfigError(
                "set archive.timestamp_url to the authority's address, and archive.timestamp_certificates to the PEM "
                "file of the certificates that it is trusted by",
                key="archive.timestamp_url",
            )
        authority = Authority(url=archive.timestamp_url, certificates=Path(archive.timestamp_certificates))
        if not check:
            stamped = stamp_now(instance.rooms, authority, instance.ask_authority)
            print_json(_facts(stamped)) if as_json else click.echo(safe(_words(stamped)))
            return
        checked = check_stamps(storage, authority)
    if as_json:
        print_json([{"file": str(one.path), "problem": one.problem} for one in checked])
    else:
        for one in checked:
            when = f"{one.stamp.stamped_at:%Y-%m-%d %H:%M:%S} UTC" if one.stamp else safe(one.problem)
            click.echo(f"{PurePosixPath(one.path).name}  {when}")
    if any(one.problem for one in checked):
        raise SystemExit(1)


def _facts(stamped: Stamped) -> dict[str, object]:
    return {
        "file": str(stamped.path),
        "size": stamped.stamp.size,
        "stamped_at": stamped.stamp.stamped_at.isoformat(),
        "serial_number": stamped.stamp.serial_number,
        "policy": stamped.stamp.policy,
        "asked": stamped.asked,
    }


def _words(stamped: Stamped) -> str:
    stamp = stamped.stamp
    told = f"the checkpoint of {stamp.size} records existed at {stamp.stamped_at:%Y-%m-%d %H:%M:%S} UTC: {stamped.path}"
    return told if stamped.asked else f"stamped already; {told}"


COMMANDS = {"timestamp": timestamp}
