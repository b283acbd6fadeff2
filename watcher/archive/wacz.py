"""WACZ 1.1.1: WARC files, an index and a list of pages in one zip, for replay in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from watcher.archive.bag import sha256_of
from watcher.archive.warc import record_id

VERSION = "1.1.1"
_PAGES_HEAD = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One state of a page that can be opened in a replayer."""

    url: str
    captured_at: datetime
    title: str


def complete_wacz(
    folder: Path, *, title: str, description: str, software: str, made_at: datetime, pages: Sequence[Page]
) -> None:
    """Write pages/pages.jsonl, datapackage.json and its digest; archive/ and indexes/ are there already."""
    (folder / "pages").mkdir()
    page_lines = [_PAGES_HEAD, *(_page(page) for page in pages)]
    _write_lines(folder / "pages" / "pages.jsonl", page_lines)
    resources = [
        {
            "name": path.name,
            "path": path.relative_to(folder).as_posix(),
            "hash": f"sha256:{sha256_of(path)}",
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    package = {
        "profile": "data-package",
        "wacz_version": VERSION,
        "title": title,
        "description": description,
        "created": _moment(made_at),
        "software": software,
        "resources": resources,
        **({"mainPageUrl": pages[-1].url, "mainPageDate": _moment(pages[-1].captured_at)} if pages else {}),
    }
    (folder / "datapackage.json").write_text(json.dumps(package, indent=2, ensure_ascii=False), encoding="utf-8")
    digest = {"path": "datapackage.json", "hash": f"sha256:{sha256_of(folder / 'datapackage.json')}"}
    (folder / "datapackage-digest.json").write_text(json.dumps(digest), encoding="utf-8")


def write_index(folder: Path, lines: Iterable[str]) -> None:
    """Write indexes/index.cdx, sorted by bytes as replayers search it."""
    (folder / "indexes").mkdir()
    content = b"".join(line + b"\n" for line in sorted(line.encode() for line in lines))
    (folder / "indexes" / "index.cdx").write_bytes(content)


def _page(page: Page) -> dict[str, str]:
    moment = _moment(page.captured_at)
    page_id = record_id("page", page.url, moment).removeprefix("<urn:uuid:").removesuffix(">")
    return {"id": page_id, "url": page.url, "ts": moment, "title": page.title}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _write_lines(path: Path, lines: Iterable[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
