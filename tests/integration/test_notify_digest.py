"""Digests: what a Subscription is told, that silence is believable, and that mail is really delivered."""

from __future__ import annotations

import email
import email.policy
import socket
from dataclasses import replace
from datetime import timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest

from watcher.alert.channels.smtp import SmtpChannel
from watcher.demo.sink import MailSink
from watcher.errors import DeliveryError, RefusedError
from watcher.model.change import Severity
from watcher.model.subscription import Cadence, DeliveryState, SubscriptionFilter
from watcher.pipeline import notify, register
from watcher.store import digests, subscriptions

PAGE = "<html><body><h1>Kazakhstan</h1><p>Kazakhstan {} on the Mine Ban Treaty.</p></body></html>"
BEFORE = PAGE.format("abstained in the vote on resolution 61/84")
AFTER = PAGE.format("voted in favour of resolution 62/41")


def _channel(port: int) -> SmtpChannel:
    return SmtpChannel(
        host="127.0.0.1",
        port=port,
        security="none",
        user="",
        password="",
        sender="watcher@example.org",
        timeout_seconds=3,
    )


def _change(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE), publisher="UN")
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    assert bench.check("kaz").recorded.change.alert


def _read(path: Any) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)  # type: ignore[return-value]


def test_a_change_reaches_an_inbox_with_passages_citation_and_checkpoint(bench: Any, mail_sink: MailSink) -> None:
    bench.subscribe(subjects=("KAZ",))
    _change(bench)
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    ((delivery, problem),) = notify.deliver_owed(bench.rooms, _channel(mail_sink.port))
    assert problem == ""
    message = _read(mail_sink.messages[0])
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert message["To"] == "desk@example.org"
    assert message["Message-ID"] == delivery.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Kazakhstan" in message["Subject"]
    for told in (
        "61/84",
        "62/41",
        "abstain",
        composed.digest.entries[0].new_payload_sha256[:12],
        "watcher.test/archive",
    ):
        assert told in text, told
    assert "<script" not in html
    with bench.rooms.database.reading() as connection:
        (kept,) = digests.deliveries_of_digest(connection, composed.digest.digest_id)
    assert kept.state is DeliveryState.SENT
    assert any(record.type == "delivery" for record in bench.rooms.archive.records())


@pytest.mark.parametrize(
    "subject",
    [
        "[critical] Kazakhstan: accession to CCW, 8 Jul 2009; CCW not party → party",
        "Kazakhstan: vote abstain → yes; Côte d’Ivoire: transfer moratorium → no known exports; Türkiye: " + "ü" * 50,
        "No change of policy meaning: 45 Sources watched, 1 not reached, 1 not tried, 3 May 2026",
    ],
)
def test_a_subject_line_arrives_as_it_was_written(bench: Any, mail_sink: MailSink, subject: str) -> None:
    bench.subscribe()
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    delivery = replace(composed.delivery, message=replace(composed.message, subject=subject))
    assert _channel(mail_sink.port).send(delivery, possible_duplicate=False) is DeliveryState.SENT
    raw = mail_sink.messages[0].read_bytes()
    assert _read(mail_sink.messages[0])["Subject"] == subject
    unfolded = email.message_from_bytes(raw)["Subject"].replace("\r", "").replace("\n", "")
    assert str(make_header(decode_header(unfolded))) == subject
    assert raw.split(b"From:")[0].isascii()


def test_a_digest_is_composed_once_and_tells_each_change_once(bench: Any) -> None:
    bench.subscribe()
    _change(bench)
    bench.clock.advance(days=1)
    assert len(notify.compose_due(bench.rooms)[0].digest.entries) == 1
    assert notify.compose_due(bench.rooms) == []
    bench.clock.advance(days=1)
    assert notify.compose_due(bench.rooms)[0].digest.entries == ()


def test_catalogue_162_a_clock_set_back_hides_no_change(bench: Any) -> None:
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.clock.advance(days=2)
    notify.compose_due(bench.rooms)
    bench.clock.advance(days=-1)
    bench.site.put("/kaz", AFTER)
    assert bench.check("kaz").recorded.change.alert
    bench.clock.advance(days=3)
    assert len(notify.compose_due(bench.rooms)[0].digest.entries) == 1


