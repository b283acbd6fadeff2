"""Chromium as a process: where it lies, how it is started, what it uses, and how it is ended for certain."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from watcher.errors import FetchError
from watcher.model.capture import Outcome

EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
RENDERER_HEAP_MEGABYTES = 512
DEAD_END_PROXY = "http://127.0.0.1:9"
PROC = Path("/proc")

# Playwright's own switches already turn off background networking, component updates, sync, extensions, breakpad
# and default apps. These close what is left; each names a way out of, or a way around, the proxy.
ARGUMENTS = (
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--safebrowsing-disable-auto-update",
    "--block-new-web-contents",
    "--disable-notifications",
    "--disable-speech-api",
    "--disable-gpu",
    "--disable-3d-apis",
    "--mute-audio",
    "--renderer-process-limit=4",
    f"--js-flags=--max-old-space-size={RENDERER_HEAP_MEGABYTES}",
)
UNWANTED_DEFAULTS = ("--enable-unsafe-swiftshader", "--disable-popup-blocking")


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A process by its number and its start in ticks since boot: a number alone may have gone to another process."""

    pid: int
    started_ticks: int


def find_executable(setting: str) -> str:
    """The browser's path: the one that is set, else the first found on PATH. FetchError says what to install."""
    found = shutil.which(setting) if setting else next(filter(None, map(shutil.which, EXECUTABLES)), None)
    if found:
        return found
    looked = f"{setting} (browser.executable)" if setting else " or ".join(EXECUTABLES)
    raise FetchError(
        f"no browser: {looked} was not found or cannot be run. Install Chromium (Debian: apt install chromium) "
        "or name its path in browser.executable",
        outcome=Outcome.NETWORK_ERROR,
        transient=False,
    )


def is_root() -> bool:
    """Whether this process is root, for whom Chromium has no sandbox."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def environment(home: Path) -> dict[str, str | float | bool]:
    """What the browser may know of our environment: nothing but where programs lie. Secrets live there too."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


def parent_of(pid: int) -> int | None:
    """The process that started `pid`; None where the system does not tell."""
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def group_members(group: int) -> Iterator[int]:
    """The processes of a process group, where /proc tells."""
    for entry in PROC.glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields and int(fields[2]) == group and fields[0] != "Z":
            yield int(entry.name)


def group_memory_bytes(group: int) -> int:
    """Memory that the processes of a group hold for themselves (RssAnon of proc(5)), in bytes; 0 without /proc."""
    total = 0
    for pid in group_members(group):
        with suppress(OSError, ValueError):
            status = (PROC / str(pid) / "status").read_text()
            total += sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon:"))
    return total


def known(pid: int) -> Known:
    """A process that runs now, to be recognised later."""
    fields = _stat(pid)
    return Known(pid=pid, started_ticks=int(fields[19]) if fields else 0)


def profile_of(pid: int) -> Path | None:
    """The folder in which a browser keeps its profile, as its command line names it; None where it does not tell."""
    try:
        arguments = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    named = [one.partition("=")[2] for one in arguments if one.startswith("--user-data-dir=")]
    return Path(named[0]) if named else None


def end_group(leader: Known) -> None:
    """Kill the process group that `leader` began, whether or not it still lives itself."""
    fields = _stat(leader.pid)
    if fields is None or int(fields[19]) == leader.started_ticks:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader.pid, signal.SIGKILL)


def end_process(one: Known) -> None:
    """Kill one process, unless it is gone already."""
    fields = _stat(one.pid)
    if fields is not None and int(fields[19]) == one.started_ticks:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, signal.SIGKILL)


def _stat(pid: int) -> list[str] | None:
    """State, parent, process group and what follows in /proc/PID/stat: the fields of proc(5) from the third on."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
