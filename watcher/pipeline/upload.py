"""A person hands in a document: its bytes are archived first, then recorded, read and compared.

The date of the document is kept apart from the moment of the hand-in: `captured_at` is the one, `ended_at` the other.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from watcher.errors import AlreadyHeldError, ConfigError, ConflictError, WatcherError
from watcher.extract import extractor_for
from watcher.extract.mail_header import Attachment, MailHeader, read_attachments, read_mail_header
from watcher.extract.sniff import MAIL
from watcher.model.capture import Capture, Outcome, Trigger
from watcher.model.permalinks import capture_url, source_url
from watcher.model.source import Definition, Source, SourceKind, slug
from watcher.pipeline.ports import Rooms
from watcher.pipeline.record import Recorded, record_import
from watcher.pipeline.register import add_source, record_act, supersede
from watcher.pipeline.upload_fields import SHORT, Described
from watcher.store import captures, sources
from watcher.store.database import Connection

LATEST_IN_FUTURE = timedelta(days=1)  # a day is somewhere already tomorrow
LONGEST_NAME = 255
TRIES = 5
_OVERRIDABLE = ("title", "author", "addressee", "publisher", "reference", "language", "provenance")


@dataclass(frozen=True, kw_only=True, slots=True)
class HandedIn:
    """A document that was handed in, and what came of it. `is_further`: it is a version of an Upload known before.

    `attached` are the attachments of an e-mail, each an Upload of its own; `left_out` says why others were not taken.
    """

    source: Source
    recorded: Recorded
    is_further: bool
    attached: tuple[HandedIn, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def not_extracted(self) -> str:
        """Why no text could be read from it, "" when one was."""
        version = self.recorded.version
        return version.error if version is not None and version.document is None else ""


def handed_in_facts(done: HandedIn, base_url: str) -> dict[str, object]:
    """What a program is told of a document that was handed in."""
    recorded = done.recorded
    capture = recorded.capture
    return {
        "source": capture.source_id,
        "capture": capture.sequence,
        "sha256": capture.payload_sha256,
        "media_type": capture.media_type,
        "length": capture.payload_length,
        "version": recorded.version.version_id if recorded.version is not None else None,
        "not_extracted": done.not_extracted or None,
        "change": recorded.change.change_id if recorded.change is not None else None,
        "page": source_url(base_url, capture.source_id),
        "permalink": capture_url(base_url, capture.sequence),
        "attached": [handed_in_facts(one, base_url) for one in done.attached],
        "left_out": list(done.left_out),
    }


def hand_in(rooms: Rooms, payload: bytes, *, file_name: str, described: Described, checked_name: bool) -> HandedIn:
    """Archive and record a document as `hand_in_one` does, and after an e-mail each of its attachments."""
    done = hand_in_one(rooms, payload, file_name=file_name, described=described, checked_name=checked_name)
    capture = done.recorded.capture
    if capture.media_type != MAIL:
        return done
    attached, left_out = [], []
    for one in rooms.children.run(read_attachments, payload):
        try:
            about = _attachment_of(done, described, one)
            attached.append(
                hand_in_one(rooms, one.payload, file_name=one.name, described=about, checked_name=checked_name)
            )
        except WatcherError as error:  # the e-mail itself is recorded, so it cannot be handed in again for the rest
            left_out.append(f"{_kept_name(one.name) or 'an attachment without a name'}: {error}")
    return replace(done, attached=tuple(attached), left_out=tuple(left_out))


def _attachment_of(mail: HandedIn, described: Described, one: Attachment) -> Described:
    """An attachment is sent by its e-mail's author on that day; who wrote it, and when, a person may say later."""
    capture = mail.recorded.capture
    dated = capture.captured_at.date() if capture.captured_at != capture.ended_at else None
    title = f"{mail.source.definition.title}: {_kept_name(one.name) or 'attachment'}"
    return Described(
        title=title[:SHORT],
        author=mail.source.definition.author,
        addressee=mail.source.definition.addressee,
        provenance=f"attached to the e-mail {capture.source_id}, Capture {capture.sequence}",
        handed_in_by=described.handed_in_by,
        dated_on=dated,
        subjects=mail.source.definition.subjects,
        instruments=mail.source.definition.instruments,
    )


