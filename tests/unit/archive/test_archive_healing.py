"""Payloads in a folder: damage that heals, the order that reads keyframes once, what nobody names."""

from __future__ import annotations

import hashlib
import os
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watcher.archive import create_archive, open_archive, packs
from watcher.archive.archive import Archive
from watcher.archive.findings import Findings
from watcher.archive.payloads import Payloads
from watcher.archive.places import PACK, digest_at, payload_place
from watcher.archive.storage import FolderStorage
from watcher.archive.verify_payloads import find_extra, payload_reader
from watcher.errors import ArchiveError, NotFoundError

TEXT = random.Random(4).randbytes(6000).hex()
LATER = datetime.now(UTC) + timedelta(days=1)


def page(number: int, *, seed: str = "") -> bytes:
    """A page whose number is a small edit."""
    return f"<p>{seed}{TEXT[:5000]} <b>edit {number}</b> {TEXT[5000:]}{seed}</p>".encode()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return create_archive(tmp_path / "snapshots", origin="test")


@pytest.fixture
def digests(archive: Archive) -> list[str]:
    """A keyframe and three patches against it."""
    stored = [archive.put_payload(page(0))]
    for number in range(1, 4):
        stored.append(archive.put_payload(page(number), like=stored[-1]))
    return stored


def _damage(path: Path) -> bytes:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[100] ^= 255
    path.write_bytes(content)
    return bytes(content)


def test_a_name_comes_from_a_digest_and_from_nothing_else() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    assert payload_place(digest) == f"payloads/{digest[:2]}/{digest}.zst"
    assert digest_at(payload_place(digest, PACK)) == digest
    for name in ("../../etc/passwd", digest.upper(), digest[:-1], f"{digest}\n", ""):
        with pytest.raises(NotFoundError):
            payload_place(name)
    for place in (f"payloads/zz/{digest}.zst", f"payloads/{digest[:2]}/{digest}.txt", "payloads/notes.txt"):
        assert digest_at(place) is None


def test_a_keyframe_and_its_pack_lie_in_one_folder_and_nothing_else_is_made(
    archive: Archive, digests: list[str]
) -> None:
    found = sorted(path.name for path in (archive.root / "payloads" / digests[0][:2]).iterdir())
    assert found == [f"{digests[0]}.pack", f"{digests[0]}.zst"]
    assert len(list((archive.root / "payloads").iterdir())) == 1


def test_a_damaged_payload_is_healed_when_its_bytes_come_again_and_the_damaged_file_is_kept(
    archive: Archive, digests: list[str]
) -> None:
    damaged = _damage(archive.root / payload_place(digests[0]))
    with pytest.raises(ArchiveError, match="is damaged"):
        archive.get_payload(digests[2])
    assert archive.put_payload(page(0), like=digests[3]) == digests[0]
    again = open_archive(archive.root)
    assert [again.get_payload(digest) for digest in digests] == [page(number) for number in range(4)]
    (aside,) = (archive.root / "damaged").iterdir()
    assert aside.read_bytes() == damaged
    healed = archive.take_healed()
    assert list(healed) == [digests[0]]
    assert str(aside) in healed[digests[0]]
    assert archive.take_healed() == {}


def test_sound_bytes_that_come_again_change_nothing(archive: Archive, digests: list[str]) -> None:
    path = archive.root / payload_place(digests[0])
    before = path.stat()
    archive.put_payload(page(0))
    assert path.stat() == before
    assert not (archive.root / "damaged").exists()


def test_many_payloads_are_read_with_each_keyframe_read_once(
    archive: Archive, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = [archive.put_payload(page(0, seed="another"))]
    other.append(archive.put_payload(page(1, seed="another"), like=other[0]))
    reads: list[str] = []
    whole = Payloads._get_whole  # noqa: SLF001 - what is counted are reads of the disk

    def counted(self: Payloads, digest: str) -> bytes:
        reads.append(digest)
        return whole(self, digest)

    monkeypatch.setattr(Payloads, "_get_whole", counted)
    reader = payload_reader(FolderStorage(archive.root))
    order = reader.order([*reversed(digests), *other])
    for _, digest in order:
        assert hashlib.sha256(reader.read(digest)).hexdigest() == digest
    assert sorted(reads) == sorted([digests[0], other[0]])
    assert sorted(digest for _, digest in order) == sorted([*digests, *other])


def test_a_patch_is_hashed_although_its_keyframe_comes_from_memory(archive: Archive, digests: list[str]) -> None:
    reader = payload_reader(FolderStorage(archive.root))
    reader.read(digests[0])
    pack = archive.root / payload_place(digests[0], PACK)
    content = bytearray(pack.read_bytes())
    content[-6] ^= 255
    pack.write_bytes(content)
    with pytest.raises(ArchiveError, match=f"payload {digests[3]} is damaged"):
        reader.read(digests[3])


def test_an_entry_of_a_pack_that_no_record_names_is_found(archive: Archive, digests: list[str]) -> None:
    findings = Findings()
    named = {bytes.fromhex(digest) for digest in digests if digest != digests[2]}
    find_extra(FolderStorage(archive.root), named, findings, now=LATER)
    assert [(one.code, one.target) for one in findings.kept] == [
        ("payload_extra", f"entry 1 of {payload_place(digests[0], PACK)}")
    ]
    assert digests[2] in findings.kept[0].message


def test_an_entry_that_was_written_a_moment_ago_may_still_get_its_record(archive: Archive, digests: list[str]) -> None:
    findings = Findings()
    find_extra(FolderStorage(archive.root), {bytes.fromhex(digests[0])}, findings, now=datetime.now(UTC))
    assert findings.kept == []


def test_a_pack_that_another_process_made_is_found_although_folders_are_remembered(
    archive: Archive, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (archive.root / "payloads").iterdir():
        os.utime(folder, (time.time() - 60, time.time() - 60))
    reader = open_archive(archive.root)
    assert reader.get_payload(digests[3]) == page(3)
    read: list[str] = []
    entries = packs._entries  # noqa: SLF001 - what is counted are readings of folders

    def counted(folder: object) -> object:
        read.append(getattr(folder, "name", ""))
        return entries(folder)  # type: ignore[arg-type]

    monkeypatch.setattr(packs, "_entries", counted)
    with pytest.raises(ArchiveError, match="missing"):
        reader.get_payload("ab" * 32)
    assert set(read) == {"payloads"}, "folders that were not changed are not read again"
    later = archive.put_payload(page(4), like=digests[0])
    seeds = (f"seed {number}" for number in range(10_000))
    near = next(one for one in seeds if hashlib.sha256(page(0, seed=one)).hexdigest()[:2] == digests[0][:2])
    last = archive.put_payload(page(1, seed=near), like=archive.put_payload(page(0, seed=near)))
    assert reader.get_payload(later) == page(4)
    assert reader.get_payload(last) == page(1, seed=near), "a new pack in a folder that was known"
