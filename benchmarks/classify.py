"""How fast texts are read: prints one JSON line with CPU milliseconds for 100 kB.

`field`: every sentence speaks of the field; `page`: one in ten; `other`: none. No sentence is like another, and each
round reads a new text; `again` reads the last `field` text once more, as a watched page is read. `statements` are the
texts of `../shared/eval/policy_pairs`, what governments said of mines: read once, forgotten, and read again.

.venv/bin/python benchmarks/classify.py [--pack mine_action] [--rounds 5]
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from watcher.classify import find_positions
from watcher.classify.reading import read_sentence
from watcher.settings import load_pack

PACKS = Path(__file__).resolve().parents[1] / "config" / "indicators"
STATEMENTS = Path(__file__).resolve().parents[2] / "shared" / "eval" / "policy_pairs"
CHARACTERS = 100_000
SPOKEN = (
    "We ratified the Mine Ban Treaty in {year} and have destroyed our stock of {count} anti-personnel mines.",
    "More than {count} landmines remain in the provinces, where {few} farmers were killed after the war of {year}.",
    "My country does not produce or export landmines and continues to clear {count} areas along the border.",
)
UNSPOKEN = (
    "The service stores the address that you gave in {year} when you open account {count}, and keeps it {few} days.",
    "You may ask for a copy of your data at any time, and we will answer request {count} within {few} days.",
)


def _sentences(kinds: tuple[str, ...], numbers: Iterator[int]) -> Iterator[str]:
    for kind in itertools.cycle(kinds):
        number = next(numbers)
        yield kind.format(year=1950 + number % 70, count=1000 + number, few=number % 977)


def _text(numbers: Iterator[int], spoken_in_ten: int) -> str:
    spoken, unspoken = _sentences(SPOKEN, numbers), _sentences(UNSPOKEN, numbers)
    parts: list[str] = []
    size = 0
    for place in itertools.cycle(range(10)):
        parts.append(next(spoken if place < spoken_in_ten else unspoken))
        size += len(parts[-1]) + 1
        if size >= CHARACTERS:
            return " ".join(parts)
    raise AssertionError


def _milliseconds(texts: list[str], read: Callable[[str], None]) -> float:
    times = []
    for text in texts:
        started = time.process_time()
        read(text)
        times.append((time.process_time() - started) * 1000)
    return round(statistics.median(times), 1)


def _statements(read: Callable[[str], None]) -> float | None:
    """Milliseconds for 100 kB of real statements when every cue in them was compiled; None where there are none."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(STATEMENTS.glob("*/*.txt"))]
    if not texts:
        return None
    for text in texts:
        read(text)
    read_sentence.cache_clear()
    started = time.process_time()
    for text in texts:
        read(text)
    return round((time.process_time() - started) * 1000 * CHARACTERS / sum(map(len, texts)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", default="mine_action")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    started = time.process_time()
    pack, _ = load_pack(PACKS, options.pack)
    compiled = round((time.process_time() - started) * 1000, 1)

    def read(text: str) -> None:
        find_positions(text, subject="NOR", pack=pack)

    numbers = itertools.count(1)
    read(_text(numbers, 10))
    field = [_text(numbers, 10) for _ in range(options.rounds)]
    result = {
        "benchmark": "classify",
        "pack": pack.name,
        "rules": len(pack.rules),
        "compile_ms": compiled,
        "field_100kb_ms": _milliseconds(field, read),
        "field_again_100kb_ms": _milliseconds(field[-1:], read),
        "page_100kb_ms": _milliseconds([_text(numbers, 1) for _ in range(options.rounds)], read),
        "statements_100kb_ms": _statements(read),
        "other_100kb_ms": _milliseconds([_text(numbers, 0) for _ in range(options.rounds)], read),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
