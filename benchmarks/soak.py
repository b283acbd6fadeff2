"""Whether every attempt is recorded and nothing leaks while a site misbehaves. Prints one JSON line; loopback only.

    python benchmarks/soak.py [--checks 10000]

Each Source meets each behaviour of a site in turn, one a round: of twenty checks eight meet a fault, one of each kind
(5 %), and twelve a page that is kept (ETag), the same without one, or changed. Checks are made by four workers with a
deadline of 1 s over real archive, SQLite and child processes. The line holds the checks asked for beside the Captures
in database and ledger, outcomes that the behaviour does not explain, payloads that are not those the site sent or
confirmed, file descriptors, threads and processes while nothing runs, after a tenth of the checks and at the end, and
the slope of this process's memory after that tenth (least squares, kB of RSS each 1000 checks; noisy under 5000).
Ends early, after a whole round, when --seconds are over; ends with code 1 when asked and recorded differ. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import os
import queue
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

if __name__ == "__main__":  # the child processes read this file as well, and need none of these
    import structlog
    from bounds import bounded

    from watcher.bootstrap import Instance, open_instance, utc_now
    from watcher.fetch import Fetcher
    from watcher.model.capture import Capture, Outcome, Trigger
    from watcher.model.source import Definition, Source, SourceState
    from watcher.pipeline.schedule import claim_now
    from watcher.pipeline.watch import check
    from watcher.settings import Settings, load_settings
    from watcher.store import captures, sources

CONFIG = Path(__file__).resolve().parents[1] / "config"
WORKERS = 4
DEADLINE_SECONDS = 1.0
LARGEST_ROUND = 200
CHECKS_A_SAMPLE = 50
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
FAULTS = {
    "not_found": "http_error",
    "server_error": "http_error",
    "reset": "network_error",
    "silent": "timed_out",
    "empty": "broken_response",
    "truncated": "broken_response",
    "gzip_garbage": "broken_response",
    "redirect_loop": "broken_response",
}
BEHAVIOURS = (*FAULTS, *("kept", "kept", "same", "changed") * 3)


def main() -> None:
    """Run the checks and print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=300.0, help="begin no further round after this time")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="watcher-soak-") as name:
        with bounded(options.seconds + 120, Path(name)):
            result = soak(Path(name), options)
        print(json.dumps(result))
    sys.exit(0 if result["all_recorded"] else 1)


# The site


def behaviour_of(number: int, turn: int) -> str:
    """How the site treats a Source in a round."""
    return BEHAVIOURS[(number + turn) % len(BEHAVIOURS)]


def page(number: int, behaviour: str, turn: int) -> bytes:
    """The page of a Source: kept and same pages stay as they are in all rounds, changed ones say which round it is."""
    told = f"In round {turn} the unit cleared {turn * 13 + 40} mines." if behaviour == "changed" else "Nothing is new."
    lines = "".join(
        f"<p>Paragraph {n} of the report by ministry {number} on work in the border area.</p>" for n in range(30)
    )
    body = f"<h1>Report {number}</h1><p>{told}</p>{lines}"
    return f"<html><head><title>Report</title></head><body>{body}</body></html>".encode()