def hand_in_one(rooms: Rooms, payload: bytes, *, file_name: str, described: Described, checked_name: bool) -> HandedIn:
    """Archive and record a document, as a new Source or as a further version of `described.source_id`.

    `file_name` is kept as data and gives a hint at the type, no more. `checked_name` says that the operating system
    vouches for `described.handed_in_by`. ConfigError names a wrong field in `key`; AlreadyHeldError for bytes that were
    handed in before, DeletedError for bytes that were deleted for good.
    """
    name = _kept_name(file_name)
    payload_sha256 = _require_acceptable(rooms, payload, name, described)
    known = _known(rooms, described.source_id)
    media_type = rooms.children.run(extractor_for, payload, media_type=None, name=name)[2]
    if media_type == MAIL:
        described = _with_header(described, rooms.children.run(read_mail_header, payload))
        _require_past(rooms, described)
    like = None
    if known is not None:
        with rooms.database.reading() as connection:
            like = captures.last_payload_sha256(connection, known.source_id)
    rooms.archive.put_payload(payload, like=like)
    if known is None:
        source = _registered(rooms, described, name, payload_sha256)
    else:
        source = _described_anew(rooms, known, described)
    capture = rooms.archive.append_capture(
        _capture(rooms, source, described, name, media_type, payload_sha256, len(payload), checked_name)
    )
    recorded = record_import(rooms, capture)
    _audit(rooms, capture, described, name, checked_name)
    return HandedIn(source=source, recorded=recorded, is_further=known is not None)


def _kept_name(file_name: str) -> str:
    """A file name as data: any characters, but whole ones, on one line."""
    whole = file_name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in whole)[:LONGEST_NAME]


def _require_acceptable(rooms: Rooms, payload: bytes, name: str, described: Described) -> str:
    """The SHA-256 of a document that may be handed in."""
    if not payload:
        raise ConfigError(f"{name or 'the file'} is empty (0 bytes): nothing was kept", key="file")
    if len(payload) > rooms.upload_maximum_bytes:
        raise ConfigError(too_large(name, rooms.upload_maximum_bytes), key="file")
    if not described.handed_in_by:
        raise ConfigError("who hands it in? The name is kept with the document", key="handed_in_by")
    _require_past(rooms, described)
    payload_sha256 = hashlib.sha256(payload).hexdigest()
    tombstone = rooms.archive.tombstone(payload_sha256)
    if tombstone is not None and tombstone.keep_out:
        raise tombstone.error()
    with rooms.database.reading() as connection:
        _require_new(connection, payload_sha256)
    return payload_sha256


def too_large(name: str, limit: int) -> str:
    """What is said of a document over the limit."""
    return (
        f"{name or 'the file'} is larger than {limit} bytes, the limit of uploads.maximum_bytes in watcher.yaml: "
        "nothing was kept"
    )


def _require_past(rooms: Rooms, described: Described) -> None:
    if described.dated_on is not None and _moment(described) > rooms.clock() + LATEST_IN_FUTURE:
        raise ConfigError(f"{described.dated_on} lies in the future: is the date right?", key="date")


def _require_new(connection: Connection, payload_sha256: str) -> None:
    holding = captures.sources_with_payload(connection, payload_sha256)
    uploads = [one for one in holding if not sources.get_source(connection, one).definition.url]
    sequence = captures.first_with_payload(connection, payload_sha256, uploads)
    if sequence is None:
        return
    first = captures.get_capture(connection, sequence)
    by = f" by {first.user}" if first.user else ""
    raise AlreadyHeldError(
        f"already held as {first.source_id}, Capture {sequence}: the same bytes were handed in{by} on "
        f"{first.ended_at:%-d %B %Y}. Nothing was added.",
        source_id=first.source_id,
        sequence=sequence,
        payload_sha256=payload_sha256,
    )


def _known(rooms: Rooms, source_id: str) -> Source | None:
    if not source_id:
        return None
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
    if source.definition.kind is not SourceKind.UPLOAD:
        message = f"{source_id!r} is watched at {source.definition.url}: documents are handed in to Uploads only"
        raise ConfigError(message, key="source")
    return source


