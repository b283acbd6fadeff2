"""What the demonstration does: the real service, sped up, against a local site and a local mail sink."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from watcher.bootstrap import Instance, open_instance
from watcher.demo.sink import MailSink
from watcher.demo.site import Site, states
from watcher.model.capture import Capture
from watcher.model.change import Change, Severity
from watcher.model.source import Definition
from watcher.model.subscription import Cadence, SubscriptionFilter
from watcher.pipeline import notify, register
from watcher.scheduler import Service
from watcher.settings import Settings, config_folder
from watcher.settings.service import (
    ArchiveSettings,
    FetchSettings,
    SchedulerSettings,
    SmtpSettings,
    StoreSettings,
    WebSettings,
)
from watcher.store import captures, changes, digests, sources, subscriptions
from watcher.web.server import listen, page_server

SECONDS_PER_STATE = 5.0
CHECK_EVERY_SECONDS = 2
TICK_SECONDS = 0.25
PATIENCE_SECONDS = 20.0
USER = "demo"
RECIPIENT = "monitor@example.org"

WHAT_HAPPENS = {
    1: "the first captures",
    2: "a new menu, other quotation marks",
    3: "another vote; the table is sorted anew",
    4: "an accession; one server fails",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the demonstration made: where it lies, and what there is to see."""

    workspace: Path
    config: Path
    captures: int
    changes: tuple[Change, ...]
    messages: tuple[Path, ...]
    digest_text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Teller:
    """How the demonstration speaks: a new state begins, a Capture or a Change was recorded, a message arrived."""

    state: Callable[[int, str], None]
    capture: Callable[[Capture], None]
    change: Callable[[Change], None]
    message: Callable[[Path], None]
    served: Callable[[str], None]


def tell(workspace: Path, teller: Teller) -> Told:
    """Run the whole story in `workspace`; it ends by itself in well under a minute."""
    config = prepare(workspace)
    with MailSink(workspace / "mail") as sink, Site() as site:
        settings = demo_settings(workspace, smtp_port=sink.port)
        (config / "watcher.yaml").write_text(as_yaml(settings))
        with open_instance(config, settings=settings, create=True) as instance:
            register_all(instance, site)
            with _served(instance) as address:
                teller.served(address)
                _run(instance, site, sink, teller)
            with instance.rooms.database.reading() as connection:
                newest = digests.list_digests(connection, limit=1)
                return Told(
                    workspace=workspace,
                    config=config,
                    captures=sum(captures.count_captures(connection).values()),
                    changes=tuple(reversed(changes.list_changes(connection))),
                    messages=tuple(sink.messages),
                    digest_text=newest[0].message.text if newest else "",
                )


def prepare(workspace: Path) -> Path:
    """The configuration folder of a new workspace, with the packs."""
    config = workspace / "config"
    shutil.copytree(config_folder() / "indicators", config / "indicators")
    return config


def demo_settings(workspace: Path, *, smtp_port: int) -> Settings:
    """Everything inside the workspace, checks every two seconds, mail to the sink."""
    root = workspace.resolve()
    return Settings(
        archive=ArchiveSettings(
            path=root / "snapshots", origin="watcher.demo/archive", key=root / "data" / "archive.key"
        ),
        store=StoreSettings(url=f"sqlite:///{root / 'data' / 'watcher.db'}"),
        fetch=FetchSettings(intranet=("127.0.0.0/8",), gap_seconds=0.1),
        scheduler=SchedulerSettings(tick_seconds=TICK_SECONDS, workers=3),
        smtp=SmtpSettings(host="127.0.0.1", port=smtp_port, sender="watcher@example.org"),
        web=WebSettings(),
    )


def as_yaml(settings: Settings) -> str:
    """The settings that matter to who serves the workspace later."""
    return (
        f"archive:\n  path: {settings.archive.path}\n  origin: {settings.archive.origin}\n"
        f"  key: {settings.archive.key}\n"
        f"store:\n  url: {settings.store.url}\n"
    )


