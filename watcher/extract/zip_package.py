"""Zip-packaged documents, unpacked within limits that are counted before anything is parsed."""

from __future__ import annotations

import io
import zipfile
import zlib
from xml.etree.ElementTree import Element

from watcher.errors import ExtractError
from watcher.extract.limits import MAX_UNPACKED_BYTES, MAX_ZIP_MEMBERS, refuse
from watcher.extract.safe_xml import parse_xml

_CHUNK = 1 << 16
_STRICT_NAMESPACES = (
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
)
"""Namespaces of the strict variant of ISO/IEC 29500 and the usual ones that mean the same."""


class ZipPackage:
    """Read access to the members of a package held in memory; `what` names the document in messages."""

    def __init__(self, data: bytes, *, what: str) -> None:
        self.what = what
        self._unpacked = 0
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise ExtractError(f"{what} is a damaged package: {error}", code="damaged") from error
        members = self._zip.infolist()
        if len(members) > MAX_ZIP_MEMBERS:
            refuse(what, found=len(members), limit=MAX_ZIP_MEMBERS, unit="package members")
        declared = sum(member.file_size for member in members)
        if declared > MAX_UNPACKED_BYTES:
            refuse(what, found=declared, limit=MAX_UNPACKED_BYTES, unit="bytes unpacked")
        if any(member.flag_bits & 1 for member in members):
            raise ExtractError(f"{what} is encrypted and needs a password", code="encrypted")
        self.names = tuple(member.filename for member in members)

    def read(self, name: str) -> bytes:
        """The content of one member. ExtractError `damaged` when it is missing or broken, `too_large` past the limit.

        What is really unpacked counts over all members, whatever size they declare.
        """
        pieces: list[bytes] = []
        try:
            with self._zip.open(name) as member:
                while piece := member.read(_CHUNK):
                    self._unpacked += len(piece)
                    if self._unpacked > MAX_UNPACKED_BYTES:
                        refuse(self.what, found=self._unpacked, limit=MAX_UNPACKED_BYTES, unit="bytes unpacked")
                    pieces.append(piece)
        except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
            raise ExtractError(f"{self.what} is damaged: its part {name} cannot be read", code="damaged") from error
        return b"".join(pieces)

    def xml(self, name: str) -> Element:
        """The root element of an XML member."""
        data = self.read(name)
        for strict, usual in _STRICT_NAMESPACES:
            data = data.replace(strict, usual)
        return parse_xml(data, what=f"{self.what} ({name})")

    def optional_xml(self, name: str) -> Element | None:
        """The root element of an XML member, None when there is no such member."""
        return self.xml(name) if name in self.names else None

    def check_all(self) -> None:
        """Unpack every member once to prove that the package is whole and within the limit."""
        for name in self.names:
            self.read(name)
