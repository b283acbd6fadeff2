"""Pages read with a real Chromium: what it brings, what it may reach, and how it ends."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watcher.fetch import BrowserFetcher, BrowserOptions, Door, Egress, Fetcher, FetchLimits, FetchRequest, networks
from watcher.fetch import browser_process as process
from watcher.fetch.browser_process import EXECUTABLES
from watcher.model.capture import FetchResult, Outcome

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, EXECUTABLES)), reason="no Chromium here: install it to test reading with a browser"
)
HOUSE = Egress(intranet=networks(["127.0.0.1"]))
PAGE = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1><p id=text></p>{1}</body></html>"
Make = Callable[..., BrowserFetcher]


@pytest.fixture(scope="module")
def shared_browser() -> Iterator[BrowserFetcher]:
    """One browser for the tests that leave it whole."""
    limits = FetchLimits(deadline_seconds=25.0, maximum_bytes=2_000_000)
    options = BrowserOptions(settle_seconds=3.0)
    browser = BrowserFetcher(user_agent="watcher/test", limits=limits, clock=_now, egress=HOUSE, options=options)
    yield browser
    browser.close()


@pytest.fixture
def read(shared_browser: BrowserFetcher) -> Callable[..., FetchResult]:
    """Read an address with the shared browser."""
    return lambda url, **more: shared_browser.fetch(FetchRequest(url=url, browser=True, **more))


@pytest.fixture
def browser() -> Iterator[Make]:
    """Browsers of a test's own, closed at its end."""
    made: list[BrowserFetcher] = []

    def make(*, egress: Egress = HOUSE, options: BrowserOptions | None = None, **limits: Any) -> BrowserFetcher:
        chosen = FetchLimits(**{"deadline_seconds": 20.0, "maximum_bytes": 2_000_000, **limits})
        made.append(
            BrowserFetcher(user_agent="watcher/test", limits=chosen, clock=_now, egress=egress, options=options)
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


@dataclass(kw_only=True)
class Probe:
    """Listens where nothing may arrive: TCP and UDP on 127.0.0.2. `hits` are paths that were asked for, TLS, UDP."""

    port: int
    hits: list[str] = field(default_factory=list)

    def url(self, path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.2:{self.port}{path}"


@pytest.fixture
def probe() -> Iterator[Probe]:
    """A probe that listens."""
    tcp = socket.create_server(("127.0.0.2", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.2", tcp.getsockname()[1]))
    listening = Probe(port=tcp.getsockname()[1])

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(2)
            first = connection.recv(2048)
            path = first.partition(b" ")[2].partition(b" ")[0].decode("latin-1")
            listening.hits.append("TLS" if first[:1] == b"\x16" else path)

    def take_tcp() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(tcp.accept()[0],), daemon=True).start()

    def take_udp() -> None:
        with contextlib.suppress(OSError):
            while udp.recvfrom(2048):
                listening.hits.append("UDP")

    for take in (take_tcp, take_udp):
        threading.Thread(target=take, daemon=True).start()
    yield listening
    for one in (tcp, udp):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _names(monkeypatch: pytest.MonkeyPatch, **addresses: str) -> None:
    """Give hosts under .example their addresses; they are asked for in this process, by the proxy."""
    known = {f"{name}.example": address for name, address in addresses.items()}
    ask = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: ask(known.get(host, host), *rest))


def _browsers() -> set[int]:
    """The Chromium processes that drivers of this process started, without their children."""
    commands = {pid: _command(pid) for pid in _descendants()}
    return {pid for pid, one in commands.items() if b"--remote-debugging-pipe" in one and b"--type=" not in one}


@pytest.fixture
def own_browser(shared_browser: BrowserFetcher) -> Callable[[], int]:
    """The number of the one Chromium that a test has besides the shared one."""
    before = _browsers()

    def find() -> int:
        [found] = _browsers() - before
        return found

    return find


def _descendants() -> list[int]:
    """Processes below this one that are no zombies."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {os.getpid()})


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_text_that_a_script_writes_later_is_in_the_payload(site: Any, read: Any) -> None:
    site.put("/data", "The Minister acceded to the Convention. Қазақстан")
    script = (
        "<script>fetch('/data').then(r => r.text()).then(t => setTimeout(() => text.textContent = t, 300))</script>"
    )
    result = read(site.put("/page", PAGE.format("Statements", script)))
    assert result.outcome is Outcome.NEW, result.error
    assert '<p id="text">The Minister acceded to the Convention. Қазақстан</p>' in result.payload.decode()
    assert result.payload.startswith(b"<!DOCTYPE html>\n<html>")
    assert (result.media_type, result.charset, result.status) == ("text/html", "utf-8", 200)
    assert ("Content-Type", "text/html; charset=utf-8") in result.headers
    assert [(hop.url, hop.status, hop.address) for hop in result.hops] == [
        (site.url("/page"), 200, f"127.0.0.1:{site.port}")
    ]
    assert result.notes[0].startswith("Read with a browser (Chromium ")
    assert "watcher/test" in dict(result.request_headers)["User-Agent"]
    assert "Proxy-Authorization" not in dict(result.request_headers)


def test_text_in_open_shadow_roots_is_in_the_payload_even_under_trusted_types(site: Any, read: Any) -> None:
    script = (
        "<x-a title='a &quot;b&quot;'>light &lt;text&gt;<i slot=named>named</i></x-a><script>"
        "const root = document.querySelector('x-a').attachShadow({mode: 'open'});"
        "const add = (to, name, text) => { const made = document.createElement(name); made.textContent = text;"
        " to.append(made); return made; };"
        "add(root, 'slot', '').name = 'named'; const outer = add(root, 'div', 'hidden by its own root');"
        "add(outer.attachShadow({mode: 'open'}), 'b', 'inner text'); add(root, 'slot', 'unused');</script>"
    )
    policy = {"Content-Type": "text/html", "Content-Security-Policy": "require-trusted-types-for 'script'"}
    result = read(site.put("/page", PAGE.format("Shadows", script), headers=policy))
    slot = '<slot name="named"><i slot="named">named</i></slot>'
    shown = f'<x-a title="a &quot;b&quot;">{slot}<div><b>inner text</b></div><slot>light &lt;text&gt;</slot></x-a>'
    assert f"{shown}<script>" in result.payload.decode()
    assert "The text of 2 shadow roots was written into the page." in result.notes


def test_a_page_cannot_forge_its_own_reading(site: Any, read: Any) -> None:
    script = (
        "<script>text.textContent = 'true text';"
        "Object.defineProperty(Element.prototype, 'outerHTML', {get: () => 'forged'});"
        "XMLSerializer.prototype.serializeToString = () => 'forged';</script>"
    )
    payload = read(site.put("/page", PAGE.format("Forger", script))).payload
    assert b"true text</p>" in payload
    assert payload.count(b"forged") == 2  # in the script's own source


def test_the_screenshot_is_a_png_of_the_whole_page_and_is_bounded(site: Any, read: Any, browser: Make) -> None:
    page = site.put(
        "/page", PAGE.format("Tall", "<div style='height:3000px;background:linear-gradient(red,blue)'></div>")
    )
    picture = read(page).screenshot
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert width == 1280
    assert 3000 < height < 3300
    low = browser(options=BrowserOptions(screenshot_maximum_height=500)).fetch(FetchRequest(url=page, browser=True))
    assert struct.unpack(">II", low.screenshot[16:24]) == (1280, 500)
    assert any(note.startswith("The screenshot shows the first 500 of 3") for note in low.notes)
    none = browser(options=BrowserOptions(screenshot_maximum_bytes=100)).fetch(FetchRequest(url=page, browser=True))
    assert (none.outcome, none.screenshot) == (Outcome.NEW, None)
    assert any(note.startswith("No screenshot: it has ") for note in none.notes)


REACHES = (
    "fetch('{http}/fetch', {{mode: 'no-cors'}})",
    "fetch('{http}/post', {{mode: 'no-cors', method: 'POST', body: 'x'}})",
    "navigator.sendBeacon('{http}/beacon', 'x')",
    "new WebSocket('{ws}/socket')",
    "new WebSocket('{wss}/socket')",
    "new EventSource('{http}/events')",
    "new Image().src = '{http}/image'",
    "new Image().src = '{https}/image'",
    "document.body.append(Object.assign(document.createElement('iframe'), {{src: '{http}/frame'}}))",
    "window.open('{http}/popup')",
    "new Worker(URL.createObjectURL(new Blob([`fetch('{http}/worker', {{mode: 'no-cors'}})`])))",
    "new SharedWorker(URL.createObjectURL(new Blob([`fetch('{http}/shared', {{mode: 'no-cors'}})`])))",
    "fetch('/away', {{mode: 'no-cors'}})",
    "document.head.append(Object.assign(document.createElement('link'), {{rel: 'preconnect', href: '{http}'}}))",
    "document.head.append(Object.assign(document.createElement('link'), {{rel: 'prefetch', href: '{http}/prefetch'}}))",
    (
        "document.head.append(Object.assign(document.createElement('script'), {{type: 'speculationrules',"
        ' textContent: `{{"prefetch": [{{"urls": ["{http}/s"], "eagerness": "immediate",'
        ' "requires": ["anonymous-client-ip-when-cross-origin"]}}],'
        ' "prerender": [{{"urls": ["{http}/p"], "eagerness": "immediate"}}]}}`}}))'
    ),
    (
        "(async () => {{const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:{host}'}},"
        " {{urls: 'turn:{host}?transport=tcp', username: 'u', credential: 'p'}}]}}); peer.createDataChannel('x');"
        " await peer.setLocalDescription(await peer.createOffer())}})()"
    ),
    "new WebTransport('{https}/t')",
)
ARRIVE = {"/fetch", "/post", "/socket", "/events", "/image", "/frame", "/worker", "/shared", "/redirected", "TLS"}


def _reaching(site: Any, probe: Probe) -> str:
    site.put("/away", "", status=302, headers={"Location": probe.url("/redirected")})
    addresses = {scheme: probe.url("", scheme) for scheme in ("http", "https", "ws", "wss")}
    ways = [way.format(host=f"127.0.0.2:{probe.port}", **addresses) for way in REACHES]
    tries = "\n".join(f"try {{ {way} }} catch (error) {{ console.log(error) }}" for way in ways)
    page = PAGE.format("Reaching", f"<script>{tries}\ntext.textContent = 'ran'</script>")
    return str(site.put("/page", page))


def test_a_page_reaches_no_address_that_is_refused_by_any_way(site: Any, read: Any, probe: Probe) -> None:
    result = read(_reaching(site, probe))
    assert b'<p id="text">ran</p>' in result.payload, result.error
    assert probe.hits == []
    assert "127.0.0.2 is refused" in " ".join(result.notes)


def test_the_same_ways_arrive_where_the_policy_allows_it_but_never_around_the_proxy(
    site: Any, browser: Make, probe: Probe
) -> None:
    open_house = browser(egress=Egress(intranet=networks(["127.0.0.0/8"])), options=BrowserOptions(settle_seconds=5.0))
    result = open_house.fetch(FetchRequest(url=_reaching(site, probe), browser=True))
    assert b'<p id="text">ran</p>' in result.payload, result.error
    assert set(probe.hits) >= ARRIVE
    assert "UDP" not in probe.hits
    assert not {"/popup", "/beacon"} & set(probe.hits)


def test_special_addresses_in_every_part_of_a_page_are_refused_and_told(site: Any, read: Any) -> None:
    parts = "".join(
        f"<img src='{address}'>" for address in ("http://169.254.169.254/latest", "http://[::1]/", "http://10.0.0.1/")
    )
    result = read(site.put("/page", PAGE.format("Parts", parts + "<img src='file:///etc/passwd'>")))
    told = " ".join(result.notes)
    assert "3 requests of the page were refused: " in told
    for address in ("169.254.169.254", "::1", "10.0.0.1"):
        assert f"{address} is refused" in told


def test_a_redirect_of_the_page_to_a_refused_address_is_denied_at_that_hop(site: Any, read: Any, probe: Probe) -> None:
    page = site.put("/page", "", status=302, headers={"Location": probe.url("/inside")})
    result = read(page)
    assert (result.outcome, result.payload, result.transient) == (Outcome.DENIED, None, False)
    assert result.error.startswith(f"{probe.url('/inside')}: 127.0.0.2 is refused: port")
    assert [(hop.url, hop.status, hop.location) for hop in result.hops] == [(page, 302, probe.url("/inside"))]
    assert probe.hits == []


def test_a_page_that_sends_itself_to_a_refused_address_is_denied(site: Any, read: Any, probe: Probe) -> None:
    page = site.put("/page", PAGE.format("Leaving", f"<script>location = '{probe.url('/inside')}'</script>"))
    result = read(page)
    assert (result.outcome, probe.hits) == (Outcome.DENIED, [])


def test_a_name_is_judged_by_its_addresses_and_pinned(
    site: Any, read: Any, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, house="127.0.0.1", outside="127.0.0.2")
    site.put("/page", PAGE.format("Named", ""))
    good = read(f"http://house.example:{site.port}/page")
    assert (good.outcome, good.hops[0].address) == (Outcome.NEW, f"127.0.0.1:{site.port}")
    bad = read(f"http://outside.example:{probe.port}/")
    assert (bad.outcome, probe.hits) == (Outcome.DENIED, [])
    assert "outside.example is refused" in bad.error


def test_an_unknown_host_and_a_closed_port_are_told_apart(site: Any, read: Any) -> None:
    unknown = read("http://no-such-host.invalid/")
    assert unknown.outcome is Outcome.DNS_ERROR
    assert "no-such-host.invalid is not known" in unknown.error
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    refused = read(f"http://127.0.0.1:{port}/")
    assert (refused.outcome, refused.transient) == (Outcome.NETWORK_ERROR, True)
    assert f"http://127.0.0.1:{port}/" in refused.error


def test_other_programs_of_this_machine_cannot_use_the_proxy(site: Any, browser: Make) -> None:
    seen: list[bytes] = []

    def intrude() -> None:
        for _ in range(100):
            for port in _listening_ports() - {site.port}:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
                    connection.sendall(f"GET {site.url('/stolen')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    seen.append(connection.recv(100))
            if seen:
                return
            time.sleep(0.05)

    site.put("/slow", "", wait_seconds=2.0)
    page = site.put("/page", PAGE.format("Slow", "<img src=/slow>"))
    intruder = threading.Thread(target=intrude)
    intruder.start()
    result = browser().fetch(FetchRequest(url=page, browser=True))
    intruder.join()
    assert result.outcome is Outcome.NEW
    assert any(answer.startswith(b"HTTP/1.1 407") for answer in seen)
    assert "/stolen" not in [path for path, _ in site.requests]


def _listening_ports() -> set[int]:
    """Ports of 127.0.0.1 on which this process listens."""
    mine = {str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()}
    ports = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[1].startswith("0100007F") and f"socket:[{fields[9]}]" in mine:
            ports.add(int(fields[1].split(":")[1], 16))
    return ports


def test_a_script_without_end_ends_at_the_deadline_and_the_next_page_is_read(site: Any, browser: Make) -> None:
    endless = site.put("/endless", PAGE.format("Endless", "<script>setTimeout(() => {while (true);}, 50)</script>"))
    fine = site.put("/fine", PAGE.format("Fine", ""))
    one = browser(deadline_seconds=5.0)
    begun = time.monotonic()
    result = one.fetch(FetchRequest(url=endless, browser=True))
    assert time.monotonic() - begun < 14.0
    assert (result.outcome, result.transient, result.payload) == (Outcome.TIMED_OUT, True, None)
    assert result.error == f"{endless}: deadline of 5 s exceeded (reading the page)"
    assert one.fetch(FetchRequest(url=fine, browser=True)).outcome is Outcome.NEW


def test_a_server_that_never_answers_ends_at_the_deadline(browser: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        result = browser(deadline_seconds=4.0).fetch(FetchRequest(url=url, browser=True))
    assert (result.outcome, result.error) == (
        Outcome.TIMED_OUT,
        f"{url}: deadline of 4 s exceeded (reading the page)",
    )


def test_a_page_that_never_comes_to_rest_is_taken_as_it_is_with_a_note(site: Any, read: Any) -> None:
    ticking = "<script>setInterval(() => text.textContent = 'tick ' + Date.now(), 100)</script>"
    result = read(site.put("/page", PAGE.format("Ticking", ticking)))
    assert b'<p id="text">tick ' in result.payload
    assert any(note.startswith("The page had not come to rest after ") for note in result.notes)


def test_a_page_whose_image_never_comes_is_taken_as_it_is_with_a_note(site: Any, read: Any) -> None:
    site.put("/image", "", wait_seconds=12.0)
    result = read(site.put("/page", PAGE.format("Hanging", "<img src=/image>")))
    assert b"<h1>Hanging</h1>" in result.payload
    assert any(note.startswith("The page had not finished loading after ") for note in result.notes)


def test_a_browser_that_is_killed_is_a_value_and_the_next_page_is_read(
    site: Any, browser: Make, own_browser: Any
) -> None:
    site.put("/image", "", wait_seconds=4.0)
    slow = site.put("/slow", PAGE.format("Slow", "<img src=/image>"))
    fine = site.put("/fine", PAGE.format("Fine", ""))
    one = browser()
    assert one.fetch(FetchRequest(url=fine, browser=True)).outcome is Outcome.NEW
    threading.Timer(1.0, lambda: os.kill(own_browser(), signal.SIGKILL)).start()
    result = one.fetch(FetchRequest(url=slow, browser=True))
    assert (result.outcome, result.transient) == (Outcome.BROKEN_RESPONSE, True)
    assert slow in result.error
    assert "browser" in result.error
    assert one.fetch(FetchRequest(url=fine, browser=True)).outcome is Outcome.NEW


def test_a_browser_that_stands_still_is_killed_after_the_deadline(site: Any, browser: Make, own_browser: Any) -> None:
    site.put("/image", "", wait_seconds=3.0)
    slow = site.put("/slow", PAGE.format("Slow", "<img src=/image>"))
    fine = site.put("/fine", PAGE.format("Fine", ""))
    one = browser(deadline_seconds=4.0)
    one.fetch(FetchRequest(url=fine, browser=True))
    stopped = own_browser()
    threading.Timer(0.5, lambda: os.kill(stopped, signal.SIGSTOP)).start()
    assert one.fetch(FetchRequest(url=slow, browser=True)).outcome is Outcome.TIMED_OUT
    assert stopped not in _descendants()
    assert one.fetch(FetchRequest(url=fine, browser=True)).outcome is Outcome.NEW


def test_a_page_that_takes_all_memory_ends_the_browser_and_says_so(site: Any, browser: Make, temporary: Path) -> None:
    take = "const kept = [], take = () => kept.push(new Uint8Array(5e7).fill(1))"
    greedy = f"<script>{take}; for (let n = 0; n < 30; n++) take(); setInterval(take, 30)</script>"
    page = site.put("/page", PAGE.format("Greedy", greedy))
    one = browser(options=BrowserOptions(maximum_memory_bytes=700_000_000))
    result = one.fetch(FetchRequest(url=page, browser=True))
    assert result.outcome is Outcome.TOO_LARGE, result.error
    assert result.error == f"{page}: the page needs more than 700 MB of memory in the browser"
    assert _left_in(temporary) == []


def _left_in(folder: Path) -> list[str]:
    """What a folder holds once the processes that wrote in it had time to end."""
    ends = time.monotonic() + 40
    while list(folder.iterdir()) and time.monotonic() < ends:
        time.sleep(0.05)
    return [str(path.relative_to(folder)) for path in folder.rglob("*")]


def test_more_bytes_than_the_limit_are_too_large(site: Any, browser: Make) -> None:
    site.put("/part", b"x" * 600_000)
    parts = "<script>for (let n = 0; n < 9; n++) fetch('/part?' + n)</script>"
    for n in range(9):
        site.answers[f"/part?{n}"] = site.answers["/part"]
    result = browser().fetch(FetchRequest(url=site.put("/page", PAGE.format("Much", parts)), browser=True))
    assert result.outcome is Outcome.TOO_LARGE
    assert result.error == f"{site.url('/page')}: more than 2000000 bytes on the wire"
    grown = PAGE.format("Grown", "<script>text.textContent = 'ж'.repeat(1500000)</script>")
    result = browser().fetch(FetchRequest(url=site.put("/grown", grown), browser=True))
    assert result.outcome is Outcome.TOO_LARGE
    assert "over the limit of 2000000 bytes" in result.error


def test_secrets_go_to_their_origin_and_nowhere_else(site: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _names(monkeypatch, house="127.0.0.1", other="127.0.0.1")
    house, other = f"http://house.example:{site.port}", f"http://other.example:{site.port}"
    open_to_all = {"Content-Type": "text/html", "Access-Control-Allow-Origin": "*"}
    site.put("/elsewhere", "", status=302, headers={"Location": f"{other}/end", **open_to_all})
    site.put("/own", "own", headers=open_to_all)
    site.put("/end", "end", headers=open_to_all)
    site.put("/foreign", "foreign", headers=open_to_all)
    parts = (
        f"<script>fetch('/own'); fetch('/elsewhere'); fetch('{other}/foreign')</script>"
        f"<iframe src='{other}/frame'></iframe>"
    )
    site.put("/page", PAGE.format("Login", parts))
    site.put("/frame", f"<script>fetch('{house}/asked-by-frame', {{mode: 'no-cors'}})</script>")
    site.put("/leaves", "", status=302, headers={"Location": f"{other}/landing"})
    site.put("/landing", PAGE.format("Elsewhere", f"<img src='{house}/asked-by-other'>"))
    secret = {"secret_origin": house, "secret_headers": (("Authorization", "Basic c2VjcmV0"),)}
    result = read(f"{house}/page", **secret)
    left = read(f"{house}/leaves", **secret)
    assert (result.outcome, left.outcome) == (Outcome.NEW, Outcome.NEW)
    got = {path: headers.get("Authorization") for path, headers in site.requests}
    assert {path for path, value in got.items() if value} - {"/favicon.ico"} == {
        "/page",
        "/own",
        "/elsewhere",
        "/leaves",
    }
    assert {path for path, value in got.items() if not value} >= {"/end", "/foreign", "/frame", "/landing"}
    assert dict(result.request_headers)["Authorization"] == "***"
    assert "c2VjcmV0" not in repr(result)


def test_nothing_is_kept_from_one_page_to_the_next(site: Any, read: Any) -> None:
    script = "<script>text.textContent = localStorage.seen || 'first'; localStorage.seen = 'again'</script>"
    kept = {"Content-Type": "text/html", "Set-Cookie": "who=me; Max-Age=9999", "Cache-Control": "max-age=9999"}
    page = site.put("/page", PAGE.format("Keeping", script), headers=kept)
    assert b'<p id="text">first</p>' in read(page).payload
    assert b'<p id="text">first</p>' in read(page).payload
    asked = [headers for path, headers in site.requests if path == "/page"]
    assert len(asked) == 2
    assert [headers.get("Cookie") for headers in asked] == [None, None]


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own for what a test's browser stores; its path is short, as sockets in it ask for."""
    with tempfile.TemporaryDirectory(prefix="w") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(folder)


def test_a_download_is_refused_and_stored_nowhere(site: Any, browser: Make, temporary: Path) -> None:
    mark = b"%PDF-1.4 a download that must not be stored"
    as_file = {"Content-Type": "application/pdf", "Content-Disposition": "attachment; filename=download.pdf"}
    one = browser()
    direct = one.fetch(FetchRequest(url=site.put("/file", mark, headers=as_file), browser=True))
    assert (direct.outcome, direct.status) == (Outcome.BROKEN_RESPONSE, 200)
    assert "answered application/pdf, which is no page: set `browser: false`" in direct.error
    script = "<a id=link href=/file download>file</a><script>link.click()</script>"
    offering = site.put("/page", PAGE.format("Offering", script))
    assert one.fetch(FetchRequest(url=offering, browser=True)).outcome is Outcome.NEW
    files = [path for path in temporary.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    assert [path for path in files if mark in path.read_bytes()] == []


def test_an_error_status_is_a_failure_whose_page_is_kept_as_partial(site: Any, read: Any) -> None:
    gone = site.put("/gone", PAGE.format("Gone", "<script>text.textContent = 'written'</script>"), status=404)
    result = read(gone)
    assert (result.outcome, result.status, result.payload, result.transient) == (Outcome.HTTP_ERROR, 404, None, False)
    assert result.error == f"{gone} answered 404 Not Found"
    assert b"written</p>" in result.partial
    busy = site.put("/busy", "busy", status=503, headers={"Content-Type": "text/html", "Retry-After": "120"})
    assert (read(busy).transient, read(busy).retry_after_seconds) == (True, 120.0)
    closed = read(site.put("/closed", "closed", status=401, headers={"Content-Type": "text/html"}))
    assert closed.outcome is Outcome.ACCESS_DENIED


def test_a_challenge_that_a_script_passes_gives_the_page_behind_it(site: Any, read: Any) -> None:
    site.put("/behind", PAGE.format("Behind", ""))
    script = "<script>setTimeout(() => location.replace('/behind'), 200)</script>"
    result = read(site.put("/page", PAGE.format("Wait", script), status=503))
    assert (result.outcome, result.status) == (Outcome.NEW, 200)
    assert [hop.status for hop in result.hops] == [503, 200]


def test_a_page_that_redirects_without_end_is_a_broken_response(site: Any, read: Any) -> None:
    page = site.put("/page", PAGE.format("Again", "<script>location.reload()</script>"))
    result = read(page)
    assert result.outcome is Outcome.BROKEN_RESPONSE
    assert "more than 8 redirects" in result.error


def test_methods_that_change_things_and_pings_are_withheld_and_told(site: Any, read: Any) -> None:
    script = (
        "<script>fetch('/thing', {method: 'DELETE'}).then(() => text.textContent = 'done')"
        ".catch(() => text.textContent = 'withheld'); navigator.sendBeacon('/count', 'x')</script>"
    )
    result = read(site.put("/page", PAGE.format("Changing", script)))
    assert b'<p id="text">withheld</p>' in result.payload
    assert "2 requests of the page were withheld: the method DELETE; a ping." in result.notes
    assert {path for path, _ in site.requests} <= {"/page", "/favicon.ico"}


def test_dialogs_and_questions_for_permission_do_not_stop_the_reading(site: Any, read: Any) -> None:
    script = (
        "<script>alert('stop'); confirm('really?'); onbeforeunload = () => 'stay';"
        "navigator.geolocation.getCurrentPosition(() => {}, error => text.textContent = 'code ' + error.code)</script>"
    )
    assert b'<p id="text">code 1</p>' in read(site.put("/page", PAGE.format("Asking", script))).payload


def test_a_missing_browser_is_a_value_that_says_what_to_install(site: Any, browser: Make) -> None:
    one = browser(options=BrowserOptions(executable="/nowhere/chromium"))
    result = one.fetch(FetchRequest(url=site.url("/"), browser=True))
    assert (result.outcome, result.transient, result.hops) == (Outcome.NETWORK_ERROR, False, ())
    assert "/nowhere/chromium (browser.executable) was not found" in result.error
    assert "apt install chromium" in result.error


def test_a_browser_that_does_not_start_is_a_value(site: Any, browser: Make) -> None:
    one = browser(options=BrowserOptions(executable="/bin/false"))
    result = one.fetch(FetchRequest(url=site.url("/"), browser=True))
    assert (result.outcome, result.transient) == (Outcome.NETWORK_ERROR, False)
    assert "/bin/false did not start" in result.error


def test_addresses_that_are_no_pages_are_denied_without_a_browser(browser: Make) -> None:
    before = _descendants()
    for url in ("file:///etc/passwd", "chrome://crash", "javascript:alert(1)", "data:text/html,x"):
        assert browser().fetch(FetchRequest(url=url, browser=True)).outcome is Outcome.DENIED
    assert _descendants() == before


def test_close_leaves_no_process_and_no_folder(site: Any, browser: Make, own_browser: Any, temporary: Path) -> None:
    before = set(_descendants())
    page = site.put("/page", PAGE.format("Fine", ""))
    one = browser()
    one.fetch(FetchRequest(url=page, browser=True))
    assert len(set(_descendants()) - before) > 3
    group = own_browser()
    one.close()
    assert set(_descendants()) - before == set()
    assert list(process.group_members(group)) == []
    assert _left_in(temporary) == []


def test_a_browser_is_renewed_after_its_share_of_pages_and_closed_when_idle(site: Any, browser: Make) -> None:
    page = site.put("/page", PAGE.format("Fine", ""))
    before = set(_descendants())
    one = browser(options=BrowserOptions(maximum_fetches=2, idle_seconds=1.0))
    left = []
    for _ in range(3):
        assert one.fetch(FetchRequest(url=page, browser=True)).outcome is Outcome.NEW
        left.append(_browsers() & (set(_descendants()) - before))
    assert [len(running) for running in left] == [1, 0, 1]
    assert left[0] != left[2]
    ends = time.monotonic() + 10
    while set(_descendants()) - before and time.monotonic() < ends:
        time.sleep(0.1)
    assert set(_descendants()) - before == set()


def test_the_browser_may_be_used_from_any_thread(site: Any, browser: Make) -> None:
    page = site.put("/page", PAGE.format("Fine", ""))
    one = browser()
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(one.fetch(FetchRequest(url=page, browser=True)).outcome))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [Outcome.NEW] * 3


def test_the_browser_does_not_know_our_secrets(
    site: Any, browser: Make, own_browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHER_SMTP__PASSWORD", "hunter2-of-the-mail")
    page = site.put("/page", PAGE.format("Fine", ""))
    browser().fetch(FetchRequest(url=page, browser=True))
    assert b"hunter2" not in Path(f"/proc/{own_browser()}/environ").read_bytes()


def test_the_door_uses_the_browser_only_for_requests_that_ask_for_it(
    site: Any, browser: Make, fetcher: Fetcher
) -> None:
    page = site.put("/page", PAGE.format("Plain", "<script>text.textContent = 'written'</script>"))
    shared = browser()
    door = Door(fetcher, shared)
    before = set(_descendants())
    assert b"<p id=text></p>" in (door.fetch(FetchRequest(url=page)).payload or b"")
    assert set(_descendants()) == before
    assert b'<p id="text">written</p>' in (door.fetch(FetchRequest(url=page, browser=True)).payload or b"")
    door.close()
    assert set(_descendants()) > before  # other doors go on using it
    shared.close()
    assert set(_descendants()) == before


@pytest.fixture
def https(tmp_path: Path) -> Iterator[Any]:
    """An https site for house.example whose key only a test's browser trusts."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=house.example"]
    subprocess.run(
        [*command, "-addext", "subjectAltName=DNS:house.example", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    public = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = served.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in {"Content-Type": "text/html", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    @dataclass(kw_only=True)
    class Served:
        url: str
        trust: str
        der_sha256: str
        answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    served = Served(
        url=f"https://house.example:{server.server_address[1]}",
        trust=base64.b64encode(hashlib.sha256(public).digest()).decode(),
        der_sha256=hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest(),
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_https_is_verified_by_the_browser_and_recorded(
    https: Any, site: Any, browser: Make, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, house="127.0.0.1")
    https.answers["/page"] = (200, {}, PAGE.format("Safe", "<script>text.textContent = 'kept'</script>").encode())
    https.answers["/down"] = (302, {"Location": site.put("/plain", PAGE.format("Plain", ""))}, b"")
    https.answers["/script"] = (200, {}, f"<script>location = '{site.url('/plain')}'</script>".encode())
    distrusted = read(f"{https.url}/page")
    assert distrusted.outcome is Outcome.TLS_ERROR
    assert "ERR_CERT_AUTHORITY_INVALID" in distrusted.error
    options = BrowserOptions(arguments=(f"--ignore-certificate-errors-spki-list={https.trust}",))
    trusting = browser(options=options)
    result = trusting.fetch(FetchRequest(url=f"{https.url}/page", browser=True))
    assert result.outcome is Outcome.NEW, result.error
    assert b"kept</p>" in result.payload
    [hop] = result.hops
    assert (hop.tls_version, hop.certificate_sha256, hop.issuer) == ("TLSv1.3", https.der_sha256, "CN=house.example")
    for path in ("/down", "/script"):
        denied = trusting.fetch(FetchRequest(url=f"{https.url}{path}", browser=True))
        assert denied.outcome is Outcome.DENIED
        assert "from a protected to an unprotected address is not followed" in denied.error
    assert "/plain" not in [path for path, _ in site.requests]


def test_catalogue_023_a_browser_is_led_to_http_where_the_source_allows_it_without_secrets_and_their_cookies(
    https: Any, site: Any, browser: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _names(monkeypatch, house="127.0.0.1")
    site.put("/plain", PAGE.format("Plain", ""))
    plain = f"http://house.example:{site.port}/plain"
    https.answers["/down"] = (302, {"Location": plain, "Set-Cookie": "session=abc; SameSite=Lax"}, b"")
    https.answers["/script"] = (200, {"Set-Cookie": "session=abc"}, f"<script>location = '{plain}'</script>".encode())
    trusting = browser(options=BrowserOptions(arguments=(f"--ignore-certificate-errors-spki-list={https.trust}",)))
    own = {"secret_origin": https.url, "secret_headers": (("X-Api-Key", "hunter2"),)}
    for path in ("/down", "/script"):
        request = FetchRequest(url=f"{https.url}{path}", browser=True, follow_to_http=True, **own)
        result = trusting.fetch(request)
        assert result.outcome is Outcome.NEW, result.error
        assert b"<h1>Plain</h1>" in result.payload
        note = f"Redirected from a protected to an unprotected address ({plain}), as this Source allows."
        assert note in result.notes
    sent = [headers for path, headers in site.requests if path == "/plain"]
    assert len(sent) == 2
    assert [headers.get("Cookie") or headers.get("X-Api-Key") for headers in sent] == [None, None]
