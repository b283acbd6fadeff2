"""A model's opinion on a Change: only what quotes the Diff is kept, and nothing that was judged changes."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from watcher.errors import FetchError, RefusedError, WatcherError
from watcher.fetch import Egress, FetchLimits, networks, post
from watcher.pipeline.opinion import Model, ask_opinion, opinion_of
from watcher.store import changes

BEFORE = "<html><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"
AFTER = BEFORE.replace("has not joined", "has joined")
NEW = "Kazakhstan has joined the Mine Ban Treaty."


class Service:
    """A model on loopback: answers with `content`, keeps the headers and bodies that came."""

    def __init__(self) -> None:
        self.content, self.status = "", 200
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = {}
        self.port = 0


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.headers = dict(self.headers)
            told.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps({"choices": [{"message": {"content": told.content}}]}).encode()
            self.send_response(told.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def ask(bench: Any, service: Service) -> Any:
    """A function that asks about the one Change of a filled instance; it has `change_id`."""
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    change_id = bench.check("kaz").recorded.change.change_id
    egress = Egress(intranet=networks(("127.0.0.0/8",)), ports=frozenset({service.port}))
    model = Model(url=f"http://127.0.0.1:{service.port}/v1", name="small", key="secret-key", deadline_seconds=10)

    def through(url: str, body: bytes, *, maximum_bytes: int, deadline_seconds: float, **more: Any) -> bytes:
        limits = FetchLimits(deadline_seconds=deadline_seconds, maximum_bytes=maximum_bytes)
        return post(url, body, user_agent="watcher/test", limits=limits, egress=egress, **more)

    asked = functools.partial(ask_opinion, bench.rooms, through, model, change_id, user="ana")
    asked.change_id = change_id  # type: ignore[attr-defined]
    return asked


def test_only_what_stands_in_the_diff_is_kept_and_the_rest_is_counted(bench: Any, service: Service, ask: Any) -> None:
    service.content = "Here it is: " + json.dumps(
        {
            "summary": [
                {"text": "It has joined.", "quote": NEW},
                {"text": "It has joined in 1999.", "quote": NEW},
                {"text": "It calls mines “evil”.", "quote": NEW},
                {"text": "It will destroy its stocks.", "quote": "Kazakhstan will destroy its stocks."},
                {"text": "No quotation."},
            ],
            "stances": [
                {"indicator": "treaty_status", "stance": "state_party", "quote": NEW},
                {"indicator": "treaty_status", "stance": "delighted", "quote": NEW},
                "nonsense",
            ],
        }
    )
    found = ask()
    assert [each.text for each in found.summary] == ["It has joined."]
    assert [each.stance for each in found.stances] == ["state_party"]
    assert found.dropped == 6
    with bench.rooms.database.reading() as connection:
        assert opinion_of(connection, ask.change_id) == found


def test_the_key_goes_into_a_header_and_only_changed_text_is_sent(service: Service, ask: Any) -> None:
    service.content = "{}"
    ask()
    assert service.headers["Authorization"] == "Bearer secret-key"
    sent = json.dumps(service.body)
    assert "secret-key" not in sent
    assert NEW in sent
    assert "127.0.0.1" not in sent


@pytest.mark.parametrize(("content", "status"), [("I cannot.", 200), ("[1]", 200), ("{}", 500)])
def test_a_failure_records_nothing_and_changes_nothing(
    bench: Any, service: Service, ask: Any, content: str, status: int
) -> None:
    with bench.rooms.database.reading() as connection:
        before = changes.get_change(connection, ask.change_id)
    service.content, service.status = content, status
    with pytest.raises(WatcherError) as raised:
        ask()
    assert isinstance(raised.value, FetchError | RefusedError)
    assert "secret-key" not in str(raised.value)
    with bench.rooms.database.reading() as connection:
        assert opinion_of(connection, ask.change_id) is None
        assert changes.get_change(connection, ask.change_id) == before


def test_an_opinion_that_nothing_changed_leaves_the_severity(bench: Any, service: Service, ask: Any) -> None:
    with bench.rooms.database.reading() as connection:
        before = changes.get_change(connection, ask.change_id)
    service.content = json.dumps({"summary": [{"text": "Nothing of meaning.", "quote": NEW}], "severity": "noise"})
    ask()
    with bench.rooms.database.reading() as connection:
        assert changes.get_change(connection, ask.change_id) == before
