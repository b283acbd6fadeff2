"""watcher board, watcher timeline."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.errors import ConfigError

if TYPE_CHECKING:
    from watcher.model.board import Cell
    from watcher.model.statement import Statement

as_of_option = click.option("--as-of", metavar="DATE", help="As it stood at the end of this day (UTC), 2026-12-31.")
subject_option = click.option("--subject", "named", default="", help="Another way to give SUBJECT.")
indicator_option = click.option("--indicator", "indicator_named", default="", help="Another way to give INDICATOR.")
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV for spreadsheets.")


@click.command()
@click.argument("subject", required=False, default="")
@click.argument("indicator", required=False, default="")
@subject_option
@indicator_option
@as_of_option
@click.option("--short", is_flag=True, help="One line a cell, without passages.")
@csv_option
@json_option
@pass_context
def board(
    context: Context,
    subject: str,
    indicator: str,
    named: str,
    indicator_named: str,
    as_of: str | None,
    short: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """What each Source says of each State's policy, and where Sources contradict each other.

    SUBJECT is a State (KAZ or Kazakhstan), INDICATOR a name such as treaty_status; all of them when left out.

    \b
    Examples:
      watcher board --short
      watcher board KAZ
      watcher board KAZ treaty_status --as-of 2007-12-31
      watcher board --csv > board.csv
    """
    from dataclasses import replace

    from watcher.pipeline.board import end_of_day, read_board
    from watcher.render.board import board_csv, board_facts

    if as_csv and as_json:
        raise ConfigError("give --csv or --json, not both")
    code, indicator = one_state(subject, named), _once("indicator", indicator, indicator_named)
    with context.instance() as instance:
        rooms = instance.rooms
        if indicator and indicator not in rooms.pack.pack.indicators:
            raise unknown_indicator(indicator, tuple(rooms.pack.pack.indicators))
        moment = end_of_day(as_of) if as_of else None
        found = read_board(rooms, as_of=moment, subject=code)
        base_url = rooms.base_url
    if indicator:
        found = replace(found, cells=tuple(cell for cell in found.cells if cell.indicator == indicator))
    if as_json:
        print_json(board_facts(found, base_url=base_url))
    elif as_csv:
        click.echo(board_csv(found, base_url=base_url), nl=False)
    else:
        for cell in found.cells:
            for line in _cell_lines(cell, short=short, base_url=base_url):
                click.echo(safe(line))
        if not found.cells:
            click.echo("no Source says anything that the board shows; `watcher positions` shows how a text is read")


@click.command()
@click.argument("subject", required=False, default="")
@click.argument("indicator", required=False, default="")
@subject_option
@indicator_option
@as_of_option
@csv_option
@json_option
@pass_context
def timeline(
    context: Context,
    subject: str,
    indicator: str,
    named: str,
    indicator_named: str,
    as_of: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Every stance of a State by date. SUBJECT is a State (KAZ or Kazakhstan), INDICATOR a name such as vote.

    A date is that which the passage names, or else the one that a person gave the document. What has neither stands
    apart, by the day of its capture.

    \b
    Examples:
      watcher timeline KAZ
      watcher timeline KAZ vote --csv > votes.csv
    """
    from watcher.pipeline.board import end_of_day, read_time_line
    from watcher.render.board import moment_words, time_line_csv, time_line_facts, until_words
    from watcher.render.words import folded, said, title_of

    if as_csv and as_json:
        raise ConfigError("give --csv or --json, not both")
    code, indicator = one_state(subject, named), _once("indicator", indicator, indicator_named)
    if not code:
        raise ConfigError("give a State: watcher timeline KAZ", key="subject")
    with context.instance() as instance:
        rooms = instance.rooms
        if indicator and indicator not in rooms.pack.pack.indicators:
            raise unknown_indicator(indicator, tuple(rooms.pack.pack.indicators))
        moments = read_time_line(rooms, code, indicator, as_of=end_of_day(as_of) if as_of else None)
        base_url = rooms.base_url
    if as_json:
        print_json(time_line_facts(moments, base_url=base_url))
    elif as_csv:
        click.echo(time_line_csv(moments, base_url=base_url), nl=False)
    else:
        for moment, before in zip(moments, [None, *moments], strict=False):
            each = moment.statement
            if moment.undated and (before is None or not before.undated):
                click.echo("without a date of their own:")
            dated = moment_words(moment)
            stance = f"{said(each.position.indicator)}: {said(each.position.stance)}"
            stood = f"; {until_words(each)}" if each.until else ""
            click.echo(safe(f"{dated}  {stance}{stood}  [{title_of(each.source)}, Capture {each.sequence}]"))
            for line in _wrapped(f"“{folded(each.position.passage)}”", "    "):
                click.echo(safe(line))
        if not moments:
            click.echo("no Version states anything of it")


