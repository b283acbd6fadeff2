"""The line that checks go through: many are fetched at once, one thread writes them down together, a few are read.

Reading a page costs processor time and fetching one costs patience, so each has its own number of workers. What is
fetched while the last group is being written waits for the next group: one wait for the disk serves them all.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import structlog

from watcher.errors import WatcherError
from watcher.model.capture import Trigger
from watcher.model.source import Claim
from watcher.pipeline.ports import FetchDoor, Rooms
from watcher.pipeline.record import Attempt
from watcher.pipeline.schedule import release
from watcher.pipeline.watch import Checked, Fetched, archive, fetch, needs_reading, record

GATHER_SECONDS = 0.03
LARGEST_GROUP = 256

log = structlog.get_logger()


class ClosableDoor(FetchDoor, Protocol):
    """A door that holds connections."""

    def close(self) -> None:
        """Close them."""
        ...


class CheckLine:
    """Claimed Sources go in, recorded checks come out. At most one claim a door is under way at any time.

    `on_storage_error` is told when evidence could not be written; the claims concerned are given back.
    """

    def __init__(
        self,
        rooms: Rooms,
        doors: Sequence[ClosableDoor],
        *,
        readers: int,
        on_storage_error: Callable[[WatcherError], None],
    ) -> None:
        self._rooms = rooms
        self._on_storage_error = on_storage_error
        self._capacity = len(doors)
        self._under_way = 0
        self._changed = threading.Condition()
        self._doors: queue.SimpleQueue[ClosableDoor] = queue.SimpleQueue()
        for door in doors:
            self._doors.put(door)
        self._fetched: queue.SimpleQueue[Fetched | None] = queue.SimpleQueue()
        self._fetching = ThreadPoolExecutor(max_workers=len(doors), thread_name_prefix="fetch")
        self._reading = ThreadPoolExecutor(max_workers=readers, thread_name_prefix="read")
        self._writer = threading.Thread(target=self._write_groups, name="write", daemon=True)
        self._writer.start()

    def free(self) -> int:
        """How many more claims may be handed in."""
        with self._changed:
            return self._capacity - self._under_way

    def submit(self, claim: Claim) -> None:
        """Check a claimed Source."""
        with self._changed:
            self._under_way += 1
        self._fetching.submit(self._fetch, claim)

    def is_idle(self) -> bool:
        """Whether no check is under way."""
        return self.free() == self._capacity

    def wait(self, seconds: float) -> None:
        """Wait until a check ends, at most so long."""
        with self._changed:
            self._changed.wait(seconds)

    def stop(self, seconds: float) -> int:
        """Take no more; give what is under way some time. Returns how many checks are left to their leases."""
        ends_at = time.monotonic() + seconds
        with self._changed:
            while self._under_way and (left := ends_at - time.monotonic()) > 0:
                self._changed.wait(left)
            unfinished = self._under_way
        self._fetching.shutdown(wait=False, cancel_futures=True)
        self._reading.shutdown(wait=False, cancel_futures=True)
        self._fetched.put(None)
        self._writer.join(GATHER_SECONDS * 10)
        while not self._doors.empty():
            self._doors.get().close()
        return unfinished

    def _fetch(self, claim: Claim) -> None:
        door = self._doors.get()
        try:
            self._fetched.put(fetch(self._rooms, door, claim, trigger=Trigger.SLOT))
        except Exception as error:  # noqa: BLE001 - a worker outlives whatever one Source does to it
            self._failed([claim], error)
        finally:
            self._doors.put(door)

    def _write_groups(self) -> None:
        while (first := self._fetched.get()) is not None:
            time.sleep(GATHER_SECONDS)
            group = [first]
            while len(group) < LARGEST_GROUP and not self._fetched.empty():
                fetched = self._fetched.get()
                if fetched is None:
                    self._write(group)
                    return
                group.append(fetched)
            self._write(group)

    def _write(self, group: list[Fetched]) -> None:
        claims = [fetched.claim for fetched in group]
        try:
            attempts = archive(self._rooms, group)
            unchanged = record(self._rooms, [attempt for attempt in attempts if not needs_reading(attempt)])
        except Exception as error:  # noqa: BLE001 - the writer outlives whatever one group does to it
            self._failed(claims, error)
            return
        self._ended(unchanged)
        for attempt in attempts:
            if needs_reading(attempt):
                self._reading.submit(self._read, attempt)

    def _read(self, attempt: Attempt) -> None:
        try:
            self._ended(record(self._rooms, [attempt]))
        except Exception as error:  # noqa: BLE001 - a worker outlives whatever one Source does to it
            self._failed([attempt.finished.claim] if attempt.finished else [], error)

    def _ended(self, checked: Sequence[Checked]) -> None:
        for one in checked:
            log_check(one)
        self._count_out(len(checked))

    def _failed(self, claims: Sequence[Claim], error: Exception) -> None:
        """A storage error gives the leases back; any other lets them run out, which counts as a crash."""
        if isinstance(error, WatcherError):
            self._on_storage_error(error)
            self._give_back(claims)
        else:
            names = [claim.source.source_id for claim in claims]
            log.error("a check ended in an unforeseen error", sources=names, exc_info=error)
        self._count_out(len(claims))

    def _give_back(self, claims: Sequence[Claim]) -> None:
        try:
            release(self._rooms, *claims)
        except WatcherError as error:
            log.error("leases could not be given back and will run out", problem=str(error))

    def _count_out(self, number: int) -> None:
        with self._changed:
            self._under_way -= number
            self._changed.notify_all()


def log_check(checked: Checked) -> None:
    """One line of log a check."""
    capture, change = checked.recorded.capture, checked.recorded.change
    facts = {"source": capture.source_id, "capture": capture.sequence, "outcome": capture.outcome.value}
    if capture.error:
        facts["error"] = capture.error
    if change is not None:
        severity = change.judgement.severity.value
        facts |= {"change": change.change_id, "kind": change.kind.value, "severity": severity}
    log.info("checked", **facts)
    for note in capture.notes:
        log.warning("custody note", source=capture.source_id, capture=capture.sequence, note=note)
