"""Collections: a list's documents become child Sources, and what the list does with them is told once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.model.capture import Trigger
from watcher.model.change import ChangeKind
from watcher.model.collection import CollectionRules, DocumentStep, ItemPart, ItemState
from watcher.model.source import Definition, SourceKind, SourceState
from watcher.pipeline import register
from watcher.pipeline.cite import cite
from watcher.pipeline.notify import preview_digest
from watcher.pipeline.schedule import claim_now
from watcher.pipeline.watch import check
from watcher.store import audit, captures, changes, collections, sources
from watcher.web.app import create_app

STATES = ("Kazakhstan", "Germany", "Republic of Korea", "Austria")


def a_list(*titles: str, folder: str = "docs", extra: str = "") -> str:
    """A page that lists one document for each title."""
    items = "".join(f'<li><a href="/{folder}/{address_of(title)}">{title}</a></li>' for title in titles)
    about = "".join(f"<p>Paragraph {n} says how questionnaires are answered and sent in.</p>" for n in range(6))
    return f"<html><title>Responses</title><body><h1>Responses</h1>{about}<ul>{items}</ul>{extra}</body></html>"


def address_of(title: str) -> str:
    return title.lower().replace(" ", "-") + ".html"


def of_2025(*states: str) -> list[str]:
    return [f"Response of {state} 2025" for state in states or STATES]


def document(state: str, year: int, position: str) -> str:
    rest = "".join(f"<p>Part {n} of the response of {state} speaks of stockpiles and training.</p>" for n in range(8))
    return f"<html><body><h1>{state} {year}</h1><p>{position}</p>{rest}</body></html>"


@pytest.fixture
def lists(bench: Any) -> Any:
    """A Collection named `resp` whose page is /list."""

    def start(page: str, **rules: Any) -> None:
        url = bench.site.put("/list", page)
        definition = Definition(
            url=url,
            kind=SourceKind.COLLECTION,
            title="Responses",
            publisher="OSCE",
            instruments=("MBT",),
            every_seconds=7200,
            collection=CollectionRules(**{"link_pattern": r"\.html$", "subject_from": ItemPart.LINK_TEXT, **rules}),
        )
        register.add_source(bench.rooms, "resp", definition, user="test")

    bench.start = start
    return bench


def relist(bench: Any, page: str) -> Any:
    bench.site.put("/list", page)
    return bench.check("resp").recorded


def told(recorded: Any) -> list[Any]:
    return [change for change in (recorded.change, *recorded.more) if change is not None]


def items(bench: Any) -> dict[str, Any]:
    with bench.rooms.database.reading() as connection:
        return {item.document.title: item for item in collections.list_items(connection, "resp")}


def source(bench: Any, source_id: str) -> Any:
    with bench.rooms.database.reading() as connection:
        return sources.get_source(connection, source_id)


def test_every_listed_document_becomes_a_child_that_inherits_and_nothing_is_told(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    recorded = lists.check("resp").recorded
    assert told(recorded) == []
    assert recorded.gathered.registered == 4
    child = source(lists, "resp-kor-2025")
    own = child.definition
    assert (own.url, own.subjects, own.instruments) == (
        lists.site.url("/docs/response-of-republic-of-korea-2025.html"),
        ("KOR",),
        ("MBT",),
    )
    assert (own.publisher, own.every_seconds, own.collection_id) == ("OSCE", 7200, "resp")
    assert child.next_check_at == lists.clock()
    with lists.rooms.database.reading() as connection:
        (act,) = audit.list_audit(connection, target="resp-kor-2025")
    assert (act.user, act.action) == ("collection resp", "source.add")
    assert f'"capture": {recorded.capture.sequence}' in act.after


def test_a_new_document_is_told_once_with_its_state_and_not_as_a_text_of_the_page(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    recorded = relist(lists, a_list(*of_2025(), "Response of Chad 2026"))
    (change,) = told(recorded)
    assert (change.kind, change.alert) == (ChangeKind.DOCUMENT_ADDED, True)
    (event,) = change.documents
    assert (event.step, event.subject, event.year, event.child_id) == (DocumentStep.ADDED, "TCD", 2026, "resp-tcd-2026")
    assert [hunk.new for hunk in change.diff.hunks] == ["Response of Chad 2026"]
    assert source(lists, "resp-tcd-2026").definition.subjects == ("TCD",)


def test_what_else_the_page_says_is_told_beside_its_documents(lists: Any) -> None:
    lists.start(a_list(*of_2025(), extra="<p>Kazakhstan is not a State Party to the Mine Ban Treaty.</p>"))
    lists.check("resp")
    page = a_list(
        *of_2025(), "Response of Chad 2026", extra="<p>Kazakhstan is a State Party to the Mine Ban Treaty.</p>"
    )
    added, rest = told(relist(lists, page))
    assert added.kind is ChangeKind.DOCUMENT_ADDED
    assert rest.kind is ChangeKind.CONTENT
    assert rest.judgement.severity == "critical"
    assert [hunk.new for hunk in rest.diff.hunks] == ["Kazakhstan is a State Party to the Mine Ban Treaty."]


def test_a_document_that_is_no_longer_listed_is_withdrawn_and_goes_on_being_checked_slowly(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    (change,) = told(relist(lists, a_list(*of_2025("Germany", "Republic of Korea", "Austria"))))
    assert change.kind is ChangeKind.DOCUMENT_WITHDRAWN
    assert change.documents[0].subject == "KAZ"
    child = source(lists, "resp-kaz-2025")
    assert (child.state, child.definition.every_seconds) == (SourceState.ACTIVE, 7 * 86400)
    assert items(lists)["Response of Kazakhstan 2025"].state is ItemState.WITHDRAWN


def test_70_a_document_that_is_listed_again_is_back_and_not_new(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    relist(lists, a_list(*of_2025("Germany", "Republic of Korea", "Austria")))
    (change,) = told(relist(lists, a_list(*of_2025())))
    assert [event.step for event in change.documents] == [DocumentStep.BACK]
    assert source(lists, "resp-kaz-2025").definition.every_seconds == 7200
    with lists.rooms.database.reading() as connection:
        assert len(sources.list_sources(connection)) == 5


def test_a_document_at_another_address_moves_with_its_child(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    page = a_list(*of_2025()).replace("/docs/response-of-kazakhstan", "/files/2025/response-of-kazakhstan")
    (change,) = told(relist(lists, page))
    assert change.kind is ChangeKind.DOCUMENT_MOVED
    child = source(lists, "resp-kaz-2025")
    assert child.definition.url == lists.site.url("/files/2025/response-of-kazakhstan-2025.html")
    assert change.documents[0].old_address == lists.site.url("/docs/response-of-kazakhstan-2025.html")
    with lists.rooms.database.reading() as connection:
        assert [one.url for _, _, one in sources.list_definitions(connection, "resp-kaz-2025")] == [
            change.documents[0].address,
            change.documents[0].old_address,
        ]
        assert len(sources.list_sources(connection)) == 5


def test_a_document_with_another_title_at_the_same_address_is_replaced(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    page = a_list(*of_2025()).replace(">Response of Austria 2025<", ">Response of Austria 2025, corrected<")
    (change,) = told(relist(lists, page))
    assert change.kind is ChangeKind.DOCUMENT_REPLACED
    assert change.documents[0].old_title == "Response of Austria 2025"
    assert source(lists, "resp-aut-2025").definition.title == "Response of Austria 2025, corrected"


def test_a_list_without_any_of_its_documents_is_not_believed(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    page = a_list(*of_2025()).replace(".html", ".aspx")
    (change,) = [one for one in told(relist(lists, page)) if one.alert]
    assert change.kind is ChangeKind.STATUS
    assert "none of its 4 documents" in change.reason
    assert {item.state for item in items(lists).values()} == {ItemState.LISTED}


def test_a_new_years_document_is_compared_with_that_of_the_year_before(lists: Any) -> None:
    joined = "Kazakhstan is a State Party to the Mine Ban Treaty."
    not_joined = "Kazakhstan is not a State Party to the Mine Ban Treaty."
    lists.site.put("/docs/response-of-kazakhstan-2025.html", document("Kazakhstan", 2025, not_joined))
    lists.site.put("/docs/response-of-kazakhstan-2026.html", document("Kazakhstan", 2026, joined))
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    assert lists.check("resp-kaz-2025").recorded.change is None
    relist(lists, a_list(*of_2025(), "Response of Kazakhstan 2026"))
    change = lists.check("resp-kaz-2026").recorded.change
    assert (change.source_id, change.from_source_id) == ("resp-kaz-2026", "resp-kaz-2025")
    assert change.alert
    assert "the document of 2026 against that of 2025" in change.reason
    cited = cite(lists.rooms, change.change_id).footnote
    assert cited.index("response-of-kazakhstan-2026.html") < cited.index("response-of-kazakhstan-2025.html")
    moved = {step.indicator: (step.old, step.new) for step in change.judgement.position_changes}
    assert moved["treaty_status"] == ("not_party", "state_party")


def test_documents_that_were_listed_from_the_start_are_not_compared_over_the_years(lists: Any) -> None:
    for year in (2025, 2026):
        lists.site.put(f"/docs/response-of-chad-{year}.html", document("Chad", year, f"Chad reports for {year}."))
    lists.start(a_list("Response of Chad 2025", "Response of Chad 2026"))
    lists.check("resp")
    assert lists.check("resp-tcd-2025").recorded.change is None
    assert lists.check("resp-tcd-2026").recorded.change is None


def test_other_rules_are_applied_to_the_same_bytes_and_tell_nothing(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    old = source(lists, "resp").definition
    narrower = replace(old, collection=replace(old.collection, title_pattern="Korea|Austria"))
    lists.clock.advance(seconds=1)
    register.apply_plan(lists.rooms, register.plan_sources(lists.rooms, [("resp", narrower, False)]), user="test")
    recorded = lists.check("resp").recorded
    assert recorded.capture.outcome == "same"
    assert told(recorded) == []
    states = {item.document.subject: item.state for item in items(lists).values()}
    assert states["KAZ"] is ItemState.EXCLUDED
    assert source(lists, "resp-kaz-2025").state is SourceState.RETIRED
    assert source(lists, "resp-kor-2025").state is SourceState.ACTIVE
    lists.clock.advance(seconds=1)
    register.apply_plan(lists.rooms, register.plan_sources(lists.rooms, [("resp", old, False)]), user="test")
    assert told(lists.check("resp").recorded) == []
    assert source(lists, "resp-kaz-2025").state is SourceState.ACTIVE


def test_documents_that_wider_rules_take_in_are_watched_and_not_told(lists: Any) -> None:
    lists.start(a_list(*of_2025()), title_pattern="Korea|Austria")
    assert lists.check("resp").recorded.gathered.registered == 2
    old = source(lists, "resp").definition
    wider = replace(old, collection=replace(old.collection, title_pattern=""))
    lists.clock.advance(seconds=1)
    register.apply_plan(lists.rooms, register.plan_sources(lists.rooms, [("resp", wider, False)]), user="test")
    recorded = lists.check("resp").recorded
    assert recorded.gathered.registered == 2
    assert told(recorded) == []


def test_a_sitemap_is_a_list_of_its_pages(lists: Any) -> None:
    def sitemap(*names: str) -> str:
        entries = "".join(f"<url><loc>{lists.site.url(f'/country/{name}')}</loc></url>" for name in names)
        return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'

    xml = {"Content-Type": "application/xml"}
    states = ["austria-2026", "kazakhstan-2026", "peru-2026", "serbia-2026", "viet-nam-2026"]
    lists.start("", link_pattern="/country/", subject_from=ItemPart.FILE_NAME, year_from=ItemPart.FILE_NAME)
    lists.site.put("/list", sitemap(*states, "about/us"), headers=xml)
    assert lists.check("resp").recorded.gathered.registered == 6
    assert source(lists, "resp-vnm-2026").definition.title == "Responses: viet nam 2026"
    lists.site.put("/list", sitemap(*states[1:], "chad-2026", "about/us"), headers=xml)
    changed = [one for one in told(lists.check("resp").recorded) if one.alert]
    assert [(one.documents[0].step, one.documents[0].subject) for one in changed] == [
        (DocumentStep.ADDED, "TCD"),
        (DocumentStep.WITHDRAWN, "AUT"),
    ]


def test_children_and_their_capture_are_one_transaction(lists: Any, monkeypatch: Any) -> None:
    lists.start(a_list(*of_2025()))

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("watcher.pipeline.collect.carry_out", fails)
    with pytest.raises(RuntimeError):
        lists.check("resp")
    with lists.rooms.database.reading() as connection:
        assert captures.list_captures(connection, "resp") == []
        assert collections.list_items(connection, "resp") == []
        assert [one.source_id for one in sources.list_sources(connection)] == ["resp"]
        assert changes.list_changes(connection) == []


def test_a_child_that_a_person_retired_stays_retired(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    register.retire_source(lists.rooms, "resp-kaz-2025", user="test")
    relist(lists, a_list(*of_2025("Germany", "Republic of Korea", "Austria")))
    relist(lists, a_list(*of_2025()))
    assert source(lists, "resp-kaz-2025").state is SourceState.RETIRED


def test_a_child_is_fetched_under_its_own_robots_rules(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.site.put("/robots.txt", "User-agent: *\nDisallow: /docs/\n", headers={"Content-Type": "text/plain"})
    lists.check("resp")
    checked = check(lists.rooms, lists.fetcher, claim_now(lists.rooms, "resp-kaz-2025"), trigger=Trigger.MANUAL)
    assert checked.recorded.capture.outcome == "robots_disallowed"


def test_the_bytes_of_a_withdrawn_document_under_another_title_and_address_are_known_again(lists: Any) -> None:
    text = document("Chad", 2025, "Chad reports.")
    lists.site.put("/docs/response-of-chad-2025.html", text)
    lists.start(a_list(*of_2025(), "Response of Chad 2025"))
    lists.check("resp")
    lists.check("resp-tcd-2025")
    lists.site.put("/docs/contribution-by-chad.html", text)
    relist(lists, a_list(*of_2025(), "Contribution by Chad"))
    change = lists.check("resp-tcd").recorded.change
    assert (change.kind, change.from_source_id) == (ChangeKind.DOCUMENT_MOVED, "resp-tcd-2025")
    assert "the same bytes as “Response of Chad 2025”" in change.reason


def test_a_digest_tells_each_state_of_its_own_documents_and_names_both_years(lists: Any) -> None:
    joined = "Kazakhstan is a State Party to the Mine Ban Treaty."
    not_joined = "Kazakhstan is not a State Party to the Mine Ban Treaty."
    lists.site.put("/docs/response-of-kazakhstan-2025.html", document("Kazakhstan", 2025, not_joined))
    lists.site.put("/docs/response-of-kazakhstan-2026.html", document("Kazakhstan", 2026, joined))
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    lists.check("resp-kaz-2025")
    kazakhstan = lists.subscribe("kaz@example.org", subjects=("KAZ",))
    germany = lists.subscribe("deu@example.org", subjects=("DEU",))
    whole = lists.subscribe("all@example.org", sources=("resp",))
    relist(lists, a_list(*of_2025("Kazakhstan", "Republic of Korea", "Austria"), "Response of Kazakhstan 2026"))
    lists.check("resp-kaz-2026")
    text = preview_digest(lists.rooms, kazakhstan).text
    assert "Kazakhstan: new document, Response of Kazakhstan 2026 (Responses)" in text
    assert "Against   Response of Kazakhstan 2025, OSCE" in text
    assert "treaty status not party → state party (against the year before)" in text
    assert "Germany" not in text
    assert "Germany: document no longer listed" in preview_digest(lists.rooms, germany).text
    assert preview_digest(lists.rooms, whole).text.count("WHY YOU ARE TOLD THIS") == 3


def test_the_pages_show_each_document_with_its_state_and_where_a_child_is_listed(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    added = told(relist(lists, a_list(*of_2025("Germany", "Austria", "Kazakhstan"), "Response of Chad <b>2026</b>")))[0]
    client = TestClient(create_app(lists.rooms, version="test", allowed_hosts=("testserver",)))
    shown = client.get("/sources/resp").text
    assert '<a href="/sources/resp-kor-2025">Response of Republic of Korea 2025</a>' in shown
    assert "<strong>withdrawn</strong>" in shown
    assert '<a href="/subjects/KAZ">Kazakhstan</a>' in shown
    assert '<dd><a href="/sources/resp">resp</a>: withdrawn' in client.get("/sources/resp-kor-2025").text
    assert "(4 documents)" in client.get("/sources").text
    assert '<a href="/sources/resp-tcd-2026">resp-tcd-2026</a>' in client.get(f"/changes/{added.change_id}").text


def test_more_documents_than_the_limit_are_counted_refused_and_told_once(lists: Any) -> None:
    lists.start(a_list(*of_2025()), most_documents=4)
    lists.check("resp")
    recorded = relist(lists, a_list("Response of Chad 2026", *of_2025()))
    (change,) = [one for one in told(recorded) if one.kind is ChangeKind.STATUS]
    assert change.alert
    assert "shows 5 documents and the limit is 4: 1 is not watched" in change.reason
    assert recorded.gathered.read.refused == 1
    again = told(relist(lists, a_list("Response of Chad 2026", "Response of Peru 2026", *of_2025())))
    assert [one.kind for one in again if one.kind is ChangeKind.STATUS] == []
    assert len(items(lists)) == 4


def test_many_documents_of_one_kind_are_told_in_one_change(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    many = [f"Annex {number} of the 2026 report" for number in range(21)]
    (change,) = [one for one in told(relist(lists, a_list(*of_2025(), *many))) if one.alert]
    assert len(change.documents) == 21
    assert source(lists, "resp-annex-20-of-the-2026-report-2026").definition.subjects == ()


def test_a_list_that_goes_back_and_forth_tells_of_it_once(lists: Any) -> None:
    lists.start(a_list(*of_2025()))
    lists.check("resp")
    without = a_list(*of_2025("Germany", "Republic of Korea", "Austria"))
    alerts = [
        [one.documents[0].step for one in told(relist(lists, page)) if one.alert]
        for page in (without, a_list(*of_2025()), without, a_list(*of_2025()))
    ]
    assert alerts == [[DocumentStep.WITHDRAWN], [DocumentStep.BACK], [], []]
    assert items(lists)["Response of Kazakhstan 2025"].state is ItemState.LISTED
