"""What the header of an e-mail message says of it: who wrote to whom, when, about what."""

from __future__ import annotations

import email.parser
import email.policy
from dataclasses import dataclass
from datetime import date

from watcher.extract.reading import fold


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
