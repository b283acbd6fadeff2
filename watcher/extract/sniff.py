"""What a payload is, told by its own bytes first, then by what the server declared, then by its name."""

from __future__ import annotations

import io
import re
import zipfile

from watcher.errors import ExtractError
from watcher.extract.compound import open_compound

HTML = "text/html"
TEXT = "text/plain"
MARKDOWN = "text/markdown"
CSV = "text/csv"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
XLS = "application/vnd.ms-excel"
DOC = "application/msword"
PPT = "application/vnd.ms-powerpoint"
MSG = "application/vnd.ms-outlook"
ENCRYPTED_OFFICE = "application/x-encrypted-office"
OLE = "application/x-ole-storage"
RTF = "application/rtf"
JSON = "application/json"
XML = "application/xml"
RSS = "application/rss+xml"
ATOM = "application/atom+xml"
MAIL = "message/rfc822"
EPUB = "application/epub+zip"
ZIP = "application/zip"
BINARY = "application/octet-stream"

_HEAD = 4096
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"%!PS", "application/postscript"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
)
_OLE_STREAMS = (
    ("EncryptedPackage", ENCRYPTED_OFFICE),
    ("WordDocument", DOC),
    ("Workbook", XLS),
    ("Book", XLS),
    ("PowerPoint Document", PPT),
    ("__properties_version1.0", MSG),
)
_ZIP_PARTS = (
    ("word/document.xml", DOCX),
    ("xl/workbook.xml", XLSX),
    ("xl/workbook.bin", XLSB),
    ("ppt/presentation.xml", PPTX),
)
_BY_SUFFIX = {
    "html": HTML,
    "htm": HTML,
    "xhtml": HTML,
    "txt": TEXT,
    "text": TEXT,
    "md": MARKDOWN,
    "markdown": MARKDOWN,
    "csv": CSV,
    "tsv": CSV,
    "tab": CSV,
    "json": JSON,
    "jsonl": JSON,
    "ndjson": JSON,
    "geojson": JSON,
    "xml": XML,
    "rss": RSS,
    "atom": ATOM,
    "rdf": XML,
    "eml": MAIL,
    "rtf": RTF,
}
_ALIASES = {
    "application/xhtml+xml": HTML,
    "text/xml": XML,
    "text/rtf": RTF,
    "application/csv": CSV,
    "text/comma-separated-values": CSV,
    "text/tab-separated-values": CSV,
    "text/x-markdown": MARKDOWN,
    "text/json": JSON,
    "application/x-pdf": PDF,
    "application/x-rtf": RTF,
}
_TEXTUAL = frozenset({HTML, TEXT, MARKDOWN, CSV, JSON, XML, RSS, ATOM, MAIL, RTF})
_VAGUE = frozenset({TEXT, BINARY, "binary/octet-stream", "application/download", "application/force-download", ""})
_HTML_START = re.compile(r"(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]|<frameset[\s>])", re.IGNORECASE)
_HTML_TAG = re.compile(
    r"</?(?:p|div|span|a|br|table|td|h[1-6]|ul|li|b|i|font|center|title|meta)\b[^<>]*>", re.IGNORECASE
)
_PROLOG = re.compile(
    r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!doctype[^>\[]*(?:\[.*?\]\s*)?>\s*)*", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_MAIL_HEADER = re.compile(
    r"(?:from|to|subject|date|received|return-path|mime-version|message-id|delivered-to): ", re.IGNORECASE
)


def judge(payload: bytes, *, media_type: str | None, name: str) -> str:
    """The media type of a payload, from the constants above or as declared when nothing tells otherwise."""
    declared = normal(media_type)
    binary = _binary_type(payload)
    if binary is not None:
        return binary
    by_name = _BY_SUFFIX.get(name.rsplit("?", 1)[0].rsplit(".", 1)[-1].lower(), "") if "." in name else ""
    head = _head(payload)
    if head is None:
        return declared if declared and declared not in _TEXTUAL | _VAGUE else BINARY
    return _text_type(head, declared, by_name)


def normal(media_type: str | None) -> str:
    """A declared media type in lower case without parameters, common aliases replaced, "" for none."""
    cleaned = (media_type or "").split(";", 1)[0].strip().lower()
    return _ALIASES.get(cleaned, cleaned)


