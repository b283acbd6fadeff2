"""How well a pack reads wording that no cue was made for: prints one JSON line for each part of `paraphrases.csv`.

.venv/bin/python benchmarks/paraphrases.py [--misses held]

The sentences of part `tune` may be looked at when cues are written; those of part `held` only count.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

from watcher.classify import find_positions
from watcher.settings import load_pack

ROOT = Path(__file__).resolve().parents[1]
NOTHING = "other"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", default="mine_action")
    parser.add_argument("--misses", default="", help="print what is misread in this part")
    options = parser.parse_args()
    pack, _ = load_pack(ROOT / "config" / "indicators", options.pack)
    with (Path(__file__).parent / "paraphrases.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    scores: dict[str, list[tuple[bool, bool, int]]] = defaultdict(list)
    for row in rows:
        found = find_positions(row["sentence"], subject=row["subject"], pack=pack)
        read = [f"{one.indicator}.{one.stance}" for one in found]
        wanted = f"{row['indicator']}.{row['stance']}"
        nothing = row["indicator"] == NOTHING
        topic = not read if nothing else any(one.indicator == row["indicator"] for one in found)
        stance = not read if nothing else wanted in read
        scores[row["part"]].append((topic, stance, len(read)))
        if row["part"] == options.misses and not stance:
            print(json.dumps({"wanted": wanted, "read": read, "text": row["sentence"]}, ensure_ascii=False))
    for part, results in scores.items():
        size = len(results)
        summary = {
            "benchmark": "paraphrases",
            "part": part,
            "sentences": size,
            "indicator": round(sum(topic for topic, _, _ in results) / size, 3),
            "stance": round(sum(stance for _, stance, _ in results) / size, 3),
            "positions_per_sentence": round(sum(count for *_, count in results) / size, 2),
        }
        print(json.dumps(summary))


if __name__ == "__main__":
    main()
