"""E-mail messages (RFC 5322, MIME): heading lines, then the body. Attachments are listed and not opened."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.html import read_markup
from watcher.extract.limits import MAX_MAIL_PARTS, refuse
from watcher.extract.reading import Payload, Reading, fold, row
from watcher.extract.structure import with_structure
from watcher.extract.text import text_blocks
from watcher.model.document import Block, BlockKind

_SHOWN_HEADERS = ("From", "To", "Cc", "Date")


def read_mail(payload: Payload) -> Reading:
    """The subject as a heading, sender, recipients and date as rows, the body, and the names of attachments.

    ExtractError `damaged` when the message cannot be parsed, `no_text` when nothing is in it, `too_large` at the
    limit of parts.
    """
    try:
        message = email.message_from_bytes(payload.data, policy=email.policy.default)
        blocks, notes, charset = _read(message)
        title = fold(str(message.get("Subject", "")))
    except (ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ExtractError(f"the e-mail message is damaged and cannot be read: {error}", code="damaged") from error
    if not blocks:
        raise ExtractError("the e-mail message is empty", code="no_text")
    return Reading(title=title, blocks=with_structure(blocks), charset=charset, notes=tuple(notes))


def _read(message: EmailMessage) -> tuple[list[Block], list[str], str | None]:
    blocks: list[Block] = []
    subject = fold(str(message.get("Subject", "")))
    if subject:
        blocks.append(Block(kind=BlockKind.HEADING, text=subject, level=1))
    for name in _SHOWN_HEADERS:
        block = row((name, fold(str(message.get(name, "")))))
        if block is not None and block.cells[1]:
            blocks.append(block)
    parts = list(message.walk())
    if len(parts) > MAX_MAIL_PARTS:
        refuse("the e-mail message", found=len(parts), limit=MAX_MAIL_PARTS, unit="parts")
    body = message.get_body(preferencelist=("html", "plain"))
    charset: str | None = None
    if isinstance(body, EmailMessage):
        found, charset = _body(body)
        blocks.extend(found)
    notes = []
    for part in parts:
        file_name = part.get_filename()
        if file_name:
            notes.append(f"attachment not opened: {fold(str(file_name))} ({part.get_content_type()})")
    return blocks, notes, charset


def _body(part: EmailMessage) -> tuple[list[Block], str]:
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    text, charset = decode(raw, declared=part.get_content_charset(), media_type=part.get_content_type())
    if part.get_content_type() == "text/html":
        return read_markup(text)[0], charset
    return list(text_blocks(text)), charset
