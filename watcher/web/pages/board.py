"""The Position board, and the time line of a Subject."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from watcher.errors import NotFoundError, RefusedError
from watcher.model.subjects import name_of, subject_of
from watcher.pipeline.board import end_of_day, read_board, read_time_line
from watcher.render.board import board_csv, board_facts, time_line_csv, time_line_facts
from watcher.web.reply import page, rooms_of

CSV = "text/csv; charset=utf-8"


def show_board(request: Request, as_of: str = "", subject: str = "", indicator: str = "", form: str = "") -> Response:
    """Subjects and Indicators as of a day; `form` csv or json gives the same as a file."""
    rooms = rooms_of(request)
    alpha3 = _subject(subject)
    moment = _moment(as_of)
    board = read_board(rooms, as_of=moment, subject=alpha3)
    if form == "json":
        return JSONResponse(board_facts(board, base_url=rooms.base_url))
    if form == "csv":
        return PlainTextResponse(board_csv(board, base_url=rooms.base_url), media_type=CSV, headers=_file("board.csv"))
    used = [name for name in board.indicators if any(cell.indicator == name for cell in board.cells)]
    rows = [(code, [board.cell(code, name) for name in used]) for code in sorted(board.subjects, key=name_of)]
    shown = [cell for cell in board.cells if not indicator or cell.indicator == indicator]
    asked = {"as_of": as_of, "subject": subject}
    return page(
        request,
        "board",
        section="Board",
        board=board,
        used=used,
        rows=rows,
        details=shown if alpha3 else [],
        asked=asked,
        alpha3=alpha3,
        query=urlencode(asked),
        given_date=moment is not None,
    )


def show_time_line(request: Request, alpha3: str, indicator: str = "", as_of: str = "", form: str = "") -> Response:
    """Every stance of a Subject by date, of all Indicators or of one."""
    rooms = rooms_of(request)
    if subject_of(alpha3) != alpha3:
        raise NotFoundError(f"no State has the code {alpha3[:20]!r}")
    moments = read_time_line(rooms, alpha3, indicator, as_of=_moment(as_of))
    if form == "json":
        return JSONResponse(time_line_facts(moments, base_url=rooms.base_url))
    if form == "csv":
        text = time_line_csv(moments, base_url=rooms.base_url)
        return PlainTextResponse(text, media_type=CSV, headers=_file(f"timeline-{alpha3}.csv"))
    return page(
        request,
        "timeline",
        section="Subjects",
        alpha3=alpha3,
        moments=moments,
        indicator=indicator,
        indicators=tuple(rooms.pack.pack.indicators),
        query=urlencode({"indicator": indicator, "as_of": as_of}),
        as_of=as_of,
    )


def _file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _subject(name: str) -> str:
    if not name:
        return ""
    code = subject_of(name)
    if code is None:
        raise NotFoundError(f"no State is called {name[:40]!r}")
    return code


def _moment(text: str) -> datetime | None:
    try:
        return end_of_day(text) if text else None
    except RefusedError as error:
        raise NotFoundError(str(error)) from error
