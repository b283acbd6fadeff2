"""Real parts on loopback for all tests: an HTTP site, a mail sink, an instance; a clock that stands still."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import postgres as postgres_server
import pytest

from watcher.archive import create_archive
from watcher.demo.sink import MailSink
from watcher.fetch import Egress, Fetcher, FetchLimits, networks
from watcher.model.capture import Trigger
from watcher.model.source import Definition, Source
from watcher.model.subscription import Cadence, Subscription, SubscriptionFilter
from watcher.pipeline import register
from watcher.pipeline.ports import PackText, Rooms
from watcher.pipeline.schedule import claim_now
from watcher.pipeline.watch import Checked, check
from watcher.settings import load_pack_text
from watcher.store.database import create_database, open_database, sqlite_path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
START = datetime(2026, 5, 3, 9, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class StillClock:
    """A clock that moves only when it is told to."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Move by a timedelta's keywords."""
        self.now += timedelta(**by)


class Directly:
    """Children that run in this process: for tests that are not about isolation."""

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return function(*args, **kwargs)


@dataclass(kw_only=True)
class Answer:
    """What the site answers on a path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})
    wait_seconds: float = 0.0


@dataclass(kw_only=True)
class TestSite:
    """A local HTTP server whose answers a test sets; `requests` are (path, headers) as they came."""

    __test__ = False
    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def put(self, path: str, body: str | bytes, **more: Any) -> str:
        """Set the answer of a path; returns its address."""
        self.answers[path] = Answer(body=body.encode() if isinstance(body, str) else body, **more)
        return self.url(path)


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and not (str(host).startswith("127.") or host in ("::1", "localhost")):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WATCHER_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock() -> StillClock:
    """A clock at 3 May 2026, 09:00 UTC."""
    return StillClock()


@pytest.fixture
def site() -> Iterator[TestSite]:
    """A site on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            described.requests.append((self.path, dict(self.headers)))
            answer = described.answers.get(self.path, Answer(body=b"not here", status=404))
            time.sleep(answer.wait_seconds)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            return

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    described = TestSite(port=server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield described
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def mail_sink(tmp_path: Path) -> Iterator[MailSink]:
    """A real SMTP server that keeps what it is sent."""
    with MailSink(tmp_path / "mail") as sink:
        yield sink


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server for the session: the address of its databases, with `{name}` in it."""
    if postgres_server.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres_server.running() as address:
        yield address


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that is not there yet; WATCHER_TEST_DATABASE=postgresql puts it on a server."""
    if os.environ.get("WATCHER_TEST_DATABASE") != "postgresql":
        return f"sqlite:///{tmp_path / 'data' / 'watcher.db'}"
    address = request.getfixturevalue("postgres")
    name = f"test_{secrets.token_hex(8)}"
    postgres_server.create(address, name)
    return str(address).format(name=name)


@pytest.fixture(scope="session")
def default_pack() -> PackText:
    """The default pack, read once."""
    return load_pack_text(ROOT / "config", "mine_action")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database of the present schema that nothing was written to, made once to be copied."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    create_database(f"sqlite:///{path}")
    return path


@pytest.fixture
def rooms(
    tmp_path: Path, database_url: str, clock: StillClock, default_pack: PackText, empty_database: Path
) -> Iterator[Rooms]:
    """A new instance: real archive, real database, the default pack; work runs in this process."""
    place = sqlite_path(database_url)
    if place is None:
        create_database(database_url)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(empty_database, place)
    database = open_database(database_url)
    yield Rooms(
        database=database,
        archive=create_archive(tmp_path / "snapshots", origin="watcher.test/archive"),
        children=Directly(),
        pack=default_pack,
        clock=clock,
        name="test",
        fetcher_name="watcher test",
        base_url="http://127.0.0.1:8080",
    )
    database.close()


@pytest.fixture
def fetcher(clock: StillClock) -> Iterator[Fetcher]:
    """A fetcher with a short deadline."""
    house = Egress(intranet=networks(["127.0.0.0/8"]))
    limits = FetchLimits(deadline_seconds=1.0)
    fetcher = Fetcher(user_agent="watcher/test", limits=limits, clock=clock, egress=house)
    yield fetcher
    fetcher.close()


@dataclass(kw_only=True)
class Bench:
    """An instance with its site, and the steps that most tests take."""

    rooms: Rooms
    site: TestSite
    fetcher: Fetcher
    clock: StillClock

    def register(self, source_id: str, url: str, **more: Any) -> Source:
        """Register a Source about Kazakhstan."""
        definition = Definition(url=url, title=source_id, **{"subjects": ("KAZ",), **more})
        return register.add_source(self.rooms, source_id, definition, user="test")

    def check(self, source_id: str, *, after_seconds: float = 3600.0) -> Checked:
        """Let time pass and check a Source."""
        self.clock.advance(seconds=after_seconds)
        return check(self.rooms, self.fetcher, claim_now(self.rooms, source_id), trigger=Trigger.MANUAL)

    def subscribe(
        self, recipient: str = "desk@example.org", *, cadence: Cadence = Cadence.DAILY, **wanted: Any
    ) -> Subscription:
        """Subscribe a desk to what it wants, to everything by default."""
        return register.add_subscription(
            self.rooms,
            subscription_id=recipient.split("@")[0],
            recipient=recipient,
            wanted=SubscriptionFilter(**wanted),
            cadence=cadence,
            user="test",
        )


@pytest.fixture
def bench(rooms: Rooms, site: TestSite, fetcher: Fetcher, clock: StillClock) -> Bench:
    """Everything that a check needs."""
    return Bench(rooms=rooms, site=site, fetcher=fetcher, clock=clock)


@pytest.fixture
def shared() -> Path:
    """The folder of real data beside the project; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the real data of ../shared is not here")
    return SHARED