def test_a_digest_before_its_time_leaves_the_planned_one_where_it_was(bench: Any) -> None:
    planned = bench.subscribe().next_digest_at
    bench.clock.advance(hours=1)
    with bench.rooms.database.reading() as connection:
        notify_now = subscriptions.get_subscription(connection, "desk")
    assert notify.compose_digest(bench.rooms, notify_now) is not None
    with bench.rooms.database.reading() as connection:
        assert subscriptions.get_subscription(connection, "desk").next_digest_at == planned


def test_an_empty_digest_says_how_often_we_looked_and_what_we_could_not_reach(bench: Any) -> None:
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", BEFORE), publisher="UN")
    bench.register("kgz", bench.site.put("/kgz", b"gone", status=503), subjects=("KGZ",), publisher="OSCE")
    bench.register("uzb", bench.site.put("/uzb", BEFORE), subjects=("UZB",))
    for _ in range(3):
        bench.check("kaz")
        bench.check("kgz")
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    digest = composed.digest
    assert (digest.sources_watched, digest.attempts, digest.entries) == (3, 6, ())
    assert [reach.source.source_id for reach in digest.unreached] == ["kgz"]
    assert [source.source_id for source in digest.unchecked] == ["uzb"]
    for told in ("kgz", "503", "uzb", digest.checkpoint.splitlines()[2]):
        assert told in composed.message.text


def test_a_source_that_is_down_now_is_told_though_it_answered_earlier_in_the_period(bench: Any) -> None:
    bench.subscribe()
    bench.register("up", bench.site.put("/up", BEFORE))
    bench.register("down", bench.site.put("/down", BEFORE))
    bench.register("back", bench.site.put("/back", b"busy", status=503))
    for source_id in ("up", "down", "back"):
        bench.check(source_id)
    bench.site.put("/down", b"busy", status=503)
    bench.site.put("/back", BEFORE)
    for source_id in ("up", "down", "back"):
        bench.check(source_id)
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert [reach.source.source_id for reach in composed.digest.unreached] == ["down"]
    text = " ".join(composed.message.text.split())
    assert "2 of 3 Sources answered; 1 could not be reached." in text
    assert "2 attempts; last reached 3 May 2026, 11:00 UTC" in text


def test_a_held_source_that_is_down_now_is_counted_once(bench: Any) -> None:
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", "<form><input name=u><input type=password name=p></form>"))
    assert bench.check("kaz").recorded.version.is_held
    bench.site.put("/kaz", b"busy", status=503)
    bench.check("kaz")
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert "0 of 1 Source answered; 1 could not be reached." in " ".join(composed.message.text.split())
    assert composed.digest.held == ()
    assert [reach.source.source_id for reach in composed.digest.still_held] == ["kaz"]


def test_a_subscription_is_told_only_what_it_asked_for(bench: Any) -> None:
    bench.subscribe("kaz@example.org", subjects=("KAZ",))
    bench.subscribe("fra@example.org", subjects=("FRA",))
    bench.subscribe("vote@example.org", indicators=("vote",))
    bench.subscribe("use@example.org", indicators=("use",))
    bench.subscribe("critical@example.org", minimum_severity=Severity.CRITICAL)
    _change(bench)
    bench.clock.advance(days=1)
    told = {one.digest.subscription.subscription_id: len(one.digest.entries) for one in notify.compose_due(bench.rooms)}
    assert told["kaz"] == told["vote"] == 1
    assert told["fra"] == told["use"] == 0


def test_an_immediate_subscription_hears_of_a_change_and_of_nothing_else(bench: Any) -> None:
    register.add_subscription(
        bench.rooms,
        subscription_id="now",
        recipient="desk@example.org",
        wanted=SubscriptionFilter(),
        cadence=Cadence.IMMEDIATE,
        user="test",
    )
    assert notify.compose_due(bench.rooms) == []
    _change(bench)
    assert len(notify.compose_due(bench.rooms)) == 1
    assert notify.compose_due(bench.rooms) == []


