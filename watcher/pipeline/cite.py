"""How a Capture, a Version or a Change is cited: values of the registry and the archive put into a footnote."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import unquote

from watcher.errors import NotFoundError
from watcher.model.capture import Capture, Version
from watcher.model.change import Change
from watcher.model.permalinks import capture_url, change_url, version_url
from watcher.model.source import Definition
from watcher.pipeline.ports import Rooms
from watcher.render import Cited, change_footnote, cited_capture, csl_item, footnote, presence_citation
from watcher.store import captures, changes, sources, versions
from watcher.store.database import Connection

CAPTURES_LOOKED_AT = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """A footnote, the address of what it cites, and the states that it names (of a Change: before, now)."""

    footnote: str
    permalink: str
    states: tuple[Cited, ...]

    def items(self, archive: str) -> list[dict[str, object]]:
        """CSL-JSON items, one a state. `archive` is the archive's origin name."""
        return [csl_item(state, archive=archive) for state in self.states]


def cite(rooms: Rooms, name: str) -> Citation:
    """The citation of a Capture ("7"), a Version ("v…"), a Change ("v…..v…"), or of the permalink of one."""
    last = unquote(name.partition("#")[0].partition("?")[0].rstrip("/").rsplit("/", 1)[-1])
    with rooms.database.reading() as connection:
        if ".." in last:
            return cite_change(connection, changes.get_change(connection, last), base_url=rooms.base_url)
        if last.isascii() and last.isdigit():
            capture = captures.get_capture(connection, int(last[:20]))
            cited = cite_capture(connection, capture, base_url=rooms.base_url)
            if cited is None:
                raise NotFoundError(
                    f"Capture {capture.sequence} brought no content that could be cited: {capture.error}"
                )
            return cited
        if sources.exists(connection, last):
            raise NotFoundError(_newest_to_cite(connection, last))
        return cite_version(connection, versions.get_version(connection, last), base_url=rooms.base_url)


def _newest_to_cite(connection: Connection, source_id: str) -> str:
    """A Source changes and is not cited; what it showed last is."""
    shown = (
        one for one in captures.list_captures(connection, source_id, limit=CAPTURES_LOOKED_AT) if one.payload_sha256
    )
    newest = next(shown, None)
    if newest is None:
        return f"{source_id} is a Source, and nothing of it was captured yet: watcher check {source_id}"
    return f"{source_id} is a Source; its newest Capture is {newest.sequence}: watcher cite {newest.sequence}"


def cite_capture(connection: Connection, capture: Capture, *, base_url: str) -> Citation | None:
    """The citation of a Capture; None for an attempt that brought no content. What is held says so."""
    if capture.payload_sha256 is None:
        return None
    described = captures.version_of_capture(connection, capture.sequence)
    state = _state(connection, capture, described, capture.payload_sha256, base_url)
    return Citation(footnote=footnote(state), permalink=capture_url(base_url, capture.sequence), states=(state,))


def cite_version(connection: Connection, version: Version, *, base_url: str) -> Citation:
    """The citation of the Capture that a Version was read from, with the Version's own address."""
    state = _state_of_version(connection, version, base_url)
    permalink = version_url(base_url, version.version_id)
    return Citation(footnote=footnote(state), permalink=permalink, states=(state,))


def cite_change(connection: Connection, change: Change, *, base_url: str) -> Citation:
    """The citation of both sides of a Change; of a document that went or came back, that and its last text.

    A document of another year is cited as the one of its own that it is.
    """
    before, now = (
        _state_of_version(connection, versions.get_version(connection, version_id), base_url)
        for version_id in (change.from_version_id, change.to_version_id)
    )
    permalink = change_url(base_url, change.change_id)
    if change.sequence is not None:
        definition = sources.get_source(connection, change.source_id).definition
        seen = presence_citation(definition, change, archived_at=capture_url(base_url, change.sequence))
        return Citation(footnote=f"{seen} Its last text: {footnote(before)}", permalink=permalink, states=(before,))
    if change.from_source_id:
        told = f"{footnote(now)} Compared with {footnote(before)} The comparison: {permalink}."
        return Citation(footnote=told, permalink=permalink, states=(before, now))
    return Citation(
        footnote=change_footnote(before, now, permalink=permalink), permalink=permalink, states=(before, now)
    )


def _state_of_version(connection: Connection, version: Version, base_url: str) -> Cited:
    capture = captures.get_capture(connection, version.sequence)
    return _state(connection, capture, version.version_id, version.payload_sha256, base_url)


def _state(
    connection: Connection, capture: Capture, version_id: str | None, payload_sha256: str, base_url: str
) -> Cited:
    definition = _definition(connection, capture)
    title = ""
    if version_id is not None and definition.title in ("", capture.source_id):
        document = versions.get_version(connection, version_id).document
        title = document.title if document is not None else ""
    return cited_capture(
        capture,
        definition,
        document_title=title,
        base_url=base_url,
        payload_sha256=payload_sha256,
        held=versions.held_payloads(connection, capture.source_id).get(payload_sha256, ""),
    )


def _definition(connection: Connection, capture: Capture) -> Definition:
    """The Definition that a Capture was made under; what it does not say is taken from the one in force."""
    present = sources.get_source(connection, capture.source_id).definition
    try:
        past = sources.get_definition(connection, capture.source_id, capture.definition_sha256)
    except NotFoundError:
        return present
    title = present.title if past.title in ("", capture.source_id) else past.title
    return replace(
        past,
        title=title,
        publisher=past.publisher or present.publisher,
        author=past.author or present.author,
        reference=past.reference or present.reference,
        addressee=past.addressee or present.addressee,
    )
