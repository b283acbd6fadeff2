"""Subjects: what each Source says of a State."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request, Response

from watcher.alert import subjects_of
from watcher.errors import NotFoundError
from watcher.model.change import Position
from watcher.model.source import Source
from watcher.model.subjects import name_of, subject_of
from watcher.store import changes, sources, versions
from watcher.web.reply import page, rooms_of, with_sources

CHANGES_LOOKED_AT = 1000
CHANGES_SHOWN = 50


def list_subjects(request: Request) -> Response:
    """The Subjects that Sources name, and those that a Position was found of."""
    with rooms_of(request).database.reading() as connection:
        by_subject: dict[str, list[Source]] = {alpha3: [] for alpha3 in versions.subjects_with_positions(connection)}
        for source in sources.list_sources(connection):
            for subject in source.definition.subjects:
                by_subject.setdefault(subject, []).append(source)
    rows = sorted(by_subject.items(), key=lambda row: name_of(row[0]))
    return page(request, "subjects", section="Subjects", rows=rows)


def show_subject(request: Request, alpha3: str) -> Response:
    """One Subject: the Positions in the newest Version of each Source, and the Changes about it."""
    if subject_of(alpha3) != alpha3:
        raise NotFoundError(f"no State has the code {alpha3[:20]!r}")
    with rooms_of(request).database.reading() as connection:
        known = {source.source_id: source for source in sources.list_sources(connection)}
        stated = versions.positions_of_subject(connection, alpha3)
        newest = {source_id: sources.get_baseline_id(connection, source_id) for source_id in known}
        recent = with_sources(connection, changes.list_changes(connection, limit=CHANGES_LOOKED_AT))
    rows = [
        (position, known[source_id], version_id, captured_at, newest[source_id] == version_id)
        for source_id, version_id, captured_at, position in _newest(stated)
    ]
    rows.sort(key=lambda row: (row[0].indicator, -row[3].timestamp(), row[1].source_id))
    about = [(change, source) for change, source in recent if alpha3 in subjects_of(change, source)]
    return page(request, "subject", section="Subjects", alpha3=alpha3, rows=rows, changes=about[:CHANGES_SHOWN])


def _newest(
    stated: list[tuple[str, str, datetime, Position]],
) -> list[tuple[str, str, datetime, Position]]:
    """Of each Source and indicator, what its newest Version that speaks of it says; `stated` is newest first."""
    speaking: dict[tuple[str, str], str] = {}
    kept = []
    said = set()
    for source_id, version_id, captured_at, position in stated:
        if speaking.setdefault((source_id, position.indicator), version_id) != version_id:
            continue
        statement = (source_id, position.indicator, position.stance, position.passage)
        if statement not in said:
            said.add(statement)
            kept.append((source_id, version_id, captured_at, position))
    return kept
