"""Word documents (ECMA-376 WordprocessingML): paragraphs, headings, lists, tables, notes and tracked changes.

Tracked changes are shown as "[inserted: ...]" and "[deleted: ...]". Macros are not run, linked content is not fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from watcher.errors import ExtractError
from watcher.extract.docx_numbering import Numbering
from watcher.extract.docx_text import RunReader, W, attribute
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.safe_xml import local_name, whole_text
from watcher.extract.structure import with_structure
from watcher.extract.tables import rows_as_blocks
from watcher.extract.zip_package import ZipPackage
from watcher.model.document import Block, BlockKind

_WHAT = "the Word document"
_HEADING_STYLE = re.compile(
    r"(?:heading|überschrift|titre|título|titulo|titolo|заголовок|kop|rubrik)\s*(\d)", re.IGNORECASE
)
_LONGEST_ADDRESS = 200
_CONTAINERS = frozenset({"sdt", "sdtContent", "customXml", "smartTag", "ins", "del", "moveTo", "moveFrom", "Choice"})


@dataclass(frozen=True, slots=True)
class _Look:
    """What a document says once about its paragraphs: heading levels by style id, and the numbers of lists."""

    headings: dict[str, int]
    numbering: Numbering


def read_docx(payload: Payload) -> Reading:
    """Blocks of the main text, then footnotes and endnotes, then page headers and footers as boilerplate.

    ExtractError `encrypted`, `damaged`, `too_large`, `unsupported` (declared entities) or `no_text`.
    """
    package = ZipPackage(payload.data, what=_WHAT)
    main = _main_part(package)
    runs = RunReader(_hyperlinks(package, main))
    body = next((child for child in package.xml(main) if local_name(child) == "body"), None)
    styles = package.optional_xml("word/styles.xml")
    look = _Look(_heading_styles(styles), Numbering(package.optional_xml("word/numbering.xml"), styles))
    blocks = list(_blocks(body, runs, look)) if body is not None else []
    blocks += _notes(package, runs)
    blocks += _furniture(package)
    if not blocks:
        raise ExtractError(f"{_WHAT} has no text", code="no_text")
    blocks = list(with_structure(blocks))
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    title = _core_title(package) or next(headings, "")
    return Reading(title=title, blocks=tuple(blocks), notes=tuple(_oddities(package, runs)))


def _main_part(package: ZipPackage) -> str:
    relations = package.optional_xml("_rels/.rels")
    for relation in relations if relations is not None else ():
        if relation.attrib.get("Type", "").endswith("/officeDocument"):
            return relation.attrib.get("Target", "").lstrip("/")
    return "word/document.xml"


def _hyperlinks(package: ZipPackage, main: str) -> dict[str, str]:
    folder, _, name = main.rpartition("/")
    relations = package.optional_xml(f"{folder}/_rels/{name}.rels")
    return {
        relation.attrib.get("Id", ""): relation.attrib.get("Target", "")
        for relation in (relations if relations is not None else ())
        if relation.attrib.get("Type", "").endswith("/hyperlink")
    }


def _heading_styles(root: Element | None) -> dict[str, int]:
    """Heading level by style id, told by outline level or name, inherited from the style it is based on."""
    levels: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in root if root is not None else ():
        if local_name(style) != "style":
            continue
        style_id = attribute(style, "styleId")
        parents[style_id] = attribute(style.find(f"{W}basedOn"), "val")
        name = attribute(style.find(f"{W}name"), "val")
        outline = attribute(style.find(f"{W}pPr/{W}outlineLvl"), "val")
        named = _HEADING_STYLE.match(name)
        if outline.isdigit() and int(outline) < 9:
            levels[style_id] = min(6, int(outline) + 1)
        elif named:
            levels[style_id] = min(6, max(1, int(named[1])))
        elif name.lower() == "title":
            levels[style_id] = 1
    for style_id in parents:
        seen, ancestor = set(), style_id
        while ancestor and ancestor not in levels and ancestor not in seen:
            seen.add(ancestor)
            ancestor = parents.get(ancestor, "")
        if ancestor in levels:
            levels[style_id] = levels[ancestor]
    return levels


def _blocks(container: Element, runs: RunReader, look: _Look) -> Iterator[Block]:
    for element in _content(container):
        if local_name(element) == "p":
            yield from _paragraph(element, runs, look)
        else:
            yield from _table(element, runs, look)


def _content(container: Element) -> Iterator[Element]:
    """Paragraphs and tables in order, through content controls, custom markup and tracked blocks."""
    waiting = list(reversed(container))
    while waiting:
        element = waiting.pop()
        name = local_name(element)
        if name in ("p", "tbl"):
            yield element
        elif name in _CONTAINERS:
            waiting.extend(reversed(element))
        elif name == "AlternateContent":
            waiting.extend(child for child in element if local_name(child) == "Choice")


def _paragraph(element: Element, runs: RunReader, look: _Look) -> Iterator[Block]:
    text, links, boxes = runs.read(element)
    properties = element.find(f"{W}pPr")
    listed = look.numbering.place(properties)
    depth = 0
    if listed is not None:
        depth = listed[1] + 1
        number = look.numbering.number(*listed)
        text = f"{number} {text}".strip() if text else ""
    if text:
        level = _heading_level(properties, look)
        if level:
            yield Block(kind=BlockKind.HEADING, text=text, level=level, links=links)
        elif depth:
            yield Block(kind=BlockKind.LIST_ITEM, text=text, level=depth, links=links)
        else:
            yield Block(kind=BlockKind.PARAGRAPH, text=text, links=links)
    for box in boxes:
        yield from _blocks(box, runs, look)


def _heading_level(properties: Element | None, look: _Look) -> int:
    if properties is None:
        return 0
    outline = attribute(properties.find(f"{W}outlineLvl"), "val")
    if outline.isdigit() and int(outline) < 9:
        return min(6, int(outline) + 1)
    return look.headings.get(attribute(properties.find(f"{W}pStyle"), "val"), 0)


def _table(table: Element, runs: RunReader, look: _Look) -> Iterator[Block]:
    """Rows of a table; a table of one column only frames its paragraphs."""
    rows = list(_descend(table, "tr"))
    cells = [list(_descend(each, "tc")) for each in rows]
    if max((len(each) for each in cells), default=0) < 2:
        for each in cells:
            for cell in each:
                yield from _blocks(cell, runs, look)
        return
    above: list[str] = []
    texts: list[list[str]] = []
    for each in cells:
        above = _row_texts(each, above, runs, look)
        texts.append(above)
    yield from rows_as_blocks(texts)


def _descend(parent: Element, wanted: str) -> Iterator[Element]:
    """Rows of a table or cells of a row, through content controls and tracked rows."""
    waiting = list(reversed(parent))
    while waiting:
        element = waiting.pop()
        name = local_name(element)
        if name == wanted:
            yield element
        elif name in _CONTAINERS:
            waiting.extend(reversed(element))


def _row_texts(cells: list[Element], above: list[str], runs: RunReader, look: _Look) -> list[str]:
    texts: list[str] = []
    for cell in cells:
        properties = cell.find(f"{W}tcPr")
        span, merge = "", None
        if properties is not None:
            span = attribute(properties.find(f"{W}gridSpan"), "val")
            merge = properties.find(f"{W}vMerge")
        text = " ".join(block.text for block in _blocks(cell, runs, look))
        if merge is not None and attribute(merge, "val") != "restart" and len(texts) < len(above):
            text = text or above[len(texts)]
        texts.append(text)
        if span.isdigit() and len(span) < 4:
            texts.extend([""] * (int(span) - 1))
    return texts


def _notes(package: ZipPackage, runs: RunReader) -> list[Block]:
    """Footnotes and endnotes in the order of their first reference, marked with the number that the text shows."""
    texts: dict[tuple[str, str], str] = {}
    for kind in ("footnote", "endnote"):
        root = package.optional_xml(f"word/{kind}s.xml")
        for note in root if root is not None else ():
            if attribute(note, "type") in ("", "normal"):
                found = (runs.read(paragraph)[0] for paragraph in _content(note) if local_name(paragraph) == "p")
                texts[kind, attribute(note, "id")] = " ".join(text for text in found if text)
    blocks = []
    for key, mark in list(runs.references.items()):
        if texts.get(key):
            blocks.append(Block(kind=BlockKind.FOOTNOTE, text=f"[{mark}] {texts[key]}", anchor=mark))
    return blocks


def _furniture(package: ZipPackage) -> list[Block]:
    """Page headers and footers, each distinct text once."""
    found: dict[str, None] = {}
    for name in sorted(package.names):
        if re.fullmatch(r"word/(?:header|footer)\d*\.xml", name):
            reader = RunReader({})
            for element in package.xml(name).iter(f"{W}p"):
                text = reader.read(element)[0]
                if text:
                    found[text] = None
    return [Block(kind=BlockKind.PARAGRAPH, text=text, boilerplate=True) for text in found]


def _core_title(package: ZipPackage) -> str:
    root = package.optional_xml("docProps/core.xml")
    for element in root if root is not None else ():
        if local_name(element) == "title":
            return fold(whole_text(element))
    return ""


def _external_parts(package: ZipPackage) -> list[str]:
    """Addresses of templates, pictures and objects that Word would fetch; hyperlinks are no parts."""
    found: dict[str, None] = {}
    for name in package.names:
        if name.startswith("word/_rels/") and name.endswith(".rels"):
            for relation in package.xml(name):
                attributes = relation.attrib
                is_link = attributes.get("Type", "").endswith("/hyperlink")
                if attributes.get("TargetMode") == "External" and not is_link:
                    found[fold(attributes.get("Target", ""))[:_LONGEST_ADDRESS]] = None
    return list(found)


def _oddities(package: ZipPackage, runs: RunReader) -> Iterator[str]:
    if runs.insertions or runs.deletions:
        yield f"has tracked changes: {runs.insertions} insertion(s), {runs.deletions} deletion(s)"
    if any(name.endswith("vbaProject.bin") for name in package.names):
        yield "holds macros, never run"
    if any(name.startswith("word/embeddings/") for name in package.names):
        yield "holds embedded files, not read"
    outside = _external_parts(package)
    if outside:
        yield f"refers to {len(outside)} part(s) outside of it, not fetched: {', '.join(outside[:5])}"
    comments = package.optional_xml("word/comments.xml")
    if comments is not None and len(comments):
        yield f"has {len(comments)} comment(s), not part of the text"
