"""Rules of reading: whose stance a sentence shows, and what negation, tense and condition leave of it."""

from __future__ import annotations

import pytest

from watcher.classify import Pack, find_positions
from watcher.model.change import About, Position


def _read(text: str, pack: Pack, subject: str = "NOR") -> set[tuple[str, str, str]]:
    return {(one.subject, one.indicator, one.stance) for one in find_positions(text, subject=subject, pack=pack)}


def _first(text: str, pack: Pack, indicator: str, subject: str = "NOR") -> Position:
    return next(one for one in find_positions(text, subject=subject, pack=pack) if one.indicator == indicator)


def test_offsets_index_the_text_that_was_read(mines: Pack) -> None:
    text = "Good morning.\n\n  Norway ratified the Mine Ban Treaty in July.  Thank you."
    position = _first(text, mines, "treaty_status")
    assert position.passage == text[position.start : position.end] == "Norway ratified the Mine Ban Treaty in July."


def test_offsets_hold_after_letters_that_fold_to_more_than_one(mines: Pack) -> None:
    text = "Straße ﬁve İstanbul. Norway ratified the Mine Ban Treaty."
    position = _first(text, mines, "treaty_status")
    assert position.passage == text[position.start : position.end] == "Norway ratified the Mine Ban Treaty."


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Norway has ratified the Mine Ban Treaty.", "state_party"),
        ("Norway has not ratified the Mine Ban Treaty.", "not_party"),
        ("Norway hasn't ratified the Mine Ban Treaty.", "not_party"),
        ("Norway will soon ratify the Mine Ban Treaty.", "intends_to_join"),
        ("Norway would join the Mine Ban Treaty if others did.", "considering"),
        ("Norway has decided to withdraw from the Mine Ban Treaty.", "withdrawing"),
    ],
)
def test_tense_negation_and_condition_change_the_treaty_status(mines: Pack, text: str, stance: str) -> None:
    assert ("NOR", "treaty_status", stance) in _read(text, mines)


def test_a_convention_title_does_not_speak_of_use_or_production(mines: Pack) -> None:
    text = (
        "Norway acceded to the Convention on the Prohibition of the Use, Stockpiling, Production and Transfer of "
        "Anti-Personnel Mines and on Their Destruction."
    )
    assert {indicator for _, indicator, _ in _read(text, mines)} == {"treaty_status"}


def test_another_treaty_gives_no_treaty_status(mines: Pack) -> None:
    assert not _read("Norway ratified the Chemical Weapons Convention.", mines)


def test_two_negations_undo_each_other(mines: Pack) -> None:
    assert ("NOR", "production", "does_not_produce") in _read("Norway does not produce landmines.", mines)
    doubled = "It is not the case that Norway does not export landmines or never used landmines."
    assert ("NOR", "transfer", "banned") not in _read(doubled, mines)


def test_an_allegation_is_about_the_accused(mines: Pack) -> None:
    position = _first("Norway alleges that Denmark uses landmines at its border.", mines, "use")
    assert (position.subject, position.stance, position.about) == ("DNK", "alleged", About.OTHER)


def test_a_report_about_the_world_is_nobodys_position(mines: Pack) -> None:
    position = _first("Around the globe, more than 80 million landmines lie buried.", mines, "contamination")
    assert (position.subject, position.about) == ("", About.WORLD)


def test_joy_at_anothers_accession_is_not_ones_own(mines: Pack) -> None:
    found = _read("Norway is pleased that Serbia has acceded to the Ottawa Convention.", mines)
    assert ("SRB", "treaty_status", "state_party") in found
    assert not any(subject == "NOR" and indicator == "treaty_status" for subject, indicator, _ in found)


def test_an_appeal_to_others_is_no_treaty_status(mines: Pack) -> None:
    found = _read("We call upon all States that have not done so to ratify the Ottawa Convention.", mines)
    assert ("NOR", "position", "supports_ban") in found
    assert not any(subject == "NOR" and indicator == "treaty_status" for subject, indicator, _ in found)


@pytest.mark.parametrize("who", ["We", "My country", "The Government", "Norway", "The Kingdom of Norway"])
def test_the_documents_subject_goes_by_many_names(mines: Pack, who: str) -> None:
    assert ("NOR", "treaty_status", "state_party") in _read(f"{who} ratified the Mine Ban Treaty.", mines)


def test_it_and_the_government_mean_the_state_named_last(mines: Pack) -> None:
    found = _read("Denmark spoke first. It has not acceded to the Mine Ban Treaty.", mines)
    assert ("DNK", "treaty_status", "not_party") in found


def test_the_convention_means_the_instrument_named_last(mines: Pack) -> None:
    text = "The Ottawa Convention was discussed at length. Norway signed the Convention in December."
    assert ("NOR", "treaty_status", "signatory") in _read(text, mines)
    other = "The Chemical Weapons Convention was discussed. Norway signed the Convention in December."
    assert not _read(other, mines)


def test_north_and_south_korea_are_told_apart(mines: Pack) -> None:
    found = _read("The Republic of Korea has not signed the Mine Ban Treaty.", mines, subject="PRK")
    assert ("KOR", "treaty_status", "not_party") in found
    assert not any(subject == "PRK" for subject, _, _ in found)


def test_a_word_in_capitals_names_a_state_and_in_small_letters_it_does_not(mines: Pack) -> None:
    assert ("USA", "treaty_status", "not_party") in _read("The US has not joined the Mine Ban Treaty.", mines)
    assert not any(subject == "USA" for subject, _, _ in _read("They told us of the Mine Ban Treaty.", mines))


def test_deminers_sent_abroad_clear_nothing_at_home(mines: Pack) -> None:
    found = _read("Norway has dispatched a unit of 40 soldiers to Lebanon for mine clearance operations.", mines)
    assert not any(subject == "NOR" and indicator == "clearance" for subject, indicator, _ in found)


def test_text_without_the_packs_topic_gives_nothing(mines: Pack) -> None:
    assert find_positions("The harvest was good. Exports of wheat were banned.", subject="NOR", pack=mines) == ()
    assert find_positions("", subject="NOR", pack=mines) == ()


def test_reading_twice_gives_the_same(mines: Pack) -> None:
    text = "Norway does not produce or export mines. It has destroyed its stockpile of mines. " * 5
    assert find_positions(text, subject="NOR", pack=mines) == find_positions(text, subject="NOR", pack=mines)


def test_the_second_pack_reads_its_own_field_only(clusters: Pack, mines: Pack) -> None:
    text = "Norway ratified the Convention on Cluster Munitions."
    assert _read(text, clusters) == {("NOR", "treaty_status", "state_party")}
    assert not _read(text, mines)
    assert not _read("Norway ratified the Mine Ban Treaty.", clusters)
