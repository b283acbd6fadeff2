"""watcher source add | list | show | pause | resume | release | retire; the others have their own modules."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import click

from watcher.cli.collection import collection_options, item_lines, look_words, rules_of_options, rules_words
from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.cli.definition import edit, preview, rule_options, show_definitions
from watcher.cli.groups import Group
from watcher.cli.registry import apply, enable
from watcher.cli.source_address import find, history, move, others_at, refusal_words
from watcher.cli.trial import try_address
from watcher.cli.volatile import volatile
from watcher.cli.words import change_words
from watcher.errors import ConfigError, WatcherError
from watcher.model.collection import CollectionRules
from watcher.model.source import (
    Credentials,
    Definition,
    Source,
    SourceKind,
    SourceState,
    format_cadence,
    parse_cadence,
    slug,
)
from watcher.pipeline import register
from watcher.pipeline.health import proposed_address
from watcher.pipeline.ports import Rooms
from watcher.pipeline.release import release_held
from watcher.pipeline.secrets import credentials_words
from watcher.settings.sources import require_open_url, resolve_instrument, resolve_subject
from watcher.store import captures as capture_rows
from watcher.store import changes, collections, sources, versions

SHOWN_WHERE_GIVEN = ("publisher", "author", "addressee", "reference", "language", "provenance")


@click.group(cls=Group)
def source() -> None:
    """Register and look after Sources."""


@source.command()
@click.argument("url", required=False)
@click.option("--id", "source_id", help="Its name here; made from the title or address when left out.")
@click.option("--title", default="", help="What a citation calls it.")
@click.option("--publisher", default="", help="Who publishes it, for citations.")
@click.option("--author", default="", help="Who wrote it, for citations.")
@click.option("--reference", default="", help="Its number or symbol, for citations.")
@click.option("--subject", "subjects", multiple=True, help="State it speaks of (KAZ or Kazakhstan); repeatable.")
@click.option(
    "--instrument", "instruments", multiple=True, help="Treaty it concerns (MBT, CCW, APII, CCM); repeatable."
)
@click.option("--every", default="6h", show_default=True, help="How often to check: 30m, 6h, 1d.")
@rule_options
@click.option("--browser", is_flag=True, help="Read the page after its scripts ran.")
@collection_options
@click.option("--no-look", is_flag=True, help="Do not read the page now to see if it is a list.")
@click.option("--upload", is_flag=True, help="A Source without address: letters, decrees, scans handed in by a person.")
@pass_context
def add(
    context: Context,
    /,
    url: str | None,
    source_id: str | None,
    title: str,
    publisher: str,
    author: str,
    reference: str,
    subjects: tuple[str, ...],
    instruments: tuple[str, ...],
    every: str,
    browser: bool,
    upload: bool,
    no_look: bool,
    **rules: Any,
) -> None:
    """Register URL as a Source; it is checked at once by a running service.

    A page that lists many documents alike is named, with the command that watches each of them.

    \b
    Examples:
      watcher source add https://example.org/kazakhstan --subject KAZ --every 6h
      watcher source add https://example.org/list --collection --link-pattern 'reply.*pdf$' --subject-from link_text
      watcher source add --upload --title "Statement, Almaty 2007" --subject KAZ
    """
    if upload == bool(url):
        raise ConfigError("give either an address or --upload", key="url")
    address = require_open_url(url) if url else ""
    name = source_id or slug(title or _name_of(address))
    if slug(name) != name:
        raise ConfigError(f"--id should be lower-case words joined with hyphens, as {slug(name)!r}", key="id")
    collection = rules_of_options(rules)
    definition = Definition(
        url=address,
        kind=_kind(upload, collection),
        title=title or name,
        publisher=publisher,
        author=author,
        reference=reference,
        subjects=tuple(resolve_subject(subject) for subject in subjects),
        instruments=tuple(resolve_instrument(instrument) for instrument in instruments),
        every_seconds=parse_cadence(every),
        browser=browser and not upload,
        select=rules["select"],
        remove=rules["remove"],
        keep_blocks=rules["keep_blocks"],
        remove_blocks=rules["remove_blocks"],
        remove_text=rules["remove_text"],
        key_columns=rules["key_columns"],
        collection=collection,
    )
    from watcher.bootstrap import egress_of

    with context.instance(create=True) as instance:
        others = others_at(instance.rooms, address, name)
        register.add_source(instance.rooms, name, definition, user=user_name())
        refused = refusal_words(address, egress_of(instance.settings.fetch))
    click.echo(f"registered {name}")
    for line in (*others, *refused):
        click.echo(line, err=True)
    if address and not browser and not no_look and not refused:
        for line in _look(context, definition, name):
            click.echo(safe(line))
    click.echo(f"next: watcher {'upload FILE --source ' + name if upload else 'check ' + name}")


@source.command("list")
@json_option
@pass_context
def list_(context: Context, as_json: bool) -> None:
    """All Sources with their state, last outcome and next check."""
    with context.instance(pack_later=True) as instance, instance.rooms.database.reading() as connection:
        every = sources.list_sources(connection)
        counts = capture_rows.count_captures(connection)
        held = {version.source_id: version.error for version in versions.held_versions(connection)}
    if as_json:
        print_json(
            [{**_described(one, counts.get(one.source_id, 0)), "held": held.get(one.source_id)} for one in every]
        )
        return
    for one in every:
        due = f"next {one.next_check_at:%Y-%m-%d %H:%M} UTC" if one.next_check_at else "no check planned"
        also = ", ".join(_fetched_how(one))
        state = "held" if one.state is SourceState.ACTIVE and one.source_id in held else one.state.value
        click.echo(f"{one.source_id:<40} {state:<8} {one.last_outcome or '-':<16} {due}{also and '  ' + also}")
    if not every:
        click.echo("no Sources yet; add one with: watcher source add URL")


@source.command()
@click.argument("source_id")
@json_option
@pass_context
def show(context: Context, source_id: str, as_json: bool) -> None:
    """One Source: its Definition, latest Captures, Versions and Changes."""
    with context.instance(pack_later=True) as instance:
        facts, credentials = _facts(instance.rooms, source_id)
    if as_json:
        print_json(facts)
        return
    if credentials is not None:
        facts["credentials"] = credentials_words(credentials)
    for key, value in facts.items():
        if isinstance(value, list):
            click.echo(f"{key}:")
            for line in value:
                click.echo(f"  {safe(str(line))}")
        else:
            click.echo(f"{key}: {safe(str(value))}")


@source.command()
@click.argument("source_id")
@pass_context
def pause(context: Context, source_id: str) -> None:
    """Stop checking a Source until it is resumed."""
    with context.instance(pack_later=True) as instance:
        was = _state_of(instance.rooms, source_id)
        register.pause_source(instance.rooms, source_id, user=user_name())
        left = _listed_still(instance.rooms, source_id)
    done = f"{source_id} is paused already" if was is SourceState.PAUSED else f"paused {source_id}"
    click.echo(f"{done}{left}")


@source.command()
@click.argument("source_id")
@pass_context
def resume(context: Context, source_id: str) -> None:
    """Check a paused or retired Source again."""
    with context.instance(pack_later=True) as instance:
        was = _state_of(instance.rooms, source_id)
        register.resume_source(instance.rooms, source_id, user=user_name())
    active = was is SourceState.ACTIVE
    click.echo(f"{source_id} is active already" if active else f"resumed {source_id}; it is due now")


@source.command()
@click.argument("source_id")
@pass_context
def release(context: Context, source_id: str) -> None:
    """Take the page that is held of a Source as its new state, because it is the real one."""
    with context.instance() as instance:
        change = release_held(instance.rooms, source_id, user=user_name())
    click.echo(f"released; {'no Change from the state before' if change is None else change.change_id}")
    for line in change_words(change) if change is not None else ():
        click.echo(safe(line))


@source.command()
@click.argument("source_id")
@pass_context
def retire(context: Context, source_id: str) -> None:
    """Stop watching a Source and keep everything of it."""
    with context.instance(pack_later=True) as instance:
        was = _state_of(instance.rooms, source_id)
        register.retire_source(instance.rooms, source_id, user=user_name())
        left = _listed_still(instance.rooms, source_id)
    already = f"{source_id} was retired already" if was is SourceState.RETIRED else f"retired {source_id}"
    click.echo(f"{already}; its Captures, Versions and Changes stay{left}")


def _state_of(rooms: Rooms, source_id: str) -> SourceState:
    with rooms.database.reading() as connection:
        return sources.get_source(connection, source_id).state


def _look(context: Context, definition: Definition, name: str) -> list[str]:
    """What a look at the page says; that it fails is no fault of the Source, which is registered by now."""
    try:
        return look_words(context, definition, name)
    except WatcherError as error:
        return [f"its page could not be looked at now: {error}"]


def _listed_still(rooms: Rooms, source_id: str) -> str:
    """That the documents of a Collection are Sources of their own, which go on; "" for other Sources."""
    with rooms.database.reading() as connection:
        every = sources.list_sources(connection)
    active = sum(one.definition.collection_id == source_id and one.state is SourceState.ACTIVE for one in every)
    return f"; its {active} documents go on being checked, each as a Source of its own" if active else ""


def _kind(upload: bool, rules: CollectionRules | None) -> SourceKind:
    if upload and rules is not None:
        raise ConfigError("an upload lists nothing: give either --upload or --collection", key="collection")
    if upload:
        return SourceKind.UPLOAD
    return SourceKind.PAGE if rules is None else SourceKind.COLLECTION


def _name_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname} {parts.path} {parts.query}"


def _fetched_how(one: Source) -> list[str]:
    """What is out of the ordinary in how it is fetched."""
    credentials = one.definition.credentials
    return [
        *(["a Collection"] if one.definition.collection is not None else []),
        *([f"listed by {one.definition.collection_id}"] if one.definition.collection_id else []),
        *(["by browser"] if one.definition.browser else []),
        *([f"with credentials for {credentials.origin}"] if credentials is not None else []),
        *([f"trusting {one.definition.ca_file}"] if one.definition.ca_file else []),
        *(["following redirects to http"] if one.definition.follow_to_http else []),
    ]


def _described(one: Source, captures: int) -> dict[str, object]:
    return {
        "source_id": one.source_id,
        "state": one.state.value,
        "url": one.definition.url,
        "title": one.definition.title,
        "moved_to": proposed_address(one),
        **{name: value for name in SHOWN_WHERE_GIVEN if (value := getattr(one.definition, name))},
        "subjects": list(one.definition.subjects),
        "every": format_cadence(one.definition.every_seconds),
        "browser": one.definition.browser,
        "credentials": asdict(one.definition.credentials) if one.definition.credentials is not None else None,
        "ca_file": one.definition.ca_file,
        "follow_to_http": one.definition.follow_to_http,
        "last_outcome": one.last_outcome,
        "last_capture_at": one.last_capture_at,
        "next_check_at": one.next_check_at,
        "failures_in_a_row": one.failures_in_a_row,
        "captures": captures,
        "kind": one.definition.kind.value,
        "collection": rules_words(one.definition.collection) if one.definition.collection is not None else None,
        "collection_id": one.definition.collection_id or None,
    }


def _facts(rooms: Rooms, source_id: str) -> tuple[dict[str, object], Credentials | None]:
    with rooms.database.reading() as connection:
        one = sources.get_source(connection, source_id)
        facts = _described(one, capture_rows.count_captures(connection).get(source_id, 0))
        facts["latest captures"] = [
            f"{capture.sequence}  {capture.captured_at:%Y-%m-%d %H:%M:%S}  {capture.outcome}  {capture.error}".rstrip()
            for capture in capture_rows.list_captures(connection, source_id, limit=10)
        ]
        facts["latest versions"] = [
            f"{version.version_id}  {version.captured_at:%Y-%m-%d %H:%M:%S}  {version.extractor} "
            f"{version.extractor_version}  {version.error}".rstrip()
            for version in versions.list_versions(connection, source_id, limit=10)
        ]
        facts["latest changes"] = [
            f"{change.change_id}  {change.kind}  {change.judgement.severity}"
            for change in changes.list_changes(connection, source_id=source_id, limit=10)
        ]
        if one.definition.collection is not None:
            read = collections.get_read(connection, source_id)
            facts["documents"] = item_lines(one, read, collections.list_items(connection, source_id))
    return facts, one.definition.credentials


for _command in (volatile, try_address, apply, enable, move, history, find, edit, show_definitions, preview):
    source.add_command(_command)

COMMANDS = {"source": source}
