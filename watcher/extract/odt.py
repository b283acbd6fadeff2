"""OpenDocument texts (ODF 1.3): headings, paragraphs, lists, tables, footnotes and tracked changes."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from watcher.errors import ExtractError
from watcher.extract.limits import MAX_TABLE_SPAN
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.safe_xml import local_name, whole_text
from watcher.extract.structure import with_structure
from watcher.extract.tables import rows_as_blocks
from watcher.extract.zip_package import ZipPackage
from watcher.model.document import Block, BlockKind, Link

_WHAT = "the OpenDocument text"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_BLANKS = frozenset({"s", "tab", "line-break"})
_SKIPPED = frozenset({"tracked-changes", "annotation", "forms", "sequence-decls", "variable-decls", "user-field-decls"})


class _Reader:
    """Collects the Blocks of a text; `notes` are its footnotes in order, `changes` counts tracked changes."""

    def __init__(self) -> None:
        self.notes: list[Block] = []
        self.changes = 0
        self._links: list[Link] = []
        self._deleted: dict[str, str] = {}
        self._insertions: set[str] = set()
        self._is_inserting = False
        self._inserted_from = 0

    def blocks(self, container: Element, depth: int = 0) -> Iterator[Block]:
        for element in container:
            name = local_name(element)
            if name in ("h", "p"):
                yield from self._paragraph(element, depth)
            elif name == "tracked-changes":
                self._remember_deletions(element)
            elif name == "list":
                yield from self.blocks(element, depth + 1)
            elif name == "table":
                yield from self._table(element)
            elif name not in _SKIPPED:
                yield from self.blocks(element, depth)

    def _remember_deletions(self, element: Element) -> None:
        for region in element:
            for deletion in region:
                self.changes += 1
                if local_name(deletion) == "insertion":
                    self._insertions.add(region.attrib.get(f"{_TEXT}id", ""))
                elif local_name(deletion) == "deletion":
                    paragraphs = [whole_text(each) for each in deletion if local_name(each) in ("p", "h")]
                    self._deleted[region.attrib.get(f"{_TEXT}id", "")] = fold(" ".join(paragraphs))

    def _paragraph(self, element: Element, depth: int) -> Iterator[Block]:
        self._links = []
        pieces: list[str] = []
        boxes: list[Element] = []
        self._inserted_from = 0
        self._inline(element, pieces, boxes)
        self._mark_inserted(pieces)
        text, links = fold("".join(pieces)), tuple(self._links)
        if text and local_name(element) == "h":
            level = element.attrib.get(f"{_TEXT}outline-level", "1")
            yield Block(kind=BlockKind.HEADING, text=text, level=_level(level), links=links)
        elif text:
            kind = BlockKind.LIST_ITEM if depth else BlockKind.PARAGRAPH
            yield Block(kind=kind, text=text, level=depth, links=links)
        for box in boxes:
            yield from self.blocks(box)

    def _inline(self, element: Element, pieces: list[str], boxes: list[Element]) -> None:
        pieces.append(element.text or "")
        for child in element:
            name = local_name(child)
            if name in _BLANKS:
                pieces.append(" ")
            elif name == "note":
                pieces.append(f"[{self._note(child)}]")
            elif name == "text-box":
                boxes.append(child)
            elif name == "change":
                deleted = self._deleted.get(child.attrib.get(f"{_TEXT}change-id", ""), "")
                pieces.append(f"[deleted: {deleted}]" if deleted else "")
            elif name == "change-start" and child.attrib.get(f"{_TEXT}change-id", "") in self._insertions:
                self._is_inserting, self._inserted_from = True, len(pieces)
            elif name == "change-end":
                self._mark_inserted(pieces)
                self._is_inserting = False
            elif name == "a":
                start = len(pieces)
                self._inline(child, pieces, boxes)
                self._links.append(
                    Link(text=fold("".join(pieces[start:])), target=child.attrib.get(f"{_XLINK}href", ""))
                )
            elif name not in _SKIPPED:
                self._inline(child, pieces, boxes)
            pieces.append(child.tail or "")

    def _mark_inserted(self, pieces: list[str]) -> None:
        """Mark what was inserted in this paragraph; an insertion may go on in the next one."""
        text = "".join(pieces[self._inserted_from :])
        words = text.strip()
        if self._is_inserting and words:
            before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            pieces[self._inserted_from :] = [f"{before}[inserted: {words}]{after}"]

    def _note(self, note: Element) -> str:
        mark, body = str(len(self.notes) + 1), ""
        for child in note:
            if local_name(child) == "note-citation":
                mark = fold(whole_text(child)) or mark
            elif local_name(child) == "note-body":
                body = fold(" ".join(whole_text(each) for each in child))
        self.notes.append(Block(kind=BlockKind.FOOTNOTE, text=f"[{mark}] {body}".strip(), anchor=mark))
        return mark

    def _table(self, table: Element) -> Iterator[Block]:
        rows = list(table.iter(f"{_TABLE}table-row"))
        texts = [list(self._cells(each)) for each in rows]
        if max((len(each) for each in texts), default=0) < 2:
            for each in rows:
                for cell in each:
                    yield from self.blocks(cell)
            return
        yield from rows_as_blocks(texts)

    def _cells(self, row: Element) -> Iterator[str]:
        for cell in row:
            if local_name(cell) in ("table-cell", "covered-table-cell"):
                repeated = cell.attrib.get(f"{_TABLE}number-columns-repeated", "1")
                text = " ".join(block.text for block in self.blocks(cell))
                times = int(repeated) if repeated.isdigit() and len(repeated) < 6 else 1
                for _ in range(min(times, MAX_TABLE_SPAN)):
                    yield text


def read_odt(payload: Payload) -> Reading:
    """Blocks of the text, then its footnotes. Tracked changes are "[deleted: ...]" and "[inserted: ...]".

    ExtractError `encrypted`, `damaged`, `too_large`, `unsupported` or `no_text`.
    """
    package = ZipPackage(payload.data, what=_WHAT)
    if b"manifest:encryption-data" in (package.read("META-INF/manifest.xml") if _has_manifest(package) else b""):
        raise ExtractError(f"{_WHAT} is encrypted and needs a password", code="encrypted")
    body = next((each for each in package.xml("content.xml") if local_name(each) == "body"), None)
    reader = _Reader()
    blocks = list(reader.blocks(body)) if body is not None else []
    blocks += reader.notes
    if not blocks:
        raise ExtractError(f"{_WHAT} has no text", code="no_text")
    notes = (f"has {reader.changes} tracked change(s)",) if reader.changes else ()
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    return Reading(title=_title(package) or next(headings, ""), blocks=with_structure(blocks), notes=notes)


def _has_manifest(package: ZipPackage) -> bool:
    return "META-INF/manifest.xml" in package.names


def _level(value: str) -> int:
    return min(6, max(1, int(value))) if value.isdigit() and len(value) < 3 else 1


def _title(package: ZipPackage) -> str:
    root = package.optional_xml("meta.xml")
    titles = (
        fold(whole_text(each)) for each in (root.iter() if root is not None else ()) if local_name(each) == "title"
    )
    return next(titles, "")
