"""Sentences in which one thing is said, and another must not be read into them."""

from __future__ import annotations

import pytest

from watcher.classify import Pack, find_positions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Armenia voted against the resolution calling for universalization of the Mine Ban Treaty.", {("vote", "no")}),
        ("Armenia ratified the so-called Ottawa Convention.", {("treaty_status", "state_party")}),
        (
            "Armenia has not joined the treaty commonly called the Ottawa Convention.",
            {("treaty_status", "not_party")},
        ),
        ("Armenia maintains a moratorium on the export of antipersonnel mines.", {("transfer", "moratorium")}),
        ("Armenia retains a moratorium on the production of antipersonnel mines.", {("production", "moratorium")}),
        ("Armenia has called for postponing accession to the Mine Ban Treaty.", set()),
        ("The stockpiled mines of Armenia were destroyed in 2004.", {("stockpile", "destroyed")}),
        ("Armenia suspended the operation of the Mine Ban Treaty.", {("treaty_status", "suspended")}),
        (
            "Armenia retains a moratorium on exports and a stockpile of antipersonnel mines.",
            {("stockpile", "holds"), ("transfer", "moratorium")},
        ),
    ],
)
def test_no_more_is_read_than_is_said(mines: Pack, text: str, said: set[tuple[str, str]]) -> None:
    assert {(one.indicator, one.stance) for one in find_positions(text, subject="ARM", pack=mines)} == said
