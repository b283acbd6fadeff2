"""Collections after a crash and after a loss of the database: the ledger alone gives children and items again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from watcher.model.collection import CollectionRules, ItemPart
from watcher.model.source import Definition, SourceKind
from watcher.pipeline import register
from watcher.pipeline.rebuild import rebuild_database
from watcher.pipeline.recover import recover
from watcher.store import collections, sources
from watcher.store.database import open_database
from watcher.store.rebuild import begin_rebuild, finish_rebuild

TABLES = ("definitions", "captures", "snapshots", "audit", "versions", "changes", "collections", "collection_items")


def page(*links: str) -> str:
    rows = "".join(f'<li><a href="/{link}.html">Response of {link.title()} 2025</a></li>' for link in links)
    about = "".join(f"<p>Paragraph {n} says how questionnaires are answered.</p>" for n in range(6))
    return f"<html><body><h1>Responses</h1>{about}<ul>{rows}</ul></body></html>"


def start(bench: Any, *links: str) -> None:
    definition = Definition(
        url=bench.site.put("/list", page(*links)),
        kind=SourceKind.COLLECTION,
        title="Responses",
        collection=CollectionRules(link_pattern=r"\.html$", subject_from=ItemPart.LINK_TEXT),
    )
    register.add_source(bench.rooms, "resp", definition, user="test")


def rows(database: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def test_a_rebuild_gives_the_same_children_items_and_changes(bench: Any, tmp_path: Path) -> None:
    start(bench, "austria", "chad", "germany")
    bench.check("resp")
    bench.check("resp-tcd-2025")
    bench.site.put("/list", page("austria", "germany", "kazakhstan"))
    bench.check("resp")
    bench.site.put("/list", page("austria", "chad", "germany", "kazakhstan"))
    bench.check("resp")
    with bench.rooms.database.reading() as connection:
        old = sources.get_source(connection, "resp").definition
    narrower = replace(old, collection=CollectionRules(link_pattern="austria|germany"))
    bench.clock.advance(seconds=1)
    register.apply_plan(bench.rooms, register.plan_sources(bench.rooms, [("resp", narrower, False)]), user="test")
    assert bench.check("resp").recorded.capture.outcome == "same"
    (tmp_path / "again").mkdir()
    url = f"sqlite:///{tmp_path / 'again' / 'watcher.db'}"
    size = bench.rooms.archive.size()
    database = open_database(begin_rebuild(url))
    *_, last = rebuild_database(replace(bench.rooms, database=database))
    database.close()
    finish_rebuild(url)
    assert last.problems == ()
    assert bench.rooms.archive.size() == size
    for table in TABLES:
        assert rows(tmp_path / "data" / "watcher.db", table), table
        assert rows(tmp_path / "again" / "watcher.db", table) == rows(tmp_path / "data" / "watcher.db", table), table


@pytest.mark.parametrize("lost_after", ["capture", "acts"])
def test_a_crash_on_the_way_to_the_database_registers_each_document_once(
    bench: Any, lost_after: str, monkeypatch: Any
) -> None:
    start(bench, "austria", "chad", "germany")
    place = {"capture": "watcher.pipeline.record._write", "acts": "watcher.pipeline.children.audit.entry_of"}

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(place[lost_after], fails)
        with pytest.raises(RuntimeError):
            bench.check("resp")
    recover(bench.rooms)
    with bench.rooms.database.reading() as connection:
        listed = [item.child_id for item in collections.list_items(connection, "resp")]
        known = [source.source_id for source in sources.list_sources(connection)]
    assert listed == ["resp-aut-2025", "resp-deu-2025", "resp-tcd-2025"]
    assert known == ["resp", "resp-aut-2025", "resp-deu-2025", "resp-tcd-2025"]
