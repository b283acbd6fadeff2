"""watcher source volatile: the lines of a Source that were learnt to change by themselves."""

from __future__ import annotations

import click

from watcher.cli.context import Context, pass_context, safe, user_name
from watcher.errors import ConfigError
from watcher.pipeline.learnt import judge_line, learnt_lines
from watcher.pipeline.shapes import LEARNT_AFTER, LOOKED_AT, LearntLine
from watcher.store import sources


@click.command()
@click.argument("source_id")
@click.option("--forget", metavar="NUMBER", help="Tell of this line again, whatever was learnt of it.")
@click.option("--allow", metavar="NUMBER", help="Take --forget back.")
@pass_context
def volatile(context: Context, source_id: str, forget: str | None, allow: str | None) -> None:
    """The lines of a Source in which only dates, counters or tokens change, and which of them are no longer told.

    \b
    Example:
      watcher source volatile kazakhstan-mfa --forget 1
    """
    if forget and allow:
        raise ConfigError("give --forget or --allow, not both")
    with context.instance() as instance:
        if forget or allow:
            line = judge_line(instance.rooms, source_id, forget or allow or "", user=user_name(), forget=bool(forget))
            click.echo(safe(f"{'told again' if forget else 'no longer told, once learnt'}: {line.shape}"))
            return
        with instance.rooms.database.reading() as connection:
            sources.get_source(connection, source_id)
            lines = learnt_lines(instance.rooms, connection, source_id)
    if not lines:
        click.echo(f"no line of {source_id} changed in nothing but values in its last {LOOKED_AT} Captures")
    for place, line in enumerate(lines, start=1):
        click.echo(safe(f"{place}. {line.shape}  ({_state(line)}; now: {line.example})"))


def _state(line: LearntLine) -> str:
    times = f"{line.times} of the last {LOOKED_AT} Captures"
    if line.forgotten:
        return f"told, because somebody asked for it; {times}"
    return f"not told; {times}" if line.is_learnt else f"told until it changed {LEARNT_AFTER} times; {times}"
