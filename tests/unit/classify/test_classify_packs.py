"""Packs: the shipped ones pass their own examples, wrong ones are refused with key and nearest key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import watcher.classify
from watcher.classify import Pack, check_examples, parse_pack
from watcher.errors import ConfigError


def test_every_example_of_the_shipped_packs_passes(mines: Pack, clusters: Pack) -> None:
    failed = [result for pack in (mines, clusters) for result in check_examples(pack) if not result.passed]
    assert failed == []


def test_every_indicator_of_the_default_pack_has_an_example(mines: Pack) -> None:
    assert {example.indicator for example in mines.examples} >= set(mines.indicators)


def test_a_wrong_example_is_reported_with_what_was_read(raw_pack: dict[str, Any]) -> None:
    text = "Norway has not signed the Mine Ban Treaty."
    raw_pack["examples"] = [{"text": text, "subject": "NOR", "indicator": "treaty_status", "stance": "signatory"}]
    [result] = check_examples(parse_pack(raw_pack, file="x.yaml"))
    assert not result.passed
    assert ("treaty_status", "not_party") in result.found


@pytest.mark.parametrize(
    ("path", "key", "near"),
    [
        ((), "indicatorz", "indicators"),
        (("grammar",), "barrier", "barriers"),
        (("indicators", "use"), "stancez", "stances"),
        (("indicators", "use", "cues"), "used", "uses"),
        (("significance", "points"), "numbers", "number"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_one(
    raw_pack: dict[str, Any], path: tuple[str, ...], key: str, near: str
) -> None:
    place: dict[str, Any] = raw_pack
    for step in path:
        place = place[step]
    place[key] = []
    with pytest.raises(ConfigError, match=f"nearest key is '{near}'") as caught:
        parse_pack(raw_pack, file="mine.yaml")
    assert (caught.value.key, caught.value.file) == (key, "mine.yaml")


def test_a_broken_cue_names_the_file_and_the_cue(raw_pack: dict[str, Any]) -> None:
    raw_pack["indicators"]["vote"]["cues"]["abstain"] = ["(abstained"]
    with pytest.raises(ConfigError, match=r"mine\.yaml: cue '\(abstained'"):
        parse_pack(raw_pack, file="mine.yaml")


@pytest.mark.parametrize(
    ("key", "value"), [("version", "one"), ("pack", None), ("sets", []), ("topic", []), ("examples", {})]
)
def test_a_value_of_the_wrong_type_is_refused(raw_pack: dict[str, Any], key: str, value: object) -> None:
    raw_pack[key] = value
    with pytest.raises(ConfigError, match=key):
        parse_pack(raw_pack, file="mine.yaml")


def test_the_engine_holds_no_word_of_the_field() -> None:
    folder = Path(watcher.classify.__file__).parent
    for source in folder.glob("*.py"):
        text = source.read_text(encoding="utf-8").lower()
        for word in ("landmine", "anti-personnel", "demining", "stockpile", "ottawa", "cluster mun", "moratorium"):
            assert word not in text, f"{source.name} holds {word!r}"
