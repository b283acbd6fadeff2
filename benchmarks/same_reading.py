"""What is read in the texts of ../shared/eval, one JSON line a text, to be compared before and after a change.

A line holds every Position with its offsets and rule and what became of the cues that are not heard as they stand, or
all that a comparison tells with the parts of its significance. Two trees read alike when their lines are the same byte
for byte:

    python benchmarks/same_reading.py before.jsonl     (in one tree)
    python benchmarks/same_reading.py after.jsonl      (in the other one)
    cmp before.jsonl after.jsonl
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from real_pages import SHARED

from watcher.classify import explain_positions
from watcher.classify.words import split_words
from watcher.pipeline.answer import compare_item, positions_item
from watcher.pipeline.compare import pack_of
from watcher.settings import load_pack_text

CONFIG = Path(__file__).resolve().parents[1] / "config"
PACKS = ("mine_action", "cluster_munitions")
Item = dict[str, Any]


def main() -> None:
    """Read all and write the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--every", type=int, default=10, metavar="N", help="read every Nth state of a history")
    asked = parser.parse_args()
    csv.field_size_limit(10**9)
    packs = {name: load_pack_text(CONFIG, name).text for name in PACKS}
    read = compared = 0
    with asked.out.open("w", encoding="utf-8") as lines:
        for item in texts(asked.every):
            for name, pack_text in packs.items():
                for subject in dict.fromkeys((str(item["subject"]), "")):
                    found = positions_item(item | {"subject": subject, "id": f"{item['id']} {name}"}, pack_text)
                    explained = explain_positions(item["text"], subject=subject, pack=pack_of(pack_text))
                    told = found | {"remarks": [[one.rule, one.why] for each in explained for one in each.remarks]}
                    print(json.dumps(told, ensure_ascii=False), file=lines)
            words = split_words(item["text"])
            print(json.dumps([item["id"], hash((*words.starts, *words.ends)), len(words.words)]), file=lines)
            read += 1
        for item in pairs(asked.every):
            print(json.dumps(compare_item(item, packs["mine_action"]), ensure_ascii=False), file=lines)
            compared += 1
    print(json.dumps({"benchmark": "same_reading", "texts": read, "comparisons": compared}))


def texts(every: int) -> Iterator[Item]:
    """All texts with a name and the Subject that speaks; of histories every Nth state."""
    for row in _rows("sentences.csv"):
        yield {"id": f"sentence {row['id']}", "text": row["sentence"], "subject": row["country_iso3"]}
    for speech in _jsonl(SHARED / "ungdc_passages.jsonl.xz"):
        for key in ("hit_sentences", "passages"):
            for place, text in enumerate(speech[key]):
                yield {"id": f"{speech['file']} {key} {place}", "text": text, "subject": speech["country_iso3"]}
        whole = "\n\n".join(speech["passages"])
        yield {"id": f"{speech['file']} whole", "text": whole, "subject": speech["country_iso3"]}
    for path in sorted((SHARED / "us_policy").iterdir()):
        yield {"id": path.name, "text": path.read_text(encoding="utf-8"), "subject": "USA"}
    notes = [row["note"] for row in _rows("fcdo_change_notes.csv.xz")]
    yield {"id": "notes", "text": "\n".join(notes), "subject": "GBR"}
    votes = [f"{row['country']} voted {row['vote']} on {row['resolution']}." for row in _rows("unga_votes.csv")]
    yield {"id": "votes", "text": "\n".join(votes), "subject": "KAZ"}
    for path in sorted((SHARED / "histories").glob("*/*.xz")):
        for place, state in enumerate(_jsonl(path)):
            if place % every == 0 and "text" in state:
                yield {"id": f"{path.parent.name} {path.name} {place}", "text": state["text"], "subject": "AFG"}
    for pair in pairs(every):
        for side in ("old", "new"):
            yield {"id": f"{pair['id']} {side}", "text": pair[side], "subject": pair["subject"]}


def pairs(every: int) -> Iterator[Item]:
    """All pairs of texts; of histories every Nth step."""
    for folder in sorted((SHARED / "policy_pairs").iterdir()):
        sides = {side: (folder / f"{side}.txt").read_text(encoding="utf-8") for side in ("old", "new")}
        yield {"id": folder.name, **sides, "subject": folder.name[:3], "same_document": False}
    for row in _rows("gov_edits.csv"):
        yield {"id": f"edit {row['id']}", "old": row["old"], "new": row["new"], "subject": "USA"}
    memos: dict[str, Item] = {}
    with tarfile.open(SHARED / "ota_memos.tar.xz") as archive:
        for member in archive:
            folder, _, name = member.name.rpartition("/")
            if name in ("old.md", "new.md") and (file := archive.extractfile(member)):
                memos.setdefault(folder, {"id": folder, "subject": ""})[name[:3]] = file.read().decode("utf-8")
    yield from (memo for memo in memos.values() if {"old", "new"} <= memo.keys())
    for path in sorted((SHARED / "histories").glob("*/*.xz")):
        before = ""
        for place, state in enumerate(_jsonl(path)):
            before = state.get("old", before)
            text = state.get("text") or state["new"]
            if before and place % every == 1:
                yield {"id": f"{path.name} {place}", "old": before, "new": text, "subject": "KAZ"}
            before = text


def _rows(name: str) -> Iterator[dict[str, str]]:
    path = SHARED / name
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _jsonl(path: Path) -> Iterator[Item]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


if __name__ == "__main__":
    main()
