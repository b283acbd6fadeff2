"""A replay tells what the checks of a service told of the same states, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from watcher.pipeline.history import SETTLED_CHECKS
from watcher.pipeline.replay import replay_items
from watcher.store import changes

PAGE = "<html><body><h1>Office</h1><p>{}</p><p>The office is open to all visitors of the city.</p></body></html>"
A, B, C = (
    PAGE.format(f"Norland {text} the Mine Ban Treaty, says the minister.")
    for text in ("has not joined", "acceded on 8 July 2009 to", "will soon consider")
)


def _served(number: int) -> str:
    return PAGE.format(f"Lunch was served to {number} guests on Friday.")


def _mailed(name: str) -> str:
    return PAGE.format(f"Write to <a href='mailto:{name}@example.org'>the office</a> for a form.")


HISTORIES = {
    "learnt": [_served(number) for number in (100, 211, 322, 433, 544, 544, 655)],
    "learnt, then other words": [*(_served(number) for number in (100, 211, 322, 433, 544)), A],
    "flips": [A, B, A, B, A, B, C],
    "settles where it was told": [A, B, A, B, A, *[A] * (SETTLED_CHECKS + 3)],
    "settles elsewhere": [A, B, A, B, A, B, *[B] * (SETTLED_CHECKS + 3)],
    "links flip": [_mailed(name) for name in "abababa"],
    "links settle": [*(_mailed(name) for name in "abababb"), *[_mailed("b")] * (SETTLED_CHECKS + 2)],
    "the same": [A, A, A],
}


@pytest.mark.parametrize("states", HISTORIES.values(), ids=HISTORIES.keys())
def test_a_replay_says_of_each_state_what_the_service_said(bench: Any, states: list[str]) -> None:
    bench.register("office", bench.site.put("/office", states[0]))
    items, said = [], []
    for number, state in enumerate(states):
        bench.site.put("/office", state)
        change = bench.check("office", after_seconds=6 * 3600).recorded.change
        items.append({"id": number, "html": state, "captured_at": bench.clock().isoformat()})
        said.append(("none", False) if change is None else (change.kind.value, change.alert))
    answers = list(replay_items(items, bench.rooms.pack.text, bench.rooms.children))
    assert [(one["kind"], one["alert"]) for one in answers][1:] == said[1:]
    with bench.rooms.database.reading() as connection:
        told = [one for one in changes.list_changes(connection, source_id="office") if one.alert]
    assert len(told) == sum(one["alert"] for one in answers)


def test_the_histories_have_what_they_are_named_for(bench: Any) -> None:
    kinds = {
        name: [one["kind"] for one in replay_items(_items(states), bench.rooms.pack.text, bench.rooms.children)]
        for name, states in HISTORIES.items()
    }
    assert kinds["learnt"][4:] == ["volatile", "none", "volatile"]
    assert kinds["learnt, then other words"][-1] == "content"
    assert kinds["flips"] == ["first", "content", "reverted", "flapping", "flapping", "flapping", "content"]
    assert kinds["settles where it was told"].count("status") == 1
    assert kinds["settles elsewhere"].count("reverted") == 2
    assert kinds["links flip"] == ["first", "link_target", "reverted", *["flapping"] * 4]
    assert kinds["links settle"].count("reverted") == 2


def _items(states: list[str]) -> list[dict[str, Any]]:
    return [{"id": number, "html": state} for number, state in enumerate(states)]
