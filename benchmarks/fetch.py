"""What a fetch and a check cost. Prints one JSON line; talks to servers of its own on loopback only.

    python benchmarks/fetch.py                                            fetches beside plain httpx, then full checks
    python benchmarks/fetch.py --hosts 200 --sources 1000 --latency-ms 100    passes through the scheduler

Three workloads: `not_modified` answers 304 to the ETag, `same` the same 42 kB without an ETag, `changed` 42 kB with
another sentence each time. Fetches: CPU of this process alone (getrusage), blocks of this project and of one
httpx.Client in turn; the ratio is the median of the ratios of neighbouring blocks. Checks: one worker, real archive,
SQLite and child processes; CPU of all processes but the server, the claim counted apart. Seconds on the wall hold the
server's share and depend on `fsync_ms`, the median time to make 500 bytes durable in the folder used.

With --hosts the Sources lie on addresses 127.1.0.1, 127.1.0.2 … of one server that answers after the latency. The
first pass brings all pages, the second finds them unchanged; each ends after --seconds, complete or not. Settings are
the defaults; --workers, --tick-seconds and --gap-seconds change one each. Linux only: CPU times come from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":  # the child processes read this file as well, and need none of these
    import httpx
    import structlog
    from bounds import bounded

    from watcher.bootstrap import Instance, open_instance, utc_now
    from watcher.fetch import Egress, Fetcher, FetchLimits, FetchRequest, networks
    from watcher.model.capture import Outcome, Trigger
    from watcher.model.source import Definition, Source, SourceState
    from watcher.pipeline.schedule import claim_now
    from watcher.pipeline.watch import check
    from watcher.scheduler import Service
    from watcher.settings import Settings, load_settings
    from watcher.store import captures, claims, sources

CONFIG = Path(__file__).resolve().parents[1] / "config"
LOOPBACK = "127.0.0.0/8"
WORKLOADS = ("not_modified", "same", "changed")
PAGE_BYTES = 42_000
PROSE = (
    "the committee of ministers noted that work on clearance in border districts had continued during this period "
    "and asked all agencies to report areas released hazards found and assistance given to survivors in each region"
)
ETAG = '"first"'
WARM_UP_FETCHES = 20
SOURCES_A_WORKLOAD = 8
EVERY_SECONDS = 3600
LONGEST_RUN_SECONDS = 90.0
LAST_BLOCK_SECONDS = 60.0
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the mode that was asked for and print its line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="blocks of each client and workload")
    parser.add_argument("--fetches", type=int, default=60, help="fetches a block")
    parser.add_argument("--checks", type=int, default=24, help="checks a block; 0 leaves them out")
    parser.add_argument("--hosts", type=int, default=0, help="measure passes through the scheduler instead")
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--latency-ms", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=40.0, help="bound of one pass")
    parser.add_argument("--workers", type=int, help="scheduler.workers")
    parser.add_argument("--tick-seconds", type=float, help="scheduler.tick_seconds")
    parser.add_argument("--gap-seconds", type=float, help="fetch.gap_seconds")
    parser.add_argument("--folder", type=Path, help="where the instance is made, if not in the system's own")
    parser.add_argument("--serve", metavar="HOSTS", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        asyncio.run(serve(options.serve, options.latency_ms / 1000))
        return
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.LogfmtRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="watcher-benchmark-") as name:
        folder = Path(name)
        with bounded(LONGEST_RUN_SECONDS if not options.hosts else 2 * options.seconds + LONGEST_RUN_SECONDS, folder):
            result = measure_passes(options, folder) if options.hosts else measure_parts(options, folder)
        print(json.dumps(result))


# The site


def page(sentence: str) -> bytes:
    """A page of about 42 kB with a menu, headings, paragraphs and one sentence of its own."""
    source = random.Random(42)
    words = PROSE.split()
    menu = "".join(f'<li><a href="/section/{n}">Section {n}</a></li>' for n in range(40))
    parts = [f"<p>{sentence}</p>"]
    length = 0
    while length < PAGE_BYTES - len(menu) - 400:
        text = " ".join(source.choices(words, k=source.randrange(25, 90))).capitalize()
        paragraph = f"<h2>{text[:40]}</h2><p>{text}.</p>" if len(parts) % 7 == 0 else f"<p>{text}.</p>"
        parts.append(paragraph)
        length += len(paragraph)
    return (
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Annual statement</title></head>"
        f"<body><nav><ul>{menu}</ul></nav><main><h1>Annual statement</h1>{''.join(parts)}</main></body></html>"
    ).encode()


class Site(asyncio.Protocol):
    """One kept-alive connection. The first part of the path names the workload; anything else is not found."""

    answered = 0
    still = page("The State Party declared no change in its stockpile.")
    marked = page("@@")

    def __init__(self, latency_seconds: float) -> None:
        self._latency = latency_seconds
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request after the latency."""
        self._unread += data
        while b"\r\n\r\n" in self._unread:
            head, _, self._unread = self._unread.partition(b"\r\n\r\n")
            answer = self._answer(head)
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)
            else:
                self._transport.write(answer)

    def _answer(self, head: bytes) -> bytes:
        workload = head.split(b" ", 2)[1].split(b"/")[1]
        if workload == b"not_modified":
            if ETAG.encode() in head:
                return f"HTTP/1.1 304 Not Modified\r\nETag: {ETAG}\r\n\r\n".encode()
            return _whole(self.still, f"ETag: {ETAG}\r\n")
        if workload == b"same":
            return _whole(self.still)
        if workload == b"changed":
            Site.answered += 1
            count = Site.answered
            return _whole(self.marked.replace(b"@@", b"Teams of unit %d cleared %d mines there." % (count, count * 37)))
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def _whole(body: bytes, headers: str = "") -> bytes:
    start = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return start.encode() + body


