"""Read Payloads back in turn, keep what is found wrong as incidents, and tell the operator."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby

from watcher.archive.findings import EXPLAINED, FindingCode
from watcher.archive.verify_payloads import check_payload
from watcher.errors import ArchiveError, DeliveryError
from watcher.model.subscription import Delivery, DeliveryState
from watcher.pipeline.ports import MailChannel, Rooms
from watcher.pipeline.standing import message_id
from watcher.render.incidents import incident_message
from watcher.store import incidents
from watcher.store.incidents import Incident

ALL_WITHIN = timedelta(days=30)
BETWEEN_RUNS = timedelta(hours=1)
SLACK = timedelta(days=1)
LONGEST_RUN_SECONDS = 600.0
BATCH = 50
LEASE_SECONDS = 600
SEAL_FAILED = "seal_failed"


def read_some(rooms: Rooms, *, monotonic: Callable[[], float] = time.monotonic) -> tuple[int, int]:
    """Read an hour's share of the Payloads back: all within 30 days, those read longest ago first.

    Payloads with an open incident are read each time, so that a restored one closes it. Returns (read, found wrong).
    """
    ends_at = monotonic() + LONGEST_RUN_SECONDS
    now = rooms.clock()
    _take_up_new(rooms)
    with rooms.database.reading() as connection:
        known = incidents.count_known(connection)
        overdue = incidents.count_unread_since(connection, now - ALL_WITHIN + SLACK)
        share = -(-known * BETWEEN_RUNS // ALL_WITHIN)
        chosen = incidents.least_recently_read(connection, limit=max(share, overdue))
        suspect = [_digest_of(one) for one in incidents.open_incidents(connection)]
    every = list(dict.fromkeys([*(digest for digest in suspect if digest), *chosen]))
    read = wrong = 0
    for start in range(0, len(every), BATCH):
        if start and monotonic() > ends_at:
            break
        batch = every[start : start + BATCH]
        wrong += _judge(rooms, batch)
        read += len(batch)
    return read, wrong


def keep_read_failures(rooms: Rooms) -> int:
    """Payloads that could not be read when they were needed are read once more; what fails again is an incident."""
    _keep_healed(rooms)
    failed = rooms.archive.take_failed_reads()
    return _judge(rooms, failed) if failed else 0


def _keep_healed(rooms: Rooms) -> None:
    """A damaged file whose bytes came again was an incident, though it is none any more: the next reading closes it."""
    healed = rooms.archive.take_healed()
    if not healed:
        return
    now, code = rooms.clock(), FindingCode.PAYLOAD_DAMAGED.value
    with rooms.database.writing() as connection:
        for digest, message in healed.items():
            incidents.open_incident(connection, code=code, target=f"payload {digest}", message=message, now=now)


def make_checkpoint(rooms: Rooms) -> str | None:
    """The hourly checkpoint, if one is due. That it cannot be made is an incident, and an ArchiveError."""
    if rooms.seal is None:
        return None
    now = rooms.clock()
    try:
        note = rooms.seal.hourly(now)
    except ArchiveError as error:
        with rooms.database.writing() as connection:
            incidents.open_incident(connection, code=SEAL_FAILED, target="the ledger", message=str(error), now=now)
        raise
    if note is not None:
        with rooms.database.writing() as connection:
            incidents.resolve_incidents(connection, ["the ledger"], now=now)
    return note


def tell_operator(rooms: Rooms, channel: MailChannel | None, operator: str) -> list[str]:
    """Write to the operator about new incidents, one message a code; returns the problems that came up.

    What could not be sent is tried again after the lease.
    """
    if channel is None or not operator:
        return []
    now = rooms.clock()
    with rooms.database.writing() as connection:
        untold = incidents.claim_untold(connection, now=now, lease_seconds=LEASE_SECONDS)
    problems = []
    for code, found in groupby(sorted(untold, key=lambda one: (one.code, one.incident_id)), lambda one: one.code):
        group = list(found)
        try:
            channel.send(_delivery(rooms, code, group, operator), possible_duplicate=False)
        except DeliveryError as error:
            problems.append(str(error))
            continue
        with rooms.database.writing() as connection:
            incidents.set_told(connection, group, now=now)
    return problems


def _take_up_new(rooms: Rooms) -> None:
    last: int | None = None
    while True:
        with rooms.database.writing() as connection:
            last = incidents.add_named_payloads(connection, after=last)
        if last is None:
            return


def _judge(rooms: Rooms, digests: list[str]) -> int:
    found = [finding for digest in digests if (finding := check_payload(rooms.archive.get_payload, digest))]
    deleted = _deleted(rooms) if any(one.code is FindingCode.PAYLOAD_MISSING for one in found) else set()
    wrong = [one for one in found if not (one.code is FindingCode.PAYLOAD_MISSING and one.target in deleted)]
    targets = {one.target for one in wrong}
    right = [target for digest in digests if (target := f"payload {digest}") not in targets]
    now = rooms.clock()
    with rooms.database.writing() as connection:
        for finding in wrong:
            incidents.open_incident(
                connection, code=finding.code.value, target=finding.target, message=finding.message, now=now
            )
        incidents.resolve_incidents(connection, right, now=now)
        incidents.set_read(connection, digests, now=now)
    return len(wrong)


def _deleted(rooms: Rooms) -> set[str]:
    return {
        f"payload {record.body.get('payload_sha256')}"
        for record in rooms.archive.records()
        if record.type == "tombstone"
    }


def _digest_of(incident: Incident) -> str:
    return incident.target.removeprefix("payload ") if incident.target.startswith("payload ") else ""


def _delivery(rooms: Rooms, code: str, group: list[Incident], operator: str) -> Delivery:
    now, first = rooms.clock(), group[0]
    explained = EXPLAINED[FindingCode(code)] if code in {one.value for one in FindingCode} else None
    message = incident_message(
        code=code,
        meaning=explained.meaning if explained else "no checkpoint of the ledger can be signed",
        remedy=explained.remedy if explained else "do what the message below says",
        found=[(one.target, one.message) for one in group],
        base_url=rooms.base_url,
    )
    name = f"incident-{first.incident_id}-{first.first_seen_at:%Y%m%dT%H%M%S%f}"
    return Delivery(
        delivery_id=name,
        subscription_id="",
        digest_id=name,
        recipient=operator,
        message_id=message_id(name, base_url=rooms.base_url),
        message=message,
        state=DeliveryState.PENDING,
        attempts=1,
        next_attempt_at=now,
        created_at=now,
    )
