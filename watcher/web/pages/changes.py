"""Changes: the list with its filter, and one with both sides."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.alert import subjects_of
from watcher.model.change import Severity
from watcher.model.permalinks import capture_url
from watcher.model.subjects import subject_of
from watcher.pipeline.cite import cite_change
from watcher.render import footnote, presence_citation
from watcher.store import changes, digests, sources, versions
from watcher.web.reply import page, rooms_of, with_sources

LOOKED_AT = 1000
SHOWN = 200
HUNKS_SHOWN = 300


def list_changes(request: Request, severity: str = "noise", subject: str = "", source: str = "") -> Response:
    """The newest Changes; `severity` is the least that is shown, `subject` a State by code or name."""
    least = Severity(severity) if severity in tuple(Severity) else Severity.NOISE
    alpha3 = subject_of(subject) or subject.upper() if subject else ""
    with rooms_of(request).database.reading() as connection:
        recent = changes.list_changes(connection, source_id=source or None, limit=LOOKED_AT)
        rows = [
            (change, owner)
            for change, owner in with_sources(connection, recent)
            if change.judgement.severity.rank >= least.rank and (not alpha3 or alpha3 in subjects_of(change, owner))
        ]
    return page(
        request,
        "changes",
        section="Changes",
        rows=rows[:SHOWN],
        looked_at=len(recent),
        severity=least,
        subject=subject,
        source_id=source,
    )


def show_change(request: Request, change_id: str, view: str = "") -> Response:
    """One Change: Positions, treaty actions, reasons, the Diff, and how to cite both sides."""
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        change = changes.get_change(connection, change_id)
        source = sources.get_source(connection, change.source_id)
        old = versions.get_version(connection, change.from_version_id)
        new = versions.get_version(connection, change.to_version_id)
        cited = cite_change(connection, change, base_url=rooms.base_url)
        against = sources.get_source(connection, change.from_source_id) if change.from_source_id else None
        telling = digests.digests_telling(connection, change_id)
    ordered = sorted(change.diff.hunks, key=lambda hunk: hunk.boilerplate)
    return page(
        request,
        "change",
        section="Changes",
        change=change,
        source=source,
        against=against,
        old=old,
        new=new,
        side=view == "side",
        hunks=ordered[:HUNKS_SHOWN],
        hidden=max(0, len(ordered) - HUNKS_SHOWN),
        digests=telling,
        citation=cited.footnote,
        permalink=cited.permalink,
        compared=f"/diff?from={old.version_id}&to={new.version_id}",
        old_citation=footnote(cited.states[0]),
        new_citation=presence_citation(
            source.definition, change, archived_at=capture_url(rooms.base_url, change.sequence or 0)
        )
        or footnote(cited.states[-1]),
    )
