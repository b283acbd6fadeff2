"""Every error that watcher raises on purpose, in one tree.

WatcherError
├── ConfigError        a file or an option is wrong: file, line, key; exit code 2
├── RefusedError       a request is understood and not allowed (a URL that is not http)
├── NotFoundError      a named Source, Capture, Version or Change does not exist
│   └── DeletedError   bytes that were deleted on purpose: who, when, why
├── ConflictError      somebody else changed the same row first
│   └── AlreadyHeldError   the same bytes were handed in before
├── FetchError         a fetch failed; normal life, recorded as a Capture
├── ExtractError       a payload gave no Document; recorded on the Version
├── DeliveryError      a message did not go out; retried unless permanent
├── ArchiveError       evidence is at risk: stop
└── StoreError         the database is at risk: stop

Context lives in attributes; nothing parses a message.
"""

from __future__ import annotations


class WatcherError(Exception):
    """Base of all expected errors. `code` is stable and machine-readable; `str()` is for a person."""

    code = "error"
    exit_code = 1

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders with their attributes, whatever their constructors ask for."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[WatcherError], args: tuple[object, ...], attributes: dict[str, object]) -> WatcherError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


class ConfigError(WatcherError):
    """A configuration file or option is wrong. `line` counts from 1; `key` is the offending key."""

    code = "config"
    exit_code = 2

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        where = ":".join(str(part) for part in (file, line) if part is not None)
        super().__init__(f"{where}: {message}" if where else message)
        self.file = file
        self.line = line
        self.key = key


class RefusedError(WatcherError):
    """The request is understood and not allowed."""

    code = "refused"
    exit_code = 2


class NotFoundError(WatcherError):
    """A named thing does not exist."""

    code = "not_found"


class DeletedError(NotFoundError):
    """Bytes that were deleted on purpose; their tombstone is in the ledger."""

    code = "deleted"

    def __init__(self, message: str, *, payload_sha256: str) -> None:
        super().__init__(message)
        self.payload_sha256 = payload_sha256


class ConflictError(WatcherError):
    """The row was changed by somebody else since it was read."""

    code = "conflict"


class AlreadyHeldError(ConflictError):
    """The same bytes were handed in before: Capture `sequence` of Source `source_id`."""

    code = "already_held"

    def __init__(self, message: str, *, source_id: str, sequence: int, payload_sha256: str) -> None:
        super().__init__(message)
        self.source_id = source_id
        self.sequence = sequence
        self.payload_sha256 = payload_sha256


class FetchError(WatcherError):
    """A fetch failed. `outcome` is the value that the Capture records; `transient` says if a retry may help."""

    code = "fetch"

    def __init__(
        self, message: str, *, outcome: str, transient: bool, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.transient = transient
        self.retry_after_seconds = retry_after_seconds


class ExtractError(WatcherError):
    """A payload gave no Document. `code` says why: unsupported, encrypted, damaged, too_large, no_text, timed_out."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class DeliveryError(WatcherError):
    """A message to one recipient did not go out. A permanent error is not retried."""

    code = "delivery"

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class ArchiveError(WatcherError):
    """The archive cannot be trusted or written; capturing must stop. `payloads`: digests that cannot be read."""

    code = "archive"
    exit_code = 3

    def __init__(self, message: str, *, payloads: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.payloads = payloads


class StoreError(WatcherError):
    """The database cannot be trusted or written; the process must stop."""

    code = "store"
    exit_code = 3
