"""Why a sentence is read as it is: what turned and what dropped each cue that matched; and the clause of a date."""

from __future__ import annotations

import pytest

from watcher.classify import Pack, clause_of, explain_positions, find_positions
from watcher.model.stated import stated_dates


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "Kenya exports no landmines and has not destroyed its stockpiled landmines.",
            "negated (“not”) turns destroyed",
        ),
        ("If asked, Kenya has cleared its minefields.", "condition (“If”) drops it"),
        ("We urge that all landmines be cleared by the army.", "asked (“urge”)"),
        ("All States have produced landmines and some companies produce landmines.", "it is said of States at large"),
        ("Kenya voted in favour of the resolution on nuclear tests; landmines lay elsewhere.", ""),
        ("[3] The State, Burden of Buried Landmines, p. 4.", "its words are a title in a note"),
        ("Landmines kill. Kenya voted in favour of the treaty on nuclear tests, resolution 70/54.", "something else"),
    ],
)
def test_what_turned_or_dropped_a_cue_is_said_in_words(text: str, why: str, mines: Pack) -> None:
    said = [
        f"{remark.why} {remark.rule}"
        for each in explain_positions(text, subject="KEN", pack=mines)
        for remark in each.remarks
    ]
    if why:
        assert any(why in one for one in said), said


def test_an_explanation_reads_what_a_reading_reads_and_names_the_unread(mines: Pack) -> None:
    text = (
        "Kenya has not joined the Mine Ban Treaty. It is sunny today. The lake is deep. Boats go out. Fish are sold. "
        "Nothing else happens."
    )
    explained = explain_positions(text, subject="KEN", pack=mines)
    assert tuple(one for each in explained for one in each.positions) == find_positions(text, subject="KEN", pack=mines)
    assert " ".join(each.passage for each in explained) == text
    assert [each.is_read for each in explained][::5] == [True, False]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        (
            "Kenya signed the Mine Ban Treaty on 5 December 1997 and ratified it on 23 January 2001.",
            {"treaty_status": ["2001-01-23"]},
        ),
        (
            "Kenya declared a moratorium on production in March 1996 and a ban on the export of landmines in May 1998.",
            {"production": ["1996-03"], "transfer": ["1998-05"]},
        ),
        (
            "Kenya destroyed its stockpile of landmines in 2003; it cleared all its minefields by 2010.",
            {"stockpile": ["2003"], "clearance": ["2010"]},
        ),
        (
            "Kenya abstained in the vote on the mine ban resolution in 1999, as it had in 1997 and 1998.",
            {"vote": ["1997", "1998", "1999"]},
        ),
    ],
)
def test_a_date_belongs_to_the_clause_that_names_it(text: str, dates: dict[str, list[str]], mines: Pack) -> None:
    found = {
        one.indicator: [str(date) for date in stated_dates(clause_of(one, pack=mines))]
        for one in find_positions(text, subject="KEN", pack=mines)
        if one.indicator in dates
    }
    assert found == dates
