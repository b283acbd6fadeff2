"""watcher source test: what would happen if an address were watched, without recording anything."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from watcher.cli.collection import list_words
from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.cli.definition import KEY_COLUMN_HELP
from watcher.cli.registry import entries_named
from watcher.extract import CharsetFrom
from watcher.extract.suggest import SelectSuggestion
from watcher.model.capture import FetchResult, Hop
from watcher.model.source import Definition, format_cadence, slug
from watcher.pipeline.rules import require_key_columns, require_rules
from watcher.pipeline.trial import Read, Stability, Tools, Trial, try_source
from watcher.pipeline.trial_advice import (
    CadenceAdvice,
    address_to_register,
    remarks,
    suggest_cadence,
    wants_browser,
)
from watcher.pipeline.trial_robots import RobotsVerdict
from watcher.pipeline.trust import require_ca_file
from watcher.settings import load_settings, load_sources
from watcher.settings.sources import require_open_url

WIDTH = 13
QUOTE_CHARACTERS = 160


@click.command("test")
@click.argument("url")
@click.option("--select", multiple=True, help="Selector to keep, CSS or XPath; repeatable.")
@click.option("--remove", multiple=True, help="Selector to leave out, CSS or XPath; repeatable.")
@click.option("--key-column", "key_columns", multiple=True, help=KEY_COLUMN_HELP)
@click.option("--browser", is_flag=True, help="Read the page after its scripts ran.")
@click.option("--ca-file", default="", help="Trust the authorities in this file of fetch.certificates as well.")
@click.option("--follow-to-http", is_flag=True, help="Follow redirects from https to http.")
@click.option(
    "--pause",
    type=click.FloatRange(0, 600),
    default=3.0,
    show_default=True,
    help="Seconds between two requests; never less than the host asks for.",
)
@click.option("--config", type=click.Path(path_type=Path, file_okay=False), help="Configuration folder.")
@json_option
@pass_context
def try_address(
    context: Context,
    url: str,
    select: tuple[str, ...],
    remove: tuple[str, ...],
    key_columns: tuple[str, ...],
    browser: bool,
    ca_file: str,
    follow_to_http: bool,
    pause: float,
    config: Path | None,
    as_json: bool,
) -> None:
    """Try URL, or an entry of config/sources, before it is registered: nothing is recorded, and no instance is needed.

    Asks robots.txt, reads the page twice and asks once more whether it changed; says what came, whether it would be
    held, whether it stays the same from read to read, and ends with the YAML for config/sources.

    Exit 0 when it can be watched as it is, 1 when not (not reached, disallowed, held), 2 for a wrong option.

    \b
    Examples:
      watcher source test https://example.org/kazakhstan
      watcher source test https://example.org/news --select main --remove .share-buttons
      watcher source test https://example.org/votes --key-column Country
      watcher source test https://example.org/app --browser --json
    """
    from watcher.bootstrap import open_trial

    known = _definition_of(config or context.config, url)
    definition = replace(
        known,
        select=select or known.select,
        remove=remove or known.remove,
        key_columns=key_columns or known.key_columns,
        browser=browser or known.browser,
        ca_file=ca_file or known.ca_file,
        follow_to_http=follow_to_http or known.follow_to_http,
    )
    require_ca_file(definition)
    require_rules(definition.rules)
    require_key_columns(definition.key_columns)
    with open_trial(config or context.config) as instance:
        fetcher = instance.fetcher()
        try:
            tools = Tools(rooms=instance.rooms, door=fetcher, wait=time.sleep, progress=_progress)
            trial = try_source(tools, definition, pause_seconds=pause)
        finally:
            fetcher.close()
    if as_json:
        print_json(_facts(trial))
    else:
        for line in _report(trial):
            click.echo(safe(line))
    if trial.obstacle:
        raise SystemExit(1)


def _definition_of(config: Path, name: str) -> Definition:
    """That of an address, or of an entry of config/sources; the first of a table."""
    if "://" in name or not (config / "sources").is_dir() or slug(name) != name:
        return Definition(url=require_open_url(name))
    intranet = load_settings(config / "watcher.yaml").fetch.intranet
    registered, problems = load_sources(config / "sources", intranet=intranet)
    definition = entries_named(registered, problems, name, config / "sources")[0].definition
    return replace(definition, url=require_open_url(definition.url))


def snippet(trial: Trial) -> str:
    """The Source as YAML for config/sources; `watcher source apply` reads it."""
    definition, first = trial.definition, trial.first
    title = first.document.title if first is not None and first.document is not None else ""
    name = slug(title or definition.url.partition("://")[2])
    unstable = trial.removals if trial.stability is not None and trial.stability.told else ()
    removed = (*definition.remove, *(each.selector for each in unstable))
    lines = ["sources:", f"  {name}:", f"    url: {_quoted(address_to_register(trial))}"]
    lines += [f"    title: {_quoted(title)}"] if title else []
    lines += [f"    every: {format_cadence(suggest_cadence(trial).every_seconds)}"]
    lines += [f"    select: {_listed(definition.select)}"] if definition.select else []
    lines += [f"    remove: {_listed(removed)}"] if removed else []
    lines += [f"    key_columns: {_listed(definition.key_columns)}"] if definition.key_columns else []
    lines += ["    browser: true"] if wants_browser(trial) and not definition.ca_file else []
    lines += [f"    ca_file: {_quoted(definition.ca_file)}"] if definition.ca_file else []
    lines += ["    follow_to_http: true"] if definition.follow_to_http else []
    if definition.collection is not None:
        rules = definition.collection
        lines += ["    collection:", f"      link_pattern: {_quoted(rules.link_pattern)}"]
        lines += [f"      title_pattern: {_quoted(rules.title_pattern)}"] if rules.title_pattern else []
        lines += [f"      subject_from: {rules.subject_from}", f"      year_from: {rules.year_from}"]
    return "\n".join(lines)


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        click.echo(safe(f"… {what}"), err=True)


def _report(trial: Trial) -> list[str]:
    lines = [f"{trial.definition.url}   (a test: nothing is recorded)", ""]
    lines += _labelled("robots.txt", _robots_words(trial))
    if trial.first is not None:
        lines += _fetch_lines(trial.first.result)
        lines += _labelled("notes", *trial.first.result.notes) if trial.first.result.notes else []
        lines += _read_lines(trial.first, trial.hints.language)
        lines += _labelled("read twice", *_stability_words(trial)) if trial.first.document else []
        lines += _labelled("if unchanged", trial.conditional.reason) if trial.conditional is not None else []
    lines += _labelled("documents", *list_words(trial)) if trial.listed is not None else []
    noted = [*remarks(trial), *(list_words(trial) if trial.suggestion is not None else [])]
    lines += ["", *noted] if noted else []
    if trial.obstacle:
        return [*lines, "", f"It cannot be watched as it is: {trial.obstacle.rstrip('.')}."]
    lines += ["", "Suggestions", *_suggestion_lines(trial), ""]
    lines += ["It can be watched. For a file in config/sources, then `watcher source apply`:", ""]
    return [*lines, *snippet(trial).split("\n")]


def _labelled(label: str, *texts: str) -> list[str]:
    return [f"{label if number == 0 else '':<{WIDTH}} {text}" for number, text in enumerate(texts)]


def _robots_words(trial: Trial) -> str:
    robots = trial.robots
    if robots.verdict is RobotsVerdict.DISALLOWED:
        return "disallows it, so it was not fetched"
    if robots.verdict is RobotsVerdict.UNREACHABLE:
        return "cannot be read, so nothing of this host may be fetched"
    delay = f"Crawl-delay {robots.crawl_delay_seconds:g} s" if robots.crawl_delay_seconds else "no Crawl-delay"
    return f"allows it: {robots.reason}; {delay}"


def _fetch_lines(result: FetchResult) -> list[str]:
    hops = [_hop_words(hop) for hop in result.hops]
    if len(hops) > 1:
        hops = [f"{number}. {words}" for number, words in enumerate(hops, start=1)]
    return _labelled("asked", *(hops or ["no answer came"]))


def _hop_words(hop: Hop) -> str:
    signed = f", certificate by {hop.issuer}" if hop.issuer else ""
    secured = f", {hop.tls_version}{signed}" if hop.tls_version else ", not encrypted"
    return f"{hop.url} answered {hop.status} from {hop.address or 'an unknown address'}{secured}"


def _read_lines(read: Read, language: str) -> list[str]:
    result, document = read.result, read.document
    if result.payload is None:
        return []
    declared = result.media_type or "no type"
    kind = f"{declared} as the server says, and its bytes agree"
    if read.mismatch:
        kind = f"MISMATCH: the server says {declared}, its bytes are {read.judged_type}"
    elif declared.lower() != read.judged_type:
        kind = f"the server says {declared}; read as {read.judged_type}"
    size = f"{_number(len(result.payload))} bytes"
    lines = _labelled("type", kind)
    if document is not None:
        size += f"; {_number(len(document.text))} characters of text in {_number(len(document.blocks))} Blocks"
        lines += _labelled("charset", _charset_words(read, document.charset)) if document.charset else []
    lines += _labelled("size", size)
    if document is not None:
        lines += _labelled("title", document.title or "none")
        lines += _labelled("language", language) if language else []
    if read.problem:
        lines += _labelled("text", f"none: {read.problem}")
    if read.quality is not None:
        lines += _labelled("quality", f"{read.quality.quality.replace('_', ' ')}: {read.quality.reason}")
    return lines


def _charset_words(read: Read, used: str) -> str:
    """The charset that was used, where it is from, and what else is declared."""
    found = read.charset
    if found is None:
        return f"{used}, as the file itself says"
    in_page = f"the page's {found.declared_by}"
    said = {CharsetFrom.HEADER: found.in_header, found.declared_by: found.in_document}
    match found.origin:
        case CharsetFrom.UTF8:
            words = f"{used}, as the bytes are valid UTF-8"
        case CharsetFrom.GUESSED:
            words = f"{used}, GUESSED from the bytes"
        case CharsetFrom.MARK:
            words = f"{used}, from the byte order mark"
        case CharsetFrom.HEADER:
            words = f"{used}, from the HTTP header"
        case _:
            words = f"{used}, from {in_page}"
    label = said.get(found.origin, "")
    words += f" ({label})" if label and label.lower() != used else ""
    others = [
        f"{whose} says {label}"
        for origin, whose, label in (
            (CharsetFrom.HEADER, "the HTTP header", found.in_header),
            (found.declared_by, in_page, found.in_document),
        )
        if label and origin is not found.origin and label.lower() != used
    ]
    others = others or (
        [] if found.in_header or found.in_document else ["neither the HTTP header nor the page names one"]
    )
    return "; ".join([words, *others])


def _stability_words(trial: Trial) -> list[str]:
    stability, second = trial.stability, trial.second
    if second is None:
        return [f"no: robots.txt asks for {trial.robots.crawl_delay_seconds:g} s between two requests"]
    if stability is None:
        return [f"the second read failed: {second.result.error or second.problem}"]
    apart = f"{stability.pause_seconds:g} s apart"
    if stability.same_bytes:
        return [f"{apart}: the same bytes"]
    if stability.same_text:
        return [f"{apart}: other bytes, the same text (what differs is not shown to readers)"]
    return [*_difference_words(stability, apart), *_example_words(stability)]


def _difference_words(stability: Stability, apart: str) -> list[str]:
    blocks = f"{stability.differing_blocks} Block{'' if stability.differing_blocks == 1 else 's'}"
    told = "a monitor would be told" if stability.told else "taken as noise, nobody is told"
    return [f"{apart}: DIFFERENT in {blocks}; {told} ({stability.reason})"]


def _example_words(stability: Stability) -> list[str]:
    lines = []
    for before, after in stability.examples:
        lines += [f"  - {_clipped(before)}"] if before else []
        lines += [f"  + {_clipped(after)}"] if after else []
    left = stability.differing_blocks - len(stability.examples)
    return [*lines, f"  and {left} more"] if left > 0 else lines


def _suggestion_lines(trial: Trial) -> list[str]:
    advice = suggest_cadence(trial)
    lines = _labelled("every", f"{format_cadence(advice.every_seconds)}: {'; '.join(advice.reasons)}")
    lines += _labelled(
        "remove",
        *(f"{each.selector}   (differs from read to read; {each.characters} characters)" for each in trial.removals),
    )
    lines += _labelled(
        "select",
        *(f"{each.selector}   ({each.text_share:.0%} of the text, {_beside(each)})" for each in trial.selects),
    )
    if trial.selects:
        lines += _labelled("", "A `select` is no must: without one all is kept, and navigation is told apart.")
    return lines


def _beside(suggestion: SelectSuggestion) -> str:
    share = f"{suggestion.furniture_share:.0%}"
    return "no navigation in it" if share == "0%" else f"{share} of it navigation and the like"


def _number(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def _clipped(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= QUOTE_CHARACTERS else one_line[:QUOTE_CHARACTERS] + " …"


def _quoted(text: str) -> str:
    """Text as a double-quoted YAML scalar (YAML 1.2, 7.3.1), whatever it holds."""
    return json.dumps("".join(char if char.isprintable() else " " for char in text), ensure_ascii=False)


def _listed(texts: tuple[str, ...]) -> str:
    return "[" + ", ".join(_quoted(text) for text in texts) + "]"


def _facts(trial: Trial) -> dict[str, Any]:
    advice: CadenceAdvice = suggest_cadence(trial)
    obstacle = trial.obstacle
    return {
        "url": trial.definition.url,
        "tried_at": trial.tried_at,
        "can_be_watched": not obstacle,
        "obstacle": obstacle,
        "robots": asdict(trial.robots),
        "first_read": _read_facts(trial.first),
        "second_read": _read_facts(trial.second),
        "stability": asdict(trial.stability) if trial.stability is not None else None,
        "conditional": asdict(trial.conditional) if trial.conditional is not None else None,
        "language": trial.hints.language,
        "feeds": trial.hints.feeds,
        "listed": asdict(trial.listed) if trial.listed is not None else None,
        "collection": asdict(trial.suggestion) if trial.suggestion is not None else None,
        "remarks": remarks(trial),
        "suggestions": {
            "every": format_cadence(advice.every_seconds),
            "every_because": advice.reasons,
            "browser": wants_browser(trial),
            "select": [asdict(each) for each in trial.selects],
            "remove": [asdict(each) for each in trial.removals],
        },
        "yaml": snippet(trial) + "\n" if not obstacle else "",
    }


def _read_facts(read: Read | None) -> dict[str, Any] | None:
    if read is None:
        return None
    result, document = read.result, read.document
    return {
        "outcome": result.outcome.value,
        "error": result.error,
        "hops": [asdict(hop) for hop in result.hops],
        "declared_type": result.media_type,
        "judged_type": read.judged_type,
        "type_mismatch": read.mismatch,
        "declared_charset": result.charset,
        "used_charset": document.charset if document is not None else None,
        "charset_from": read.charset.origin.value if read.charset is not None else None,
        "charset_declared_in_document": read.charset.in_document or None if read.charset is not None else None,
        "bytes": len(result.payload) if result.payload is not None else None,
        "characters": len(document.text) if document is not None else None,
        "blocks": len(document.blocks) if document is not None else None,
        "title": document.title if document is not None else None,
        "problem": read.problem,
        "quality": asdict(read.quality) if read.quality is not None else None,
    }
