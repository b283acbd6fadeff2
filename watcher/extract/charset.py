"""Bytes of a text format -> text, with the name of the decoding that was used.

The order is: byte order mark; the charset that the server declared; the one that the document declares (HTML meta,
XML declaration); strict UTF-8; detection. A declared charset is tested against the bytes and not obeyed blindly:
one that cannot decode them gives way to the next. Labels are read as browsers read them
(https://encoding.spec.whatwg.org/#names-and-labels): "iso-8859-1" means windows-1252, "gb2312" means gb18030.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from enum import StrEnum


class CharsetFrom(StrEnum):
    """Where a charset is from. UTF8 is that of bytes which are valid UTF-8, whatever was declared."""

    MARK = "byte order mark"
    HEADER = "HTTP header"
    META = "meta element"
    XML = "XML declaration"
    UTF8 = "valid UTF-8"
    GUESSED = "guessed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Charset:
    """The codec that reads some bytes, and why. `in_header` and `in_document` are what is declared, as written.

    `declared_by` is META or XML where the document declares one.
    """

    codec: str
    origin: CharsetFrom
    in_header: str = ""
    in_document: str = ""
    declared_by: CharsetFrom | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    codec: str
    origin: CharsetFrom


_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_LABELS = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "x-cp1252": "cp1252",
    "iso-8859-9": "cp1254",
    "latin5": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "chinese": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "korean": "cp949",
    "windows-949": "cp949",
    "uhc": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "logical": "iso8859-8",
    "visual": "iso8859-8",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ukrainian": "mac_cyrillic",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "mac": "mac_roman",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-16-le",
}
"""Labels whose meaning on the web differs from the codec that Python finds under that name, or that Python lacks."""

_NATIONAL_STANDARDS = {"gb18030": "gb2312", "cp932": "shift_jis", "cp874": "tis-620"}
"""Supersets and the standard inside them: text that keeps to the standard is read by it, other text by the superset."""

_NOT_CHARSETS = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape"})
_SINGLE_BYTE = re.compile(
    r"(?:cp125\d|cp874|cp8(?:55|66|52|50|37)|cp437|iso8859-\d+|koi8-[rut]|mac-\w+|latin-1|ascii)$"
)
_META = re.compile(rb"<meta\b[^>]{0,400}?charset\s*+=\s*+(?:[\"']\s*+)?([A-Za-z0-9_:.+-]{2,40})", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9_:.+-]{2,40})", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META_WINDOW = 8192
_DETECTION_WINDOW = 262_144
_TOLERATED_BAD_SHARE = 0.1
_ASCII = bytes(range(128))
_WESTERN_SIGNS = bytes((0x80, 0x82, 0x84, 0x85, 0x8B, *range(0x91, 0x98), 0x99, 0x9B, *range(0xA0, 0xB8), 0xB9, 0xBB))
_WINDOWS_TWINS = {
    "cp1252": "cp1252",
    "iso8859-2": "cp1250",
    "iso8859-15": "cp1252",
    "iso8859-16": "cp1250",
    "iso8859-7": "cp1253",
    "iso8859-9": "cp1254",
    "iso8859-13": "cp1257",
}
"""The Windows codec of a detected ISO one, for text that holds bytes which ISO leaves to control characters."""

_MOST_LETTERS_OF_UTF16 = 0.55
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r\f"
_FEW, _NONE, _SOME, _MOST, _ALL = (0.0, 0.1), (0.0, 0.05), (0.2, 1.0), (0.7, 1.0), (0.9, 1.0)
_ZERO_PATTERNS = (
    ("utf-32-le", (_FEW, _MOST, _ALL, _ALL)),
    ("utf-32-be", (_ALL, _ALL, _MOST, _FEW)),
    ("utf-16-le", (_NONE, _SOME, _NONE, _SOME)),
    ("utf-16-be", (_SOME, _NONE, _SOME, _NONE)),
)
"""Share of zero bytes at each place of four that ASCII-rich text has in each encoding."""


def codec_for(label: str | None) -> str | None:
    """The normal name of the Python codec that a charset label means on the web, None when it means none.

    UTF-7 is refused as browsers refuse it: it hides markup in ASCII.
    """
    if not label:
        return None
    cleaned = label.strip().strip("\"'").lower()
    try:
        name = codecs.lookup(_LABELS.get(cleaned, cleaned)).name
        b"a".decode(name, "replace")
    except (LookupError, ValueError):
        return None
    return None if name.replace("_", "-") in _NOT_CHARSETS else _LABELS.get(name, name)


def decode(payload: bytes, *, declared: str | None, media_type: str | None) -> tuple[str, str]:
    """Text of `payload` and the codec name that decoded it; never raises on bad bytes, they become U+FFFD.

    `declared` is the charset of the HTTP header; a document's own declaration is looked for when `media_type` is
    None or a markup type.
    """
    text, used = _read(payload, declared=declared, media_type=media_type)
    return text, used.codec


def charset_of(payload: bytes, *, declared: str | None, media_type: str | None) -> Charset:
    """The codec by which `decode` reads the same bytes, and where it is from."""
    _, used = _read(payload, declared=declared, media_type=media_type)
    by, label = _declaration_inside(payload, media_type)
    return Charset(
        codec=used.codec,
        origin=used.origin,
        in_header=declared or "",
        in_document=label,
        declared_by=by if label else None,
    )


def _read(payload: bytes, *, declared: str | None, media_type: str | None) -> tuple[str, _Candidate]:
    for mark, name in _BOMS:
        if payload.startswith(mark):
            return payload.decode(name, "replace"), _Candidate(codec=name, origin=CharsetFrom.MARK)
    zeros = _utf_by_zero_bytes(payload)
    if zeros is not None:
        return payload.decode(zeros, "replace"), _Candidate(codec=zeros, origin=CharsetFrom.GUESSED)
    by, label = _declaration_inside(payload, media_type)
    named = ((codec_for(declared), CharsetFrom.HEADER), (_codec_inside(label), by))
    return _first_that_decodes(payload, [_Candidate(codec=codec, origin=origin) for codec, origin in named if codec])


def _first_that_decodes(payload: bytes, candidates: list[_Candidate]) -> tuple[str, _Candidate]:
    utf8 = _strict(payload, "utf-8")
    for one in candidates:
        name = one.codec
        if utf8 is not None and (name == "utf-8" or _SINGLE_BYTE.match(name)):
            break
        read = _read_strictly(payload, name) if name != "utf-8" else None
        if read is not None:
            return read[0], replace(one, codec=read[1])
        if name == "utf-8" and _is_utf8_with_slips(payload):
            return payload.decode("utf-8", "replace"), one
    if utf8 is not None:
        return _valid_utf8(payload, utf8, candidates)
    if not candidates or [one.codec for one in candidates] == ["utf-8"]:
        detected = _detected(payload)
        text, codec = _read_strictly(payload, detected) or (payload.decode(detected, "replace"), detected)
        return text, _Candidate(codec=codec, origin=CharsetFrom.GUESSED)
    return payload.decode(candidates[0].codec, "replace"), candidates[0]


def _valid_utf8(payload: bytes, utf8: str, candidates: list[_Candidate]) -> tuple[str, _Candidate]:
    seven_bit = _seven_bit_codec(payload)
    if seven_bit:
        return payload.decode(seven_bit, "replace"), _Candidate(codec=seven_bit, origin=CharsetFrom.GUESSED)
    origin = next((one.origin for one in candidates if one.codec == "utf-8"), CharsetFrom.UTF8)
    return utf8, _Candidate(codec="utf-8", origin=origin)


def _read_strictly(payload: bytes, name: str) -> tuple[str, str] | None:
    for codec in (_NATIONAL_STANDARDS.get(name), name):
        text = _strict(payload, codec) if codec else None
        if codec and text is not None:
            return text, codec
    return None


def _strict(payload: bytes, name: str) -> str | None:
    try:
        return payload.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None


def _declaration_inside(payload: bytes, media_type: str | None) -> tuple[CharsetFrom, str]:
    """What an XML declaration or an HTML meta element of a markup type says, as written; "" for nothing."""
    if media_type is not None and "html" not in media_type and "xml" not in media_type:
        return CharsetFrom.META, ""
    head = payload[:_META_WINDOW]
    xml = _XML_DECLARATION.match(head)
    match = xml or _META.search(_COMMENT.sub(b"", head))
    return CharsetFrom.XML if xml else CharsetFrom.META, match[1].decode("ascii") if match else ""


def _codec_inside(label: str) -> str | None:
    """The codec that a document's own declaration means; a UTF-16 that ASCII can be read in is UTF-8."""
    name = codec_for(label)
    return "utf-8" if name and name.startswith("utf-16") else name


