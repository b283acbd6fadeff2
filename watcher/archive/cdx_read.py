"""Reads CDX and CDXJ indexes as web archives publish them: which record of which WARC file holds which address.

CDX: a first line ` CDX N b a m s k r M S V g` names the columns by letters
(https://archive.org/web/researcher/cdx_file_format.php). CDXJ: key, fourteen digits, JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LONGEST_LINE = 1 << 20
_USUAL = {11: "N b a m s k r M S V g", 9: "N b a m s k r V g"}


class CdxError(ValueError):
    """A line of an index cannot be read; `line` counts from 1."""

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, kw_only=True, slots=True)
class CdxEntry:
    """One line. `filename` is the bare name of the WARC file: folders that an index names are not believed."""

    url: str
    captured_at: datetime
    filename: str
    offset: int


def read_cdx(path: Path) -> Iterator[CdxEntry]:
    """The entries in order. CdxError names the line that is wrong."""
    letters: list[str] = []
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LONGEST_LINE):
            number += 1
            if len(raw) == LONGEST_LINE:
                raise CdxError(f"is longer than {LONGEST_LINE} bytes", line=number)
            line = raw.decode("utf-8", "replace").strip("\r\n")
            if line.startswith((" CDX ", "CDX ")):
                letters = line.split()[1:]
            elif line.strip() and not line.startswith("!"):
                try:
                    yield _from_cdxj(line) if "{" in line.split(" ", 2)[-1][:1] else _from_cdx(line, letters)
                except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
                    raise CdxError(f"is no line of a CDX or CDXJ index ({error})", line=number) from error


def _from_cdxj(line: str) -> CdxEntry:
    _, digits, text = line.split(" ", 2)
    fields = json.loads(text)
    return _entry(str(fields["url"]), digits, str(fields["filename"]), str(fields["offset"]))


def _from_cdx(line: str, letters: list[str]) -> CdxEntry:
    values = line.split()
    names = letters or _USUAL[len(values)].split()
    fields = dict(zip(names, values, strict=True))
    return _entry(fields["a"], fields["b"], fields["g"], fields["V"])


def _entry(url: str, digits: str, filename: str, offset: str) -> CdxEntry:
    moment = datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    bare = filename.replace("\\", "/").rsplit("/", 1)[-1]
    if not bare or bare in (".", "..") or not offset.isdigit():
        raise ValueError(f"file {filename[:80]!r}, offset {offset[:20]!r}")
    return CdxEntry(url=url, captured_at=moment, filename=bare, offset=int(offset))
