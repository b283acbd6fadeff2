"""Ticks: APScheduler says when to look, rows in the database say what is due."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from watcher.bootstrap import Instance
from watcher.errors import WatcherError
from watcher.pipeline.fixity import keep_read_failures, make_checkpoint, read_some, tell_operator
from watcher.pipeline.notify import compose_due, deliver_owed
from watcher.pipeline.schedule import LATE, claim_due, ready_at, spread_missed
from watcher.pipeline.timestamp import stamp_daily
from watcher.scheduler.line import CheckLine

STOP_SECONDS = 25
PAUSE_AFTER_STORAGE_ERROR = timedelta(seconds=60)
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.02, 1.0
LOOKING_SHARE = 0.9  # of a tick: the next one must not find this one still at work

log = structlog.get_logger()


class Service:
    """Checks what is due and sends what is owed, until it is stopped."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._settings = instance.settings.scheduler
        self._line = CheckLine(
            instance.rooms,
            [instance.fetcher() for _ in range(self._settings.workers)],
            readers=os.cpu_count() or 1,
            on_storage_error=self._pause,
        )
        self._stopping = threading.Event()
        self._paused_until = instance.rooms.clock()
        self._looked_at: datetime | None = None
        self._ticks = BackgroundScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        for name, job in (("check", self.check_due), ("notify", self.notify_due)):
            self._ticks.add_job(
                job, "interval", seconds=self._settings.tick_seconds, id=name, next_run_time=datetime.now(UTC)
            )

        for name, job, every, after in (
            ("evidence", self.keep_evidence, 600, 5),
            ("fixity", self.read_evidence, 3600, 60),
            ("stamps", self.stamp_evidence, 3600, 30),
        ):
            first = datetime.now(UTC) + timedelta(seconds=after)
            self._ticks.add_job(job, "interval", seconds=every, id=name, next_run_time=first)

    def start(self) -> None:
        """Begin to tick."""
        self._ticks.start()
        log.info("scheduler started", tick_seconds=self._settings.tick_seconds, workers=self._settings.workers)

    def stop(self) -> None:
        """End ticking; checks that run are given time to finish, leases of the others run out."""
        self._stopping.set()
        if self._ticks.running:
            self._ticks.shutdown(wait=True)
        unfinished = self._line.stop(STOP_SECONDS)
        if unfinished:
            log.warning("checks were still running and are left to their lease", number=unfinished)
        log.info("scheduler stopped")

    def check_due(self) -> None:
        """Hand claims on due Sources to the line as places become free, until nothing is due or the tick is over."""
        ends_at = time.monotonic() + self._settings.tick_seconds * LOOKING_SHARE
        try:
            self._catch_up()
            while self._may_claim():
                claims = claim_due(self._instance.rooms, limit=free) if (free := self._line.free()) else []
                for claim in claims:
                    self._line.submit(claim)
                left = ends_at - time.monotonic()
                if left <= 0 or not self._wait_for_work(left):
                    return
        except WatcherError as error:
            self._pause(error)

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

    def keep_evidence(self) -> None:
        """Sign the ledger when an hour has passed, keep read failures as incidents, tell the operator."""
        rooms, settings = self._instance.rooms, self._instance.settings
        try:
            keep_read_failures(rooms)
            if make_checkpoint(rooms) is not None:
                log.info("checkpoint made", size=rooms.archive.size())
        except WatcherError as error:
            log.error("the ledger was not signed", problem=str(error))
        try:
            for problem in tell_operator(rooms, self._instance.mail(), settings.smtp.operator):
                log.warning("the operator could not be told", problem=problem)
        except WatcherError as error:
            log.error("the operator could not be told", problem=str(error))

    def read_evidence(self) -> None:
        """Read an hour's share of the Payloads back."""
        try:
            read, wrong = read_some(self._instance.rooms)
        except WatcherError as error:
            log.error("Payloads were not read back", problem=str(error))
            return
        if wrong:
            log.error("Payloads are missing or damaged", read=read, wrong=wrong)
            self.keep_evidence()

    def stamp_evidence(self) -> None:
        """Once a day, have the ledger attested by the time stamp authority, where one is set."""
        authority = self._instance.authority()
        if authority is None:
            return
        try:
            stamped = stamp_daily(self._instance.rooms, authority, self._instance.ask_authority)
        except WatcherError as error:
            log.error("no time stamp was given; it is asked for again in an hour", problem=str(error))
            return
        if stamped is not None:
            log.info("checkpoint stamped", size=stamped.stamp.size, path=stamped.path)

    def _may_claim(self) -> bool:
        return not self._stopping.is_set() and self._instance.rooms.clock() >= self._paused_until

    def _wait_for_work(self, seconds: float) -> bool:
        """Wait until a check ends or a resting host is ready; False when neither is to be expected."""
        ready = ready_at(self._instance.rooms) if self._line.free() else None
        if ready is not None:
            until_ready = (ready - self._instance.rooms.clock()).total_seconds()
            seconds = min(seconds, max(until_ready, SHORTEST_WAIT_SECONDS))
        seconds = min(seconds, LONGEST_WAIT_SECONDS)
        if self._line.is_idle():
            return ready is not None and not self._stopping.wait(seconds)
        self._line.wait(seconds)
        return True

    def _catch_up(self) -> None:
        """Spread what was missed when nobody looked for a while: the service was down or the machine asleep."""
        now = self._instance.rooms.clock()
        if self._looked_at is None or now - self._looked_at > LATE:
            missed = spread_missed(self._instance.rooms)
            if missed:
                log.warning("checks were missed and are spread over the next hour", sources=missed)
        self._looked_at = now

    def _pause(self, error: WatcherError) -> None:
        self._paused_until = self._instance.rooms.clock() + PAUSE_AFTER_STORAGE_ERROR
        log.error("checking pauses for a minute: the evidence could not be written", problem=str(error))
