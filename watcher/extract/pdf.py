"""PDF: the text layer by PDFium, laid out into paragraphs. Scans have none and are refused by name; nothing is run."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from watcher.errors import ExtractError
from watcher.extract.limits import MAX_PDF_PAGES, refuse
from watcher.extract.pdf_layout import Line, lay_out
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.structure import with_structure
from watcher.model.document import BlockKind

if TYPE_CHECKING:
    import pypdfium2

_WRITER_PREFIX = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\s*-\s*)|(?:\.(?:docx?|rtf|odt|pdf|indd))$", re.IGNORECASE
)
_NO_TITLE = frozenset({"", "untitled", "(anonymous)", "anonymous", "untitled document", "document"})
_DIGITS_AFTER_WORD = re.compile(r"(?<=[^\s\[(/])\d+")
_RAISED_SHARE = 0.85
_RAISED_BY = 0.1
CUT_WORD = "\ufffe"
"""What PDFium puts in place of a hyphen at a line's end together with the line break."""

_LINE_END = re.compile(rf"\r?\n|{CUT_WORD}|\Z")


def read_pdf(payload: Payload) -> Reading:
    """Blocks of the text layer of all pages.

    ExtractError `encrypted`, `damaged`, `too_large` (pages), or `no_text` when no page has a text layer.
    """
    document = _open(payload.data)
    try:
        pages, notes = _pages(document)
        title = _title(document)
    finally:
        document.close()
    blocks = with_structure(lay_out(pages))
    if not blocks:
        message = f"no text layer on {len(pages)} page(s), so this is probably a scan; OCR was not done"
        raise ExtractError(message, code="no_text")
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    return Reading(title=title or next(headings, ""), blocks=blocks, notes=tuple(notes))


def _open(data: bytes) -> pypdfium2.PdfDocument:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        if len(document) > MAX_PDF_PAGES:
            refuse("the PDF", found=len(document), limit=MAX_PDF_PAGES, unit="pages")
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (4, 5):
            raise ExtractError("the PDF is encrypted and needs a password", code="encrypted") from error
        raise ExtractError(f"the PDF is damaged and cannot be opened ({error})", code="damaged") from error
    return document


def _pages(document: pypdfium2.PdfDocument) -> tuple[list[list[Line]], list[str]]:
    """Lines of each page and what was odd."""
    import pypdfium2

    pages: list[list[Line]] = []
    broken: list[int] = []
    has_form = _prepare_form(document)
    for number in range(len(document)):
        try:
            page = document[number]
            if has_form:
                page.flatten()
                page.close()
                page = document[number]
            try:
                pages.append(_page_lines(page, number))
            finally:
                page.close()
        except pypdfium2.PdfiumError:
            pages.append([])
            broken.append(number + 1)
    if broken and not any(pages):
        raise ExtractError(f"none of the {len(pages)} pages of the PDF can be read: it is damaged", code="damaged")
    return pages, _notes(document, pages, broken)


def _prepare_form(document: pypdfium2.PdfDocument) -> bool:
    """True when the PDF is a form whose filled-in fields can be made part of the pages."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    if document.get_formtype() != pdfium.FORMTYPE_ACRO_FORM:
        return False
    try:
        document.init_forms()
    except pypdfium2.PdfiumError:
        return False
    return True


def _notes(document: pypdfium2.PdfDocument, pages: list[list[Line]], broken: list[int]) -> list[str]:
    import pypdfium2.raw as pdfium

    notes = []
    if broken:
        notes.append(f"damaged pages that could not be read: {_numbers(broken)}")
    bare = [number for number, lines in enumerate(pages, start=1) if not lines and number not in broken]
    if bare and len(bare) < len(pages):
        notes.append(f"pages without a text layer (OCR was not done): {_numbers(bare)}")
    if attachments := pdfium.FPDFDoc_GetAttachmentCount(document):
        notes.append(f"holds {attachments} attached file(s), not read")
    if scripts := pdfium.FPDFDoc_GetJavaScriptActionCount(document):
        notes.append(f"holds {scripts} script(s), never run")
    return notes


def _numbers(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:20])
    return shown if len(numbers) <= 20 else f"{shown} and {len(numbers) - 20} more"


def _page_lines(page: Any, number: int) -> list[Line]:
    """The lines of one page in PDFium's reading order, in points from the page's lower left corner."""
    height = page.get_height()
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range()
        lines = []
        start = 0
        for match in _LINE_END.finditer(text):
            content = text[start : match.start()]
            line = _line(text_page, content, start, number, height)
            if line is not None:
                cut = match[0] == CUT_WORD
                lines.append(replace(line, text=line.text + "-") if cut else line)
            start = match.end()
        return lines
    finally:
        text_page.close()


def _line(text_page: Any, content: str, start: int, page: int, page_height: float) -> Line | None:
    """One line with its box and font size; `start` counts characters in the page's text."""
    seen = [place for place, char in enumerate(content) if not char.isspace()]
    if not seen:
        return None
    left = _box(text_page, start + seen[0])
    right = _box(text_page, start + seen[-1])
    bottom, top = min(left.bottom, right.bottom), max(left.top, right.top)
    size = round(left.top - left.bottom, 1)
    return Line(
        text=_with_references(text_page, content, start, bottom, size),
        page=page,
        left=min(left.left, right.left),
        right=max(left.right, right.right),
        bottom=bottom,
        top=top,
        size=size,
        page_height=page_height,
    )


def _with_references(text_page: Any, content: str, start: int, bottom: float, size: float) -> str:
    """The line with raised small numbers after a word, which refer to notes, set in brackets."""
    pieces: list[str] = []
    done = 0
    for match in _DIGITS_AFTER_WORD.finditer(content):
        boxes = [_box(text_page, start + place) for place in range(*match.span())]
        raised = [
            box.top - box.bottom < size * _RAISED_SHARE and box.bottom > bottom + size * _RAISED_BY for box in boxes
        ]
        if True not in raised:
            continue
        first = match.start() + raised.index(True)
        if all(raised[first - match.start() :]) and match.end() - first <= 3:
            pieces += [content[done:first], "[", content[first : match.end()], "]"]
            done = match.end()
    return "".join([*pieces, content[done:]])


class _Box(NamedTuple):
    """A character's box in points, as high as its font; all zero when PDFium knows none."""

    left: float
    bottom: float
    right: float
    top: float


def _box(text_page: Any, text_index: int) -> _Box:
    import pypdfium2.raw as pdfium

    rectangle = pdfium.FS_RECTF()
    index = pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, text_index)
    if not pdfium.FPDFText_GetLooseCharBox(text_page, index, rectangle):
        return _Box(0.0, 0.0, 0.0, 0.0)
    low, high = sorted((float(rectangle.bottom), float(rectangle.top)))
    return _Box(float(rectangle.left), low, float(rectangle.right), high)


def _title(document: pypdfium2.PdfDocument) -> str:
    title = fold(str(document.get_metadata_dict().get("Title") or "").replace("\x00", ""))
    cleaned = _WRITER_PREFIX.sub("", title).strip()
    return "" if cleaned.lower() in _NO_TITLE else cleaned
