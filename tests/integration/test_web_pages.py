"""The page: every route answers, carries its headers, and shows hostile text as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.fetch import FetchRequest
from watcher.model.capture import FetchResult, Trigger
from watcher.pipeline import notify
from watcher.pipeline.ports import FetchDoor
from watcher.pipeline.schedule import claim_now
from watcher.pipeline.watch import check
from watcher.store import digests
from watcher.web.app import HEADERS, ROUTES, STATIC, create_app

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
BEFORE = (
    "<html><title>K &lt;script&gt;</title><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"
)
AFTER = BEFORE.replace("has not joined", "has joined").replace(
    "</body>", "<p>&lt;script&gt;alert(1)&lt;/script&gt; &lt;img src=x onerror=alert(2)&gt;</p></body>"
)


@pytest.fixture
def client(bench: Any) -> Iterator[TestClient]:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1", "::1"))
    with TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as client:
        yield client


class WithScreenshot:
    """A door that adds a picture to what comes."""

    def __init__(self, door: FetchDoor) -> None:
        self._door = door

    def fetch(self, request: FetchRequest) -> FetchResult:
        return replace(self._door.fetch(request), screenshot=b"\x89PNG\r\n")


@pytest.fixture
def addresses(bench: Any) -> dict[str, str]:
    """A filled instance, and an address for every parameter of the route table."""
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", BEFORE), publisher=HOSTILE)
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    changed = check(
        bench.rooms, WithScreenshot(bench.fetcher), claim_now(bench.rooms, "kaz"), trigger=Trigger.MANUAL
    ).recorded
    bench.site.put("/kaz", b"", status=302, headers={"Location": "javascript:alert(1)"})
    bench.check("kaz")
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    return {
        "source_id": "kaz",
        "sequence": str(changed.capture.sequence),
        "part": "screenshot",
        "payload_sha256": changed.capture.payload_sha256,
        "version_id": changed.version.version_id,
        "change_id": changed.change.change_id,
        "digest_id": composed.digest.digest_id,
        "alpha3": "KAZ",
        "target:path": "kaz",
    }


def filled(path: str, addresses: dict[str, str]) -> str:
    for name, value in addresses.items():
        path = path.replace("{" + name + "}", value)
    return path


@pytest.mark.parametrize("path", [path for path, _ in ROUTES])
def test_every_route_answers_with_its_headers_and_without_script(
    client: TestClient, addresses: dict[str, str], path: str
) -> None:
    answer = client.get(filled(path, addresses))
    assert answer.status_code == 200, answer.text
    for name, value in HEADERS.items():
        assert name in answer.headers
        if name != "Content-Security-Policy":
            assert answer.headers[name] == value
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    if answer.headers["content-type"].startswith("text/html"):
        for forbidden in ("<script", "<img", "onerror=alert(2)>", 'href="javascript:', "allow-same-origin"):
            assert forbidden not in answer.text, forbidden
    assert client.head(filled(path, addresses)).status_code == 200


@pytest.mark.parametrize("path", [path for path, _ in ROUTES if "{" in path])
@pytest.mark.parametrize("value", ["absent", "..%2f..%2fetc%2fpasswd", "..%5c..", "%00", "0", "9" * 30, "-1"])
def test_peer_14_an_unknown_or_hostile_parameter_is_a_page_that_says_so(
    client: TestClient, path: str, value: str
) -> None:
    for name in (
        "source_id",
        "sequence",
        "payload_sha256",
        "version_id",
        "change_id",
        "digest_id",
        "alpha3",
        "target:path",
    ):
        path = path.replace("{" + name + "}", value)
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text


def test_an_empty_instance_says_what_to_do_first(client: TestClient) -> None:
    text = client.get("/").text
    assert "watcher source add" in text
    for path, _ in ROUTES:
        if "{" not in path:
            assert client.get(path).status_code == 200


def test_peer_27_nothing_but_reading_is_possible(client: TestClient) -> None:
    for path, _ in ROUTES:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client.request(method, path).status_code == 405


def test_another_host_name_is_refused_against_dns_rebinding(client: TestClient) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "", "[bad"):
        assert client.get("/", headers={"Host": host}).status_code == 400
    for host in ("127.0.0.1", "127.0.0.1:9999", "[::1]:80"):
        assert client.get("/", headers={"Host": host}).status_code == 200


def test_catalogue_111_a_payload_is_a_download_and_never_a_page(client: TestClient, addresses: dict[str, str]) -> None:
    answer = client.get(f"/payloads/{addresses['payload_sha256']}")
    assert answer.content == AFTER.encode()
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


def test_a_change_page_shows_both_passages_why_and_the_citation(client: TestClient, addresses: dict[str, str]) -> None:
    text = client.get(f"/changes/{addresses['change_id']}").text
    for told in (
        "not party → state party",
        "Why it has this severity",
        "the position on treaty status of Kazakhstan: not party → state party",
        "archived at",
    ):
        assert told in text
    assert "Before</p>" in client.get(f"/changes/{addresses['change_id']}?view=side").text


def test_the_chain_from_source_to_digest_can_be_clicked(client: TestClient, addresses: dict[str, str]) -> None:
    source = client.get("/sources/kaz").text
    assert f"/captures/{addresses['sequence']}" in source
    assert f"/versions/{addresses['version_id']}" in source
    assert f"/changes/{addresses['change_id']}" in source
    change = client.get(f"/changes/{addresses['change_id']}").text
    assert f"/digests/{addresses['digest_id']}" in change
    assert f"/versions/{addresses['version_id']}" in client.get(f"/captures/{addresses['sequence']}").text


def test_a_digest_whose_period_ends_in_its_first_minute_shows_no_empty_span(bench: Any) -> None:
    subscription = bench.subscribe()
    bench.clock.advance(seconds=20)
    assert notify.compose_digest(bench.rooms, subscription) is not None
    pages = TestClient(create_app(bench.rooms, version="test", allowed_hosts=("testserver",)))
    with bench.rooms.database.reading() as connection:
        (digest,) = digests.list_digests(connection)
    for path in ("/digests", f"/digests/{digest.digest_id}"):
        assert "3 May 2026, 09:00:00 to 09:00:20 UTC" in pages.get(path).text


def test_changes_are_filtered_by_severity_subject_and_source(client: TestClient, addresses: dict[str, str]) -> None:
    link = f"/changes/{addresses['change_id']}"
    assert link in client.get("/changes?severity=critical&subject=kazakhstan&source=kaz").text
    assert link not in client.get("/changes?subject=FRA").text
    assert link not in client.get("/changes?source=absent").text
    assert client.get("/changes?severity=%3Cscript%3E&subject=%3Cscript%3E").status_code == 200


def test_only_the_files_of_the_table_are_static(client: TestClient) -> None:
    for name in STATIC:
        assert client.get(f"/static/{name}").status_code == 200
    for name in ("..%2fapp.py", "app.py", "%2e%2e/app.py"):
        assert client.get(f"/static/{name}").status_code == 404


def test_health_says_when_the_archive_cannot_be_read(client: TestClient, bench: Any) -> None:
    assert client.get("/healthz").json()["ok"] is True
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    (bench.rooms.archive.root / "ledger" / "0000000000.jsonl").write_bytes(b"")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "became shorter" in answer.json()["problem"]
    assert client.get("/").status_code == 503
