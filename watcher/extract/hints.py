"""What a payload says about itself beside its text: language, feeds, scripts; and what a sitemap says of a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from selectolax.lexbor import LexborHTMLParser

from watcher.extract import sniff
from watcher.extract.charset import decode
from watcher.extract.reading import Payload
from watcher.extract.registry import EXTRACTORS

MAXIMUM_FEEDS = 5
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})
_TTL = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>")  # minutes (RSS 2.0)
_ENTRY = re.compile(r"<url>(.*?)(?:(?P<end></url>)|\Z)", re.DOTALL)
_FIELD = re.compile(r"<(loc|lastmod|changefreq)>\s*+([^<\s](?:[^<]{0,1998}[^<\s])?)\s*+</")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_MAXIMUM_SITEMAP_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Hints:
    """`language` as the page tags it, "" when it does not; `feeds` as linked; `ttl_minutes` of a feed, 0 when none."""

    language: str = ""
    feeds: tuple[str, ...] = ()
    scripts: int = 0
    ttl_minutes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SitemapEntry:
    """What a sitemap says of one page (sitemaps.org 0.9), as written; "" where it says nothing."""

    lastmod: str = ""
    changefreq: str = ""


def read_hints(payload: Payload) -> Hints:
    """The hints of an HTML page or a feed; none for anything else."""
    if payload.media_type in (sniff.RSS, sniff.ATOM):
        ttl = _TTL.search(payload.data)
        return Hints(ttl_minutes=int(ttl[1]) if ttl else 0)
    if payload.media_type != sniff.HTML:
        return Hints()
    tree = LexborHTMLParser(decode(payload.data, declared=payload.charset, media_type=payload.media_type)[0])
    root = tree.css_first("html")
    language = (root.attributes.get("lang") or "").strip() if root is not None else ""
    links = (node.attributes for node in tree.css("link[rel~=alternate][href]"))
    feeds = [link.get("href") or "" for link in links if (link.get("type") or "").lower() in _FEED_TYPES]
    return Hints(
        language=language if _LANGUAGE.fullmatch(language) else "",
        feeds=tuple(dict.fromkeys(feeds))[:MAXIMUM_FEEDS],
        scripts=len(tree.css("script")),
    )


def sitemap_entry(payload: bytes, url: str) -> SitemapEntry | None:
    """What a sitemap says of `url`, None when it does not list it."""
    text = payload[:_MAXIMUM_SITEMAP_BYTES].decode("utf-8", "replace")
    if "<url>" not in text:
        return None
    for entry in _ENTRY.finditer(text):
        fields = {name: unescape(value) for name, value in _FIELD.findall(entry[1])}
        if entry["end"] and fields.get("loc") == url:
            return SitemapEntry(lastmod=fields.get("lastmod", ""), changefreq=fields.get("changefreq", "").lower())
    return None


def is_mismatch(declared: str | None, judged: str) -> bool:
    """Whether a server declared another kind of payload than its bytes are."""
    said = sniff.normal(declared)
    return bool(said) and said != judged and EXTRACTORS.get(said) is not EXTRACTORS.get(judged)
