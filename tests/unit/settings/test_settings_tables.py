"""Files of Sources with tables of States and with Collections: how many Sources they make, and what is wrong where."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.model.collection import ItemPart
from watcher.model.country_codes import alpha2, name_in_address
from watcher.model.source import SourceKind
from watcher.model.subjects import all_states
from watcher.settings import load_sources

ROOT = Path(__file__).resolve().parents[3]
TABLE = """sources:
  profile:
    url: https://monitor.example.org/{iso2}/{slug}
    title: "Profile: {name}"
    every: 7d
    for_each: {KAZ: kazakhstan, South Korea: korea-south}
"""
LIST = """sources:
  responses:
    url: https://lists.example.org/responses
    collection:
      link_pattern: \\.pdf$
      subject_from: row
      every: 2d
"""


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_makes_one_source_a_state(tmp_path: Path) -> None:
    registered, problems = load_sources(_file(tmp_path, TABLE))
    assert problems == []
    assert [(one.source_id, one.entry_id) for one in registered] == [
        ("profile-kaz", "profile"),
        ("profile-kor", "profile"),
    ]
    own = registered[1].definition
    assert (own.url, own.title, own.subjects, own.every_seconds) == (
        "https://monitor.example.org/kr/korea-south",
        "Profile: Republic of Korea",
        ("KOR",),
        7 * 86400,
    )


def test_one_line_makes_a_source_of_every_state(tmp_path: Path) -> None:
    registered, problems = load_sources(
        _file(tmp_path, TABLE.replace("{KAZ: kazakhstan, South Korea: korea-south}", "all_states"))
    )
    assert (len(registered), problems) == (197, [])
    assert len({one.definition.url for one in registered}) == 197
    assert "profile-civ" in {one.source_id for one in registered}


def test_all_states_with_exceptions(tmp_path: Path) -> None:
    text = TABLE.replace("{KAZ: kazakhstan, South Korea: korea-south}", "{all_states: names, LAO: lao-pdr}")
    found = {one.source_id: one.definition.url for one in load_sources(_file(tmp_path, text))[0]}
    assert len(found) == 197
    assert found["profile-lao"].endswith("/la/lao-pdr")
    assert found["profile-civ"].endswith("/ci/cote-divoire")


@pytest.mark.parametrize(
    ("wrong", "line", "said"),
    [
        ("{KAZ: kazakhstan, Kazakhstan: again}", 6, "has already"),
        ("{Atlantis: atlantis}", 6, "'Atlantis' is no State"),
        ("{KAZ: 7}", 6, "as text"),
        ("every_state", 6, "should be all_states or a mapping"),
        ("{}", 6, "names no State"),
    ],
)
def test_a_wrong_table_is_named_with_file_line_and_entry(tmp_path: Path, wrong: str, line: int, said: str) -> None:
    path = _file(tmp_path, TABLE.replace("{KAZ: kazakhstan, South Korea: korea-south}", wrong))
    registered, (problem,) = load_sources(path)
    assert (registered, problem.source_id) == ([], "profile")
    assert problem.message.startswith(f"{path}:{line}: ")
    assert said in problem.message


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://monitor.example.org/{country}", "holds {country}, which nothing fills"),
        ("https://monitor.example.org/profile", "the same for each State"),
    ],
)
def test_an_address_that_a_table_cannot_fill_is_named(tmp_path: Path, url: str, said: str) -> None:
    path = _file(tmp_path, TABLE.replace("https://monitor.example.org/{iso2}/{slug}", f'"{url}"'))
    _, (problem,) = load_sources(path)
    assert problem.message.startswith(f"{path}:2: profile: ")
    assert said in problem.message


def test_a_table_does_not_take_the_name_of_another_entry(tmp_path: Path) -> None:
    path = _file(tmp_path, TABLE + "  profile-kaz:\n    url: https://example.org/kaz\n")
    registered, (problem,) = load_sources(path)
    assert [one.source_id for one in registered] == ["profile-kaz"]
    assert "'profile-kaz', which is an entry of its own" in problem.message


def test_every_state_has_an_alpha_2_code_and_a_name_for_addresses_of_its_own() -> None:
    states = all_states()
    assert len(states) == len({alpha2(one) for one in states}) == len({name_in_address(one) for one in states}) == 197
    assert (alpha2("KAZ"), alpha2("CHE"), alpha2("UKR"), alpha2("GBR")) == ("KZ", "CH", "UA", "GB")


def test_a_collection_is_read_with_its_rules(tmp_path: Path) -> None:
    ((source,), problems) = load_sources(_file(tmp_path, LIST))
    assert problems == []
    rules = source.definition.collection
    assert source.definition.kind is SourceKind.COLLECTION
    assert rules is not None
    assert (rules.link_pattern, rules.subject_from, rules.every_seconds) == (r"\.pdf$", ItemPart.ROW, 2 * 86400)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      link_pattern: \\.pdf$\n", "", "needs link_pattern or title_pattern"),
        ("\\.pdf$", '"("', "no pattern that RE2 reads"),
        ("row", "cell", "subject_from should be one of none, link_text, file_name, row"),
        ("every: 2d", "most_documents: 0", "from 1 to 2000"),
        ("    collection:", "    kind: upload\n    collection:", "a collection has an address"),
    ],
)
def test_wrong_rules_of_a_collection_are_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = _file(tmp_path, LIST.replace(old, new))
    registered, (problem,) = load_sources(path)
    assert registered == []
    assert problem.message.startswith(f"{path}:")
    assert said in problem.message


def test_a_misspelled_rule_stops_everything(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'link_pattern'"):
        load_sources(_file(tmp_path, LIST.replace("link_pattern", "link_patern")))


def test_the_starter_registry_is_disabled_and_speaks_of_every_state() -> None:
    registered, problems = load_sources(ROOT / "config" / "sources" / "mine_action.yaml")
    assert problems == []
    assert all(one.disabled for one in registered)
    subjects = {subject for one in registered for subject in one.definition.subjects}
    assert subjects == set(all_states())
    untc = [
        one.definition.instruments for one in registered if one.definition.url.startswith("https://treaties.un.org/")
    ]
    assert untc == [("MBT",), ("CCW",), ("APII",), ("CCM",)]
