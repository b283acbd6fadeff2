"""Legal holds: what must not be deleted, on whose word. Each is a record of the ledger, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from watcher.errors import ConflictError, NotFoundError, RefusedError
from watcher.model.capture import Capture
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import record_act
from watcher.store import captures, sources
from watcher.store.database import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A hold in force. `target` is "source:<id>", all its Captures then and later, or "capture:<sequence>"."""

    target: str
    sequence: int
    set_at: datetime
    user: str
    reason: str

    def covers(self, capture: Capture) -> bool:
        """Whether a Capture is under this hold."""
        return self.target in (f"source:{capture.source_id}", f"capture:{capture.sequence}")


def set_hold(rooms: Rooms, named: str, *, user: str, reason: str) -> Hold:
    """Hold a Source, or a Capture by its number. ConflictError when it is held already; the act is audited."""
    require_reason(reason)
    with rooms.database.writing() as connection:
        target = _target(connection, named)
        for hold in active_holds(rooms):
            if hold.target == target:
                raise ConflictError(f"{target} is held already since {hold.set_at:%-d %B %Y}: {hold.reason}")
        return _record(rooms, connection, "set", target, user=user, reason=reason)


def lift_hold(rooms: Rooms, named: str, *, user: str, reason: str) -> None:
    """End the hold on a Source or Capture. NotFoundError when there is none; the act is audited."""
    require_reason(reason)
    with rooms.database.writing() as connection:
        target = _target(connection, named)
        if target not in {hold.target for hold in active_holds(rooms)}:
            raise NotFoundError(f"{target} is not held; `watcher hold list` shows what is")
        _record(rooms, connection, "lift", target, user=user, reason=reason)


def active_holds(rooms: Rooms) -> list[Hold]:
    """The holds in force, oldest first."""
    found: dict[str, Hold] = {}
    for record in rooms.archive.records():
        if record.type != "hold":
            continue
        target = str(record.body["target"])
        found.pop(target, None)
        if record.body["act"] == "set":
            found[target] = Hold(
                target=target,
                sequence=record.sequence,
                set_at=datetime.fromisoformat(str(record.body["recorded_at"])),
                user=str(record.body["user"]),
                reason=str(record.body["reason"]),
            )
    return list(found.values())


def require_not_held(holds: Iterable[Hold], naming: Iterable[Capture], payload_sha256: str) -> None:
    """RefusedError when a Capture that names the bytes is under a hold."""
    named = list(naming)
    for hold in holds:
        for capture in named:
            if hold.covers(capture):
                raise RefusedError(
                    f"payload {payload_sha256} is not deleted: Capture {capture.sequence} of {capture.source_id!r} is "
                    f"under legal hold since {hold.set_at:%-d %B %Y} by {hold.user}: {hold.reason}. "
                    f"`watcher hold lift` ends a hold."
                )


def require_reason(reason: str) -> None:
    """RefusedError unless there is a reason in words."""
    if not reason.strip():
        raise RefusedError("say why: --reason is kept in the ledger for good")


def _target(connection: Connection, named: str) -> str:
    try:
        return f"source:{sources.get_source(connection, named).source_id}"
    except NotFoundError:
        if not named.isascii() or not named.isdigit():
            raise
    return f"capture:{captures.get_capture(connection, int(named)).sequence}"


def _record(rooms: Rooms, connection: Connection, act: str, target: str, *, user: str, reason: str) -> Hold:
    now = rooms.clock()
    body = {"recorded_at": now.isoformat(), "user": user, "act": act, "target": target, "reason": reason}
    record = rooms.archive.append("hold", body)
    after = {"reason": reason, "record": record.sequence}
    record_act(rooms, connection, user=user, action=f"hold.{act}", target=target, after=after, at=now)
    return Hold(target=target, sequence=record.sequence, set_at=now, user=user, reason=reason)
