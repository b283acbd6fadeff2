"""Texts that are one sequence of bytes read under different charsets (mojibake)."""

from __future__ import annotations

import contextlib
import re

# What servers and editors of public bodies really mix up; windows-1252 covers latin-1, as the WHATWG standard has it.
CHARSETS = (
    *("utf-8", "cp1250", "cp1251", "cp1253", "cp1254", "cp1256", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-15"),
    *("koi8-r", "cp866", "cp850", "mac-roman", "gb18030", "big5", "shift-jis", "euc-jp", "euc-kr"),
)
MAX_CHARACTERS = 100_000

_TO_LATIN_1 = {
    ord(bytes([byte]).decode("cp1252")): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_BLANKS = re.compile(rb"(?:[ \t\r\n]|\xc2\xa0|\xa0)+")


def byte_forms(text: str) -> frozenset[bytes]:
    """The bytes of `text` in every charset that can hold it.

    Blanks are folded, because a no-break blank is half of some letters.
    Empty for plain ASCII, which reads the same everywhere, and for very long texts.
    """
    if text.isascii() or len(text) > MAX_CHARACTERS:
        return frozenset()
    forms = {form for charset in CHARSETS if (form := _encoded(text, charset)) is not None}
    with contextlib.suppress(UnicodeEncodeError):
        forms.add(text.translate(_TO_LATIN_1).encode("latin-1"))
    return frozenset(_BLANKS.sub(b" ", form).strip() for form in forms)


def _encoded(text: str, charset: str) -> bytes | None:
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        return None


def unscrambled(text: str) -> str:
    """The text with UTF-8 that was read as windows-1252, once or up to three times over, read right."""
    for _ in range(3):
        try:
            better = text.translate(_TO_LATIN_1).encode("latin-1").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            break
        if better == text:
            break
        text = better
    return text


def same_bytes(old: str, new: str) -> bool:
    """True when two different texts are one sequence of bytes under two charsets."""
    if old == new:
        return False
    return unscrambled(old) == unscrambled(new) or not byte_forms(old).isdisjoint(byte_forms(new))
