"""What a version of a page costs on disk with packs and without, and how long storing and reading it take.

One JSON line. Real pages are the histories of ../shared, where they are; a made page that is edited daily comes with
this file. `du` is in bytes of disk blocks a version, `folders` the part of it that folders have, which a larger
archive shares among more payloads. Put and get are medians in ms; verify reads every payload back as `watcher
verify` does, in ms of processor time a payload.

    .venv/bin/python benchmarks/archive.py [--versions 200]
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from watcher.archive import create_archive, open_archive
from watcher.archive.verify_payloads import payload_reader

HISTORIES = Path(__file__).resolve().parents[2] / "shared" / "eval" / "histories" / "ota"
REAL_PAGES = (
    "contrib-versions__ubuntu.com__Privacy_Policy",
    "contrib-versions__The_Register__Privacy_Policy",
    "pga-versions__Facebook__Terms_of_Service",
    "pga-versions__LinkedIn__Community_Guidelines",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--versions", type=int, default=200)
    parser.add_argument("--histories", type=Path, default=HISTORIES)
    options = parser.parse_args()
    pages = {"made": made_page(options.versions)}
    for name in REAL_PAGES:
        path = options.histories / f"{name}.jsonl.xz"
        if path.exists():
            pages[name.split("__", 1)[1]] = real_page(path, options.versions)
    print(json.dumps({"benchmark": "archive", "pages": {name: measure(found) for name, found in pages.items()}}))


def measure(versions: list[bytes]) -> dict[str, object]:
    """One page stored twice, with packs and without."""
    with tempfile.TemporaryDirectory(prefix="watcher-") as folder:
        with_packs = store(Path(folder) / "packs", versions, alike=True)
        without = store(Path(folder) / "whole", versions, alike=False)
    return {
        "versions": len(versions),
        "median_bytes": round(statistics.median(map(len, versions))),
        "packs": with_packs,
        "whole": without,
        "du_ratio": round(without["du"] / with_packs["du"], 1),
        "put_ratio": round(with_packs["put_ms"] / without["put_ms"], 2),
        "get_ratio": round(with_packs["get_ms"] / without["get_ms"], 2),
    }


def store(root: Path, versions: list[bytes], *, alike: bool) -> dict[str, float]:
    """Store all versions in order, read them back, and say what that took."""
    archive = create_archive(root, origin="benchmark")
    digests: list[str] = []
    put: list[float] = []
    for version in versions:
        like = digests[-1] if alike and digests else None
        started = time.perf_counter()
        digests.append(archive.put_payload(version, like=like))
        put.append(time.perf_counter() - started)
    fresh = open_archive(root)
    fresh.get_payload(digests[-1])
    get: list[float] = []
    for digest, version in zip(digests, versions, strict=True):
        started = time.perf_counter()
        assert fresh.get_payload(digest) == version
        get.append(time.perf_counter() - started)
    reader = payload_reader(fresh.storage)
    started = time.process_time()
    for _, digest in reader.order(set(fresh.payloads.digests())):
        reader.read(digest)
    verify = time.process_time() - started
    blocks, folders, apparent, whole = disk_use(root)
    return {
        "du": round((blocks + folders) / len(versions)),
        "folders": round(folders / len(versions)),
        "apparent": round(apparent / len(versions)),
        "keyframes": whole,
        "put_ms": round(statistics.median(put) * 1000, 2),
        "get_ms": round(statistics.median(get) * 1000, 3),
        "verify_ms": round(verify / len(versions) * 1000, 3),
    }


def disk_use(root: Path) -> tuple[int, int, int, int]:
    """(bytes of blocks of payload and pack files, of their folders, apparent bytes, number of whole payloads)."""
    blocks = folders = apparent = whole = 0
    for place, _, names in os.walk(root / "payloads"):
        folders += Path(place).stat().st_blocks * 512
        for name in names:
            found = Path(place, name).stat()
            blocks += found.st_blocks * 512
            apparent += found.st_size
            whole += name.endswith(".zst")
    return blocks, folders, apparent, whole


def real_page(path: Path, number: int) -> list[bytes]:
    """The distinct versions of a page in their order."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        texts = dict.fromkeys(json.loads(line)["text"].encode() for line in lines)
    return list(texts)[:number]


def made_page(number: int) -> list[bytes]:
    """A page of about 35 kB of which a date, a token and now and then a sentence change."""
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 11))) for _ in range(3000)]
    paragraphs = [" ".join(chance.choices(words, k=80)) for _ in range(60)]
    versions = []
    for day in range(number):
        if day % 5 == 0:
            sentence = " ".join(chance.choices(words, k=12))
            paragraphs[chance.randrange(60)] += f". {sentence}"
        body = "\n".join(f"<p>{paragraph}.</p>" for paragraph in paragraphs)
        token = chance.randbytes(16).hex()
        versions.append(f'<html><meta name="csrf" content="{token}"><p>Day {day}</p>\n{body}</html>'.encode())
    return versions


if __name__ == "__main__":
    main()
