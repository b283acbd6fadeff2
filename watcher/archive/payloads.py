"""Payloads, stored once under the SHA-256 of their bytes: whole, or as a patch against one that is much like them."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from watcher.archive.durable import make_directories, storage_error, sync_directory, write_once
from watcher.archive.packs import Packs, apply_patch, make_patch
from watcher.archive.places import WHOLE, payload_place
from watcher.errors import ArchiveError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 9
LARGEST_PATCH_SHARE = 0.3
_SHORTEST_REFERENCE = 8  # bytes: zstd takes no shorter prefix


def payload_path(root: Path, payload_sha256: str) -> Path:
    """Where a whole payload lies in a folder."""
    return root / payload_place(payload_sha256)


class Payloads:
    """The payloads of an archive in a folder. Safe for threads and for several processes on one host.

    With `keep_keyframe` the keyframe that was read last is kept for the next patch, for those who read many in their
    `reading_order`. `healed` says which damaged files were replaced when the same bytes came again.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.packs = Packs(root)
        self.keep_keyframe = False
        self._kept: tuple[str, bytes] = "", b""
        self.healed: dict[str, str] = {}

    def put(self, payload: bytes, *, like: str | None = None) -> str:
        """Store a payload durably; returns its SHA-256 in hex. Storing the same bytes again changes nothing.

        `like` is the SHA-256 of a payload that a record names and that these bytes probably resemble.
        """
        payload_sha256 = hashlib.sha256(payload).hexdigest()
        if self._heal(payload_sha256, payload):
            return payload_sha256
        if not self._is_there(payload_sha256, like) and not self._put_patch(payload, payload_sha256, like):
            self._put_whole(payload_sha256, payload)
        return payload_sha256

    def get(self, payload_sha256: str) -> bytes:
        """The payload's bytes, hashed again on every read. ArchiveError names each payload that cannot be read."""
        path = payload_path(self._root, payload_sha256)
        if path.exists():
            return self._keyframe(payload_sha256)
        try:
            found = self.packs.find(payload_sha256)
        except OSError as error:
            raise self._damage(payload_sha256, f"its pack cannot be read: {error.strerror or error}") from error
        if found is None:
            others = "".join(f"; {problem}" for problem in self.packs.problems())
            raise ArchiveError(
                f"payload {payload_sha256} is missing: neither {path} nor any pack holds it{others}. "
                "Restore it from a backup.",
                payloads=(payload_sha256,),
            ) from FileNotFoundError(str(path))
        patch, frame = found
        where = f"{self.packs.path_of(patch.keyframe_sha256)} at byte {patch.offset}"
        keyframe = self._keyframe(patch.keyframe_sha256)
        try:
            payload = apply_patch(frame, keyframe)
        except zstd.ZstdError as error:
            raise self._damage(payload_sha256, f"{where} ({error})") from error
        if hashlib.sha256(payload).hexdigest() != payload_sha256:
            raise self._damage(payload_sha256, f"{where} no longer has its digest")
        return payload

    def digests(self) -> Iterator[str]:
        """The SHA-256 of every payload that is stored, whole or as a patch, in no order; some may come twice."""
        for _, _, names in os.walk(self._root / "payloads"):
            yield from (name.removesuffix(WHOLE) for name in names if name.endswith(WHOLE))
        yield from self.packs.digests()

    def reading_order(self, digests: Iterable[str]) -> list[tuple[str, str]]:
        """(keyframe, payload) of each, every keyframe before the patches against it."""
        return sorted(self.packs.keyframes_of(digests), key=lambda pair: (pair[0], pair[0] != pair[1], pair[1]))

    def keyframe_of(self, payload_sha256: str) -> str:
        """The payload that this one is read with: itself when it is stored whole."""
        if payload_path(self._root, payload_sha256).exists():
            return payload_sha256
        return self.packs.keyframe_of(payload_sha256) or payload_sha256

    def remove(self, payload_sha256: str) -> None:
        """Delete the bytes of a payload, for good. Its tombstone is the caller's, and comes before this.

        Payloads that are patches against it are stored whole first; ArchiveError when one of them cannot be read.
        """
        path = payload_path(self._root, payload_sha256)
        try:
            if path.exists():
                with self.packs.frozen(payload_sha256):
                    for patch in self.packs.patches_against(payload_sha256):
                        self._put_whole(patch.payload_sha256, self.get(patch.payload_sha256))
                    path.unlink()
                    sync_directory(path.parent)
                    self.packs.remove_pack(payload_sha256)
            self.packs.remove_patches(payload_sha256)
        except OSError as error:
            raise storage_error(path, error) from error

    def _heal(self, payload_sha256: str, payload: bytes) -> bool:
        """Put bytes that came again in the place of a file that lost them; the damaged file is kept aside."""
        path = payload_path(self._root, payload_sha256)
        if not path.exists():
            return False
        try:
            self._get_whole(payload_sha256)
        except ArchiveError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno != errno.EIO:
                return False  # its bytes may be sound: it is this process that cannot read them
            aside = self._root / "damaged" / f"{payload_sha256}.{os.urandom(4).hex()}{WHOLE}"
            try:
                make_directories(aside.parent)
                with suppress(FileNotFoundError):  # another process heals it at this moment
                    path.rename(aside)
                sync_directory(aside.parent)
            except OSError as refused:
                raise storage_error(aside, refused) from refused
            self._put_whole(payload_sha256, payload)
            self.healed[payload_sha256] = (
                f"{error} The same bytes came again and were stored in its place; the damaged file is {aside}."
            )
            return True
        return False

    def _put_whole(self, payload_sha256: str, payload: bytes) -> None:
        path = payload_path(self._root, payload_sha256)
        write_once(path, compressed(payload), temporary=self._root / "temporary")

    def _is_there(self, payload_sha256: str, like: str | None) -> bool:
        """Whether a payload is stored already; one that no record names yet is made durable, whoever wrote it."""
        path = payload_path(self._root, payload_sha256)
        try:
            if path.exists():
                if payload_sha256 != like:
                    sync_directory(path.parent)
                return True
            if not self.packs.is_known(payload_sha256):
                return False
            self.get(payload_sha256)
            keyframe_sha256 = self.packs.keyframe_of(payload_sha256)
            if keyframe_sha256 is not None and payload_sha256 != like:
                self.packs.confirm(keyframe_sha256)
            return keyframe_sha256 is not None
        except OSError as error:
            raise storage_error(path, error) from error
        except ArchiveError:
            return False

    def _put_patch(self, payload: bytes, payload_sha256: str, like: str | None) -> bool:
        if like is None:
            return False
        keyframe_sha256 = self.keyframe_of(like)
        keyframe_path = payload_path(self._root, keyframe_sha256)
        try:
            keyframe = self._get_whole(keyframe_sha256)
        except ArchiveError:
            return False  # new evidence does not wait for the repair of old; reading and verifying name the damage
        if min(len(keyframe), len(payload)) < _SHORTEST_REFERENCE or keyframe_sha256 == payload_sha256:
            return False
        patch = make_patch(payload, keyframe)
        if len(patch) > LARGEST_PATCH_SHARE * len(compressed(payload)):
            return False
        return self.packs.add(keyframe_path, keyframe, payload_sha256, patch)

    def _keyframe(self, payload_sha256: str) -> bytes:
        """A whole payload, verified; the one that was read last comes from memory where that is asked for."""
        if not self.keep_keyframe:
            return self._get_whole(payload_sha256)
        digest, payload = self._kept
        if digest != payload_sha256:
            payload = self._get_whole(payload_sha256)
            self._kept = payload_sha256, payload
        return payload

    def _get_whole(self, payload_sha256: str) -> bytes:
        path = payload_path(self._root, payload_sha256)
        try:
            payload = zstd.decompress(path.read_bytes())
        except FileNotFoundError as error:
            raise self._damage(payload_sha256, f"{path} is missing") from error
        except zstd.ZstdError as error:
            raise self._damage(payload_sha256, f"{path} ({error})") from error
        except OSError as error:
            raise self._damage(payload_sha256, f"{path} cannot be read: {error.strerror or error}") from error
        if hashlib.sha256(payload).hexdigest() != payload_sha256:
            raise self._damage(payload_sha256, f"{path} no longer has its digest")
        return payload

    def _damage(self, payload_sha256: str, problem: str) -> ArchiveError:
        """The error of a payload with all that cannot be read without it."""
        try:
            along = tuple(patch.payload_sha256 for patch in self.packs.patches_against(payload_sha256))
        except OSError:
            along = ()
        lost = (
            f" It takes {len(along)} payloads along that are patches against it: {', '.join(along)}." if along else ""
        )
        return ArchiveError(
            f"payload {payload_sha256} is damaged: {problem}.{lost} Restore it from a backup.",
            payloads=(payload_sha256, *along),
        )


def compressed(payload: bytes) -> bytes:
    """A zstd frame with a content checksum."""
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: LEVEL,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    return zstd.compress(payload, options=options)
