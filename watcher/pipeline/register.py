"""Register, change and retire Sources and Subscriptions; every act has its ledger record and audit row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from watcher.errors import RefusedError
from watcher.extract.listing import compile_pattern
from watcher.model.digest_time import first_digest_at
from watcher.model.source import Credentials, Definition, Source, SourceKind, SourceState
from watcher.model.subscription import Cadence, Subscription, SubscriptionFilter
from watcher.pipeline.ports import Rooms
from watcher.pipeline.rules import require_key_columns, require_rules
from watcher.pipeline.secrets import credentials_words, require_own_origin
from watcher.pipeline.trust import require_ca_file
from watcher.store import audit, changes, sources, subscriptions
from watcher.store.database import Connection

NO_DIFFERENCES: tuple[tuple[str, str, str], ...] = ()
LONGEST_RECIPIENT = 254
_ATOM = r"[^\s<>,;:\"()\[\]\\@.]+"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_RECIPIENT = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


class PlanAction(StrEnum):
    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStep:
    """What applying a file would do to one Source. `differences` are (field, before, after)."""

    source_id: str
    action: PlanAction
    definition: Definition
    paused: bool
    differences: tuple[tuple[str, str, str], ...] = ()

    @property
    def changes_address(self) -> bool:
        """Whether the Source will be at another address than before, or is new."""
        return self.action is PlanAction.ADD or any(name == "url" for name, _, _ in self.differences)


def add_source(rooms: Rooms, source_id: str, definition: Definition, *, user: str, paused: bool = False) -> Source:
    """Register a Source; it is due at once. ConflictError when the id is taken.

    RefusedError, here and in `apply_plan`, when its credentials are for another origin than its address, or its
    `ca_file` is no bare name; ConfigError for a selector or pattern that cannot be used, also a Collection's.
    """
    _require_sound(definition)
    now = rooms.clock()
    watched = definition.kind is not SourceKind.UPLOAD and not paused
    source = Source(
        source_id=source_id,
        state=SourceState.PAUSED if paused else SourceState.ACTIVE,
        definition=definition,
        registered_at=now,
        next_check_at=now if watched else None,
    )
    with rooms.database.writing() as connection:
        sources.require_free(connection, source_id)
        sequence = record_definition(rooms, source_id, definition, valid_from=now)
        sources.add_source(connection, source, sequence=sequence)
        after = _described(source)
        record_act(rooms, connection, user=user, action="source.add", target=source_id, after=after, at=now)
    return source


def plan_sources(rooms: Rooms, wanted: Iterable[tuple[str, Definition, bool]]) -> list[PlanStep]:
    """What applying (source_id, Definition, paused) would do. Sources that are not listed are left alone."""
    with rooms.database.reading() as connection:
        present = {source.source_id: source for source in sources.list_sources(connection)}
    steps = []
    for source_id, definition, paused in wanted:
        source = present.get(source_id)
        if source is None:
            action, differences = PlanAction.ADD, NO_DIFFERENCES
        else:
            differences = _differences(source, definition, paused)
            action = PlanAction.CHANGE if differences else PlanAction.KEEP
        steps.append(
            PlanStep(source_id=source_id, action=action, definition=definition, paused=paused, differences=differences)
        )
    return steps


def apply_plan(rooms: Rooms, steps: Iterable[PlanStep], *, user: str) -> None:
    """Carry a plan out, each Source in a transaction of its own."""
    for step in steps:
        if step.action is PlanAction.ADD:
            add_source(rooms, step.source_id, step.definition, user=user, paused=step.paused)
        elif step.action is PlanAction.CHANGE:
            _change_source(rooms, step, user=user)


def retire_source(rooms: Rooms, source_id: str, *, user: str) -> Source:
    """Stop watching a Source and keep everything of it."""
    return _move_to(rooms, source_id, SourceState.RETIRED, user=user, action="source.retire")


def pause_source(rooms: Rooms, source_id: str, *, user: str) -> Source:
    """Stop checking a Source until it is resumed. One that is paused already stays as it is, and no act is recorded."""
    return _move_to(rooms, source_id, SourceState.PAUSED, user=user, action="source.pause")


def resume_source(rooms: Rooms, source_id: str, *, user: str) -> Source:
    """Check a paused or retired Source again, from now on."""
    return _move_to(rooms, source_id, SourceState.ACTIVE, user=user, action="source.resume")


def add_subscription(
    rooms: Rooms,
    *,
    subscription_id: str,
    recipient: str,
    wanted: SubscriptionFilter,
    cadence: Cadence,
    user: str,
    digest_hour: str = "",
    time_zone: str = "",
) -> Subscription:
    """Tell a recipient from now on. RefusedError unless the recipient is exactly one e-mail address."""
    now = rooms.clock()
    address = one_address(recipient)
    with rooms.database.writing() as connection:
        subscription = Subscription(
            subscription_id=subscription_id,
            recipient=address,
            filter=wanted,
            cadence=cadence,
            covered_until=now,
            covered_ordinal=changes.last_ordinal(connection),
            next_digest_at=first_digest_at(cadence, now, hour=digest_hour, zone=time_zone),
            digest_hour=digest_hour,
            time_zone=time_zone,
        )
        for source_id in wanted.sources:
            sources.get_source(connection, source_id)
        subscriptions.add_subscription(connection, subscription)
        after = plain(asdict(subscription))
        record_act(rooms, connection, user=user, action="subscription.add", target=subscription_id, after=after)
    return subscription


def remove_subscription(rooms: Rooms, subscription_id: str, *, user: str) -> bool:
    """Send nothing more to a Subscription; its Digests stay. False, with nothing recorded, when it was stopped."""
    with rooms.database.writing() as connection:
        if not subscriptions.get_subscription(connection, subscription_id).active:
            return False
        subscriptions.deactivate_subscription(connection, subscription_id)
        record_act(rooms, connection, user=user, action="subscription.remove", target=subscription_id)
    return True


def one_address(text: str) -> str:
    """The text, if it is exactly one plain e-mail address: a dot-atom, "@" and a host name (RFC 5322, 3.4.1)."""
    address = text.strip()
    if len(address) > LONGEST_RECIPIENT or not _RECIPIENT.fullmatch(address) or not address.isprintable():
        raise RefusedError(f"{text!r} is not one e-mail address, such as desk@example.org")
    return address


def _change_source(rooms: Rooms, step: PlanStep, *, user: str) -> None:
    now = rooms.clock()
    with rooms.database.writing() as connection:
        before = sources.get_source(connection, step.source_id)
        supersede(
            rooms, connection, before, step.definition, state=_wanted_state(before, step.paused), user=user, at=now
        )


def supersede(
    rooms: Rooms,
    connection: Connection,
    before: Source,
    definition: Definition,
    *,
    state: SourceState,
    user: str,
    at: datetime,
    action: str = "source.change",
    because: str = "",
) -> Source:
    """Put a sound Definition in force from `at` on, with its record and the act; returns the Source as it is then."""
    _require_sound(definition)
    source_id = before.source_id
    if before.definition != definition:
        sequence = record_definition(rooms, source_id, definition, valid_from=at)
        sources.replace_definition(connection, source_id, definition, now=at, sequence=sequence)
    if state is not before.state or state is not SourceState.ACTIVE:
        active = state is SourceState.ACTIVE and definition.url
        sources.set_state(connection, source_id, state, next_check_at=at if active else None)
    after = sources.get_source(connection, source_id)
    reason = {"because": because} if because else {}
    record_act(
        rooms,
        connection,
        user=user,
        action=action,
        target=source_id,
        before=_described(before),
        after={**_described(after), **reason},
        at=at,
    )
    return after


def _move_to(rooms: Rooms, source_id: str, state: SourceState, *, user: str, action: str) -> Source:
    with rooms.database.writing() as connection:
        before = sources.get_source(connection, source_id)
        if before.state is state:
            return before
        watched = state is SourceState.ACTIVE and before.definition.url
        sources.set_state(connection, source_id, state, next_check_at=rooms.clock() if watched else None)
        after = sources.get_source(connection, source_id)
        record_act(
            rooms,
            connection,
            user=user,
            action=action,
            target=source_id,
            before=_described(before),
            after=_described(after),
        )
    return after


def _wanted_state(source: Source, paused: bool) -> SourceState:
    if source.state is SourceState.RETIRED or (source.state is SourceState.QUARANTINED and not paused):
        return source.state
    return SourceState.PAUSED if paused else SourceState.ACTIVE


def _differences(source: Source, definition: Definition, paused: bool) -> tuple[tuple[str, str, str], ...]:
    found = definition_differences(source.definition, definition)
    wanted = _wanted_state(source, paused)
    if wanted is not source.state:
        found.append(("state", source.state, wanted))
    return tuple(found)


def definition_differences(before: Definition, after: Definition) -> list[tuple[str, str, str]]:
    """(field, before, after) of two Definitions, in words; secrets are named by reference."""
    names = (part.name for part in fields(Definition) if getattr(before, part.name) != getattr(after, part.name))
    return [(name, _said(getattr(before, name)), _said(getattr(after, name))) for name in names]


def _require_sound(definition: Definition) -> None:
    require_rules(definition.rules)
    require_key_columns(definition.key_columns)
    require_ca_file(definition)
    if definition.collection is not None and definition.kind is not SourceKind.COLLECTION:
        raise RefusedError("only a Source of kind collection has rules for its documents")
    if definition.collection is not None:
        compile_pattern(definition.collection.link_pattern, key="link_pattern")
        compile_pattern(definition.collection.title_pattern, key="title_pattern")
    if definition.credentials is not None:
        require_own_origin(definition.credentials, definition.url)


def _said(value: object) -> str:
    if isinstance(value, Credentials):
        return credentials_words(value)
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "none"
    return str(value)


def _described(source: Source) -> dict[str, Any]:
    return {"state": source.state.value, "definition": plain(asdict(source.definition))}


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """A value's fields as JSON has them."""
    found: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return found


