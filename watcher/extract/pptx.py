"""PowerPoint presentations (ECMA-376 PresentationML): slides in order, titles as headings, speaker notes after each."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from watcher.errors import ExtractError
from watcher.extract.reading import Payload, Reading, fold, paragraph
from watcher.extract.safe_xml import local_name
from watcher.extract.tables import rows_as_blocks
from watcher.extract.zip_package import ZipPackage
from watcher.model.document import Block, BlockKind

_WHAT = "the presentation"
_PRESENTATION = "ppt/presentation.xml"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_FURNITURE = frozenset({"dt", "ftr", "sldNum", "hdr", "sldImg"})


def read_pptx(payload: Payload) -> Reading:
    """Blocks of all slides. ExtractError `encrypted`, `damaged`, `too_large`, `unsupported` or `no_text`."""
    package = ZipPackage(payload.data, what=_WHAT)
    targets = _relations(package, _PRESENTATION)
    blocks: list[Block] = []
    for element in package.xml(_PRESENTATION).iter():
        slide = targets.get(element.attrib.get(_ID, ""))
        if local_name(element) != "sldId" or slide is None:
            continue
        blocks.extend(_part_blocks(package.xml(slide[1]), with_titles=True))
        for kind, notes in _relations(package, slide[1]).values():
            if kind.endswith("/notesSlide"):
                blocks.extend(_part_blocks(package.xml(notes), with_titles=False))
    if not blocks:
        raise ExtractError(f"{_WHAT} has no text", code="no_text")
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    return Reading(title=next(headings, ""), blocks=tuple(blocks))


def _relations(package: ZipPackage, part: str) -> dict[str, tuple[str, str]]:
    """Type and target part by relation id; targets outside the package are left out."""
    folder, name = posixpath.split(part)
    root = package.optional_xml(f"{folder}/_rels/{name}.rels")
    found = {}
    for relation in root if root is not None else ():
        target = relation.attrib.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        if path in package.names:
            found[relation.attrib.get("Id", "")] = (relation.attrib.get("Type", ""), path)
    return found


def _part_blocks(root: Element, *, with_titles: bool) -> Iterator[Block]:
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = local_name(element)
        if name == "sp":
            yield from _shape_blocks(element, with_titles=with_titles)
        elif name == "tbl":
            rows = [each for each in element.iter() if local_name(each) == "tr"]
            cells = ([each for each in row.iter() if local_name(each) == "tc"] for row in rows)
            yield from rows_as_blocks([" ".join(_paragraphs(cell)) for cell in each] for each in cells)
        elif name == "pic":
            described = next((each.attrib["descr"] for each in element.iter() if each.attrib.get("descr")), "")
            block = paragraph(described)
            if block is not None:
                yield block
        else:
            waiting.extend(reversed(element))


def _shape_blocks(shape: Element, *, with_titles: bool) -> Iterator[Block]:
    holder = next((each.attrib.get("type", "body") for each in shape.iter() if local_name(each) == "ph"), "")
    texts = [text for text in _paragraphs(shape) if text]
    if holder in ("title", "ctrTitle") and with_titles and texts:
        yield Block(kind=BlockKind.HEADING, text=" ".join(texts), level=2)
        return
    for text in texts:
        yield Block(kind=BlockKind.PARAGRAPH, text=text, boilerplate=holder in _FURNITURE)


def _paragraphs(container: Element) -> Iterator[str]:
    for element in container.iter():
        if local_name(element) == "p":
            pieces = (
                (each.text or "") if local_name(each) == "t" else " " for each in element.iter() if _is_text(each)
            )
            yield fold("".join(pieces))


def _is_text(element: Element) -> bool:
    return local_name(element) in ("t", "br", "tab")
