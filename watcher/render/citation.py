"""Citations in the footnote style of Landmine Monitor, and as CSL-JSON items for reference managers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.model.capture import Capture
from watcher.model.permalinks import capture_url
from watcher.model.source import Definition
from watcher.render.words import folded, said_date

_CORRESPONDENCE = re.compile(
    r"(?:letter|note|e-?mail|fax|telegram|memorandum|reply|response|statement|decree|order)\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cited:
    """One state of a Source as a citation names it; texts are one line, "" where something is not known.

    `url` is "" for what was handed in. `stood_at` is when the content stood so. What a person brought has
    `archived_at`, the moment when it came into the archive, `brought_by` and `brought_from`: who did it, out of what.
    `held` says why the content is not taken as the document, "" where it is.
    """

    author: str = ""
    addressee: str = ""
    publisher: str = ""
    title: str = ""
    reference: str = ""
    url: str
    stood_at: datetime
    archived_at: datetime | None = None
    brought_by: str = ""
    brought_from: str = ""
    permalink: str
    payload_sha256: str
    held: str = ""

    @property
    def is_undated(self) -> bool:
        """Whether nobody gave a date for a document that was handed in."""
        return not self.url and self.archived_at == self.stood_at


def cited_capture(
    capture: Capture,
    definition: Definition,
    *,
    document_title: str = "",
    base_url: str,
    payload_sha256: str,
    held: str = "",
) -> Cited:
    """What a citation says of a Capture under a Definition; the title of its document stands in for a missing one.

    A Source that was registered without a title is called by its id, which is no title.
    """
    brought = capture.trigger.is_brought_in
    has_title = bool(definition.title) and definition.title != capture.source_id
    return Cited(
        author=folded(definition.author),
        addressee=folded(definition.addressee),
        publisher=folded(definition.publisher),
        title=folded(definition.title if has_title else document_title or definition.title),
        reference=folded(definition.reference),
        url=folded(capture.requested_url),
        stood_at=capture.captured_at,
        archived_at=capture.ended_at if brought else None,
        brought_by=folded(capture.user) if brought else "",
        brought_from=folded(capture.fetcher).partition(" of ")[2] if brought else "",
        permalink=capture_url(base_url, capture.sequence),
        payload_sha256=payload_sha256,
        held=folded(held),
    )


def footnote(cited: Cited) -> str:
    """A footnote as Landmine Monitor writes it, with the archived copy.

    `UN, Country Report: Kazakhstan, http://…, accessed 3 May 2026, archived at …/captures/7, SHA-256 ….`
    `Letter No. 20/178 from the Ministry of Defence, to the ICBL, 19 April 2000, handed in by ana on …, archived at ….`
    Of what is held a second sentence says that it is not taken as the document, and why.
    """
    parts = (
        *_named(cited),
        _when(cited),
        f"archived at {cited.permalink}",
        f"SHA-256 {cited.payload_sha256}",
    )
    return f"{_sentence(parts)} {_held(cited)}".rstrip()


def change_footnote(before: Cited, now: Cited, *, permalink: str) -> str:
    """A footnote for a Change: the document once, then both of its states, each with its archived copy."""
    sides = [f"{_when(side)} (archived at {side.permalink}, SHA-256 {side.payload_sha256})" for side in (before, now)]
    return _sentence((*_named(now), f"{sides[0]} and {sides[1]}", f"compared at {permalink}"))


def csl_item(cited: Cited, *, archive: str) -> dict[str, object]:
    """The item of CSL-JSON 1.0.2 (https://github.com/citation-style-language/schema). `archive` is the origin's name.

    A web page has the day of its state as `accessed`, a document that was handed in has it as `issued`.
    """
    day = cited.stood_at.astimezone(UTC)
    dated = "accessed" if cited.url else "issued"
    notes = [f"SHA-256: {cited.payload_sha256}", _how_it_came(cited), _held(cited)]
    item: dict[str, object] = {
        "id": cited.permalink,
        "type": "webpage" if cited.url else "document",
        "title": _title(cited),
        "author": [{"literal": name}] if (name := cited.author or cited.publisher) else [],
        "publisher": cited.publisher,
        "number": cited.reference,
        "URL": cited.url,
        **({} if cited.is_undated else {dated: {"date-parts": [[day.year, day.month, day.day]]}}),
        "recipient": [{"literal": cited.addressee}] if cited.addressee else [],
        "archive": archive,
        "archive_location": cited.permalink,
        "note": "; ".join(note for note in notes if note),
    }
    return {name: value for name, value in item.items() if value}


def _named(cited: Cited) -> tuple[str, ...]:
    to = f"to {cited.addressee}" if cited.addressee else ""
    reference = cited.reference.removesuffix(f", {said_date(cited.stood_at)}")
    if cited.url or not reference or not (cited.addressee or _CORRESPONDENCE.match(reference)):
        return (cited.author, cited.publisher, to, _title(cited), reference, cited.url)
    sender, *others = [name for name in (cited.author, cited.publisher) if name] or [""]
    title = cited.title if cited.title not in (cited.reference, reference) else ""
    return (f"{reference} from {sender}" if sender else reference, *others, to, title)


def _title(cited: Cited) -> str:
    return cited.title or ("untitled page" if cited.url else "untitled document")


def _when(cited: Cited) -> str:
    day = said_date(cited.stood_at)
    if cited.archived_at is None:
        return f"accessed {day}" if cited.url else day
    if cited.is_undated:
        return f"undated, {_how_it_came(cited)}"
    return ", ".join(part for part in (f"as of {day}" if cited.url else day, _how_it_came(cited)) if part)


def _how_it_came(cited: Cited) -> str:
    """Who brought an import into the archive, when and out of what; "" for what was fetched."""
    if cited.archived_at is None:
        return ""
    verb = "imported" if cited.url else "handed in"
    by = f" by {cited.brought_by}" if cited.brought_by else ""
    out_of = f" ({cited.brought_from})" if cited.brought_from else ""
    return f"{verb}{by} on {said_date(cited.archived_at)}{out_of}"


def _held(cited: Cited) -> str:
    return f"Held: not taken as the document: {cited.held.rstrip('.')}." if cited.held else ""


def _sentence(parts: tuple[str, ...]) -> str:
    return ", ".join(part for part in parts if part) + "."
