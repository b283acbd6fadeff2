"""Excel and OpenDocument spreadsheets: each sheet a heading, each row a TABLE_ROW."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator

from watcher.errors import ExtractError
from watcher.extract.compound import MAGIC, open_compound
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.tables import rows_as_blocks
from watcher.extract.zip_package import ZipPackage
from watcher.model.document import Block, BlockKind

_WHAT = "the spreadsheet"


def read_spreadsheet(payload: Payload) -> Reading:
    """Rows of all visible sheets; formulas give their stored values. Dates are ISO, whole numbers without a point.

    ExtractError `encrypted`, `damaged`, `too_large` or `no_text`.
    """
    if payload.data.startswith(b"PK"):
        ZipPackage(payload.data, what=_WHAT).check_all()
    elif payload.data.startswith(MAGIC):
        open_compound(payload.data)
    sheets, hidden = _sheets(payload.data)
    blocks: list[Block] = []
    for name, rows in sheets:
        found = rows_as_blocks([_shown(cell) for cell in cells] for cells in rows)
        if found:
            blocks.append(Block(kind=BlockKind.HEADING, text=fold(name) or "Sheet", level=2))
            blocks.extend(found)
    if not blocks:
        raise ExtractError(f"{_WHAT} has no cell with text", code="no_text")
    notes = (f"{hidden} hidden sheet(s) not read",) if hidden else ()
    return Reading(title="", blocks=tuple(blocks), notes=notes)


def _sheets(data: bytes) -> tuple[list[tuple[str, list[list[object]]]], int]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        visible = [each for each in book.sheets_metadata if each.visible == calamine.SheetVisibleEnum.Visible]
        wanted = [each for each in visible if each.typ == calamine.SheetTypeEnum.WorkSheet]
        sheets = [(each.name, list(_rows(book, each.name))) for each in wanted]
        return sheets, len(book.sheets_metadata) - len(visible)
    except calamine.PasswordError as error:
        raise ExtractError(f"{_WHAT} is encrypted and needs a password", code="encrypted") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise ExtractError(f"{_WHAT} is damaged and cannot be opened: {error}", code="damaged") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ExtractError(f"{_WHAT} is damaged: its reader gave up", code="damaged") from error


def _rows(book: object, name: str) -> Iterator[list[object]]:
    sheet = book.get_sheet_by_name(name)  # type: ignore[attr-defined]
    yield from sheet.iter_rows()


def _shown(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        at_midnight = cell.time() == dt.time()
        return cell.date().isoformat() if at_midnight else cell.isoformat(sep=" ")
    return str(cell)
