"""The time that the quality gate takes beside extraction, for pages of 60 kB.

Prints one JSON line. Times are CPU milliseconds, the median of REPEATS; trust the ratio to extraction.

    python benchmarks/quality.py
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from watcher.extract import extract, judge_quality
from watcher.model.document import Block, BlockKind

REPEATS = 50
SIZE = 60_000
SHORT = "<h1>Statement on the Convention</h1><p>The Ministry welcomes the report and will answer it in writing.</p>"
FURNITURE = "<div class='column wide' data-role='teaser'><img src='/pictures/large.jpg'></div>"
SCRIPT = "<script>window.dataLayer = window.dataLayer || []; function tag() { dataLayer.push(arguments); }</script>"
REFRESH = "<meta http-equiv=refresh content='600; url=/next'>"


def main() -> None:
    """Measure a short text among much markup, one among scripts, and a long text."""
    pages = {
        "short_text_in_markup": _page(SHORT, FURNITURE),
        "short_text_in_scripts": _page(REFRESH + SHORT, SCRIPT),
        "long_text": _page(SHORT, SHORT.replace("Ministry", "Government")),
    }
    results = {name: _measure(payload.encode()) for name, payload in pages.items()}
    print(json.dumps({"benchmark": "quality", "bytes": SIZE, "results": results}))


def _page(body: str, filling: str) -> str:
    return f"<html><head><title>Statement</title></head><body>{body}{filling * (SIZE // len(filling))}</body></html>"


def _measure(payload: bytes) -> dict[str, float]:
    document = extract(payload, media_type="text/html", charset="utf-8")
    before = replace(document, blocks=(*document.blocks, Block(kind=BlockKind.PARAGRAPH, text="It was open.")))
    return {
        "extract_ms": _milliseconds(lambda: extract(payload, media_type="text/html", charset="utf-8")),
        "judge_ms": _milliseconds(lambda: judge_quality(payload, document)),
        "judge_after_good_ms": _milliseconds(lambda: judge_quality(payload, document, last_good=before)),
    }


def _milliseconds(run: Callable[[], object]) -> float:
    took = []
    for _ in range(REPEATS):
        started = time.process_time()
        run()
        took.append(time.process_time() - started)
    return round(1000 * statistics.median(took), 3)


if __name__ == "__main__":
    main()
