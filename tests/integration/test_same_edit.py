"""The same edit on many Sources of one host: told once, with their list; never what moves a Position."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from watcher.model.change import Severity
from watcher.model.subscription import Cadence
from watcher.pipeline.notify import compose_digest, compose_due, preview_digest
from watcher.store import digests, subscriptions

PAGE = "<html><body><h1>{0}</h1><p>{1}</p><p>The page of number {0} in a series of pages.</p></body></html>"
OLD, NEW = "The ministry is in the old town.", "The ministry will not be in the old town."


def _composed(bench: Any) -> Any:
    with bench.rooms.database.reading() as connection:
        return compose_digest(bench.rooms, subscriptions.get_subscription(connection, "desk"))


def _edited(bench: Any, *edits: tuple[str, str]) -> Any:
    bench.subscribe()
    for number, (old, _) in enumerate(edits):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", PAGE.format(number, old)))
        bench.check(f"page-{number}")
    for number, (_, new) in enumerate(edits):
        bench.site.put(f"/{number}", PAGE.format(number, new))
        bench.check(f"page-{number}")
    return _composed(bench)


def test_the_same_edit_on_three_sources_is_told_once_with_all_three(bench: Any) -> None:
    composed = _edited(bench, *[(OLD, NEW)] * 3)
    (entry,) = composed.digest.entries
    assert len(entry.alike) == 2
    for part in (composed.message.text, composed.message.html):
        assert "page-0" in part
        assert "page-1" in part
        assert "page-2" in part
    assert "3 Changes in 3 Sources" in composed.message.text
    with bench.rooms.database.reading() as connection:
        assert len(digests.get_digest(connection, composed.digest.digest_id).change_ids) == 3


def test_the_same_edit_on_two_sources_is_told_of_each(bench: Any) -> None:
    assert len(_edited(bench, *[(OLD, NEW)] * 2).digest.entries) == 2


def test_another_edit_on_the_same_host_stays_apart(bench: Any) -> None:
    composed = _edited(bench, *[(OLD, NEW)] * 3, (OLD, "The ministry is not in the new town."))
    assert sorted(len(entry.alike) for entry in composed.digest.entries) == [0, 2]


def test_a_position_that_moves_on_three_sources_alike_is_told_three_times(bench: Any) -> None:
    before, after = "Kazakhstan has not joined the Mine Ban Treaty.", "Kazakhstan joined the Mine Ban Treaty in 2009."
    composed = _edited(bench, *[(before, after)] * 3)
    assert len(composed.digest.entries) == 3
    assert all(entry.change.judgement.position_changes for entry in composed.digest.entries)


def test_the_same_word_in_other_sentences_is_another_edit(bench: Any) -> None:
    sentences = ("The school will {}open.", "The ministry will {}pay.", "The office will {}move.")
    composed = _edited(bench, *[(one.format(""), one.format("not ")) for one in sentences])
    assert [len(entry.alike) for entry in composed.digest.entries] == [0, 0, 0]


def _alerts(bench: Any) -> list[Any]:
    return [one for one in compose_due(bench.rooms) if one.digest.subscription.cadence is Cadence.IMMEDIATE]


def _pages(bench: Any, count: int) -> None:
    for number in range(count):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", PAGE.format(number, OLD)))
        bench.check(f"page-{number}")


def _edit(bench: Any, number: int, new: str = NEW) -> None:
    bench.site.put(f"/{number}", PAGE.format(number, new))
    bench.check(f"page-{number}", after_seconds=1800)


def test_an_immediate_subscription_is_told_a_repeated_edit_twice_at_most_then_with_the_whole_list(bench: Any) -> None:
    bench.subscribe(cadence=Cadence.IMMEDIATE)
    _pages(bench, 5)
    messages = []
    for number in range(5):
        _edit(bench, number)
        messages += _alerts(bench)
    assert [entry.source.source_id for entry in messages[0].digest.entries] == ["page-0"]
    assert len(messages) == 1
    bench.clock.advance(hours=6)
    (rest,) = _alerts(bench)
    (entry,) = rest.digest.entries
    assert [one.source.source_id for one in entry.told] == ["page-1", "page-2", "page-3", "page-4"]
    assert [source.source_id for source in entry.told_before] == ["page-0"]
    for part in (rest.message.text, rest.message.html):
        assert "The same edit was told before of: page-0." in " ".join(part.split())
    bench.clock.advance(hours=12)
    assert _alerts(bench) == []


def test_another_edit_on_a_page_of_the_host_is_told_at_once(bench: Any) -> None:
    bench.subscribe(cadence=Cadence.IMMEDIATE)
    _pages(bench, 2)
    _edit(bench, 0)
    assert len(_alerts(bench)) == 1
    _edit(bench, 1, "The ministry is not in the new town.")
    assert len(_alerts(bench)) == 1


def test_a_critical_edit_never_waits_for_the_others(bench: Any) -> None:
    bench.subscribe(cadence=Cadence.IMMEDIATE)
    _pages(bench, 2)
    grave = "The ministry is not in the old town of Ghana since 2 May 2030, and must pay 300 dollars."
    messages = []
    for number in range(2):
        _edit(bench, number, grave)
        messages += _alerts(bench)
    severities = [entry.change.judgement.severity for one in messages for entry in one.digest.entries]
    assert severities == [Severity.CRITICAL, Severity.CRITICAL]


def test_a_position_that_moves_again_on_another_source_is_told_at_once(bench: Any) -> None:
    bench.subscribe(cadence=Cadence.IMMEDIATE)
    for number in range(2):
        body = PAGE.format(number, "Kazakhstan has not joined the Mine Ban Treaty.")
        bench.register(f"page-{number}", bench.site.put(f"/{number}", body))
        bench.check(f"page-{number}")
    messages = []
    for number in range(2):
        _edit(bench, number, "Kazakhstan joined the Mine Ban Treaty in 2009.")
        messages += _alerts(bench)
    assert len(messages) == 2


def test_what_waits_is_told_once_by_the_next_digest_when_gathering_is_switched_off(bench: Any) -> None:
    bench.subscribe(cadence=Cadence.IMMEDIATE)
    _pages(bench, 3)
    for number in (0, 1):
        _edit(bench, number)
        _alerts(bench)
    rooms = replace(bench.rooms, gather_seconds=0)
    _edit(bench, 2)
    told = [entry.source.source_id for one in compose_due(rooms) for entry in one.digest.entries]
    assert sorted(told) == ["page-1", "page-2"]


def test_a_digest_that_a_person_sends_now_and_its_preview_hold_what_waits(bench: Any) -> None:
    subscription = bench.subscribe(cadence=Cadence.IMMEDIATE)
    _pages(bench, 2)
    for number in (0, 1):
        _edit(bench, number)
        _alerts(bench)
    with bench.rooms.database.reading() as connection:
        subscription = subscriptions.get_subscription(connection, subscription.subscription_id)
    assert "page-1" in preview_digest(bench.rooms, subscription).text
    sent = compose_digest(bench.rooms, subscription, whole=True)
    assert [entry.source.source_id for entry in sent.digest.entries] == ["page-1"]
    bench.clock.advance(hours=12)
    assert _alerts(bench) == []
