"""Kills a process that checks, at every step of its writing and at any moment, and counts what that cost.

A child checks three Sources of a local site in turn (one changes, one stays, one fails in ever new words), composes
Digests and acknowledges each check on its standard output. It is ended by SIGKILL: at the n-th passage of each
failpoint, in the middle of a write, or after a random time; or an fsync fails, on which it ends itself. After each
kill the archive and the database are opened as at any start and held against everything that was ever acknowledged.
One JSON line; the exit code is 1 when anything was lost.

    .venv/bin/python benchmarks/kills.py [--kills 200] [--seed 1] [--seconds 900]
"""

from __future__ import annotations

import argparse
import base64
import errno
import functools
import itertools
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from watcher.archive import Archive, create_archive, durable, open_archive
from watcher.archive.merkle import leaf_hash, tree_root
from watcher.archive.packs import list_packs, read_pack
from watcher.errors import WatcherError
from watcher.fetch import Egress, Fetcher, FetchLimits, networks
from watcher.model.capture import Trigger
from watcher.model.source import Definition
from watcher.model.subscription import Cadence, SubscriptionFilter
from watcher.pipeline import notify, register
from watcher.pipeline.ports import PackText, Rooms
from watcher.pipeline.recover import recover
from watcher.pipeline.schedule import claim_now
from watcher.pipeline.watch import check
from watcher.settings import load_pack_text
from watcher.store import captures, changes, digests, versions
from watcher.store.database import Database, create_database, open_database

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = ("changes", "stays", "fails")
PAYLOADS = ("payload_sha256", "partial_sha256", "screenshot_sha256")
CHECKS_A_RUN = 12
LATEST_PASSAGE = 4
RUNS_A_KILL = 3  # a passage that is not reached kills nobody
STEPS = (
    "file write",
    "half of file write",
    "file fsync",
    "file rename",
    "folder fsync",
    "pack write",
    "half of pack write",
    "pack fsync",
    "ledger write",
    "half of ledger write",
    "ledger fsync",
    "before commit",
    "after commit",
    "file fsync fails",
    "folder fsync fails",
    "pack fsync fails",
    "ledger fsync fails",
)
PAGE = "<html><body><h1>Kazakhstan</h1><p>Kazakhstan voted in favour of resolution {}.</p>{}</body></html>"


class Directly:
    """Children that run in this process, so that a kill ends everything."""

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return function(*args, **kwargs)


@dataclass(kw_only=True)
class Clock:
    """Each run is a later day, each check an hour later."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(kw_only=True)
class Tally:
    """What was acknowledged and what went wrong."""

    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


def main() -> None:
    """Kill, look, and print what was lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=900.0)
    options = parser.parse_args()
    started = time.monotonic()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="watcher-") as folder, running_site() as site:
        pack()
        in_child(lambda: create_instance(Path(folder), site))
        for number, (step, passage, seconds) in enumerate(plan(options.seed), start=1):
            lines, ended = in_child(lambda: work(Path(folder), number, step, passage), kill_after=seconds)  # noqa: B023
            tally.acknowledged += [json.loads(line) for line in lines if line != "ready"]
            tally.kills[step or "any moment"] += ended
            lines, _ = in_child(lambda: judge(Path(folder), number, tally.acknowledged))  # noqa: B023
            for problem in json.loads(lines[-1]) if lines else ["the instance could not be opened: "]:
                tally.problems[problem.partition(":")[0]] += 1
                tally.examples.append(f"after kill {number} ({step or 'any moment'}, {passage}): {problem}"[:400])
            enough = sum(tally.kills.values()) >= options.kills or number >= RUNS_A_KILL * options.kills
            if enough or time.monotonic() - started > options.seconds:
                break
    print(
        json.dumps(
            {
                "benchmark": "kills",
                "kills": sum(tally.kills.values()),
                "at": dict(tally.kills),
                "acknowledged": len(tally.acknowledged),
                "changes_acknowledged": sum(1 for one in tally.acknowledged if one["change"]),
                "acknowledged_lost": tally.problems["acknowledged lost"],
                "changes_without_what_they_owe": tally.problems["not owed"],
                "problems": dict(tally.problems),
                "examples": tally.examples[:5],
                "seconds": round(time.monotonic() - started, 1),
            }
        )
    )
    sys.exit(1 if tally.problems else 0)


def plan(seed: int) -> Iterator[tuple[str, int, float]]:
    """(step, its passage, seconds) without end: each step in turn, and between them kills at random moments."""
    chance = random.Random(seed)
    for step in itertools.cycle(STEPS):
        yield step, chance.randint(1, LATEST_PASSAGE), 30.0
        yield "", 0, chance.uniform(0.0, 1.0)


# The process that is killed