class FaultySite(asyncio.Protocol):
    """One kept-alive connection. `/round/N` sets the round; `/source/N` behaves as that Source's turn says."""

    turn = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._unread += data
        while b"\r\n\r\n" in self._unread:
            head, _, self._unread = self._unread.partition(b"\r\n\r\n")
            kind, _, number = head.split(b" ", 2)[1].decode().strip("/").partition("/")
            if kind == "source":
                self._behave(int(number), head)
            elif kind == "loop":
                self._send("302 Found", b"", f"Location: /loop/{number}\r\n")
            elif kind == "round":
                FaultySite.turn = int(number)
                self._send("200 OK", b"set")
            else:
                self._send("404 Not Found", b"no such page")

    def _behave(self, number: int, head: bytes) -> None:
        behaviour = behaviour_of(number, self.turn)
        body = page(number, behaviour, self.turn)
        tag = f'"kept-{number}"'
        if behaviour == "kept" and tag.encode() in head:
            self._transport.write(f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n".encode())
        elif behaviour in ("kept", "same", "changed"):
            self._send("200 OK", body, f"ETag: {tag}\r\n" if behaviour == "kept" else "")
        elif behaviour == "not_found":
            self._send("404 Not Found", b"<p>There is no such page.</p>")
        elif behaviour == "server_error":
            self._send("500 Internal Server Error", b"<p>The database is away.</p>")
        elif behaviour == "reset":
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            self._transport.abort()
        elif behaviour == "empty":
            self._send("200 OK", b"")
        elif behaviour == "truncated":
            self._transport.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) * 2}\r\n\r\n".encode() + body)
            self._transport.close()
        elif behaviour == "gzip_garbage":
            self._send("200 OK", b"\x1f\x8b\x08\x00" + body[:500], "Content-Encoding: gzip\r\n")
        elif behaviour == "redirect_loop":
            self._send("302 Found", b"", f"Location: /loop/{number}\r\n")
        else:
            assert behaviour == "silent"

    def _send(self, status: str, body: bytes, headers: str = "") -> None:
        common = f"Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        self._transport.write(f"HTTP/1.1 {status}\r\n{common}{headers}\r\n".encode() + body)


async def serve() -> None:
    """Serve on a free port of 127.0.0.1 until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(FaultySite, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def running_site() -> Iterator[tuple[str, int]]:
    """(address, process id) of a site that ends with this block, or with this process."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid
        process.stdin.close()


# The checks


@dataclass(kw_only=True)
class Tally:
    """What was asked, what came of it, and the memory on the way as (checks, kB)."""

    asked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    wrong_payloads: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[int, int]] = field(default_factory=list)