def _binary_type(payload: bytes) -> str | None:
    head = payload[:1024]
    if b"%PDF-" in head and not head.lstrip().startswith((b"<", b"{")):
        return PDF
    if payload.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(payload)
    if payload.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_type(payload)
    if payload.lstrip()[:5] == b"{\\rtf":
        return RTF
    if payload[4:8] == b"ftyp":
        return "video/mp4"
    if payload.startswith(b"RIFF") and payload[8:12] == b"WEBP":
        return "image/webp"
    return next(
        (kind for mark, kind in _SIGNATURES if payload.startswith(mark) and _is_binary_enough(mark, payload)), None
    )


def _is_binary_enough(mark: bytes, payload: bytes) -> bool:
    """A signature of plain letters counts only where a control byte follows, as no text begins so."""
    return not mark.isalnum() or any(byte < 9 for byte in payload[:64])


def _zip_type(payload: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as package:
            names = frozenset(package.namelist())
            kind = package.read("mimetype")[:100].decode("ascii", "replace").strip() if _has_type(package) else ""
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, EOFError, KeyError):
        return ZIP
    if kind.startswith(ODT):
        return ODT
    return kind or next((found for part, found in _ZIP_PARTS if part in names), ZIP)


def _has_type(package: zipfile.ZipFile) -> bool:
    return "mimetype" in package.namelist() and package.getinfo("mimetype").file_size < 200


def _ole_type(payload: bytes) -> str:
    """The kind of a compound file, by its own streams; by all names in it ([MS-CFB], UTF-16) when it is damaged."""
    try:
        names = frozenset(open_compound(payload).streams)
    except ExtractError:
        names = frozenset(name for name, _ in _OLE_STREAMS if name.encode("utf-16-le") + b"\x00\x00" in payload)
    return next((kind for name, kind in _OLE_STREAMS if name in names), OLE)


def _head(payload: bytes) -> str | None:
    """The beginning as text, None when it is not text. Only ASCII in it can be trusted."""
    head = payload[:_HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return head.decode("utf-32", "replace")
    if head.count(0) > len(head) // 5:
        squeezed = head.replace(b"\x00", b"")
        return None if _looks_binary(squeezed) else squeezed.decode("latin-1")
    return None if _looks_binary(head.replace(b"\x00", b"")) else head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _looks_binary(head: bytes) -> bool:
    shifts = () if b"\x1b" in head else (14, 15)
    controls = sum(head.count(value) for value in (*range(1, 8), *shifts, *range(16, 27), *range(28, 32)))
    return controls > max(2, len(head) * 0.02)


def _text_type(head: str, declared: str, by_name: str) -> str:
    start = head[_end_of_prolog(head) :]
    if _HTML_START.match(start) or re.match(r"\s*<!doctype\s+html", head, re.IGNORECASE):
        return HTML
    root = _ROOT.match(start)
    if root and (found := _markup_type(root[1].lower(), head, start, declared, by_name)):
        return found
    stripped = head.lstrip()
    if declared in _TEXTUAL and declared not in (TEXT, RTF):
        return declared
    if by_name and by_name != RTF:
        return by_name
    if (
        stripped[:1] in ("{", "[")
        and declared not in (TEXT,)
        and re.match(r"[\[{]\s*(?:[\[{\"\]}]|-?\d|true|false|null)", stripped)
    ):
        return JSON
    if len(_MAIL_HEADER.findall("\n".join(head.splitlines()[:20]))) >= 3 and re.match(r"[A-Za-z-]+: ", head):
        return MAIL
    if declared.endswith("+json"):
        return JSON
    if declared.endswith("+xml"):
        return XML
    return TEXT


def _end_of_prolog(head: str) -> int:
    match = _PROLOG.match(head)
    return match.end() if match else 0


def _markup_type(root: str, head: str, start: str, declared: str, by_name: str) -> str:
    """The kind of a text that begins with a tag, "" when it may be something else."""
    if root == "rss" or (root == "rdf" and "purl.org/rss" in head) or (root == "channel" and "<item" in start):
        return RSS
    if root == "feed":
        return ATOM
    if declared == HTML or (declared in _VAGUE and by_name == HTML):
        return HTML
    if (
        head.lstrip().startswith("<?xml")
        or declared in (XML, RSS, ATOM)
        or declared.endswith("+xml")
        or by_name in (XML, RSS, ATOM)
    ):
        return XML
    return HTML if declared != TEXT and len(_HTML_TAG.findall(start)) >= 3 else ""
