"""What the markup of a page does where it shows no text: it sends on, holds frames, or waits for scripts.

All functions read the beginning of a payload (bytes of HTML without NUL), step over comments, noscript and other raw
text, take time in proportion to its length, and never raise. Addresses are resolved against `url`, that of the page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

# Bytes of a payload that are searched, and characters of an address that a person is shown.
_SEARCHED_BYTES, _SHOWN = 60_000, 150
# A page that goes elsewhere after more than this is read until then: a display board, the end of a session.
_LONGEST_DELAY_SECONDS = 30
# Characters of all scripts inside a page that does nothing but send on.
_LONGEST_SCRIPTS = 2000

_TAG = re.compile(
    rb"<(?:(!--)|(script|style|textarea|title|noscript|meta|frame|iframe|body)(?=[\s/>])([^<>]*+)>?)", re.IGNORECASE
)
_ENDS = {name: b"</" + name for name in (b"script", b"style", b"textarea", b"title", b"noscript")} | {b"!--": b"-->"}
_ATTRIBUTE = re.compile(rb"(?<![\w-])([a-z-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))", re.IGNORECASE)
# Content of a refresh (HTML standard, "shared declarative refresh steps"): seconds, then an address.
_REFRESH = re.compile(r"\s*(\d*)[\d.]*\s*[;,]?\s*(?:url\s*=)?(.*)", re.IGNORECASE | re.DOTALL)

_PLACE = r"(?<![\w$.])(?:(?:window|document|self|top|parent)\s*+\.\s*+){0,4}+location"
_ADDRESS = r"[\"']([^\"'<>\s]{1,500})[\"']"
_GOES_TO = re.compile(
    rf"{_PLACE}(?:(?:\s*\.\s*href)?\s*=\s*{_ADDRESS}|\s*\.\s*(?:replace|assign)\(\s*{_ADDRESS})", re.IGNORECASE
)
# What may open the block that it stands in, where it runs without a condition and without a click.
_AT_ONCE = re.compile(
    r"(?:settimeout\(\s*(?:function\s*\(\)|\(\)\s*=>)|onload\s*=\s*function\s*\(\w*\)|\(\s*function\s*\(\)"
    r"|addeventlistener\(\s*[\"'](?:load|domcontentloaded)[\"'],\s*(?:function\s*\(\w*\)|\(\w*\)\s*=>))\Z",
    re.IGNORECASE,
)
_LONGEST_OPENING = 120
_CONDITION = re.compile(r"\bif\b|\b(?:var|let|const)\s+\Z", re.IGNORECASE)
_DELAY_MS = re.compile(r"[^,]{0,60},\s*(\d{1,9})\s*\)")
_SCRIPT_TYPES = ("", "text/javascript", "application/javascript", "module")

_NOTHING_INSIDE = rb"[^<>]{0,300}>(?:\s|<!--[^<>]*-->)*+</"
_EMPTY_ROOT = re.compile(
    rb"<(?:div|main|section)\b[^<>]{0,300}?\bid\s*=\s*[\"']?(?:root|app|app-root|application|react-root|__next|__nuxt"
    rb"|___gatsby|svelte|q-app)(?=[\"'\s>])" + _NOTHING_INSIDE + rb"|<(?:app-root|my-app)\b" + _NOTHING_INSIDE,
    re.IGNORECASE,
)
_HIDDEN_FRAME = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tag:
    """A start tag: its name in lower case, its attributes as written, and what follows up to its end if raw text."""

    name: bytes
    attributes: bytes
    inner: bytes

    def get(self, name: str) -> str:
        """An attribute's value, "" where it is absent."""
        for match in _ATTRIBUTE.finditer(self.attributes):
            if match[1].lower() == name.encode():
                return html.unescape(_text(match[2] or match[3] or match[4] or b""))
        return ""


def refresh_target(payload: bytes, url: str) -> str:
    """The other address to which a `<meta http-equiv=refresh>` sends a reader soon; "" when there is none."""
    last = payload[:_SEARCHED_BYTES].lower().rfind(b"refresh")
    for tag in _tags(payload, until=last):
        if tag.name == b"meta" and tag.get("http-equiv").lower() == "refresh":
            match = _REFRESH.match(tag.get("content")[:1000])
            if match is not None and int(match[1][:9] or 0) <= _LONGEST_DELAY_SECONDS:
                target = _elsewhere(match[2], url)
                if target:
                    return target
    return ""


