"""What a check leaves in the archive beside the page: partial bytes, a screenshot, headers without their secrets."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

from starlette.testclient import TestClient

from watcher.fetch import FetchRequest
from watcher.model.capture import Capture, FetchResult, Outcome, Trigger
from watcher.model.source import Credentials
from watcher.pipeline.ports import FetchDoor
from watcher.pipeline.schedule import claim_now
from watcher.pipeline.watch import check
from watcher.store import captures, versions
from watcher.web.app import create_app

PAGE = "<html><body><p>Kazakhstan has not joined the treaty.</p></body></html>"
SECRET = "hunter2-and-more"


class WithScreenshot:
    """A door that adds a picture to what comes, as a browser does."""

    def __init__(self, door: FetchDoor) -> None:
        self._door = door
        self.requests: list[FetchRequest] = []

    def fetch(self, request: FetchRequest) -> FetchResult:
        self.requests.append(request)
        return replace(self._door.fetch(request), screenshot=b"\x89PNG\r\n a picture")


def _download(bench: Any, capture: Capture, part: str) -> bytes:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        answer = client.get(f"/captures/{capture.sequence}/{part}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment")
        return answer.content


def test_catalogue_042_the_bytes_of_a_failed_attempt_are_kept_and_never_a_snapshot(bench: Any) -> None:
    cut = gzip.compress(PAGE.encode() * 9)[:-9]
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    bench.check("kaz")
    bench.site.put("/kaz", cut, headers={"Content-Encoding": "gzip", "Content-Type": "text/html"})
    capture = bench.check("kaz").recorded.capture
    assert (capture.outcome, capture.payload_sha256) == (Outcome.BROKEN_RESPONSE, None)
    assert _download(bench, capture, "partial") == cut
    with bench.rooms.database.reading() as connection:
        assert len(captures.list_snapshots(connection, "kaz")) == 1
        assert len(versions.list_versions(connection, "kaz")) == 1


def test_an_error_page_is_evidence_too(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", "this server is under repair", status=503))
    capture = bench.check("kaz").recorded.capture
    assert _download(bench, capture, "partial") == b"this server is under repair"


def test_a_source_for_the_browser_is_asked_for_so_and_its_screenshot_is_kept(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", PAGE), browser=True)
    door = WithScreenshot(bench.fetcher)
    capture = check(bench.rooms, door, claim_now(bench.rooms, "kaz"), trigger=Trigger.MANUAL).recorded.capture
    assert [request.browser for request in door.requests] == [False, True]
    assert _download(bench, capture, "screenshot").startswith(b"\x89PNG")


def test_secrets_reach_the_site_and_nothing_that_is_kept(bench: Any) -> None:
    url = bench.site.put("/kaz", PAGE)
    credentials = Credentials(origin=bench.site.url(""), headers=(("X-Api-Key", "env:WATCHER_SECRET_KAZ"),))
    bench.register("kaz", url, credentials=credentials)
    rooms = replace(bench.rooms, secrets=lambda _: (("X-Api-Key", SECRET),))
    capture = check(rooms, bench.fetcher, claim_now(rooms, "kaz"), trigger=Trigger.MANUAL).recorded.capture
    assert [headers.get("X-Api-Key") for _, headers in bench.site.requests] == [None, SECRET]
    assert ("X-Api-Key", "***") in capture.request_headers
    assert any(name.lower() == "user-agent" for name, _ in capture.request_headers)
    kept = [path.read_bytes() for path in bench.rooms.archive.root.rglob("*") if path.is_file()]
    kept += [path.read_bytes() for path in bench.rooms.archive.root.parent.rglob("*.db*")]
    assert not any(SECRET.encode() in content for content in kept)


def test_a_capture_that_brought_nothing_new_is_a_revisit_of_the_first(bench: Any) -> None:
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    first = bench.check("kaz").recorded.capture
    again = bench.check("kaz").recorded.capture
    assert (first.is_revisit, again.is_revisit) == (False, True)
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        assert (
            f'the same bytes as in <a href="/captures/{first.sequence}">'
            in client.get(f"/captures/{again.sequence}").text
        )
