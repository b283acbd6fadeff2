"""What the use cases are given to work with: the rooms, opened once, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from watcher.classify import Pack
from watcher.errors import ConfigError
from watcher.model.capture import FetchResult
from watcher.model.source import Credentials
from watcher.model.subscription import Delivery, DeliveryState

if TYPE_CHECKING:  # questions that need no instance must not wait for the rooms to load
    from watcher.archive import Archive, Seal
    from watcher.fetch import FetchRequest
    from watcher.store.database import Database

P = ParamSpec("P")
R = TypeVar("R")

Clock = Callable[[], datetime]


class FetchDoor(Protocol):
    """Fetches one URL; failures are values."""

    def fetch(self, request: FetchRequest) -> FetchResult:
        """One attempt."""
        ...


class Children(Protocol):
    """Runs a function on hostile input where it can do no harm."""

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's result, or its WatcherError."""
        ...


class MailChannel(Protocol):
    """Hands one message to a mail server; DeliveryError says if a retry may help."""

    def send(self, delivery: Delivery, *, possible_duplicate: bool) -> DeliveryState:
        """SENT, or an exception."""
        ...


class PackText:
    """A pack with the JSON text it was parsed from: the text crosses process borders, the pack does not."""

    __slots__ = ("_load", "_loaded")

    def __init__(self, *, pack: Pack, text: str) -> None:
        self._loaded: tuple[Pack, str] | None = (pack, text)
        self._load: Callable[[], PackText] | None = None

    @classmethod
    def later(cls, load: Callable[[], PackText]) -> PackText:
        """One that is loaded when it is first asked for: half a second that a command without a pack need not wait."""
        waiting = cls.__new__(cls)
        waiting._loaded, waiting._load = None, load  # noqa: SLF001 - its own
        return waiting

    @property
    def pack(self) -> Pack:
        """The pack."""
        return self._both()[0]

    @property
    def text(self) -> str:
        """The JSON text."""
        return self._both()[1]

    def _both(self) -> tuple[Pack, str]:
        if self._loaded is None:
            assert self._load is not None  # noqa: S101 - one of the two is always there
            loaded = self._load()
            self._loaded = loaded.pack, loaded.text
        return self._loaded


def no_secrets(credentials: Credentials) -> tuple[tuple[str, str], ...]:
    """ConfigError: no secrets are at hand here."""
    raise ConfigError(f"the credentials for {credentials.origin} cannot be resolved here")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rooms:
    """Everything that a use case may touch. `name` says which process this is, for leases and records.

    `secrets` gives the headers that credentials refer to, or a ConfigError that names the reference.
    `certificates` is the folder of the files that Definitions name in `ca_file`.
    `seal` signs checkpoints; without it they are not signed. `upload_maximum_bytes` bounds a document handed in.
    `gather_seconds` is how long repetitions of an edit are gathered for those who are told at once.
    """

    database: Database
    archive: Archive
    children: Children
    pack: PackText
    clock: Clock
    name: str
    fetcher_name: str
    base_url: str
    lease_seconds: int = 300
    gap_seconds: float = 0.0
    secrets: Callable[[Credentials], tuple[tuple[str, str], ...]] = no_secrets
    certificates: Path = Path("config/certificates")
    seal: Seal | None = None
    upload_maximum_bytes: int = 50_000_000
    gather_seconds: int = 6 * 3600

    def checkpoint(self) -> str:
        """The signed checkpoint over the ledger as it stands; the unsigned one where there is no key."""
        return self.seal.checkpoint() if self.seal is not None else self.archive.checkpoint()

    def newest_checkpoint(self) -> str:
        """The newest checkpoint that was signed, for those who only look; else the unsigned one of now."""
        return (self.seal.newest() if self.seal is not None else "") or self.archive.checkpoint()
