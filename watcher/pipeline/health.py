"""What one more attempt says of a Source's address: moved, withdrawn, back, another certificate, a server that lies.

Pure. Each finding becomes a custody note of the Capture, one sentence; a document that went or came back is told
as a Change too.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from watcher.model.capture import FetchResult, Outcome
from watcher.model.source import Claim, Health, Source

IN_A_ROW = 3
GONE_WITHIN = timedelta(hours=24)
GONE_APART = timedelta(minutes=2)  # attempts nearer to each other, such as a person's, are one look
GONE = (404, 410)
PERMANENT_REDIRECTS = (301, 308)


class Presence(StrEnum):
    """Whether a document was found to be gone, back, or at another address for good, by this attempt."""

    AS_BEFORE = ""
    WITHDRAWN = "withdrawn"
    BACK = "back"
    REDIRECTED = "redirected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The Source's health after an attempt, and what is worth a note."""

    health: Health
    notes: tuple[str, ...] = ()
    presence: Presence = Presence.AS_BEFORE


def find(claim: Claim, result: FetchResult, *, payload_sha256: str | None) -> Finding:
    """What an attempt adds to the health of its Source. `payload_sha256` is that of the payload it brought, if any."""
    moved, moved_notes = _moved(claim.source, result)
    gone, presence = _gone(moved, result)
    signed, signed_notes = _signed(gone, result)
    honest, lie_notes = _honest(signed, claim, result, payload_sha256)
    if moved_notes and presence is Presence.AS_BEFORE:
        presence = Presence.REDIRECTED
    notes = (*moved_notes, *signed_notes, *lie_notes, *_failing(claim, result))
    return Finding(health=honest, notes=notes, presence=presence)


def proposed_address(source: Source) -> str:
    """Where a Source should be watched instead, because it moved there for good; "" when nothing speaks for it."""
    health = source.health
    return health.moved_to if health.moved_in_a_row >= IN_A_ROW and health.moved_to != source.definition.url else ""


def move_command(source_id: str, url: str) -> str:
    """The command that moves a Source, as a shell takes it: the address comes from a server."""
    return f"watcher source move {source_id} {shlex.quote(url)}"


def _moved(source: Source, result: FetchResult) -> tuple[Health, tuple[str, ...]]:
    health = source.health
    if not result.outcome.reached or not result.hops:
        return health, ()
    redirects = result.hops[:-1]
    if not redirects or any(hop.status not in PERMANENT_REDIRECTS for hop in redirects):
        return replace(health, moved_to="", moved_in_a_row=0), ()
    target = result.hops[-1].url
    count = health.moved_in_a_row + 1 if health.moved_to == target else 1
    note = (
        f"Moved permanently: {IN_A_ROW} checks in a row were sent from {result.requested_url} to {target}. "
        f"If that is the same page: watcher source move {source.source_id}"
    )
    return replace(health, moved_to=target, moved_in_a_row=count), (note,) if count == IN_A_ROW else ()


def _gone(health: Health, result: FetchResult) -> tuple[Health, Presence]:
    if result.outcome.reached:
        presence = Presence.BACK if health.gone_told else Presence.AS_BEFORE
        return replace(health, gone_at=(), gone_told=False), presence
    if result.outcome is not Outcome.HTTP_ERROR or result.status not in GONE:
        return health, Presence.AS_BEFORE
    if health.gone_at and result.ended_at - health.gone_at[-1] < GONE_APART:
        return health, Presence.AS_BEFORE
    seen = (*health.gone_at, result.ended_at)[-IN_A_ROW:]
    is_new = len(seen) == IN_A_ROW and seen[-1] - seen[0] <= GONE_WITHIN and not health.gone_told
    known = replace(health, gone_at=seen, gone_told=health.gone_told or is_new)
    return known, Presence.WITHDRAWN if is_new else Presence.AS_BEFORE


def _signed(health: Health, result: FetchResult) -> tuple[Health, tuple[str, ...]]:
    """Another signer of the same host's certificate. The organisation counts: its keys change every few months."""
    if not result.hops or not result.hops[-1].issuer:
        return health, ()
    hop = result.hops[-1]
    signed = f"{urlsplit(hop.url).hostname}: {_organisation(hop.issuer)}"
    known = replace(health, issuer=signed)
    if not health.issuer or health.issuer == signed or health.issuer.split(": ")[0] != signed.split(": ")[0]:
        return known, ()
    host, _, signer = signed.partition(": ")
    before = health.issuer.partition(": ")[2]
    return known, (f"Another issuer: the certificate of {host} is signed by {signer}; until now it was {before}.",)


def _organisation(issuer: str) -> str:
    parts = [part for part in issuer.split(", ") if part.startswith("O=")]
    return parts[0].removeprefix("O=") if parts else issuer


def _honest(
    health: Health, claim: Claim, result: FetchResult, payload_sha256: str | None
) -> tuple[Health, tuple[str, ...]]:
    is_other = payload_sha256 is not None and claim.payload_sha256 not in (None, payload_sha256)
    if health.validators_lie or not is_other:
        return health, ()
    given = {name.lower(): value for name, value in result.headers}
    tag, date = given.get("etag"), given.get("last-modified")
    if (tag, date) != (claim.etag, claim.last_modified) or not (tag or date):
        return health, ()
    what = f"ETag {tag}" if tag else f"Last-Modified {date}"
    note = (
        f"The server gives the same {what} to other bytes than before: it does not know what changed. "
        "From now on every read is whole."
    )
    return replace(health, validators_lie=True), (note,)


def _failing(claim: Claim, result: FetchResult) -> Iterator[str]:
    if not result.outcome.reached and claim.source.failures_in_a_row + 1 == IN_A_ROW:
        yield f"Unhealthy: {IN_A_ROW} checks in a row failed. The next ones follow at growing intervals."
