"""Payloads are read back in turn; what is wrong is an incident, shown, mailed once, and closed when it is mended."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.alert.channels.smtp import SmtpChannel
from watcher.archive import open_seal
from watcher.archive.notes import is_signed_by, parse_note, parse_skey
from watcher.demo.sink import MailSink
from watcher.errors import ArchiveError
from watcher.model.subscription import Cadence, SubscriptionFilter
from watcher.pipeline import fixity, notify, register
from watcher.store import incidents
from watcher.web.app import create_app

PAGE = "<html><body><p>Kazakhstan has not joined the treaty, says page {0}.</p></body></html>"
OPERATOR = "operator@example.org"


def _page(bench: Any, path: str) -> str:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        return client.get(path).text


def _open(bench: Any) -> list[tuple[str, str]]:
    with bench.rooms.database.reading() as connection:
        return [(one.code, one.target) for one in incidents.open_incidents(connection)]


def _channel(sink: MailSink) -> SmtpChannel:
    return SmtpChannel(host="127.0.0.1", port=sink.port, security="none", user="", password="", sender="w@example.org")


@pytest.fixture
def stored(bench: Any) -> list[Path]:
    for number in range(6):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", PAGE.format(number)))
        bench.check(f"page-{number}", after_seconds=1)
    return sorted((bench.rooms.archive.root / "payloads").rglob("*.zst"))


def _spoil(path: Path) -> bytes:
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[:-4])
    return whole


def test_every_payload_is_read_before_any_is_read_again(bench: Any, stored: list[Path]) -> None:
    reads: list[str] = []
    archive = bench.rooms.archive
    real = archive.get_payload
    archive.get_payload = lambda digest: (reads.append(digest), real(digest))[1]
    for _ in range(6):
        assert fixity.read_some(bench.rooms) == (1, 0)
        bench.clock.advance(hours=1)
    assert len(set(reads)) == len(reads) == len(stored)


def test_payloads_that_waited_29_days_are_read_at_once(bench: Any, stored: list[Path]) -> None:
    for _ in stored:
        fixity.read_some(bench.rooms)
    bench.clock.advance(days=29, seconds=1)
    assert fixity.read_some(bench.rooms) == (len(stored), 0)


def test_a_damaged_payload_is_an_incident_shown_mailed_once_and_closed_when_restored(
    bench: Any, stored: list[Path], mail_sink: MailSink
) -> None:
    whole = {path: _spoil(path) for path in stored[:3]}
    for _ in stored:
        fixity.read_some(bench.rooms)
    assert sorted(_open(bench)) == [("payload_damaged", f"payload {path.stem}") for path in stored[:3]]
    assert stored[0].stem in _page(bench, "/")
    assert fixity.tell_operator(bench.rooms, _channel(mail_sink), OPERATOR) == []
    _spoil(stored[4])
    bench.clock.advance(days=30)
    fixity.read_some(bench.rooms)
    assert len(_open(bench)) == 4
    fixity.tell_operator(bench.rooms, _channel(mail_sink), OPERATOR)
    messages = [path.read_text() for path in sorted(mail_sink.folder.glob("*.eml"))]
    assert len(messages) == 2
    assert f"To: {OPERATOR}" in messages[0]
    assert "3 findings in the evidence (payload_damaged)" in messages[0]
    assert "1 finding in" in messages[1]
    fixity.tell_operator(bench.rooms, _channel(mail_sink), OPERATOR)
    assert len(list(mail_sink.folder.glob("*.eml"))) == 2
    for path, content in whole.items():
        path.write_bytes(content)
    fixity.read_some(bench.rooms)
    assert _open(bench) == [("payload_damaged", f"payload {stored[4].stem}")]


def test_a_damaged_payload_that_healed_was_an_incident_all_the_same(
    bench: Any, stored: list[Path], mail_sink: MailSink
) -> None:
    digests = [bench.check(f"page-{number}").recorded.capture.payload_sha256 for number in range(6)]
    _spoil(stored[2])
    checked = bench.check(f"page-{digests.index(stored[2].stem)}")
    assert checked.recorded.capture.payload_sha256 == stored[2].stem
    assert bench.rooms.archive.has_bytes(stored[2].stem)
    fixity.keep_read_failures(bench.rooms)
    assert _open(bench) == [("payload_damaged", f"payload {stored[2].stem}")]
    fixity.tell_operator(bench.rooms, _channel(mail_sink), OPERATOR)
    (message,) = [path.read_text() for path in mail_sink.folder.glob("*.eml")]
    assert "The same bytes came again" in " ".join(message.replace("=\n", "").split())
    fixity.read_some(bench.rooms)
    assert _open(bench) == []


def test_one_mail_a_day_is_enough_for_what_goes_on_being_found(
    bench: Any, stored: list[Path], mail_sink: MailSink
) -> None:
    told = []
    for path in stored[:2]:
        path.unlink()
        for _ in stored:
            bench.clock.advance(minutes=1)
            fixity.read_some(bench.rooms)
        fixity.tell_operator(bench.rooms, _channel(mail_sink), OPERATOR)
        told.append(len(list(mail_sink.folder.glob("*.eml"))))
    bench.clock.advance(days=1, seconds=1)
    fixity.tell_operator(bench.rooms, _channel(mail_sink), OPERATOR)
    assert [*told, len(list(mail_sink.folder.glob("*.eml")))] == [1, 1, 2]


def test_a_mail_that_could_not_be_sent_is_tried_again_after_its_lease(
    bench: Any, stored: list[Path], mail_sink: MailSink
) -> None:
    stored[0].unlink()
    for _ in stored:
        fixity.read_some(bench.rooms)
    nobody = replace(_channel(mail_sink), port=1)
    assert "could not be reached" in fixity.tell_operator(bench.rooms, nobody, OPERATOR)[0]
    assert fixity.tell_operator(bench.rooms, _channel(mail_sink), OPERATOR) == []
    assert list(mail_sink.folder.glob("*.eml")) == []
    bench.clock.advance(seconds=fixity.LEASE_SECONDS + 1)
    fixity.tell_operator(bench.rooms, _channel(mail_sink), OPERATOR)
    assert len(list(mail_sink.folder.glob("*.eml"))) == 1


def test_133_a_payload_that_failed_when_it_was_needed_becomes_an_incident_and_others_are_fine(
    bench: Any, stored: list[Path]
) -> None:
    stored[0].unlink()
    assert "cannot be shown" in _page(bench, f"/payloads/{stored[0].stem}")
    assert _open(bench) == []
    assert fixity.keep_read_failures(bench.rooms) == 1
    assert _open(bench) == [("payload_missing", f"payload {stored[0].stem}")]
    assert fixity.keep_read_failures(bench.rooms) == 1  # the second look failed too, and is one incident
    assert len(_open(bench)) == 1
    assert bench.rooms.archive.get_payload(stored[1].stem)


def test_a_payload_that_was_deleted_by_a_tombstone_is_no_incident(bench: Any, stored: list[Path]) -> None:
    bench.rooms.archive.append("tombstone", {"payload_sha256": stored[0].stem})
    stored[0].unlink()
    for _ in stored:
        fixity.read_some(bench.rooms)
    assert _open(bench) == []


def _sealed(bench: Any, folder: Path) -> Any:
    seal = open_seal(bench.rooms.archive, folder / "archive.key", now=bench.clock())
    bench.rooms = replace(bench.rooms, seal=seal)
    return seal


def test_at_most_one_checkpoint_an_hour_and_only_when_records_were_added(bench: Any, tmp_path: Path) -> None:
    seal = _sealed(bench, tmp_path)
    folder = bench.rooms.archive.root / "checkpoints"

    def later(**by: float) -> bool:
        bench.clock.advance(**by)
        made = fixity.make_checkpoint(bench.rooms) is not None
        if made:
            now = bench.clock().timestamp()
            os.utime(max(folder.glob("*.note")), (now, now))
        return made

    assert later(seconds=0)
    assert not later(hours=2)
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    assert later(seconds=1)
    bench.check("kaz", after_seconds=1)
    assert not later(minutes=58)
    assert later(minutes=3)
    assert _page(bench, "/checkpoint") == seal.newest()


def test_a_ledger_that_cannot_be_signed_is_an_incident_until_it_can(bench: Any, tmp_path: Path) -> None:
    _sealed(bench, tmp_path)
    key = (tmp_path / "archive.key").read_text()
    (tmp_path / "archive.key").unlink()
    with pytest.raises(ArchiveError, match="put its file back there"):
        fixity.make_checkpoint(bench.rooms)
    assert _open(bench) == [("seal_failed", "the ledger")]
    (tmp_path / "archive.key").write_text(key)
    bench.clock.advance(hours=1)
    assert fixity.make_checkpoint(bench.rooms)
    assert _open(bench) == []


def test_a_digest_carries_a_signed_checkpoint_that_its_reader_can_keep(
    bench: Any, tmp_path: Path, mail_sink: MailSink
) -> None:
    seal = _sealed(bench, tmp_path)
    subscription = register.add_subscription(
        bench.rooms,
        subscription_id="desk",
        recipient="desk@example.org",
        wanted=SubscriptionFilter(),
        cadence=Cadence.DAILY,
        user="test",
    )
    bench.clock.advance(days=1)
    composed = notify.compose_digest(bench.rooms, subscription)
    assert composed is not None
    note = composed.digest.checkpoint
    assert is_signed_by(parse_note(note), parse_skey((tmp_path / "archive.key").read_text().strip()).public)
    assert note == seal.newest()
    for line in note.strip().splitlines():
        assert line in composed.message.text
        assert line.replace("+", "&#43;") in composed.message.html or line in composed.message.html
    assert bench.clock() - composed.digest.composed_at == timedelta(0)