def state_of(name: str) -> str:
    """The code of a State. ConfigError when there is none of that name."""
    from watcher.model.subjects import subject_of

    code = subject_of(name)
    if code is None:
        raise ConfigError(f"no State is called {name!r}; write KAZ or Kazakhstan", key="subject")
    return code


def one_state(subject: str, named: str = "") -> str:
    """The code of the State that is given as an argument, as --subject, or as both; "" for none."""
    return _once("subject", *(state_of(name) if name else "" for name in (subject, named)))


def _once(what: str, argument: str, option: str) -> str:
    """What is given as an argument or as an option. ConfigError when both are given and differ."""
    if argument and option and argument != option:
        raise ConfigError(f"{argument} and --{what} {option} are two: give one of them", key=what)
    return argument or option


def unknown_indicator(name: str, known: tuple[str, ...]) -> ConfigError:
    """What is said of an indicator that the pack does not have."""
    return ConfigError(f"the pack has no indicator {name!r}; it has {', '.join(known)}", key="indicator")


def _cell_lines(cell: Cell, *, short: bool, base_url: str) -> Iterator[str]:
    from watcher.model.subjects import name_of
    from watcher.render.board import contradiction_words, dates_words, until_words
    from watcher.render.words import said

    leading = cell.leading
    dates = dates_words(leading.dates)
    head = f"{name_of(cell.subject)}, {said(cell.indicator)}: {said(leading.position.stance)}"
    head += f" ({dates})" if dates else ""
    head += f"; also {', '.join(said(stance) for stance in cell.also)}" if cell.also else ""
    head += "" if leading.current else f" - NO LONGER STATED, {until_words(leading)}"
    head += " - CONTRADICTED" if cell.contradicted else " - STATES BOTH" if cell.undecided else ""
    agreeing = len(cell.agree)
    yield head + (f" - {agreeing} Sources agree" if agreeing > 1 else "")
    for each in cell.contradictions:
        if short and not each.between:
            continue
        yield from _wrapped(("contradicts: " if each.between else "unclear: ") + contradiction_words(each), "    ")
    if not short:
        for statement in cell.statements:
            yield from _statement_lines(statement, base_url)
        yield ""


def _statement_lines(statement: Statement, base_url: str) -> Iterator[str]:
    from watcher.model.permalinks import capture_url
    from watcher.render.board import dates_words, note_words, until_words
    from watcher.render.words import folded, said, title_of

    dates = dates_words(statement.dates)
    stance = said(statement.position.stance) + (f" ({dates})" if dates else "")
    state = "" if statement.current else f", {until_words(statement)}"
    day = f"{'' if statement.brought_in else 'captured '}{statement.captured_at:%-d %B %Y}"
    yield f"  {stance}: {title_of(statement.source)}, {day}{state}"
    yield from _wrapped(f"“{folded(statement.position.passage)}”", "    ")
    for note in statement.notes:
        where = "next note of the paragraph: " if note.later else "note: "
        yield from _wrapped(where + note_words(note.text, note.meant), "    ")
    yield f"    {capture_url(base_url, statement.sequence)}  SHA-256 {statement.payload_sha256[:16]}…"


def _wrapped(text: str, indent: str) -> list[str]:
    width = max(60, min(shutil.get_terminal_size((110, 24)).columns, 160))
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)


COMMANDS = {"board": board, "timeline": timeline}
