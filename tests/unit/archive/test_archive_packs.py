"""Packs: a Payload that resembles another one costs little, comes back byte for byte, and never takes others along."""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import os
import random
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from watcher.archive import create_archive, durable, open_archive
from watcher.archive.archive import Archive
from watcher.archive.packs import MAXIMUM_PATCHES, make_patch
from watcher.archive.places import PACK, payload_place
from watcher.errors import ArchiveError

WORDS = "mines treaty State Party stockpile destruction clearance Article five extension request".split()  # noqa: SIM905


def page(number: int, *, seed: int = 1, words: int = 4000) -> bytes:
    """A page whose number is a small edit."""
    text = " ".join([*random.Random(seed).choices(WORDS, k=words), str(seed)])
    noise = hashlib.sha256(text.encode()).hexdigest()
    middle = len(text) // 2
    return f"<p>{noise} {text[:middle]} <b>edit {number} of the page</b> {text[middle:]}</p>".encode()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return create_archive(tmp_path / "snapshots", origin="test")


def _put_row(archive: Archive, number: int, *, start: int = 0) -> list[str]:
    digests: list[str] = []
    for n in range(start, start + number):
        digests.append(archive.put_payload(page(n), like=digests[-1] if digests else None))
    return digests


def _pack(archive: Archive, keyframe_sha256: str) -> Path:
    return archive.root / payload_place(keyframe_sha256, PACK)


def _whole(archive: Archive) -> list[str]:
    return sorted(path.stem for path in (archive.root / "payloads").rglob("*.zst"))


def test_a_payload_like_another_one_is_stored_as_a_patch_and_comes_back(archive: Archive) -> None:
    digests = _put_row(archive, 5)
    assert _whole(archive) == [digests[0]]
    again = open_archive(archive.root)
    for number, digest in enumerate(digests):
        assert archive.get_payload(digest) == again.get_payload(digest) == page(number)
    assert _pack(archive, digests[0]).stat().st_size < 4 * 250


def test_the_layout_of_an_entry_is_the_documented_one(archive: Archive) -> None:
    digests = _put_row(archive, 2)
    line, frame = _pack(archive, digests[0]).read_bytes().split(b"\n", 1)
    assert line.decode() == f"{digests[1]} {len(frame)}"
    assert frame[4] & 0b100, "the frame has a content checksum"


