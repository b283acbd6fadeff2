"""What a PDF could do beside being read: scripts, programs to start, files inside. Listed, never run or opened."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from watcher.extract.reading import fold

if TYPE_CHECKING:
    import pypdfium2

_STREAM = re.compile(rb"/ObjStm\b[^>]{0,300}>>\s{0,4}stream\r?\n", re.DOTALL)
_MAXIMUM_UNPACKED = 16 * 1024 * 1024
_MAXIMUM_STREAMS = 5_000
_SHOWN_NAMES = 5
_LONGEST_NAME = 80
_ACTIONS = (
    (re.compile(rb"/S\s{0,4}/JavaScript\b"), "{} script(s), never run"),
    (re.compile(rb"/S\s{0,4}/Launch\b"), "{} action(s) that start a program, never run"),
    (re.compile(rb"/S\s{0,4}/(?:SubmitForm|ImportData|GoToR|GoToE)\b"), "{} action(s) that reach outside, never run"),
)
"""Action types of ISO 32000-1, table 198."""


def list_actions(data: bytes, document: pypdfium2.PdfDocument) -> list[str]:
    """One note for each kind of action or attached file that a PDF holds. Only unencrypted objects can be looked at."""
    import pypdfium2.raw as pdfium

    objects = [data, *_packed_objects(data)]
    notes = []
    for pattern, words in _ACTIONS:
        count = sum(len(pattern.findall(each)) for each in objects)
        if "script" in words:
            count = max(count, pdfium.FPDFDoc_GetJavaScriptActionCount(document))
        if count:
            notes.append("holds " + words.format(count))
    if attachments := pdfium.FPDFDoc_GetAttachmentCount(document):
        notes.append(f"holds {attachments} attached file(s), not read{_names(document, attachments)}")
    return notes


def _packed_objects(data: bytes) -> Iterator[bytes]:
    """Unpacked object streams, as many as the limit allows; broken ones are left out."""
    left = _MAXIMUM_UNPACKED
    view = memoryview(data)
    for match in islice(_STREAM.finditer(data), _MAXIMUM_STREAMS):
        try:
            unpacked = zlib.decompressobj().decompress(view[match.end() :], left)
        except zlib.error:
            continue
        left -= len(unpacked)
        yield unpacked
        if left <= 0:
            return


def _names(document: pypdfium2.PdfDocument, count: int) -> str:
    names = []
    for number in range(min(count, _SHOWN_NAMES)):
        name = fold(document.get_attachment(number).get_name().replace("\x00", ""))
        names.append(name[:_LONGEST_NAME] or "without a name")
    more = f" and {count - _SHOWN_NAMES} more" if count > _SHOWN_NAMES else ""
    return f": {', '.join(names)}{more}" if names else ""
