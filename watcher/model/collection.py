"""Collections: the rules by which a list of documents becomes child Sources, and what became of each document."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watcher.model.names import without_names

WITHDRAWN_CADENCE_SECONDS = 7 * 86400
MOST_DOCUMENTS = 250
LARGEST_MOST_DOCUMENTS = 2000

_WORDS = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?<![0-9])(?:19[5-9][0-9]|20[0-9]{2})(?![0-9])")


class ItemPart(StrEnum):
    """Which part of a list's entry tells the Subject or the year of its document."""

    NONE = "none"
    LINK_TEXT = "link_text"
    FILE_NAME = "file_name"
    ROW = "row"


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionRules:
    """Which links of a list are its documents, and how they are understood.

    `link_pattern` is searched in the absolute address and `title_pattern` in the title, both RE2, "" for any.
    `same_origin` leaves links to other origins out. Of more than `most_documents` those beyond are counted, not
    watched. `every_seconds` is the children's cadence, 0 for that of the list; `withdrawn_every_seconds` that of a
    document which the list no longer shows.
    """

    link_pattern: str = ""
    title_pattern: str = ""
    subject_from: ItemPart = ItemPart.NONE
    year_from: ItemPart = ItemPart.LINK_TEXT
    same_origin: bool = True
    most_documents: int = MOST_DOCUMENTS
    every_seconds: int = 0
    withdrawn_every_seconds: int = WITHDRAWN_CADENCE_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedDocument:
    """A document as a list shows it. `address` is absolute and without fragment.

    `subject` is ISO 3166-1 alpha-3, "" when none or several are named. `mark` is the id that a feed gives the entry,
    `dated` the date that stands beside it, as written. `block` counts Blocks of the list's Document from 0.
    """

    address: str
    title: str
    subject: str = ""
    year: int | None = None
    mark: str = ""
    dated: str = ""
    block: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a list shows: documents in order, and how many links that match the rules.

    `rolls` says that older entries leave the list in the course of things (a feed), so that their going says nothing.
    `others` counts links that other rules than the patterns left out: no web address, another origin.
    """

    documents: tuple[ListedDocument, ...]
    rolls: bool = False
    others: int = 0


class ItemState(StrEnum):
    """LISTED is shown by the list, WITHDRAWN was and is no longer, LEFT went from a feed, EXCLUDED by new rules."""

    LISTED = "listed"
    WITHDRAWN = "withdrawn"
    LEFT = "left"
    EXCLUDED = "excluded"


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionItem:
    """A document that a Collection listed once, with its child Source.

    `is_news` says that it came after the first listing. `last_seen_at` is the last Capture that is known to show it.
    """

    collection_id: str
    item_id: str
    document: ListedDocument
    child_id: str
    state: ItemState
    first_seen_at: datetime
    last_seen_at: datetime
    is_news: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionRead:
    """The newest listing of a Collection: of which Version, under which Definition, with what it left out.

    `listed` counts the documents that match, `refused` those of them beyond the limit, `unnamed` those without
    Subject where the rules ask for one. `problem` says why a listing was not believed.
    """

    collection_id: str
    version_id: str
    definition_sha256: str
    read_at: datetime
    listed: int
    refused: int = 0
    unnamed: int = 0
    problem: str = ""


class DocumentStep(StrEnum):
    """What a Collection tells of a document."""

    ADDED = "added"
    WITHDRAWN = "withdrawn"
    BACK = "back"
    MOVED = "moved"
    REPLACED = "replaced"


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentEvent:
    """One document of a Collection's Change. `old_address` and `old_title` are "" where they stayed.

    `child_id` is "" for a document that is not watched.
    """

    step: DocumentStep
    title: str
    address: str
    subject: str = ""
    year: int | None = None
    child_id: str = ""
    old_address: str = ""
    old_title: str = ""


def item_id(address: str) -> str:
    """A stable id of a document in its Collection, from its address."""
    return "d" + hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:15]


def years_in(text: str) -> list[int]:
    """The years from 1950 to 2099 that a text names, each once, in order."""
    return list(dict.fromkeys(int(found) for found in _YEAR.findall(text)))


def year_in(text: str) -> int | None:
    """The one year that a text names; None when it names none or several."""
    years = years_in(text)
    return years[0] if len(years) == 1 else None


def folded_title(title: str) -> str:
    """A title without case, punctuation and white space, by which it is recognised."""
    return " ".join(_WORDS.findall(title.casefold()))


def title_without_year(title: str) -> str:
    """A folded title without its years: the same for the document of each year."""
    return " ".join(word for word in folded_title(title).split() if not _YEAR.fullmatch(word))


def is_bare(title: str) -> bool:
    """Whether a title tells no more than a State and a year, so that it needs its Collection's name beside it."""
    left = without_names(title)
    return not any(len(word) > 3 for word in title_without_year(left).split())
