"""Outlook messages ([MS-OXMSG]): subject, sender, recipients, date, body. Attachments are listed and not opened."""

from __future__ import annotations

import codecs
import datetime as dt
import struct

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.compound import CompoundFile, open_compound
from watcher.extract.html import read_markup
from watcher.extract.reading import Payload, Reading, fold, row
from watcher.extract.rtf import read_rtf
from watcher.extract.structure import with_structure
from watcher.extract.text import text_blocks
from watcher.model.document import Block, BlockKind

_SUBJECT, _SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0037, 0x0C1A, 0x0C1F, 0x5D01
_TO, _CC = 0x0E04, 0x0E03
_BODY, _HTML, _COMPRESSED_RTF = 0x1000, 0x1013, 0x1009
_SENT, _DELIVERED, _CODEPAGE, _INTERNET_CODEPAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_LONG_NAME, _SHORT_NAME = 0x3707, 0x3704
"""Property ids of [MS-OXPROPS]."""

_PROPERTIES = "__properties_version1.0"
_PROPERTIES_HEADER = 32
_ATTACHMENT = "__attach_version1.0_"
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_LZFU, _UNCOMPRESSED = 0x75465A4C, 0x414C454D
_DICTIONARY_BYTES = 4096
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the window of the compression holds at the beginning ([MS-OXRTFCP] 2.1.2.1)."""


def read_msg(payload: Payload) -> Reading:
    """The subject as a heading, sender, recipients and date as rows, the body, and the names of attachments.

    ExtractError `damaged` when the container is broken, `no_text` when nothing is in it.
    """
    file = open_compound(payload.data)
    fixed = _fixed_properties(file)
    codec = _codec(fixed.get(_CODEPAGE, 0))
    blocks: list[Block] = []
    subject = _text(file, _SUBJECT, codec)
    if subject:
        blocks.append(Block(kind=BlockKind.HEADING, text=subject, level=1))
    shown = (
        ("From", _sender(file, codec)),
        ("To", _text(file, _TO, codec)),
        ("Cc", _text(file, _CC, codec)),
        ("Date", _moment(fixed.get(_SENT) or fixed.get(_DELIVERED) or 0)),
    )
    blocks.extend(block for name, value in shown if value and (block := row((name, value))) is not None)
    blocks.extend(_body(file, codec, _codec(fixed.get(_INTERNET_CODEPAGE, 0))))
    if not blocks:
        raise ExtractError("the Outlook message is empty", code="no_text")
    return Reading(title=subject, blocks=with_structure(blocks), notes=tuple(_attachments(file, codec)))


def _fixed_properties(file: CompoundFile) -> dict[int, int]:
    """Numbers by property id: entries of 16 bytes with type, id, flags and eight bytes of value."""
    data = file.read(_PROPERTIES) if _PROPERTIES in file.streams else b""
    found = {}
    for at in range(_PROPERTIES_HEADER, len(data) - 15, 16):
        _, number, _, value = struct.unpack_from("<HHIQ", data, at)
        found[number] = value
    return found


def _codec(page: int) -> str:
    """The codec of a Windows code page, that of Western Europe for one that is not known."""
    name = "utf-8" if page == 65001 else f"cp{page & 0xFFFF}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"


def _text(file: CompoundFile, number: int, codec: str, folder: str = "") -> str:
    return fold(_whole_text(file, number, codec, folder))


def _whole_text(file: CompoundFile, number: int, codec: str, folder: str = "") -> str:
    """A property of text, stored as UTF-16 or in the message's code page; "" when there is none."""
    wide, narrow = (f"{folder}__substg1.0_{number:04X}{kind}" for kind in ("001F", "001E"))
    if wide in file.streams:
        return file.read(wide).decode("utf-16-le", "replace").rstrip("\x00")
    if narrow in file.streams:
        return file.read(narrow).decode(codec, "replace").rstrip("\x00")
    return ""


def _sender(file: CompoundFile, codec: str) -> str:
    name = _text(file, _SENDER, codec)
    address = _text(file, _SENDER_SMTP, codec) or _text(file, _SENDER_ADDRESS, codec)
    if not address or address == name or "@" not in address:
        return name or address
    return f"{name} <{address}>" if name else address


def _moment(filetime: int) -> str:
    """A FILETIME, in steps of 100 ns since 1601, as UTC; "" for none or one that no calendar holds."""
    try:
        moment = _EPOCH + dt.timedelta(microseconds=filetime // 10)
    except OverflowError:
        return ""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if filetime else ""


def _body(file: CompoundFile, codec: str, html_codec: str) -> list[Block]:
    """The HTML body, else the plain one, else the RTF one."""
    binary = f"__substg1.0_{_HTML:04X}0102"
    if binary in file.streams:
        markup, _ = decode(file.read(binary), declared=html_codec, media_type="text/html")
    else:
        markup = _whole_text(file, _HTML, html_codec)
    blocks = read_markup(markup)[0] if markup.strip() else []
    if not blocks:
        blocks = list(text_blocks(_whole_text(file, _BODY, codec)))
    packed = f"__substg1.0_{_COMPRESSED_RTF:04X}0102"
    if not blocks and packed in file.streams:
        try:
            blocks = list(read_rtf(Payload(data=unpacked_rtf(file.read(packed)), media_type="application/rtf")).blocks)
        except ExtractError as error:
            if error.code != "no_text":
                raise
    return blocks


def unpacked_rtf(data: bytes) -> bytes:
    """RTF source out of its compressed form ([MS-OXRTFCP] 2.2). ExtractError `damaged` for any other form."""
    if len(data) < 16:
        raise ExtractError("the message's body is damaged: its RTF is cut short", code="damaged")
    _, size, form, _ = struct.unpack_from("<4I", data)
    if form == _UNCOMPRESSED:
        return data[16 : 16 + size]
    if form != _LZFU:
        raise ExtractError("the message's body is damaged: its RTF is in no known form", code="damaged")
    window = bytearray(_DICTIONARY.ljust(_DICTIONARY_BYTES, b"\x00"))
    write, at = len(_DICTIONARY), 16
    out = bytearray()
    while at < len(data):
        flags = data[at]
        at += 1
        for bit in range(8):
            if flags >> bit & 1:
                if at + 1 >= len(data):
                    return bytes(out)
                offset, length = (data[at] << 4) | (data[at + 1] >> 4), (data[at + 1] & 15) + 2
                at += 2
                if offset == write % _DICTIONARY_BYTES:
                    return bytes(out)
                for step in range(length):
                    byte = window[(offset + step) % _DICTIONARY_BYTES]
                    window[write % _DICTIONARY_BYTES] = byte
                    out.append(byte)
                    write += 1
            elif at < len(data):
                window[write % _DICTIONARY_BYTES] = data[at]
                out.append(data[at])
                write += 1
                at += 1
    return bytes(out)


def _attachments(file: CompoundFile, codec: str) -> list[str]:
    folders = dict.fromkeys(
        path.partition("/")[0] + "/" for path in sorted(file.streams) if path.startswith(_ATTACHMENT) and "/" in path
    )
    names = (_text(file, _LONG_NAME, codec, folder) or _text(file, _SHORT_NAME, codec, folder) for folder in folders)
    return [f"attachment not opened: {name or 'without a name'}" for name in names]