def _is_utf8_with_slips(payload: bytes) -> bool:
    """True when nearly all bytes above 127 belong to valid UTF-8: a cut character, not another charset."""
    high = len(payload.translate(None, _ASCII))
    lost = payload.decode("utf-8", "replace").count("\ufffd")
    return high == 0 or lost / high < _TOLERATED_BAD_SHARE


def _utf_by_zero_bytes(payload: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, told by where the zero bytes of its ASCII characters lie."""
    sample = payload[: min(4096, len(payload) // 4 * 4)]
    quarter = len(sample) // 4
    if quarter < 2 or 0 not in sample:
        return None
    zeros = tuple(sample[place::4].count(0) / quarter for place in range(4))
    name = next(
        (
            name
            for name, fits in _ZERO_PATTERNS
            if all(low <= z <= high for z, (low, high) in zip(zeros, fits, strict=True))
        ),
        None,
    )
    if name is None or _is_ascii_with_stray_zeros(sample):
        return None
    text = payload.decode(name, "replace")
    return name if text.count("\ufffd") <= len(text) * 0.01 else None


def _is_ascii_with_stray_zeros(sample: bytes) -> bool:
    """Printable ASCII in which too few zero bytes lie for its letters to have one each, as they have in UTF-16."""
    others = sample.replace(b"\0", b"")
    return len(others) > _MOST_LETTERS_OF_UTF16 * len(sample) and not others.translate(None, _PRINTABLE)


def _seven_bit_codec(payload: bytes) -> str | None:
    """The ISO 2022 codec whose designator the bytes carry; such text is also valid UTF-8."""
    if b"\x1b$)C" in payload[:_META_WINDOW] and _strict(payload, "iso2022_kr") is not None:
        return "iso2022_kr"
    if any(mark in payload for mark in (b"\x1b$B", b"\x1b$@")) and _strict(payload, "iso2022_jp_2") is not None:
        return "iso2022_jp_2"
    return None


def _detected(payload: bytes) -> str:
    """The codec that statistics suggest, corrected where short or Western text is known to mislead them."""
    from resiliparse.parse.encoding import detect_encoding

    high = payload.translate(None, _ASCII)
    if _is_western_punctuation(high, len(payload)):
        return "cp1252"
    guess = codec_for(detect_encoding(payload, max_len=_DETECTION_WINDOW, html5_compatible=False))
    if guess is None or guess == "utf-8":
        return "johab" if _looks_johab(payload) else "cp1252"
    if any(0x80 <= value <= 0x9F for value in set(high)):
        return _WINDOWS_TWINS.get(guess, guess)
    return guess


def _is_western_punctuation(high: bytes, length: int) -> bool:
    """True when all bytes above 127 are quotes, dashes and signs of windows-1252, or too few to be a script."""
    return not high.translate(None, _WESTERN_SIGNS) or (len(high) <= 3 and length > 300)


def _looks_johab(payload: bytes) -> bool:
    text = _strict(payload, "johab")
    if text is None:
        return False
    foreign = [char for char in text if char > "\x7f"]
    hangul = sum("\uac00" <= char <= "\ud7a3" for char in foreign)
    return len(foreign) > 8 and hangul / len(foreign) > 0.5
