"""The time and memory that extraction takes, beside the bare parsers of the same kinds.

Prints one JSON line. `page_ms` is of HTML near 63 kB: real news pages of ../shared where they are there, and made ones.
`kinds` gives MB of payload a second for each kind, and the most memory that one reading of it holds (Python's own
allocations). Times are CPU times, the median of REPEATS; trust the ratios within one run.

    python benchmarks/extract.py
"""

from __future__ import annotations

import io
import json
import statistics
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree as ET

from real_pages import article_pages
from resiliparse.parse.html import HTMLTree
from selectolax.lexbor import LexborHTMLParser

from watcher.extract import extract

REPEATS = 15
SIZE = 63_000
REAL_SIZES = range(55_000, 72_000)
SENTENCE = "The Ministry welcomes the report of the Secretary-General and will answer it in writing by 14 May 2026. "
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def main() -> None:
    """Measure and print the line."""
    pages = _made_pages()
    real = [payload for _, payload in article_pages() if len(payload) in REAL_SIZES]
    results = {name: _page(payload) for name, payload in pages.items()}
    measured = [_page(payload) for payload in real]
    if measured:
        own = [page["watcher_ms"] for page in measured]
        results["real_pages"] = {
            "pages": len(measured),
            "median_ms": round(statistics.median(own), 2),
            "slowest_ms": max(own),
            "times_selectolax": round(sum(own) / sum(page["selectolax_ms"] for page in measured), 1),
        }
    kinds = {name: _kind(payload, media_type) for name, (payload, media_type) in _kinds(pages).items()}
    print(json.dumps({"benchmark": "extract", "bytes": SIZE, "page_ms": results, "kinds": kinds}))


def _page(payload: bytes) -> dict[str, float]:
    text = payload.decode("utf-8", "replace")
    own = _milliseconds(lambda: extract(payload, media_type="text/html", charset="utf-8"))
    parse = _milliseconds(lambda: LexborHTMLParser(text).root)
    other = _milliseconds(lambda: HTMLTree.parse(text).body)
    return {
        "watcher_ms": own,
        "selectolax_ms": parse,
        "resiliparse_ms": other,
        "times_selectolax": round(own / parse, 1),
        "blocks": len(extract(payload, media_type="text/html", charset="utf-8").blocks),
    }


def _kind(payload: bytes, media_type: str) -> dict[str, float]:
    took = _milliseconds(lambda: extract(payload, media_type=media_type, charset=None))
    tracemalloc.start()
    extract(payload, media_type=media_type, charset=None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    found = {"bytes": len(payload), "ms": took, "MB_per_second": round(len(payload) / took / 1000, 2)}
    bare = _BARE.get(media_type)
    if bare is not None:
        found["times_bare_parse"] = round(took / _milliseconds(lambda: bare(payload)), 1)
    return found | {"peak_MB": round(peak / 1e6, 2)}


def _milliseconds(run: Callable[[], object]) -> float:
    took = []
    for _ in range(REPEATS):
        started = time.process_time()
        run()
        took.append(time.process_time() - started)
    return round(1000 * statistics.median(took), 3)


def _made_pages() -> dict[str, bytes]:
    """Long text, text in much markup, a layout of tables, a table of data; each of about SIZE bytes."""
    furniture = "<div class='card wide'><a href='/news/1'><img src='/p/1.jpg' alt=''></a><span> 1 May </span></div>"
    layout = f"<tr><td width=200><font face=Arial size=2>{SENTENCE}<br><br>{SENTENCE}</font></td><td>&nbsp;</td></tr>"
    items = f"<li><a href='/documents/2026/1'>Statement <b>1</b></a> {SENTENCE[:60]}</li>"
    row = "<tr><td>Kazakhstan</td><td>3 Dec 1997</td><td>9 Oct 2001 a</td></tr>"
    return {
        "long_text": _filled("<p>" + SENTENCE * 3 + "</p>"),
        "much_markup": _filled(furniture * 3 + f"<p>{SENTENCE}</p>"),
        "list_of_links": _filled(items, "<ul>{}</ul>"),
        "table_layout": _filled(layout, "<table border=0>{}</table>"),
        "table_of_data": _filled(row, "<table><tr><th>State<th>Signature<th>Ratification</tr>{}</table>"),
    }


def _filled(piece: str, around: str = "{}") -> bytes:
    body = around.format(piece * (SIZE // len(piece)))
    return f"<!doctype html><html><head><title>Statement</title></head><body>{body}</body></html>".encode()


def _kinds(pages: dict[str, bytes]) -> dict[str, tuple[bytes, str]]:
    count = SIZE // len(SENTENCE)
    item = f"<item><title>Statement</title><link>/1</link><description>{SENTENCE}</description></item>"
    paragraph = f"<w:p><w:r><w:t>{SENTENCE}</w:t></w:r></w:p>"
    document = f"<w:document xmlns:w='{_W}'><w:body>{paragraph * count}</w:body></w:document>"
    rows = "State,Signature,Ratification\n" + "Kazakhstan,3 Dec 1997,9 Oct 2001 a\n" * (SIZE // 35)
    return {
        "html": (b"".join(pages.values()), "text/html"),
        "text": ((SENTENCE + "\n\n").encode() * count, "text/plain"),
        "csv": (rows.encode(), "text/csv"),
        "feed": (f"<rss version='2.0'><channel>{item * count}</channel></rss>".encode(), "application/rss+xml"),
        "json": (json.dumps([{"title": SENTENCE, "year": 2026}] * count).encode(), "application/json"),
        "docx": (_zipped(document), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    }


def _zipped(document: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", document)
    return out.getvalue()


_BARE: dict[str, Callable[[bytes], object]] = {
    "text/html": lambda payload: LexborHTMLParser(payload.decode()).root,
    "application/rss+xml": ET.fromstring,
    "application/json": json.loads,
}

if __name__ == "__main__":
    main()
