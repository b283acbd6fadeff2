"""What a storage does on a bad day: slow, silent, cut short, wrong, refusing, or written by two at once."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from typing import Any

import pytest

from watcher.archive import create_archive, open_archive
from watcher.archive.bucket import BucketPlace, BucketStorage
from watcher.archive.ledger_files import RECORDS_PER_FILE
from watcher.archive.payloads import compressed
from watcher.archive.places import payload_place
from watcher.archive.verify_payloads import check_payload
from watcher.errors import ArchiveError

ORIGIN = "watcher.test/bucket"
PAGE = random.Random(1).randbytes(3000)
DIGEST = hashlib.sha256(PAGE).hexdigest()


@pytest.fixture
def archive(behind: BucketStorage) -> Any:
    """An archive behind the door."""
    return create_archive(behind, origin=ORIGIN)


def records(bucket: BucketPlace) -> list[Any]:
    """What everybody else reads."""
    return [record.body for record in open_archive(BucketStorage(bucket)).records()]


def puts(door: Any, part: str) -> list[dict[str, str]]:
    return [headers for method, path, headers in door.seen if method == "PUT" and part in path]


def test_142_every_object_is_put_only_if_it_is_new_and_with_its_checksum(archive: Any, door: Any) -> None:
    archive.put_payload(PAGE)
    archive.append("audit", {})
    sent = puts(door, "")
    assert len(sent) == 4, "the format file is put twice, to see that the second one is refused"
    assert all(headers["if-none-match"] == "*" for headers in sent)
    assert all(headers["x-amz-checksum-sha256"] for headers in sent)


@pytest.mark.parametrize("kind", ["slow_down", "dropped"])
def test_142_a_storage_that_is_busy_is_asked_again(archive: Any, door: Any, bucket: BucketPlace, kind: str) -> None:
    door.next(kind, times=2)
    assert archive.put_payload(PAGE) == DIGEST
    door.next(kind, times=2)
    archive.append("audit", {"number": 0})
    door.next(kind, method="GET", times=2)
    assert archive.get_payload(DIGEST) == PAGE
    assert len(door.met) == 6
    assert records(bucket) == [{"number": 0}]


def test_142_a_storage_that_stays_busy_is_given_up_in_words_and_nothing_is_lost(
    archive: Any, door: Any, bucket: BucketPlace
) -> None:
    archive.append("audit", {"number": 0})
    door.next("slow_down", method="PUT", times=3)
    with pytest.raises(ArchiveError, match=r"s3://evidence.*up to 3 tries failed.*503.*SlowDown says the door"):
        archive.append("audit", {"number": 1})
    archive.append("audit", {"number": 2})
    assert records(bucket) == [{"number": 0}, {"number": 2}]


@pytest.mark.parametrize("kind", ["unanswered", "slow"])
def test_142_a_put_that_was_done_and_not_answered_is_looked_up_and_not_done_again(
    archive: Any, door: Any, bucket: BucketPlace, kind: str
) -> None:
    door.next(kind, part="ledger")
    assert archive.append("audit", {"number": 0}).sequence == 0
    door.next(kind, part="payloads")
    assert archive.put_payload(PAGE) == DIGEST
    assert len(puts(door, "ledger")) == len(puts(door, "payloads")) == 1
    assert archive.append("audit", {"number": 1}).sequence == 1
    assert records(bucket) == [{"number": 0}, {"number": 1}]
    assert archive.get_payload(DIGEST) == PAGE


def test_142_a_second_put_of_what_was_done_already_is_taken_for_its_own(
    archive: Any, door: Any, bucket: BucketPlace
) -> None:
    door.next("unanswered", part="ledger")
    door.next("slow_down", method="GET", part="ledger", times=3)  # looking it up fails too: it is sent again
    assert archive.append("audit", {"number": 0}).sequence == 0
    assert len(puts(door, "ledger")) == 2
    assert records(bucket) == [{"number": 0}]


def test_142_the_same_record_of_another_process_is_not_taken_for_its_own(
    archive: Any, door: Any, bucket: BucketPlace
) -> None:
    other = open_archive(BucketStorage(bucket))
    other.append("audit", {"number": 0})
    door.next("dropped", part="ledger")  # ours was never done, and byte for byte the other's lies there
    assert archive.append("audit", {"number": 0}).sequence == 1
    assert records(bucket) == [{"number": 0}, {"number": 0}]


def test_142_a_number_that_another_process_took_is_not_written_over(
    archive: Any, bucket: BucketPlace, door: Any
) -> None:
    archive.append("audit", {"by": "one"})
    other = open_archive(BucketStorage(bucket))
    for number in range(3):
        other.append("audit", {"by": "other", "number": number})
    assert archive.append("audit", {"by": "one"}).sequence == 4
    assert [body["by"] for body in records(bucket)] == ["one", "other", "other", "other", "one"]


def test_142_a_put_that_met_another_one_and_was_not_decided_is_sent_again(
    archive: Any, door: Any, bucket: BucketPlace
) -> None:
    door.next("conflict", part="ledger")
    assert archive.append("audit", {"number": 0}).sequence == 0
    assert len(puts(door, "ledger")) == 2
    assert records(bucket) == [{"number": 0}]


def test_a_storage_that_ignores_the_condition_gets_no_archive(behind: BucketStorage, door: Any) -> None:
    door.next("unconditional", times=9)
    with pytest.raises(ArchiveError, match="does not honour If-None-Match"):
        create_archive(behind, origin=ORIGIN)
    assert list(behind.files("")) == []


@pytest.mark.parametrize("kind", ["cut", "shorter", "wrong"])
def test_142_bytes_that_come_wrong_once_are_read_again(archive: Any, door: Any, kind: str) -> None:
    archive.put_payload(PAGE)
    archive.append("audit", {"number": 0})
    door.next(kind, method="GET", part="payloads")
    assert archive.get_payload(DIGEST) == PAGE
    door.next(kind, method="GET", part="ledger/0000000000")
    assert [record.body for record in open_archive(archive.storage).records()] == [{"number": 0}]
    assert door.met == [kind, kind]


@pytest.mark.parametrize("kind", ["shorter", "wrong"])
def test_142_bytes_that_stay_wrong_are_never_returned_and_named(archive: Any, door: Any, kind: str) -> None:
    archive.put_payload(PAGE)
    door.next(kind, method="GET", part=DIGEST, times=4)
    with pytest.raises(ArchiveError, match=f"payload {DIGEST}.*came twice with other bytes") as caught:
        archive.get_payload(DIGEST)
    assert caught.value.payloads == (DIGEST,)
    door.faults.clear()
    assert archive.get_payload(DIGEST) == PAGE


def test_142_a_listing_that_is_cut_is_asked_again(archive: Any, door: Any, bucket: BucketPlace) -> None:
    for number in range(3):
        archive.append("audit", {"number": number})
    door.next("cut", method="GET", part="list-type")
    assert [record.sequence for record in open_archive(archive.storage).records()] == [0, 1, 2]
    assert door.met == ["cut"]


def test_142_a_refusal_is_not_repeated_and_says_what_to_look_at(archive: Any, door: Any) -> None:
    door.next("skewed", part="payloads", times=9)
    with pytest.raises(ArchiveError, match=r"refused.*RequestTimeTooSkewed.*S3_ACCESS_KEY.*clock"):
        archive.put_payload(PAGE)
    assert door.met == ["skewed"]


def test_a_bucket_that_went_away_is_named(archive: Any, door: Any) -> None:
    door.next("gone")
    with pytest.raises(ArchiveError, match=r"ledger/0000000000\.jsonl could not be written.*NoSuchBucket"):
        archive.append("audit", {})


def test_a_bucket_that_is_not_there_is_named(bucket: BucketPlace) -> None:
    storage = BucketStorage(replace(bucket, bucket="no-such-bucket"), waits=(0.0, 0.0))
    with pytest.raises(ArchiveError, match=r"s3://no-such-bucket.*refused.*NoSuchBucket.*that the bucket is there"):
        create_archive(storage, origin=ORIGIN)


def test_a_storage_that_cannot_be_reached_is_named_and_no_archive_is_made(bucket: BucketPlace) -> None:
    storage = BucketStorage(replace(bucket, endpoint="http://127.0.0.1:9"), waits=(0.0, 0.0))
    with pytest.raises(ArchiveError, match=r"format\.json could not be reached: up to 2 tries failed"):
        create_archive(storage, origin=ORIGIN)


# Damage in the bucket itself


def _exchange(storage: BucketStorage, name: str, content: bytes) -> None:
    storage.remove(name)
    storage.put_once(name, content)


def test_142_an_object_that_was_exchanged_is_damage_whatever_its_etag_says(archive: Any) -> None:
    archive.put_payload(PAGE)
    _exchange(archive.storage, payload_place(DIGEST), compressed(b"another page"))
    with pytest.raises(ArchiveError, match=f"payload {DIGEST} is damaged.*no longer has its digest"):
        archive.get_payload(DIGEST)
    finding = check_payload(archive.get_payload, DIGEST)
    assert finding is not None
    assert finding.code == "payload_damaged"


def test_a_damaged_payload_is_healed_when_its_bytes_come_again_and_kept_aside(archive: Any) -> None:
    archive.put_payload(PAGE)
    _exchange(archive.storage, payload_place(DIGEST), b"no frame at all")
    assert archive.put_payload(PAGE) == DIGEST
    assert archive.get_payload(DIGEST) == PAGE
    (aside,) = archive.storage.files("damaged/")
    assert archive.storage.read(aside.name) == b"no frame at all"
    assert aside.name in archive.take_healed()[DIGEST]
    assert archive.take_healed() == {}


def test_a_payload_that_is_stored_again_is_not_written_again(archive: Any, door: Any) -> None:
    archive.put_payload(PAGE)
    archive.put_payload(PAGE)
    archive.put_payload(PAGE, like=DIGEST)
    assert len(puts(door, DIGEST)) == 2, "a page that did not change is not sent"
    assert [method for method, path, _ in door.seen if DIGEST in path and method == "DELETE"] == []
    assert archive.take_healed() == {}


def test_a_missing_record_in_the_middle_stops_the_reader(archive: Any) -> None:
    for number in range(4):
        archive.append("audit", {"number": number})
    archive.storage.remove("ledger/0000000001.jsonl")
    with pytest.raises(ArchiveError, match="records 1 to 1 of the ledger are missing"):
        open_archive(archive.storage)


def test_142_a_list_that_lags_hides_no_record(archive: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        archive.append("audit", {"number": number})
    files = BucketStorage.files

    def lagging(self: BucketStorage, prefix: str) -> Any:
        return (one for one in files(self, prefix) if one.name[-7:] not in ("2.jsonl", "4.jsonl"))

    monkeypatch.setattr(BucketStorage, "files", lagging)
    again = open_archive(archive.storage)
    assert [record.body["number"] for record in again.records()] == list(range(5))


def test_a_complete_block_is_read_as_one_object_and_its_repetition_made_good(archive: Any, door: Any) -> None:
    ledger = archive._ledger  # noqa: SLF001 - Archive writes lists of Captures only
    for start in range(0, RECORDS_PER_FILE, 512):
        ledger.append_all("audit", [{"number": start + place} for place in range(512)])
    whole = "ledger/whole/0000000000.jsonl"
    assert archive.storage.exists(whole)
    door.seen.clear()
    again = open_archive(archive.storage)
    assert [path for method, path, _ in door.seen if method == "GET" and path.endswith("00.jsonl")] != []
    assert (
        len([1 for method, path, _ in door.seen if method == "GET" and "ledger/" in path and "list" not in path]) <= 3
    )
    archive.storage.remove(whole)
    assert [record.sequence for record in again.records()] == list(range(RECORDS_PER_FILE))
    open_archive(archive.storage)
    assert archive.storage.exists(whole), "the next start puts the block together again"


def test_a_repetition_that_does_not_match_its_parts_is_found(archive: Any) -> None:
    from watcher.archive.findings import Findings
    from watcher.archive.verify import scan_ledger

    ledger = archive._ledger  # noqa: SLF001 - Archive writes lists of Captures only
    ledger.append_all("audit", [{"number": number} for number in range(RECORDS_PER_FILE)])
    whole = "ledger/whole/0000000000.jsonl"
    content = archive.storage.read(whole)
    _exchange(archive.storage, whole, content.replace(b'"number":17,', b'"number":17017,'))
    findings = Findings()
    scan_ledger(
        archive.storage, origin=ORIGIN, sizes=[], findings=findings, chunk=lambda *_: None, progress=lambda _: None
    )
    assert ("ledger_file", whole) in [(one.code, one.target) for one in findings.kept]
