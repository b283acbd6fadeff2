"""What an edit changes of what a passage means: each rule by its name, and the same said in another way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watcher.classify import Pack, judge
from watcher.model.change import Diff, Hunk, HunkOp, Judgement, Severity
from watcher.model.document import Document

Edited = Callable[..., Judgement]


def _names(judgement: Judgement) -> set[str]:
    return {part.name for part in judgement.parts}


@pytest.mark.parametrize(
    ("old", "new", "marker"),
    [
        ("The toll is 3 euros.", "The toll is 3 dollars.", "unit"),
        ("It is not a member.", "It is [deleted: not] a member.", "negation"),
        ("The guards are armed.", "The guards are unarmed.", "opposite"),
        ("The count is daily.", "The count is weekly.", "opposite"),
        ("They met twice.", "They met once.", "opposite"),
        ("The mayor confirmed it.", "The mayor denied it.", "opposite"),
        ("The toll is $3.", "The toll is €3.", "unit"),
        ("The path is 50 km long.", "The path is 50 m long.", "unit"),
        ("It opens on 1 June 2031.", "It opens on 1 June 2032.", "date"),
        ("It opened, as it says, on 1 May 2031.", "It opened, as it says, on 1 May 2032.", "date"),
        ("They dug up antipersonnel devices.", "They dug up antivehicle devices.", "opposite"),
        ("The relief is 50 dollars.", "The relief is 50 million dollars.", "number"),
        ("The budget is 1,500,000,000 crowns.", "The budget is 2,500,000,000 crowns.", "number"),
        ("The claim is 1,234,567.89 crowns.", "The claim is 1,234,567.19 crowns.", "number"),
        ("The first hall is closed.", "The third hall is closed.", "number"),
        ("We count 14 hens and 60 ducks.", "We count 60 hens and 14 ducks.", "number"),
        ("Pay at least 40 crowns.", "Pay at most 40 crowns.", "bound"),
        ("Children under 12 swim free.", "Children over 12 swim free.", "bound"),
        ("Apply before 3 May.", "Apply after 3 May.", "deadline"),
        ("The dam is safe.", "The dam is unsafe.", "opposite"),
        ("The council approved the plan.", "The council rejected the plan.", "opposite"),
        ("Grain is shipped to the isles.", "Grain is shipped from the isles.", "opposite"),
        ("Bring a passport and a photograph.", "Bring a passport or a photograph.", "opposite"),
        ("Firms may build there.", "Firms may build there unless the ground is wet.", "condition"),
        ("Firms may build there if the ground is dry.", "Firms may build there.", "condition"),
        ("The crew finished the wall.", "The crew is planning to finish the wall.", "modality"),
        ("The crew has finished.", "The crew will finish.", "modality"),
        ("Residents were advised to leave.", "Residents were ordered to leave.", "modality"),
        ("The mayor, not the clerk, signs.", "The clerk, not the mayor, signs.", "actor"),
        ("Polish troops left.", "Czech troops left.", "subject"),
    ],
)
def test_what_changed_is_named_and_at_least_major(edited: Edited, old: str, new: str, marker: str) -> None:
    judgement = edited(old, new, subject="")
    assert marker in _names(judgement)
    assert judgement.severity.rank >= Severity.MAJOR.rank


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Entry is not permitted.", "Entry is prohibited."),
        ("You must not feed the swans.", "You may not feed the swans."),
        ("It is unlawful to park there.", "It is not lawful to park there."),
        ("It closes no later than 3 May.", "It closes by 3 May."),
        ("Farms with no fewer than 5 cows qualify.", "Farms with at least 5 cows qualify."),
        ("The fair opens on 3 May.", "The fair opens on 3 May 2031."),
        ("The clerk met the mayor, the baker and the smith.", "The clerk met the smith, the baker and the mayor."),
        ("The Sea Rescue Board (SRB) has ships.", "The SRB has ships."),
        ("The fee is $5.", "The fee is $5 [£4]."),
        ("The fee is US$5.", "The fee is $5."),
        ("The guard use dogs.", "The guard uses dogs."),
        ("French and Spanish troops left France.", "Troops from France and Spain left France."),
        ("The road was mended by the county.", "The county mended the road."),
    ],
)
def test_the_same_said_in_another_way_is_less_than_major(edited: Edited, old: str, new: str) -> None:
    assert edited(old, new, subject="").severity.rank < Severity.MAJOR.rank


def test_a_passage_struck_out_counts_where_it_names_another_subject(edited: Edited) -> None:
    old = "We met envoys of the Republic of Korea."
    assert "subject" in _names(edited(old, "We met envoys of the Republic of <s>North</s> Korea.", subject=""))


def test_a_slip_of_the_tongue_mended_in_brackets_weighs_by_figures_and_names_alone(edited: Edited) -> None:
    hedge = edited("He probably came.", r"He <s>probably</s> \[certainly\] came.", subject="")
    number = edited("He brought 550 cars.", r"He brought <s>550</s> \[55\] cars.", subject="")
    assert hedge.severity.rank < Severity.MAJOR.rank <= number.severity.rank


def test_a_changed_address_of_mail_is_told_as_wording(edited: Edited) -> None:
    judgement = edited("Write to desk@example.org.", "Write to office@example.net.", subject="")
    assert (judgement.severity, _names(judgement)) == (Severity.MINOR, {"wording"})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We saw the Act the Act's aim.", "We saw the Act's aim."),
        ("The health health office moved.", "The health office moved."),
        ("The Pacific Health Forum wrote: “asianWe agree.”", "The Pacific American Health Forum wrote: “We agree.”"),
        ("Three wells were dug.", "3 wells were dug."),
        ("It costs 5 percent.", "It costs 5%."),
        ("2031-08-28 02:22", "2031-08-28 07:52"),
    ],
)
def test_proof_reading_is_noise(edited: Edited, old: str, new: str) -> None:
    assert edited(old, new, subject="").severity is Severity.NOISE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Teachers in the north get a bonus. The north is cold.", "Teachers get a bonus. The north is cold."),
        ("Recieve armed guards.", "Receive guards."),
        ("The inclusion of farms is planned.", "The exclusion of farms is planned."),
    ],
)
def test_words_that_could_matter_are_never_taken_for_proof_reading(edited: Edited, old: str, new: str) -> None:
    assert edited(old, new, subject="").severity is not Severity.NOISE


def _page_judged(pack: Pack, prose: Callable[..., Document], old: list[str], new: list[str]) -> Judgement:
    gone = [
        Hunk(op=HunkOp.DELETED, old=text, new="", heading="", old_index=at, new_index=None, boilerplate=False)
        for at, text in enumerate(old)
        if text not in new or old.count(text) > new.count(text)
    ]
    come = [
        Hunk(op=HunkOp.INSERTED, old="", new=text, heading="", old_index=None, new_index=at, boilerplate=False)
        for at, text in enumerate(new)
        if text not in old or new.count(text) > old.count(text)
    ]
    diff = Diff(differ="blocks", differ_version=1, hunks=(*gone, *come))
    return judge(old=prose(*old), new=prose(*new), diff=diff, subject="", instruments=(), same_document=True, pack=pack)


def test_a_notice_in_place_of_a_page_is_told_as_such(mines: Pack, prose: Callable[..., Document]) -> None:
    page = ["You must pay 40 euros within 30 days.", "You may not appeal."]
    judgement = _page_judged(mines, prose, page, ["This page isn’t available", "Try again later."])
    assert (judgement.severity, _names(judgement)) == (Severity.MINOR, {"notice"})


def test_a_count_is_no_notice(mines: Pack, prose: Callable[..., Document]) -> None:
    judgement = _page_judged(mines, prose, ["News"], ["News", "In May 404 wells were found dry by the board."])
    assert "notice" not in _names(judgement)
    assert "number" in _names(judgement)


def test_a_sentence_that_stands_elsewhere_on_the_page_is_not_new(mines: Pack, prose: Callable[..., Document]) -> None:
    said = "Every owner must pay 40 euros to the board within 30 days."
    assert _page_judged(mines, prose, [said], [said, said]).severity is Severity.NOISE
    assert _page_judged(mines, prose, ["News"], ["News", said]).severity is not Severity.NOISE


def test_a_name_that_stands_elsewhere_on_the_page_is_told(mines: Pack, prose: Callable[..., Document]) -> None:
    assert "subject" in _names(_page_judged(mines, prose, ["Chad"], ["Chad", "Chad"]))


def test_a_language_to_choose_names_no_subject(edited: Edited) -> None:
    assert _names(edited("", "English (UK)", subject="")) == {"wording"}
    assert _names(edited("", "United Kingdom", subject="")) == {"subject"}


def test_an_item_takes_part_in_the_rule_over_it(mines: Pack, prose: Callable[..., Document]) -> None:
    def judged(heading: str) -> Judgement:
        text = "* Colloidal tin"
        hunk = Hunk(op=HunkOp.INSERTED, old="", new=text, heading=heading, old_index=None, new_index=0)
        diff = Diff(differ="blocks", differ_version=1, hunks=(hunk,))
        return judge(
            old=prose("x"), new=prose(text), diff=diff, subject="", instruments=(), same_document=True, pack=mines
        )

    assert judged("What may not be sold:").significance > judged("Our shelves").significance


def test_words_mostly_of_markup_or_of_a_menu_weigh_as_wording(edited: Edited) -> None:
    menu = "Home Plans And Prices Find A Doctor 24 Hour Line Member Login Careers Newsroom Contact"
    markup = '<div class="a b c d e f"><div class="g h i j k l m">You must pay 5 euros.</div></div>'
    assert _names(edited("", menu, subject="")) == _names(edited("", markup, subject="")) == {"wording"}


def test_a_verb_in_another_time_is_told_and_one_that_agrees_with_its_subject_is_not(edited: Edited) -> None:
    assert _names(edited("The guards used dogs.", "The guards use dogs.", subject="")) == {"wording"}
    assert _names(edited("The term is five years.", "The term was five years.", subject="")) == {"wording"}
    assert edited("The guard use dogs.", "The guard uses dogs.", subject="").severity is Severity.NOISE
