"""Which links and addresses a monitor is told of, and what history says of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watcher.extract import extract
from watcher.model.change import ChangeKind, Severity
from watcher.model.document import Document
from watcher.pipeline.compare import Comparison, compare_documents, told_links
from watcher.pipeline.history import PastLinks, place_links
from watcher.settings import load_pack_text

PAGE = (
    "<html><body><nav><a href='/home'>Home</a></nav><h1>The office</h1><p>{}</p><p>It is open to all.</p></body></html>"
)
NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pack_text() -> str:
    return load_pack_text(Path(__file__).parents[3] / "config", "mine_action").text


def _read(body: str) -> Document:
    return extract(PAGE.format(body).encode(), media_type="text/html", charset="utf-8", name="")


def _compared(pack_text: str, old: str, new: str) -> Comparison:
    return compare_documents(
        _read(old), _read(new), subjects=(), instruments=(), same_document=True, pack_text=pack_text
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Write to <a href='mailto:a@b.gov'>the office</a>.", "Write to <a href='mailto:c@b.gov'>the office</a>."),
        ("Write to the office.", "Write to <a href='mailto:a@b.gov'>the office</a>."),
        ("Call <a href='tel:+7123'>the office</a>.", "Call <a href='tel:+7124'>the office</a>."),
        ("See <a href='/decree.pdf'>the decree</a>.", "See the decree."),
        (
            "See <a href='https://b.gov/a'>https://b.gov/a</a> for it.",
            "See <a href='https://b.gov/c'>https://b.gov/c</a> for it.",
        ),
        ("The form is at https://b.gov/form and is free.", "The form is at https://b.gov/new-form and is free."),
        ("Ask old.desk@b.gov for the form.", "Ask new.desk@b.gov for the form."),
    ],
)
def test_a_contact_an_address_or_a_link_that_is_gone_is_told_as_minor_at_least(
    pack_text: str, old: str, new: str
) -> None:
    found = _compared(pack_text, old, new)
    assert found.alert
    assert found.judgement.severity.rank >= Severity.MINOR.rank
    assert found.judgement.parts


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("See the decree of May.", "See <a href='/decree.pdf'>the decree</a> of May."),
        ("See <a href='/decree.pdf'>the decree</a>.", "See <a href='/decree-1.pdf'>the decree</a>."),
        ("See <a href='/decree.pdf'>the decree</a>.", "See <a href='/decree.pdf#2'>the decree</a>."),
        ("Write to <a href='mailto:b.gov'>b.gov</a>.", "Write to <a href='https://b.gov'>b.gov</a>."),
        ("The form is at http://b.gov/form.", "The form is at https://www.b.gov/form."),
    ],
)
def test_a_page_that_words_lead_to_as_well_or_otherwise_is_recorded_and_not_told(
    pack_text: str, old: str, new: str
) -> None:
    found = _compared(pack_text, old, new)
    assert not found.alert
    assert found.kind is not ChangeKind.NONE


def test_links_of_navigation_are_never_told(pack_text: str) -> None:
    old, new = _read("Words."), _read("Words.")
    other = extract(
        PAGE.replace("'/home'", "'mailto:a@b.gov'").format("Words.").encode(),
        media_type="text/html",
        charset="utf-8",
        name="",
    )
    found = compare_documents(old, other, subjects=(), instruments=(), same_document=True, pack_text=pack_text)
    assert (found.kind, found.alert) == (ChangeKind.BOILERPLATE, False)
    assert told_links(found.diff.hunks) == []
    assert new.blocks


def test_a_person_thanked_is_noise_and_a_person_under_any_other_heading_is_told(pack_text: str) -> None:
    severities = []
    for heading in ("Acknowledgements", "Members of the commission"):
        old, new = (
            f"</p><h2>{heading}</h2><ul><li>Asel Omar</li>{one}<li>Ida Berg</li></ul><p>"
            for one in ("", "<li>Tor Vik</li>")
        )
        severities.append(_compared(pack_text, old, new).judgement.severity)
    assert severities == [Severity.NOISE, Severity.MINOR]


def _flip(pack_text: str, one: str, other: str) -> tuple[Comparison, Comparison]:
    bodies = [f"Write to <a href='mailto:{name}@b.gov'>the office</a>." for name in (one, other)]
    return _compared(pack_text, *bodies), _compared(pack_text, *bodies[::-1])


def test_a_link_that_leads_again_where_it_led_is_reverted_and_the_same_step_again_flapping(pack_text: str) -> None:
    there, back = _flip(pack_text, "a", "c")
    past = [PastLinks(links=frozenset(told_links(there.diff.hunks)), captured_at=NOON)]
    undone = place_links(back, past=past, captured_at=NOON + timedelta(days=1))
    assert (undone.kind, undone.alert) == (ChangeKind.REVERTED, True)
    assert undone.reason == "links lead again where they led before 3 May 2026"
    again = place_links(there, past=past, captured_at=NOON + timedelta(days=2))
    assert (again.kind, again.alert) == (ChangeKind.FLAPPING, False)
    late = place_links(there, past=past, captured_at=NOON + timedelta(days=91))
    assert late.kind is ChangeKind.LINK_TARGET
