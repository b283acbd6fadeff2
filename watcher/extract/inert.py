"""Captured text for the eyes of a person: as text, or as a page in which nothing acts and nothing can be asked for.

The page is written anew from what the captured one held: elements, attributes and style rules that are known to be
harmless, and text. It is made for a frame with an opaque origin, without scripts and without network; it does not
replace that frame.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.errors import ExtractError
from watcher.extract import sniff
from watcher.extract.charset import decode
from watcher.extract.limits import MAX_NODES, refuse

MAXIMUM_VIEW_BYTES = 5_000_000

_SHOWN = frozenset(
    {
        *("a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br"),
        *("caption", "center", "cite", "code", "col", "colgroup", "data", "dd", "del", "details", "dfn", "div"),
        *("dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hgroup", "hr", "i", "img", "ins", "kbd", "legend", "li", "main", "mark", "menu", "nav"),
        *("ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike"),
        *("strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr"),
        *("tt", "u", "ul", "var", "wbr"),
    }
)
_VOID = frozenset(("br", "col", "hr", "img", "wbr"))
_LEFT_OUT = frozenset(
    {
        *("script", "template", "iframe", "frame", "frameset", "object", "embed", "applet", "audio", "video"),
        *("canvas", "svg", "math", "base", "link", "meta", "title", "noembed", "noframes", "xmp", "plaintext"),
    }
)
_ATTRIBUTES = frozenset(
    {
        *("align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "class", "color", "cite"),
        *("colspan", "datetime", "dir", "face", "headers", "height", "id", "lang", "open", "reversed"),
        *("rowspan", "scope", "size", "start", "style", "title", "type", "valign", "value", "width"),
    }
)
_DATA_PICTURE = re.compile(r"data:image/(?:png|gif|jpeg|webp|bmp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_TEXTUAL = frozenset({sniff.HTML, sniff.TEXT, sniff.XML, sniff.JSON, sniff.CSV, sniff.MARKDOWN, sniff.RSS, sniff.ATOM})


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """The beginning of a payload that is text. `is_page` says that `inert_page` can show it."""

    text: str
    is_cut: bool
    is_page: bool


def excerpt(
    payload: bytes, *, media_type: str | None, charset: str | None, name: str = "", limit: int
) -> Excerpt | None:
    """The first `limit` characters of a payload; None for what is no text, by what it is, whatever was declared."""
    judged = sniff.judge(payload, media_type=media_type, name=name)
    if judged not in _TEXTUAL:
        return None
    text, _ = decode(payload, declared=charset, media_type=media_type)
    is_page = judged == sniff.HTML and len(payload) <= MAXIMUM_VIEW_BYTES
    return Excerpt(text=text[:limit], is_cut=len(text) > limit, is_page=is_page)


def inert_page(payload: bytes, *, media_type: str | None, charset: str | None, name: str = "") -> str:
    """A captured HTML page without anything that acts: to be sent as UTF-8.

    Links lead nowhere and say where they led in their title; pictures remain when they are part of the page itself.
    ExtractError `unsupported` for what is no HTML, `too_large` over the limits.
    """
    if sniff.judge(payload, media_type=media_type, name=name) != sniff.HTML:
        raise ExtractError("only captured HTML pages can be shown rendered", code="unsupported")
    if len(payload) > MAXIMUM_VIEW_BYTES:
        refuse("the page", found=str(len(payload)), limit=MAXIMUM_VIEW_BYTES, unit="bytes")
    text, _ = decode(payload, declared=charset, media_type=media_type)
    root = LexborHTMLParser(text).root
    body = "".join(_written(root)) if root is not None else ""
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>{body}</body></html>\n'


def _written(root: LexborNode) -> list[str]:
    """The pieces of markup of everything below `root`, without recursion."""
    pieces: list[str] = []
    open_elements: list[tuple[LexborNode, str]] = []
    node: LexborNode | None = root
    seen = 0
    while node is not None:
        seen += 1
        if seen > MAX_NODES:
            refuse("the page", found=f"over {MAX_NODES}", limit=MAX_NODES, unit="nodes")
        end = _begin(node, pieces)
        child = node.first_child if end is not None else None
        if child is not None:
            open_elements.append((node, end or ""))
            node = child
            continue
        pieces.append(end or "")
        following = node.next if open_elements else None
        while open_elements and following is None:
            parent, parent_end = open_elements.pop()
            pieces.append(parent_end)
            following = parent.next if open_elements else None
        node = following
    return pieces


def _begin(node: LexborNode, pieces: list[str]) -> str | None:
    """Write the beginning of a node; what ends it after its children, or None when these are not to be shown."""
    tag = node.tag or ""
    if tag == "-text":
        pieces.append(html.escape(node.text_content or ""))
        return None
    if tag == "style":
        pieces.append(f"<style>{_harmless_style(node.text() or '')}</style>")
        return None
    if tag in _LEFT_OUT or tag.startswith(("-", "_")):
        return None
    if tag not in _SHOWN:
        return ""
    pieces.append(f"<{tag}{_attributes(tag, node.attributes)}>")
    return "" if tag in _VOID else f"</{tag}>"


def _attributes(tag: str, given: Mapping[str, str | None]) -> str:
    kept = {name: value or "" for name, value in given.items() if name in _ATTRIBUTES}
    if "style" in kept:
        kept["style"] = _harmless_style(kept["style"])
    if tag == "a" and given.get("href"):
        kept.setdefault("title", f"led to {given['href']}")
    source = (given.get("src") or "").strip()
    if tag == "img" and _DATA_PICTURE.fullmatch(source):
        kept["src"] = source
    return "".join(f' {name}="{html.escape(value)}"' for name, value in kept.items())


def _harmless_style(text: str) -> str:
    """Style rules that can neither end their element nor name an address: all that could is taken out with a space.

    Escapes of CSS go too, as they could spell what is taken out.
    """
    plain = text.replace("\\", " ").replace("<", " ")
    return re.sub(r"(?i)@import|@font-face|@namespace|url\s*\(|image-set\s*\(|image\s*\(|src\s*\(", " ", plain)
