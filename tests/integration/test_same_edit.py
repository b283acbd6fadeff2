"""The same edit on many Sources of one host: told once, with their list; never what moves a Position."""

from __future__ import annotations

from typing import Any

from watcher.pipeline.notify import compose_digest
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
