"""Payloads in a bucket: each stored whole under the SHA-256 of its bytes, as an object costs no block of a disk."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator

from watcher.archive.payloads import compressed
from watcher.archive.places import WHOLE, payload_place
from watcher.archive.storage import Storage
from watcher.errors import ArchiveError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class BucketPayloads:
    """The payloads of an archive in a bucket. Safe for any number of processes and hosts."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.keep_keyframe = False
        self.healed: dict[str, str] = {}

    def put(self, payload: bytes, *, like: str | None = None) -> str:
        """Store a payload durably; returns its SHA-256 in hex. An object that is there already is read and hashed.

        `like` is the SHA-256 of a payload that may be the same: it is looked for before anything is sent.
        """
        payload_sha256 = hashlib.sha256(payload).hexdigest()
        place = payload_place(payload_sha256)
        content = compressed(payload)
        may_be_there = like == payload_sha256 and self._storage.exists(place)
        if not may_be_there and self._storage.put_once(place, content):
            return payload_sha256
        try:
            self.get(payload_sha256)
        except ArchiveError as error:
            self._heal(payload_sha256, content, error)
        return payload_sha256

    def get(self, payload_sha256: str) -> bytes:
        """The payload's bytes, hashed on every read; what comes wrong is read once more. ArchiveError names it."""
        place = payload_place(payload_sha256)
        problem = ""
        for _ in range(2):
            try:
                payload = zstd.decompress(self._storage.read(place))
            except FileNotFoundError as error:
                raise ArchiveError(
                    f"payload {payload_sha256} is missing: {self._storage.where(place)} is not there. "
                    "Restore it from a backup.",
                    payloads=(payload_sha256,),
                ) from error
            except zstd.ZstdError as error:
                problem = f"({error})"
                continue
            except ArchiveError as error:
                raise ArchiveError(f"payload {payload_sha256}: {error}", payloads=(payload_sha256,)) from error
            if hashlib.sha256(payload).hexdigest() == payload_sha256:
                return payload
            problem = "no longer has its digest"
        raise ArchiveError(
            f"payload {payload_sha256} is damaged: {self._storage.where(place)} {problem}. Restore it from a backup.",
            payloads=(payload_sha256,),
        )

    def digests(self) -> Iterator[str]:
        """The SHA-256 of every payload that is stored, in order."""
        for stored in self._storage.files("payloads/"):
            name = stored.name.rpartition("/")[2]
            if name.endswith(WHOLE):
                yield name.removesuffix(WHOLE)

    def reading_order(self, digests: Iterable[str]) -> list[tuple[str, str]]:
        """(payload, payload) of each, in order: none needs another one to be read."""
        return [(digest, digest) for digest in sorted(digests)]

    def remove(self, payload_sha256: str) -> None:
        """Delete the bytes of a payload. Its tombstone is the caller's, and comes before this.

        A bucket that keeps versions keeps the bytes until they are deleted there too.
        """
        self._storage.remove(payload_place(payload_sha256))

    def _heal(self, payload_sha256: str, content: bytes, error: ArchiveError) -> None:
        """Put bytes that came again in the place of an object that lost them; what could be read is kept aside."""
        place = payload_place(payload_sha256)
        aside = f"damaged/{payload_sha256}.{os.urandom(4).hex()}{WHOLE}"
        kept = "what was there could not be read"
        try:
            self._storage.put_once(aside, self._storage.read(place))
            kept = f"what was there is {self._storage.where(aside)}"
        except (ArchiveError, FileNotFoundError):
            self._storage.exists(place)  # a storage that cannot be reached says so here, and nothing is removed
        self._storage.remove(place)
        self._storage.put_once(place, content)
        self.get(payload_sha256)
        self.healed[payload_sha256] = f"{error} The same bytes came again and were stored in its place; {kept}."
