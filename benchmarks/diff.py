"""The time and the cost of comparing two texts: this project beside difflib, diff-match-patch and HTML differs.

Prints one JSON line. Times are CPU seconds of the comparison alone; trust the ratios within one run. The cost is the
number of characters, blanks apart, that are marked as deleted or inserted. Each peer runs in a process of its own
(`diff_peers.py`); one that needs more than LIMIT_SECONDS is stopped and not asked for a larger text.

    python benchmarks/diff.py [--python OTHER/bin/python]

The peers that this project does not install (lxml, htmldiff2, redlines, xmldiff) run under `--python` and are skipped
without it.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from watcher.diff import apply, compare
from watcher.model.change import Diff, HunkOp, WordOp
from watcher.model.document import Block, BlockKind, Document

SIZES = (5_000, 50_000, 500_000, 2_000_000)
EDITED_SHARES = (0.01, 0.20)
LIMIT_SECONDS = 10
SHORT_SECONDS = 0.2
VOCABULARY = 8_000
OWN_PEERS = ("difflib_words", "difflib_words_autojunk", "diff_match_patch")
OTHER_PEERS = ("lxml_html_diff", "htmldiff2", "redlines", "xmldiff")
PEERS_SCRIPT = Path(__file__).with_name("diff_peers.py")


def main() -> None:
    """Measure every size and share once and print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="An interpreter that has lxml, htmldiff2, redlines, xmldiff.")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    options = parser.parse_args()
    peers = dict.fromkeys(OWN_PEERS, sys.executable)
    peers |= {name: options.python for name in OTHER_PEERS if options.python}
    results = []
    for share in EDITED_SHARES:
        too_slow: set[str] = set()
        for size in options.sizes:
            old, new = _texts(random.Random(size), size, share)
            results.append({"characters": size, "edited_share": share, **_measure(old, new, peers, too_slow)})
    print(json.dumps({"benchmark": "diff", "limit_seconds": LIMIT_SECONDS, "results": results}))


def _measure(old: list[str], new: list[str], peers: dict[str, str], too_slow: set[str]) -> dict[str, object]:
    """Seconds and cost of each differ; `too_slow` names those that are asked no more and is brought up to date."""
    left, right = _document(old), _document(new)
    diff = compare(left, right)
    assert apply(left, diff) == tuple(new)
    own = min(_seconds(lambda: compare(left, right)) for _ in range(2))
    measured: dict[str, object] = {"watcher": {"seconds": round(own, 4), "cost": _cost(diff), "coarse": diff.coarse}}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("old", "new")]
        for file, text in zip(files, (old, new), strict=True):
            file.write_text("\n".join(text), encoding="utf-8")
        for name, python in peers.items():
            if name in too_slow:
                measured[name] = f"over {LIMIT_SECONDS} s at a smaller size"
                continue
            answer = _peer(python, name, files)
            if "seconds" in answer:
                answer["times_watcher"] = round(float(answer["seconds"]) / own, 1)
            else:
                too_slow.add(name)
            measured[name] = answer
    return measured


def _peer(python: str, name: str, files: list[Path]) -> dict[str, float]:
    """The line that a peer prints; empty when it was stopped or failed."""
    command = [python, str(PEERS_SCRIPT), name, *map(str, files), str(LIMIT_SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode > 0:
        print(f"{name}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
    answer: dict[str, float] = json.loads(done.stdout) if done.returncode == 0 else {}
    return answer


def _cost(diff: Diff) -> int:
    """Characters, blanks apart, that a Diff marks as deleted or inserted."""
    edits = [edit.text for hunk in diff.hunks for edit in hunk.words if edit.op is not WordOp.KEPT]
    whole = [hunk.old + hunk.new for hunk in diff.hunks if not hunk.words and hunk.op is not HunkOp.MOVED]
    return sum(len("".join(text.split())) for text in (*edits, *whole))


def _seconds(run: Callable[[], object]) -> float:
    """CPU seconds of one run; short ones are repeated, because the clock is coarse."""
    started = time.process_time()
    runs = 0
    while runs == 0 or time.process_time() - started < SHORT_SECONDS:
        run()
        runs += 1
    return (time.process_time() - started) / runs


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
