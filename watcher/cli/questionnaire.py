"""watcher questionnaire: list, show, compare."""

from __future__ import annotations

import csv
import io
import shutil
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.cli.groups import Group
from watcher.errors import ConfigError

if TYPE_CHECKING:
    from watcher.model.questionnaire import Question
    from watcher.pipeline.questionnaire import Filled, GivenAnswer, SideBySide

COLUMN_CHARACTERS = 34
GAP = "  "
# A spreadsheet takes a cell that begins like this for a formula.
FORMULA_SIGNS = ("=", "+", "@", "-", "\t", "\r")
SINCE_WORDS = {
    "same": "same",
    "changed": "CHANGED",
    "answered": "ANSWERED NOW, was not before",
    "unanswered": "NO ANSWER NOW, there was one",
    "asked": "not asked then",
}

as_of_option = click.option("--as-of", metavar="DATE", help="As it stood at the end of this day (UTC), 2026-12-31.")


@click.group(cls=Group)
def questionnaire() -> None:
    """Questionnaires that Sources hold: OSCE responses, Article 7 reports.

    \b
    Examples:
      watcher questionnaire list
      watcher questionnaire show kaz-osce
      watcher questionnaire compare --question 3
      watcher questionnaire compare KAZ KGZ --question "Form C" --csv
    """


@questionnaire.command("list")
@as_of_option
@json_option
@pass_context
def list_(context: Context, as_of: str | None, as_json: bool) -> None:
    """The Sources whose newest readable Version is a questionnaire, those with the same questions together."""
    from watcher.pipeline.questionnaire import grouped, list_filled

    until = _until(as_of)
    with context.instance() as instance, instance.rooms.database.reading() as connection:
        groups = grouped(list_filled(connection, as_of=until))
    if as_json:
        print_json(
            [{"title": group.title, "sources": [_filled_facts(each) for each in group.filled]} for group in groups]
        )
        return
    for group in groups:
        click.echo(safe(f"{group.title}  ({_counted(len(group.filled), 'Source')})"))
        for each in group.filled:
            asked = each.questionnaire.questions
            given = sum(question.answer.given for question in asked)
            line = f"  {each.source.source_id}  {each.state}  {each.version.captured_at:%Y-%m-%d}"
            click.echo(safe(f"{line}  {len(asked)} questions, {given} answered"))
    if not groups:
        click.echo("no Source holds a questionnaire")


@questionnaire.command()
@click.argument("source")
@as_of_option
@json_option
@pass_context
def show(context: Context, source: str, as_of: str | None, as_json: bool) -> None:
    """The questions and answers of one Source."""
    from watcher.pipeline.questionnaire import show_filled

    with context.instance() as instance:
        filled = show_filled(instance.rooms, source, as_of=_until(as_of))
    if as_json:
        questions = [_question_facts(question) for question in filled.questionnaire.questions]
        print_json({**_filled_facts(filled), "questions": questions})
        return
    width = _width()
    click.echo(safe(f"{filled.questionnaire.title or source}\n{filled.state}, {_cited(filled)}"))
    for question in filled.questionnaire.questions:
        click.echo("")
        click.echo(safe("\n".join(textwrap.wrap(f"{question.name}: {question.wording}", width))))
        click.echo(safe("\n".join(_wrapped(_answer_text(question), width, indent="  "))))


@questionnaire.command()
@click.argument("states", nargs=-1, metavar="[SUBJECT]...")
@click.option("--question", "number", required=True, help='Its number: 3, 8b, "Form C.2".')
@click.option("--source", "only_sources", multiple=True, help="Only this Source; repeatable.")
@click.option("--subject", "only_subjects", multiple=True, help="Another way to give a SUBJECT; repeatable.")
@click.option("--wording", type=int, default=1, show_default=True, help="Which one, where the number means several.")
@click.option("--as-in", default="", metavar="SOURCE", help="The question that has the number in this document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for spreadsheets.")
@as_of_option
@json_option
@pass_context
def compare(
    context: Context,
    states: tuple[str, ...],
    number: str,
    only_sources: tuple[str, ...],
    only_subjects: tuple[str, ...],
    wording: int,
    as_in: str,
    as_csv: bool,
    as_of: str | None,
    as_json: bool,
) -> None:
    """All States' answers to one question, side by side, or those of each SUBJECT (KAZ or Kazakhstan).

    The number finds the question, its wording finds it in the other documents, under whatever number it has there.
    "Since" compares with the Version that stood at the end of the year before.

    \b
    Examples:
      watcher questionnaire compare --question 3
      watcher questionnaire compare KAZ KGZ --question "Form C" --csv
    """
    from watcher.pipeline.questionnaire import compare_question

    if as_csv and as_json:
        raise ConfigError("give --csv or --json, not both")
    with context.instance() as instance:
        found = compare_question(
            instance.rooms,
            number,
            only_sources=only_sources,
            only_subjects=tuple(_subject(name) for name in (*states, *only_subjects)),
            as_of=_until(as_of),
            as_in=as_in,
            wording=wording,
        )
    if as_json:
        print_json(_side_facts(found))
    elif as_csv:
        click.echo(_csv(found), nl=False)
    else:
        click.echo(safe("\n".join(_side_lines(found, _width()))))


def _subject(name: str) -> str:
    """The code of a State."""
    from watcher.model.subjects import subject_of

    code = subject_of(name)
    if code is None:
        raise ConfigError(f"no State is called {name!r}; write KAZ or Kazakhstan", key="subject")
    return code


