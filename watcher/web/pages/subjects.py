"""Subjects: what each Source says of a State."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.alert import subjects_of
from watcher.errors import NotFoundError
from watcher.model.source import Source
from watcher.model.subjects import name_of, subject_of
from watcher.pipeline.board import read_board
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
    rooms = rooms_of(request)
    board = read_board(rooms, subject=alpha3)
    with rooms.database.reading() as connection:
        recent = with_sources(connection, changes.list_changes(connection, limit=CHANGES_LOOKED_AT))
    about = [(change, source) for change, source in recent if alpha3 in subjects_of(change, source)]
    return page(
        request,
        "subject",
        section="Subjects",
        alpha3=alpha3,
        rows=[statement for cell in board.cells for statement in cell.statements],
        contradicted=[cell.indicator for cell in board.cells if cell.contradicted],
        changes=about[:CHANGES_SHOWN],
    )
