"""Lines that change by themselves: learnt from the Source's own history, shown, and forgotten again."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from watcher.errors import NotFoundError
from watcher.model.change import ChangeKind
from watcher.pipeline.learnt import judge_line, learnt_lines
from watcher.store import audit
from watcher.web.app import create_app

PAGE = "<html><body><h1>Office</h1><p>{}</p><p>The office is open to all visitors of the city.</p></body></html>"


def _checked(bench: Any, line: str, *, hours: float = 6.0) -> Any:
    bench.site.put("/office", PAGE.format(line))
    change = bench.check("office", after_seconds=hours * 3600).recorded.change
    return None if change is None else change.kind


@pytest.fixture
def office(bench: Any) -> Any:
    bench.register("office", bench.site.put("/office", PAGE.format("Lunch was served to 100 guests on Monday.")))
    bench.check("office")
    return bench


def _served(bench: Any, number: int, day: str = "Friday") -> Any:
    return _checked(bench, f"Lunch was served to {number} guests on {day}.")


def test_a_line_whose_values_changed_three_times_is_volatile_with_its_reason(office: Any) -> None:
    kinds = [_served(office, number) for number in (211, 322, 433, 544)]
    assert kinds == [ChangeKind.CONTENT] * 3 + [ChangeKind.VOLATILE]
    office.site.put("/office", PAGE.format("Lunch was served to 655 guests on Sunday."))
    change = office.check("office").recorded.change
    assert not change.alert
    assert "“Lunch was served to ⟦number⟧ guests on ⟦date⟧.”" in change.reason
    assert "watcher source volatile office" in change.reason


def test_other_words_in_a_learnt_line_are_told(office: Any) -> None:
    for number in (211, 322, 433, 544):
        _served(office, number)
    assert _checked(office, "Lunch was refused to 655 guests on Friday.") is ChangeKind.CONTENT


def test_another_line_that_changes_with_a_learnt_one_is_told(office: Any) -> None:
    for number in (211, 322, 433, 544):
        _served(office, number)
    body = PAGE.format("Lunch was served to 655 guests on Friday.").replace("is open to all", "is closed to all")
    office.site.put("/office", body)
    assert office.check("office").recorded.change.kind is ChangeKind.CONTENT


@pytest.mark.parametrize(
    "line",
    [
        "Kazakhstan destroyed {} anti-personnel mines by Friday.",
        "Stockpile: {} landmines.",
        "Clearance reached {} hectares this week.",
        "Signatories of the Mine Ban Treaty: {}",
    ],
)
def test_a_number_of_the_field_is_never_learnt(office: Any, line: str) -> None:
    kinds = [_checked(office, line.format(number)) for number in (100, 211, 322, 433, 544, 655)]
    assert ChangeKind.VOLATILE not in kinds
    with office.rooms.database.reading() as connection:
        assert [one for one in learnt_lines(office.rooms, connection, "office") if one.is_learnt] == []


def test_a_date_that_changes_every_month_is_never_learnt(office: Any) -> None:
    kinds = []
    for month in ("June", "July", "August", "September", "October"):
        kinds.append(_checked(office, f"The next dinner of the office is on 3 {month}."))
        for _ in range(24):
            office.check("office", after_seconds=24 * 3600)
    assert kinds == [ChangeKind.CONTENT] * 5


def test_a_line_that_somebody_forgot_is_told_until_it_is_allowed_again(office: Any) -> None:
    for number in (211, 322, 433, 544):
        _served(office, number)
    judge_line(office.rooms, "office", "1", user="anna", forget=True)
    assert _served(office, 655) is ChangeKind.CONTENT
    with office.rooms.database.reading() as connection:
        act = audit.list_audit(connection, target="office")[0]
    assert (act.user, act.action) == ("anna", "source.volatile.forget")
    judge_line(office.rooms, "office", "Lunch was served to ⟦number⟧ guests on ⟦date⟧.", user="anna", forget=False)
    assert _served(office, 766) is ChangeKind.VOLATILE


def test_a_line_that_is_none_is_refused_with_the_command_that_lists_them(office: Any) -> None:
    with pytest.raises(NotFoundError, match="watcher source volatile office lists them"):
        judge_line(office.rooms, "office", "7", user="anna", forget=True)


def test_the_page_of_the_source_shows_what_was_learnt(office: Any) -> None:
    for number in (211, 322, 433, 544):
        _served(office, number)
    client = TestClient(create_app(office.rooms, version="1", allowed_hosts=("testserver",)))
    told = client.get("/sources/office").text
    assert "Lines that change by themselves" in told
    assert "Lunch was served to ⟦number⟧ guests on ⟦date⟧." in told
