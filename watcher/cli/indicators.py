"""watcher indicators, watcher review."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.cli.groups import Group
from watcher.errors import ConfigError

if TYPE_CHECKING:
    from watcher.classify import ExampleResult, Explained, Pack
    from watcher.model.review import Earned
    from watcher.pipeline.backtest import Tried, Week
    from watcher.pipeline.ports import PackText

SHOWN = 40


@click.group(cls=Group)
def indicators() -> None:
    """Packs of indicators: test them, explain what they read, try a changed one on history, see which cues earn it.

    \b
    Examples:
      watcher indicators test mine_action
      watcher indicators explain "Kazakhstan is not a party to the treaty." --subject KAZ
      watcher indicators backtest changed/mine_action.yaml --since 2026-01-01
    """


@indicators.command("list")
@pass_context
def list_(context: Context) -> None:
    """The packs of the configuration, with number and date."""
    from watcher.settings import load_settings
    from watcher.settings.packs import load_packs

    present = load_settings(context.config / "watcher.yaml").classify.pack
    for pack in load_packs(context.config / "indicators"):
        mark = "*" if pack.name == present else " "
        dated = f", {pack.dated}" if pack.dated else ""
        click.echo(
            f"{mark} {pack.name} {pack.version}{dated}: {len(pack.indicators)} indicators, {len(pack.rules)} cues"
        )


@indicators.command()
@click.argument("pack", required=False, default="")
@json_option
@pass_context
def test(context: Context, pack: str, as_json: bool) -> None:
    """Read every example of PACK (a name or a file), or of all packs, and name those that are read otherwise.

    Exit 1 when one is.
    """
    from watcher.classify import check_examples
    from watcher.settings.packs import load_packs

    packs = [_pack(context, pack).pack] if pack else load_packs(context.config / "indicators")
    tried = [(one, check_examples(one)) for one in packs]
    if as_json:
        print_json(
            [
                {"pack": one.name, "version": one.version, "examples": [asdict(result) for result in results]}
                for one, results in tried
            ]
        )
    else:
        for one, results in tried:
            _print_examples(f"{one.name} {one.version}", results)
    if any(not result.passed for _, results in tried for result in results):
        raise SystemExit(1)


def _print_examples(named: str, results: Sequence[ExampleResult]) -> None:
    failed = [result for result in results if not result.passed]
    click.echo(f"{named}: {len(results) - len(failed)} of {len(results)} examples read as they say")
    for result in failed:
        wanted = f"{result.example.indicator} {result.example.stance}".strip() or "nothing"
        found = ", ".join(" ".join(pair) for pair in result.found) or "nothing"
        click.echo(safe(f'  wanted {wanted}, read {found}: "{result.example.text}"'), err=True)


@indicators.command()
@click.argument("text")
@click.option("--subject", default="", help="State that the text speaks of (KAZ or Kazakhstan).")
@click.option("--pack", default="", help="A pack's name or file; the instance's own when left out.")
@pass_context
def explain(context: Context, text: str, subject: str, pack: str) -> None:
    """Why TEXT is read as it is: each sentence with the cues that fired, and what turned or dropped others.

    TEXT of "-" is read from standard input.
    """
    from watcher.classify import explain_positions
    from watcher.cli.board import state_of

    chosen = _pack(context, pack).pack
    text = sys.stdin.read() if text == "-" else text
    for each in explain_positions(text, subject=state_of(subject) if subject else "", pack=chosen):
        _print_explained(each, chosen)
    click.echo(f"pack {chosen.name} {chosen.version}")


def _print_explained(each: Explained, pack: Pack) -> None:
    from watcher.classify import clause_of
    from watcher.model.stated import stated_dates
    from watcher.model.subjects import name_of
    from watcher.render.board import dates_words
    from watcher.render.words import said

    click.echo(safe(f"“{each.passage}”"))
    for one in each.positions:
        who = name_of(one.subject) if one.subject else "no State named"
        click.echo(safe(f"  {who} ({one.about.value}): {said(one.indicator)} {said(one.stance)}"))
        click.echo(safe(f"    cue {one.rule}"))
        if dates := dates_words(stated_dates(clause_of(one, pack=pack))):
            click.echo(f"    dates named: {dates}")
    for remark in each.remarks:
        click.echo(safe(f"  not as it stands: {remark.why}"))
        click.echo(safe(f"    cue {remark.rule}"))
    if not each.positions and not each.remarks:
        why = "no cue fired" if each.is_read else "no word of the pack's topic is in it or near it"
        click.echo(f"  nothing is read: {why}")


@indicators.command()
@click.argument("pack")
@click.option("--since", required=True, metavar="DATE", help="Changes captured from this day on (UTC), 2026-01-01.")
@json_option
@pass_context
def backtest(context: Context, pack: str, since: str, as_json: bool) -> None:
    """Try PACK (a name or a file) on the recorded Changes, beside the present pack. Nothing is recorded or sent.

    Hits and misses count Changes that people judged with `watcher review`.
    """
    from datetime import timedelta

    from watcher.pipeline.backtest import backtest as try_pack
    from watcher.pipeline.board import end_of_day

    candidate = _pack(context, pack)
    start = end_of_day(since) - timedelta(days=1)
    with context.instance() as instance:
        present = instance.rooms.pack.pack
        found = try_pack(instance.rooms, candidate, since=start)
    lost = [each for each in found.tried if each.is_lost]
    new = [each for each in found.tried if each.is_new]
    if as_json:
        print_json(
            {
                "present": {"pack": present.name, "version": present.version},
                "candidate": {"pack": candidate.pack.name, "version": candidate.pack.version},
                "weeks": [asdict(week) for week in found.weeks],
                "total": asdict(found.total),
                "lost": [_tried_facts(each) for each in lost],
                "new": [_tried_facts(each) for each in new],
                "left_out": found.left_out,
            }
        )
        return
    click.echo(f"present {present.name} {present.version}, tried {candidate.pack.name} {candidate.pack.version}")
    click.echo("each pair: present → tried; hits, misses and false alarms among Changes that people judged")
    click.echo(f"{'week':10}{'alerts':>13}{'lost':>6}{'new':>6}{'hits':>11}{'misses':>11}{'false':>11}")
    for week in (*found.weeks, found.total):
        click.echo(_week_line(week))
    _print_tried("lost", lost)
    _print_tried("new", new)
    if found.left_out:
        click.echo(f"{found.left_out} Changes could not be judged again: no text, or too large")


@indicators.command()
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@pass_context
def recompute(context: Context, dry_run: bool) -> None:
    """Read the Positions of all recorded Versions and judge all Changes again by the present pack. Nobody is told.

    What a Change was told as stays in the audit trail.
    """
    from watcher.pipeline.backtest import recompute_positions
    from watcher.pipeline.recompute import recompute_scores

    count = 0
    with context.instance() as instance:
        for each in recompute_positions(instance.rooms, user=user_name(), dry_run=dry_run):
            count += 1
            click.echo(safe(f"{each.source_id}  {each.version_id}: {each.before} Positions, now {each.after}"))
        judged = 0
        for one in recompute_scores(instance.rooms, user=user_name(), dry_run=dry_run):
            judged += 1
            pairs = ((each.severity.value, each.significance) for each in (one.before, one.after))
            was, now = (f"{severity} {significance:.2f}" for severity, significance in pairs)
            click.echo(safe(f"{one.source_id}  {one.change_id}: {was}, now {now}"))
    did = "would be" if dry_run else "were"
    click.echo(f"{count} Versions {did} read otherwise, {judged} Changes {did} judged otherwise")


@indicators.command()
@json_option
@pass_context
def report(context: Context, as_json: bool) -> None:
    """Which cue earns its keep: how often each fired in a Change, and what people said of it."""
    from watcher.pipeline.review import review_report

    with context.instance() as instance:
        found = review_report(instance.rooms)
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"{found.changes} Changes that were told or judged, {found.reviewed} judged")
    for name, rows in (("BY CUE", found.cues), ("BY REASON", found.parts), ("BY SOURCE", found.sources)):
        click.echo(f"\n{name}\n{'fired':>6}{'judged':>8}{'relevant':>10}{'stance':>8}{'not':>5}{'precision':>11}")
        for line in _earned_lines(rows):
            click.echo(safe(line))


@click.command()
@click.argument("change")
@click.option("--verdict", required=True, help="relevant, wrong_stance or not_relevant.")
@click.option("--note", default="", help="Why.")
@click.option("--reviewer", default="", help="Who judges; your login name when left out.")
@pass_context
def review(context: Context, change: str, verdict: str, note: str, reviewer: str) -> None:
    """Say of a CHANGE if it was worth telling; kept with your name in the ledger. You may judge again."""
    from watcher.pipeline.review import review_change

    with context.instance() as instance:
        done = review_change(
            instance.rooms, change, verdict, author=reviewer or user_name(), note=note, checked_name=not reviewer
        )
    click.echo(safe(f"{done.author} judged {done.change_id}: {done.verdict.value.replace('_', ' ')}"))


def _pack(context: Context, name: str) -> PackText:
    """A pack by name or file, "" for the instance's own."""
    from watcher.settings import load_pack_text, load_settings

    if name.endswith((".yaml", ".yml")):
        return _pack_of_file(Path(name), context.config / "indicators")
    return load_pack_text(context.config, name or load_settings(context.config / "watcher.yaml").classify.pack)


