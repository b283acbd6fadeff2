"""Figures on real labelled data, kept beside the project; floors that a change must not fall under."""

from __future__ import annotations

import csv
import json
import lzma
import time
from pathlib import Path

import pytest

from watcher.classify import Pack, find_positions

SHARED = Path(__file__).resolve().parents[3] / "../shared/eval"


def _need(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here: labelled real data is kept beside the project")
    return path


def test_most_real_sentences_show_their_indicator_in_few_positions(mines: Pack) -> None:
    with _need("sentences.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["needs_context"] == "0"]
    hits = spoken = 0
    for row in rows:
        found = find_positions(row["sentence"], subject=row["country_iso3"], pack=mines)
        spoken += len(found)
        hits += any(one.indicator == row["indicator"] for one in found) if row["indicator"] != "other" else not found
    assert hits / len(rows) >= 0.75
    assert spoken / len(rows) <= 1.5


def test_every_real_passage_is_read_with_its_offsets_and_in_time(mines: Pack) -> None:
    with lzma.open(_need("ungdc_passages.jsonl.xz"), "rt", encoding="utf-8") as lines:
        text = "\n\n".join(passage for line in lines for passage in json.loads(line)["passages"])[:200_000]
    started = time.perf_counter()
    found = find_positions(text, subject="KAZ", pack=mines)
    assert time.perf_counter() - started < 5.0
    assert found
    assert all(text[one.start : one.end] == one.passage for one in found)
