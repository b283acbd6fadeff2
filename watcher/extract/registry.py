"""Which extractor reads which media type, and the one function that runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import NoReturn

from watcher.errors import ConfigError, ExtractError
from watcher.extract import sniff
from watcher.extract.limits import MAX_PAYLOAD_BYTES, refuse
from watcher.extract.oddities import mojibake_note, other_kind_inside
from watcher.extract.patterns import apply_patterns
from watcher.extract.questions import with_questions
from watcher.extract.reading import NO_RULES, Payload, Reading
from watcher.model.document import Document, ExtractRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Extractor:
    """Name and version as recorded on each Version, and the function that reads, imported when first used."""

    name: str
    version: int
    module: str
    function: str

    def load(self) -> Callable[[Payload], Reading]:
        """The reading function."""
        return getattr(import_module(self.module), self.function)  # type: ignore[no-any-return]


def _extractor(name: str, version: int, module: str | None = None) -> Extractor:
    return Extractor(name=name, version=version, module=f"watcher.extract.{module or name}", function=f"read_{name}")


HTML = _extractor("html", 3)
TEXT = _extractor("text", 2)
DELIMITED = _extractor("delimited", 1)
PDF = _extractor("pdf", 2)
DOCX = _extractor("docx", 2)
PPTX = _extractor("pptx", 2)
ODT = _extractor("odt", 2)
SPREADSHEET = _extractor("spreadsheet", 2)
RTF = _extractor("rtf", 2)
JSON = _extractor("json", 2, "structured")
XML = _extractor("xml", 2)
FEED = _extractor("feed", 1)
MAIL = _extractor("mail", 2)
EPUB = _extractor("epub", 1)
MSG = _extractor("msg", 1)
DOC = _extractor("doc", 1)
PICTURE = _extractor("picture", 1)
NONE = Extractor(name="none", version=1, module=__name__, function="read_nothing")

EXTRACTORS = {
    sniff.HTML: HTML,
    sniff.TEXT: TEXT,
    sniff.MARKDOWN: TEXT,
    sniff.CSV: DELIMITED,
    sniff.PDF: PDF,
    sniff.DOCX: DOCX,
    sniff.PPTX: PPTX,
    sniff.ODT: ODT,
    sniff.ODS: SPREADSHEET,
    sniff.XLSX: SPREADSHEET,
    sniff.XLSB: SPREADSHEET,
    sniff.XLS: SPREADSHEET,
    sniff.RTF: RTF,
    sniff.JSON: JSON,
    sniff.XML: XML,
    sniff.RSS: FEED,
    sniff.ATOM: FEED,
    sniff.MAIL: MAIL,
    sniff.EPUB: EPUB,
    sniff.MSG: MSG,
    sniff.DOC: DOC,
}

# In data and feeds a question mark asks nobody.
_OF_PROSE = (HTML, TEXT, PDF, DOCX, PPTX, ODT, SPREADSHEET, RTF, XML, MAIL, EPUB, MSG, DOC, PICTURE)

_UNREAD_KINDS = {
    sniff.PPT: "the old PowerPoint format (.ppt)",
    sniff.ZIP: "a zip archive",
    sniff.OLE: "an unknown compound file",
}


def extractor_for(payload: bytes, *, media_type: str | None, name: str = "") -> tuple[str, int, str]:
    """(extractor name, extractor version, judged media type) without reading the payload.

    The name is "none" for media types that no extractor reads. Never raises.
    """
    judged = sniff.judge(payload, media_type=media_type, name=name)
    extractor = _for_type(judged)
    return extractor.name, extractor.version, judged


def extract(
    payload: bytes,
    *,
    media_type: str | None,
    charset: str | None,
    rules: ExtractRules = NO_RULES,
    name: str = "",
) -> Document:
    """The Document that a payload holds.

    `media_type` and `charset` are as the server declared them, None when it did not; `name` is a file name or URL.
    The payload's own bytes decide; where the server said otherwise, `notes` tell. ExtractError says by `code` why
    there is no Document: unsupported, encrypted, damaged, too_large, no_text, selector_matched_nothing.
    ConfigError for what is no selector or no pattern.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        refuse("the payload", found=len(payload), limit=MAX_PAYLOAD_BYTES, unit="bytes")
    if not payload.strip(b"\x00\t\n\r "):
        raise ExtractError("the payload is empty", code="no_text")
    judged = sniff.judge(payload, media_type=media_type, name=name)
    extractor = _for_type(judged)
    reading = _read(extractor, Payload(data=payload, media_type=judged, charset=charset, rules=rules, name=name))
    notes = (*_mismatch(media_type, judged), *_other_kind(payload, judged), *reading.notes)
    if (rules.select or rules.remove) and extractor is not HTML:
        notes = (*notes, "select and remove rules apply to HTML only and were not used")
    if reading.charset is not None and (mojibake := mojibake_note("\n".join(block.text for block in reading.blocks))):
        notes = (*notes, mojibake)
    patterned = apply_patterns(with_questions(reading.blocks) if extractor in _OF_PROSE else reading.blocks, rules)
    blocks = patterned.blocks
    if reading.blocks and not blocks:
        raise ExtractError("the patterns of the Definition leave no text", code="no_text")
    if all(block.boilerplate for block in blocks):
        blocks = tuple(replace(block, boilerplate=False) for block in blocks)
    return Document(
        title=reading.title,
        blocks=blocks,
        media_type=judged,
        charset=reading.charset,
        extractor=extractor.name,
        extractor_version=extractor.version,
        notes=(*notes, *patterned.notes),
        left_out=patterned.left_out,
        rules=(*reading.rules, *patterned.matches),
    )


def current_number(name: str) -> int | None:
    """The number that an extractor has today, None for a name that no extractor has."""
    return next((one.version for one in (*EXTRACTORS.values(), NONE) if one.name == name), None)


def _read(extractor: Extractor, payload: Payload) -> Reading:
    """Run an extractor; whatever its libraries raise on bytes that they were not made for is a damaged payload."""
    try:
        return extractor.load()(payload)
    except (ExtractError, ConfigError):
        raise
    except RecursionError as error:
        message = f"the {extractor.name} document is too large to read: it is nested too deeply"
        raise ExtractError(message, code="too_large") from error
    except MemoryError as error:
        message = f"the {extractor.name} document is too large to read: memory ran out"
        raise ExtractError(message, code="too_large") from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError, RuntimeError) as error:
        message = f"the {extractor.name} document is damaged and cannot be read ({type(error).__name__}: {error})"
        raise ExtractError(message, code="damaged") from error


def read_nothing(payload: Payload) -> NoReturn:
    """Refuse a media type that no extractor reads, by name."""
    if payload.media_type == sniff.ENCRYPTED_OFFICE:
        raise ExtractError("the Office document is encrypted and needs a password", code="encrypted")
    kind = _UNREAD_KINDS.get(payload.media_type, payload.media_type)
    raise ExtractError(f"the payload is {kind}, which no extractor reads", code="unsupported")


def _for_type(media_type: str) -> Extractor:
    found = EXTRACTORS.get(media_type)
    if found is None and media_type.startswith("text/"):
        return TEXT
    if found is None and media_type.startswith("image/"):
        return PICTURE
    return found or NONE


def _other_kind(payload: bytes, judged: str) -> tuple[str, ...]:
    note = other_kind_inside(payload, judged)
    return (note,) if note else ()


def _mismatch(declared: str | None, judged: str) -> tuple[str, ...]:
    said = sniff.normal(declared)
    if not said or said == judged or _for_type(said) is _for_type(judged):
        return ()
    return (f"the server said {said}, the payload is {judged}",)
