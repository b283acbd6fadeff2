"""watcher compare | positions | extract | replay: questions answered without an instance, one JSON line an item."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from watcher.cli.board import one_state
from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.cli.words import comparison_words, position_words
from watcher.errors import ConfigError, WatcherError
from watcher.isolation import ChildPool
from watcher.model.subjects import name_of, subject_of
from watcher.pipeline import answer as answers
from watcher.pipeline.replay import replay_items
from watcher.settings import load_pack_text, load_settings

CHILDREN = 2
AHEAD = 64

pack_option = click.option("--pack", help="Indicator pack; the instance's own when left out.")
jsonl_option = click.option("--jsonl", is_flag=True, help="Read JSON lines from standard input, answer each with one.")


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--subject", default="", help="State that the documents speak of (KAZ or Kazakhstan).")
@click.option("--other-document", is_flag=True, help="Two documents, not two states of one: silence is no change.")
@click.option("--key-column", "key_columns", multiple=True, help="Heading of a table column that names its rows.")
@json_option
@jsonl_option
@pack_option
@pass_context
def compare(
    context: Context,
    files: tuple[Path, ...],
    subject: str,
    other_document: bool,
    key_columns: tuple[str, ...],
    as_json: bool,
    jsonl: bool,
    pack: str | None,
) -> None:
    """Compare two documents: watcher compare OLD NEW, or --jsonl with id, old, new, media_type, subject.

    \b
    Example:
      watcher compare statement-2006.html statement-2007.html --subject KAZ
    """
    text = _pack_text(context, pack)
    if jsonl:
        _answer_lines(answers.compare_item, text)
        return
    if len(files) != 2:
        raise ConfigError("give two files, OLD and NEW, or --jsonl")
    with _children() as children:
        old, new = (children.run(answers.read_file, str(file), None) for file in files)
        comparison = children.run(
            answers.compare_files,
            old,
            new,
            subject=one_state(subject),
            same_document=not other_document,
            pack_text=text,
            key_columns=key_columns,
        )
    if as_json:
        print_json(answers.comparison_facts(comparison))
        return
    for line in comparison_words(comparison):
        click.echo(safe(line))


@click.command()
@click.argument("text", required=False)
@click.option("--subject", default="", help="State that the text speaks of (KAZ or Kazakhstan).")
@json_option
@jsonl_option
@pack_option
@pass_context
def positions(context: Context, text: str | None, subject: str, as_json: bool, jsonl: bool, pack: str | None) -> None:
    """Positions asserted in TEXT (or standard input), or --jsonl with id, text, subject.

    \b
    Example:
      watcher positions "Kazakhstan has not joined the Mine Ban Treaty." --subject KAZ
    """
    pack_text = _pack_text(context, pack)
    if jsonl:
        _answer_lines(answers.positions_item, pack_text)
        return
    item = {"id": "text", "text": text if text is not None else sys.stdin.read(), "subject": one_state(subject)}
    found = answers.positions_item(item, pack_text)["positions"]
    if as_json:
        print_json(found)
        return
    for position in found:
        for line in position_words(position):
            click.echo(safe(line))
    if not found:
        click.echo("no Position was found")
        if text is not None and (state := subject_of(text)) is not None:
            click.echo(f"What the Sources say of {name_of(state)}: watcher board {state}")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--media-type", help="What the file is; found out when left out.")
@jsonl_option
def extract(file: Path | None, media_type: str | None, jsonl: bool) -> None:
    """The Document in FILE as JSON, or --jsonl with id, path, media_type."""
    if jsonl:
        _answer_lines(answers.extract_item, "")
        return
    if file is None:
        raise ConfigError("give a file, or --jsonl")
    with _children() as children:
        print_json(
            children.run(answers.extract_item, {"id": file.name, "path": str(file), "media_type": media_type}, "")
        )


@click.command()
@jsonl_option
@pack_option
@pass_context
def replay(context: Context, jsonl: bool, pack: str | None) -> None:
    """Replay the dated versions of ONE Source: --jsonl with id, captured_at, text or html, oldest first."""
    if not jsonl:
        raise ConfigError("replay reads JSON lines: watcher replay --jsonl < versions.jsonl")
    text = _pack_text(context, pack)
    with _children() as children:
        for line in replay_items(_items(sys.stdin), text, children):
            _print_line(line)


def _children() -> ChildPool:
    return ChildPool(size=CHILDREN, seconds=60.0)


def _pack_text(context: Context, pack: str | None) -> str:
    name = pack or load_settings(context.config / "watcher.yaml").classify.pack
    return load_pack_text(context.config, name).text


def _answer_lines(answer: Callable[[dict[str, Any], str], dict[str, Any]], pack_text: str) -> None:
    """Answer every line of standard input; the order is kept, an item that fails says so in its answer."""

    def one(item: dict[str, Any]) -> dict[str, Any]:
        if "error" in item:
            return item
        try:
            return children.run(answer, item, pack_text)
        except WatcherError as error:
            return {"id": item.get("id"), "error": {"code": error.code, "message": str(error)}}

    with _children() as children, ThreadPoolExecutor(CHILDREN) as workers:
        for line in _mapped(workers, one, _items(sys.stdin)):
            _print_line(line)


def _mapped(
    workers: ThreadPoolExecutor, function: Callable[[dict[str, Any]], dict[str, Any]], items: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Answers in order, with a bounded number of items read ahead."""
    waiting = []
    for item in items:
        waiting.append(workers.submit(function, item))
        if len(waiting) >= AHEAD:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def _items(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            problem = "" if isinstance(item, dict) and "id" in item else "should be a JSON object with an id"
        except (ValueError, RecursionError) as error:
            item, problem = {}, f"is no JSON: {error}"
        if problem:
            message = f"line {number} {problem}"
            item = {"id": None, "error": {"code": "bad_item", "message": message}}
        yield item


def _print_line(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")
    sys.stdout.flush()


COMMANDS = {"compare": compare, "positions": positions, "extract": extract, "replay": replay}
