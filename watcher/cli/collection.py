"""The options of a Collection, a look at what a page lists, and a Collection in words."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from watcher.cli.context import Context
from watcher.model.collection import (
    LARGEST_MOST_DOCUMENTS,
    MOST_DOCUMENTS,
    CollectionItem,
    CollectionRead,
    CollectionRules,
    ItemPart,
    ItemState,
)
from watcher.model.document import ExtractRules
from watcher.model.source import Definition, Source
from watcher.model.subjects import name_of
from watcher.settings.sources import CollectionEntry, collection_rules

if TYPE_CHECKING:  # registering a Source must not wait for what a trial needs
    from watcher.extract.listing import CollectionSuggestion
    from watcher.pipeline.trial import Trial
    from watcher.pipeline.trial_list import ListFacts

LOOK_SECONDS = 10.0
PARTS = click.Choice([part.value for part in ItemPart])


def collection_options(command: Any) -> Any:
    """The options of `source add` that make a Collection."""
    options = (
        click.option("--collection", is_flag=True, help="A list whose documents become Sources of their own."),
        click.option("--link-pattern", default="", help="Collection: what their addresses hold (RE2)."),
        click.option("--title-pattern", default="", help="Collection: what their titles hold (RE2)."),
        click.option("--subject-from", type=PARTS, default="none", help="Collection: what names their State."),
        click.option("--year-from", type=PARTS, default="link_text", help="Collection: what names their year."),
        click.option("--other-origins", is_flag=True, help="Collection: take links to other hosts as well."),
        click.option(
            "--most-documents",
            type=int,
            default=MOST_DOCUMENTS,
            show_default=True,
            help="Collection: how many are watched at most.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def rules_of_options(options: dict[str, Any]) -> CollectionRules | None:
    """The rules that the options give, None without --collection. ConfigError says what is wrong with them."""
    if not options["collection"]:
        return None
    return collection_rules(
        CollectionEntry(
            link_pattern=options["link_pattern"],
            title_pattern=options["title_pattern"],
            subject_from=options["subject_from"],
            year_from=options["year_from"],
            same_origin=not options["other_origins"],
            most_documents=options["most_documents"],
        )
    )


def look_words(context: Context, definition: Definition, source_id: str) -> list[str]:
    """What a first look at an address says of a list on it: nothing, a proposal, or what the rules take.

    Asks robots.txt and reads the page once; nothing is recorded. A page that cannot be read now says nothing.
    """
    from watcher.bootstrap import open_trial
    from watcher.pipeline.trial import Tools, look_once

    with open_trial(context.config) as instance:
        fetch = instance.settings.fetch
        quick = replace(fetch, deadline_seconds=min(fetch.deadline_seconds, LOOK_SECONDS))
        fetcher = replace(instance, settings=replace(instance.settings, fetch=quick)).fetcher()
        try:
            tools = Tools(rooms=instance.rooms, door=fetcher, wait=time.sleep, progress=lambda _: None)
            trial = look_once(tools, definition)
        finally:
            fetcher.close()
    return [*_obstacle_words(trial, source_id), *list_words(trial, source_id)]


def _obstacle_words(trial: Trial, source_id: str) -> list[str]:
    """What keeps the page from being watched, with the command that tries other rules where it is the rules."""
    if not trial.obstacle:
        return []
    lines = [f"It cannot be watched as it is: {trial.obstacle.rstrip('.')}."]
    first, rules = trial.first, trial.definition.rules
    if first is not None and first.result.payload is not None and rules != ExtractRules():
        lines.append(f"Try other rules: watcher source test {shlex.quote(trial.definition.url)} --select …")
        lines.append(f"then give it those:  watcher source edit {source_id} --select …")
    return lines


def list_words(trial: Trial, source_id: str = "") -> list[str]:
    """The list on a page that was tried, in words: what the rules take, or a Collection to add."""
    if trial.listed is not None:
        return [taken_words(trial.listed)]
    if trial.suggestion is None:
        return []
    found = trial.suggestion
    states = f" ({found.states} names of States)" if found.states else ""
    return [
        f"This page lists {found.documents} documents{states}. To watch each of them, add it as a Collection:",
        f"  {add_command(trial.definition, found, source_id)}",
        *([f"  watcher source retire {source_id}"] if source_id else []),
    ]


def add_command(definition: Definition, found: CollectionSuggestion, source_id: str = "") -> str:
    """The command that adds a page as a Collection by the rules that were found."""
    rules = found.rules
    words = ["watcher", "source", "add", definition.url, "--collection", "--link-pattern", rules.link_pattern]
    words += ["--subject-from", rules.subject_from] if rules.subject_from is not ItemPart.NONE else []
    words += ["--year-from", rules.year_from] if rules.year_from is not ItemPart.LINK_TEXT else []
    words += (
        ["--most-documents", str(min(found.documents * 2, LARGEST_MOST_DOCUMENTS))]
        if found.documents > MOST_DOCUMENTS
        else []
    )
    words += ["--id", f"{source_id}-list"[:64]] if source_id else []
    return shlex.join(str(word) for word in words)


def taken_words(listed: ListFacts) -> str:
    """What a Collection's rules take from its page now."""
    if not listed.documents:
        return "The rules match none of the links on this page: look at link_pattern and title_pattern."
    parts = [f"The rules take {listed.documents - listed.refused} documents of {listed.states} States"]
    parts += [f"{listed.unnamed} of them name no State, or several"] if listed.unnamed else []
    parts += [f"{listed.refused} more are beyond most_documents and would not be watched"] if listed.refused else []
    examples = ", ".join(f"“{title}”" for title in listed.examples)
    return f"{'; '.join(parts)}. The first: {examples}."


def rules_words(rules: CollectionRules) -> str:
    """The rules of a Collection in a line."""
    parts = [f"links that hold {rules.link_pattern}"] if rules.link_pattern else []
    parts += [f"titles that hold {rules.title_pattern}"] if rules.title_pattern else []
    parts += [f"State from {rules.subject_from}"] if rules.subject_from is not ItemPart.NONE else []
    parts += [f"year from {rules.year_from}"] if rules.year_from is not ItemPart.NONE else []
    parts += [] if rules.same_origin else ["other hosts too"]
    return ", ".join([*parts, f"at most {rules.most_documents} documents"])


def item_lines(source: Source, read: CollectionRead | None, items: list[CollectionItem]) -> list[str]:
    """The documents of a Collection, one a line, after how many there are of each state."""
    if read is None:
        return [f"not read yet; watcher check {source.source_id}"]
    counts = Counter(item.state for item in items)
    lines = [", ".join(f"{counts[state]} {state}" for state in ItemState if counts[state]) or "none"]
    lines += [f"PROBLEM: {read.problem}"] if read.problem else []
    lines += [f"{read.refused} beyond the limit are not watched"] if read.refused else []
    lines += [f"{read.unnamed} name no State, or several"] if read.unnamed else []
    for item in items:
        document = item.document
        state = name_of(document.subject) if document.subject else "-"
        lines.append(f"{item.state:<9} {state:<28} {document.year or '-':<5} {item.child_id}  {document.address}")
    return lines
