"""Subjects and Instruments by every spelling; look-ups are exact and never fuzzy."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from watcher.model.instruments import INSTRUMENTS, instrument_names, instrument_of
from watcher.model.subjects import SUBJECTS, name_of, normal_name, subject_names, subject_of

TABLES = Path(__file__).resolve().parents[3] / "../shared/eval/treaty_status"


@pytest.mark.parametrize(
    ("name", "alpha3"),
    [
        ("Republic of Korea", "KOR"),
        ("Democratic People's Republic of Korea", "PRK"),
        ("Democratic People’s Republic of Korea", "PRK"),
        ("Congo", "COG"),
        ("Democratic Republic of the Congo", "COD"),
        ("Cape Verde", "CPV"),
        ("Cabo Verde", "CPV"),
        ("Swaziland", "SWZ"),
        ("The former Yugoslav Republic of Macedonia", "MKD"),
        ("Iran (Islamic Republic of)", "IRN"),
        ("Côte d'Ivoire", "CIV"),
        ("Cote d'Ivoire", "CIV"),
        ("the Netherlands", "NLD"),
        ("China 1, 2", "CHN"),
        ("TURKEY", "TUR"),
        ("Niger", "NER"),
        ("Nigeria", "NGA"),
        ("kaz", "KAZ"),
        ("Algérie", "DZA"),
        ("Nueva Zelandia", "NZL"),
        ("Российской Федерации", "RUS"),
        ("Казахстане", "KAZ"),
    ],
)
def test_a_spelling_is_its_subject(name: str, alpha3: str) -> None:
    assert subject_of(name) == alpha3


@pytest.mark.parametrize("name", ["Korea", "Republic", "Ruritania", "", "Cte d'Ivoire", "Nigerr", "Guineaa"])
def test_what_is_not_exactly_a_name_is_nobody(name: str) -> None:
    assert subject_of(name) is None


def test_no_two_subjects_share_a_spelling() -> None:
    owners: dict[str, set[str]] = {}
    for subject in SUBJECTS:
        for name in (*subject.names, subject.alpha3):
            owners.setdefault(normal_name(name), set()).add(subject.alpha3)
    assert {name: codes for name, codes in owners.items() if len(codes) > 1} == {}


def test_every_subject_is_found_by_each_of_its_names() -> None:
    for subject in SUBJECTS:
        assert subject_names(subject.alpha3)[0] == name_of(subject.alpha3) == subject.name
        assert {subject_of(name) for name in subject.names} == {subject.alpha3}


def test_unknown_codes_have_no_names() -> None:
    assert (subject_names("ZZZ"), name_of("ZZZ"), instrument_names("ZZZ")) == ((), "ZZZ", ())


def test_every_participant_of_the_status_tables_is_known() -> None:
    if not TABLES.is_dir():
        pytest.skip(f"{TABLES} is not here: real status tables are kept beside the project")
    unknown = set()
    for table in TABLES.glob("*.csv"):
        rows = list(csv.reader(table.read_text(encoding="utf-8", errors="replace").splitlines()))[1:]
        unknown |= {row[0] for row in rows if row and "\ufffd" not in row[0] and subject_of(row[0]) is None}
    assert unknown <= {"Cte d'Ivoire"}, "only a participant that lost its accented letter may stay unknown"


def test_instruments_are_found_by_title_and_nickname() -> None:
    assert instrument_of("Ottawa Treaty") == "MBT"
    assert instrument_of("the Convention on Cluster Munitions") == "CCM"
    assert instrument_of("Protocol") is None
    for instrument in INSTRUMENTS:
        assert {instrument_of(name) for name in (*instrument.names, instrument.code)} == {instrument.code}


def test_no_name_in_any_language_is_that_of_two_subjects() -> None:
    holders: dict[str, set[str]] = {}
    for subject in SUBJECTS:
        for name in (*subject.names, *subject.foreign):
            holders.setdefault(normal_name(name), set()).add(subject.alpha3)
    assert {name: codes for name, codes in holders.items() if len(codes) > 1} == {}


@pytest.mark.parametrize("word", ["Maurice", "Grenade", "Dominique", "Того", "Granada", "Mauricio"])
def test_a_first_name_or_a_common_word_is_no_subject(word: str) -> None:
    assert subject_of(word) is None
