"""Documents that people hand in: archived first, dated by their own date, compared, cited as letters."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from watcher.archive import durable
from watcher.errors import AlreadyHeldError, ArchiveError, ConfigError, DeletedError, NotFoundError
from watcher.extract.mail_header import read_mail_header
from watcher.model.capture import Trigger
from watcher.model.change import ChangeKind
from watcher.pipeline import notify
from watcher.pipeline.cite import cite
from watcher.pipeline.rebuild import rebuild_database
from watcher.pipeline.recover import recover
from watcher.pipeline.tombstone import delete_payload
from watcher.pipeline.upload import HandedIn, hand_in
from watcher.pipeline.upload_fields import describe
from watcher.store import captures, changes, sources, versions
from watcher.store.audit import list_audit
from watcher.store.database import create_database, open_database

ROOT = Path(__file__).resolve().parents[2]
TEXT = b"Letter\n\nKazakhstan has not joined the Mine Ban Treaty. The moratorium on exports is in force.\n"
JOINED = TEXT.replace(b"has not joined", b"has joined")
SCAN = b"\xff\xd8\xff\xe0" + bytes(400)
MAIL = (
    b"From: Embassy <info@example.org>\nTo: Desk <desk@example.net>\nSubject: Reply on stockpiles\n"
    b"Date: Wed, 19 Apr 2000 23:00:00 +0600\nMIME-Version: 1.0\nContent-Type: text/plain\n\n"
    b"Kazakhstan does not produce anti-personnel mines.\n"
)
LETTER = {
    "reference": "Letter No. 20/178",
    "author": "the Ministry of Defence",
    "addressee": "the ICBL",
    "date": "2000-04-19",
    "subject": "Kazakhstan",
    "language": "en",
    "provenance": "received by e-mail from the embassy",
}


def upload(bench: Any, payload: bytes = TEXT, name: str = "letter.txt", **given: str) -> HandedIn:
    fields = {key: [value] for key, value in {"handed_in_by": "ana", **given}.items()}
    return hand_in(bench.rooms, payload, file_name=name, described=describe(fields), checked_name=True)


def test_a_letter_is_cited_with_reference_author_addressee_and_its_own_date(bench: Any) -> None:
    capture = upload(bench, **LETTER).recorded.capture
    assert cite(bench.rooms, str(capture.sequence)).footnote == (
        "Letter No. 20/178 from the Ministry of Defence, to the ICBL, 19 April 2000, "
        "handed in by ana on 3 May 2026 (letter.txt), "
        f"archived at http://127.0.0.1:8080/captures/{capture.sequence}, SHA-256 {capture.payload_sha256}."
    )
    (item,) = cite(bench.rooms, str(capture.sequence)).items("watcher.test/archive")
    assert item["recipient"] == [{"literal": "the ICBL"}]
    assert item["issued"] == {"date-parts": [[2000, 4, 19]]}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"reference": "Letter No. 2, 19 April 2000", "author": "A", "date": "2000-04-19"},
            "Letter No. 2 from A, 19 Apr",
        ),
        (
            {"title": "Reply", "reference": "Letter No. 2", "publisher": "Embassy"},
            "Letter No. 2 from Embassy, Reply, und",
        ),
        (
            {"title": "Report", "reference": "A/55/1", "author": "UN"},
            "UN, Report, A/55/1, undated, handed in by ana on 3",
        ),
        ({"reference": "No. 7", "addressee": "B"}, "No. 7, to B, undated, handed in by ana"),
    ],
)
def test_what_is_not_known_of_a_document_leaves_no_gap_in_its_citation(
    bench: Any, given: dict[str, str], told: str
) -> None:
    capture = upload(bench, **given).recorded.capture
    assert cite(bench.rooms, str(capture.sequence)).footnote.startswith(told)


def test_the_date_of_the_document_is_kept_apart_from_the_moment_of_the_hand_in(bench: Any) -> None:
    capture = upload(bench, **LETTER).recorded.capture
    assert capture.trigger is Trigger.UPLOAD
    assert capture.captured_at == datetime(2000, 4, 19, tzinfo=UTC)
    assert capture.ended_at == bench.clock()
    undated = upload(bench, JOINED).recorded.capture
    assert undated.captured_at == undated.ended_at


def test_who_handed_it_in_with_which_file_and_provenance_is_in_the_ledger(bench: Any) -> None:
    capture = upload(bench, **LETTER).recorded.capture
    record = next(bench.rooms.archive.records(capture.sequence))
    assert record.body["user"] == "ana"
    assert record.body["notes"] == ["Provenance: received by e-mail from the embassy"]
    with bench.rooms.database.reading() as connection:
        act, added = list_audit(connection, target=capture.source_id)
    assert (act.action, act.user, added.action) == ("document.hand_in", "ana", "source.add")
    assert json.loads(act.after or "")["file_name"] == "letter.txt"


def test_a_further_version_is_compared_and_told_in_the_next_digest(bench: Any) -> None:
    bench.subscribe()
    first = upload(bench, **LETTER)
    bench.clock.advance(hours=2)
    second = upload(bench, JOINED, source=first.source.source_id, date="2001-04-19", reference="Letter No. 21/3")
    change = second.recorded.change
    assert change is not None
    assert change.kind is ChangeKind.CONTENT
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert [entry.change.change_id for entry in composed.digest.entries] == [change.change_id]
    assert "not party" in composed.message.text
    before, now = cite(bench.rooms, change.change_id).states
    assert (before.reference, now.reference) == ("Letter No. 20/178", "Letter No. 21/3")


def test_an_older_document_that_is_handed_in_later_takes_its_place_and_alerts_nobody(bench: Any) -> None:
    bench.subscribe()
    newer = upload(bench, JOINED, **{**LETTER, "date": "2001-04-19"})
    bench.clock.advance(hours=2)
    upload(bench, TEXT, source=newer.source.source_id, date="2000-04-19")
    with bench.rooms.database.reading() as connection:
        (change,) = changes.list_changes(connection, source_id=newer.source.source_id)
        baseline = sources.get_baseline_id(connection, newer.source.source_id)
    assert (change.captured_from_at.year, change.captured_at.year) == (2000, 2001)
    assert baseline == newer.recorded.version.version_id  # type: ignore[union-attr]
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert composed.digest.entries == ()


def test_a_document_between_two_others_is_compared_with_both_and_alerts_nobody(bench: Any) -> None:
    bench.subscribe()
    first = upload(bench, TEXT, **LETTER)
    upload(bench, JOINED, source=first.source.source_id, date="2002-04-19")
    bench.clock.advance(days=1)
    assert len(notify.compose_due(bench.rooms)[0].digest.entries) == 1
    between = TEXT.replace(b"has not joined", b"will join")
    assert upload(bench, between, source=first.source.source_id, date="2001-04-19").recorded.change is not None
    bench.clock.advance(days=1)
    assert notify.compose_due(bench.rooms)[0].digest.entries == ()
    with bench.rooms.database.reading() as connection:
        made = changes.list_changes(connection, source_id=first.source.source_id)
    years = sorted((change.captured_from_at.year, change.captured_at.year) for change in made)
    assert years == [(2000, 2001), (2000, 2002), (2001, 2002)]


def test_a_scan_without_text_is_archived_and_says_so(bench: Any) -> None:
    done = upload(bench, SCAN, "scan.jpg")
    assert "OCR" in done.not_extracted
    assert done.recorded.capture.media_type == "image/jpeg"
    assert bench.rooms.archive.get_payload(done.recorded.capture.payload_sha256) == SCAN
    read = upload(bench, TEXT, source=done.source.source_id)
    assert read.recorded.version is not None
    assert read.recorded.change is None


def test_an_e_mail_says_itself_who_wrote_to_whom_when(bench: Any) -> None:
    done = upload(bench, MAIL, "reply.eml")
    definition = done.source.definition
    assert (definition.title, definition.author, definition.addressee) == (
        "Reply on stockpiles",
        "Embassy <info@example.org>",
        "Desk <desk@example.net>",
    )
    assert done.recorded.capture.captured_at == datetime(2000, 4, 19, tzinfo=UTC)
    said = upload(bench, MAIL + b"\nmore\n", "reply.eml", author="The Embassy", date="2000-05-01")
    assert said.source.definition.author == "The Embassy"
    assert said.recorded.capture.captured_at == datetime(2000, 5, 1, tzinfo=UTC)


def test_the_attachments_of_an_e_mail_become_uploads_that_say_where_they_came_from(bench: Any) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "Embassy <info@example.org>", "Reply"
    message["Date"] = "Wed, 19 Apr 2000 10:00:00 +0000"
    message.set_content("Please find our letter attached.")
    message.add_attachment(TEXT, maintype="text", subtype="plain", filename="../letter.txt")
    message.add_attachment(b"", maintype="application", subtype="pdf", filename="empty.pdf")
    message.add_attachment(SCAN, maintype="image", subtype="jpeg", filename="logo.jpg", disposition="inline")
    done = upload(bench, message.as_bytes(), "reply.eml", subject="KAZ")
    (letter,) = done.attached
    capture = letter.recorded.capture
    assert bench.rooms.archive.get_payload(capture.payload_sha256).strip() == TEXT.strip()
    assert capture.notes == (f"Provenance: attached to the e-mail reply, Capture {done.recorded.capture.sequence}",)
    assert letter.source.definition.subjects == ("KAZ",)
    message.replace_header("Subject", "Once more")
    again = upload(bench, message.as_bytes(), "again.eml")
    assert again.attached == ()
    assert "already held as reply-letter-txt" in again.left_out[0]


@pytest.mark.parametrize(
    "header",
    [
        b"Date: 99 Foo 2000\n",
        b"From: =?utf-8?B?////?=\n",
        b"From: " + b"<" * 5000 + b"\n",
        b"Subject: =?x-none?Q?=FF?=\nTo: \xff\xfe\n",
        b"Date: Wed, 19 Apr 0000 10:00:00 +9999\n",
        b"\x00",
    ],
)
def test_a_broken_mail_header_is_missing_and_stops_nothing(bench: Any, header: bytes) -> None:
    read_mail_header(header)
    payload = b"From: a@example.org\nTo: b@example.org\nSubject: s\n" + header + b"\nText of the message.\n"
    assert upload(bench, payload, "m.eml").recorded.capture.payload_sha256


def test_the_same_bytes_handed_in_twice_are_named_and_add_nothing(bench: Any) -> None:
    first = upload(bench, **LETTER).recorded.capture
    size = bench.rooms.archive.size()
    with pytest.raises(AlreadyHeldError, match="already held as letter-no-20-178") as caught:
        upload(bench, TEXT, title="Again")
    assert (caught.value.source_id, caught.value.sequence) == (first.source_id, first.sequence)
    assert bench.rooms.archive.size() == size


def test_bytes_that_a_page_brought_may_be_handed_in_as_a_document(bench: Any) -> None:
    bench.register("page", bench.site.put("/letter", TEXT, headers={"Content-Type": "text/plain"}))
    bench.check("page")
    assert upload(bench, TEXT).recorded.version is not None


def test_bytes_that_were_deleted_for_good_are_not_taken_again(bench: Any) -> None:
    capture = upload(bench, **LETTER).recorded.capture
    delete_payload(bench.rooms, capture.payload_sha256, user="ana", reason="names a witness")
    with pytest.raises(DeletedError, match="names a witness"):
        upload(bench, TEXT, title="Again")


def test_an_empty_or_too_large_document_is_refused(bench: Any) -> None:
    bench.rooms = replace(bench.rooms, upload_maximum_bytes=20)
    for payload, told in ((b"", "is empty"), (b"x" * 21, "larger than 20 bytes")):
        with pytest.raises(ConfigError, match=told) as caught:
            upload(bench, payload)
        assert caught.value.key == "file"
    assert upload(bench, b"x" * 20).recorded.capture.payload_length == 20


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("date", "19.4.2000", "no day"),
        ("date", "2000-02-30", "no day"),
        ("date", "20000419", "no day"),
        ("date", "2090-01-01", "future"),
        ("date", "0001-01-01", "too far back"),
        ("subject", "Kazakhia", "no State"),
        ("subject", "KAZ; Nowhere", "no State"),
        ("instrument", "Ottawa Pact", "no treaty"),
        ("language", "english please", "no language tag"),
        ("title", "x" * 301, "at most 300"),
        ("author", "a\u202eb", "cannot be shown"),
        ("handed_in_by", "", "who hands it in"),
    ],
)
def test_peer_13_a_wrong_field_is_named_in_the_domain_whatever_the_door(
    bench: Any, field: str, value: str, told: str
) -> None:
    size = bench.rooms.archive.size()
    with pytest.raises(ConfigError, match=told) as caught:
        upload(bench, **{field: value})
    assert caught.value.key == field
    assert bench.rooms.archive.size() == size


@pytest.mark.parametrize("name", ["sha256", "capture", "captured_at", "uuid", "__class__", "definition", "user"])
def test_peer_20_an_unknown_or_read_only_field_is_refused_by_name(bench: Any, name: str) -> None:
    with pytest.raises(ConfigError, match="no field that can be set") as caught:
        upload(bench, **{name: "x"})
    assert caught.value.key == name


def test_only_an_upload_takes_documents(bench: Any) -> None:
    bench.register("page", bench.site.url("/page"))
    with pytest.raises(ConfigError, match="documents are handed in to Uploads only") as caught:
        upload(bench, source="page")
    assert caught.value.key == "source"
    with pytest.raises(NotFoundError, match="absent"):
        upload(bench, source="absent")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "a\x00b\n.txt", "x" * 4000, "\udcff.pdf", "<b>", ""]
)
def test_a_hostile_file_name_is_data_and_never_a_path(bench: Any, tmp_path: Path, name: str) -> None:
    before = {path for path in tmp_path.rglob("*") if "snapshots" not in path.parts and "data" not in path.parts}
    capture = upload(bench, TEXT, name).recorded.capture
    after = {path for path in tmp_path.rglob("*") if "snapshots" not in path.parts and "data" not in path.parts}
    assert after == before
    assert capture.fetcher.isprintable()
    assert len(capture.fetcher) <= 280
    assert bench.rooms.archive.get_payload(capture.payload_sha256) == TEXT


@pytest.mark.parametrize("step", ["file write", "ledger write"])
@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, "disk full"), (errno.EROFS, "read-only file system")], ids=["full", "read_only"]
)
def test_a_disk_that_takes_nothing_is_said_and_a_second_try_succeeds_without_a_double(
    bench: Any, monkeypatch: pytest.MonkeyPatch, step: str, number: int, told: str
) -> None:
    done = {"ledger write": 0}

    def failing(name: str) -> None:
        done[name] = done.get(name, 0) + 1
        if name == step and (step == "file write" or done[name] == 3):
            raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(durable, "failpoint", failing)
        with pytest.raises(ArchiveError, match=told):
            upload(bench, **LETTER)
    assert upload(bench, **LETTER).source.source_id == "letter-no-20-178"
    with bench.rooms.database.reading() as connection:
        assert [one.source_id for one in sources.list_sources(connection)] == ["letter-no-20-178"]


def test_titles_that_no_id_can_be_made_of_and_equal_titles_get_ids_of_their_own(bench: Any) -> None:
    ids = [upload(bench, b"text %d" % number, title="Письмо").source.source_id for number in range(2)]
    assert all(one.startswith("document-") for one in ids)
    assert len(set(ids)) == 2
    same = [upload(bench, b"note %d" % number, title="Note").source.source_id for number in range(3)]
    assert same == ["note", "note-2", "note-3"]


def test_a_crash_after_the_ledger_loses_no_document(bench: Any) -> None:
    first = upload(bench, **LETTER)
    capture = bench.rooms.archive.append_capture(
        replace(
            first.recorded.capture,
            payload_sha256=bench.rooms.archive.put_payload(JOINED),
            captured_at=datetime(2001, 1, 1, tzinfo=UTC),
        )
    )
    assert recover(bench.rooms).captures == 1
    with bench.rooms.database.reading() as connection:
        assert captures.get_capture(connection, capture.sequence).user == "ana"
        assert len(changes.list_changes(connection, source_id=first.source.source_id)) == 1


def test_a_rebuilt_database_has_documents_descriptions_and_changes(bench: Any, tmp_path: Path) -> None:
    first = upload(bench, **LETTER)
    bench.clock.advance(hours=1)
    upload(bench, JOINED, source=first.source.source_id, date="2001-04-19", provenance="by post")
    url = f"sqlite:///{tmp_path / 'again.db'}"
    create_database(url)
    again = replace(bench.rooms, database=open_database(url))
    for _ in rebuild_database(again):
        pass
    facts = []
    for rooms in (bench.rooms, again):
        with rooms.database.reading() as connection:
            source = sources.get_source(connection, first.source.source_id)
            made = [change.change_id for change in changes.list_changes(connection)]
            read = [version.version_id for version in versions.list_versions(connection, source.source_id)]
            facts.append((source.definition, made, read))
    again.database.close()
    assert facts[0] == facts[1]
    assert facts[0][0].provenance == "by post"


def test_hand_ins_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHER_CONFIG", str(ROOT / "config"))
    monkeypatch.setenv("WATCHER_UPLOADS__MAXIMUM_BYTES", "2000")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "watcher", "upload", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    for name, content in (("a.txt", TEXT), ("b.txt", JOINED), ("scan.jpg", SCAN), ("big.txt", b"x" * 2001)):
        (tmp_path / name).write_bytes(content)
    done = run("a.txt", "--reference", "Letter No. 20/178", "--date", "2000-04-19", "--subject", "KAZ")
    assert "handed in as letter-no-20-178: Capture" in done.stdout, done.stderr
    further = run("b.txt", "--source", "letter-no-20-178")
    assert "treaty status not party → state party (critical)" in further.stdout
    scanned = run("scan.jpg").stdout
    assert "text not extracted: " in scanned
    assert "OCR" in scanned
    for arguments, told in (
        (("a.txt",), "already held as letter-no-20-178"),
        (("absent.txt",), "is not there"),
        ((".",), "is a folder"),
        (("big.txt",), "larger than 2000 bytes"),
        (("a.txt", "b.txt", "--source", "x"), "--source takes one FILE"),
    ):
        refused = run(*arguments)
        assert refused.returncode in (1, 2)
        assert told in refused.stderr
        assert refused.stderr.count("\n") == 1
