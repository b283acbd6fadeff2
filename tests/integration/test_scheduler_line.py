"""The service's line of workers: refilled within a tick, paused by storage errors, outliving what one Source does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from watcher.bootstrap import Instance, browser_of
from watcher.errors import ArchiveError
from watcher.fetch import FetchRequest, tls_context
from watcher.model.capture import FetchResult
from watcher.model.source import SourceState
from watcher.scheduler import Service
from watcher.settings import Settings
from watcher.store import captures, sources

PAGE = "<html><body><p>Kazakhstan has not joined the treaty, as the {} page says.</p></body></html>"


class BreaksOn:
    """A door with a fault of its own for one address."""

    def __init__(self, door: Any, url: str) -> None:
        self._door = door
        self._url = url

    def fetch(self, request: FetchRequest) -> FetchResult:
        if request.url == self._url:
            raise RuntimeError("nobody foresaw this")
        return self._door.fetch(request)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._door.close()


Start = Callable[..., Service]


@pytest.fixture
def start(bench: Any) -> Iterator[Start]:
    """A service with two workers and a tick of half a minute, whose ticks a test calls itself."""
    started: list[Service] = []
    settings = Settings()
    house = replace(settings.fetch, intranet=("127.0.0.0/8",), ports=(bench.site.port,), deadline_seconds=5.0)
    pace = replace(settings.scheduler, workers=2, tick_seconds=30.0)

    def make(door: Callable[[Any], Any] = lambda door: door) -> Service:
        class Prepared(Instance):
            def fetcher(self) -> Any:
                return door(Instance.fetcher(self))

        instance = Prepared(
            settings=replace(settings, fetch=house, scheduler=pace),
            config=Path("config"),
            rooms=bench.rooms,
            tls=tls_context(),
            browser=browser_of(settings, bench.clock),
        )
        started.append(Service(instance))
        return started[-1]

    yield make
    for service in started:
        service.stop()


def _counts(bench: Any) -> dict[str, int]:
    with bench.rooms.database.reading() as connection:
        return captures.count_captures(connection)


def _register(bench: Any, count: int) -> list[str]:
    names = [f"page-{number}" for number in range(count)]
    for name in names:
        bench.register(name, bench.site.put(f"/{name}", PAGE.format(name)))
    return names


def test_all_that_is_due_is_checked_within_one_tick_and_once(bench: Any, start: Start) -> None:
    names = _register(bench, 7)
    start().check_due()
    assert _counts(bench) == dict.fromkeys(names, 1)


def test_a_storage_error_pauses_checking_and_gives_every_lease_back(
    bench: Any, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise ArchiveError("disk full: snapshots could not be written")

    names = _register(bench, 3)
    service = start()
    with monkeypatch.context() as broken:
        broken.setattr(bench.rooms.archive, "append_captures", full)
        service.check_due()
    service.check_due()
    assert _counts(bench) == {}
    bench.clock.advance(seconds=61)
    service.check_due()
    assert _counts(bench) == dict.fromkeys(names, 1)


def test_a_fault_of_our_own_with_one_source_leaves_the_others_alone_and_ends_in_quarantine(
    bench: Any, start: Start
) -> None:
    names = _register(bench, 3)
    service = start(lambda door: BreaksOn(door, bench.site.url("/page-1")))
    for _ in range(4):
        service.check_due()
        bench.clock.advance(seconds=bench.rooms.lease_seconds + 1)
    assert _counts(bench) == {name: 1 for name in names if name != "page-1"}
    with bench.rooms.database.reading() as connection:
        states = {source.source_id: source.state for source in sources.list_sources(connection)}
    assert states == {
        "page-0": SourceState.ACTIVE,
        "page-1": SourceState.QUARANTINED,
        "page-2": SourceState.ACTIVE,
    }


def test_a_service_that_stops_leaves_no_check_behind(bench: Any, start: Start) -> None:
    names = _register(bench, 2)
    for name in names:
        bench.site.put(f"/{name}", PAGE.format(name), wait_seconds=0.5)
    service = start()
    service.start()
    while not bench.site.requests:
        pass
    service.stop()
    with bench.rooms.database.reading() as connection:
        held = [source for source in sources.list_sources(connection) if source.last_outcome is None]
    assert len(held) <= 1  # one host is asked by one worker: the second was not begun
    assert sum(_counts(bench).values()) == 2 - len(held)
