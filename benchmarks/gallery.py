"""A page of forty Diffs in every rendering, to look at: made pairs, and real ones where ../shared is present.

Writes build/gallery.html, which needs no network, and prints one JSON line. Real texts are read, never kept in git.

    python benchmarks/gallery.py [OUT]
"""

from __future__ import annotations

import csv
import json
import lzma
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gallery_pairs import MADE
from real_pages import SHARED

from watcher.extract import extract
from watcher.model.capture import Trigger
from watcher.model.change import Change
from watcher.model.document import Document
from watcher.model.source import Definition, Source, SourceState
from watcher.model.subscription import Cadence, Digest, DigestEntry, SourceReach, Subscription, SubscriptionFilter
from watcher.pipeline.answer import comparison_facts
from watcher.pipeline.compare import Comparison, compare_documents
from watcher.render import plain_diff, render_digest, unified_diff
from watcher.render.environment import ENVIRONMENT
from watcher.settings import load_pack_text

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "gallery.html"
WANTED = 40
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
EDITS = ("critical", "major", "minor", "noise")

PAGE = ENVIRONMENT.from_string("""{% from "shared/hunk.html" import hunk %}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Gallery of Diffs</title><style>{{ css }}
.mailed { width: 100%; height: 420px; border: 1px solid var(--line); }
</style></head><body><main><h1>Gallery of Diffs</h1>
<ol>{% for one in shown %}<li><a href="#d{{ loop.index }}">{{ one.title }}</a></li>{% endfor %}</ol>
{% for one in shown %}
<section id="d{{ loop.index }}"><h2>{{ loop.index }}. {{ one.title }}</h2>
<p><span class="tag severity-{{ one.comparison.judgement.severity }}">{{ one.comparison.judgement.severity }}</span>
<span class="quiet">{{ one.comparison.kind | said }}: {{ one.comparison.reason }}</span></p>
<h3>Page, one below the other</h3>{% for each in one.hunks %}{{ hunk(each | page_hunk) }}
{% else %}<p class="empty">No passage differs.</p>{% endfor %}
<h3>Page, side by side</h3>{% for each in one.hunks %}{{ hunk(each | page_hunk, side=true) }}{% endfor %}
<h3>Terminal and plain text</h3><pre class="unified">{{ one.plain }}</pre>
<h3>Unified</h3><pre class="unified">{{ one.unified }}</pre>
<details><summary>E-mail</summary>
<iframe class="mailed" sandbox srcdoc="{{ one.mail }}" title="E-mail"></iframe></details>
<details><summary>E-mail as text</summary><pre class="unified">{{ one.mail_text }}</pre></details>
<details><summary>JSON</summary><pre class="unified">{{ one.facts }}</pre></details>
</section>{% endfor %}</main></body></html>
""")


def main() -> None:
    """Write the page."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    pack_text = load_pack_text(ROOT / "config", "mine_action").text
    pairs = [*MADE, *real_pairs(WANTED - len(MADE))]
    shown = [_shown(title, _read(old, media), _read(new, media), pack_text) for title, media, old, new in pairs]
    css = (ROOT / "watcher" / "web" / "static" / "watcher.css").read_text()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(PAGE.render(shown=shown, css=css), "utf-8", "replace")
    line = {"benchmark": "gallery", "out": str(out), "diffs": len(shown), "real": len(shown) - len(MADE)}
    print(json.dumps(line | {"bytes": out.stat().st_size}))


def real_pairs(count: int) -> Iterator[tuple[str, str, str, str]]:
    """(title, media type, old, new): silent edits of government pages of each severity, and two pages of a site."""
    found = [*_edits(count - 2), *_pages(2)]
    yield from found[:count]


def _edits(count: int) -> Iterator[tuple[str, str, str, str]]:
    path = SHARED / "gov_edits.csv"
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    turns = [[row for row in rows if row["severity"] == severity] for severity in EDITS]
    for place in range(count):
        turn = turns[place % len(turns)]
        if place // len(turns) < len(turn):
            row = turn[place // len(turns)]
            yield f"Real edit {row['id']}, labelled {row['severity']}", "text/plain", row["old"], row["new"]


def _pages(count: int) -> Iterator[tuple[str, str, str, str]]:
    for path in sorted((SHARED / "html_pairs").glob("*.jsonl.xz"))[:count]:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            states = [json.loads(line)["html"] for line in lines]
        if len(states) > 1:
            yield f"Real page, {path.name.split('.')[0]}", "text/html", states[0], states[-1]


def _read(text: str, media_type: str) -> Document:
    return extract(text.encode(), media_type=media_type, charset="utf-8", name="")


def _shown(title: str, old: Document, new: Document, pack_text: str) -> dict[str, Any]:
    comparison = compare_documents(old, new, subjects=(), instruments=(), same_document=True, pack_text=pack_text)
    message = render_digest(_digest(title, comparison), base_url="http://127.0.0.1:8080")
    left, right = ([block.text for block in document.blocks] for document in (old, new))
    return {
        "title": title,
        "comparison": comparison,
        "hunks": sorted(comparison.diff.hunks, key=lambda hunk: hunk.boilerplate),
        "plain": plain_diff(comparison.diff, width=90),
        "unified": unified_diff(left, right, comparison.diff, old_name="before", new_name="now"),
        "mail": message.html,
        "mail_text": message.text,
        "facts": json.dumps(comparison_facts(comparison), ensure_ascii=False, indent=1),
    }


def _digest(title: str, comparison: Comparison) -> Digest:
    source = Source(
        source_id="gallery",
        state=SourceState.ACTIVE,
        definition=Definition(url="https://records.example.org/page", title=title, publisher="Ministry"),
        registered_at=NOON - timedelta(days=90),
        next_check_at=NOON,
    )
    change = Change(
        change_id="v0..v1",
        source_id="gallery",
        from_version_id="v0",
        to_version_id="v1",
        captured_from_at=NOON - timedelta(days=30),
        captured_at=NOON,
        recorded_at=NOON,
        trigger=Trigger.SLOT,
        kind=comparison.kind,
        alert=True,
        reason=comparison.reason,
        pack="mine_action",
        pack_version=1,
        diff=comparison.diff,
        judgement=comparison.judgement,
    )
    entry = DigestEntry(
        change=change,
        source=source,
        old_sequence=1,
        new_sequence=2,
        old_payload_sha256="0" * 64,
        new_payload_sha256="1" * 64,
    )
    subscription = Subscription(
        subscription_id="desk",
        recipient="desk@example.org",
        filter=SubscriptionFilter(),
        cadence=Cadence.DAILY,
        covered_until=NOON - timedelta(days=1),
        next_digest_at=NOON,
        covered_ordinal=0,
    )
    nothing: tuple[SourceReach, ...] = ()
    return Digest(
        digest_id="gallery",
        subscription=subscription,
        period_from=NOON - timedelta(days=1),
        looked_from=NOON - timedelta(days=1),
        period_to=NOON,
        composed_at=NOON,
        entries=(entry,),
        noise_count=0,
        sources_watched=1,
        attempts=4,
        unreached=nothing,
        unchecked=(),
        held=nothing,
        unobserved=nothing,
        noted=nothing,
        checkpoint="gallery\n1\nAAAA",
    )


if __name__ == "__main__":
    main()
