"""The secrets that a Source is fetched with: to whom they may go, and their values when a check begins."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from watcher.errors import ConfigError, RefusedError
from watcher.model.capture import FetchResult, Outcome
from watcher.model.source import Credentials, Definition, origin_of
from watcher.pipeline.ports import Rooms

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True, slots=True)
class EntrustedSecrets:
    """Headers with secret values, and the only origin that they may be sent to.

    `refusal` is the result that is recorded in place of a fetch when a reference cannot be resolved.
    """

    origin: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    refusal: FetchResult | None = None


def credentials_of(rooms: Rooms, definition: Definition) -> EntrustedSecrets:
    """What a Source's request carries, read anew for each check: a secret may be changed while the service runs."""
    credentials = definition.credentials
    if credentials is None:
        return EntrustedSecrets()
    try:
        require_own_origin(credentials, definition.url)
        return EntrustedSecrets(origin=origin_of(definition.url), headers=rooms.secrets(credentials))
    except (ConfigError, RefusedError) as error:
        now = rooms.clock()
        refusal = FetchResult(
            outcome=Outcome.ACCESS_DENIED,
            requested_url=definition.url,
            hops=(),
            started_at=now,
            ended_at=now,
            error=f"{definition.url} was not fetched: {error}",
            transient=True,
        )
        return EntrustedSecrets(refusal=refusal)


def require_own_origin(credentials: Credentials, url: str) -> None:
    """RefusedError when credentials are for another origin than that of the Source's address."""
    if _comparable(credentials.origin) != _comparable(url):
        own = origin_of(url)
        raise RefusedError(
            f"the credentials are for {credentials.origin}, the address is at {own}: "
            f"write {own} in credentials.origin only if {own} may have them"
        )


def require_protected(credentials: Credentials, intranet: Sequence[str] = ()) -> None:
    """RefusedError when secrets would travel unencrypted outside the house.

    http is allowed to an address in numbers that `intranet` covers: a name could point elsewhere tomorrow.
    """
    parts = urlsplit(credentials.origin)
    if parts.scheme == "https":
        return
    try:
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        address = None
    if address is None or not any(address in ipaddress.ip_network(network) for network in intranet):
        raise RefusedError(
            f"the credentials would be sent unencrypted to {credentials.origin}: use its https address. "
            "http is allowed only to an address in numbers that fetch.intranet lists"
        )


def credentials_words(credentials: Credentials) -> str:
    """To whom, and by which references; there are no values to show."""
    references = [f"basic_auth {credentials.basic_auth}"] if credentials.basic_auth else []
    references += [f"{name} {reference}" for name, reference in credentials.headers]
    return f"for {credentials.origin}: {', '.join(references)}"


def _comparable(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme.lower())
