"""People judge Changes, and a changed pack is tried on what is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.classify import parse_pack
from watcher.errors import ConfigError, NotFoundError
from watcher.model.change import Severity
from watcher.model.review import Verdict
from watcher.pipeline.backtest import backtest, recompute_positions
from watcher.pipeline.board import read_board
from watcher.pipeline.citations import add_report
from watcher.pipeline.ports import PackText
from watcher.pipeline.recompute import RECOMPUTE, recompute_scores
from watcher.pipeline.review import annotations_of, review_change, review_report
from watcher.pipeline.upload import hand_in
from watcher.pipeline.upload_fields import describe
from watcher.store import audit, changes
from watcher.web.app import create_app

BEFORE = "<html><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"
AFTER = BEFORE.replace("has not joined", "has joined")
OURS = {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def change_id(bench: Any) -> str:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    change: str = bench.check("kaz").recorded.change.change_id
    return change


@pytest.fixture
def client(bench: Any) -> Iterator[TestClient]:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080", follow_redirects=False) as client:
        yield client


def deaf(bench: Any) -> PackText:
    """The pack of the instance, with a scale on which nothing weighs, and no cue for the treaty."""
    plain = json.loads(bench.rooms.pack.text)
    plain["version"] = 99
    plain["indicators"]["treaty_status"]["cues"] = {"withdrawn": ["never ever written words"]}
    plain["significance"]["points"] = dict.fromkeys(plain["significance"]["points"], 0.0)
    plain["examples"] = []
    return PackText(pack=parse_pack(plain, file="deaf"), text=json.dumps(plain))


def test_a_backtest_says_which_alert_is_lost_and_whether_people_wanted_it(bench: Any, change_id: str) -> None:
    review_change(bench.rooms, change_id, "relevant", author="ana", checked_name=True)
    found = backtest(bench.rooms, deaf(bench), since=SINCE)
    assert [each.change.change_id for each in found.tried if each.is_lost] == [change_id]
    (week,) = found.weeks
    assert week.week == "2026-W18"
    assert (week.alerts, week.lost, week.new) == ((1, 0), 1, 0)
    assert (week.hits, week.misses, week.false_alarms) == ((1, 0), (0, 1), (0, 0))


def test_the_present_pack_beside_itself_loses_nothing(bench: Any, change_id: str) -> None:
    total = backtest(bench.rooms, bench.rooms.pack, since=SINCE).total
    assert (total.alerts, total.lost, total.new) == ((1, 1), 0, 0)
    assert backtest(bench.rooms, bench.rooms.pack, since=datetime(2030, 1, 1, tzinfo=UTC)).tried == ()


def test_positions_read_again_by_another_pack_tell_nobody_and_leave_changes_as_told(bench: Any, change_id: str) -> None:
    from dataclasses import replace

    with bench.rooms.database.reading() as connection:
        ordinal, told = changes.last_ordinal(connection), changes.get_change(connection, change_id)
    rooms = replace(bench.rooms, pack=deaf(bench))
    assert len(list(recompute_positions(rooms, user="ana", dry_run=True))) == 2
    assert read_board(bench.rooms).cell("KAZ", "treaty_status") is not None
    assert len(list(recompute_positions(rooms, user="ana"))) == 2
    assert read_board(bench.rooms).cell("KAZ", "treaty_status") is None
    with bench.rooms.database.reading() as connection:
        assert changes.last_ordinal(connection) == ordinal
        assert changes.get_change(connection, change_id) == told


def test_the_report_names_the_cue_that_people_found_wrong(bench: Any, change_id: str) -> None:
    review_change(bench.rooms, change_id, "wrong_stance", author="ana", checked_name=True)
    found = review_report(bench.rooms)
    assert {cue.name.partition(":")[0] for cue in found.cues} == {
        "treaty_status.not_party",
        "treaty_status.state_party",
    }
    assert all((cue.wrong_stance, cue.precision) == (1, 0.0) for cue in found.cues)
    assert [(source.name, source.reviewed) for source in found.sources] == [("kaz", 1)]


def test_a_verdict_is_refused_without_a_name_a_known_word_and_a_change(bench: Any, change_id: str) -> None:
    with pytest.raises(ConfigError, match="who judges"):
        review_change(bench.rooms, change_id, "relevant", author=" ", checked_name=True)
    with pytest.raises(ConfigError, match="is no verdict"):
        review_change(bench.rooms, change_id, "maybe", author="ana", checked_name=True)
    with pytest.raises(NotFoundError):
        review_change(bench.rooms, "v..w", "relevant", author="ana", checked_name=True)


def test_the_form_takes_a_verdict_and_shows_it(bench: Any, change_id: str, client: TestClient) -> None:
    form = {"verdict": "relevant", "reviewer": "ana", "note": "<b>yes</b>"}
    answer = client.post(f"/changes/{change_id}/review", data=form, headers=OURS)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "Taken as <strong>relevant</strong>" in page
    assert "&lt;b&gt;yes&lt;/b&gt;" in page
    wrong = client.post(f"/changes/{change_id}/review", data={**form, "reviewer": ""}, headers=OURS)
    assert wrong.status_code == 400
    assert "who judges?" in wrong.text
    with bench.rooms.database.reading() as connection:
        assert [each.verdict for each in annotations_of(connection, change_id)] == [Verdict.RELEVANT]


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}],
)
def test_a_verdict_from_another_site_or_from_no_page_is_refused(
    bench: Any, change_id: str, client: TestClient, headers: dict[str, str]
) -> None:
    form = {"verdict": "relevant", "reviewer": "mallory"}
    assert client.post(f"/changes/{change_id}/review", data=form, headers=headers).status_code == 403
    with bench.rooms.database.reading() as connection:
        assert annotations_of(connection, change_id) == []


def test_a_form_that_is_too_large_is_refused(change_id: str, client: TestClient) -> None:
    form = {"verdict": "relevant", "reviewer": "ana", "note": "x" * 20_000}
    assert client.post(f"/changes/{change_id}/review", data=form, headers=OURS).status_code == 413


def test_changes_judged_again_alert_nobody_and_what_was_told_stays_in_the_audit_trail(
    bench: Any, change_id: str
) -> None:
    from dataclasses import replace

    with bench.rooms.database.reading() as connection:
        ordinal, told = changes.last_ordinal(connection), changes.get_change(connection, change_id)
    assert list(recompute_scores(bench.rooms, user="ana")) == []
    rooms = replace(bench.rooms, pack=deaf(bench))
    assert [each.change_id for each in recompute_scores(rooms, user="ana", dry_run=True)] == [change_id]
    with bench.rooms.database.reading() as connection:
        assert changes.get_change(connection, change_id) == told
    (again,) = recompute_scores(rooms, user="ana")
    assert (again.before, again.after.severity) == (told.judgement, Severity.NOISE)
    with bench.rooms.database.reading() as connection:
        now = changes.get_change(connection, change_id)
        (act,) = audit.list_acts(connection, (RECOMPUTE,), target=change_id)
        assert changes.last_ordinal(connection) == ordinal
    assert (now.alert, now.diff, now.kind) == (told.alert, told.diff, told.kind)
    assert (now.judgement, now.pack_version) == (again.after, 99)
    assert json.loads(act.before)["severity"] == told.judgement.severity.value
    assert json.loads(act.after)["severity"] == "noise"
    assert list(recompute_scores(rooms, user="ana")) == []


def test_a_backtest_keeps_an_alert_that_a_cited_sentence_alone_is_reason_for(bench: Any, change_id: str) -> None:
    silent = backtest(bench.rooms, deaf(bench), since=SINCE)
    assert [each.candidate.severity for each in silent.tried] == [Severity.NOISE]
    url = bench.site.put("/kaz", AFTER)
    report = f"REPORT\n\nKazakhstan has joined the Mine Ban Treaty.[1]\n\n[1] Letter, available at: {url}.\n"
    fields = {"title": ["R"], "date": ["2000-08-01"], "handed_in_by": ["ana"]}
    done = hand_in(bench.rooms, report.encode(), file_name="r.txt", described=describe(fields), checked_name=True)
    add_report(bench.rooms, done.source.source_id, user="ana")
    bench.site.put("/kaz", AFTER.replace("Kazakhstan has joined the Mine Ban Treaty.", "The lake is wide and blue."))
    gone = bench.check("kaz").recorded.change
    assert gone is not None
    found = backtest(bench.rooms, deaf(bench), since=SINCE)
    tried = {each.change.change_id: each for each in found.tried}
    assert tried[gone.change_id].candidate.severity is Severity.MAJOR
