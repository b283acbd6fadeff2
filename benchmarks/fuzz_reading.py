"""What a fuzzed payload does to an extractor, told by the child process that read it."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass

from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.model.document import Document

# What broken bytes never raise in code of our own that expects them.
_MISTAKES = (TypeError, AttributeError, NameError, IndexError, AssertionError, RecursionError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """What one reading gave: title and text of a Document, or the code and message of its error; what was wrong."""

    text: str = ""
    charset: str | None = None
    code: str = ""
    message: str = ""
    problem: str = ""


def observe(payload: bytes, media_type: str | None, *, name: str = "") -> Observed:
    """Read a payload twice."""
    try:
        first, second = (_read(payload, media_type, name) for _ in range(2))
    except Exception:  # noqa: BLE001 - whatever else is raised is what is looked for
        return Observed(problem=f"something else was raised: {traceback.format_exc()[-1500:]}")
    if str(first) != str(second):
        return Observed(problem="two readings of the same bytes differ")
    if isinstance(first, ExtractError):
        return Observed(code=first.code, message=str(first), problem=_mistaken(first))
    return Observed(text=f"{first.title}\n{first.text}", charset=first.charset, problem=_wrong(first))


def _read(payload: bytes, media_type: str | None, name: str) -> Document | ExtractError:
    try:
        return extract(payload, media_type=media_type, charset=None, name=name)
    except ExtractError as error:
        return error


def _mistaken(error: ExtractError) -> str:
    """What is wrong with a refusal: no code or message, or a mistake of our own taken for a damaged document."""
    if not error.code or not str(error):
        return "the error has no code or no message"
    cause = error.__cause__
    frames = traceback.extract_tb(cause.__traceback__) if isinstance(cause, _MISTAKES) else []
    own = bool(frames) and "/watcher/extract/" in frames[-1].filename
    return f"a mistake was taken for a damaged document: {error} at {frames[-1]}" if own else ""


def _wrong(document: Document) -> str:
    """What no Document may be."""
    if not document.text.strip():
        return "a Document without text"
    if not all(block.text.strip() for block in document.blocks):
        return "a Block without text"
    if all(block.boilerplate for block in document.blocks):
        return "a Document of nothing but page furniture"
    try:
        json.dumps([document.title, document.text]).encode()
        f"{document.title}{document.text}{document.notes}".encode()
    except UnicodeEncodeError:
        return "a Document that cannot be written as UTF-8"
    return ""
