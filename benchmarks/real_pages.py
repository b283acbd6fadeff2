"""Real pages beside the project, for benchmarks that measure on them."""

from __future__ import annotations

import gzip
import json
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "eval"


def page_pairs_pages(folder: Path = SHARED / "html_pairs") -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every snapshot of the pages that were captured again and again."""
    for path in sorted(folder.glob("*.jsonl.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                snapshot = json.loads(line)
                yield f"{path.name.removesuffix('.jsonl.xz')}/{snapshot['snapshot']}", snapshot["html"].encode()


def article_pages(path: Path = SHARED / "documents" / "article_extraction.tar.xz") -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of news pages of many makers."""
    for name, payload in members(path):
        if name.endswith(".html.gz"):
            yield name, gzip.decompress(payload)


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the files in a tar file."""
    if not path.exists():
        return
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield member.name, stream.read()
