"""XML documents of no special kind: elements with text of their own become paragraphs."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.html import read_markup
from watcher.extract.reading import Payload, Reading, fold, row
from watcher.extract.safe_xml import local_name, parse_xml, whole_text
from watcher.extract.structure import with_structure
from watcher.model.document import Block, BlockKind, Link

NOT_WELL_FORMED = "not well-formed XML; read leniently"


def read_xml(payload: Payload) -> Reading:
    """A PARAGRAPH for each element that holds text itself, with all that is inside it.

    A document with nothing but attributes gives them as rows. Broken XML is read as tags and text, with a note.
    ExtractError `no_text`, `too_large`, or `unsupported` when it declares entities.
    """
    text, charset = decode(payload.data, declared=payload.charset, media_type=payload.media_type)
    notes: tuple[str, ...] = ()
    title = ""
    try:
        root = parse_xml(without_declaration(text), what="the XML document")
        blocks = list(_blocks(root)) or list(_attributes(root))
        titled = next((each for each in root.iter() if local_name(each).lower() == "title"), None)
        title = fold(whole_text(titled)) if titled is not None else ""
    except ExtractError as error:
        if error.code != "damaged":
            raise
        blocks, title, _ = read_markup(text)
        notes = (NOT_WELL_FORMED,)
    if not blocks:
        raise ExtractError("the XML document holds no text", code="no_text")
    return Reading(title=title, blocks=with_structure(blocks), charset=charset, notes=notes)


def without_declaration(text: str) -> str:
    """XML source without white space and the declaration in front, whose encoding no longer holds for decoded text."""
    text = text.lstrip("\ufeff \t\r\n").replace("\x00", "")
    if text.startswith("<?xml"):
        end = text.find("?>")
        return text[end + 2 :].lstrip() if end > 0 else text
    return text


def _blocks(root: Element) -> Iterator[Block]:
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if _has_own_text(element):
            text = fold(whole_text(element))
            if text:
                is_address = text.startswith(("http://", "https://")) and " " not in text
                links = (Link(text=text, target=text),) if is_address else ()
                yield Block(kind=BlockKind.PARAGRAPH, text=text, links=links)
        else:
            waiting.extend(reversed(element))


def _has_own_text(element: Element) -> bool:
    return bool((element.text or "").strip() or any((child.tail or "").strip() for child in element))


def _attributes(root: Element) -> Iterator[Block]:
    for element in root.iter():
        for name, value in element.attrib.items():
            block = row((f"{local_name(element)} {name.rpartition('}')[2]}", fold(value)))
            if block is not None and block.cells[1]:
                yield block
