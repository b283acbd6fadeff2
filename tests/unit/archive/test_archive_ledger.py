"""The ledger keeps every record, in order, through crashes and beside other writers."""

from __future__ import annotations

import base64
import multiprocessing
from pathlib import Path

import pytest

from watcher.archive import create_archive, open_archive
from watcher.archive.archive import Archive
from watcher.archive.ledger import RECORDS_PER_FILE
from watcher.archive.merkle import leaf_hash, tree_root
from watcher.errors import ArchiveError

# Leaves and roots as published with the reference implementation of RFC 6962.
REFERENCE_LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    bytes.fromhex("2021"),
    bytes.fromhex("3031"),
    bytes.fromhex("40414243"),
    bytes.fromhex("5051525354555657"),
    bytes.fromhex("606162636465666768696a6b6c6d6e6f"),
]
REFERENCE_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", REFERENCE_ROOTS)
def test_the_tree_head_is_that_of_rfc_6962(size: int) -> None:
    leaves = [leaf_hash(record) for record in REFERENCE_LEAVES[:size]]
    assert tree_root(leaves).hex() == REFERENCE_ROOTS[size]


def test_records_come_back_in_order_after_reopening(tmp_path: Path) -> None:
    archive = create_archive(tmp_path, origin="test")
    for number in range(5):
        archive.append("audit", {"number": number})
    checkpoint = archive.checkpoint()
    again = open_archive(tmp_path)
    assert [(record.sequence, record.body["number"]) for record in again.records()] == [(n, n) for n in range(5)]
    assert again.checkpoint() == checkpoint


def test_the_checkpoint_names_origin_size_and_root(tmp_path: Path) -> None:
    archive = create_archive(tmp_path, origin="example.org/archive")
    record = archive.append("audit", {})
    origin, size, root = archive.checkpoint().splitlines()
    assert (origin, size) == ("example.org/archive", "1")
    assert base64.b64decode(root).hex() == record.leaf_sha256


def test_a_record_half_written_by_a_crash_is_dropped_and_the_next_one_kept(tmp_path: Path) -> None:
    archive = create_archive(tmp_path, origin="test")
    archive.append("audit", {"number": 0})
    with (tmp_path / "ledger" / "0000000000.jsonl").open("ab") as file:
        file.write(b'{"sequence":1,"type":"aud')
    again = open_archive(tmp_path)
    assert again.size() == 1
    again.append("audit", {"number": 1})
    assert [record.body["number"] for record in open_archive(tmp_path).records()] == [0, 1]


def test_records_continue_in_a_second_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.archive.ledger.RECORDS_PER_FILE", 4)
    archive = create_archive(tmp_path, origin="test")
    for number in range(10):
        archive.append("audit", {"number": number})
    assert len(list((tmp_path / "ledger").glob("*.jsonl"))) == 3
    assert [record.body["number"] for record in open_archive(tmp_path).records(3)] == list(range(3, 10))
    assert open_archive(tmp_path).checkpoint() == archive.checkpoint()
    assert RECORDS_PER_FILE > 4


def test_a_record_that_was_edited_into_nonsense_is_named(tmp_path: Path) -> None:
    archive = create_archive(tmp_path, origin="test")
    archive.append("audit", {"number": 0})
    archive.append("audit", {"number": 1})
    path = tmp_path / "ledger" / "0000000000.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"sequence":1', b'"sequence":7'))
    with pytest.raises(ArchiveError, match="record 1 is damaged"):
        open_archive(tmp_path)


def test_a_ledger_that_became_shorter_while_it_was_open_is_noticed(tmp_path: Path) -> None:
    archive = create_archive(tmp_path, origin="test")
    archive.append("audit", {"number": 0})
    (tmp_path / "ledger" / "0000000000.jsonl").write_bytes(b"")
    with pytest.raises(ArchiveError, match="became shorter"):
        archive.append("audit", {"number": 1})


def _append_many(root: Path, name: str, number: int) -> None:
    archive = open_archive(root)
    for n in range(number):
        archive.append("audit", {"writer": name, "number": n})


def test_two_processes_append_without_losing_or_doubling_a_record(tmp_path: Path) -> None:
    create_archive(tmp_path, origin="test")
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(tmp_path, name, 40)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    records = list(open_archive(tmp_path).records())
    assert [record.sequence for record in records] == list(range(80))
    for name in "ab":
        assert [record.body["number"] for record in records if record.body["writer"] == name] == list(range(40))


def test_an_unknown_format_is_refused_by_number(tmp_path: Path) -> None:
    create_archive(tmp_path, origin="test")
    path = tmp_path / "format.json"
    path.chmod(0o644)
    path.write_text('{"format":99,"origin":"test"}')
    with pytest.raises(ArchiveError, match="format 99"):
        open_archive(tmp_path)


def test_an_archive_is_never_made_over_one_that_is_there(tmp_path: Path) -> None:
    create_archive(tmp_path, origin="test").append("audit", {})
    (tmp_path / "format.json").unlink()
    with pytest.raises(ArchiveError, match="already holds"):
        create_archive(tmp_path, origin="test")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return create_archive(tmp_path, origin="test")


def test_a_payload_comes_back_as_the_same_bytes_and_is_stored_once(archive: Archive) -> None:
    digest = archive.put_payload(b"the body")
    assert archive.put_payload(b"the body") == digest
    assert archive.get_payload(digest) == b"the body"
    assert len(list((archive.root / "payloads").rglob("*.zst"))) == 1
    assert list((archive.root / "payloads").rglob("*.tmp")) == []


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-3], lambda raw: raw[:12] + bytes([raw[12] ^ 1]) + raw[13:], lambda _: b""]
)
def test_catalogue_136_a_damaged_payload_is_named_and_never_returned(archive: Archive, damage: object) -> None:
    digest = archive.put_payload(b"evidence " * 100)
    path = next((archive.root / "payloads").rglob("*.zst"))
    path.chmod(0o644)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ArchiveError, match=digest):
        archive.get_payload(digest)


def test_a_payload_that_was_removed_is_named(archive: Archive) -> None:
    digest = archive.put_payload(b"evidence")
    next((archive.root / "payloads").rglob("*.zst")).unlink()
    with pytest.raises(ArchiveError, match="missing"):
        archive.get_payload(digest)


def test_peer_12_a_digest_from_outside_never_becomes_a_path(archive: Archive) -> None:
    for hostile in ("../../etc/passwd", "/etc/passwd", "a" * 63 + "/", "A" * 64, ""):
        with pytest.raises(Exception, match="is not a SHA-256 digest"):
            archive.get_payload(hostile)
