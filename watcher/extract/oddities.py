"""What is odd about a payload as a whole: another kind of file inside it, and text that was decoded wrongly before.

The repaired text is a view for the eyes of a person. It is never put into Blocks: what was published stays as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from watcher.extract import sniff
from watcher.extract.compound import MAGIC

_ZIP_END = b"PK\x05\x06"
_ZIP_MEMBER = b"PK\x03\x04"
_ZIP_END_WINDOW = 65_557
_PDF_WINDOW = 1024
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|script|body|iframe|svg)[\s>]", re.IGNORECASE)

_SAMPLE = 200_000
_FEWEST_REPAIRS = 3
_SHOWN_REPAIRS = 3
_LEAD = "\u00c2-\u00f4"
_TAIL = (
    "\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019"
    "\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
)
"""What windows-1252 makes of the bytes that follow the first one of a character in UTF-8."""

_BROKEN = re.compile(f"[{_LEAD}][{_TAIL}]{{1,3}}")
_LONGEST_WORD = 60


def other_kind_inside(payload: bytes, judged: str) -> str:
    """A note when a payload is also a file of another kind, by the marks that programs look for; "" when it is not."""
    start = payload[:_PDF_WINDOW]
    is_zip = payload.startswith(_ZIP_MEMBER)
    if (
        not is_zip
        and not payload.startswith(MAGIC)
        and _ZIP_END in payload[-_ZIP_END_WINDOW:]
        and _ZIP_MEMBER in payload
    ):
        return f"the payload can also be opened as a zip archive; it was read as {judged}"
    if is_zip and _MARKUP.search(payload[-_PDF_WINDOW:]):
        return f"the payload has a page's markup after its archive; it was read as {judged}"
    if judged == sniff.PDF and _MARKUP.search(start[: start.find(b"%PDF-")]):
        return f"the payload has a page's markup before its PDF header; it was read as {judged}"
    if judged != sniff.PDF and b"%PDF-" in start and judged != sniff.TEXT:
        return f"the payload can also be opened as a PDF; it was read as {judged}"
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """A text in which UTF-8 had been read as windows-1252: the text repaired, and the number of places."""

    text: str
    places: int


def repair(text: str) -> Repair | None:
    """The view of a text with its wrongly decoded characters put right, None when too few of them are surely so.

    A place is put right when its characters, as bytes of windows-1252, are exactly one character of UTF-8.
    """
    mended, places = _mended(text)
    return Repair(text=mended, places=places) if places >= _FEWEST_REPAIRS else None


def _mended(text: str) -> tuple[str, int]:
    places = 0

    def right(match: re.Match[str]) -> str:
        nonlocal places
        for end in range(len(match[0]), 1, -1):
            found = _as_utf8(match[0][:end])
            if found:
                places += 1
                return found + match[0][end:]
        return match[0]

    return _BROKEN.sub(right, text), places


def _as_utf8(text: str) -> str:
    """The one character whose UTF-8 bytes these are, "" when they are not."""
    values = bytearray()
    for char in text:
        try:
            values += char.encode("cp1252")
        except UnicodeEncodeError:
            if ord(char) > 0xFF:
                return ""
            values.append(ord(char))
    try:
        found = values.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return found if len(found) == 1 else ""


def mojibake_note(text: str) -> str:
    """A note with the first words as they were probably meant, "" for a text that looks right."""
    sample = text[:_SAMPLE]
    found = repair(sample)
    if found is None:
        return ""
    shown: dict[str, str] = {}
    for word in sample.split():
        if len(shown) < _SHOWN_REPAIRS and len(word) <= _LONGEST_WORD and _BROKEN.search(word):
            shown[word] = _mended(word)[0]
    return (
        f"the text looks wrongly encoded in {found.places} place(s), UTF-8 read as windows-1252 by its publisher; "
        f"it is kept as published; repaired: {'; '.join(f'{word} is {right}' for word, right in shown.items())}"
    )