def _pack_of_file(path: Path, otherwise: Path) -> PackText:
    """A pack by its file. What it extends is read beside it; else from the folder `otherwise`, and that is said."""
    import json

    from watcher.pipeline.ports import PackText
    from watcher.settings.packs import load_pack_file

    if not path.is_file():
        raise ConfigError(f"there is no file {path}", key="pack")
    pack, plain, shared = load_pack_file(path, otherwise=otherwise)
    if shared is not None and not shared.is_relative_to(path.parent.resolve()):
        click.echo(safe(f"what {path} extends is not beside it; read {shared} in its place"), err=True)
    return PackText(pack=pack, text=json.dumps(plain, ensure_ascii=False))


def _week_line(week: Week) -> str:
    def pair(values: tuple[int, int]) -> str:
        return f"{values[0]} → {values[1]}"

    return (
        f"{week.week:10}{pair(week.alerts):>13}{week.lost:>6}{week.new:>6}"
        f"{pair(week.hits):>11}{pair(week.misses):>11}{pair(week.false_alarms):>11}"
    )


def _print_tried(name: str, tried: list[Tried]) -> None:
    for each in tried[:SHOWN]:
        judged = f", judged {each.verdict.value.replace('_', ' ')}" if each.verdict else ""
        severities = f"{each.present.severity} → {each.candidate.severity}"
        click.echo(safe(f"{name}: {each.source.source_id}, {each.change.captured_at:%Y-%m-%d}, {severities}{judged}"))
        click.echo(safe(f"    {each.change.change_id}"))
    if len(tried) > SHOWN:
        click.echo(f"{name}: {len(tried) - SHOWN} more; --json lists all")


def _tried_facts(tried: Tried) -> dict[str, object]:
    return {
        "change_id": tried.change.change_id,
        "source_id": tried.source.source_id,
        "captured_at": tried.change.captured_at,
        "present": tried.present.severity.value,
        "candidate": tried.candidate.severity.value,
        "verdict": tried.verdict.value if tried.verdict else None,
    }


def _earned_lines(rows: Iterable[Earned]) -> Iterable[str]:
    for each in rows:
        share = "-" if each.precision is None else f"{each.precision:.0%}"
        figures = f"{each.fired:>6}{each.reviewed:>8}{each.relevant:>10}{each.wrong_stance:>8}{each.not_relevant:>5}"
        yield f"{figures}{share:>11}  {each.name}"


COMMANDS = {"indicators": indicators, "review": review}
