"""An archive in a bucket of S3-compatible storage: the only module that speaks to one.

Each object is put with `If-None-Match: *` and a SHA-256 checksum that the storage checks. Its own digest and a token
of its writer go with it as metadata: an object that does not have its digest is not believed, and a writer who was
not answered knows its own object by the token. ETags are not trusted. What the storage answers in passing (503,
a broken connection, a timeout) is asked again a few times; everything else is an ArchiveError.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from watcher.archive.storage import Stored, file_turn
from watcher.errors import ArchiveError, ConfigError

WAITS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)  # seconds before each try
LONGEST_SECONDS = 90.0  # no further try begins after that
LISTED_AT_ONCE = 1000
# Amazon's answer to two puts of one name at the same moment: neither may have been carried out.
_UNDECIDED = re.compile(r"status code: 409 ")
_REFUSED = re.compile(r"status code: (401|403) |ExpiredToken|RequestTimeTooSkewed|NoSuchBucket")
_WRITER, _DIGEST = "writer", "sha256"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketPlace:
    """Which bucket, and how it is reached. Without `endpoint` it is Amazon's of the `region`."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    timeout_seconds: float = 30.0

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


class BucketStorage:
    """The objects of one archive. Safe for threads and for any number of processes and hosts."""

    def __init__(
        self, place: BucketPlace, *, waits: tuple[float, ...] = WAITS, pause: Callable[[float], None] = time.sleep
    ) -> None:
        try:
            import obstore
            from obstore import exceptions
        except ImportError as error:
            raise ConfigError("an archive in a bucket needs the extra `scale`: install watcher[scale]") from error
        self._place = place
        self._obstore = obstore
        self._errors = exceptions
        self._store = _open(place)
        self._waits = waits
        self._pause = pause

    @property
    def folder(self) -> Path | None:
        """None: a bucket is no folder."""
        return None

    def where(self, name: str = "") -> str:
        """The address of an object, or of the archive."""
        return f"{self._place}/{name}" if name else str(self._place)

    def read(self, name: str) -> bytes:
        """A whole object with the digest that it was stored with; read once more when it comes with another one."""
        for _ in range(2):
            content, attributes = self._get(name)
            stored = attributes.get(_DIGEST)
            if stored is None or stored == hashlib.sha256(content).hexdigest():
                return content
        raise ArchiveError(
            f"{self.where(name)} came twice with other bytes than were stored. Compare it with a backup or with an "
            "earlier version of the object; `watcher verify` says what else is wrong."
        )

    def put_once(self, name: str, content: bytes) -> bool:
        """Store an object unless the name is taken; False when it was, by somebody else.

        A try that was not answered may have been carried out: the object is looked up before the next one.
        """
        token = os.urandom(16).hex()
        attributes = {_WRITER: token, _DIGEST: hashlib.sha256(content).hexdigest()}
        unanswered = ""
        for _ in self._tries():
            if unanswered and (is_own := self._looked_up(name, content, token)) is not None:
                return is_own
            try:
                self._obstore.put(self._store, name, content, mode="create", attributes=attributes, use_multipart=False)
            except self._errors.AlreadyExistsError as error:
                if _UNDECIDED.search(str(error)):
                    unanswered = _said(error)
                    continue
                return self._is_own(name, content, token) if unanswered else False
            except FileNotFoundError as error:
                raise ArchiveError(
                    f"{self.where(name)} could not be written: {_said(error)}. Is the bucket still there?"
                ) from error
            except self._errors.BaseError as error:
                unanswered = self._passing(name, error)
            else:
                return True
        if unanswered and (is_own := self._looked_up(name, content, token)) is not None:
            return is_own
        raise self._given_up(name, unanswered, "could not be written for certain: look whether it is there")

    def exists(self, name: str) -> bool:
        """Whether a name is taken."""
        try:
            self._tried(name, lambda: self._obstore.head(self._store, name))
        except FileNotFoundError:
            return False
        return True

    def files(self, prefix: str) -> Iterator[Stored]:
        """What lies below a prefix, by name, a page at a time."""
        page: Sequence[Mapping[str, Any]] = self._page(prefix, None)
        while page:
            for one in page:
                if not str(one["path"]).rpartition("/")[2].startswith("."):
                    yield Stored(name=str(one["path"]), length=int(one["size"]), written_at=one["last_modified"])
            page = self._page(prefix, str(page[-1]["path"])) if len(page) == LISTED_AT_ONCE else ()

    def _page(self, prefix: str, after: str | None) -> Sequence[Mapping[str, Any]]:
        def once() -> Sequence[Mapping[str, Any]]:
            pages = self._obstore.list(self._store, prefix.rstrip("/"), offset=after, chunk_size=LISTED_AT_ONCE)
            return next(iter(pages), ())

        return self._tried(prefix, once)

    def remove(self, name: str) -> None:
        """Remove an object."""
        self._tried(name, lambda: self._obstore.delete(self._store, name))

    def turn(self, local: Path) -> AbstractContextManager[None]:
        """One process of this host at a time; between hosts the ledger decides, which takes each number once."""
        return file_turn(local.with_name(local.name + ".lock"))

    def _get(self, name: str) -> tuple[bytes, dict[str, str]]:
        def once() -> tuple[bytes, dict[str, str]]:
            answer = self._obstore.get(self._store, name)
            return bytes(answer.bytes()), {str(key): str(value) for key, value in answer.attributes.items()}

        return self._tried(name, once)

    def _looked_up(self, name: str, content: bytes, token: str) -> bool | None:
        """Whether the object at a name is this writer's; None when there is none, or it cannot be seen now."""
        try:
            return self._is_own(name, content, token)
        except (FileNotFoundError, ArchiveError):
            return None

    def _is_own(self, name: str, content: bytes, token: str) -> bool:
        found, attributes = self._get(name)
        return attributes.get(_WRITER, token) == token and found == content

    def _tried(self, name: str, act: Callable[[], T]) -> T:
        problem = ""
        for _ in self._tries():
            try:
                return act()
            except self._errors.BaseError as error:
                problem = self._passing(name, error)
        raise self._given_up(name, problem, "could not be reached")

    def _tries(self) -> Iterator[None]:
        """One for each try that may be made, after its wait."""
        ends_at = time.monotonic() + LONGEST_SECONDS
        for wait in self._waits:
            if time.monotonic() > ends_at:
                return
            self._pause(wait)
            yield

    def _passing(self, name: str, error: Exception) -> str:
        """What the storage said, when the same may go well a moment later. ArchiveError or FileNotFoundError else."""
        said = _said(error)
        if isinstance(error, FileNotFoundError) or isinstance(error.__cause__, FileNotFoundError):
            raise FileNotFoundError(self.where(name)) from error
        if isinstance(error, self._errors.PermissionDeniedError | self._errors.UnauthenticatedError) or (
            _REFUSED.search(said)
        ):
            raise ArchiveError(
                f"{self.where(name)} was refused by the storage: {said}. Nothing was written. Check that the bucket is "
                "there, the keys in WATCHER_ARCHIVE__S3_ACCESS_KEY and …_SECRET_KEY, what they may do (get, put, list, "
                "delete), and this machine's clock."
            ) from error
        if not isinstance(error, self._errors.GenericError | self._errors.PreconditionError):
            raise ArchiveError(f"{self.where(name)}: {said}") from error
        return said

    def _given_up(self, name: str, said: str, what: str) -> ArchiveError:
        return ArchiveError(
            f"{self.where(name)} {what}: up to {len(self._waits)} tries failed, the last with: {said}. What was stored "
            "before is not touched; check the storage, then check again."
        )


def _said(error: Exception) -> str:
    """What the storage said, in a line."""
    text = str(error).partition("\n\nDebug source")[0]
    codes = re.findall(r"<(?:Code|Message)>([^<]*)</", text)
    first = text.partition("<?xml")[0].partition("<Error")[0]
    return " ".join(" ".join([first, *codes]).split())[:400].rstrip(".: ")


def _open(place: BucketPlace) -> Any:
    from obstore.store import S3Store

    address: dict[str, Any] = {"endpoint": place.endpoint.rstrip("/")} if place.endpoint else {}
    timeout = timedelta(seconds=place.timeout_seconds)
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        region=place.region or "us-east-1",
        access_key_id=place.access_key_id,
        secret_access_key=place.secret_access_key,
        checksum_algorithm="SHA256",
        conditional_put="etag",
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": place.endpoint.startswith("http://"),
            "timeout": timeout,
            "connect_timeout": min(timeout, timedelta(seconds=10)),
        },
        retry_config={"max_retries": 0},
        **address,
    )