def work(folder: Path, number: int, step: str, passage: int) -> None:
    """Open the instance, check the Sources in turn, acknowledge each check."""
    die_at(step, passage)
    clock = Clock(now=START + timedelta(days=number))
    fetcher = Fetcher(
        user_agent="watcher/kills",
        limits=FetchLimits(deadline_seconds=5.0),
        clock=clock,
        egress=Egress(intranet=networks(["127.0.0.0/8"])),
    )
    with opened(folder, clock) as rooms:
        os.write(1, b"ready\n")
        for turn in range(CHECKS_A_RUN):
            clock.now += timedelta(hours=1)
            claim = claim_now(rooms, SOURCES[turn % len(SOURCES)])
            recorded = check(rooms, fetcher, claim, trigger=Trigger.MANUAL).recorded
            ack = {
                "sequence": recorded.capture.sequence,
                "outcome": recorded.capture.outcome.value,
                "payload_sha256": recorded.capture.payload_sha256,
                "change": recorded.change.change_id if recorded.change else None,
            }
            os.write(1, json.dumps(ack).encode() + b"\n")
            notify.compose_due(rooms)


def die_at(step: str, passage: int) -> None:
    """Put a kill at the n-th passage of a step of writing."""
    passages = Counter[str]()
    write_all = durable.write_all

    def passed(name: str) -> None:
        passages[name] += 1
        if (name, passages[name]) == (step, passage):
            os.kill(os.getpid(), signal.SIGKILL)
        if (f"{name} fails", passages[name]) == (step, passage):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def write_half(descriptor: int, content: bytes) -> None:
        last = next(reversed(order)) if order else ""
        if (f"half of {last}", passages[last]) == (step, passage):
            write_all(descriptor, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        write_all(descriptor, content)

    order: dict[str, None] = {}

    def failpoint(name: str) -> None:
        order.pop(name, None)
        order[name] = None
        passed(name)

    durable.failpoint = failpoint
    durable.write_all = write_half
    writing = Database.writing

    @contextmanager
    def writing_with_steps(self: Database) -> Iterator[Any]:
        with writing(self) as connection:
            yield connection
            passed("before commit")
        passed("after commit")

    Database.writing = writing_with_steps  # type: ignore[method-assign]


# The instance


def create_instance(folder: Path, site: str) -> None:
    """Three Sources and a Subscription that is told everything at once."""
    create_database(database_url(folder))
    create_archive(folder / "snapshots", origin="kills")
    with opened(folder, Clock(now=START)) as rooms:
        for name in SOURCES:
            definition = Definition(url=f"{site}/{name}", title=name, subjects=("KAZ",))
            register.add_source(rooms, name, definition, user="test")
        register.add_subscription(
            rooms,
            subscription_id="desk",
            recipient="desk@example.org",
            wanted=SubscriptionFilter(),
            cadence=Cadence.IMMEDIATE,
            user="test",
        )


def database_url(folder: Path) -> str:
    """Where the rows are."""
    return f"sqlite:///{folder / 'data' / 'watcher.db'}"


@functools.cache
def filling(edition: int) -> str:
    """The rest of the page, rewritten from one edition to the next."""
    chance = random.Random(edition)
    return "".join(f"<p>Paragraph {n} of the statement: {chance.randbytes(60).hex()}.</p>" for n in range(60))


@functools.cache
def pack() -> PackText:
    """The pack, read once for all processes."""
    return load_pack_text(ROOT / "config", "mine_action")


@contextmanager
def opened(folder: Path, clock: Clock) -> Iterator[Rooms]:
    """The rooms as at any start: swept, and with a row for every record."""
    database = open_database(database_url(folder))
    rooms = Rooms(
        database=database,
        archive=open_archive(folder / "snapshots"),
        children=Directly(),
        pack=pack(),
        clock=clock,
        name="kills",
        fetcher_name="watcher kills",
        base_url="http://127.0.0.1:8080",
    )
    recover(rooms)
    yield rooms
    database.close()


# What must hold after any kill


def judge(folder: Path, number: int, acknowledged: list[dict[str, Any]]) -> None:
    """Print the problems as a JSON list, each "kind: detail"."""
    try:
        with opened(folder, Clock(now=START + timedelta(days=number, hours=20))) as rooms:
            notify.compose_due(rooms)
            problems = [
                *lost(rooms, acknowledged),
                *not_whole(rooms.archive),
                *not_owed(rooms),
            ]
    except WatcherError as error:
        problems = [f"the instance could not be opened: {error}"]
    os.write(1, json.dumps(problems).encode() + b"\n")


def lost(rooms: Rooms, acknowledged: list[dict[str, Any]]) -> Iterator[str]:
    """Acknowledged checks without record, row, payload or Change; records without a row; payloads that are gone."""
    records = {record.sequence: record.body for record in rooms.archive.records() if record.type == "capture"}
    with rooms.database.reading() as connection:
        rows = captures.recorded_sequences(connection)
        known = {change.change_id for change in changes.changes_recorded_after(connection, 0)}
    if rows != set(records):
        yield f"rows differ from records: {sorted(rows ^ set(records))}"
    for one in acknowledged:
        record = records.get(one["sequence"])
        if record is None or (record["outcome"], record["payload_sha256"]) != (one["outcome"], one["payload_sha256"]):
            yield f"acknowledged lost: {one}"
        elif one["change"] and one["change"] not in known:
            yield f"acknowledged lost: the Change {one['change']}"
    named = {str(body[key]) for body in records.values() for key in PAYLOADS if body[key]}
    for digest in named - set(rooms.archive.payloads.digests()):
        yield f"acknowledged lost: the payload {digest}"


def not_whole(archive: Archive) -> Iterator[str]:
    """Payloads that do not read back, strays, torn ends, and a tree that is not that of its lines."""
    for digest in archive.payloads.digests():
        try:
            archive.get_payload(digest)
        except WatcherError as error:
            yield f"half a payload is visible: {error}"
    yield from (f"a stray was left: {path}" for path in archive.root.rglob("*.tmp"))
    for path, _, _ in list_packs(archive.root):
        content = read_pack(path, path.stem)
        if content.torn or content.damaged:
            yield f"a pack is not whole: {path} {content.damaged}"
    lines = b"".join(path.read_bytes() for path in sorted((archive.root / "ledger").glob("*.jsonl"))).splitlines()
    _, size, root = archive.checkpoint().splitlines()[:3]
    if base64.b64encode(tree_root(leaf_hash(line) for line in lines[: int(size)])).decode() != root:
        yield "the tree is not that of its records"


def not_owed(rooms: Rooms) -> Iterator[str]:
    """Versions without their Change, Changes that no Digest tells or two do, Digests without a Delivery."""
    with rooms.database.reading() as connection:
        found = changes.changes_recorded_after(connection, 0)
        ids = {change.change_id for change in found}
        for source_id in SOURCES:
            ordered = sorted(versions.list_versions(connection, source_id, limit=10_000), key=lambda one: one.sequence)
            for before, after in itertools.pairwise(ordered):
                if f"{before.version_id}..{after.version_id}" not in ids:
                    yield f"not owed: no Change from {before.version_id} to {after.version_id} of {source_id}"
        for change in found:
            telling = digests.digests_telling(connection, change.change_id)
            if change.alert and len(telling) != 1:
                yield f"not owed: {change.change_id} is told in {len(telling)} Digests"
            for digest in telling:
                if len(digests.deliveries_of_digest(connection, digest.digest_id)) != 1:
                    yield f"not owed: {digest.digest_id} has not one Delivery"


# Processes


def in_child(run: Callable[[], None], *, kill_after: float = 60.0) -> tuple[list[str], bool]:
    """Run a function in a forked process: the whole lines that it printed, and whether it was ended on the way.

    The time after which it is killed begins with its first line.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 1)
        run_and_exit(run)
    os.close(writing)
    ends_at = time.monotonic() + 60
    said = b""
    while True:
        left = max(0.0, ends_at - time.monotonic())
        if not select.select([reading], [], [], left)[0]:
            os.kill(child, signal.SIGKILL)
            ends_at += 60
            continue
        piece = os.read(reading, 65536)
        if not piece:
            break
        if not said:
            ends_at = time.monotonic() + kill_after
        said += piece
    os.close(reading)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return said.decode().split("\n")[:-1], code in (-signal.SIGKILL, durable.SYNC_FAILED_EXIT_CODE)


def run_and_exit(run: Callable[[], None]) -> NoReturn:
    """Run and end without what the parent process has registered for its own end."""
    code = 1
    try:
        run()
        code = 0
    except Exception as error:  # noqa: BLE001 - told on stderr, and by the empty answer
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(code)


@contextmanager
def running_site() -> Iterator[str]:
    """The address of a site in a process of its own: /changes is new at every second answer."""
    server = HTTPServer(("127.0.0.1", 0), Site)
    child = os.fork()
    if child == 0:
        run_and_exit(server.serve_forever)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    server.server_close()
    try:
        yield address
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)


class Site(BaseHTTPRequestHandler):
    """Answers each path in its way."""

    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        """One answer."""
        self.asked[self.path] += 1
        number = self.asked[self.path] // 2
        resolution = "61/84" if self.path == "/stays" else f"{60 + number // 90}/{number}"
        body = PAGE.format(resolution, filling(number // 8 if self.path == "/changes" else 0))
        status = {"/changes": 200, "/stays": 200, "/fails": 503}.get(self.path, 404)
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Silence."""

    def handle(self) -> None:
        """A client that is killed is no news."""
        try:
            super().handle()
        except ConnectionError:
            return


if __name__ == "__main__":
    main()
