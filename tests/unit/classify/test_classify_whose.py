"""Who and what is spoken of: capitals, treaties under all their names, several actors, and what asserts nothing."""

from __future__ import annotations

import pytest

from watcher.classify import Pack, find_positions


def _read(text: str, pack: Pack, subject: str = "KEN") -> set[tuple[str, str, str]]:
    return {(one.subject, one.indicator, one.stance) for one in find_positions(text, subject=subject, pack=pack)}


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Astana abstained in the vote on the mine ban resolution.", "KAZ"),
        ("The treaty was discussed at length, and in the end Kyiv ratified the Mine Ban Treaty.", "UKR"),
    ],
)
def test_a_capital_speaks_for_its_government(text: str, subject: str, mines: Pack) -> None:
    assert subject in {one[0] for one in _read(text, mines, "NOR")}


@pytest.mark.parametrize(
    "text",
    [
        "The Oslo negotiations on a ban on landmines were welcomed by us.",
        "We support the Ottawa process towards a ban on landmines.",
        "We welcome the total ban on landmines negotiated in Oslo.",
        "Male deminers and female deminers clear mines together.",
    ],
)
def test_a_place_where_states_meet_is_no_government(text: str, mines: Pack) -> None:
    assert {one[0] for one in _read(text, mines)} <= {"KEN", ""}


MBT = (
    "the Mine Ban Treaty",
    "the 1997 Convention",
    "the 1997 Mine Ban Treaty",
    "the Ottawa Treaty",
    "the Ottawa accord",
    "the Mine Ban Convention",
    "the APMBC",
    "the MBT",
    "the Anti-Personnel Mine Ban Treaty",
    "the AP Mine Ban Convention",
    "the Landmine Ban Treaty",
    (
        "the Convention on the Prohibition of the Use, Stockpiling, Production and Transfer of Anti-personnel Mines "
        "and on their Destruction"
    ),
    "the Convention on the Prohibition of the Use, Stockpiling",
)
CCW = (
    "the CCW",
    "the 1980 Convention",
    "the Convention on Certain Conventional Weapons",
    "the Inhumane Weapons Convention",
    "Amended Protocol II",
    "AP II",
    "APII",
    "CCW Amended Protocol II",
    "Protocol II as amended on 3 May 1996",
)
CCM = (
    "the CCM",
    "the 2008 Convention",
    "the Convention on Cluster Munitions",
    "the Oslo Treaty",
    "the cluster bomb treaty",
    "the cluster munitions treaty",
)


@pytest.mark.parametrize("name", MBT)
def test_the_mine_ban_treaty_is_one_instrument_under_all_its_names(name: str, mines: Pack) -> None:
    assert _read(f"Kenya is a State Party to {name}.", mines) == {("KEN", "treaty_status", "state_party")}


@pytest.mark.parametrize("name", CCW)
def test_the_weapons_convention_and_its_protocol_are_known_under_all_their_names(name: str, mines: Pack) -> None:
    assert _read(f"Kenya is a party to {name}.", mines) == {("KEN", "ccw", "party")}


@pytest.mark.parametrize("name", CCM)
def test_the_cluster_munition_convention_is_one_instrument_of_its_own_pack(
    name: str, mines: Pack, clusters: Pack
) -> None:
    text = f"Kenya is a State Party to {name}."
    assert _read(text, clusters) == {("KEN", "treaty_status", "state_party")}
    assert name == "the 2008 Convention" or _read(text, mines) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Kenya is a State Party to the Convention on Biological Diversity.",
        "Kenya has ratified the 1997 Convention on Combating Bribery.",
        "Kenya is a State Party to the convention banning cluster munitions.",
    ],
)
def test_another_convention_is_not_the_one_spoken_of(text: str, mines: Pack) -> None:
    assert _read(f"Landmines kill. {text}", mines) & {("KEN", "treaty_status", "state_party")} == set()


def test_the_convention_with_a_day_after_it_is_still_the_one_spoken_of(mines: Pack) -> None:
    text = "Landmines kill. Kenya ratified the Convention on 1 July 2001."
    assert ("KEN", "treaty_status", "state_party") in _read(text, mines)


def test_those_named_together_act_together(mines: Pack) -> None:
    text = "Norway, Peru and the Republic of Korea have destroyed all their stockpiled landmines."
    assert {one[0] for one in _read(text, mines)} == {"NOR", "PER", "KOR"}


def test_a_quoted_denial_is_neither_casualties_nor_help_for_victims(mines: Pack) -> None:
    text = "“There is no danger of mine incidents with herders and no need of mine-victim assistance,” Kenya wrote."
    found = {one[1:] for one in _read(text, mines)}
    assert ("casualties", "none_reported") in found
    assert not found & {("casualties", "reported"), ("victim_assistance", "provided")}