def _with_header(described: Described, header: MailHeader) -> Described:
    """What the person did not say is taken from the e-mail's own header, where its characters can be shown."""

    def known(text: str) -> str:
        return "".join(char for char in text if char.isprintable())[:SHORT]

    return replace(
        described,
        title=described.title or ("" if described.source_id else known(header.subject)),
        author=described.author or known(header.sender),
        addressee=described.addressee or known(header.recipients),
        dated_on=described.dated_on or header.sent_on,
    )


def _registered(rooms: Rooms, described: Described, name: str, payload_sha256: str) -> Source:
    title = described.title or described.reference or name or "document"
    definition = replace(
        Definition(url="", kind=SourceKind.UPLOAD),
        **{name: getattr(described, name) for name in _OVERRIDABLE if name != "title"},
        title=title,
        subjects=described.subjects,
        instruments=described.instruments,
    )
    for _ in range(TRIES):
        source_id, there = _free_id(rooms, definition, payload_sha256)
        with suppress(ConflictError):  # another hand-in took the id first
            return there or add_source(rooms, source_id, definition, user=described.handed_in_by)
    raise ConflictError(f"no id could be found for {title!r}: other documents are handed in at this moment; try again")


def _free_id(rooms: Rooms, definition: Definition, payload_sha256: str) -> tuple[str, Source | None]:
    """An id made of the title that nobody has; or the Source that a hand-in left when it could not be finished."""
    wanted = slug(definition.title)
    if wanted == "source":  # nothing of the title can be written in an id
        wanted = f"document-{payload_sha256[:8]}"
    with rooms.database.reading() as connection:
        number = 1
        source_id = wanted
        while sources.exists(connection, source_id):
            there = sources.get_source(connection, source_id)
            if there.definition == definition and not captures.list_captures(connection, source_id, limit=1):
                return source_id, there
            number += 1
            source_id = f"{wanted[:58]}-{number}"
    return source_id, None


def _described_anew(rooms: Rooms, known: Source, described: Described) -> Source:
    """The Source with what this version's description says otherwise; what it leaves out stays as it was."""
    said = {name: value for name in _OVERRIDABLE if (value := getattr(described, name))}
    definition = replace(
        known.definition,
        **said,
        subjects=described.subjects or known.definition.subjects,
        instruments=described.instruments or known.definition.instruments,
    )
    if definition == known.definition:
        return known
    with rooms.database.writing() as connection:
        before = sources.get_source(connection, known.source_id)
        by = described.handed_in_by
        return supersede(rooms, connection, before, definition, state=before.state, user=by, at=rooms.clock())


def _moment(described: Described) -> datetime:
    if described.dated_on is None:
        raise ConfigError("the document has no date", key="date")
    return datetime.combine(described.dated_on, time(), tzinfo=UTC)


def _capture(
    rooms: Rooms,
    source: Source,
    described: Described,
    name: str,
    media_type: str,
    payload_sha256: str,
    length: int,
    checked_name: bool,
) -> Capture:
    now = rooms.clock()
    notes = [f"Provenance: {described.provenance}"] if described.provenance else []
    if not checked_name:
        notes.append(f"Handed in on the page or by its API: the name {described.handed_in_by} was given, not checked.")
    return Capture(
        sequence=-1,
        source_id=source.source_id,
        definition_sha256=source.definition.digest_sha256,
        trigger=Trigger.UPLOAD,
        slot_at=None,
        started_at=now,
        ended_at=now,
        captured_at=_moment(described) if described.dated_on is not None else now,
        requested_url="",
        hops=(),
        outcome=Outcome.NEW,
        status=None,
        headers=(),
        payload_sha256=payload_sha256,
        payload_length=length,
        media_type=media_type,
        charset=None,
        error="",
        fetcher=f"upload of {name or 'a file without a name'}",
        user=described.handed_in_by,
        notes=tuple(notes),
    )


def _audit(rooms: Rooms, capture: Capture, described: Described, name: str, checked_name: bool) -> None:
    with rooms.database.writing() as connection:
        record_act(
            rooms,
            connection,
            user=described.handed_in_by,
            action="document.hand_in",
            target=capture.source_id,
            after={
                "capture": capture.sequence,
                "payload_sha256": capture.payload_sha256,
                "file_name": name,
                "name_checked": checked_name,
                "date": described.dated_on.isoformat() if described.dated_on is not None else "",
                "provenance": described.provenance,
            },
        )
