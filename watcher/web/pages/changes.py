"""Changes: the list with its filter, and one with both sides."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, RedirectResponse

from watcher.alert import subjects_of
from watcher.errors import ConfigError
from watcher.model.change import Severity
from watcher.model.permalinks import capture_url
from watcher.model.review import Verdict, merged_verdict
from watcher.model.subjects import subject_of
from watcher.pipeline.announce import announced_by
from watcher.pipeline.cite import cite_change
from watcher.pipeline.opinion import opinion_of
from watcher.pipeline.review import annotations_of, review_change
from watcher.render import footnote, presence_citation, told_documents
from watcher.store import changes, digests, sources, versions
from watcher.web.guard import is_from_our_page
from watcher.web.reply import page, rooms_of, with_sources

LOOKED_AT = 1000
SHOWN = 200
HUNKS_SHOWN = 300
FORM_BYTES = 16_000


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
    """One Change: Positions, treaty actions, reasons, the Diff, what people said of it, and how to cite both sides."""
    return _shown(request, change_id, side=view == "side")


async def review(request: Request, change_id: str) -> Response:
    """Take a verdict on a Change: back to its page, or the page with what is wrong."""
    if not is_from_our_page(request):
        return _refused(403, "a browser must say that this form came from here; there is `watcher review` too")
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return _refused(415, "send the form as application/x-www-form-urlencoded")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_BYTES:
            return _refused(413, f"the form is larger than {FORM_BYTES} bytes")
    given = dict(reversed(parse_qsl(body.decode("utf-8", "replace"))))
    return await run_in_threadpool(_reviewed, request, change_id, given)


def _refused(status: int, message: str) -> Response:
    return PlainTextResponse(f"{message}\n", status_code=status)


def _reviewed(request: Request, change_id: str, given: dict[str, str]) -> Response:
    fields = {"verdict": given.get("verdict", ""), "author": given.get("reviewer", ""), "note": given.get("note", "")}
    try:
        review_change(rooms_of(request), change_id, **fields, checked_name=False)
    except ConfigError as error:
        return _shown(request, change_id, problem=str(error), given=given, status=400)
    return RedirectResponse(f"/changes/{quote(change_id, safe='')}#review", status_code=303)


def _shown(
    request: Request,
    change_id: str,
    *,
    side: bool = False,
    problem: str = "",
    given: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    rooms = rooms_of(request)
    with rooms.database.reading() as connection:
        change = changes.get_change(connection, change_id)
        source = sources.get_source(connection, change.source_id)
        old = versions.get_version(connection, change.from_version_id)
        new = versions.get_version(connection, change.to_version_id)
        cited = cite_change(connection, change, base_url=rooms.base_url)
        against = sources.get_source(connection, change.from_source_id) if change.from_source_id else None
        telling = digests.digests_telling(connection, change_id)
        annotations = annotations_of(connection, change_id)
        opinion = opinion_of(connection, change_id)
        announced = announced_by(connection, rooms.pack, change)
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
        side=side,
        status=status,
        annotations=annotations,
        opinion=opinion,
        verdict=merged_verdict(annotations),
        verdicts=tuple(Verdict),
        problem=problem,
        given=given or {},
        hunks=ordered[:HUNKS_SHOWN],
        hidden=max(0, len(ordered) - HUNKS_SHOWN),
        digests=telling,
        announced=told_documents(announced, base_url=""),
        citation=cited.footnote,
        permalink=cited.permalink,
        compared=f"/diff?from={old.version_id}&to={new.version_id}",
        old_citation=footnote(cited.states[0]),
        new_citation=presence_citation(
            source.definition, change, archived_at=capture_url(rooms.base_url, change.sequence or 0)
        )
        or footnote(cited.states[-1]),
    )
