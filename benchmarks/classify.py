"""How fast texts are read: prints one JSON line with milliseconds for 100 kB that speak of the field and that do not.

.venv/bin/python benchmarks/classify.py [--pack mine_action] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from watcher.classify import find_positions
from watcher.settings import load_pack

PACKS = Path(__file__).resolve().parents[1] / "config" / "indicators"
CHARACTERS = 100_000
SPOKEN = (
    "We ratified the Mine Ban Treaty and have destroyed our stockpile of anti-personnel mines. "
    "More than 40,000 landmines remain in the eastern provinces, where two farmers were killed last year. "
    "My country does not produce or export landmines and continues to clear the border region. "
)
UNSPOKEN = (
    "The service stores the address that you give when you open an account, and keeps it until you close the account. "
    "You may ask for a copy of your data at any time, and we will answer within thirty days of the request. "
)


def _milliseconds(text: str, rounds: int, read: Callable[[str], None]) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        read(text)
        times.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(times), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", default="mine_action")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    started = time.perf_counter()
    pack, _ = load_pack(PACKS, options.pack)
    compiled = round((time.perf_counter() - started) * 1000, 1)

    def read(text: str) -> None:
        find_positions(text, subject="NOR", pack=pack)

    result = {
        "benchmark": "classify",
        "pack": pack.name,
        "rules": len(pack.rules),
        "compile_ms": compiled,
        "field_100kb_ms": _milliseconds((SPOKEN * 1000)[:CHARACTERS], options.rounds, read),
        "other_100kb_ms": _milliseconds((UNSPOKEN * 1000)[:CHARACTERS], options.rounds, read),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