def test_an_alert_says_who_was_reached_within_a_day_and_not_since_the_alert_before(bench: Any) -> None:
    bench.subscribe(cadence=Cadence.IMMEDIATE)
    bench.register("other", bench.site.put("/other", AFTER))
    bench.check("other")
    _change(bench)
    assert len(notify.compose_due(bench.rooms)) == 1
    bench.clock.advance(minutes=5)
    bench.site.put("/kaz", BEFORE.replace("abstained", "voted against"))
    bench.check("kaz")
    (alert,) = notify.compose_due(bench.rooms)
    assert alert.digest.unchecked == ()
    assert "2 of 2 Sources answered." in alert.message.text
    assert alert.digest.looked_from == alert.digest.period_to - timedelta(days=1) < alert.digest.period_from


def test_an_alert_counts_noise_over_the_time_that_it_looks_back_and_says_so(bench: Any) -> None:
    bench.subscribe(cadence=Cadence.IMMEDIATE)
    _change(bench)
    (alert,) = notify.compose_due(bench.rooms)
    assert alert.digest.noise_count == 0
    assert "Nothing was left out as noise since 2 May 2026, 11:00 UTC." in " ".join(alert.message.text.split())
    bench.site.put("/kaz", AFTER.replace("</body>", "<footer>Visits: 4711</footer></body>"))
    assert not bench.check("kaz").recorded.change.alert
    assert notify.compose_due(bench.rooms) == []
    bench.site.put("/kaz", BEFORE.replace("abstained", "voted against"))
    bench.check("kaz")
    (alert,) = notify.compose_due(bench.rooms)
    assert alert.digest.noise_count == 1
    told = "1 Change was recorded since 2 May 2026, 13:00 UTC and left out here as noise."
    assert told in " ".join(alert.message.text.split())
    assert told in alert.message.html


def test_history_that_was_imported_is_never_sent(bench: Any, tmp_path: Any) -> None:
    from watcher.pipeline.import_history import import_items, read_items

    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", AFTER))
    for year, body in (("2006", BEFORE), ("2007", AFTER)):
        (tmp_path / f"kaz_{year}-12-06.html").write_text(body)
    items = read_items(tmp_path, match="*.html")
    recorded = list(import_items(bench.rooms, "kaz", items, user="test"))
    assert recorded[1].change.alert
    bench.clock.advance(days=1)
    assert notify.compose_due(bench.rooms)[0].digest.entries == ()


def test_catalogue_156_a_mail_server_that_is_down_is_tried_again_and_each_digest_arrives_once(
    bench: Any, mail_sink: MailSink
) -> None:
    bench.subscribe()
    bench.clock.advance(days=1)
    notify.compose_due(bench.rooms)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    ((_, problem),) = notify.deliver_owed(bench.rooms, _channel(closed))
    assert f"127.0.0.1:{closed}" in problem
    assert notify.deliver_owed(bench.rooms, _channel(mail_sink.port)) == []
    bench.clock.advance(minutes=2)
    assert [problem for _, problem in notify.deliver_owed(bench.rooms, _channel(mail_sink.port))] == [""]
    bench.clock.advance(days=1)
    assert notify.deliver_owed(bench.rooms, _channel(mail_sink.port)) == []
    assert len(mail_sink.messages) == 1


class _Refusing:
    def __init__(self, error: DeliveryError) -> None:
        self.error = error
        self.tries = 0

    def send(self, delivery: Any, *, possible_duplicate: bool) -> DeliveryState:  # noqa: ARG002
        self.tries += 1
        raise self.error


def test_catalogue_157_a_permanent_refusal_is_not_tried_again(bench: Any) -> None:
    bench.subscribe()
    bench.clock.advance(days=1)
    notify.compose_due(bench.rooms)
    refusing = _Refusing(DeliveryError("550 no such user", permanent=True))
    for _ in range(3):
        notify.deliver_owed(bench.rooms, refusing)
        bench.clock.advance(hours=2)
    assert refusing.tries == 1


