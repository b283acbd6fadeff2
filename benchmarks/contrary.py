"""How often a pack reads the contrary of what is said: prints one JSON line for each part of `contrary.csv`.

.venv/bin/python benchmarks/contrary.py [--misses seen]

Each sentence names the stances that must be read and those that must not: denials, what was done once, what others did,
what is weighed and not done. `seen` sentences were looked at when cues were written; those of part `held` only count.
The sentences are made up to test the cues; they say nothing of the States that they name.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

from watcher.classify import find_positions
from watcher.model.change import About
from watcher.settings import load_pack

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", default="mine_action")
    parser.add_argument("--misses", default="", help="print what is misread in this part")
    options = parser.parse_args()
    pack, _ = load_pack(ROOT / "config" / "indicators", options.pack)
    with (Path(__file__).parent / "contrary.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    scores: dict[str, list[tuple[int, int, bool]]] = defaultdict(list)
    for row in rows:
        found = find_positions(row["text"], subject=row["subject"], pack=pack)
        read = {f"{one.indicator}.{one.stance}" for one in found if one.about is About.OWN}
        must, contrary = set(row["must"].split()), read & set(row["must_not"].split())
        scores[row["part"]].append((len(must), len(must & read), bool(contrary)))
        if row["part"] == options.misses and (contrary or must - read):
            missed = sorted(must - read)
            print(json.dumps({"missed": missed, "contrary": sorted(contrary), "text": row["text"]}, ensure_ascii=False))
    for part, results in scores.items():
        summary = {
            "benchmark": "contrary",
            "part": part,
            "sentences": len(results),
            "read": round(sum(got for _, got, _ in results) / max(1, sum(wanted for wanted, _, _ in results)), 3),
            "contrary": round(sum(contrary for *_, contrary in results) / len(results), 3),
        }
        print(json.dumps(summary))


if __name__ == "__main__":
    main()
