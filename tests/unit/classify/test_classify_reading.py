"""How a sentence is read: weak cues, other places, other States, headings, one stance at a time, memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from watcher.classify import Pack, find_positions, merge_packs, parse_pack
from watcher.classify.reading import read_sentence
from watcher.errors import ConfigError
from watcher.model.change import About, Position
from watcher.settings import load_pack
from watcher.settings.strict_yaml import read_yaml


def _read(text: str, pack: Pack, subject: str = "NOR") -> set[tuple[str, str]]:
    return {(one.indicator, one.stance) for one in find_positions(text, subject=subject, pack=pack)}


def _only(text: str, pack: Pack, indicator: str) -> Position:
    [found] = [one for one in find_positions(text, subject="NOR", pack=pack) if one.indicator == indicator]
    return found


def test_a_weak_cue_is_heard_only_where_no_other_speaks(raw_pack: dict[str, Any]) -> None:
    raw_pack["indicators"]["vote"]["cues"]["yes"] = ["? mines"]
    raw_pack["examples"] = []
    pack = parse_pack(raw_pack, file="x.yaml")
    assert ("vote", "yes") in _read("Thus spoke Norway: mines, mines.", pack)
    assert ("vote", "yes") not in _read("Norway has destroyed its stockpile of mines.", pack)


def test_a_weak_cue_is_not_heard_under_a_negation(mines: Pack) -> None:
    assert ("clearance", "in_progress") in _read("Norway has made contributions to mine action programmes.", mines)
    found = _read("Norway has not made any contributions to mine action programmes.", mines)
    assert not any(indicator == "clearance" for indicator, _ in found)


def test_clearing_abroad_is_told_of_the_place_and_not_of_the_one_who_helps(mines: Pack) -> None:
    position = _only("Norway has sent a team of deminers to clear mines in Cambodia.", mines, "clearance")
    assert (position.about, position.subject) == (About.OTHER, "KHM")


def test_what_is_said_to_be_used_by_another_state_is_an_allegation(mines: Pack) -> None:
    other = _only("Denmark has laid thousands of landmines on the island.", mines, "use")
    assert (other.about, other.subject, other.stance) == (About.OTHER, "DNK", "alleged")
    own = _only("Norway has laid thousands of landmines on the island.", mines, "use")
    assert (own.about, own.subject, own.stance) == (About.OWN, "NOR", "uses")


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Norway signed the Mine Ban Treaty in 1997 and ratified it in 1998.", "state_party"),
        ("Norway signed but has not ratified the Mine Ban Treaty.", "signatory"),
        ("Norway has signed, and will soon ratify, the Mine Ban Treaty.", "signatory"),
        (
            "Although not a party to the Mine Ban Treaty, Norway acts in accordance with the Mine Ban Treaty.",
            "not_party",
        ),
    ],
)
def test_a_sentence_shows_one_treaty_status_the_furthest_that_holds(mines: Pack, text: str, stance: str) -> None:
    assert _only(text, mines, "treaty_status").stance == stance


def test_in_a_relative_clause_the_one_within_it_acts(mines: Pack) -> None:
    text = "We welcome the Mine Ban Treaty, which Denmark has ratified."
    position = _only(text, mines, "treaty_status")
    assert (position.subject, position.stance) == ("DNK", "state_party")


def test_not_all_states_are_not_the_one_who_says_so(mines: Pack) -> None:
    found = find_positions(
        "We regret that not all States could be parties to the Mine Ban Treaty.", subject="NOR", pack=mines
    )
    assert not any(one.indicator == "treaty_status" and one.about is About.OWN for one in found)


def test_a_heading_lends_its_topic_to_what_stands_under_it(mines: Pack) -> None:
    told = "In 2004, 40 civilians were killed."
    body = f"The year was quiet. The army says so. The press agreed. {told}"

    def passages(text: str) -> set[str]:
        return {one.passage for one in find_positions(text, subject="NOR", pack=mines)}

    assert told in passages(f"Landmine casualties\n{body}")
    assert told not in passages(f"Road traffic\n{body}")
    assert told not in passages(f"Landmine casualties\nThere is a list.\nRoad traffic\n{body}")


def test_what_is_abandoned_is_not_freed(mines: Pack) -> None:
    text = "The legacy of the war in Norway includes abandoned mines that lie buried."
    assert ("contamination", "mine_free") not in _read(text, mines)
    assert ("contamination", "mine_free") in _read("Norway is no longer affected by landmines.", mines)


def test_of_the_state_of_the_world_nothing_is_told_where_a_subject_is_spoken_of(mines: Pack) -> None:
    text = "We support a total ban on mines, since millions of mines lie buried around the globe."
    assert all(one.about is About.OWN for one in find_positions(text, subject="NOR", pack=mines))


def test_a_remembered_sentence_is_read_anew_for_another_subject_and_after_another_treaty(mines: Pack) -> None:
    sentence = "The Government signed the Convention in December."
    first = find_positions(f"The Ottawa Convention was discussed. {sentence}", subject="NOR", pack=mines)
    assert [one.subject for one in first] == ["NOR"]
    assert [
        one.subject
        for one in find_positions(f"The Ottawa Convention was discussed. {sentence}", subject="DNK", pack=mines)
    ] == ["DNK"]
    assert not find_positions(f"The Chemical Weapons Convention was discussed. {sentence}", subject="NOR", pack=mines)


def test_reading_again_gives_the_same_as_reading_fresh(mines: Pack) -> None:
    text = " ".join(example.text for example in mines.examples)
    again = find_positions(text, subject="NOR", pack=mines)
    read_sentence.cache_clear()
    assert find_positions(text, subject="NOR", pack=mines) == again


def test_a_pack_is_laid_over_the_one_that_it_extends() -> None:
    shared = {"sets": {"b": ["{a}"], "c": ["x"]}, "title": "shared", "grammar": {"own": ["we"], "speech": ["say"]}}
    own = {"extends": "shared", "sets": {"a": ["y"], "c": ["z"]}, "grammar": {"own": ["i"]}}
    merged = merge_packs(shared, own)
    assert merged == {
        "sets": {"a": ["y"], "c": ["z"], "b": ["{a}"]},
        "title": "shared",
        "grammar": {"own": ["i"], "speech": ["say"]},
    }
    sets = merged["sets"]
    assert isinstance(sets, dict)
    assert list(sets) == ["a", "c", "b"]


def test_cues_of_a_pack_are_added_to_the_shared_ones_and_other_lists_replace_them() -> None:
    shared = {"indicators": {"use": {"stances": ["a", "b"], "cues": {"a": ["x", "y"], "b": ["z"]}}}, "topic": ["t"]}
    own = {"indicators": {"use": {"stances": ["a"], "cues": {"a": ["w", "y"]}}}, "topic": ["u"]}
    assert merge_packs(shared, own) == {
        "indicators": {"use": {"stances": ["a"], "cues": {"a": ["w", "y", "x"], "b": ["z"]}}},
        "topic": ["u"],
    }


def test_one_cue_more_in_a_pack_leaves_the_shared_cues_of_its_stance() -> None:
    folder = Path(__file__).resolve().parents[3] / "config" / "indicators"
    own = read_yaml(folder / "mine_action.yaml").plain()
    one = own["indicators"].setdefault("treaty_status", {}).setdefault("cues", {})
    one["state_party"] = ["wore the golden crown", *one.get("state_party", [])]
    pack = parse_pack(merge_packs(read_yaml(folder / "shared" / "weapons.yaml").plain(), own), file="mine_action.yaml")
    for said in (
        "Norway wore the golden crown of the Mine Ban Treaty.",
        "Norway is a State Party to the Mine Ban Treaty.",
    ):
        assert ("treaty_status", "state_party") in _read(said, pack)


@pytest.mark.parametrize("shared", ["nowhere", "../../secret"])
def test_a_pack_that_extends_what_is_not_there_says_which_file(tmp_path: Path, shared: str) -> None:
    (tmp_path.parent / "secret.yaml").write_text("pack: x\n", encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(f"pack: mine\nextends: {shared}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"mine\.yaml extends '{shared}'"):
        load_pack(tmp_path, "mine")


def test_every_line_of_cues_in_the_shared_file_stands_under_a_word_on_what_it_generalises_to() -> None:
    folder = Path(__file__).resolve().parents[3] / "config" / "indicators" / "shared"
    for file in folder.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert text.count("        # ") >= 40


def test_denials_in_a_row_do_not_undo_each_other(mines: Pack) -> None:
    found = find_positions("We have no need of clearance and no danger of mines.", subject="KAZ", pack=mines)
    assert ("contamination", "affected") not in {(one.indicator, one.stance) for one in found}


def test_a_title_of_few_words_names_a_topic_and_asserts_nothing(mines: Pack) -> None:
    text = "Mine Ban Policy\n\nKazakhstan has not acceded to the Mine Ban Treaty."
    assert [(one.indicator, one.stance) for one in find_positions(text, subject="KAZ", pack=mines)] == [
        ("treaty_status", "not_party")
    ]


def test_what_a_resolution_supports_is_no_position_of_who_votes_on_it(mines: Pack) -> None:
    voted = "Kazakhstan abstained in the vote on resolution 54/54B supporting the Mine Ban Treaty."
    found = find_positions(voted, subject="KAZ", pack=mines)
    assert [(one.indicator, one.stance) for one in found] == [("vote", "abstain")]


def test_to_have_done_is_not_to_have(mines: Pack) -> None:
    found = find_positions("Kazakhstan is not known to have exported mines.", subject="KAZ", pack=mines)
    assert [(one.indicator, one.stance) for one in found] == [("transfer", "no_known_exports")]


PROFILE = """Norway: Mine Ban Policy

Norway signed the Mine Ban Treaty in 1997 and ratified it in 1998.

Production, transfer, and stockpiling

Norway formally stopped production in 1984. A moratorium on transfers became permanent in 1995. It completed the
destruction of its stockpile in 1996.

Use

There have been no reports of use since 1990.

Casualties

In 1991, 12 people were killed and 30 injured.

Trade in fish

Norway stopped exports in 2001."""


def test_under_the_title_of_a_profile_what_is_left_out_is_the_weapon(mines: Pack) -> None:
    found = find_positions(PROFILE, subject="NOR", pack=mines)
    own = {(one.indicator, one.stance) for one in found if one.about is About.OWN}
    assert own == {
        ("treaty_status", "state_party"),
        ("production", "does_not_produce"),
        ("transfer", "moratorium"),
        ("stockpile", "destroyed"),
        ("use", "does_not_use"),
        ("casualties", "reported"),
    }
    assert all(PROFILE[one.start : one.end] == one.passage for one in found)


def test_without_such_a_title_nothing_is_left_out(mines: Pack) -> None:
    assert (
        find_positions(
            PROFILE.replace("Mine Ban Policy", "Trade policy").partition("Production")[2], subject="NOR", pack=mines
        )
        == ()
    )