def test_the_title_of_a_book_in_a_note_asserts_nothing(mines: Pack) -> None:
    note = "[8] U.S. Department of Defense, Silent Killers: The Burden of Buried Landmines, May 1995, p. 12."
    assert _read(note, mines, "KAZ") == set()
    said = "[8] U.S. officials said that landmines kill farmers in Kazakhstan, May 1995, p. 12."
    assert _read(said, mines, "KAZ") != set()


def test_landmine_issues_are_no_contamination(mines: Pack) -> None:
    assert _read("Kenya has a policy on landmine issues and follows the talks on landmines.", mines) == set()


def test_what_is_not_known_is_not_asserted(mines: Pack) -> None:
    assert _read("It is not known if Kenya has imported anti-personnel mines.", mines) == set()


def test_what_a_treaty_forbids_or_demands_is_no_act_of_a_state(mines: Pack) -> None:
    assert _read("The Mine Ban Treaty forbids the production of landmines.", mines) == set()
    text = "The Mine Ban Treaty demands complete destruction of stockpiles of landmines."
    assert "stockpile" not in {one[1] for one in _read(text, mines)}


def test_what_is_hoped_for_has_not_been_done(mines: Pack) -> None:
    text = "We look forward to the day when our army has destroyed its last stockpiled landmine."
    assert "stockpile" not in {one[1] for one in _read(text, mines)}


@pytest.mark.parametrize(
    "text",
    [
        "Cuba and Egypt spoke of landmines; the Mine Ban Treaty was ratified by Egypt.",
        "After talks with Cuba and Egypt the Mine Ban Treaty was ratified by Egypt.",
    ],
)
def test_who_stands_beside_an_earlier_mention_of_the_actor_did_nothing(mines: Pack, text: str) -> None:
    found = find_positions(text, subject="", pack=mines)
    assert {one.subject for one in found if one.indicator == "treaty_status"} == {"EGY"}


@pytest.mark.parametrize(
    "text",
    [
        "Sweden deplores the decision of the government of Latvia to leave the Mine Ban Treaty.",
        "Sweden regrets Latvia's decision to leave the Mine Ban Treaty.",
        "Sweden regrets the decision by Latvia to leave the Mine Ban Treaty.",
    ],
)
def test_the_decision_of_another_state_is_not_that_of_who_regrets_it(text: str, mines: Pack) -> None:
    found = [one for one in find_positions(text, subject="SWE", pack=mines) if one.indicator == "treaty_status"]
    assert [(one.subject, one.stance) for one in found] == [("LVA", "withdrawing")]


def test_the_use_by_another_state_is_not_denied_by_who_has_not_joined(mines: Pack) -> None:
    found = _read("Lebanon has not joined the Mine Ban Treaty because of the use of mines by Israel.", mines)
    own = {one[1:] for one in found if one[0] in ("LBN", "")}
    assert ("treaty_status", "not_party") in own
    assert not own & {("use", "does_not_use"), ("contamination", "not_affected")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            'We listened to the delegation of Lithuania, which stated: "We have withdrawn from the Ottawa Convention."',
            {("LTU", "treaty_status", "withdrawn")},
        ),
        (
            "Lithuania said: “We regret it. We have withdrawn from the Ottawa Treaty.” We ratified the Ottawa Treaty.",
            {("LTU", "treaty_status", "withdrawn"), ("KEN", "treaty_status", "state_party")},
        ),
        (
            "As the representative of Norway said, «my country has withdrawn from the Ottawa Convention».",
            {("NOR", "treaty_status", "withdrawn")},
        ),
        (
            'The minister said in Lithuania: "We have withdrawn from the Ottawa Convention."',
            {("KEN", "treaty_status", "withdrawn")},
        ),
    ],
)
def test_we_in_a_quotation_is_the_state_that_is_quoted(
    text: str, found: set[tuple[str, str, str]], mines: Pack
) -> None:
    assert {one for one in _read(text, mines) if one[1] == "treaty_status"} == found


@pytest.mark.parametrize(
    "text",
    [
        "Kenya has not withdrawn from the Ottawa Convention.",
        "Kenya has not yet suspended the Ottawa Convention.",
        "Reports that Kenya has withdrawn from the Ottawa Convention are false.",
        "Kenya decided against leaving the Ottawa Convention.",
        "Kenya's withdrawal from the Mine Ban Treaty was revoked.",
    ],
)
def test_a_withdrawal_that_is_denied_is_none(text: str, mines: Pack) -> None:
    assert not {one[2] for one in _read(text, mines)} & {"withdrawn", "withdrawing", "suspended"}


def test_a_quotation_that_is_never_closed_ends_with_its_paragraph(mines: Pack) -> None:
    text = 'Lithuania said: "We have withdrawn from the Ottawa Treaty.\n\nWe ratified the Ottawa Treaty in 2010.'
    assert {one for one in _read(text, mines) if one[1] == "treaty_status"} == {
        ("LTU", "treaty_status", "withdrawn"),
        ("KEN", "treaty_status", "state_party"),
    }
