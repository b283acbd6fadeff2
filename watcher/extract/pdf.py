"""PDF: the text layer by PDFium, laid out into paragraphs. Scans have none and are refused by name; nothing is run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watcher.errors import ExtractError
from watcher.extract.limits import MAX_PDF_PAGES, refuse
from watcher.extract.pdf_layout import Layout, lay_out
from watcher.extract.pdf_lines import Line, page_lines
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
    """Blocks of the text layer of all pages.

    ExtractError `encrypted`, `damaged`, `too_large` (pages), or `no_text` when no page has a text layer.
    """
    document = _open(payload.data)
    try:
        pages, notes = _pages(document)
        title = _title(document)
    finally:
        document.close()
    layout = lay_out(pages)
    blocks = with_structure(layout.blocks)
    if not blocks:
        message = f"no text layer on {len(pages)} page(s), so this is probably a scan; OCR was not done"
        raise ExtractError(message, code="no_text")
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    notes += _layout_notes(layout, len(pages))
    return Reading(title=title or next(headings, ""), blocks=blocks, notes=tuple(notes))


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


def _title(document: pypdfium2.PdfDocument) -> str:
    title = fold(str(document.get_metadata_dict().get("Title") or "").replace("\x00", ""))
    cleaned = _WRITER_PREFIX.sub("", title).strip()
    return "" if cleaned.lower() in _NO_TITLE else cleaned