def soak(folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """All rounds, and what stands recorded after them."""
    size = max(len(BEHAVIOURS), min(LARGEST_ROUND, options.checks // 10) // len(BEHAVIOURS) * len(BEHAVIOURS))
    rounds = max(1, -(-options.checks // size))
    tally = Tally()
    started = time.monotonic()
    with (
        running_site() as (site, server),
        open_instance(CONFIG, settings=settings_in(folder), create=True) as instance,
        ThreadPoolExecutor(WORKERS) as workers,
    ):
        add_sources(instance, site, size)
        fetchers: queue.SimpleQueue[Fetcher] = queue.SimpleQueue()
        for _ in range(WORKERS):
            fetchers.put(instance.fetcher())
        early: dict[str, int] = {}
        for turn in range(rounds):
            with urllib.request.urlopen(f"{site}/round/{turn}") as answer:  # noqa: S310 - loopback
                answer.read()
            one_round(instance, fetchers, workers, tally, size=size, turn=turn)
            if not early and tally.asked * 10 >= size * rounds:
                early = held_resources(server)
                tally.memory = []
            if time.monotonic() - started > options.seconds:
                break
        late = held_resources(server)
        for _ in range(WORKERS):
            fetchers.get().close()
        with instance.rooms.database.reading() as connection:
            in_database = sum(captures.count_captures(connection).values())
        in_ledger = sum(record.type == "capture" for record in instance.rooms.archive.records())
    return {
        "benchmark": "soak",
        "checks": tally.asked,
        "captures_in_database": in_database,
        "captures_in_ledger": in_ledger,
        "all_recorded": tally.asked == in_database == in_ledger,
        "outcomes": dict(sorted(tally.outcomes.items())),
        "unexpected": dict(tally.unexpected),
        "wrong_payloads": dict(tally.wrong_payloads),
        "after_a_tenth": early,
        "at_the_end": late,
        "rss_kb_each_1000_checks": round(slope(tally.memory) * 1000),
        "seconds": round(time.monotonic() - started, 1),
    }


def one_round(
    instance: Instance,
    fetchers: queue.SimpleQueue[Fetcher],
    workers: ThreadPoolExecutor,
    tally: Tally,
    *,
    size: int,
    turn: int,
) -> None:
    """Check every Source once and hold each Capture against what the site did."""

    def attempt(number: int) -> Capture:
        fetcher = fetchers.get()
        try:
            claim = claim_now(instance.rooms, f"source-{number}")
            return check(instance.rooms, fetcher, claim, trigger=Trigger.MANUAL).recorded.capture
        finally:
            fetchers.put(fetcher)

    running = {workers.submit(attempt, number): number for number in range(size)}
    for future in as_completed(running):
        tally.asked += 1
        if tally.asked % CHECKS_A_SAMPLE == 0:
            tally.memory.append((tally.asked, resident_kb(os.getpid())))
        number = running[future]
        behaviour = behaviour_of(number, turn)
        problem = future.exception()
        if problem is not None:
            tally.unexpected[f"{behaviour}: {type(problem).__name__}: {problem}"[:200]] += 1
            continue
        judge(tally, future.result(), number, behaviour, turn)


def judge(tally: Tally, capture: Capture, number: int, behaviour: str, turn: int) -> None:
    """Count the outcome, and what the behaviour does not explain."""
    tally.outcomes[capture.outcome.value] += 1
    expected = FAULTS.get(behaviour)
    if (capture.outcome.reached if expected is None else capture.outcome.value == expected) is False:
        tally.unexpected[
            f"{behaviour}: {capture.outcome.value}: {capture.error.replace(capture.requested_url, '…')}"[:200]
        ] += 1
    if expected is None and capture.outcome.reached:
        sent = hashlib.sha256(page(number, behaviour, turn)).hexdigest()
        if capture.payload_sha256 != sent:
            told = "not_modified" if capture.outcome is Outcome.NOT_MODIFIED else "in full"
            tally.wrong_payloads[f"{behaviour}, answered {told}"] += 1


def slope(points: list[tuple[int, int]]) -> float:
    """The slope of the line with the least squares of its distances; 0.0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


# What the processes hold


def held_resources(server: int) -> dict[str, int]:
    """Descriptors, threads and memory of this process; number and memory of its children without the server's."""
    own = os.getpid()
    children = descendants(own) - {server}
    return {
        "descriptors": sum(1 for _ in Path(f"/proc/{own}/fd").iterdir()),
        "threads": threading.active_count(),
        "rss_kb": resident_kb(own),
        "child_processes": len(children),
        "children_rss_kb": sum(resident_kb(child) for child in children),
    }


def descendants(root: int) -> set[int]:
    """The process ids of all children of a process and of theirs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found: set[int] = set()
    level = {root}
    while level:
        level = {process for process, parent in parents.items() if parent in level}
        found |= level
    return found


def resident_kb(process: int) -> int:
    """Resident memory of a process, 0 when it has ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE_KB
    except OSError:
        return 0


# The instance


def settings_in(folder: Path) -> Settings:
    """The project's settings with an archive and a database in `folder`, loopback allowed and a short deadline."""
    settings = load_settings(CONFIG / "watcher.yaml", {})
    return replace(
        settings,
        archive=replace(settings.archive, path=folder / "snapshots"),
        store=replace(settings.store, url=f"sqlite:///{folder / 'data' / 'watcher.db'}"),
        fetch=replace(settings.fetch, intranet=("127.0.0.0/8",), deadline_seconds=DEADLINE_SECONDS),
        scheduler=replace(settings.scheduler, workers=WORKERS),
    )


def add_sources(instance: Instance, site: str, number_of_sources: int) -> None:
    """Sources in one transaction."""
    now = utc_now()
    with instance.rooms.database.writing() as connection:
        for number in range(number_of_sources):
            name = f"source-{number}"
            source = Source(
                source_id=name,
                state=SourceState.ACTIVE,
                definition=Definition(url=f"{site}/source/{number}", title=name, subjects=("KAZ",)),
                registered_at=now,
                next_check_at=now,
            )
            sources.add_source(connection, source)


if __name__ == "__main__":
    main()
