"""Which documents a list shows: a page, a table, a feed or a sitemap, read by the rules of its Collection."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import re2
from selectolax.lexbor import LexborHTMLParser

from watcher.errors import ConfigError, RefusedError
from watcher.extract import sniff
from watcher.extract.charset import decode
from watcher.extract.reading import Payload, fold
from watcher.model.collection import (
    CollectionRules,
    ItemPart,
    ListedDocument,
    Listing,
    year_in,
)
from watcher.model.document import Block, BlockKind, Document, Link
from watcher.model.names import one_subject_in
from watcher.model.source import origin_of, require_http_url
from watcher.model.subjects import subject_of

LONGEST_ADDRESS = 2000
LONGEST_TITLE = 300
LEAST_ALIKE = 8
LEAST_STATES = 5
MAXIMUM_PATTERN = 500
_BASE = re.compile(rb"<base\b", re.IGNORECASE)
_DATE = re.compile(
    r"(?<![0-9])(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}"
    r"|[0-9]{1,2} [^\W\d_]{3,10}\.? [0-9]{4}|[^\W\d_]{3,10}\.? [0-9]{1,2}, [0-9]{4})(?![0-9])"
)
_NAME_BREAKS = re.compile(r"[\s_.+,()\[\]-]+")
_SUFFIXES = ("pdf", "docx", "doc", "odt", "rtf", "xlsx", "xls")


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionSuggestion:
    """Rules that would suit a list, with what they find now: documents, and different States among them."""

    rules: CollectionRules
    documents: int
    states: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """A link of a list with what stands around it."""

    link: Link
    address: str
    block: Block
    place: int
    heading: str
    dated: str


def compile_pattern(pattern: str, *, key: str) -> Any:
    """An RE2 pattern, case ignored. ConfigError when it is none, or over 500 characters."""
    if len(pattern) > MAXIMUM_PATTERN:
        raise ConfigError(f"{key} is {len(pattern)} characters long; the limit is {MAXIMUM_PATTERN}", key=key)
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ConfigError(f"{key}: {pattern!r} is no pattern that RE2 reads: {error}", key=key) from error


def list_documents(document: Document, payload: Payload | None, url: str, rules: CollectionRules) -> Listing:
    """The documents that a list at `url` shows, each address once, in order. Navigation and footers are left out.

    `payload` gives an HTML page's base address. Dates and ids are taken as written. ConfigError for a bad pattern.
    """
    wanted = compile_pattern(rules.link_pattern, key="link_pattern")
    titled = compile_pattern(rules.title_pattern, key="title_pattern")
    found: dict[str, ListedDocument] = {}
    others = 0
    for entry in _entries(document, _base(payload, url)):
        if entry.address == urldefrag(url).url or not wanted.search(entry.address):
            continue
        if not _is_allowed(entry.address, url, rules):
            others += 1
            continue
        listed = _listed(entry, rules)
        if titled.search(listed.title):
            found.setdefault(listed.address, listed)
    return Listing(documents=_only_marked_once(found.values()), rolls=document.extractor == "feed", others=others)


def suggest_collection(document: Document, payload: Payload | None, url: str) -> CollectionSuggestion | None:
    """Rules for a page that lists at least eight documents alike; None when it does not seem to be a list.

    Alike are files of one kind, or pages of one folder whose names are those of at least five States.
    """
    base = _base(payload, url)
    groups: defaultdict[str, list[_Entry]] = defaultdict(list)
    for entry in _entries(document, base):
        if _is_allowed(entry.address, url, CollectionRules()) and entry.address != urldefrag(url).url:
            groups[_shape(entry.address)].append(entry)
    best: CollectionSuggestion | None = None
    for shape, entries in groups.items():
        if len({entry.address for entry in entries}) < LEAST_ALIKE:
            continue
        rules = _suited(shape, entries)
        documents = list_documents(document, payload, url, rules).documents
        states = len({one.subject for one in documents if one.subject})
        is_list = len(documents) >= LEAST_ALIKE and (states >= LEAST_STATES or shape.startswith("."))
        if is_list and (best is None or (states, len(documents)) > (best.states, best.documents)):
            best = CollectionSuggestion(rules=rules, documents=len(documents), states=states)
    return best


def _entries(document: Document, base: str) -> Iterator[_Entry]:
    heading = ""
    for place, block in enumerate(document.blocks):
        if block.kind is BlockKind.HEADING:
            heading = block.text
        is_feed_itself = document.extractor == "feed" and block.kind is BlockKind.HEADING and block.level == 1
        if block.boilerplate or is_feed_itself:
            continue
        for link in block.links:
            try:
                address = urldefrag(urljoin(base, link.target)).url.replace(" ", "%20")
            except ValueError:
                address = ""
            yield _Entry(link, address, block, place, heading, _dated(document, place, block, link))


def _dated(document: Document, place: int, block: Block, link: Link) -> str:
    """The date beside a link: the line under a feed's heading, or the one date of a row that has one link."""
    if document.extractor == "feed" and place + 1 < len(document.blocks):
        after = document.blocks[place + 1]
        return after.text[:100] if after.kind is BlockKind.PARAGRAPH and len(after.text) <= 100 else ""
    if len(block.links) != 1:
        return ""
    dates = _DATE.findall(block.text.replace(link.text, " ")[:2000])
    return dates[0] if len(dates) == 1 else ""