async def serve(hosts: int, latency_seconds: float) -> None:
    """Serve on 127.0.0.1, or on 127.1.0.1 and its successors, all on one port, until standard input ends."""
    loop = asyncio.get_running_loop()
    port = 0
    servers = []
    for address in addresses(hosts):
        server = await loop.create_server(lambda: Site(latency_seconds), address, port, backlog=256)
        port = server.sockets[0].getsockname()[1]
        servers.append(server)
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()


def addresses(hosts: int) -> list[str]:
    """The loopback addresses of a number of hosts; 127.0.0.1 for none."""
    return [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(hosts)] or ["127.0.0.1"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningSite:
    """A site in its own process."""

    port: int
    process_id: int

    def url(self, workload: str, number: int, *, host: str = "127.0.0.1") -> str:
        """The address of one page."""
        return f"http://{host}:{self.port}/{workload}/{number}"


@contextmanager
def running_site(*, hosts: int = 0, latency_ms: float = 0.0) -> Iterator[RunningSite]:
    """A site that ends with this block, or with this process."""
    command = [sys.executable, __file__, "--serve", str(hosts), "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield RunningSite(port=int(process.stdout.readline()), process_id=process.pid)
        process.stdin.close()


# Times


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one of several equal acts took: CPU milliseconds, and how many fitted into a second on the wall."""

    cpu_ms: float
    per_second: float


def own_cpu_seconds() -> float:
    """CPU time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def others_cpu_seconds(excluded: int) -> float:
    """CPU time of all descendants of this process, the ended ones among them, without the process `excluded`."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        seconds[int(entry.name)] = sum(map(int, fields[11:15])) / CLOCK_TICKS
    ours, found = {os.getpid()}, 0.0
    while ours:
        ours = {process for process, parent in parents.items() if parent in ours and process != excluded}
        found += sum(seconds[process] for process in ours)
    return found


def timed(act: Callable[[], None], times: int) -> Cost:
    """The cost of calling `act` a number of times in this process."""
    cpu, wall = own_cpu_seconds(), time.perf_counter()
    for _ in range(times):
        act()
    cpu, wall = own_cpu_seconds() - cpu, time.perf_counter() - wall
    return Cost(cpu_ms=cpu / times * 1000, per_second=times / wall)


def fsync_ms(folder: Path) -> float:
    """The median time to make 500 more bytes of a file durable."""
    times = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(30):
            started = time.perf_counter()
            file.write(b"x" * 500)
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(times), 2)


def median_cost(costs: list[Cost]) -> dict[str, float]:
    """The medians as they are printed."""
    return {
        "cpu_ms": round(statistics.median(cost.cpu_ms for cost in costs), 3),
        "per_second": round(statistics.median(cost.per_second for cost in costs), 1),
    }


# Fetches and checks


def measure_parts(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Fetches beside plain httpx, then full checks, of the three workloads."""
    ends_at = time.monotonic() + LAST_BLOCK_SECONDS
    result: dict[str, object] = {"benchmark": "fetch", "page_bytes": len(Site.still), "fsync_ms": fsync_ms(folder)}
    with running_site() as site:
        result["fetch"] = {
            workload: _beside_httpx(site, workload, options, ends_at=ends_at - LAST_BLOCK_SECONDS / 2)
            for workload in WORKLOADS
        }
        if options.checks:
            with open_instance(CONFIG, settings=settings_in(folder, options), create=True) as instance:
                result["check"] = _checks(instance, site, options, ends_at)
    return result


def _beside_httpx(
    site: RunningSite, workload: str, options: argparse.Namespace, *, ends_at: float
) -> dict[str, object]:
    """Blocks of this project's fetches and of httpx's in turn, whoever begins."""
    url = site.url(workload, 0)
    etag = ETAG if workload == "not_modified" else None
    expected = Outcome.NOT_MODIFIED if etag else Outcome.NEW
    fetcher = Fetcher(
        user_agent="watcher/benchmark",
        limits=FetchLimits(),
        clock=utc_now,
        egress=Egress(intranet=networks([LOOPBACK])),
    )
    client = httpx.Client(trust_env=False)
    headers = {"If-None-Match": etag} if etag else {}

    def ours() -> None:
        result = fetcher.fetch(FetchRequest(url=url, etag=etag))
        assert result.outcome is expected, result.error

    def plain() -> None:
        response = client.get(url, headers=headers)
        assert response.status_code == (304 if etag else 200)
        assert len(response.content) == 0 if etag else len(response.content) > PAGE_BYTES * 0.9

    with client:
        timed(ours, WARM_UP_FETCHES)
        timed(plain, WARM_UP_FETCHES)
        own_costs: list[Cost] = []
        plain_costs: list[Cost] = []
        for number in range(options.rounds):
            for act, costs in ((ours, own_costs), (plain, plain_costs))[:: 1 if number % 2 else -1]:
                costs.append(timed(act, options.fetches))
            if time.monotonic() > ends_at:
                break
    fetcher.close()
    ratios = [own.cpu_ms / other.cpu_ms for own, other in zip(own_costs, plain_costs, strict=True)]
    return {
        "watcher": median_cost(own_costs),
        "httpx": median_cost(plain_costs),
        "ratio": round(statistics.median(ratios), 2),
        "rounds": len(ratios),
    }


def _checks(
    instance: Instance, site: RunningSite, options: argparse.Namespace, ends_at: float
) -> dict[str, dict[str, object]]:
    """Claims and checks by one worker, block after block, after every Source has been read once."""
    rooms, fetcher = instance.rooms, instance.fetcher()
    names = {
        workload: [f"{workload.replace('_', '-')}-{number}" for number in range(SOURCES_A_WORKLOAD)]
        for workload in WORKLOADS
    }
    wanted = [(name, site.url(workload, 0)) for workload, all_names in names.items() for name in all_names]
    add_sources(instance, wanted)
    for name, _ in wanted:
        check(rooms, fetcher, claim_now(rooms, name), trigger=Trigger.MANUAL)
    costs: dict[str, list[Cost]] = {workload: [] for workload in WORKLOADS}
    claim_ms: dict[str, list[float]] = {workload: [] for workload in WORKLOADS}
    outcomes: dict[str, dict[str, int]] = {workload: {} for workload in WORKLOADS}
    for _ in range(3):
        for workload in WORKLOADS:
            claiming = 0.0
            cpu, wall = own_cpu_seconds() + others_cpu_seconds(site.process_id), time.perf_counter()
            for number in range(options.checks):
                before = own_cpu_seconds()
                claim = claim_now(rooms, names[workload][number % SOURCES_A_WORKLOAD])
                claiming += own_cpu_seconds() - before
                recorded = check(rooms, fetcher, claim, trigger=Trigger.MANUAL).recorded
                kind = f" ({recorded.change.kind.value})" if recorded.change else ""
                outcome = recorded.capture.outcome.value + kind
                outcomes[workload][outcome] = outcomes[workload].get(outcome, 0) + 1
            wall = time.perf_counter() - wall
            cpu = own_cpu_seconds() + others_cpu_seconds(site.process_id) - cpu - claiming
            costs[workload].append(Cost(cpu_ms=cpu / options.checks * 1000, per_second=options.checks / wall))
            claim_ms[workload].append(claiming / options.checks * 1000)
        if time.monotonic() > ends_at:
            break
    fetcher.close()
    return {
        workload: {
            **median_cost(costs[workload]),
            "claim_cpu_ms": round(statistics.median(claim_ms[workload]), 3),
            "outcomes": outcomes[workload],
        }
        for workload in WORKLOADS
    }


# Passes through the scheduler


def measure_passes(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    """A first and an unchanged pass over all Sources by the service."""
    settings = settings_in(folder, options)
    result: dict[str, object] = {
        "benchmark": "fetch",
        "hosts": options.hosts,
        "sources": options.sources,
        "latency_ms": options.latency_ms,
        "scheduler": asdict(settings.scheduler),
        "gap_seconds": settings.fetch.gap_seconds,
        "fsync_ms": fsync_ms(folder),
    }
    with (
        running_site(hosts=options.hosts, latency_ms=options.latency_ms) as site,
        open_instance(CONFIG, settings=settings, create=True) as instance,
    ):
        hosts = addresses(options.hosts)
        wanted = [
            (f"source-{number}", site.url("not_modified", number, host=hosts[number % len(hosts)]))
            for number in range(options.sources)
        ]
        add_sources(instance, wanted)
        result["first"] = _one_pass(instance, site, options)
        with instance.rooms.database.writing() as connection:
            claims.move_slots(connection, [(name, utc_now()) for name, _ in wanted])
        result["unchanged"] = _one_pass(instance, site, options)
    return result


def _one_pass(instance: Instance, site: RunningSite, options: argparse.Namespace) -> dict[str, object]:
    """Run the service until every Source was checked once more, or the time is up."""
    recorded_before = recorded_captures(instance)
    cpu, started = own_cpu_seconds() + others_cpu_seconds(site.process_id), time.monotonic()
    service = Service(instance)
    service.start()
    recorded, wall = 0, 0.0
    while recorded < options.sources and wall < options.seconds:
        time.sleep(0.1)
        recorded = recorded_captures(instance) - recorded_before
        wall = time.monotonic() - started
    cpu = own_cpu_seconds() + others_cpu_seconds(site.process_id) - cpu
    service.stop()
    return {
        "checks": recorded,
        "complete": recorded >= options.sources,
        "seconds": round(wall, 2),
        "per_second": round(recorded / wall, 1),
        "cpu_ms": round(cpu / max(1, recorded) * 1000, 2),
        "cores_used": round(cpu / wall, 2),
    }


def recorded_captures(instance: Instance) -> int:
    """How many Captures have their row."""
    with instance.rooms.database.reading() as connection:
        return sum(captures.count_captures(connection).values())


# The instance


def settings_in(folder: Path, options: argparse.Namespace) -> Settings:
    """The project's settings, with an archive and a database in `folder`, and what the options change."""
    settings = load_settings(CONFIG / "watcher.yaml", {})
    scheduler = {"workers": options.workers, "tick_seconds": options.tick_seconds}
    fetch = {"intranet": (LOOPBACK,), "gap_seconds": options.gap_seconds}
    return replace(
        settings,
        archive=replace(settings.archive, path=folder / "snapshots"),
        store=replace(settings.store, url=f"sqlite:///{folder / 'data' / 'watcher.db'}"),
        scheduler=replace(settings.scheduler, **{key: value for key, value in scheduler.items() if value is not None}),
        fetch=replace(settings.fetch, **{key: value for key, value in fetch.items() if value is not None}),
    )


def add_sources(instance: Instance, wanted: list[tuple[str, str]]) -> None:
    """Sources that are due at once, from (source_id, URL), in one transaction."""
    now = datetime.now(UTC)
    with instance.rooms.database.writing() as connection:
        for source_id, url in wanted:
            definition = Definition(url=url, title=source_id, subjects=("KAZ",), every_seconds=EVERY_SECONDS)
            source = Source(
                source_id=source_id,
                state=SourceState.ACTIVE,
                definition=definition,
                registered_at=now,
                next_check_at=now,
            )
            sources.add_source(connection, source)


if __name__ == "__main__":
    main()
