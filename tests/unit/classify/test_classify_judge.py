"""Judgements: what an edit means, how much it matters, and which parts say so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.classify import Pack, judge
from watcher.model.change import Diff, Hunk, HunkOp, Judgement, PositionChangeKind, Severity
from watcher.model.document import Document

Prose = Callable[..., Document]

Edited = Callable[..., Judgement]


def _names(judgement: Judgement) -> set[str]:
    return {part.name for part in judgement.parts}


@pytest.mark.parametrize(
    ("old", "new", "marker"),
    [
        ("The fund holds 40 million dollars.", "The fund holds 70 million dollars.", "number"),
        ("The fund holds 40 million dollars.", "The fund holds 40 billion dollars.", "unit"),
        ("The office opens in March 2021.", "The office opens in May 2021.", "date"),
        ("The office opens in 2021.", "The office opens in 2022.", "date"),
        ("Visitors are admitted after dark.", "Visitors are not admitted after dark.", "negation"),
        ("The agency shall inform the public.", "The agency should inform the public.", "modality"),
        ("The agency will inform the public.", "The agency may inform the public.", "modality"),
        ("The pact covers Chad and Mali.", "The pact covers Chad, Mali and Niger.", "subject"),
        ("We signed the Arms Trade Treaty.", "We signed the Chemical Weapons Convention.", "instrument"),
        ("All farms receive seed.", "Most farms receive seed.", "modality"),
    ],
)
def test_a_weighty_word_that_changes_is_major_and_named(edited: Edited, old: str, new: str, marker: str) -> None:
    judgement = edited(old, new)
    assert marker in _names(judgement)
    assert judgement.severity.rank >= Severity.MAJOR.rank


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The minster of trade spoke.", "The minister of trade spoke."),
        ("Thecouncil met.", "The council met."),
        ("The council met – and agreed.", "The council met—and agreed."),
        ("Read the report.", "Read the [report](https://example.org/a/report-7.pdf)."),
        ("**Read** the report.", "Read the *report*."),
        ("1. First point", "2. First point"),
        ("Read [it](https://example.org/2021/03/01/x).", "Read [it](https://example.org/2021/03/02/x)."),
        ("Page last updated: 3 May 2021", "Page last updated: 14 June 2022"),
        ("City Hall 3:40 P.M.", "City Hall Springfield 3:40 P.M."),
    ],
)
def test_typing_links_markup_and_stamps_are_noise(edited: Edited, old: str, new: str) -> None:
    judgement = edited(old, new)
    assert (judgement.severity, judgement.parts) == (Severity.NOISE, ())


def test_a_million_that_becomes_a_billion_is_no_typing_error(edited: Edited) -> None:
    assert edited("It cost one million.", "It cost one billion.").severity.rank >= Severity.MAJOR.rank


def test_other_words_for_the_same_are_minor(edited: Edited) -> None:
    judgement = edited("The website lists all schools.", "The public portal lists all schools.")
    assert (judgement.severity, _names(judgement)) == (Severity.MINOR, {"wording"})


def test_a_date_that_only_moved_within_a_sentence_is_no_date_change(edited: Edited) -> None:
    judgement = edited("In May 2021 the office will open.", "The office will open in May 2021.")
    assert "date" not in _names(judgement)


def test_a_whole_quotation_added_weighs_less_than_ones_own_words(edited: Edited) -> None:
    own = "The ministry has announced 300 new posts in border districts and will fill them by the spring of next year."
    quote = (
        "Jane Roe, Teachers Union: “The ministry has found 300 new posts and we will make sure that they are filled.”"
    )
    assert edited("", quote).severity.rank < edited("", own).severity.rank


@pytest.mark.parametrize(
    "added", ["The State will adhere to it.", "There are mines where they live.", "The mines are still here."]
)
def test_a_word_that_holds_the_letters_of_a_pointer_leads_nowhere(edited: Edited, added: str) -> None:
    assert edited("", added).severity is not Severity.NOISE
    assert edited("", "The report can be found here.").severity is Severity.NOISE


def test_a_passage_that_came_with_a_condition_weighs_more_than_one_without(edited: Edited) -> None:
    said = "The reading room will stay open to visitors in the evening"
    plain, bound = (edited("", f"{said}{end}.") for end in (" of each day", " if a clerk is there"))
    assert "condition" in _names(bound) - _names(plain)
    assert bound.significance > plain.significance


def test_the_stance_that_changed_is_told_with_both_passages(edited: Edited) -> None:
    old, new = "Norway has not acceded to the Mine Ban Treaty.", "Norway has acceded to the Mine Ban Treaty."
    judgement = edited(old, new)
    [change] = judgement.position_changes
    assert (change.subject, change.indicator, change.change) == ("NOR", "treaty_status", PositionChangeKind.CHANGED)
    assert (change.old, change.new, change.old_passage, change.new_passage) == ("not_party", "state_party", old, new)
    assert change.severity is judgement.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Norway exports landmines.", "Norway does not export landmines."),
        ("Norway does not produce landmines.", "Norway produces landmines."),
        ("We have never used landmines.", "We reserve the right to use landmines."),
    ],
)
def test_a_changed_stance_on_transfer_production_or_use_is_critical(edited: Edited, old: str, new: str) -> None:
    assert edited(old, new).severity is Severity.CRITICAL


def test_silence_after_an_edit_is_withdrawn(edited: Edited) -> None:
    judgement = edited("Norway does not produce landmines.", "Norway produces fine cheese.")
    [change] = judgement.position_changes
    assert (change.change, change.old, change.new) == (PositionChangeKind.WITHDRAWN, "does_not_produce", "")


def test_what_another_passage_still_says_is_not_withdrawn(edited: Edited) -> None:
    judgement = edited("Norway does not produce landmines.", "", also="We have never produced any landmines.")
    assert judgement.position_changes == ()


def test_silence_in_another_document_is_no_change(edited: Edited) -> None:
    judgement = edited("Norway does not produce landmines.", "Norway produces fine cheese.", same=False)
    assert judgement.position_changes == ()
    assert judgement.severity is Severity.NOISE


def test_a_position_that_another_document_brings_is_new_info(edited: Edited) -> None:
    judgement = edited("Norway produces fine cheese.", "Norway does not produce landmines.", same=False)
    assert [change.change for change in judgement.position_changes] == [PositionChangeKind.NEW_INFO]


def test_the_same_stance_in_other_words_is_reworded(edited: Edited) -> None:
    judgement = edited("Norway does not produce landmines.", "Norway has never produced any landmines.")
    assert [change.change for change in judgement.position_changes] == [PositionChangeKind.REWORDED]


def test_a_changed_number_in_an_indicator_passage_is_at_least_major(edited: Edited) -> None:
    judgement = edited("Some 4,000 landmines remain in Norway.", "Some 9,000 landmines remain in Norway.", same=False)
    [change] = judgement.position_changes
    assert (change.old, change.new, change.change) == ("affected", "affected", PositionChangeKind.CHANGED)
    assert change.severity.rank >= Severity.MAJOR.rank


def test_a_new_passage_against_one_that_still_stands_is_contradicted(edited: Edited) -> None:
    judgement = edited(
        "", "Norway is not a party to the Mine Ban Treaty.", also="Norway has ratified the Mine Ban Treaty."
    )
    [change] = judgement.position_changes
    assert (change.change, change.old, change.new) == (PositionChangeKind.CONTRADICTED, "state_party", "not_party")


def test_anothers_stance_is_not_the_subjects_change(edited: Edited) -> None:
    judgement = edited("Denmark uses landmines.", "Denmark does not use landmines.")
    assert judgement.position_changes == ()


def test_boilerplate_weighs_nothing(edited: Edited) -> None:
    judgement = edited("Norway exports landmines.", "Norway does not export landmines.", boilerplate=True)
    assert (judgement.severity, judgement.significance) == (Severity.NOISE, 0.0)


def test_significance_is_the_clamped_sum_of_its_parts(edited: Edited) -> None:
    for old, new in (
        ("The fund holds 40 million.", "The fund does not hold 70 million."),
        ("Norway exports landmines.", "Norway does not export landmines."),
        ("a", ""),
    ):
        judgement = edited(old, new)
        assert judgement.significance == pytest.approx(min(1.0, sum(part.points for part in judgement.parts)), abs=1e-3)
        assert all(part.passage for part in judgement.parts)


def test_a_deposited_instrument_is_an_event_and_critical(edited: Edited) -> None:
    judgement = edited("", "On 5 July 2009 Norway deposited its instrument of ratification of the Mine Ban Treaty.")
    assert [(one.subject, one.event, one.date) for one in judgement.depositary_events] == [
        ("NOR", "ratification", "2009-07-05")
    ]
    assert judgement.severity is Severity.CRITICAL


def test_no_hunks_no_judgement(mines: Pack, prose: Prose) -> None:
    document = prose("Norway exports landmines.")
    empty = Diff(differ="blocks", differ_version=1, hunks=())
    judgement = judge(
        old=document, new=document, diff=empty, subject="NOR", instruments=(), same_document=True, pack=mines
    )
    assert judgement == Judgement(severity=Severity.NOISE, significance=0.0)


@pytest.mark.parametrize(
    ("old", "new", "marker"),
    [
        ("Aid goes to Erie and Genesee Counties.", "Aid goes to Erie and Niagara Counties.", "place_or_organisation"),
        ("The money goes to the WFP this year.", "The money goes to the WHO this year.", "place_or_organisation"),
        ("The plan protects women, children and the old.", "The plan protects the old.", "group_or_right"),
        ("Small farms may apply.", "Small farms are eligible and may apply.", "eligibility"),
    ],
)
def test_a_group_a_body_or_a_claim_that_changes_is_named(edited: Edited, old: str, new: str, marker: str) -> None:
    assert marker in _names(edited(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The report is out.", "The report is out. Learn more about the work of the office"),
        ("", "Read more about our work in the regions here."),
        ("Skip to the main page of the ministry", ""),
        ("Record 011001089043", "Record 011021024227"),
        ("15 (last comment by rowan 6 days ago)", "16 (last comment by ash 2 hours ago)"),
        ("", "3 November 2023"),
    ],
)
def test_pointers_registration_numbers_counters_and_bare_dates_are_noise(edited: Edited, old: str, new: str) -> None:
    assert edited(old, new).severity is Severity.NOISE


@pytest.mark.parametrize(
    ("old", "new"),
    [("Aid goes to the UNCHR.", "Aid goes to the UNHCR."), ("She met Ms Larsen.", "She met Ms Larson.")],
)
def test_a_mended_name_is_not_told_as_another_body(edited: Edited, old: str, new: str) -> None:
    assert "place_or_organisation" not in _names(edited(old, new))


def test_a_million_more_is_a_figure_that_changed(edited: Edited) -> None:
    old, new = "Landmines remain in the soil of Norway.", "A million landmines remain in the soil of Norway."
    [change] = edited(old, new, same=False).position_changes
    assert (change.indicator, change.change) == ("contamination", PositionChangeKind.CHANGED)


def test_a_step_between_two_stances_has_a_severity_of_its_own(edited: Edited) -> None:
    uses = "Norway has laid landmines along its border."
    reserves = "Norway reserves the right to use landmines."
    never = "Norway has never used landmines."
    for new, severity in ((reserves, Severity.MAJOR), (never, Severity.CRITICAL)):
        changes = edited(uses, new).position_changes
        assert [change.severity for change in changes if change.indicator == "use"] == [severity]


def test_an_edited_sentence_is_paired_with_itself_and_not_with_another_of_its_stance(mines: Pack, prose: Prose) -> None:
    first, second = (
        "Last year 12 farmers in Cambodia were killed by mines.",
        "Since the war 800 children in Cambodia were injured by mines.",
    )
    edited = second.replace("800", "950")
    moved = "Last year 12 farmers in Cambodia were killed by buried mines."
    old, new = prose(first, second), prose(edited, moved)
    hunks = tuple(
        Hunk(op=HunkOp.EDITED, old=was, new=now, heading="", old_index=at, new_index=1 - at, boilerplate=False)
        for at, (was, now) in enumerate(((first, moved), (second, edited)))
    )
    judgement = judge(
        old=old,
        new=new,
        diff=Diff(differ="blocks", differ_version=1, hunks=hunks),
        subject="KHM",
        instruments=("MBT",),
        same_document=True,
        pack=mines,
    )
    told = [one for one in judgement.position_changes if one.indicator == "casualties"]
    assert [(one.old_passage, one.new_passage) for one in told] == [(second, edited)]


def test_what_a_place_was_said_to_be_before_is_no_change_when_it_is_said_again(edited: Edited) -> None:
    old = "Kenya has no minefields. An embassy wrote that many landmines were scattered in the north."
    judgement = edited(old, "There are no minefields in Kenya.", subject="KEN", same=False)
    assert [one for one in judgement.position_changes if one.indicator == "contamination"] == []


def test_a_vote_of_a_later_year_beside_the_old_one_is_the_change(edited: Edited) -> None:
    old = "Norway voted yes on the mine ban resolution in 2024."
    judgement = edited(old, "Norway voted yes on the mine ban resolution in 2024 but abstained in 2025.")
    told = next(one for one in judgement.position_changes if one.indicator == "vote")
    assert (told.old, told.new, told.severity) == ("yes", "abstain", Severity.CRITICAL)