def test_zstd_itself_reads_a_patch_as_the_format_document_says(archive: Archive, tmp_path: Path) -> None:
    if shutil.which("zstd") is None:
        pytest.skip("the zstd command is not here")
    digests = _put_row(archive, 3)
    pack = _pack(archive, digests[0])
    listed = subprocess.run(
        ["grep", "-abo", f"{digests[2]} [0-9]*", pack],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()
    offset, line = listed.split(":", 1)
    size = int(line.split()[1])
    start = int(offset) + len(line) + 1
    (tmp_path / "patch.zst").write_bytes(pack.read_bytes()[start : start + size])
    (tmp_path / "keyframe").write_bytes(archive.get_payload(digests[0]))
    patch_from = f"--patch-from={tmp_path / 'keyframe'}"
    subprocess.run(
        ["zstd", "-q", "-d", patch_from, tmp_path / "patch.zst", "-o", tmp_path / "payload"], check=True, timeout=60
    )
    assert (tmp_path / "payload").read_bytes() == page(2)


def test_a_full_pack_is_followed_by_a_new_keyframe(archive: Archive) -> None:
    digests = _put_row(archive, MAXIMUM_PATCHES + 3)
    assert _whole(archive) == sorted([digests[0], digests[MAXIMUM_PATCHES + 1]])
    assert len(archive.payloads.packs.patches_against(digests[0])) == MAXIMUM_PATCHES
    assert archive.payloads.keyframe_of(digests[-1]) == digests[MAXIMUM_PATCHES + 1]


def test_a_payload_that_resembles_nothing_is_stored_whole(archive: Archive) -> None:
    first = archive.put_payload(page(0))
    other = archive.put_payload(random.Random(3).randbytes(9000), like=first)
    assert _whole(archive) == sorted([first, other])
    assert not _pack(archive, first).exists()


def test_a_payload_much_dearer_than_the_others_of_its_pack_becomes_a_keyframe(archive: Archive) -> None:
    digests = _put_row(archive, 40)
    rewritten = page(50) + random.Random(5).randbytes(700)
    digest = archive.put_payload(rewritten, like=digests[-1])
    assert digest in _whole(archive)
    assert archive.get_payload(digest) == rewritten


@pytest.mark.parametrize("payload", [b"", b"x", b"a small page", bytes(100_000)])
def test_any_bytes_may_resemble_any_others(archive: Archive, payload: bytes) -> None:
    first = archive.put_payload(page(0))
    digest = archive.put_payload(payload, like=first)
    back = archive.put_payload(page(1), like=digest)
    assert (archive.get_payload(digest), archive.get_payload(back)) == (payload, page(1))


def test_a_likeness_that_the_archive_does_not_know_does_no_harm(archive: Archive) -> None:
    digest = archive.put_payload(page(0), like="ab" * 32)
    assert archive.get_payload(digest) == page(0)


def test_storing_the_same_patch_again_writes_nothing(archive: Archive) -> None:
    digests = _put_row(archive, 3)
    before = _pack(archive, digests[0]).read_bytes()
    for other in (archive, open_archive(archive.root)):
        assert other.put_payload(page(1), like=digests[2]) == digests[1]
        assert other.put_payload(page(1)) == digests[1]
    assert _pack(archive, digests[0]).read_bytes() == before


def test_a_patch_that_another_process_added_is_found(archive: Archive) -> None:
    first = archive.put_payload(page(0))
    reader = open_archive(archive.root)
    assert reader.get_payload(first) == page(0)
    later = archive.put_payload(page(1), like=first)
    assert reader.get_payload(later) == page(1)
    last = archive.put_payload(page(2), like=later)
    assert reader.get_payload(last) == page(2)


def test_patches_are_found_after_their_pack_was_rewritten(archive: Archive) -> None:
    digests = _put_row(archive, 4)
    archive.get_payload(digests[3])
    pack = _pack(archive, digests[0])
    patches = archive.payloads.packs.patches_against(digests[0])
    content = pack.read_bytes()
    pack.with_suffix(".new").write_bytes(content[: patches[0].offset] + content[patches[0].end :])
    pack.with_suffix(".new").rename(pack)
    assert [archive.get_payload(digest) for digest in digests[2:]] == [page(2), page(3)]
    with pytest.raises(ArchiveError, match="missing"):
        archive.get_payload(digests[1])


def _linger(step: str) -> None:
    """Be slow between looking and writing, so that whoever does not wait his turn is seen."""
    if step.endswith(" write"):
        time.sleep(0.003)


def _store(root: Path, like: str, first: int, number: int, ready: Any) -> None:
    archive = open_archive(root)
    durable.failpoint = _linger
    ready.wait(60)
    for n in range(first, first + number):
        digest = archive.put_payload(page(n), like=like)
        archive.append("audit", {"payload_sha256": digest})


def test_catalogue_143_threads_and_processes_that_store_the_same_payloads_store_each_once(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "failpoint", _linger)
    first = archive.put_payload(page(0))
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(4)
    processes = [context.Process(target=_store, args=(archive.root, first, 1, 20, ready)) for _ in range(2)]
    threads = [threading.Thread(target=_store, args=(archive.root, first, 11, 20, ready)) for _ in range(2)]
    for worker in (*processes, *threads):
        worker.start()
    for worker in (*processes, *threads):
        worker.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    stored = [patch.payload_sha256 for patch in archive.payloads.packs.patches_against(first)]
    assert len(stored) == len(set(stored)) == 30
    assert _whole(archive) == [first]
    named = [str(record.body["payload_sha256"]) for record in open_archive(archive.root).records()]
    assert len(named) == 80
    assert {archive.get_payload(digest) for digest in named} == {page(n) for n in range(1, 31)}


def test_catalogue_143_two_threads_store_one_whole_payload(archive: Archive) -> None:
    start = threading.Barrier(4)

    def store() -> None:
        start.wait()
        archive.put_payload(page(7))

    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(_whole(archive)) == 1
    assert list(archive.root.rglob("*.tmp")) == []


def test_a_removed_patch_leaves_no_byte_and_takes_no_other_along(archive: Archive) -> None:
    digests = _put_row(archive, 5)
    reader = open_archive(archive.root)
    assert reader.get_payload(digests[4]) == page(4)
    frame = archive.payloads.packs.find(digests[2])
    assert frame is not None
    archive.payloads.remove(digests[2])
    assert frame[1] not in _pack(archive, digests[0]).read_bytes()
    later = archive.put_payload(page(6), like=digests[4])
    for one in (archive, reader, open_archive(archive.root)):
        assert one.get_payload(later) == page(6)
        assert [one.get_payload(digests[n]) for n in (0, 1, 3, 4)] == [page(n) for n in (0, 1, 3, 4)]
        with pytest.raises(ArchiveError, match="missing"):
            one.get_payload(digests[2])


def test_a_removed_keyframe_leaves_what_was_stored_against_it(archive: Archive) -> None:
    digests = _put_row(archive, 4)
    reader = open_archive(archive.root)
    assert reader.get_payload(digests[3]) == page(3)
    archive.payloads.remove(digests[0])
    assert digests[0] not in _whole(archive)
    assert not _pack(archive, digests[0]).exists()
    for one in (archive, reader, open_archive(archive.root)):
        assert [one.get_payload(digest) for digest in digests[1:]] == [page(n) for n in (1, 2, 3)]
        with pytest.raises(ArchiveError, match="missing"):
            one.get_payload(digests[0])
        later = one.put_payload(page(9), like=digests[0])
        assert one.get_payload(later) == page(9)


def test_a_patch_that_was_made_while_its_keyframe_was_removed_is_not_written(archive: Archive) -> None:
    digests = _put_row(archive, 2)
    keyframe = archive.root / payload_place(digests[0])
    archive.payloads.remove(digests[0])
    patch = make_patch(page(3), page(0))
    assert not archive.payloads.packs.add(keyframe, page(0), hashlib.sha256(page(3)).hexdigest(), patch)
    assert archive.payloads.packs.patches_against(digests[0]) == []


# Damage


def _damage(path: Path, at: int, content: bytes = b"\xff") -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def test_catalogue_136_a_damaged_keyframe_names_itself_and_all_that_it_takes_along(archive: Archive) -> None:
    digests = _put_row(archive, 4)
    other = archive.put_payload(page(0, seed=2))
    path = archive.root / payload_place(digests[0])
    _damage(path, 100)
    for digest in digests:
        with pytest.raises(ArchiveError, match=digests[0]) as caught:
            archive.get_payload(digest)
        assert caught.value.payloads == tuple(digests)
        assert all(lost in str(caught.value) for lost in digests)
    assert archive.get_payload(other) == page(0, seed=2)


def test_catalogue_136_a_payload_exchanged_for_another_sound_one_is_named(archive: Archive) -> None:
    digests = _put_row(archive, 2)
    other = archive.put_payload(page(0, seed=2))
    first, second = (archive.root / payload_place(d) for d in (digests[0], other))
    first.chmod(0o644)
    first.write_bytes(second.read_bytes())
    for digest in digests:
        with pytest.raises(ArchiveError, match=f"{digests[0]} is damaged.*no longer has its digest"):
            archive.get_payload(digest)


def test_catalogue_136_an_entry_exchanged_for_another_sound_one_is_named(archive: Archive) -> None:
    digests = _put_row(archive, 3)
    pack = _pack(archive, digests[0])
    one, two = archive.payloads.packs.patches_against(digests[0])
    content = pack.read_bytes()
    assert one.size == two.size
    pack.write_bytes(content[: one.line_size] + content[two.offset + two.line_size :] + content[two.offset :])
    with pytest.raises(ArchiveError, match=f"payload {digests[1]} is damaged.*no longer has its digest"):
        open_archive(archive.root).get_payload(digests[1])


def test_a_keyframe_that_is_gone_is_named_with_all_that_it_takes_along(archive: Archive) -> None:
    digests = _put_row(archive, 3)
    (archive.root / payload_place(digests[0])).unlink()
    with pytest.raises(ArchiveError, match="is missing") as caught:
        archive.get_payload(digests[1])
    assert caught.value.payloads == tuple(digests)


def test_new_evidence_is_stored_whole_when_its_keyframe_is_damaged(archive: Archive) -> None:
    digests = _put_row(archive, 2)
    _damage(next((archive.root / "payloads").rglob("*.zst")), 100)
    digest = archive.put_payload(page(9), like=digests[1])
    assert archive.get_payload(digest) == page(9)
    assert archive.put_payload(page(1), like=digest) == digests[1]
    assert archive.get_payload(digests[1]) == page(1), "bytes that came again are stored where they can be read"


def test_catalogue_136_a_damaged_patch_is_named_and_takes_no_other_along(archive: Archive) -> None:
    digests = _put_row(archive, 5)
    patch = archive.payloads.packs.patches_against(digests[0])[1]
    _damage(_pack(archive, digests[0]), patch.offset + patch.line_size + 12)
    again = open_archive(archive.root)
    for number in (0, 1, 3, 4):
        assert again.get_payload(digests[number]) == page(number)
    with pytest.raises(ArchiveError, match=f"payload {digests[2]} is damaged") as caught:
        again.get_payload(digests[2])
    assert caught.value.payloads == (digests[2],)


@pytest.mark.parametrize("at", [3, 63, 64, 67])
@pytest.mark.parametrize("place", [1, 3])
def test_catalogue_136_a_damaged_line_of_a_pack_costs_its_own_entry_alone(
    archive: Archive, at: int, place: int
) -> None:
    digests = _put_row(archive, 5)
    pack = _pack(archive, digests[0])
    patch = archive.payloads.packs.patches_against(digests[0])[place]
    _damage(pack, patch.offset + at)
    length = pack.stat().st_size
    again = open_archive(archive.root)
    for number in {0, 1, 2, 3, 4} - {place + 1}:
        assert again.get_payload(digests[number]) == page(number)
    with pytest.raises(ArchiveError, match=f"{digests[0]}.pack is damaged: entry {place} cannot be read"):
        again.get_payload(digests[place + 1])
    later = again.put_payload(page(8), like=digests[0])
    assert again.get_payload(later) == page(8)
    assert pack.stat().st_size == length, "nothing is appended to a damaged pack and nothing cut from it"


def test_a_wrong_size_in_a_line_does_not_hide_the_entries_behind_it(archive: Archive) -> None:
    digests = _put_row(archive, 5)
    patch = archive.payloads.packs.patches_against(digests[0])[1]
    _damage(_pack(archive, digests[0]), patch.offset + len(f"{digests[2]} "), b"9")
    again = open_archive(archive.root)
    assert [again.get_payload(digests[n]) for n in (1, 3, 4)] == [page(1), page(3), page(4)]
    known = {patch.payload_sha256 for patch in again.payloads.packs.patches_against(digests[0])}
    assert known == {digests[1], digests[3], digests[4]}


# What a crash leaves


@pytest.mark.parametrize("kept", [1, 40, 65, 68, 69, 90])
def test_an_entry_half_written_by_a_crash_is_dropped_and_the_next_one_kept(archive: Archive, kept: int) -> None:
    digests = _put_row(archive, 4)
    pack = _pack(archive, digests[0])
    last = archive.payloads.packs.patches_against(digests[0])[-1]
    os.truncate(pack, last.offset + kept)
    other = Archive(archive.root, origin="test")
    with pytest.raises(ArchiveError, match="missing"):
        other.get_payload(digests[3])
    assert other.put_payload(page(3), like=digests[2]) == digests[3]
    assert archive.get_payload(digests[3]) == other.get_payload(digests[3]) == page(3)
    assert len(archive.payloads.packs.patches_against(digests[0])) == 3


def test_an_entry_whose_bytes_never_reached_the_disk_is_not_taken_for_stored(archive: Archive) -> None:
    digests = _put_row(archive, 4)
    pack = _pack(archive, digests[0])
    last = archive.payloads.packs.patches_against(digests[0])[-1]
    _damage(pack, last.offset + last.line_size, bytes(last.size))
    again = open_archive(archive.root)
    assert again.put_payload(page(3), like=digests[2]) == digests[3]
    assert again.get_payload(digests[3]) == page(3)
    length = pack.stat().st_size
    later = again.put_payload(page(5), like=digests[2])
    assert again.get_payload(later) == page(5)
    assert pack.stat().st_size == length, "nothing is appended behind such an entry"


def test_catalogue_131_the_start_removes_temporary_files_and_torn_ends_of_packs(archive: Archive) -> None:
    digests = _put_row(archive, 3)
    archive.append("audit", {})
    stray = archive.root / "temporary" / ".whatever.zst.0123456789abcdef.tmp"
    stray.write_bytes(b"half a paylo")
    busy = archive.root / "temporary" / ".busy.zst.0123456789abcdef.tmp"
    pack = _pack(archive, digests[0])
    length = pack.stat().st_size
    with pack.open("ab") as file:
        file.write(digests[0].encode()[:40])
    with busy.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        open_archive(archive.root)
        assert busy.exists(), "what is being written is left alone"
    assert not stray.exists()
    assert pack.stat().st_size == length
    assert archive.get_payload(digests[2]) == page(2)