def _until(text: str | None) -> datetime | None:
    """The end of a day, as a moment."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1, microseconds=-1)
    except ValueError as error:
        raise ConfigError(f"{text!r} is not a date: write 2026-12-31", key="as-of") from error


def _width() -> int:
    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 240))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cited(filled: Filled) -> str:
    return f"Snapshot of {filled.version.captured_at:%-d %B %Y}, SHA-256 {filled.version.payload_sha256[:12]}"


def _answer_text(question: Question) -> str:
    return question.answer.text if question.answer.given else "(no answer)"


def _given_text(given: GivenAnswer) -> str:
    """The answer, and below it the one that it points to."""
    referred = given.referred
    pointed = [] if referred is None else [f"[{referred.name}: {_answer_text(referred)}]"]
    return "\n".join([_answer_text(given.question), *pointed])


def _since(given: GivenAnswer) -> str:
    if given.step is None or given.since is None:
        return "no Version of an earlier year"
    against = f"{given.against.definition.title}, " if given.against is not None else ""
    return f"{SINCE_WORDS[given.step.value]} (since {against}{given.since:%-d %B %Y})"


def _side_lines(found: SideBySide, width: int) -> list[str]:
    """The comparison for a terminal: in columns when there is room for each, else one below the other."""
    lines = textwrap.wrap(f"Question {found.number}: {found.wording}".replace("Question Form", "Form"), width)
    lines += ["", *_answers_lines(found.answers, found.number, width)]
    if len(found.wordings) > 1:
        text = "Other documents ask something else under this number; --wording shows it:"
        lines += ["", *textwrap.wrap(text, width)]
        for place, (wording, count) in enumerate(found.wordings, start=1):
            mark = "*" if place == found.chosen else " "
            text = f"{mark} {place}  ({_counted(count, 'document')}) {wording}"
            lines += textwrap.wrap(text, width, subsequent_indent="     ", initial_indent=" ")
    if found.left_out:
        lines += ["", "Left out:"]
        for left in found.left_out:
            text = f"  {left.source.source_id}: {left.reason}"
            lines += textwrap.wrap(text, width, subsequent_indent="    ")
    elif found.others:
        lines += ["", f"{_counted(found.others, 'more Source')} without a questionnaire."]
    return lines


def _answers_lines(answers: Sequence[GivenAnswer], number: str, width: int) -> list[str]:
    each = (width + len(GAP)) // max(len(answers), 1) - len(GAP)
    if len(answers) > 1 and each >= COLUMN_CHARACTERS:
        heads = _level([_head(given, number, each) for given in answers])
        bodies = _level([_wrapped(_given_text(given), each) for given in answers])
        rows = [*zip(*heads, strict=True), ["-" * each] * len(answers), *zip(*bodies, strict=True)]
        return [GAP.join(cell.ljust(each) for cell in row).rstrip() for row in rows]
    lines = []
    for place, given in enumerate(answers):
        lines += [""] if place else []
        lines += [*_head(given, number, width), *_wrapped(_given_text(given), width, indent="  ")]
    return lines


def _level(columns: Sequence[list[str]]) -> list[list[str]]:
    """Columns of one height."""
    height = max(len(column) for column in columns)
    return [[*column, *[""] * (height - len(column))] for column in columns]


def _head(given: GivenAnswer, number: str, width: int) -> list[str]:
    filled = given.filled
    texts = [f"{filled.state} ({filled.source.source_id})", _cited(filled), _since(given)]
    if given.question.number != number:
        texts.append(f"there it is {given.question.name}")
    return [line for text in texts for line in textwrap.wrap(text, width)]


def _wrapped(text: str, width: int, *, indent: str = "") -> list[str]:
    lines: list[str] = []
    for paragraph in text.splitlines():
        lines += textwrap.wrap(paragraph, width, initial_indent=indent, subsequent_indent=indent) or [""]
    return lines


def _filled_facts(filled: Filled) -> dict[str, Any]:
    return {
        "source_id": filled.source.source_id,
        "state": filled.state,
        "subjects": list(filled.source.definition.subjects),
        "title": filled.questionnaire.title,
        "version_id": filled.version.version_id,
        "captured_at": filled.version.captured_at,
        "payload_sha256": filled.version.payload_sha256,
        "questions": len(filled.questionnaire.questions),
        "answered": sum(question.answer.given for question in filled.questionnaire.questions),
    }


def _question_facts(question: Question) -> dict[str, Any]:
    return {
        "number": question.number,
        "wording": question.wording,
        "answer": question.answer.text,
        "answered": question.answer.given,
        "refers_to": question.answer.refers_to or None,
    }


def _side_facts(found: SideBySide) -> dict[str, Any]:
    return {
        "number": found.number,
        "wording": found.wording,
        "wordings": [{"wording": wording, "documents": count} for wording, count in found.wordings],
        "answers": [
            {
                **{key: value for key, value in _filled_facts(given.filled).items() if key != "questions"},
                **_question_facts(given.question),
                "referred_answer": given.referred.answer.text if given.referred is not None else None,
                "compared_with": given.since,
                "since_last_year": given.step.value if given.step is not None else None,
            }
            for given in found.answers
        ],
        "left_out": [{"source_id": left.source.source_id, "reason": left.reason} for left in found.left_out],
        "sources_without_questionnaire": found.others,
    }


def _csv(found: SideBySide) -> str:
    """One row an answer, with a heading row."""
    names = (
        *(
            "state",
            "source_id",
            "number",
            "wording",
            "answer",
            "refers_to",
            "referred_answer",
            "since_last_year",
            "compared_with",
        ),
        *("captured_at", "version_id", "payload_sha256"),
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for answer in _side_facts(found)["answers"]:
        writer.writerow([_cell(answer[name]) for name in names])
    return out.getvalue()


def _cell(value: object) -> str:
    """A value as a spreadsheet may read it: an apostrophe stands before what it would take for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) and len(text) > 1 else text


COMMANDS = {"questionnaire": questionnaire}