def test_catalogue_159_a_message_that_was_being_sent_when_its_sender_died_is_sent_as_a_possible_duplicate(
    bench: Any, mail_sink: MailSink
) -> None:
    bench.subscribe()
    bench.clock.advance(days=1)
    notify.compose_due(bench.rooms)
    with bench.rooms.database.writing() as connection:
        digests.claim_deliveries(connection, now=bench.clock(), lease_seconds=600, limit=10)
    assert notify.deliver_owed(bench.rooms, _channel(mail_sink.port)) == []
    bench.clock.advance(minutes=11)
    ((delivery, problem),) = notify.deliver_owed(bench.rooms, _channel(mail_sink.port))
    message = _read(mail_sink.messages[0])
    assert problem == ""
    assert message["X-Watcher-Possible-Duplicate"] == "yes"
    assert message["Message-ID"] == delivery.message_id


NO_ADDRESSES = [
    *("", "desk", "a@b>, evil@x", "a@b,c@d", "a b@example.org", "a@b\r\nBcc: x@y", "Desk <a@b.org>"),
    *("bad@@x", "a@b@c.org", "@x.org", "desk@", ".desk@x.org", "desk.@x.org", "de..sk@x.org", "desk@.org"),
    *("desk@x..org", "desk@x.org.", "desk@-x.org", "desk@x_.org", "desk@x/y", f"{'a' * 250}@x.org"),
]


@pytest.mark.parametrize("recipient", ["desk@example.org", "d.e+s_k'o@mfa.gov.kz", "desk@localhost", "büro@münchen.de"])
def test_plain_addresses_are_taken_as_they_are_written(recipient: str) -> None:
    assert register.one_address(f" {recipient} ") == recipient


@pytest.mark.parametrize("recipient", NO_ADDRESSES)
def test_catalogue_106_a_recipient_is_exactly_one_address(bench: Any, recipient: str) -> None:
    with pytest.raises(RefusedError, match="is not one e-mail address"):
        bench.subscribe(recipient or "@")


def test_a_preview_records_and_owes_nothing(bench: Any) -> None:
    subscription = bench.subscribe()
    _change(bench)
    message = notify.preview_digest(bench.rooms, subscription)
    assert "62/41" in message.text
    with bench.rooms.database.reading() as connection:
        assert digests.list_digests(connection) == []
        assert subscriptions.get_subscription(connection, "desk") == subscription


TABLE = "<h1>Roll of members</h1><table><tr><th>No</th><th>State</th><th>Member</th></tr>{}</table>"
ROWS = "<tr><td>{}</td><td>{}</td><td>{}</td></tr>"


def _roll(*members: str) -> str:
    names = ("Chad", "Laos", "Peru")
    return TABLE.format("".join(ROWS.format(place, *row) for place, row in enumerate(zip(names, members, strict=True))))


def test_who_asked_for_a_state_hears_of_its_row_in_a_table_of_many_and_not_of_others(bench: Any) -> None:
    bench.subscribe("laos@example.org", subjects=("LAO",))
    bench.subscribe("peru@example.org", subjects=("PER",))
    bench.register("roll", bench.site.put("/roll", _roll("yes", "yes", "yes")), subjects=())
    bench.check("roll")
    bench.site.put("/roll", _roll("yes", "no", "yes"))
    assert bench.check("roll").recorded.change.alert
    bench.clock.advance(days=1)
    told = {one.digest.subscription.subscription_id: len(one.digest.entries) for one in notify.compose_due(bench.rooms)}
    assert told == {"laos": 1, "peru": 0}


def test_a_table_of_many_that_is_gone_is_told_to_who_asked_for_one_state(bench: Any) -> None:
    bench.subscribe("laos@example.org", subjects=("LAO",))
    bench.register("roll", bench.site.put("/roll", _roll("yes", "yes", "yes")), subjects=())
    bench.check("roll")
    bench.site.put("/roll", b"", status=404)
    for _ in range(3):
        bench.check("roll")
        bench.clock.advance(hours=7)
    (composed,) = notify.compose_due(bench.rooms)
    assert [entry.change.source_id for entry in composed.digest.entries] == ["roll"]
