"""Network faults and attacks of the catalogue, groups A and B: each ends in time, named, without a payload."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watcher.fetch import FetchLimits
from watcher.model.capture import Outcome

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def sends(*pieces: bytes, pause: float = 0.0, then_wait: float = 0.0) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        time.sleep(then_wait)

    return behave


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def forever(piece: bytes, *, pause: float = 0.0, first: bytes = b"") -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        ends = time.monotonic() + 8
        while time.monotonic() < ends:
            connection.sendall(piece)
            time.sleep(pause)

    return behave


FAULTS = {
    "009_reset_after_request": (resets, Outcome.NETWORK_ERROR, "could not be reached"),
    "009_closed_after_request": (sends(), Outcome.BROKEN_RESPONSE, "broken response"),
    "010_silent": (sends(then_wait=8), Outcome.TIMED_OUT, "deadline of 1 s exceeded (headers)"),
    "029_header_drip": (forever(b"X", pause=0.05, first=HEAD + b"X-A: "), Outcome.TIMED_OUT, "(headers"),
    "030_body_drip": (
        forever(b"x", pause=0.05, first=HEAD + b"Content-Length: 5000\r\n\r\n"),
        Outcome.TIMED_OUT,
        "(body",
    ),
    "031_endless_body": (forever(b"x" * 60000, first=HEAD + b"\r\n"), Outcome.TOO_LARGE, "200000 bytes"),
    "032_endless_103": (forever(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 99), Outcome.BROKEN_RESPONSE, "headers too long"),
    "033_long_header": (
        sends(HEAD + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\nbody"),
        Outcome.BROKEN_RESPONSE,
        "",
    ),
    "035_length_too_long": (sends(HEAD + b"Content-Length: 100\r\n\r\nshort"), Outcome.BROKEN_RESPONSE, "broken"),
    "037_two_lengths": (
        sends(HEAD + b"Content-Length: 4\r\nContent-Length: 9\r\n\r\nbody"),
        Outcome.BROKEN_RESPONSE,
        "conflicting Content-Lengths 4 and 9",
    ),
    "039_chunked_cut": (
        sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhe"),
        Outcome.BROKEN_RESPONSE,
        "incomplete chunked read",
    ),
    "042_gzip_cut": (
        sends(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"words " * 500)[:-9]),
        Outcome.BROKEN_RESPONSE,
        "ends in the middle",
    ),
    "043_gzip_of_plain_text": (
        sends(HEAD + b"Content-Encoding: gzip\r\n\r\nplain text"),
        Outcome.BROKEN_RESPONSE,
        "bad gzip",
    ),
    "044_brotli_that_was_not_offered": (
        sends(HEAD + b"Content-Encoding: br\r\n\r\nxyz"),
        Outcome.BROKEN_RESPONSE,
        "'br', which was not offered",
    ),
    "045_stacked_codings": (
        sends(HEAD + b"Content-Encoding: gzip, gzip\r\n\r\nxyz"),
        Outcome.BROKEN_RESPONSE,
        "'gzip, gzip', which was not offered",
    ),
    "048_old_banner": (
        sends(b"SSH-2.0-OpenSSH_9.2\r\n"),
        Outcome.BROKEN_RESPONSE,
        "no HTTP, it begins with 'SSH-2.0-OpenSSH_9.2'",
    ),
    "048_no_content": (sends(b"HTTP/1.1 204 No Content\r\n\r\n"), Outcome.HTTP_ERROR, "204"),
    "048_304_that_nobody_asked_for": (sends(b"HTTP/1.1 304 Not Modified\r\n\r\n"), Outcome.HTTP_ERROR, "304"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_catalogue_a_fault_ends_in_time_and_is_named(misbehave: Any, fetch: Any, fault: str) -> None:
    behaviour, outcome, told = FAULTS[fault]
    server = misbehave(behaviour)
    begun = time.monotonic()
    result = fetch(server.url("/page"))
    assert time.monotonic() - begun < 3.0
    assert (result.outcome, result.payload) == (outcome, None), result.error
    assert server.url("/page") in result.error
    assert told in result.error


def test_catalogue_009_a_connection_that_breaks_is_tried_once_more_in_the_same_slot(misbehave: Any, fetch: Any) -> None:
    def breaks_once(connection: socket.socket) -> None:
        if len(server.asked) > 1:
            connection.sendall(HEAD + b"Content-Length: 5\r\n\r\nwords")

    server = misbehave(breaks_once)
    assert fetch(server.url()).payload == b"words"
    assert len(server.asked) == 2


def test_catalogue_034_a_thousand_cookies_do_not_stall(misbehave: Any, fetch: Any) -> None:
    cookies = b"".join(b"Set-Cookie: a%d=b; expires=%s\r\n" % (n, b" " * 50) for n in range(1000))
    begun = time.monotonic()
    assert fetch(misbehave(sends(HEAD + cookies + b"Content-Length: 2\r\n\r\nok")).url()).payload == b"ok"
    assert time.monotonic() - begun < 1.0


def test_catalogue_041_a_gzip_bomb_costs_no_more_memory_than_the_limit(misbehave: Any, fetch: Any) -> None:
    import tracemalloc

    bomb = gzip.compress(b"\0" * 60_000_000)
    server = misbehave(sends(HEAD + b"Content-Encoding: gzip\r\n\r\n" + bomb))
    tracemalloc.start()
    result = fetch(server.url(), deadline_seconds=10.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.outcome is Outcome.TOO_LARGE
    assert peak < 200_000 + 2_500_000


def test_catalogue_047_the_body_of_a_redirect_is_never_read(misbehave: Any, fetch: Any) -> None:
    target = misbehave(sends(HEAD + b"Content-Length: 5\r\n\r\nwords"))
    bomb = gzip.compress(b"\0" * 60_000_000)
    location = f"HTTP/1.1 302 Found\r\nLocation: {target.url('/next')}\r\nContent-Encoding: gzip\r\n\r\n".encode()
    result = fetch(misbehave(sends(location + bomb)).url())
    assert result.payload == b"words"
    assert [hop.status for hop in result.hops] == [302, 200]
    assert result.hops[1].address == f"127.0.0.1:{target.port}"


def test_catalogue_011_a_handshake_that_hangs_ends_at_the_deadline(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(then_wait=8), reads=False)
    result = fetch(server.url(scheme="https"))
    assert result.outcome is Outcome.TIMED_OUT
    assert "(TLS handshake)" in result.error


SPELLINGS = [
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001"),
    *("[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]", "0", "0.0.0.0", "localhost"),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0xa9.254.0251.0xfe", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]"),
    *("１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "[64:ff9b::7f00:1]"),
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_catalogue_005_no_spelling_of_loopback_or_metadata_is_connected_to(
    misbehave: Any, fetch: Any, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    tried: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: tried.append(address))
    result = fetch(f"http://{host}/latest/meta-data/", house="")
    assert result.outcome in (Outcome.DENIED, Outcome.DNS_ERROR), result.error
    assert tried == []
    assert result.payload is None


def _answers(*addresses: str) -> Callable[..., list[Any]]:
    def lookup(host: str, port: int, *_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return lookup


def test_catalogue_003_one_private_answer_among_public_ones_refuses_the_host(
    fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _answers("93.184.216.34", "10.0.0.7"))
    result = fetch("http://mixed.example/", house="")
    assert result.outcome is Outcome.DENIED
    assert "10.0.0.7 is private" in result.error


def test_catalogue_004_the_address_that_was_judged_is_the_one_connected_to(
    misbehave: Any, fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = misbehave(sends(HEAD + b"Content-Length: 5\r\n\r\nwords"))
    lookups: list[str] = []

    def flips(host: str, port: int, *_: object, **__: object) -> list[Any]:
        lookups.append(host)
        address = "127.0.0.1" if len(lookups) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", flips)
    result = fetch(f"http://rebinding.example:{server.port}/")
    assert result.payload == b"words"
    assert lookups == ["rebinding.example"]
    assert b"Host: rebinding.example" in server.asked[0]


def test_catalogue_002_a_name_server_that_hangs_ends_at_the_deadline(
    fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*_: object, **__: object) -> list[Any]:
        time.sleep(2.5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    begun = time.monotonic()
    result = fetch("http://slow.example/")
    assert time.monotonic() - begun < 2.0
    assert result.outcome is Outcome.DNS_ERROR
    assert "no name server answered for slow.example" in result.error


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://169.254.169.254\\@example.org/",
        "http://10.0.0.1:22/",
        "//169.254.169.254/latest/",
    ],
)
def test_catalogue_021_a_redirect_to_a_forbidden_place_is_refused_at_that_hop(
    misbehave: Any, fetch: Any, target: str
) -> None:
    server = misbehave(sends(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()))
    result = fetch(server.url())
    assert result.outcome is Outcome.DENIED, result.error
    assert [hop.status for hop in result.hops] == [302]


def test_catalogue_022_a_loop_ends_at_the_hop_limit_with_the_last_three(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"))
    result = fetch(server.url("/first"))
    assert result.outcome is Outcome.BROKEN_RESPONSE
    assert result.error.count("/again") == 3
    assert len(result.hops) == FetchLimits().maximum_hops


def test_catalogue_016_an_odd_port_is_refused_unless_it_is_of_the_house(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(HEAD + b"Content-Length: 2\r\n\r\nok"))
    refused = fetch(server.url(), house="")
    assert refused.outcome is Outcome.DENIED
    assert f"port {server.port}" in refused.error
    assert fetch(server.url()).payload == b"ok"


def test_catalogue_017_proxies_and_netrc_of_the_environment_are_ignored(
    misbehave: Any, fetch: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    server = misbehave(sends(HEAD + b"Content-Length: 2\r\n\r\nok"))
    assert fetch(server.url()).payload == b"ok"
    assert b"Authorization" not in server.asked[0]


def _serves_with(certificate: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    return context


def _trusting(certificate: Any) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.authority))


def test_the_certificate_and_the_name_are_checked_and_recorded(
    misbehave: Any, fetch: Any, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificates("ministry.example")
    server = misbehave(sends(HEAD + b"Content-Length: 5\r\n\r\nwords"), tls=_serves_with(certificate))
    monkeypatch.setattr(socket, "getaddrinfo", _answers("127.0.0.1"))
    result = fetch(f"https://ministry.example:{server.port}/", tls=_trusting(certificate))
    assert result.payload == b"words", result.error
    (hop,) = result.hops
    assert hop.tls_version == "TLSv1.3"
    assert len(hop.certificate_sha256) == 64


@pytest.mark.parametrize(
    ("name", "expired", "trusted", "told"),
    [
        ("ministry.example", True, True, "certificate has expired"),
        ("other.example", False, True, "Hostname mismatch"),
        ("ministry.example", False, False, "its authority is not known here"),
    ],
    ids=["expired", "wrong name", "unknown authority"],
)
def test_catalogue_012_a_certificate_that_is_wrong_is_named_and_nothing_is_taken(
    misbehave: Any,
    fetch: Any,
    certificates: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    expired: bool,
    trusted: bool,
    told: str,
) -> None:
    certificate = certificates(name, expired=expired)
    server = misbehave(sends(HEAD + b"Content-Length: 5\r\n\r\nwords"), tls=_serves_with(certificate))
    monkeypatch.setattr(socket, "getaddrinfo", _answers("127.0.0.1"))
    tls = _trusting(certificate) if trusted else None
    result = fetch(f"https://ministry.example:{server.port}/", tls=tls)
    assert result.outcome is Outcome.TLS_ERROR, result.error
    assert told in result.error
    assert result.payload is None


def test_catalogue_023_a_protected_page_does_not_lead_to_an_unprotected_one(
    misbehave: Any, fetch: Any, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificates("ministry.example")
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://ministry.example/\r\nContent-Length: 0\r\n\r\n"
    server = misbehave(sends(answer), tls=_serves_with(certificate))
    monkeypatch.setattr(socket, "getaddrinfo", _answers("127.0.0.1"))
    result = fetch(f"https://ministry.example:{server.port}/", tls=_trusting(certificate))
    assert result.outcome is Outcome.DENIED
    assert "unprotected" in result.error


def test_a_connection_is_used_again_and_one_that_the_server_closed_is_replaced(misbehave: Any, clock: Any) -> None:
    from watcher.fetch import Egress, Fetcher, FetchRequest, networks

    def answers_twice(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
        server.asked.append(connection.recv(65536))
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")

    server = misbehave(answers_twice)
    fetcher = Fetcher(
        user_agent="watcher/test",
        limits=FetchLimits(deadline_seconds=2.0),
        clock=clock,
        egress=Egress(intranet=networks(["127.0.0.0/8"])),
    )
    results = [fetcher.fetch(FetchRequest(url=server.url(f"/{n}"))) for n in range(4)]
    fetcher.close()
    assert [result.payload for result in results] == [b"ok"] * 4


@pytest.mark.parametrize("broken", [1, 3])
def test_kept_connections_that_the_server_closes_at_every_hop_do_not_use_up_the_retry(
    misbehave: Any, fetch: Any, broken: int
) -> None:
    def leads_on_and_closes_when_asked_again(connection: socket.socket) -> None:
        hop = len(server.asked)
        if hop == broken:
            return  # a new connection: this one uses it up
        location = f"HTTP/1.1 302 Found\r\nLocation: /{hop}\r\nContent-Length: 0\r\n\r\n".encode()
        connection.sendall(location if hop < 5 else HEAD + b"Content-Length: 5\r\n\r\nwords")
        connection.recv(65536)

    server = misbehave(leads_on_and_closes_when_asked_again)
    result = fetch(server.url())
    assert result.payload == b"words", result.error
    assert len(server.asked) == 5
