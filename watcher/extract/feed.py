"""RSS 0.9x, 1.0, 2.0 and Atom 0.3, 1.0 feeds: each entry a heading with its date and content.

Formats: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, tostring

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.html import read_markup
from watcher.extract.limits import MAX_FEED_ENTRIES
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.safe_xml import local_name, parse_xml, whole_text
from watcher.extract.xml import NOT_WELL_FORMED, read_xml, without_declaration
from watcher.model.document import Block, BlockKind, Link

_ENTRY_NAMES = frozenset({"item", "entry"})
_CONTENT_NAMES = ("encoded", "content", "description", "summary", "body", "tagline", "subtitle")
_DATE_NAMES = ("pubDate", "published", "issued", "date", "updated", "modified", "created")
_XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """A feed or one of its entries: plain title, link, date as written, id, and contents as HTML source."""

    title: str = ""
    link: str = ""
    date: str = ""
    mark: str = ""
    contents: tuple[str, ...] = ()


def read_feed(payload: Payload) -> Reading:
    """A level 1 heading for the feed, a level 2 heading and the content for each entry, in the feed's order.

    The feed's own date is left out: it changes with every visit. An entry without a title has its link or date as
    heading. Broken XML is read by feedparser with a note. ExtractError `no_text`, `too_large`, `unsupported`.
    """
    text, charset = decode(payload.data, declared=payload.charset, media_type=payload.media_type)
    notes: list[str] = []
    try:
        head, entries = _parsed(parse_xml(without_declaration(text), what="the feed"))
    except ExtractError as error:
        if error.code != "damaged":
            raise
        head, entries = _leniently_parsed(text)
        notes.append(NOT_WELL_FORMED)
    if len(entries) > MAX_FEED_ENTRIES:
        notes.append(f"only the first {MAX_FEED_ENTRIES} of {len(entries)} entries were read")
    blocks = list(_entry_blocks(head, level=1)) if head.title or head.contents else []
    for entry in entries[:MAX_FEED_ENTRIES]:
        blocks.extend(_entry_blocks(entry, level=2))
    if not blocks:
        bare = read_xml(payload)
        return replace(bare, notes=(*bare.notes, "looks like a feed and has no entries"))
    return Reading(title=head.title, blocks=tuple(blocks), charset=charset, notes=tuple(notes))


def _parsed(root: Element) -> tuple[_Entry, list[_Entry]]:
    channel = next((child for child in root if local_name(child) == "channel"), root)
    entries = [child for child in channel if local_name(child) in _ENTRY_NAMES]
    if channel is not root:
        entries += [child for child in root if local_name(child) in _ENTRY_NAMES]
    return replace(_entry(channel), date=""), [_entry(element) for element in entries]


def _entry(element: Element) -> _Entry:
    children: dict[str, list[Element]] = {}
    for child in element:
        children.setdefault(local_name(child), []).append(child)
    title = children.get("title", [])
    mark = [*children.get("guid", []), *children.get("id", [])]
    contents = [_source(child) for name in _CONTENT_NAMES for child in children.get(name, [])]
    dates = [fold(whole_text(child)) for name in _DATE_NAMES for child in children.get(name, [])]
    return _Entry(
        title=_plain(_source(title[0])) if title else "",
        link=_link(children.get("link", [])),
        date=next((date for date in dates if date), ""),
        mark=fold(whole_text(mark[0])) if mark else "",
        contents=tuple(dict.fromkeys(content for content in contents if content.strip())),
    )


def _source(element: Element) -> str:
    """The HTML source that a text construct carries: escaped in its text, or as XHTML elements."""
    if len(element) and (element.attrib.get("type") == "xhtml" or element[0].tag.startswith(f"{{{_XHTML}}}")):
        return "".join(tostring(_unqualified(child), encoding="unicode") for child in element)
    text = whole_text(element)
    return _escaped(text) if element.attrib.get("type") == "text" else text


def _unqualified(element: Element) -> Element:
    for each in element.iter():
        each.tag = local_name(each)
    return element


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _link(elements: list[Element]) -> str:
    """The address of the page: RSS gives it as text, Atom as an attribute, best without another relation."""
    for element in elements:
        if element.attrib.get("rel", "alternate") == "alternate":
            target = fold(element.attrib.get("href") or whole_text(element))
            if target:
                return target
    return ""


def _plain(source: str) -> str:
    if "<" not in source and "&" not in source:
        return fold(source)
    return " ".join(block.text for block in read_markup(source)[0])


def _entry_blocks(entry: _Entry, *, level: int) -> Iterator[Block]:
    heading = entry.title or entry.link or entry.date
    if heading:
        links = (Link(text=heading, target=entry.link),) if entry.link else ()
        yield Block(kind=BlockKind.HEADING, text=heading, level=level, anchor=entry.mark, links=links)
    if entry.date and entry.date != heading:
        yield Block(kind=BlockKind.PARAGRAPH, text=entry.date)
    told = ""
    for source in entry.contents:
        blocks = read_markup(source)[0]
        text = " ".join(block.text for block in blocks)
        if text in told:
            continue
        told = f"{told} {text}"
        for block in blocks:
            deeper = min(6, block.level + level) if block.kind is BlockKind.HEADING else block.level
            yield replace(block, level=deeper)


def _leniently_parsed(text: str) -> tuple[_Entry, list[_Entry]]:
    """What feedparser makes of broken XML. It is given text to read, never an address, so that it fetches nothing."""
    import feedparser

    read = feedparser.parse(io.BytesIO(text.encode("utf-8", "replace")), response_headers=_UTF8)
    return _lenient_entry(read.feed), [_lenient_entry(entry) for entry in read.entries]


_UTF8 = {"content-type": "application/xml; charset=utf-8", "content-location": ""}


def _lenient_entry(found: dict[str, object]) -> _Entry:
    contents = [str(found.get(name) or "") for name in ("summary", "subtitle")]
    listed = found.get("content")
    if isinstance(listed, list):
        contents = [str(each.get("value") or "") for each in listed] + contents
    return _Entry(
        title=_plain(str(found.get("title") or "")),
        link=str(found.get("link") or ""),
        date=str(found.get("published") or found.get("updated") or ""),
        mark=str(found.get("id") or ""),
        contents=tuple(dict.fromkeys(content for content in contents if content.strip())),
    )
