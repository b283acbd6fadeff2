"""watcher citations: add, list, bind, unbind."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.cli.groups import Group
from watcher.errors import ConfigError

if TYPE_CHECKING:
    from watcher.pipeline.citations import Report
    from watcher.pipeline.ports import Rooms

SENTENCE = 90


@click.group(cls=Group)
def citations() -> None:
    """The numbered notes of reports: told when a Source changes that a note cites.

    \b
    Examples:
      watcher citations add kazakhstan-2000.docx --title "Kazakhstan, LM 2000" --date 2000-08-01 --subject KAZ
      watcher citations bind 6 un-country-page --report kazakhstan-lm-2000
    """


@citations.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--title", default="", help="What alerts call the report.")
@click.option("--date", "day", default="", help="The report's own date, such as 2000-08-01.")
@click.option("--author", default="", help="Who wrote it.")
@click.option("--subject", "subjects", multiple=True, help="State it speaks of (KAZ or Kazakhstan); repeatable.")
@click.option("--source", "source_id", default="", help="A Source that is held already, in place of FILE.")
@json_option
@pass_context
def add(
    context: Context,
    file: Path | None,
    title: str,
    day: str,
    author: str,
    subjects: tuple[str, ...],
    source_id: str,
    as_json: bool,
) -> None:
    """Watch the notes of a report: text, HTML or DOCX. The file is archived as an Upload."""
    from watcher.pipeline.citations import add_report
    from watcher.pipeline.upload import hand_in
    from watcher.pipeline.upload_fields import describe

    if (file is None) == (not source_id):
        raise ConfigError("give a FILE, or --source with a Source that is held already")
    with context.instance() as instance:
        rooms = instance.rooms
        if file is not None:
            fields = {"title": [title], "date": [day], "author": [author], "subject": list(subjects)}
            described = describe({**fields, "handed_in_by": [user_name()]})
            done = hand_in(rooms, file.read_bytes(), file_name=file.name, described=described, checked_name=True)
            source_id = done.source.source_id
        report = add_report(rooms, source_id, user=user_name())
    print_report(report, as_json=as_json)


@citations.command("list")
@click.argument("report", required=False, default="")
@json_option
@pass_context
def list_(context: Context, report: str, as_json: bool) -> None:
    """The notes of a REPORT, or of all, with the Sources that they are bound to."""
    from watcher.pipeline.citations import list_reports, show_report

    with context.instance() as instance:
        rooms = instance.rooms
        found = [show_report(rooms, report)] if report else list_reports(rooms)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        print_report(each, as_json=False)
    if not found:
        click.echo("no report's notes are watched: watcher citations add FILE")


@citations.command()
@click.argument("note")
@click.argument("source")
@click.option("--report", default="", help="The report; may be left out when there is only one.")
@pass_context
def bind(context: Context, note: str, source: str, report: str) -> None:
    """Say that what NOTE cites is SOURCE; "Ibid." and short forms of it follow."""
    from watcher.pipeline.citations import bind as bind_note

    with context.instance() as instance:
        report_id = _only_report(instance.rooms, report)
        binding = bind_note(instance.rooms, report_id, note, source, user=user_name())
    for bound in binding.notes:
        click.echo(safe(f"note {bound.mark} {bound.rests.value} {source}"))
        for anchor in bound.anchors:
            click.echo(safe(f"    “{anchor.exact}”"))


@citations.command()
@click.argument("note")
@click.argument("source")
@click.option("--report", default="", help="The report; may be left out when there is only one.")
@pass_context
def unbind(context: Context, note: str, source: str, report: str) -> None:
    """Say that what NOTE cites is not SOURCE after all."""
    from watcher.pipeline.citations import unbind as unbind_note

    with context.instance() as instance:
        report_id = _only_report(instance.rooms, report)
        unbind_note(instance.rooms, report_id, note, source, user=user_name())
    click.echo(safe(f"note {note} of {report_id} is not bound to {source} any more"))


def _only_report(rooms: Rooms, report: str) -> str:
    from watcher.pipeline.citations import list_reports

    if report:
        return report
    found = [each.source.source_id for each in list_reports(rooms)]
    if len(found) != 1:
        raise ConfigError(f"say which report with --report: {', '.join(found) or 'there is none yet'}", key="report")
    return found[0]


def print_report(report: Report, *, as_json: bool) -> None:
    """The notes of a report, each with its number and the Sources that it is bound to."""
    if as_json:
        print_json(asdict(report))
        return
    source = report.source
    click.echo(safe(f"{source.definition.title or source.source_id}  ({source.source_id}, {len(report.notes)} notes)"))
    for watched in report.notes:
        note = watched.note
        short = "" if note.works == (note.mark,) else f"  = {', '.join(f'note {work}' for work in note.works)}"
        text = note.text.removeprefix(f"[{note.mark}]").strip()
        click.echo(safe(f"  [{note.mark}] {text[:SENTENCE]}{short}"))
        for binding in watched.bindings:
            bound = next((each for each in binding.notes if each.mark == note.mark), None)
            click.echo(safe(f"      {bound.rests.value if bound else 'cites'} {binding.source_id}"))
        for work in watched.unbound:
            click.echo(safe(f"      not bound: watcher citations bind {work} SOURCE --report {source.source_id}"))


COMMANDS = {"citations": citations}