def _base(payload: Payload | None, url: str) -> str:
    if payload is None or payload.media_type != sniff.HTML or not _BASE.search(payload.data):
        return url
    text = decode(payload.data, declared=payload.charset, media_type=payload.media_type)[0]
    node = LexborHTMLParser(text).css_first("base[href]")
    try:
        return urljoin(url, (node.attributes.get("href") or "").strip()) if node is not None else url
    except ValueError:
        return url


def _is_allowed(address: str, url: str, rules: CollectionRules) -> bool:
    if len(address) > LONGEST_ADDRESS:
        return False
    try:
        require_http_url(address)
    except RefusedError:
        return False
    return "@" not in urlsplit(address).netloc and (not rules.same_origin or origin_of(address) == origin_of(url))


def _listed(entry: _Entry, rules: CollectionRules) -> ListedDocument:
    text = entry.link.text
    title = text if text and text != entry.link.target else _file_words(entry.address)
    subject, named = _subject(entry, rules.subject_from)
    if named and named not in title:
        title = f"{named}: {title}"
    return ListedDocument(
        address=entry.address,
        title=fold(title)[:LONGEST_TITLE],
        subject=subject,
        year=_year(entry, rules.year_from),
        mark=entry.block.anchor[:LONGEST_TITLE] if entry.block.kind is BlockKind.HEADING else "",
        dated=entry.dated,
        block=entry.place,
    )


def _subject(entry: _Entry, part: ItemPart) -> tuple[str, str]:
    """The alpha-3 that a part of the entry names, and the cell or heading that names it when it is not the link."""
    if part is ItemPart.LINK_TEXT:
        return one_subject_in(entry.link.text), ""
    if part is ItemPart.FILE_NAME:
        return one_subject_in(_file_words(entry.address)), ""
    if part is ItemPart.NONE:
        return "", ""
    for cell in entry.block.cells:
        whole = subject_of(cell) if cell else None
        if whole is not None:
            return whole, cell
    found = one_subject_in(entry.block.text)
    if found or entry.block.kind is BlockKind.HEADING:
        return found, ""
    found = one_subject_in(entry.heading)
    return found, entry.heading if found else ""


def _year(entry: _Entry, part: ItemPart) -> int | None:
    texts = {
        ItemPart.LINK_TEXT: entry.link.text,
        ItemPart.FILE_NAME: _file_words(entry.address),
        ItemPart.ROW: entry.block.text,
    }
    return year_in(texts.get(part, ""))


def _file_words(address: str) -> str:
    """The last part of an address as words: "Kazakhstan 2026" of ".../Kazakhstan_2026.pdf"."""
    parts = urlsplit(address)
    name = next((part for part in reversed(parts.path.split("/")) if part), "")
    stem, _, suffix = unquote(name).rpartition(".")
    bare = stem if stem and suffix.isalnum() and len(suffix) <= 5 else unquote(name)
    return _NAME_BREAKS.sub(" ", bare).strip() or address


def _only_marked_once(documents: Iterable[ListedDocument]) -> tuple[ListedDocument, ...]:
    """Ids that several entries share tell nothing and are dropped."""
    listed = tuple(documents)
    marks = Counter(document.mark for document in listed)
    return tuple(replace(one, mark="") if marks[one.mark] > 1 else one for one in listed)


def _shape(address: str) -> str:
    """What alike addresses share: ".pdf", or the folder that a page is in."""
    path = urlsplit(address).path
    suffix = path.rpartition(".")[2].lower()
    return f".{suffix}" if suffix in _SUFFIXES else path.rstrip("/").rpartition("/")[0] + "/"


def _suited(shape: str, entries: Sequence[_Entry]) -> CollectionRules:
    pattern = rf"\{shape}(\?|$)" if shape.startswith(".") else f"{re.escape(shape)}[^/]+/?$"
    return CollectionRules(
        link_pattern=pattern,
        subject_from=_telling(entries, lambda entry, part: _subject(entry, part)[0]),
        year_from=_telling(entries, _year),
    )


def _telling(entries: Sequence[_Entry], tells: Any) -> ItemPart:
    """The part that tells something of most entries, of at least half; NONE when none does."""
    counts = {
        part: sum(bool(tells(entry, part)) for entry in entries) for part in ItemPart if part is not ItemPart.NONE
    }
    best = max(counts, key=lambda part: counts[part])
    return best if counts[best] * 2 >= len(entries) else ItemPart.NONE
