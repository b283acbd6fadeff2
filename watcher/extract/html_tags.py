"""What HTML elements mean for a reader: which break a line, which are never seen, which are page furniture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

Attributes = Mapping[str, str | None]


class Furniture(Enum):
    """Why a part of the page is not its content. A page's main heading often stands in its banner."""

    NONE = 0
    BANNER = 1
    OTHER = 2


INVISIBLE = frozenset(
    {"script", "style", "template", "head", "title", "base", "link", "meta", "param", "-comment", "-doctype"}
    | {"noscript", "noframes", "noembed", "iframe", "frame", "audio", "video", "canvas", "source", "track", "area"}
    | {"datalist", "colgroup", "col", "rp"}
    | {"annotation", "annotation-xml", "desc", "metadata", "defs", "symbol"}
)
"""Elements whose content is not shown, or only where the main content cannot be: page, media, parts, drawings."""

BLOCKS = frozenset(
    {"html", "body", "frameset", "main", "article", "section", "header", "footer", "aside", "nav", "search", "hgroup"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "center", "blockquote", "address", "figure", "figcaption", "hr"}
    | {"ul", "ol", "menu", "dir", "dl", "li", "dt", "dd"}
    | {"table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"}
    | {"form", "fieldset", "legend", "select", "optgroup", "option", "textarea", "details", "summary", "dialog"}
    | {"pre", "listing", "xmp", "plaintext"}
)

PLAIN_BLOCKS = frozenset(
    {"html", "body", "p", "div", "center", "blockquote", "table", "tbody", "thead", "tr", "td", "th"}
)
"""Blocks that mean nothing but a new line unless an attribute says so."""

LISTS = frozenset({"ul", "ol", "menu", "dir", "dl"})
ITEMS = frozenset({"li", "dt", "dd", "option"})
PREFORMATTED = frozenset({"pre", "listing", "xmp", "plaintext", "textarea"})
SPACED = frozenset({"button", "label", "input", "meter", "progress"})
STRUCK = frozenset({"s", "strike", "del"})
SECTIONING = frozenset({"main", "article", "section"})
BUTTONS = frozenset({"submit", "button", "reset"})

_FURNITURE = frozenset({"nav", "aside", "select"})
_FURNITURE_ROLES = frozenset(
    {"navigation", "contentinfo", "complementary", "search", "menu", "menubar", "toolbar", "dialog", "alertdialog"}
)
_NOTE_ROLES = frozenset({"doc-footnote", "doc-endnote", "doc-endnotes", "doc-footnotes", "note"})
_CONSENT = re.compile(r"\b(?:cookie|cookies|consent|gdpr|onetrust|cookiebot)", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_NOTE_ID = re.compile(
    r"_?(?:ftn|edn|fn|foot-?note|end-?note|note|cite_note|sdfootnote|sdendnote)(?:sym|text)?[-_:.]?"
    r"(?:[^\d]{0,40}[-_:])?(\d{1,3})(?:sym|text)?$",
    re.IGNORECASE,
)
_LONGEST_ID = 200
_GENERATED_ID = re.compile(r"\d{4}|(?<![0-9a-f])(?=[a-f]*+\d)[0-9a-f]{8}", re.IGNORECASE)


def is_hidden(tag: str, attributes: Attributes) -> bool:
    """True when the element's own markup hides it. Style sheets are not read; "until-found" is content to open."""
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if tag == "dialog" and "open" not in attributes:
        return True
    if tag == "input" and attributes.get("type") == "hidden":
        return True
    style = attributes.get("style")
    return style is not None and _HIDDEN_STYLE.search(style) is not None


def furniture(tag: str, attributes: Attributes, *, inside_content: bool) -> Furniture:
    """Navigation, banners, footers, asides and search boxes, told by tag or role."""
    role = attributes.get("role")
    if role == "banner":
        return Furniture.BANNER
    if role in _FURNITURE_ROLES:
        return Furniture.OTHER
    if role in _NOTE_ROLES:
        return Furniture.NONE
    if tag in _FURNITURE or (tag == "footer" and not inside_content):
        return Furniture.OTHER
    return Furniture.BANNER if tag == "header" and not inside_content else Furniture.NONE


def names_consent(tag: str, attributes: Attributes) -> bool:
    """True when the element's id or class says that it asks for consent to cookies."""
    if tag not in ("div", "section", "form"):
        return False
    return any(name is not None and _CONSENT.search(name) for name in (attributes.get("id"), attributes.get("class")))


def is_content(tag: str, attributes: Attributes) -> bool:
    """True for an element whose own headers and footers belong to the content and not to the page."""
    return tag in SECTIONING or attributes.get("role") in ("main", "article")


def note_mark(attributes: Attributes) -> str:
    """The number of the footnote that this element holds, "" when it holds none. References back are no notes."""
    for name in (attributes.get("id"), attributes.get("name")):
        if name and "ref" not in name.lower():
            match = _NOTE_ID.match(name)
            if match:
                return match[1]
    return ""


def lasting_id(attributes: Attributes) -> str:
    """The element's id, or name of an anchor, when it does not look made anew for each visit."""
    name = (attributes.get("id") or attributes.get("name") or "")[:_LONGEST_ID]
    return "" if _GENERATED_ID.search(name) else name


def heading_level(tag: str, attributes: Attributes) -> int:
    """1..6 for a heading element or role, else 0."""
    if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
        return int(tag[1])
    if attributes.get("role") == "heading":
        level = attributes.get("aria-level") or "2"
        return min(6, max(1, int(level))) if level.isascii() and level.isdigit() else 2
    return 0
