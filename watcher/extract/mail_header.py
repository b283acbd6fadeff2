"""What an e-mail message says of itself and brings along: who wrote to whom, when, about what; its attachments."""

from __future__ import annotations

import email
import email.parser
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage

from watcher.extract.limits import MAX_MAIL_PARTS
from watcher.extract.reading import fold

ATTACHMENTS_AT_MOST = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A part of a message that its sender sent as a file. `name` is as the sender wrote it."""

    name: str
    payload: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class MailHeader:
    """The header fields of RFC 5322 as one line each, "" where one is missing; `sent_on` is the day of its sender."""

    subject: str = ""
    sender: str = ""
    recipients: str = ""
    sent_on: date | None = None


def read_mail_header(payload: bytes) -> MailHeader:
    """The header of a message; what cannot be read of it is missing. Never raises for any bytes."""
    try:
        message = email.parser.BytesHeaderParser(policy=email.policy.default).parsebytes(payload)
        sent_at = getattr(message.get("Date"), "datetime", None)
        return MailHeader(
            subject=fold(str(message.get("Subject", ""))),
            sender=fold(str(message.get("From", ""))),
            recipients=fold(str(message.get("To", ""))),
            sent_on=sent_at.date() if sent_at is not None else None,
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return MailHeader()


def read_attachments(payload: bytes) -> tuple[Attachment, ...]:
    """The attachments of a message in order, pictures of its body left out; none where they cannot be read."""
    try:
        message = email.message_from_bytes(payload, policy=email.policy.default)
        return tuple(_attachments(message))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ()


def _attachments(message: EmailMessage) -> Iterator[Attachment]:
    found = 0
    for number, part in enumerate(message.iter_attachments()):
        if number >= MAX_MAIL_PARTS or found >= ATTACHMENTS_AT_MOST:
            return
        if part.get_content_disposition() != "attachment":
            continue
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            content = inner.as_bytes() if isinstance(inner, EmailMessage) else b""
        else:
            decoded = part.get_payload(decode=True)
            content = decoded if isinstance(decoded, bytes) else b""
        if content:
            found += 1
            yield Attachment(name=fold(str(part.get_filename() or "")), payload=content)
