"""From a Capture's payload to a Version with its Positions, in a child process."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.errors import DeletedError, ExtractError
from watcher.extract import extract, extractor_for
from watcher.model.capture import Capture, Version, version_id
from watcher.model.change import Position
from watcher.model.document import Document
from watcher.model.source import Definition
from watcher.pipeline.compare import positions_in, text_sha256
from watcher.pipeline.ports import Rooms


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A Capture's Version and Positions before they are recorded."""

    version: Version
    positions: tuple[Position, ...]


def read_capture(rooms: Rooms, capture: Capture, definition: Definition) -> Reading:
    """Extract a Capture's payload and find its Positions, in a child process."""
    if capture.payload_sha256 is None:
        raise ExtractError("the Capture has no payload", code="no_payload")
    name = capture.hops[-1].url if capture.hops else capture.requested_url
    extractor, extractor_version = "none", 1
    document: Document | None = None
    code = problem = ""
    try:
        payload = rooms.archive.get_payload(capture.payload_sha256)
        extractor, extractor_version, _ = rooms.children.run(
            extractor_for, payload, media_type=capture.media_type, name=name
        )
        document = rooms.children.run(
            extract,
            payload,
            media_type=capture.media_type,
            charset=capture.charset,
            rules=definition.rules,
            name=name,
        )
        if not document.text.strip():
            document, code, problem = None, "no_text", "the document holds no text"
    except (ExtractError, DeletedError) as error:
        code, problem = error.code, str(error)
    digest = definition.digest_sha256
    version = Version(
        version_id=version_id(
            source_id=capture.source_id,
            sequence=capture.sequence,
            extractor=extractor,
            extractor_version=extractor_version,
            definition_sha256=digest,
        ),
        source_id=capture.source_id,
        sequence=capture.sequence,
        payload_sha256=capture.payload_sha256,
        captured_at=capture.captured_at,
        extractor=extractor,
        extractor_version=extractor_version,
        definition_sha256=digest,
        document=document,
        text_sha256=text_sha256(document) if document is not None else "",
        error_code=code,
        error=problem,
    )
    if document is None:
        return Reading(version=version, positions=())
    try:
        found = rooms.children.run(
            positions_in,
            document,
            subjects=definition.subjects,
            instruments=definition.instruments,
            pack_text=rooms.pack.text,
        )
    except ExtractError:
        found = ()
    return Reading(version=version, positions=found)
