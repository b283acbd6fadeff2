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
        ("Armenia has no moratorium on the export of antipersonnel mines.", set()),
        ("Armenia has not declared a moratorium on the transfer of landmines.", set()),
        ("Armenia does not maintain a moratorium on the production of landmines.", set()),
        ("Armenia lifted its moratorium on exports of landmines.", {("transfer", "authorised")}),
        ("Armenia ended its export moratorium on antipersonnel mines in 2024.", {("transfer", "authorised")}),
        (
            "Armenia's moratorium on the transfer of antipersonnel mines expired in 2020.",
            {("transfer", "authorised")},
        ),
        ("Armenia has not lifted its moratorium on the transfer of landmines.", {("transfer", "moratorium")}),
        (
            "Armenia's moratorium on the export of landmines has not been lifted.",
            {("transfer", "moratorium")},
        ),
        ("Armenia let its moratorium on the export of landmines lapse.", {("transfer", "authorised")}),
        ("Armenia is not bound by a moratorium on the export of landmines.", set()),
        ("L'Arménie n'a pas de moratoire sur l'exportation de mines antipersonnel.", set()),
        (
            "Armenia abstained in previous years but voted against the mine ban resolution in 2025.",
            {("vote", "no")},
        ),
        (
            "Armenia abstained rather than vote against the resolution on antipersonnel mines.",
            {("vote", "abstain")},
        ),
        (
            "Armenia voted in favour, as in previous years, of the resolution on antipersonnel mines.",
            {("vote", "yes"), ("position", "supports_ban")},
        ),
        ("Armenia lifted 300 mines from the fields of the border.", {("clearance", "in_progress")}),
        ("Armenia lifted all restrictions on the use of antipersonnel mines.", set()),
        (
            "Armenia abstained on the resolution on antipersonnel mines, having voted in favour in 2020.",
            {("vote", "abstain")},
        ),
        (
            "Armenia voted against the mine ban resolution, unlike in 2024 when it abstained.",
            {("vote", "no")},
        ),
        ("After voting against the resolution on antipersonnel mines, Armenia asked for the floor.", {("vote", "no")}),
        ("Armenia did not vote against the resolution on landmines, it abstained.", {("vote", "abstain")}),
        ("Armenia did not vote on the resolution on landmines.", {("vote", "absent")}),
        ("Armenia is believed to hold a stockpile of antipersonnel mines.", {("stockpile", "holds")}),
        ("Armenia has 1,200 antipersonnel mines in stock.", {("stockpile", "holds")}),
        ("Armenia has 1,200 antipersonnel mines in its fields.", {("contamination", "affected")}),
    ],
)
def test_no_more_is_read_than_is_said(mines: Pack, text: str, said: set[tuple[str, str]]) -> None:
    assert {(one.indicator, one.stance) for one in find_positions(text, subject="ARM", pack=mines)} == said
