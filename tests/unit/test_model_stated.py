"""The dates that passages name."""

from __future__ import annotations

import pytest

from watcher.model.stated import StatedDate, stated_dates
from watcher.render.board import dates_words


@pytest.mark.parametrize(
    ("passage", "wanted"),
    [
        ("It abstained on Resolution 54/54B, as it had in 1997 and 1998.", ["1997", "1998", "1999"]),
        ("It voted for the resolution in 1996.", ["1996"]),
        ("It declared a moratorium in December 1996 and a ban in August 1997.", ["1996-12", "1997-08"]),
        ("The decree from 6 of August 1997 № 1222 is in force.", ["1997-08-06"]),
        ("depuis le 3 mars 1999", ["1999-03-03"]),
        ("с 1 января 2003 года", ["2003-01-01"]),
        ("desde el 5 de mayo de 2001", ["2001-05-05"]),
        ("March 25, 2007", ["2007-03-25"]),
        ("It is not a party to the 1980 Convention.", []),
        ("31 February 2001", []),
        ("resolution 12/99 of the board", []),
        ("It holds 2000 mines", []),
    ],
)
def test_a_passage_is_dated_by_what_it_names(passage: str, wanted: list[str]) -> None:
    assert [str(each) for each in stated_dates(passage)] == wanted


@pytest.mark.parametrize("word", ["since", "from", "as of", "depuis", "desde", "с"])
def test_a_date_after_since_is_a_beginning(word: str) -> None:
    assert [each.since for each in stated_dates(f"a moratorium {word} 2003")] == [True]
    assert [each.since for each in stated_dates("a moratorium in 2003")] == [False]


@pytest.mark.parametrize(
    ("passage", "wanted"),
    [
        ("It abstained in December 2025, for the first time since 2005.", ["2025-12"]),
        ("For the first time since 2005, it abstained in December 2025.", ["2025-12"]),
        ("It abstained for the first time since 2005 in December 2025.", ["2025-12"]),
        ("In 2025 it voted against, for the first time in the First Committee since 3 March 2005.", ["2025"]),
        ("In 2025 it abstained for the first time since joining in 2005.", ["2025"]),
        ("In 2025 it cast its first abstention since 2005.", ["2025"]),
        ("It abstained for the first time since 2005.", []),
        ("Elle s'est abstenue en 2025, pour la première fois depuis 2005.", ["2025"]),
        ("Se abstuvo en 2025 por primera vez desde 2005.", ["2025"]),
        ("Впервые с 2005 года он воздержался в 2025 году.", ["2025"]),
        ("It used mines for the first time in 2003.", ["2003"]),
        ("It first abstained in 2003 and has voted against since 2005.", ["2003", "2005"]),
        ("It passed its first law, in force since 2005.", ["2005"]),
    ],
)
def test_the_last_time_that_it_was_so_dates_nothing(passage: str, wanted: list[str]) -> None:
    assert [str(each) for each in stated_dates(passage)] == wanted


def test_years_in_a_row_are_told_as_a_span() -> None:
    years = [StatedDate(year=year) for year in (1996, 1997, 1999)]
    assert (
        dates_words([*years, StatedDate(year=2001, month=8, day=6, since=True)])
        == "1996–1997, 1999, since 6 August 2001"
    )
