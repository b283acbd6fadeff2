"""watcher source apply | enable: Sources from files, and those of the starter registry that wait to be tried."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from watcher.cli.context import Context, pass_context, safe, user_name
from watcher.cli.source_address import others_at
from watcher.errors import ConfigError, NotFoundError
from watcher.pipeline import register
from watcher.pipeline.register import PlanAction, PlanStep
from watcher.settings import load_settings, load_sources
from watcher.settings.sources import RegisteredSource, SourceProblem
from watcher.store import sources

SAMPLES = 3


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option("--yes", is_flag=True, help="Apply without asking.")
@pass_context
def apply(context: Context, path: Path, dry_run: bool, yes: bool) -> None:
    """Bring the registry to what the YAML files in PATH say. Shows its plan and asks first.

    Sources that no file mentions are left alone. A misspelled key stops everything (exit 2); a Source
    with a bad value is named and left out while the others are applied (exit 1). Disabled ones are counted;
    `watcher source enable` tries them and switches them on.
    """
    registered, problems = _load(context, path)
    with context.instance(create=True) as instance:
        with instance.rooms.database.reading() as connection:
            present = {source.source_id for source in sources.list_sources(connection)}
        wanted = [entry for entry in registered if not entry.disabled or entry.source_id in present]
        left_out = [entry for entry in registered if entry.disabled and entry.source_id not in present]
        steps = register.plan_sources(instance.rooms, [(e.source_id, e.definition, e.paused) for e in wanted])
        _print_plan(steps, wanted)
        for problem in problems:
            click.echo(f"  bad     {problem.source_id}: {problem.message}", err=True)
        for step in steps:
            for line in others_at(instance.rooms, step.definition.url, step.source_id) if step.changes_address else ():
                click.echo(f"  {line}", err=True)
        todo = [step for step in steps if step.action is not PlanAction.KEEP]
        click.echo(_summary(steps, len(problems)))
        for line in _disabled_words(left_out, path):
            click.echo(line)
        if not dry_run and todo:
            if not yes:
                click.confirm(f"Apply {len(todo)} change(s)?", abort=True)
            register.apply_plan(instance.rooms, todo, user=user_name())
            click.echo("applied")
        elif dry_run:
            click.echo("dry run: nothing was changed")
    if problems:
        raise SystemExit(1)


@click.command()
@click.argument("entry_ids", nargs=-1, required=True, metavar="ENTRY...")
@click.option(
    "--from", "path", type=click.Path(path_type=Path, exists=True), help="File or folder; else config/sources."
)
@click.option(
    "--pause", type=click.FloatRange(0, 600), default=3.0, show_default=True, help="Seconds between requests."
)
@click.option("--yes", is_flag=True, help="Register without asking.")
@pass_context
def enable(context: Context, entry_ids: tuple[str, ...], path: Path | None, pause: float, yes: bool) -> None:
    """Try disabled entries of the files from this machine, and register those that can be watched.

    Of a table of States three Sources are tried. An entry with one that cannot be watched is left out, and why is
    said (exit 1). From then on `watcher source apply` keeps them like any other.

    \b
    Examples:
      watcher source enable untc-mbt untc-ccm
      watcher source enable monitor-mine-ban-policy --from config/sources/mine_action.yaml
    """
    place = path or context.config / "sources"
    registered, problems = _load(context, place)
    chosen: list[RegisteredSource] = []
    failed = False
    for entry_id in entry_ids:
        entries = entries_named(registered, problems, entry_id, place)
        obstacles = _tried(context, entries, pause)
        for obstacle in obstacles:
            click.echo(safe(f"  cannot be watched: {obstacle}"), err=True)
        failed = failed or bool(obstacles)
        chosen += [] if obstacles else entries
    if chosen:
        with context.instance(create=True) as instance:
            wanted = [(one.source_id, one.definition, one.paused) for one in chosen]
            steps = register.plan_sources(instance.rooms, wanted)
            _print_plan(steps, chosen)
            todo = [step for step in steps if step.action is not PlanAction.KEEP]
            if todo and not yes:
                click.confirm(f"Register {len(todo)} Source(s)?", abort=True)
            register.apply_plan(instance.rooms, todo, user=user_name())
            click.echo(f"switched on: {_summary(steps, 0)}")
    if failed:
        click.echo("what could not be watched was left out; correct its address in the file and try again", err=True)
        raise SystemExit(1)


def entries_named(
    registered: Sequence[RegisteredSource], problems: Sequence[SourceProblem], name: str, place: Path
) -> list[RegisteredSource]:
    """The Sources of the files with that name, or all of the table with that name. NotFoundError names the files."""
    for problem in problems:
        if problem.source_id == name:
            raise ConfigError(problem.message)
    found = [one for one in registered if name in (one.source_id, one.entry_id)]
    if not found:
        raise NotFoundError(
            f"no entry of {place} is named {name!r}; `watcher source apply {place} --dry-run` lists them"
        )
    return found


def _load(context: Context, path: Path) -> tuple[list[RegisteredSource], list[SourceProblem]]:
    return load_sources(path, intranet=load_settings(context.config / "watcher.yaml").fetch.intranet)


def _tried(context: Context, entries: Sequence[RegisteredSource], pause: float) -> list[str]:
    """Why Sources of an entry cannot be watched, of the first, the middle and the last one; [] when they can."""
    from watcher.bootstrap import open_trial
    from watcher.pipeline.trial import Tools, try_source

    places = sorted({0, len(entries) // 2, len(entries) - 1}) if len(entries) >= SAMPLES else range(len(entries))
    obstacles = []
    with open_trial(context.config) as instance:
        fetcher = instance.fetcher()
        try:
            tools = Tools(rooms=instance.rooms, door=fetcher, wait=time.sleep, progress=lambda _: None)
            for one in (entries[place] for place in places):
                click.echo(safe(f"trying  {one.source_id}  {one.definition.url}"))
                obstacle = try_source(tools, one.definition, pause_seconds=pause).obstacle
                obstacles += [f"{one.source_id}: {obstacle}"] if obstacle else []
        finally:
            fetcher.close()
    return obstacles


def _print_plan(steps: Sequence[PlanStep], wanted: Sequence[RegisteredSource]) -> None:
    """One line a Source, and one line for all Sources of a table that have the same to be done."""
    tables = {one.source_id: one.entry_id for one in wanted if one.entry_id != one.source_id}
    counts = Counter((tables.get(step.source_id, ""), step.action, _changed(step)) for step in steps)
    shown: set[tuple[str, PlanAction, tuple[str, ...]]] = set()
    for step in steps:
        key = (tables.get(step.source_id, ""), step.action, _changed(step))
        if key[0] and counts[key] > 1:
            if key not in shown:
                what = f": {', '.join(key[2])}" if key[2] else ""
                click.echo(f"  {step.action:<7} {key[0]}-…  ({counts[key]} Sources, {step.source_id} the first{what})")
            shown.add(key)
            continue
        click.echo(f"  {step.action:<7} {step.source_id}")
        for name, before, after in step.differences:
            click.echo(f"          {name}: {safe(before)} → {safe(after)}")


def _changed(step: PlanStep) -> tuple[str, ...]:
    return tuple(name for name, _, _ in step.differences)


def _summary(steps: Sequence[PlanStep], bad: int) -> str:
    counts = {action: sum(step.action is action for step in steps) for action in PlanAction}
    text = (
        f"{counts[PlanAction.ADD]} to add, {counts[PlanAction.CHANGE]} to change, {counts[PlanAction.KEEP]} unchanged"
    )
    return f"{text}, {bad} bad" if bad else text


def _disabled_words(left_out: Sequence[RegisteredSource], path: Path) -> list[str]:
    """What is disabled, and how to switch it on."""
    if not left_out:
        return []
    counts = Counter(one.entry_id for one in left_out)
    entries = f"{len(counts)} entr{'y' if len(counts) == 1 else 'ies'}"
    lines = [f"{len(left_out)} disabled ({entries}): their addresses wait to be tried from this machine"]
    lines += [f"  off     {name}" + (f"  ({count} Sources)" if count > 1 else "") for name, count in counts.items()]
    return [*lines, f"try and switch on: watcher source enable {next(iter(counts))} --from {path}"]
