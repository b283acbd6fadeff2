"""Words that mean something else: coal mines, mines at sea, "such weapons" of another kind, names in company names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.classify import Pack, find_positions
from watcher.classify.names import named
from watcher.model.change import Judgement, PositionChangeKind, Severity

Edited = Callable[..., Judgement]


def _stances(text: str, pack: Pack, subject: str = "GHA") -> set[tuple[str, str]]:
    return {(one.indicator, one.stance) for one in find_positions(text, subject=subject, pack=pack)}


@pytest.mark.parametrize(
    "text",
    [
        "Nine miners were killed in a mine explosion near Tarkwa.",
        "Twelve workers were killed in the coal mine.",
        "Illegal gold mining is a scourge. The government has closed 30 mines.",
        "Our copper mines employ thousands. Four people were killed in mine accidents.",
        "Ghana ratified the convention on safety in salt mines.",
        "Naval mines were laid off the coast and killed two sailors. We have cleared 40 mines since.",
        "Ghana does not use the old ports to mine bitcoin.",
        "A friend of mine was killed near the border.",
        "El gobierno destruyó tres minas de oro.",
        "The navy destroyed two mine-laying vessels.",
    ],
)
def test_a_pit_or_a_mine_at_sea_is_no_landmine(text: str, mines: Pack) -> None:
    assert _stances(text, mines) == set()


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Two miners were killed by a landmine near the gold mine.", ("casualties", "reported")),
        (
            "The road passes an old coal mine. Anti-personnel mines killed five people there.",
            ("casualties", "reported"),
        ),
        ("Coal mines were closed. The army has never used anti-personnel mines.", ("use", "does_not_use")),
        ("Near the coal mine, mines and unexploded ordnance killed two children.", ("casualties", "reported")),
    ],
)
def test_a_landmine_beside_a_pit_is_read(text: str, stance: tuple[str, str], mines: Pack) -> None:
    assert stance in _stances(text, mines)


@pytest.mark.parametrize(
    "text",
    [
        "We gave up nuclear weapons in 1995. We do not produce such weapons.",
        "Our police seized firearms. The stockpile of these weapons has been destroyed.",
        "Ghana rejects autonomous weapons and supports a ban on such weapons.",
        "Cluster munitions harm civilians. Ghana does not use these weapons.",
        "We have no chemical weapons and would never use them.",
    ],
)
def test_such_weapons_are_those_named_last(text: str, mines: Pack) -> None:
    assert _stances(text, mines) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Landmines harm civilians. Ghana does not use such weapons.",
        "Landmines and nuclear weapons are weapons of the past. Ghana does not use these weapons.",
        "We gave up nuclear weapons. Landmines are worse. Ghana does not use such weapons.",
        "Ghana does not use such weapons.",
    ],
)
def test_such_weapons_are_landmines_where_those_were_named_or_nothing_else_was(text: str, mines: Pack) -> None:
    assert ("use", "does_not_use") in _stances(text, mines)


@pytest.mark.parametrize(
    "said",
    [
        "We have completed the destruction of our stockpile of chemical weapons.",
        "We maintain a moratorium on the export of small arms.",
        "We have destroyed our stockpile of cluster munitions.",
    ],
)
def test_what_is_said_of_other_weapons_beside_landmines_is_not_of_landmines(said: str, mines: Pack) -> None:
    assert _stances(f"Landmines are cruel. {said}", mines) <= {("position", "supports_ban")}


def test_remnants_of_other_weapons_still_harm(mines: Pack) -> None:
    text = "Landmines are cruel. In our provinces cluster munitions still kill farmers."
    assert ("casualties", "reported") in _stances(text, mines)


def test_such_weapons_are_cluster_munitions_in_their_own_pack(clusters: Pack, mines: Pack) -> None:
    text = "Cluster munitions harm civilians. Ghana does not use such weapons."
    assert ("use", "does_not_use") in _stances(text, clusters)
    assert ("use", "does_not_use") not in _stances(text, mines)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("Harbour Works Norway Ltd built the road.", []),
        ("Norway limited its imports.", ["@st_NOR"]),
        ("CONTACT US TODAY", []),
        ("THE US VOTED YES", ["@st_USA"]),
        ("The US voted yes.", ["@st_USA"]),
    ],
)
def test_a_name_within_another_word_names_no_state(text: str, mentions: list[str]) -> None:
    assert named(text) == mentions


def test_membership_that_the_earlier_document_took_for_granted_is_no_critical_news(edited: Edited) -> None:
    new = "As a State Party to the Mine Ban Treaty, Ghana clears its land."
    implied = edited("Ghana calls on all States to accede to the Mine Ban Treaty.", new, subject="GHA", same=False)
    unsaid = edited("Ghana calls on all States to sign the Mine Ban Treaty.", new, subject="GHA", same=False)
    told = next(one for one in implied.position_changes if one.indicator == "treaty_status")
    assert (told.change, told.new, told.severity) == (PositionChangeKind.NEW_INFO, "state_party", Severity.MAJOR)
    assert told.old_passage == "Ghana calls on all States to accede to the Mine Ban Treaty."
    assert unsaid.severity is Severity.CRITICAL


def test_markers_of_another_kind_weigh_more_than_one_of_the_same_kind_again(edited: Edited) -> None:
    again = edited("It holds 40 lorries and 50 cars.", "It holds 70 lorries and 50 cars.")
    beside = edited("It holds 40 lorries and 50 cars.", "It holds 70 lorries and no 50 cars.")
    assert beside.significance > again.significance


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The council thanked President Okoro for the report.", "The council thanked the President for the report."),
        ("© 2019 Ministry of Trade. All rights reserved.", "© 2021 Ministry of Commerce. All rights reserved."),
        ("Updated March 2026", "Updated May 2026"),
    ],
)
def test_a_holders_name_a_copyright_line_and_a_stamp_say_nothing(edited: Edited, old: str, new: str) -> None:
    assert edited(old, new).severity is Severity.NOISE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Date: 4 March 2026", "Date: 5 March 2026"),
        ("Ships: 90 days", "Ships: 60 days"),
        ("The council thanked Minister Okoro.", "The council thanked Minister Adeyemi."),
    ],
)
def test_a_date_a_term_and_another_holder_are_told(edited: Edited, old: str, new: str) -> None:
    assert edited(old, new).severity is not Severity.NOISE
