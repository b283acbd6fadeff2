"""An archive keeps its promises in a folder and in a bucket."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watcher.archive import Tombstone, create_archive, open_archive, open_seal, timestamps, tombstone_of
from watcher.archive import bucket as bucket_module
from watcher.archive import keys as keys_module
from watcher.archive.archive import has_records
from watcher.archive.bucket import BucketPlace, BucketStorage
from watcher.archive.copies import files_of, payloads_in, root_of
from watcher.archive.findings import Findings
from watcher.archive.keys import ledger_keys, rotate_key
from watcher.archive.ledger import canonical_json
from watcher.archive.merkle import leaf_hash, tree_root
from watcher.archive.places import payload_place
from watcher.archive.storage import FolderStorage, Storage
from watcher.archive.verify import count_records, scan_ledger, stored_checkpoints
from watcher.archive.verify_payloads import check_payload, find_extra, payload_reader
from watcher.errors import ArchiveError, DeletedError, NotFoundError

ORIGIN = "watcher.test/bucket"
NOW = datetime(2026, 5, 3, 9, 0, tzinfo=UTC)
LATER = datetime(2036, 5, 3, 9, 0, tzinfo=UTC)
PAGE = b"<p>Kazakhstan has not joined the treaty.</p>" + random.Random(2).randbytes(4000)


def scan(storage: Storage) -> tuple[Any, Findings]:
    findings = Findings()
    read = scan_ledger(
        storage, origin=ORIGIN, sizes=[], findings=findings, chunk=lambda *_: None, progress=lambda _: None
    )
    return read, findings


def test_a_file_is_written_once_and_whole(storage: Storage) -> None:
    assert storage.put_once("keys/a.vkey", b"first")
    assert not storage.put_once("keys/a.vkey", b"second")
    assert storage.read("keys/a.vkey") == b"first"
    assert [(one.name, one.length) for one in storage.files("keys/")] == [("keys/a.vkey", 5)]
    storage.remove("keys/a.vkey")
    storage.remove("keys/a.vkey")
    assert not storage.exists("keys/a.vkey")
    with pytest.raises(FileNotFoundError):
        storage.read("keys/a.vkey")
    assert list(storage.files("keys/")) == []


@pytest.mark.parametrize("page", [1000, 30, 15, 7])
def test_files_are_listed_by_name_however_many_there_are(
    storage: Storage, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_module, "LISTED_AT_ONCE", page)
    for number in range(30):
        storage.put_once(f"ledger/{29 - number:010d}.jsonl", b"x" * number)
    storage.put_once("ledgers/other", b"not below it")
    listed = list(storage.files("ledger/"))
    assert [one.name for one in listed] == [f"ledger/{number:010d}.jsonl" for number in range(30)]
    assert [one.length for one in listed] == list(reversed(range(30)))
    assert all(one.written_at.tzinfo is not None for one in listed)


def test_a_payload_comes_back_byte_for_byte_from_another_process_view(storage: Storage) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    every = [b"", b"x", PAGE, PAGE + b"edited", bytes(range(256)) * 300]
    digests = [archive.put_payload(payload, like=hashlib.sha256(PAGE).hexdigest()) for payload in every]
    again = open_archive(storage)
    assert [again.get_payload(digest) for digest in digests] == every
    assert sorted(set(again.payloads.digests())) == sorted(digests)
    assert again.put_payload(PAGE) == digests[2]


def test_an_archive_is_never_made_over_another_one(storage: Storage) -> None:
    create_archive(storage, origin=ORIGIN)
    with pytest.raises(ArchiveError, match="already holds an archive"):
        create_archive(storage, origin="another/name")
    assert open_archive(storage).origin == ORIGIN


def test_an_archive_without_its_format_file_is_not_taken_for_none(storage: Storage) -> None:
    create_archive(storage, origin=ORIGIN).append("audit", {})
    storage.remove("format.json")
    assert has_records(storage)
    with pytest.raises(ArchiveError, match=r"is no archive: format\.json is missing"):
        open_archive(storage)
    with pytest.raises(ArchiveError, match="already holds an archive"):
        create_archive(storage, origin=ORIGIN)


def test_records_come_back_in_order_with_the_tree_of_rfc_6962(storage: Storage) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    archive.append("audit", {"act": "one"})
    archive.append_captures([])
    for number in range(7):
        archive.append("audit", {"number": number})
    again = open_archive(storage)
    lines = list(again.lines())
    assert [record.sequence for record in again.records()] == list(range(8))
    assert lines[0] == canonical_json({"sequence": 0, "type": "audit", "act": "one"})
    assert [record.sequence for record in again.records(5)] == [5, 6, 7]
    expected = tree_root([leaf_hash(line) for line in lines])
    assert again.checkpoint() == archive.checkpoint()
    read, findings = scan(storage)
    assert (read.root, findings.kept) == (expected, [])


def test_blocks_of_4096_records_are_crossed_without_a_seam(storage: Storage) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    bodies = [{"number": number} for number in range(5000)]
    ledger = archive._ledger  # noqa: SLF001 - Archive writes lists of Captures only
    assert [record.sequence for record in ledger.append_all("audit", bodies[:4090])] == list(range(4090))
    written = ledger.append_all("audit", bodies[4090:])
    assert [record.sequence for record in written] == list(range(4090, 5000))
    for one in (archive, open_archive(storage)):
        assert [record.body["number"] for record in one.records()] == list(range(5000))
        assert [record.body["number"] for record in one.records(4095)][:3] == [4095, 4096, 4097]
    read, findings = scan(storage)
    assert (read.size, findings.kept, count_records(storage)) == (5000, [], 5000)


def test_an_archive_opened_twice_sees_what_the_other_appends(storage: Storage) -> None:
    one, other = create_archive(storage, origin=ORIGIN), open_archive(storage)
    for number in range(6):
        (one if number % 2 else other).append("audit", {"number": number})
    assert [record.body["number"] for record in one.records()] == list(range(6))
    assert one.checkpoint() == other.checkpoint()


def test_a_record_that_holds_only_at_its_place_is_not_written_elsewhere(storage: Storage) -> None:
    one, other = create_archive(storage, origin=ORIGIN), open_archive(storage)
    other.append("audit", {})
    assert one.append_at(0, "audit", {"late": True}) is None
    appended = one.append_at(1, "audit", {"late": False})
    assert appended is not None
    assert [record.body.get("late") for record in other.records()] == [None, False]


def _append(place: Any, name: str, number: int, ready: Any) -> None:
    storage = FolderStorage(place) if isinstance(place, Path) else BucketStorage(place)
    archive = open_archive(storage)
    ready.wait(60)
    for n in range(number):
        archive.append("audit", {"by": name, "number": n})


def test_142_two_processes_that_append_at_once_lose_none_and_write_none_twice(
    bucket: BucketPlace,
) -> None:
    storage = BucketStorage(bucket)
    create_archive(storage, origin=ORIGIN)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    processes = [context.Process(target=_append, args=(bucket, name, 200, ready)) for name in ("one", "two")]
    for process in processes:
        process.start()
    for process in processes:
        process.join(240)
    assert [process.exitcode for process in processes] == [0, 0]
    records = list(open_archive(storage).records())
    written = [(str(record.body["by"]), record.body["number"]) for record in records]
    assert sorted(written) == sorted((name, number) for name in ("one", "two") for number in range(200))
    for name in ("one", "two"):
        assert [number for by, number in written if by == name] == list(range(200))
    _, findings = scan(storage)
    assert findings.kept == []


def test_threads_that_append_at_once_lose_none(storage: Storage) -> None:
    archive = create_archive(storage, origin=ORIGIN)

    def append() -> None:
        for number in range(15):
            archive.append("audit", {"number": number})

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [record.sequence for record in open_archive(storage).records()] == list(range(60))


# Keys and checkpoints


def test_the_key_is_made_once_and_signs_what_every_process_sees(storage: Storage, tmp_path: Path) -> None:
    key = tmp_path / "data" / "archive.key"
    key.parent.mkdir()
    archive = create_archive(storage, origin=ORIGIN)
    seals = [open_seal(one, key, now=NOW) for one in (archive, open_archive(storage))]
    assert len(ledger_keys(storage, origin=ORIGIN)) == 1
    note = seals[0].checkpoint()
    assert seals[1].checkpoint() == note == seals[1].newest()
    findings = Findings()
    assert [one.checkpoint.size for one in stored_checkpoints(storage, origin=ORIGIN, findings=findings)] == [1]
    assert findings.kept == []


def test_a_rotated_key_is_vouched_for_by_the_one_before(storage: Storage, tmp_path: Path) -> None:
    key = tmp_path / "archive.key"
    archive = create_archive(storage, origin=ORIGIN)
    seal = open_seal(archive, key, now=NOW)
    seal.checkpoint()
    rotate_key(archive, key, now=NOW)
    assert [known.problem for known in ledger_keys(storage, origin=ORIGIN)] == ["", ""]
    assert seal.checkpoint() == open_seal(open_archive(storage), key, now=NOW).checkpoint()
    assert len([one for one in storage.files("keys/") if one.name.endswith(".vkey")]) == 2


def test_142_a_second_host_without_the_key_is_told_so_and_makes_none(bucket: BucketPlace, tmp_path: Path) -> None:
    storage = BucketStorage(bucket)
    open_seal(create_archive(storage, origin=ORIGIN), tmp_path / "one.key", now=NOW)
    with pytest.raises(ArchiveError, match=r"private key .* is missing"):
        open_seal(open_archive(storage), tmp_path / "two.key", now=NOW)
    assert len(ledger_keys(storage, origin=ORIGIN)) == 1


def test_142_two_hosts_that_make_the_first_key_at_once_end_with_one(
    bucket: BucketPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = BucketStorage(bucket)
    create_archive(storage, origin=ORIGIN)
    met: list[str] = []

    def late(place: Any, *, origin: str) -> Any:
        found = ledger_keys(place, origin=origin)
        if not met:  # the other host makes its key between this one's look and its record
            met.append("other")
            keys_module.ensure_key(open_archive(storage), tmp_path / "one.key", now=NOW)
        return found

    monkeypatch.setattr(keys_module, "ledger_keys", late)
    with pytest.raises(ArchiveError, match="which is not this archive's"):
        keys_module.ensure_key(open_archive(storage), tmp_path / "two.key", now=NOW)
    (known,) = ledger_keys(storage, origin=ORIGIN)
    assert known.public == keys_module.read_private_key(tmp_path / "one.key").public


def test_the_newest_checkpoint_is_the_one_that_is_stamped(storage: Storage, tmp_path: Path) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    with pytest.raises(NotFoundError, match="no checkpoint yet"):
        timestamps.note_to_stamp(storage)
    seal = open_seal(archive, tmp_path / "archive.key", now=NOW)
    seal.checkpoint()
    archive.append("audit", {})
    seal.checkpoint()
    assert timestamps.note_to_stamp(storage) == "checkpoints/0000000002.note"
    for size in (2, 1):
        storage.put_once(timestamps.stamp_name(f"checkpoints/{size:010d}.note"), b"a stamp")
    assert timestamps.stamp_names(storage) == ["timestamps/0000000001.tsr", "timestamps/0000000002.tsr"]


def test_a_ledger_that_lost_its_end_is_refused_by_the_checkpoint(storage: Storage, tmp_path: Path) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    seal = open_seal(archive, tmp_path / "archive.key", now=NOW)
    archive.append("audit", {})
    seal.checkpoint()
    if storage.folder is None:
        storage.remove("ledger/0000000001.jsonl")
    else:
        path = storage.folder / "ledger" / "0000000000.jsonl"
        path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(ArchiveError, match="records are gone"):
        open_seal(open_archive(storage), tmp_path / "archive.key", now=NOW)


# Tombstones


def _entomb(archive: Any, digest: str, *, keep_out: bool = True) -> Tombstone:
    body = {
        "payload_sha256": digest,
        "recorded_at": NOW.isoformat(),
        "user": "mara",
        "reason": "a court order",
        "keep_out": keep_out,
    }
    tombstone = tombstone_of(archive.append("tombstone", body))
    archive.remove_payload(tombstone)
    return tombstone


def test_deleted_bytes_are_gone_stay_out_and_every_read_says_why(storage: Storage) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    digest, other = archive.put_payload(PAGE), archive.put_payload(b"another")
    _entomb(archive, digest)
    for one in (archive, open_archive(storage)):
        with pytest.raises(DeletedError, match="a court order"):
            one.get_payload(digest)
        assert one.put_payload(PAGE) == digest
        assert not one.has_bytes(digest)
        assert one.get_payload(other) == b"another"


def test_a_second_deletion_takes_the_place_of_the_first_marker(storage: Storage) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    digest = archive.put_payload(PAGE)
    _entomb(archive, digest, keep_out=False)
    archive.put_payload(PAGE)
    assert archive.get_payload(digest) == PAGE
    newest = _entomb(archive, digest)
    found = open_archive(storage).tombstone(digest)
    assert found is not None
    assert found.sequence == newest.sequence


# What verification finds


def test_a_payload_that_is_gone_or_not_named_is_found(storage: Storage) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    sound, lost, loose = (archive.put_payload(text) for text in (b"sound", b"lost", b"loose"))
    storage.remove(payload_place(lost))
    storage.put_once("payloads/notes.txt", b"put there by somebody")
    reader, findings = payload_reader(storage), Findings()
    assert reader.order([sound, lost]) == sorted([(sound, sound), (lost, lost)])
    assert check_payload(reader.read, sound) is None
    finding = check_payload(reader.read, lost)
    assert finding is not None
    assert finding.code == "payload_missing"
    assert find_extra(storage, {bytes.fromhex(sound)}, findings, now=LATER) == 3
    assert sorted(one.target for one in findings.kept) == sorted(
        ["file payloads/notes.txt", f"file {payload_place(loose)}"]
    )


def test_a_strange_file_in_the_ledger_is_found(storage: Storage) -> None:
    create_archive(storage, origin=ORIGIN).append("audit", {})
    storage.put_once("ledger/readme", b"x")
    _, findings = scan(storage)
    assert [(one.code, one.target) for one in findings.kept] == [("ledger_file", "ledger/readme")]


def test_a_copy_holds_the_same_files_wherever_the_archive_lies(storage: Storage, tmp_path: Path) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    first = archive.put_payload(PAGE)
    later = archive.put_payload(PAGE + b"edited", like=first)
    for number in range(4):
        archive.append("audit", {"number": number})
    copied: set[str] = set()
    for file in files_of(storage, size=3):
        target = tmp_path / "copy" / file.place
        target.parent.mkdir(parents=True, exist_ok=True)
        with file.open() as content:
            target.write_bytes(content.read(file.length))
        copied |= payloads_in(storage, file)
    assert copied == {first, later}
    assert len(list((tmp_path / "copy" / "payloads").rglob("*.zst"))) == (2 if storage.folder is None else 1)
    copy = open_archive(tmp_path / "copy")
    assert [record.body["number"] for record in copy.records()] == [0, 1, 2]
    assert copy.checkpoint().split("\n")[2] == root_of(storage, size=3)
    assert (copy.get_payload(first), copy.get_payload(later)) == (PAGE, PAGE + b"edited")


def test_a_payload_that_was_deleted_on_purpose_is_missing_and_not_damaged(storage: Storage) -> None:
    archive = create_archive(storage, origin=ORIGIN)
    digest = archive.put_payload(PAGE)
    _entomb(archive, digest)
    finding = check_payload(payload_reader(storage).read, digest)
    assert finding is not None
    assert finding.code == "payload_missing"
