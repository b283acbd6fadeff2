"""That every file of the real collections of ../shared is read, or refused by name, within its time.

Each file goes through a child process that can be killed. Prints one JSON line: for each collection how many files
gave text (`text`) or a named error (by its code), and which gave `neither`, a `crash` (anything else raised, or a lost
child) or a `hang`; the slowest one; for the charset files how many were decoded as the name of their folder says.
Ends with code 1 when a file gave neither, a crash or a hang.

    python benchmarks/corpora.py [charsets feeds robots documents articles pages] [--every 1]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from fuzz_reading import Observed, observe
from real_pages import SHARED, article_pages, members, page_pairs_pages

from watcher.errors import ExtractError
from watcher.fetch.robots import allows, crawl_delay_seconds
from watcher.fetch.robots_line import forbidding_line, sitemaps
from watcher.isolation import ChildPool

SECONDS = 20.0
DOCUMENTS = SHARED / "documents"
COLLECTIONS = ("charsets", "feeds", "robots", "documents", "articles", "pages")
_ASKED_URL = "https://www.example.org/a/press/statement-2026.html"


def main() -> None:
    """Read the collections and print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="*", choices=[[], *COLLECTIONS], default=[])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="read every Nth file only")
    asked = parser.parse_args()
    if not DOCUMENTS.is_dir():
        sys.exit("the real documents of ../shared are not here")
    with ChildPool(size=1, seconds=SECONDS) as children:
        results = {name: _measure(name, children, asked.every) for name in asked.collections or COLLECTIONS}
    print(json.dumps({"benchmark": "corpora", "seconds_allowed": SECONDS, "results": results}))
    sys.exit(1 if any(result["wrong"] for result in results.values()) else 0)


def _files(collection: str) -> Iterator[tuple[str, bytes]]:
    if collection == "charsets":
        found = members(DOCUMENTS / "chardet_encoding_corpus.tar.xz")
        return ((name, payload) for name, payload in found if "/tests/" in f"/{name}")
    if collection == "feeds":
        found = members(DOCUMENTS / "feedparser_feeds_corpus.tar.xz")
        return ((name, payload) for name, payload in found if name.endswith(".xml"))
    if collection == "robots":
        found = members(DOCUMENTS / "protego_robots_corpus.tar.xz")
        return ((name, payload) for name, payload in found if "/test_data/" in name)
    if collection == "documents":
        names = ("pdf_samples", "markitdown_office_and_pdf_samples")
        return (each for name in names for each in members(DOCUMENTS / f"{name}.tar.xz"))
    return article_pages() if collection == "articles" else page_pairs_pages()


def _measure(collection: str, children: ChildPool, every: int) -> dict[str, object]:
    counts: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    right = decodable = 0
    slowest = (0.0, "")
    for place, (name, payload) in enumerate(_files(collection)):
        if place % every:
            continue
        started = time.perf_counter()
        outcome, seen = _outcome(collection, name, payload, children)
        slowest = max(slowest, (time.perf_counter() - started, name))
        counts[outcome] += 1
        if outcome in ("neither", "crash", "hang"):
            wrong[name] = f"{outcome}: {seen.problem or seen.message}"[:300]
        if collection == "charsets":
            truth = _decoded(payload, PurePath(name).parent.name)
            decodable += truth is not None
            right += truth is not None and truth == _decoded(payload, seen.charset)
    more = {"decoded_right": right, "decodable": decodable} if decodable else {}
    return {
        "files": counts.total(),
        **dict(counts.most_common()),
        **more,
        "slowest_ms": round(1000 * slowest[0]),
        "slowest": slowest[1],
        "wrong": wrong,
    }


def _outcome(collection: str, name: str, payload: bytes, children: ChildPool) -> tuple[str, Observed]:
    try:
        if collection == "robots":
            return ("read" if children.run(_ask_robots, payload) else "crash"), Observed()
        seen = children.run(_observe_named, payload, name if collection != "articles" else "page.html")
    except ExtractError as error:
        return ("hang" if error.code == "timed_out" else "crash"), Observed(message=str(error))
    if seen.problem:
        return ("neither" if "without text" in seen.problem else "crash"), seen
    return seen.code or "text", seen


def _observe_named(payload: bytes, name: str) -> Observed:
    return observe(payload, None, name=name)


def _ask_robots(payload: bytes) -> bool:
    """Ask all that the product asks of a robots.txt."""
    text = payload.decode("utf-8", "replace")
    allowed = allows(text, _ASKED_URL)
    line = forbidding_line(text, _ASKED_URL)
    return crawl_delay_seconds(text) >= 0.0 and isinstance(sitemaps(text), tuple) and not (allowed and line)


def _decoded(payload: bytes, charset: str | None) -> str | None:
    try:
        return payload.decode(charset) if charset else None
    except (LookupError, UnicodeDecodeError):
        return None


if __name__ == "__main__":
    main()
