"""That one edit of a real page makes exactly one Block differ, and one Hunk.

Takes pages of ../shared, changes one visible place of each in its source (a word changed, inserted or taken out; a
paragraph added or taken out) and compares what is read before and after: one Block differs in its text, all others and
all labels are the same, and the Diff has one Hunk. A Block of which half of the words or less are left may be one
deleted and one inserted. Edits of what is not shown must change nothing. Prints one JSON line; ends with code 1 when a
claim failed.

    python benchmarks/stability.py [--edits 1000] [--seed 7] [--show]
"""

from __future__ import annotations

import argparse
import difflib
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from real_pages import article_pages, page_pairs_pages

from watcher.diff import compare
from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.model.change import HunkOp
from watcher.model.document import Block, Document

NEW_WORD = "zwyxword"
NEW_PARAGRAPH = f"One more {NEW_WORD} of text."
# Snapshots of one page, hours apart, are much alike: every eighth is taken.
EVERY_SNAPSHOT = 8
# A piece of source between two tags; what stands in raw text elements and comments is stepped over.
_PIECE = re.compile(
    r"<!--.*?-->|<(script|style|noscript|textarea|title|template|iframe|svg)\b.*?</\1\s*>|<[^>]*>|([^<]+)",
    re.DOTALL | re.IGNORECASE,
)
_WORD = re.compile(r"(?<![&\w])\w+(?![\w;])")
_PARAGRAPH = re.compile(r"<p\b[^>]*>(?:[^<]|</?(?:a|b|i|em|strong|span)\b[^>]*>)*</p>", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Edit:
    """Source before and after, what was done, and the source with NEW_WORD at the edited place."""

    kind: str
    op: HunkOp
    before: str
    after: str
    probe: str


def main() -> None:
    """Make the edits, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", action="store_true", help="print what failed, with the page and the Blocks")
    asked = parser.parse_args()
    pages = {
        "same_pages_again": list(islice(page_pairs_pages(), 0, None, EVERY_SNAPSHOT)),
        "news_pages": list(article_pages()),
    }
    if not all(pages.values()):
        sys.exit("the real pages of ../shared are not here")
    started = time.process_time()
    results = {
        name: _measure(found, asked.edits // len(pages), random.Random(asked.seed), show=asked.show)
        for name, found in pages.items()
    }
    seconds = round(time.process_time() - started, 1)
    failed = sum(sum(result["failed"].values()) for result in results.values())
    print(json.dumps({"benchmark": "stability", "failed": failed, "cpu_seconds": seconds, "results": results}))
    sys.exit(1 if failed else 0)


def _measure(
    pages: list[tuple[str, bytes]], wanted: int, source: random.Random, *, show: bool
) -> dict[str, dict[str, int]]:
    counts: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    while sum(counts.values()) < wanted:
        name, payload = source.choice(pages)
        edit = source.choice(_EDITS)(payload.decode("utf-8", "replace"), source)
        if edit is None:
            continue
        try:
            old, new = _read(edit.before), _read(edit.after)
            probe = new if edit.probe is edit.after else _read(edit.probe)
        except ExtractError:
            counts["page_without_text"] += 1
            continue
        seen = NEW_WORD in probe.text
        counts[edit.kind if seen else "not_shown"] += 1
        if seen:
            problem = _problem(_expected(edit, probe), old, new)
        else:
            problem = "" if old.blocks == new.blocks else "something changed"
        if problem:
            failed[f"{edit.kind if seen else 'not_shown'}: {problem}"] += 1
            if show:
                _show(name, edit, problem, old, new)
    return {"edits": dict(counts), "failed": dict(failed)}


def _expected(edit: _Edit, probe: Document) -> HunkOp:
    """What the edit is to a reader: a paragraph inside a longer Block, such as a table row, edits that Block."""
    alone = any(block.text in (NEW_WORD, NEW_PARAGRAPH) for block in probe.blocks)
    return edit.op if alone else HunkOp.EDITED


def _problem(op: HunkOp, old: Document, new: Document) -> str:
    """What contradicts the claim that the edited Block alone differs, "" when nothing does."""
    before, after = [list(map(_said, document.blocks)) for document in (old, new)]
    grown = {HunkOp.INSERTED: 1, HunkOp.DELETED: -1}.get(op, 0)
    if len(after) - len(before) != grown:
        return "another number of Blocks"
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    if before[same + (grown <= 0) :] != after[same + (grown >= 0) :]:
        return "more than one Block differs"
    if op is HunkOp.EDITED and _labels(old.blocks[same]) != _labels(new.blocks[same]):
        return "the edited Block has other labels"
    found = [hunk.op for hunk in compare(old, new).hunks]
    if op is HunkOp.EDITED and found == [HunkOp.DELETED, HunkOp.INSERTED]:
        before_words, after_words = (set(_WORD.findall(each.blocks[same].text)) for each in (old, new))
        return "" if len(before_words & after_words) <= len(before_words) / 2 else "a similar Block was not paired"
    return "" if found == [op] else f"Hunks {[str(each) for each in found]}"


def _said(block: Block) -> tuple[object, ...]:
    """All of a Block but the column headings, which hold words of another row."""
    return (*_labels(block), block.text, block.cells, block.links)


def _labels(block: Block) -> tuple[object, ...]:
    return block.kind, block.level, block.anchor, block.boilerplate


def _read(source: str) -> Document:
    return extract(source.encode(), media_type="text/html", charset="utf-8")


def _place(page: str, source: random.Random, *, words: int) -> tuple[int, list[re.Match[str]]] | None:
    """Where a random piece of text with that many words begins in the page, and its words."""
    pieces = [match for match in _PIECE.finditer(page) if match[2] and not match[2].isspace()]
    for _ in range(100):
        piece = source.choice(pieces)
        found = list(_WORD.finditer(piece[2]))
        if len(found) >= words:
            return piece.start(), found
    return None


def _word_edit(page: str, source: random.Random, *, kind: str) -> _Edit | None:
    place = _place(page, source, words=2 if kind == "word_out" else 1)
    if place is None:
        return None
    start, words = place
    word = source.choice(words)
    first, last = start + word.start(), start + word.end()
    put = {"word_changed": NEW_WORD, "word_in": f"{NEW_WORD} {word[0]}", "word_out": ""}[kind]
    after = page[:first] + put + page[last:]
    probe = page[:first] + NEW_WORD + page[last:] if kind == "word_out" else after
    return _Edit(kind=kind, op=HunkOp.EDITED, before=page, after=after, probe=probe)


def _paragraph_edit(page: str, source: random.Random, *, kind: str) -> _Edit | None:
    found = [match for match in _PARAGRAPH.finditer(page) if _WORD.search(re.sub("<[^>]*>", "", match[0]))]
    if not found:
        return None
    chosen = source.choice(found)
    added = f"{page[: chosen.end()]}<p>{NEW_PARAGRAPH}</p>{page[chosen.end() :]}"
    if kind == "paragraph_in":
        return _Edit(kind=kind, op=HunkOp.INSERTED, before=page, after=added, probe=added)
    after = page[: chosen.start()] + page[chosen.end() :]
    probe = page[: chosen.start()] + f"<p>{NEW_WORD}</p>" + page[chosen.end() :]
    return _Edit(kind=kind, op=HunkOp.DELETED, before=page, after=after, probe=probe)


_EDITS: tuple[Callable[[str, random.Random], _Edit | None], ...] = (
    *(partial(_word_edit, kind=kind) for kind in ("word_changed", "word_in", "word_out")),
    *(partial(_paragraph_edit, kind=kind) for kind in ("paragraph_in", "paragraph_out")),
)


def _show(name: str, edit: _Edit, problem: str, old: Document, new: Document) -> None:
    print(f"--- {name}: {edit.kind}: {problem}", file=sys.stderr)
    before, after = [[f"{_labels(block)} {block.text[:150]}" for block in each.blocks] for each in (old, new)]
    for line in list(difflib.unified_diff(before, after, n=1, lineterm=""))[:20]:
        print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
