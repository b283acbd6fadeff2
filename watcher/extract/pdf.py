"""PDF: the text layer by PDFium, or OCR where there is none, laid out into paragraphs. Nothing in it is run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from watcher.errors import ExtractError
from watcher.extract.limits import MAX_PDF_PAGES, refuse
from watcher.extract.ocr import MAX_OCR_PAGES, find_engine
from watcher.extract.pdf_actions import list_actions
from watcher.extract.pdf_layout import Layout, body_size, lay_out
from watcher.extract.pdf_lines import Line, page_lines
from watcher.extract.pdf_scan import read_scans
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.structure import with_structure
from watcher.model.document import BlockKind

if TYPE_CHECKING:
    import pypdfium2

_WRITER_PREFIX = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\s*-\s*)|(?:\.(?:docx?|rtf|odt|pdf|indd))$", re.IGNORECASE
)
_NO_TITLE = frozenset({"", "untitled", "(anonymous)", "anonymous", "untitled document", "document"})


def read_pdf(payload: Payload) -> Reading:
    """Blocks of the text layer of all pages; pages without one are read by OCR when `tesseract` is installed.

    ExtractError `encrypted`, `damaged`, `too_large` (pages), `timed_out` (OCR), or `no_text` when no page has text.
    """
    document = _open(payload.data)
    try:
        pages, notes = _pages(document)
        notes += _read_scans(document, pages)
        notes += list_actions(payload.data, document)
        title = _title(document)
    finally:
        document.close()
    layout = lay_out(pages)
    blocks = with_structure(layout.blocks)
    if not blocks:
        raise ExtractError("; ".join([f"no text on the {len(pages)} page(s) of the PDF", *notes]), code="no_text")
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    notes += _layout_notes(layout, len(pages))
    return Reading(title=title or next(headings, ""), blocks=blocks, notes=tuple(notes))


def _read_scans(document: pypdfium2.PdfDocument, pages: list[list[Line]]) -> list[str]:
    """Put what OCR reads on pages without a text layer in their places; what to tell of it."""
    bare = [number for number, lines in enumerate(pages) if not lines]
    if not bare:
        return []
    engine = find_engine()
    if engine is None:
        return [f"page(s) {_numbers(bare)} without a text layer, probably scans; OCR was not done"]
    scans = read_scans(document, bare, engine, size=body_size(line for page in pages for line in page))
    for number, lines in scans.lines.items():
        pages[number] = lines
    read = [number for number, lines in scans.lines.items() if lines]
    without = sorted({*scans.blank, *scans.lines} - set(read))
    notes = [f"page(s) {_numbers(read)} {engine.note}"] if read else []
    if without:
        notes.append(f"page(s) {_numbers(without)} without text")
    if scans.left:
        notes.append(f"page(s) {_numbers(scans.left)} are scans that were not read: OCR reads {MAX_OCR_PAGES} at most")
    return notes


def _layout_notes(layout: Layout, pages: int) -> list[str]:
    notes = []
    if layout.page_numbers:
        notes.append(f"page numbers of {layout.page_numbers} of {pages} page(s) were left out of the text")
    if layout.tables:
        notes.append(f"{layout.tables} table(s) were told by the alignment of their words; compare with the page")
    return notes


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
                pages.append(page_lines(page, number))
            finally:
                page.close()
        except pypdfium2.PdfiumError:
            pages.append([])
            broken.append(number)
    if broken and not any(pages):
        raise ExtractError(f"none of the {len(pages)} pages of the PDF can be read: it is damaged", code="damaged")
    return pages, [f"damaged pages that could not be read: {_numbers(broken)}"] if broken else []


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


def _numbers(pages: Sequence[int]) -> str:
    """Page numbers from 1, the first twenty of them."""
    shown = ", ".join(str(page + 1) for page in pages[:20])
    return shown if len(pages) <= 20 else f"{shown} and {len(pages) - 20} more"


def _title(document: pypdfium2.PdfDocument) -> str:
    title = fold(str(document.get_metadata_dict().get("Title") or "").replace("\x00", ""))
    cleaned = _WRITER_PREFIX.sub("", title).strip()
    return "" if cleaned.lower() in _NO_TITLE else cleaned
