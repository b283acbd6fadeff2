"""The service as it runs: processes, signals, the page, a second process beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WATCHER = Path(sys.executable).with_name("watcher")
PAGE = "<html><title>Page {0}</title><body><p>Kazakhstan has not joined the treaty, says page {0}.</p></body></html>"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
    ours = {
        "WATCHER_CONFIG": str(ROOT / "config"),
        "WATCHER_FETCH__INTRANET": "127.0.0.0/8",
        "WATCHER_SCHEDULER__TICK_SECONDS": "0.2",
    }
    return {**kept, **ours}


@pytest.fixture
def serve(tmp_path: Path, environment: dict[str, str]) -> Iterator[Any]:
    """Start `watcher serve` on a free port; gives process and address."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], str]:
        port = _free_port()
        process = subprocess.Popen(
            [WATCHER, "serve", "--port", str(port)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        address = f"http://127.0.0.1:{port}/"
        for _ in range(200):
            try:
                urllib.request.urlopen(address + "healthz", timeout=2).close()
            except OSError:
                time.sleep(0.1)
            else:
                return process, address
        raise AssertionError("the service did not come up")

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _watcher(tmp_path: Path, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [WATCHER, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_services_on_one_database_check_each_slot_once(
    tmp_path: Path, environment: dict[str, str], site: Any, serve: Any
) -> None:
    lines = ["sources:"]
    for number in range(12):
        site.put(f"/{number}", PAGE.format(number))
        address = f"http://127.0.0.{number + 1}:{site.port}/{number}" if number == 0 else site.url(f"/{number}")
        lines.append(f"  page-{number}:\n    url: {address}\n    subjects: [KAZ]\n    every: 1h")
    (tmp_path / "sources.yaml").write_text("\n".join(lines))
    _watcher(tmp_path, environment, "source", "apply", "sources.yaml", "--yes")
    (first, address), (second, _) = serve(), serve()
    deadline = time.monotonic() + 30

    def pages() -> list[str]:
        return sorted(path for path, _ in site.requests if path != "/robots.txt")

    while len(pages()) < 12 and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1.0)
    assert pages() == sorted(f"/{number}" for number in range(12))
    listed = json.loads(_watcher(tmp_path, environment, "source", "list", "--json"))
    assert [(one["captures"], one["last_outcome"]) for one in listed] == [(1, "new")] * 12
    page = urllib.request.urlopen(address + "sources/page-3", timeout=5).read().decode()
    assert "page-3" in page
    for process in (first, second):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)
        output = process.communicate()[0]
        assert "Traceback" not in output
        assert "scheduler stopped" in output


def test_the_demonstration_ends_by_itself_and_what_it_made_can_be_served(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    begun = time.monotonic()
    told = _watcher(tmp_path, environment, "demo", "--workspace", "made")
    assert time.monotonic() - begun < 60
    assert "Kazakhstan: vote abstain → yes" in told
    assert "Kazakhstan: ccw not party → party" in told
    assert "Kazakhstan: accession to CCW, 8 Jul 2009" in told
    assert "503" in told
    messages = sorted((tmp_path / "made" / "mail").glob("*.eml"))
    assert len(messages) >= 3
    command = re.search(r"--config (\S+) serve --no-checks", told)
    assert command is not None
    port = _free_port()
    server = subprocess.Popen(
        [WATCHER, "--config", command[1], "serve", "--no-checks", "--port", str(port)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        page = ""
        for _ in range(100):
            try:
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/changes", timeout=2).read().decode()
                break
            except OSError:
                time.sleep(0.1)
        assert "Kazakhstan" in page
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_a_service_that_is_killed_half_way_goes_on_where_it_was(
    tmp_path: Path, environment: dict[str, str], site: Any, serve: Any
) -> None:
    _watcher(tmp_path, environment, "source", "add", site.put("/kaz", PAGE.format(1)), "--id", "kaz", "--every", "1m")
    process, _ = serve()
    deadline = time.monotonic() + 20
    while not site.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait(timeout=10)
    listed = json.loads(_watcher(tmp_path, environment, "source", "list", "--json"))
    records = (tmp_path / "snapshots" / "ledger" / "0000000000.jsonl").read_text().count('"type":"capture"')
    assert listed[0]["captures"] == records
    serve()[0].send_signal(signal.SIGINT)
