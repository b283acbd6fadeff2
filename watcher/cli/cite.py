"""watcher cite."""

from __future__ import annotations

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.pipeline.cite import cite as cite_one


@click.command()
@click.argument("name", metavar="CAPTURE|VERSION|CHANGE")
@json_option
@pass_context
def cite(context: Context, name: str, as_json: bool) -> None:
    """Print the footnote that cites a Capture, a Version or a Change.

    It is named by its id or by its permalink. With --json also as CSL-JSON items, which reference managers read.

    \b
    Examples:
      watcher cite 7
      watcher cite http://127.0.0.1:8080/captures/7
      watcher cite --json v0123456789abcde..vabcdef012345678
    """
    with context.instance() as instance:
        cited = cite_one(instance.rooms, name)
        items = cited.items(instance.rooms.archive.origin)
    if as_json:
        print_json({"footnote": cited.footnote, "permalink": cited.permalink, "items": items})
    else:
        click.echo(safe(cited.footnote))


COMMANDS = {"cite": cite}
