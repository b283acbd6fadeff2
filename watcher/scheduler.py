"""The clock of the service: APScheduler ticks, rows in the database decide what is due."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from watcher.bootstrap import Instance
from watcher.errors import ArchiveError, StoreError, WatcherError
from watcher.fetch import Door
from watcher.model.capture import Trigger
from watcher.model.source import Claim
from watcher.pipeline.notify import compose_due, deliver_owed
from watcher.pipeline.watch import Checked, check, claim_due

STOP_SECONDS = 25
PAUSE_AFTER_STORAGE_ERROR = timedelta(seconds=60)

log = structlog.get_logger()


class Service:
    """Checks what is due and sends what is owed, until it is stopped."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._settings = instance.settings.scheduler
        self._workers = ThreadPoolExecutor(max_workers=self._settings.workers, thread_name_prefix="check")
        self._fetchers: queue.SimpleQueue[Door] = queue.SimpleQueue()
        for _ in range(self._settings.workers):
            self._fetchers.put(instance.fetcher())
        self._running: set[Future[None]] = set()
        self._turn = threading.Lock()
        self._paused_until = instance.rooms.clock()
        self._ticks = BackgroundScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._ticks.add_job(self.check_due, "interval", seconds=self._settings.tick_seconds, id="check")
        self._ticks.add_job(self.notify_due, "interval", seconds=self._settings.tick_seconds, id="notify")

    def start(self) -> None:
        """Begin to tick."""
        self._ticks.start()
        log.info("scheduler started", tick_seconds=self._settings.tick_seconds, workers=self._settings.workers)

    def stop(self) -> None:
        """End ticking; checks that run are given time to finish, leases of the others run out."""
        self._ticks.shutdown(wait=True)
        with self._turn:
            running = set(self._running)
        unfinished = wait(running, timeout=STOP_SECONDS).not_done
        self._workers.shutdown(wait=False, cancel_futures=True)
        if unfinished:
            log.warning("checks were still running and are left to their lease", number=len(unfinished))
        while not self._fetchers.empty():
            self._fetchers.get().close()
        log.info("scheduler stopped")

    def check_due(self) -> None:
        """Claim as many due Sources as there are free workers, and check them."""
        if self._instance.rooms.clock() < self._paused_until:
            return
        with self._turn:
            self._running = {future for future in self._running if not future.done()}
            free = self._settings.workers - len(self._running)
        if free <= 0:
            return
        try:
            claims = claim_due(self._instance.rooms, limit=free)
        except WatcherError as error:
            self._pause(error)
            return
        for claim in claims:
            future = self._workers.submit(self._check, claim)
            with self._turn:
                self._running.add(future)

    def notify_due(self) -> None:
        """Compose the Digests that are due and send what is owed."""
        rooms = self._instance.rooms
        try:
            for composed in compose_due(rooms):
                log.info("digest composed", digest=composed.digest.digest_id, changes=len(composed.digest.entries))
            channel = self._instance.mail()
            if channel is None:
                return
            for delivery, problem in deliver_owed(rooms, channel):
                if problem:
                    log.warning("delivery failed", delivery=delivery.delivery_id, problem=problem)
                else:
                    log.info("delivered", delivery=delivery.delivery_id, recipient=delivery.recipient)
        except WatcherError as error:
            log.error("digests are held up", problem=str(error))

    def _check(self, claim: Claim) -> None:
        fetcher = self._fetchers.get()
        try:
            log_check(check(self._instance.rooms, fetcher, claim, trigger=Trigger.SLOT))
        except (ArchiveError, StoreError) as error:
            self._pause(error)
        except Exception:
            log.exception("a check ended in an unforeseen error", source=claim.source.source_id)
        finally:
            self._fetchers.put(fetcher)

    def _pause(self, error: WatcherError) -> None:
        self._paused_until = self._instance.rooms.clock() + PAUSE_AFTER_STORAGE_ERROR
        log.error("checking pauses for a minute: the evidence could not be written", problem=str(error))


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
