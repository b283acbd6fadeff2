"""The child Sources of a Collection: how they are named and defined, and their registration by the list itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from watcher.errors import NotFoundError
from watcher.model.capture import Capture
from watcher.model.collection import CollectionItem, CollectionRules, ItemState, ListedDocument, is_bare
from watcher.model.source import Definition, Source, SourceKind, SourceState, origin_of, slug
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import definition_record, plain
from watcher.store import audit, sources
from watcher.store.database import Connection

LONGEST_ID = 76


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildAct:
    """What a Collection does to a child: registers it (`before` is None), or gives it other rules or another state."""

    child_id: str
    before: Source | None
    definition: Definition
    state: SourceState


def rules_in(source: Source) -> CollectionRules:
    """The rules of a Collection; those that find nothing special where none were given."""
    return source.definition.collection or CollectionRules()


def child_definition(source: Source, document: ListedDocument, state: ItemState) -> Definition:
    """The Definition of a document's child: what its Collection says, at a slower pace when it is no longer listed.

    Credentials and certificates go along to the same origin only; robots.txt and browser are for each Source to say.
    """
    own, rules = source.definition, rules_in(source)
    every = rules.every_seconds or own.every_seconds
    same_origin = origin_of(document.address) == origin_of(own.url)
    title = document.title or document.address
    return Definition(
        url=document.address,
        kind=SourceKind.PAGE,
        title=f"{own.title}: {title}" if is_bare(title) and own.title else title,
        publisher=own.publisher,
        author=own.author,
        subjects=(document.subject,) if document.subject else own.subjects,
        instruments=own.instruments,
        every_seconds=every if state is ItemState.LISTED else max(every, rules.withdrawn_every_seconds),
        credentials=own.credentials if same_origin else None,
        ca_file=own.ca_file if same_origin else "",
        follow_to_http=own.follow_to_http and same_origin,
        collection_id=source.source_id,
    )


def child_id(connection: Connection, source_id: str, document: ListedDocument, taken: Iterable[str]) -> str:
    """A free name such as "responses-kaz-2026"; the name of a child that watches this very document already, if any."""
    parts = [document.subject.lower() or slug(document.title)[:32].strip("-"), str(document.year or "")]
    base = "-".join(part for part in (source_id[:44].strip("-"), *parts) if part)[:LONGEST_ID]
    reserved, number = set(taken), 1
    while True:
        name = base if number == 1 else f"{base[: LONGEST_ID - 5]}-{number}"
        if name not in reserved and _is_free(connection, name, source_id, document.address):
            return name
        number += 1


def _is_free(connection: Connection, name: str, collection_id: str, address: str) -> bool:
    try:
        definition = sources.get_source(connection, name).definition
    except NotFoundError:
        return True
    return (definition.collection_id, definition.url) == (collection_id, address)


def act_on(
    connection: Connection, source: Source, item: CollectionItem, *, was: CollectionItem | None
) -> ChildAct | None:
    """What is to be done to a document's child; None for nothing.

    A child that a person paused or retired stays so; one that the Collection retired itself comes back.
    """
    wanted = child_definition(source, item.document, item.state)
    try:
        child = sources.get_source(connection, item.child_id)
    except NotFoundError:
        if item.state is not ItemState.LISTED:
            return None
        return ChildAct(child_id=item.child_id, before=None, definition=wanted, state=SourceState.ACTIVE)
    if was is None:
        return None
    own = child.definition
    definition = replace(
        own,
        url=wanted.url,
        title=own.title if was.document.title == item.document.title else wanted.title,
        subjects=own.subjects if was.document.subject == item.document.subject else wanted.subjects,
        every_seconds=own.every_seconds if was.state is item.state else wanted.every_seconds,
        credentials=wanted.credentials if own.credentials is not None else None,
        ca_file=wanted.ca_file if own.ca_file else "",
    )
    state = child.state
    if item.state is ItemState.EXCLUDED and was.state is not ItemState.EXCLUDED:
        state = SourceState.RETIRED
    elif was.state is ItemState.EXCLUDED and item.state is ItemState.LISTED:
        state = SourceState.ACTIVE
    if definition == own and state is child.state:
        return None
    return ChildAct(child_id=item.child_id, before=child, definition=definition, state=state)


def carry_out(
    rooms: Rooms, connection: Connection, acts: list[ChildAct], *, collection_id: str, capture: Capture
) -> None:
    """Ledger records and rows of what a Capture of a Collection does to its children, last in its transaction."""
    if not acts:
        return
    now = rooms.clock()
    _put_definitions(rooms, connection, acts, now)
    for act in acts:
        watched = act.state is SourceState.ACTIVE
        if act.before is not None and (act.state is not act.before.state or not watched):
            sources.set_state(connection, act.child_id, act.state, next_check_at=now if watched else None)
    bodies = [_act_record(act, now, user=f"collection {collection_id}", sequence=capture.sequence) for act in acts]
    for record in rooms.archive.append_many("audit", bodies):
        audit.add_audit(connection, audit.entry_of(record.sequence, record.body))


def _put_definitions(rooms: Rooms, connection: Connection, acts: list[ChildAct], now: datetime) -> None:
    changed = [act for act in acts if act.before is None or act.before.definition != act.definition]
    records = rooms.archive.append_many(
        "definition",
        [definition_record(act.child_id, act.definition, valid_from=now, recorded_at=now) for act in changed],
    )
    for act, record in zip(changed, records, strict=True):
        if act.before is None:
            source = Source(
                source_id=act.child_id,
                state=act.state,
                definition=act.definition,
                registered_at=now,
                next_check_at=now,
            )
            sources.add_source(connection, source, sequence=record.sequence)
        else:
            sources.replace_definition(connection, act.child_id, act.definition, now=now, sequence=record.sequence)


def _act_record(act: ChildAct, now: datetime, *, user: str, sequence: int) -> Mapping[str, Any]:
    before = act.before
    return {
        "recorded_at": now.isoformat(),
        "user": user,
        "action": "source.add" if before is None else "source.change",
        "target": act.child_id,
        "before": None if before is None else _described(before.state, before.definition),
        "after": {**_described(act.state, act.definition), "capture": sequence},
    }


def _described(state: SourceState, definition: Definition) -> dict[str, Any]:
    return {"state": state.value, "definition": plain(asdict(definition))}
