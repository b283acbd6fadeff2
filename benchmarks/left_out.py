"""How well the cues read a country that they were not made for: prints one JSON line per country, then their mean.

.venv/bin/python benchmarks/left_out.py [--data ../shared/eval] [--pack mine_action]

Labelled sentences of each country are read with those cues alone that also match in the texts of some other country
(labelled sentences and unlabelled passages): a cue that no other country's wording wakes is left out.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from watcher.classify import Pack, find_positions
from watcher.classify.cueindex import CueIndex
from watcher.classify.folding import Recall
from watcher.classify.mentions import fold_mentions
from watcher.classify.packfile import cues_of
from watcher.classify.words import split_words
from watcher.settings import load_pack

ROOT = Path(__file__).resolve().parents[1]
NOTHING = "other"


def _texts(data: Path) -> Iterator[tuple[str, str]]:
    """(country, text) of everything that a cue may match."""
    with (data / "sentences.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["country_iso3"], row["sentence"]
    with lzma.open(data / "ungdc_passages.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            speech = json.loads(line)
            for sentence in speech["hit_sentences"]:
                yield speech["country_iso3"], sentence


def _countries_of_cues(data: Path, pack: Pack) -> list[set[str]]:
    """For each cue of the pack, the countries in whose texts it matches."""
    heard: list[set[str]] = [set() for _ in pack.rules]
    for country, text in _texts(data):
        folding, _ = fold_mentions(split_words(text), subject=country, pack=pack, recall=Recall(), alone=True)
        for number, rule in enumerate(pack.rules):
            if country not in heard[number] and folding.holds(rule.cue):
                heard[number].add(country)
    return heard


def _without(pack: Pack, heard: list[set[str]], country: str) -> Pack:
    """The pack with those cues alone that match in the texts of another country than this one."""
    rules = tuple(rule for rule, countries in zip(pack.rules, heard, strict=True) if countries - {country})
    others = cues_of(pack.topic, pack.grammar, pack.indicators, pack.roll_calls)
    return replace(pack, rules=rules, index=CueIndex((rule.cue for rule in rules), others))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "eval")
    parser.add_argument("--pack", default="mine_action")
    options = parser.parse_args()
    if not options.data.exists():
        raise SystemExit(f"{options.data} is not here; name the folder of labelled data with --data")
    pack, _ = load_pack(ROOT / "config" / "indicators", options.pack)
    heard = _countries_of_cues(options.data, pack)
    hits: dict[str, list[bool]] = defaultdict(list)
    whole: list[bool] = []
    packs: dict[str, Pack] = {}
    with (options.data / "sentences.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["needs_context"] == "0"]
    for row in rows:
        country, wanted = row["country_iso3"], row["indicator"]
        found = find_positions(row["sentence"], subject=country, pack=pack)
        if country not in packs:
            packs[country] = _without(pack, heard, country)
        left = find_positions(row["sentence"], subject=country, pack=packs[country])
        for result, positions in ((whole, found), (hits[country], left)):
            result.append(not positions if wanted == NOTHING else any(one.indicator == wanted for one in positions))
    for country in sorted(hits):
        print(json.dumps({"country": country, "n": len(hits[country]), "indicator": _share(hits[country])}))
    every = [hit for results in hits.values() for hit in results]
    summary = {
        "benchmark": "left_out",
        "countries": len(hits),
        "sentences": len(every),
        "indicator_all_cues": _share(whole),
        "indicator_left_out": _share(every),
        "indicator_mean_of_countries": round(sum(sum(one) / len(one) for one in hits.values()) / len(hits), 3),
    }
    print(json.dumps(summary))


def _share(results: list[bool]) -> float:
    return round(sum(results) / len(results), 3)


if __name__ == "__main__":
    main()