def script_target(payload: bytes, url: str) -> str:
    """The other address to which a script sends every reader soon; "" when it is computed, conditional or late.

    Only pages with few scripts of their own are read so.
    """
    scripts = []
    length = 0
    for tag in _tags(payload):
        if tag.name == b"script" and not tag.get("src") and tag.get("type").lower() in _SCRIPT_TYPES:
            scripts.append(_text(tag.inner))
        elif tag.name == b"body":
            scripts.append(tag.get("onload"))
        else:
            continue
        length += len(scripts[-1])
        if length > _LONGEST_SCRIPTS:
            return ""
    return next((target for script in scripts if (target := _script_target(script, url))), "")


def _script_target(script: str, url: str) -> str:
    match = _GOES_TO.search(script)
    if match is None:
        return ""
    before, after = script[: match.start()], script[match.end() :]
    if _CONDITION.search(before) or not _runs_at_once(before):
        return ""
    if "settimeout" in before.lower():
        delay = _DELAY_MS.match(after)
        if delay is None or int(delay[1]) > _LONGEST_DELAY_SECONDS * 1000:
            return ""
    return _elsewhere(match[1] or match[2], url)


def _runs_at_once(before: str) -> bool:
    """Whether what follows `before` in a script stands in no block, or in one that runs when the page is there."""
    outside, brace, inside = before.partition("{")
    if any(sign in outside for sign in "}?&|") or any(sign in inside for sign in "{}?&|"):
        return False
    return not brace or _AT_ONCE.search(outside.rstrip()[-_LONGEST_OPENING:]) is not None


def frame_targets(payload: bytes, url: str) -> tuple[str, ...]:
    """The addresses of the frames of a frameset."""
    return _sources(payload, url, b"frame")


def embedded_targets(payload: bytes, url: str) -> tuple[str, ...]:
    """The addresses of the visible pages that a page embeds (`<iframe>`)."""
    return _sources(payload, url, b"iframe")


def _sources(payload: bytes, url: str, name: bytes) -> tuple[str, ...]:
    if b"<" + name not in payload[:_SEARCHED_BYTES].lower():
        return ()
    frames = [tag for tag in _tags(payload) if tag.name == name and not _is_hidden(tag)]
    found = (_elsewhere(tag.get("src"), url) for tag in frames)
    return tuple(dict.fromkeys(target for target in found if target))


def _is_hidden(tag: _Tag) -> bool:
    tiny = tag.get("width") in ("0", "1") or tag.get("height") in ("0", "1")
    return tag.name == b"iframe" and (tiny or _HIDDEN_FRAME.search(tag.get("style")) is not None)


def has_empty_root(payload: bytes) -> bool:
    """Whether the page has the empty element that the scripts of an application fill."""
    return _EMPTY_ROOT.search(payload[:_SEARCHED_BYTES]) is not None


def title_in(payload: bytes) -> str:
    """The title of a page from which no Document was read."""
    return next((html.unescape(_text(tag.inner)).strip() for tag in _tags(payload) if tag.name == b"title"), "")


def _tags(payload: bytes, *, until: int = _SEARCHED_BYTES) -> Iterator[_Tag]:
    """The tags of interest that begin before a place, outside of comments and of each other."""
    source = payload[:_SEARCHED_BYTES]
    lower = source.lower()
    place = 0
    endless: set[bytes] = set()
    while (match := _TAG.search(source, place)) and match.start() < until:
        name = match[1] or match[2].lower()
        place = match.end()
        inner = b""
        if name in _ENDS:
            end = -1 if name in endless else lower.find(_ENDS[name], place)
            if end < 0:
                endless.add(name)
                continue
            inner, place = source[place:end], end + len(_ENDS[name])
        yield _Tag(name=name, attributes=match[3] or b"", inner=inner)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _elsewhere(target: str, url: str) -> str:
    """A target as a person reads it; "" when it is the page itself, or nothing that could be fetched."""
    target = target.strip("\"' \t\r\n")
    if not target or target.startswith("#"):
        return ""
    try:
        page = urldefrag(url).url
        absolute = urldefrag(urljoin(page, target)).url
        if urlsplit(absolute).scheme not in ("", "http", "https"):
            return ""
    except ValueError:
        return target[:_SHOWN]
    return "" if absolute.rstrip("/") == page.rstrip("/") else absolute[:_SHOWN]
