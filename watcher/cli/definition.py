"""watcher source edit | definitions | preview: the dated rules of a Source, and what other rules would read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.errors import ConfigError, WatcherError
from watcher.model.change import WordOp
from watcher.model.source import Definition, SourceState, format_cadence, parse_cadence
from watcher.pipeline import register
from watcher.pipeline.key_columns import missing_words
from watcher.pipeline.preview import Preview, PreviewedBlock, preview_rules, with_rules
from watcher.pipeline.register import PlanAction
from watcher.pipeline.rules import RULE_KEYS
from watcher.settings import load_sources
from watcher.settings.sources import resolve_instrument, resolve_subject
from watcher.store import sources

F = TypeVar("F", bound=Callable[..., Any])
TEXT_SHOWN = 160
BLOCKS_SHOWN = 60

_HELP = {
    "select": "Selector to keep, CSS or XPath",
    "remove": "Selector to leave out, CSS or XPath",
    "keep_blocks": "Pattern (RE2): keep only Blocks in which it is found",
    "remove_blocks": "Pattern (RE2): leave out Blocks in which it is found",
    "remove_text": "Pattern (RE2): leave out what it finds inside Blocks",
}

KEY_COLUMN_HELP = "Heading of the table column that names the rows; repeatable."


def rule_options(function: F) -> F:
    """--select, --remove, --keep-blocks, --remove-blocks, --remove-text, --key-column, each repeatable."""
    function = click.option("--key-column", "key_columns", multiple=True, help=KEY_COLUMN_HELP)(function)
    for key in reversed(RULE_KEYS):
        flag = "--" + key.replace("_", "-")
        function = click.option(flag, key, multiple=True, help=f"{_HELP[key]}; repeatable.")(function)
    return function


@click.command()
@click.argument("source_id")
@click.option("--title", help="What a citation calls it.")
@click.option("--publisher", help="Who publishes it, for citations.")
@click.option("--author", help="Who wrote it, for citations.")
@click.option("--reference", help="Its number or symbol, for citations.")
@click.option("--subject", "subjects", multiple=True, help="State it speaks of; repeatable.")
@click.option("--instrument", "instruments", multiple=True, help="Treaty it concerns; repeatable.")
@click.option("--every", help="How often to check: 30m, 6h, 1d.")
@rule_options
@click.option("--dry-run", is_flag=True, help="Show the differences and change nothing.")
@click.option("--yes", is_flag=True, help="Change it without asking.")
@pass_context
def edit(context: Context, /, source_id: str, dry_run: bool, yes: bool, **given: Any) -> None:
    """Give a Source a new Definition from now on; the old one stays with its dates.

    What is not given stays. A rule that is given replaces all of its kind, and "" clears the kind.

    \b
    Examples:
      watcher source edit kaz --select "#statement" --remove "//div[@class='date']"
      watcher source edit kaz --remove-text "Visitors: [0-9]+" --every 1h
      watcher source edit kaz --remove ""
      watcher source edit votes --key-column Country
    """
    with context.instance() as instance:
        with instance.rooms.database.reading() as connection:
            source = sources.get_source(connection, source_id)
        wanted = _edited(source.definition, given)
        paused = source.state is SourceState.PAUSED
        (step,) = register.plan_sources(instance.rooms, [(source_id, wanted, paused)])
        if step.action is PlanAction.KEEP:
            click.echo(f"{source_id} is so already: nothing to change")
            return
        for name, before, after in step.differences:
            click.echo(f"{name}: {safe(before)} → {safe(after)}")
        if dry_run:
            click.echo("dry run: nothing was changed")
            return
        if not yes:
            click.confirm(f"Change {source_id}?", abort=True)
        register.apply_plan(instance.rooms, [step], user=user_name())
    click.echo(f"changed {source_id}; the earlier Definition stays: watcher source definitions {source_id}")
    if wanted.rules != source.definition.rules:
        click.echo(
            "Its newest Snapshot is read again by these rules before anything is compared, and nobody is told of that: "
            f"at the next check, or now with: watcher upgrade {source_id}"
        )
    _warn_of_files(context, source_id)


@click.command("definitions")
@click.argument("source_id")
@json_option
@pass_context
def show_definitions(context: Context, source_id: str, as_json: bool) -> None:
    """The dated Definitions of a Source, oldest first, and what each one changed."""
    with context.instance(pack_later=True) as instance, instance.rooms.database.reading() as connection:
        sources.get_source(connection, source_id)
        dated = sources.list_definitions(connection, source_id)[::-1]
    facts: list[dict[str, Any]] = []
    before: Definition | None = None
    for valid_from, valid_until, definition in dated:
        compared_with = before or Definition(url="")
        facts.append(
            {
                "valid_from": valid_from,
                "valid_until": valid_until,
                "definition_sha256": definition.digest_sha256,
                "differences": [
                    {"field": name, "before": None if before is None else old, "after": new}
                    for name, old, new in register.definition_differences(compared_with, definition)
                ],
            }
        )
        before = definition
    if as_json:
        print_json(facts)
        return
    for number, one in enumerate(facts, start=1):
        until = f"until {one['valid_until']:%-d %B %Y, %H:%M} UTC" if one["valid_until"] else "in force"
        click.echo(f"{number}. from {one['valid_from']:%-d %B %Y, %H:%M} UTC, {until}")
        click.echo(f"   SHA-256 {one['definition_sha256']}")
        for step in one["differences"]:
            old, new = (_said(step["field"], step[side]) for side in ("before", "after"))
            name = "every" if step["field"] == "every_seconds" else step["field"]
            click.echo(f"   {name}: {new}" if step["before"] is None else f"   {name}: {old} → {new}")


@click.command()
@click.argument("source_id")
@rule_options
@click.option("--capture", "sequence", type=int, help="Read what this Capture brought; the newest by default.")
@click.option("--as-of", help="Read what stood at this date: 2026-05-03, or with a time in UTC.")
@click.option("--whole", is_flag=True, help=f"Show all of the text, not only {BLOCKS_SHOWN} Blocks.")
@json_option
@pass_context
def preview(
    context: Context,
    /,
    source_id: str,
    sequence: int | None,
    as_of: str | None,
    whole: bool,
    as_json: bool,
    **given: tuple[str, ...],
) -> None:
    """What other rules would read of a Source, from its archive: nothing is fetched, nothing is changed.

    Without rules it shows what those in force do. A kind that is not given stays as it is in force.

    \b
    Examples:
      watcher source preview kaz --select "#statement"
      watcher source preview votes --key-column Country
      watcher source preview kaz --remove-text "Visitors: [0-9]+" --as-of 2026-05-03
    """
    if sequence is not None and as_of is not None:
        raise ConfigError("give either --capture or --as-of", key="capture")
    moment = _moment(as_of) if as_of is not None else None
    with context.instance() as instance:
        with instance.rooms.database.reading() as connection:
            definition = sources.get_source(connection, source_id).definition
        rules = with_rules(definition, {key: given[key] for key in RULE_KEYS}).rules
        found = preview_rules(
            instance.rooms,
            source_id,
            rules,
            sequence=sequence,
            as_of=moment,
            key_columns=_headings(given["key_columns"]) if given["key_columns"] else None,
        )
    if as_json:
        print_json({**asdict(found), "changes": [{**asdict(one), "vanishes": one.vanishes} for one in found.changes]})
        return
    for line in _preview_words(found, BLOCKS_SHOWN if not whole else len(found.blocks)):
        click.echo(safe(line))


def _edited(definition: Definition, given: dict[str, Any]) -> Definition:
    wanted = with_rules(definition, {key: given[key] for key in RULE_KEYS})
    for name in ("title", "publisher", "author", "reference"):
        if given[name] is not None:
            wanted = replace(wanted, **{name: given[name]})
    if given["subjects"]:
        named = (resolve_subject(name) for name in given["subjects"] if name.strip())
        wanted = replace(wanted, subjects=tuple(named))
    if given["instruments"]:
        codes = (resolve_instrument(name) for name in given["instruments"] if name.strip())
        wanted = replace(wanted, instruments=tuple(codes))
    if given["key_columns"]:
        wanted = replace(wanted, key_columns=_headings(given["key_columns"]))
    return replace(wanted, every_seconds=parse_cadence(given["every"])) if given["every"] else wanted


def _headings(given: tuple[str, ...]) -> tuple[str, ...]:
    """Headings of key columns; a blank one clears them."""
    return tuple(heading for heading in given if heading.strip())


def _warn_of_files(context: Context, source_id: str) -> None:
    """A file that also describes the Source would bring the old rules back."""
    folder = context.config / "sources"
    try:
        named = [one.source_id for one in load_sources(folder)[0]] if folder.is_dir() else []
    except WatcherError:
        return
    if source_id in named:
        click.echo(
            f"note: {folder} describes {source_id} too. Change it there as well, or the next "
            "`watcher source apply` brings the old Definition back.",
            err=True,
        )


def _moment(text: str) -> datetime:
    """A date means its end."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no date: write 2026-05-03 or 2026-05-03T14:00", key="as-of") from error
    if "T" not in text and " " not in text.strip():
        moment += timedelta(days=1) - timedelta(microseconds=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _said(name: str, value: str | None) -> str:
    if name == "every_seconds" and value is not None:
        return format_cadence(int(value))
    return safe(value or "none")


def _preview_words(found: Preview, shown: int) -> list[str]:
    capture = found.capture
    kept = [one for one in found.blocks if not one.left_out]
    when = f"{capture.captured_at:%-d %B %Y, %H:%M} UTC (Capture {capture.sequence})"
    lines = [f"{found.source_id} as captured {when}; nothing was fetched and nothing is changed"]
    if found.problem:
        lines.append(f"These rules read nothing: {found.problem}")
    lines.append(f"{len(kept)} of {len(found.blocks)} Blocks are kept")
    lines.append("")
    lines += [
        f"{match.rule} {match.pattern}: matched {match.matches} here (Blocks: {match.blocks}), "
        f"and in {match.found} of the last {match.tried} Snapshots"
        for match in found.matches
    ]
    lines += ["no rules: the whole document is read", ""] if not found.matches else [""]
    missing = missing_words(found.key_columns) if found.key_columns is not None else []
    lines += [*missing, ""] if missing else []
    lines += [f"{'-' if one.left_out else ' '} {_clipped(_block_words(one))}" for one in found.blocks[:shown]]
    if len(found.blocks) > shown:
        lines.append(f"  … {len(found.blocks) - shown} more Blocks; all of them with --whole")
    lines += ["", 'Lines with "-" are left out, [-so-] is left out of a line.', ""]
    for change in found.changes:
        verdict = "would not be told" if change.vanishes else "told" if change.told else "not told"
        lines.append(
            f"Change of {change.captured_at:%-d %B %Y, %H:%M} UTC: was {change.was}; would be {change.would_be} "
            f"({verdict})"
        )
    if not found.changes:
        lines.append("No Change was recorded yet that could be compared.")
    if found.unfinished:
        lines.append(found.unfinished)
    return lines


def _block_words(one: PreviewedBlock) -> str:
    if not one.words:
        return " ".join(one.block.text.split())
    marks = {WordOp.KEPT: "{}", WordOp.DELETED: "[-{}-]", WordOp.INSERTED: "{{+{}+}}"}
    return " ".join("".join(marks[edit.op].format(edit.text) for edit in one.words).split())


def _clipped(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…"
