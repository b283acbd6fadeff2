"""Questionnaires: which there are, and every State's answer to one question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import Request, Response

from watcher.errors import NotFoundError, RefusedError
from watcher.model.subjects import subject_of
from watcher.pipeline.questionnaire import FilledGroup, compare_question, grouped, list_filled, questions_asked
from watcher.web.reply import page, rooms_of

LONGEST_NUMBER = 40


def list_questionnaires(request: Request) -> Response:
    """The documents that answer the same questions together, each question with a link to its comparison."""
    with rooms_of(request).database.reading() as connection:
        groups = grouped(list_filled(connection))
    rows = [(group, _questions(group)) for group in groups]
    return page(request, "questionnaires", section="Questionnaires", rows=rows)


def _questions(group: FilledGroup) -> list[tuple[str, str, int, str]]:
    """(number, wording, how many answer it, address) of each question of a group."""
    return [
        (question.number, question.wording, given, _address(n=question.number, of=filled.source.source_id))
        for filled, question, given in questions_asked(group)
    ]


def _address(**asked: object) -> str:
    return f"/questionnaires/question?{urlencode(asked)}"


def show_question(
    request: Request,
    n: str = "",
    subject: str = "",
    source: str = "",
    as_of: str = "",
    of: str = "",
    wording: str = "1",
) -> Response:
    """All answers to question `n` of Source `of`, side by side; without a number the form that asks for one."""
    asked = {"n": n, "subject": subject, "source": source, "as_of": as_of}
    if not n:
        return page(request, "question", section="Questionnaires", asked=asked, found=None, links=[])
    if len(n) > LONGEST_NUMBER:
        raise NotFoundError("that is no number of a question")
    try:
        found = compare_question(
            rooms_of(request),
            n,
            only_sources=tuple(source.split()),
            only_subjects=tuple(_subject(name) for name in subject.split()),
            as_of=_until(as_of),
            as_in=of,
            wording=int(wording) if wording.isascii() and wording.isdigit() and len(wording) < 6 else 0,
        )
    except RefusedError as error:
        raise NotFoundError(str(error)) from error
    links = [
        (text, count, _address(**asked, wording=place)) for place, (text, count) in enumerate(found.wordings, start=1)
    ]
    return page(request, "question", section="Questionnaires", asked=asked, found=found, links=links)


def _subject(name: str) -> str:
    code = subject_of(name)
    if code is None:
        raise NotFoundError(f"no State has the code {name[:20]!r}")
    return code


def _until(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1, microseconds=-1)
    except ValueError as error:
        raise NotFoundError(f"{text[:40]!r} is not a date: write 2026-12-31") from error
