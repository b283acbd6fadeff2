"""Memento (RFC 7089): TimeGates negotiate in time, TimeMaps list, permalinks say what they are a Memento of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.model.memento import http_date, parse_http_date, plain_address
from watcher.model.source import Definition, SourceKind
from watcher.pipeline import register
from watcher.pipeline.import_history import DatedItem, import_items
from watcher.store import sources
from watcher.web import memento
from watcher.web.app import HEADERS, create_app

BASE = "http://127.0.0.1:8080"
PAGE = "<html><title>K</title><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"


@pytest.fixture
def client(bench: Any) -> Iterator[TestClient]:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def three(bench: Any) -> list[Any]:
    """Captures at 10:00, 11:00 (a failure), 12:00 and 13:00 of 3 May 2026; the failure is left out of the list."""
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    seen = [bench.check("kaz")]
    bench.site.put("/kaz", b"", status=500)
    bench.check("kaz")
    bench.site.put("/kaz", PAGE)
    seen.append(bench.check("kaz"))
    bench.site.put("/kaz", PAGE.replace("has not", "has"))
    seen.append(bench.check("kaz"))
    return [checked.recorded.capture for checked in seen]


def at(hour: int, minute: int = 0) -> dict[str, str]:
    return {"Accept-Datetime": http_date(datetime(2026, 5, 3, hour, minute, tzinfo=UTC))}


def links(header: str) -> dict[str, str]:
    """Relations and their targets."""
    found = re.findall(r'<([^>]*)>; rel="([^"]*)"', header)
    return {relation: target for target, relation in found}


@pytest.mark.parametrize(
    ("hour", "minute", "place"), [(8, 0, 0), (10, 0, 0), (11, 30, 0), (12, 0, 1), (12, 59, 1), (13, 0, 2), (23, 0, 2)]
)
def test_a_time_gate_leads_to_what_stood_at_that_time(
    client: TestClient, three: list[Any], hour: int, minute: int, place: int
) -> None:
    answer = client.get("/timegate/kaz", headers=at(hour, minute))
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{BASE}/captures/{three[place].sequence}"
    assert answer.headers["vary"] == "accept-datetime"
    assert "memento-datetime" not in answer.headers
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_a_time_gate_without_a_date_leads_to_the_newest(client: TestClient, three: list[Any]) -> None:
    answer = client.get("/timegate/kaz")
    assert answer.headers["location"] == f"{BASE}/captures/{three[2].sequence}"
    related = links(answer.headers["link"])
    assert related["original"] == three[0].requested_url
    assert related["first memento"].endswith(f"/captures/{three[0].sequence}")
    assert related["last memento"].endswith(f"/captures/{three[2].sequence}")


@pytest.mark.parametrize("wrong", ["yesterday", "", "2026-05-03T09:00:00Z", "Sun, 31 Feb 2026 09:00:00 GMT"])
def test_a_date_that_is_none_is_told_in_words(client: TestClient, three: list[Any], wrong: str) -> None:
    answer = client.get("/timegate/kaz", headers={"Accept-Datetime": wrong})
    assert answer.status_code == 400
    assert "should be written as 'Sun, 03 May 2026 13:00:00 GMT'" in answer.text


def test_the_permalink_of_a_capture_says_its_time_and_its_neighbours(client: TestClient, three: list[Any]) -> None:
    for answer in (client.get(f"/captures/{three[1].sequence}"), client.head(f"/captures/{three[1].sequence}")):
        assert answer.status_code == 200
        assert answer.headers["memento-datetime"] == "Sun, 03 May 2026 12:00:00 GMT"
        related = links(answer.headers["link"])
        assert related == {
            "original": three[1].requested_url,
            "timegate": f"{BASE}/timegate/kaz",
            "timemap": f"{BASE}/timemap/json/kaz",
            "first prev memento": f"{BASE}/captures/{three[0].sequence}",
            "next last memento": f"{BASE}/captures/{three[2].sequence}",
        }
        assert f'<{BASE}/timemap/link/kaz>; rel="timemap"; type="application/link-format"' in answer.headers["link"]
        assert client.get(related["timegate"]).status_code == 302
        assert client.get(related["timemap"]).status_code == 200


def test_a_failed_attempt_is_no_memento(client: TestClient, three: list[Any]) -> None:
    failed = three[0].sequence + 1
    assert "HTTP error" in client.get(f"/captures/{failed}").text
    assert "memento-datetime" not in client.get(f"/captures/{failed}").headers
    assert f"/captures/{failed}>" not in client.get("/timemap/kaz").text


def test_a_time_map_lists_every_memento_in_link_format(client: TestClient, three: list[Any]) -> None:
    answer = client.get("/timemap/kaz")
    assert answer.headers["content-type"] == "application/link-format"
    lines = answer.text.rstrip("\n").split(",\n")
    assert lines[0] == f'<{three[0].requested_url}>; rel="original"'
    assert lines[1] == f'<{BASE}/timegate/kaz>; rel="timegate"'
    span = 'from="Sun, 03 May 2026 10:00:00 GMT"; until="Sun, 03 May 2026 13:00:00 GMT"'
    assert lines[2] == f'<{BASE}/timemap/link/kaz>; rel="self"; type="application/link-format"; {span}'
    assert lines[3:] == [
        f'<{BASE}/captures/{three[0].sequence}>; rel="first memento"; datetime="Sun, 03 May 2026 10:00:00 GMT"',
        f'<{BASE}/captures/{three[1].sequence}>; rel="memento"; datetime="Sun, 03 May 2026 12:00:00 GMT"',
        f'<{BASE}/captures/{three[2].sequence}>; rel="last memento"; datetime="Sun, 03 May 2026 13:00:00 GMT"',
    ]
    assert client.get("/timemap/link/kaz").text == answer.text
    assert client.head("/timemap/kaz").status_code == 200


def test_a_time_map_is_json_where_that_is_asked_for(client: TestClient, three: list[Any]) -> None:
    by_path = client.get("/timemap/json/kaz").json()
    by_header = client.get("/timemap/kaz", headers={"Accept": "application/json"}).json()
    assert by_path == by_header
    assert [one["uri"] for one in by_path["mementos"]["list"]] == [
        f"{BASE}/captures/{capture.sequence}" for capture in three
    ]
    assert by_path["mementos"]["list"][0]["payload_sha256"] == three[0].payload_sha256


def test_a_long_time_map_goes_on_on_its_next_page(
    client: TestClient, three: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memento, "PAGE_SIZE", 2)
    first = client.get("/timemap/kaz").text
    following = f"{BASE}/timemap/link/2/kaz"
    more = 'rel="timemap"; type="application/link-format"; from="Sun, 03 May 2026 13:00:00 GMT"'
    assert f"<{following}>; {more}" in first
    assert "last" not in first
    second = client.get(following).text
    assert f'/captures/{three[2].sequence}>; rel="last memento"' in second
    assert f"/captures/{three[0].sequence}>" not in second
    assert client.get("/timemap/json/kaz").json()["next"] == f"{BASE}/timemap/json/2/kaz"
    assert client.get("/timemap/json/2/kaz").json()["next"] is None
    assert client.get("/timemap/link/3/kaz").status_code == 404
    assert client.get("/timemap/link/99999999999/kaz").status_code == 404


def test_an_address_finds_every_source_that_has_or_had_it(client: TestClient, bench: Any, three: list[Any]) -> None:
    old = three[0].requested_url
    new = bench.site.put("/new", PAGE)
    with bench.rooms.database.writing() as connection:
        moved = replace(sources.get_source(connection, "kaz").definition, url=new)
        sources.replace_definition(connection, "kaz", moved, now=bench.clock())
    after = bench.check("kaz").recorded.capture
    bench.register("twin", old)
    twin = bench.check("twin").recorded.capture
    of_old = [one["uri"] for one in client.get(f"/timemap/json/{old}").json()["mementos"]["list"]]
    assert of_old == [f"{BASE}/captures/{capture.sequence}" for capture in [*three, twin]]
    of_new = [one["uri"] for one in client.get(f"/timemap/json/{new}").json()["mementos"]["list"]]
    assert of_new == [f"{BASE}/captures/{after.sequence}"]
    of_source = client.get("/timemap/json/kaz").json()["mementos"]["list"]
    assert len(of_source) == 4
    answer = client.get(f"/timegate/{old}", headers=at(12))
    assert answer.headers["location"] == f"{BASE}/captures/{three[1].sequence}"
    assert links(answer.headers["link"])["timemap"] == f"{BASE}/timemap/json/{old}"
    assert client.get(f"/timegate/{old}x").status_code == 404


def test_an_address_with_a_query_capitals_and_escapes_is_found_as_it_was_sent(client: TestClient, bench: Any) -> None:
    url = bench.site.put("/A%20b/%C3%A9?year=2026&q=a%26b", PAGE)
    bench.register("odd", url)
    capture = bench.check("odd").recorded.capture
    place = f"{BASE}/captures/{capture.sequence}"
    encoded = "".join(f"%{byte:02X}" for byte in url.encode())
    for spelling in (url, url.replace("http://", "HTTP://"), url.replace("http://", "http:/"), url + "#part", encoded):
        assert client.get(f"/timegate/{spelling}").headers.get("location") == place, spelling
    bench.register("other", bench.site.put("/a%20b/%C3%A9?year=2026&q=a%26b", PAGE))
    other = bench.check("other").recorded.capture
    listed = client.get(f"/timemap/json/{url}").json()["mementos"]["list"]
    assert [one["uri"] for one in listed] == [place]
    assert other.sequence != capture.sequence


def test_one_source_that_changed_only_capitals_keeps_both_addresses_apart(client: TestClient, bench: Any) -> None:
    bench.register("kaz", bench.site.put("/Page", PAGE))
    bench.check("kaz")
    lower = bench.site.put("/page", PAGE)
    with bench.rooms.database.writing() as connection:
        moved = replace(sources.get_source(connection, "kaz").definition, url=lower)
        sources.replace_definition(connection, "kaz", moved, now=bench.clock())
    second = bench.check("kaz").recorded.capture
    listed = client.get(f"/timemap/json/{lower}").json()["mementos"]["list"]
    assert [one["uri"] for one in listed] == [f"{BASE}/captures/{second.sequence}"]


def test_an_upload_is_the_memento_of_its_own_page(client: TestClient, bench: Any) -> None:
    register.add_source(bench.rooms, "letter", Definition(url="", kind=SourceKind.UPLOAD, title="Letter"), user="test")
    item = DatedItem(
        captured_at=datetime(2007, 6, 6, tzinfo=UTC),
        payload=b"Kazakhstan supports the ban.",
        media_type="text/plain",
        charset="utf-8",
        url="",
        origin="letter.txt",
    )
    (recorded,) = import_items(bench.rooms, "letter", [item], user="ana")
    assert recorded is not None
    answer = client.get(f"/captures/{recorded.capture.sequence}")
    assert answer.headers["memento-datetime"] == "Wed, 06 Jun 2007 00:00:00 GMT"
    assert links(answer.headers["link"])["original"] == f"{BASE}/sources/letter"
    assert client.get("/timegate/letter").status_code == 302


def test_a_hostile_address_ends_no_header_and_no_bracket(client: TestClient, bench: Any) -> None:
    bench.site.put("/a%3E;rel=%22x%22,%3Cb", PAGE)
    url = bench.site.url('/a>;rel="x",<b')
    register.add_source(bench.rooms, "hostile", Definition(url=url, title="h"), user="test")
    bench.clock.advance(hours=1)
    bench.check("hostile")
    text = client.get("/timemap/hostile").text
    assert "/a%3E;rel=%22x%22,%3Cb>" in text.splitlines()[0]
    assert 'rel="x"' not in text


def test_what_was_never_captured_is_told_in_words(client: TestClient, bench: Any) -> None:
    bench.register("new", bench.site.put("/new", PAGE))
    for path in ("/timegate/new", "/timemap/new"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "nothing has been captured yet" in answer.text
    assert "no Source has or had the address" in client.get("/timegate/https://nowhere.example/%25").text
    assert client.post("/timegate/new").status_code == 405


def test_http_dates_are_read_back_as_they_are_written() -> None:
    moment = datetime(2026, 5, 3, 9, 0, 5, tzinfo=UTC)
    assert http_date(moment) == "Sun, 03 May 2026 09:00:05 GMT"
    assert parse_http_date(http_date(moment)) == moment


def test_spellings_of_one_address_are_equal_and_others_are_not() -> None:
    same = ("HTTP://Example.org:80", "http://example.org/", "http://example.org/#top")
    assert {plain_address(url) for url in same} == {"http://example.org/"}
    assert plain_address("http://example.org/é") == plain_address("http://example.org/%C3%A9")
    assert plain_address("http://example.org/A") != plain_address("http://example.org/a")
    assert plain_address("http://example.org/?a") != plain_address("http://example.org/")