def definition_record(
    source_id: str, definition: Definition, *, valid_from: datetime, recorded_at: datetime
) -> dict[str, Any]:
    """The body of the ledger record of a Definition."""
    return {
        "recorded_at": recorded_at.isoformat(),
        "source_id": source_id,
        "valid_from": valid_from.isoformat(),
        "definition_sha256": definition.digest_sha256,
        "definition": plain(asdict(definition)),
    }


def record_definition(rooms: Rooms, source_id: str, definition: Definition, *, valid_from: datetime) -> int:
    """The record of a Definition that comes into force, before its row; returns its sequence."""
    body = definition_record(source_id, definition, valid_from=valid_from, recorded_at=rooms.clock())
    record = rooms.archive.append("definition", body)
    return record.sequence


def record_act(
    rooms: Rooms,
    connection: Connection,
    *,
    user: str,
    action: str,
    target: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Ledger record and audit row of an act. Called last in its transaction: an act that fails leaves no record.

    `at` is the moment that the act gave to what it wrote, so that a rebuild gives the same; by default it is now.
    """
    now = at or rooms.clock()
    record = rooms.archive.append(
        "audit",
        {
            "recorded_at": now.isoformat(),
            "user": user,
            "action": action,
            "target": target,
            "before": before,
            "after": after,
        },
    )
    audit.add_audit(connection, audit.entry_of(record.sequence, record.body))