def register_all(instance: Instance, site: Site) -> None:
    """The three Sources and the two Subscriptions of the story."""
    rooms = instance.rooms
    every = CHECK_EVERY_SECONDS
    for source_id, name, title, publisher, subjects, instruments in (
        ("un-country-page-kaz", "kazakhstan.html", "Country page: Kazakhstan", "Demonstration UN", ("KAZ",), ()),
        (
            "osce-response-kaz",
            "osce-response.html",
            "OSCE questionnaire, Kazakhstan",
            "Demonstration OSCE",
            ("KAZ",),
            (),
        ),
        ("ccw-status", "ccw-status.html", "Status of the CCW", "Demonstration depositary", (), ("CCW",)),
    ):
        definition = Definition(
            url=site.address(name),
            title=title,
            publisher=publisher,
            subjects=subjects,
            instruments=instruments,
            every_seconds=every,
        )
        register.add_source(rooms, source_id, definition, user=USER)
    for subscription_id, cadence, severity in (
        ("alerts", Cadence.IMMEDIATE, Severity.CRITICAL),
        ("digest", Cadence.DAILY, Severity.MINOR),
    ):
        register.add_subscription(
            rooms,
            subscription_id=subscription_id,
            recipient=RECIPIENT,
            wanted=SubscriptionFilter(subjects=("KAZ",), minimum_severity=severity),
            cadence=cadence,
            user=USER,
        )


def _run(instance: Instance, site: Site, sink: MailSink, teller: Teller) -> None:
    watching = _Watching(instance, sink, teller)
    service = Service(instance)
    service.start()
    try:
        for state in range(1, states() + 1):
            site.show(state)
            teller.state(state, WHAT_HAPPENS[state])
            watching.until(time.monotonic() + SECONDS_PER_STATE, settled=instance.rooms.clock() + _one_round())
            if state >= states() - 1:
                _send_digest(instance)
        watching.until(time.monotonic() + 2.0, settled=None)
    finally:
        service.stop()
    watching.look()


def _one_round() -> timedelta:
    return timedelta(seconds=CHECK_EVERY_SECONDS)


def _send_digest(instance: Instance) -> None:
    with instance.rooms.database.reading() as connection:
        subscription = subscriptions.get_subscription(connection, "digest")
    notify.compose_digest(instance.rooms, subscription)


class _Watching:
    """Sees what the service recorded since the last look, and tells it."""

    def __init__(self, instance: Instance, sink: MailSink, teller: Teller) -> None:
        self._instance = instance
        self._sink = sink
        self._teller = teller
        self._captures: set[int] = set()
        self._changes: set[str] = set()
        self._messages = 0

    def until(self, moment: float, *, settled: object) -> None:
        """Look until the moment has come and every Source was checked after `settled`; give up after a while."""
        patience = moment + PATIENCE_SECONDS
        while time.monotonic() < moment or (not self._all_checked_since(settled) and time.monotonic() < patience):
            self.look()
            time.sleep(0.2)

    def look(self) -> None:
        """Tell what is new."""
        with self._instance.rooms.database.reading() as connection:
            every = [source.source_id for source in sources.list_sources(connection)]
            seen = [capture for name in every for capture in captures.list_captures(connection, name)]
            made = changes.list_changes(connection)
        for capture in sorted(seen, key=lambda one: one.sequence):
            if capture.sequence not in self._captures:
                self._captures.add(capture.sequence)
                self._teller.capture(capture)
        for change in reversed(made):
            if change.change_id not in self._changes:
                self._changes.add(change.change_id)
                self._teller.change(change)
        for path in self._sink.messages[self._messages :]:
            self._messages += 1
            self._teller.message(path)

    def _all_checked_since(self, moment: object) -> bool:
        if moment is None:
            return True
        with self._instance.rooms.database.reading() as connection:
            times = [source.last_capture_at for source in sources.list_sources(connection)]
        return all(time_ is not None and time_ > moment for time_ in times)  # type: ignore[operator]


@contextmanager
def _served(instance: Instance) -> Iterator[str]:
    listening = listen("127.0.0.1", 0)
    server = page_server(instance.rooms)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="page", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
