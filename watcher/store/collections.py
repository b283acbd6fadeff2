"""What Collections list: the newest reading of each list, and every document that it ever showed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, insert, select

from watcher.model.collection import CollectionItem, CollectionRead, ItemState
from watcher.store.schema import collection_items, collections
from watcher.store.types import from_json, to_json


def put_read(connection: Connection, read: CollectionRead) -> None:
    """Keep the newest reading of a Collection in place of the one before."""
    connection.execute(delete(collections).where(collections.c.collection_id == read.collection_id))
    connection.execute(
        insert(collections).values(
            collection_id=read.collection_id,
            version_id=read.version_id,
            definition_sha256=read.definition_sha256,
            read_at=read.read_at,
            listed=read.listed,
            refused=read.refused,
            unnamed=read.unnamed,
            problem=read.problem,
        )
    )


def get_read(connection: Connection, collection_id: str) -> CollectionRead | None:
    """The newest reading of a Collection, None before the first."""
    row = connection.execute(select(collections).where(collections.c.collection_id == collection_id)).first()
    return None if row is None else CollectionRead(**row._mapping)


def put_items(connection: Connection, items: Iterable[CollectionItem]) -> None:
    """Record documents of Collections; one that is there already is written anew."""
    for item in items:
        connection.execute(
            delete(collection_items).where(
                collection_items.c.collection_id == item.collection_id, collection_items.c.item_id == item.item_id
            )
        )
        connection.execute(
            insert(collection_items).values(
                collection_id=item.collection_id,
                item_id=item.item_id,
                child_id=item.child_id,
                state=item.state,
                subject=item.document.subject,
                year=item.document.year,
                first_seen_at=item.first_seen_at,
                last_seen_at=item.last_seen_at,
                body=to_json(CollectionItem, item),
            )
        )


def list_items(connection: Connection, collection_id: str) -> list[CollectionItem]:
    """Every document that a Collection ever listed, by Subject and newest year first."""
    rows = connection.execute(
        select(collection_items.c.body)
        .where(collection_items.c.collection_id == collection_id)
        .order_by(
            collection_items.c.subject,
            collection_items.c.year.desc(),
            collection_items.c.first_seen_at,
            collection_items.c.item_id,
        )
    )
    return [from_json(CollectionItem, row.body) for row in rows]


def item_of_child(connection: Connection, child_id: str) -> CollectionItem | None:
    """The document that a child Source watches; the one that is listed, where its address moved."""
    rows = connection.execute(
        select(collection_items.c.body)
        .where(collection_items.c.child_id == child_id)
        .order_by(collection_items.c.last_seen_at.desc(), collection_items.c.first_seen_at.desc())
    )
    items = [from_json(CollectionItem, row.body) for row in rows]
    listed = [item for item in items if item.state is ItemState.LISTED]
    return next(iter([*listed, *items]), None)


def count_listed(connection: Connection) -> dict[str, int]:
    """How many documents each Collection lists now, by its id."""
    rows = connection.execute(
        select(collection_items.c.collection_id, func.count())
        .where(collection_items.c.state == ItemState.LISTED)
        .group_by(collection_items.c.collection_id)
    )
    return {row[0]: row[1] for row in rows}
