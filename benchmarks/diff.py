"""The time to compare two texts: this project, difflib over words, diff-match-patch over characters.

Prints one JSON line. Times are CPU seconds; trust the ratios to this project within one run. A peer whose time,
extrapolated from its last smaller size, is over SKIP_SECONDS is skipped, and the line says so.

    python benchmarks/diff.py
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from difflib import SequenceMatcher

from diff_match_patch import diff_match_patch

from watcher.diff import apply, compare
from watcher.diff.words import tokens
from watcher.model.document import Block, BlockKind, Document

SIZES = (5_000, 50_000, 500_000)
EDITED_SHARES = (0.01, 0.20)
SKIP_SECONDS = 20.0
VOCABULARY = 8_000


def main() -> None:
    """Measure every size and share once and print the line."""
    results = []
    for share in EDITED_SHARES:
        before: dict[str, float] = {}
        for size in SIZES:
            source = random.Random(size)
            old, new = _texts(source, size, share)
            results.append({"characters": size, "edited_share": share, **_measure(old, new, before)})
    print(json.dumps({"benchmark": "diff", "skip_seconds": SKIP_SECONDS, "results": results}))


def _measure(old: list[str], new: list[str], before: dict[str, float]) -> dict[str, object]:
    """Seconds of each differ; `before` holds the seconds at a tenth of the size and is brought up to date."""
    left, right = _document(old), _document(new)
    diff = compare(left, right)
    assert apply(left, diff) == tuple(new)
    own = min(_seconds(lambda: compare(left, right)) for _ in range(3))
    measured: dict[str, object] = {"watcher_seconds": round(own, 4), "coarse": diff.coarse}
    whole_old, whole_new = "\n".join(old), "\n".join(new)
    peers: dict[str, Callable[[], object]] = {
        "difflib_words": lambda: SequenceMatcher(None, tokens(whole_old), tokens(whole_new), False).get_opcodes(),
        "diff_match_patch": lambda: _plain().diff_main(whole_old, whole_new, False),
    }
    for name, run in peers.items():
        predicted = before.get(name, 0.0) * 100
        if predicted > SKIP_SECONDS:
            measured[name] = f"skipped: about {predicted:.0f} s predicted"
            before[name] = predicted
            continue
        before[name] = _seconds(run)
        measured[name] = {"seconds": round(before[name], 4), "times_watcher": round(before[name] / own, 1)}
    return measured


def _plain() -> diff_match_patch:
    differ = diff_match_patch()
    differ.Diff_Timeout = 0
    return differ


def _seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def _texts(source: random.Random, size: int, share: float) -> tuple[list[str], list[str]]:
    """Paragraphs of words with a natural skew of frequencies, and the same with `share` of the words replaced."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["".join(source.choices(letters, k=source.randrange(2, 10))) for _ in range(VOCABULARY)]

    def word() -> str:
        return vocabulary[int(VOCABULARY * source.random() ** 3)]

    old: list[str] = []
    while sum(map(len, old)) < size:
        old.append(" ".join(word() for _ in range(source.randrange(20, 160))))
    new = [" ".join(word() if source.random() < share else each for each in text.split(" ")) for text in old]
    return old, new


def _document(paragraphs: list[str]) -> Document:
    return Document(
        title="",
        blocks=tuple(Block(kind=BlockKind.PARAGRAPH, text=text) for text in paragraphs),
        media_type="text/plain",
        charset="utf-8",
        extractor="benchmark",
        extractor_version=1,
    )


if __name__ == "__main__":
    main()
