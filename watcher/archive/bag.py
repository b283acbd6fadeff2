"""Folders of an export as one file: a BagIt 1.0 bag (RFC 8493) in a zip, or any folder in a zip."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from watcher.archive.durable import storage_error, sync_directory
from watcher.errors import RefusedError

STEP_BYTES = 1 << 20
_BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
Told = Callable[[str], None]


def complete_bag(folder: Path, info: Sequence[tuple[str, str]]) -> None:
    """Write the tag files of a bag whose payload lies in `folder`/data: manifests, bag-info.txt and bagit.txt."""
    lines, octets = [], 0
    for name in _names(folder / "data"):
        lines.append(f"{sha256_of(folder / 'data' / name)}  data/{_escaped(name)}\n")
        octets += (folder / "data" / name).stat().st_size
    (folder / "manifest-sha256.txt").write_text("".join(lines), encoding="utf-8")
    described = [*info, ("Payload-Oxum", f"{octets}.{len(lines)}")]
    words = "".join(f"{label}: {' '.join(value.split())}\n" for label, value in described if value)
    (folder / "bag-info.txt").write_text(words, encoding="utf-8")
    (folder / "bagit.txt").write_text(_BAGIT, encoding="utf-8")
    tags = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    tag_lines = "".join(f"{sha256_of(folder / name)}  {name}\n" for name in tags)
    (folder / "tagmanifest-sha256.txt").write_text(tag_lines, encoding="utf-8")


def zip_folder(folder: Path, out: Path, *, top: str, told: Told) -> None:
    """Write all files of a folder to a new zip, durably; what is compressed already is stored as it is.

    `top` is the name of the one folder in the zip, "" for none.
    """
    names = list(_names(folder))
    try:
        with out.open("xb") as file:
            with zipfile.ZipFile(file, "w", allowZip64=True) as packed:
                for number, name in enumerate(names, start=1):
                    kind = zipfile.ZIP_STORED if name.endswith(".gz") else zipfile.ZIP_DEFLATED
                    packed.write(folder / name, f"{top}/{name}" if top else name, compress_type=kind)
                    if number % 1000 == 0:
                        told(f"packed {number} of {len(names)} files")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        out.unlink(missing_ok=True)
        raise storage_error(out, error) from error


def publish(made: Path, out: Path) -> None:
    """Give a finished file its name. RefusedError when there is a file of that name: it is left as it is."""
    try:
        os.link(made, out)
    except FileExistsError as error:
        raise refuse_to_overwrite(out) from error
    except OSError:  # a file system without hard links
        if out.exists():
            raise refuse_to_overwrite(out) from None
        made.rename(out)
    made.unlink(missing_ok=True)
    sync_directory(out.parent)


def refuse_to_overwrite(out: Path) -> RefusedError:
    """The error that says so."""
    return RefusedError(f"{out} is there already and is left as it is: give another name, or move it away")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex, in bounded memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(STEP_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _escaped(name: str) -> str:
    """A file name as a manifest holds it (RFC 8493, 2.1.3)."""
    return re.sub(r"[\r\n%]", lambda found: f"%{ord(found[0]):02X}", name)
