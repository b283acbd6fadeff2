"""EPUB publications (EPUB 3.3, https://www.w3.org/TR/epub-33/): the pages of the spine, one after the other."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.html import read_markup
from watcher.extract.limits import MAX_BLOCKS, refuse
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.safe_xml import local_name, whole_text
from watcher.extract.structure import with_structure
from watcher.extract.zip_package import ZipPackage
from watcher.model.document import Block

_WHAT = "the EPUB"
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGE_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


def read_epub(payload: Payload) -> Reading:
    """Blocks of all pages in reading order; scripts and pictures are left out.

    ExtractError `encrypted`, `damaged`, `too_large`, `unsupported` (declared entities) or `no_text`.
    """
    package = ZipPackage(payload.data, what=_WHAT)
    place = next(
        (each.attrib.get("full-path", "") for each in package.xml(_CONTAINER).iter() if local_name(each) == "rootfile"),
        "",
    )
    root = package.xml(place)
    locked = _locked(package)
    blocks: list[Block] = []
    missing = 0
    for page in _spine(root, place):
        if page in locked:
            raise ExtractError(f"{_WHAT} is encrypted and needs the key of its publisher", code="encrypted")
        if page not in package.names:
            missing += 1
            continue
        text, _ = decode(package.read(page), declared=None, media_type="application/xhtml+xml")
        blocks.extend(read_markup(text)[0])
        if len(blocks) > MAX_BLOCKS:
            refuse(_WHAT, found=f"over {MAX_BLOCKS}", limit=MAX_BLOCKS, unit="blocks")
    if not blocks:
        raise ExtractError(f"{_WHAT} has no text", code="no_text")
    notes = (f"{missing} page(s) that are listed are not in the package",) if missing else ()
    return Reading(title=_title(root), blocks=with_structure(blocks), notes=notes)


def _spine(root: Element, place: str) -> list[str]:
    """The paths of the pages in reading order."""
    items = {each.attrib.get("id", ""): each.attrib for each in root.iter() if local_name(each) == "item"}
    found = []
    for reference in root.iter():
        item = items.get(reference.attrib.get("idref", ""), {})
        if local_name(reference) == "itemref" and item.get("media-type") in _PAGE_TYPES:
            target = unquote(item.get("href", "").partition("#")[0])
            found.append(posixpath.normpath(posixpath.join(posixpath.dirname(place), target)))
    return found


def _locked(package: ZipPackage) -> frozenset[str]:
    """The paths of the members that are encrypted; fonts often are, without harm."""
    root = package.optional_xml(_ENCRYPTION)
    references = root.iter() if root is not None else ()
    return frozenset(each.attrib.get("URI", "") for each in references if local_name(each) == "CipherReference")


def _title(root: Element) -> str:
    return next((fold(whole_text(each)) for each in root.iter() if local_name(each) == "title"), "")
