"""Catalogue 12 and 23: what one Source may trust or be led to, and that nobody else may."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from watcher.fetch import BrowserFetcher, Egress, Fetcher, FetchLimits, FetchRequest, networks, tls_context
from watcher.fetch.transport import MAXIMUM_POOLS
from watcher.model.capture import FetchResult, Outcome

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
OK = HEAD + b"Content-Length: 5\r\n\r\nwords"
HINT = "If the authority is one that you trust, name its file in ca_file"
TOKEN = "hunter2-secret"


def sends(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def leads_to(url: str, *headers: str) -> bytes:
    lines = ["HTTP/1.1 302 Found", f"Location: {url}", "Content-Length: 0", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def serving(certificate: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    return context


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    """One fetcher for several fetches, which trusts the usual bundle."""
    house = Egress(intranet=networks(["127.0.0.0/8"]))
    limits = FetchLimits(deadline_seconds=2.0)
    fetcher = Fetcher(user_agent="watcher/test", limits=limits, clock=lambda: dt.datetime.now(dt.UTC), egress=house)
    yield fetcher
    fetcher.close()


@dataclass(kw_only=True)
class Kept:
    """Answers every request on a connection that is kept; counts connections, and those that the client closed."""

    connections: int = 0
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self, connection: socket.socket) -> None:
        self.connections += 1
        asked = b"first"
        while asked:
            connection.sendall(OK)
            asked = connection.recv(65536)
        self.ended.release()


def test_catalogue_012_a_ca_file_is_trusted_by_the_fetch_that_names_it_and_by_no_other(
    misbehave: Any, fetcher: Fetcher, names: Any, certificates: Any
) -> None:
    certificate, keeps = certificates("ministry.example"), Kept()
    server = misbehave(keeps, tls=serving(certificate))
    names(ministry_example=["127.0.0.1"])
    url = f"https://ministry.example:{server.port}/"
    trusting = FetchRequest(url=url, ca_file=certificate.authority)
    results = [fetcher.fetch(request) for request in (trusting, FetchRequest(url=url), trusting)]
    assert [result.payload for result in results] == [b"words", None, b"words"], results[0].error
    assert keeps.connections == 1  # its own connection was used again, and not by the fetch between
    assert results[1].outcome is Outcome.TLS_ERROR
    assert results[1].error.endswith(HINT)


def test_catalogue_012_a_ca_file_holds_for_every_hop(misbehave: Any, fetch: Any, names: Any, certificates: Any) -> None:
    names(ministry_example=["127.0.0.1"], press_example=["127.0.0.1"])
    last = misbehave(sends(OK), tls=serving(certificates("press.example")))
    certificate = certificates("ministry.example")
    first = misbehave(sends(leads_to(f"https://press.example:{last.port}/")), tls=serving(certificate))
    result = fetch(f"https://ministry.example:{first.port}/", ask={"ca_file": certificate.authority})
    assert result.payload == b"words", result.error
    assert [hop.issuer for hop in result.hops] == ["CN=Test authority", "CN=Test authority"]
    assert result.notes == ()


def test_catalogue_012_a_ca_file_adds_to_the_usual_bundle_and_takes_nothing_from_it(certificates: Any) -> None:
    own = certificates("ministry.example").authority.read_text()
    usual = set(tls_context().get_ca_certs(binary_form=True))
    assert set(tls_context(own).get_ca_certs(binary_form=True)) == usual | {ssl.PEM_cert_to_DER_cert(own)}
    assert usual
    assert (tls_context(own).verify_mode, tls_context(own).check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("name", "expired", "told"),
    [("ministry.example", True, "it has expired"), ("other.example", False, "it is for other names")],
)
def test_catalogue_012_a_ca_file_excuses_neither_an_old_certificate_nor_another_name(
    misbehave: Any, fetch: Any, names: Any, certificates: Any, name: str, expired: bool, told: str
) -> None:
    certificate = certificates(name, expired=expired)
    server = misbehave(sends(OK), tls=serving(certificate))
    names(ministry_example=["127.0.0.1"])
    result = fetch(f"https://ministry.example:{server.port}/", ask={"ca_file": certificate.authority})
    assert result.outcome is Outcome.TLS_ERROR
    assert told in result.error
    assert HINT not in result.error  # it would not help


def test_catalogue_012_words_around_the_certificates_of_a_ca_file_do_no_harm(
    misbehave: Any, fetch: Any, names: Any, certificates: Any, tmp_path: Path
) -> None:
    certificate = certificates("ministry.example")
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(f"Орган сертификации\r\n{certificate.authority.read_text()}\n# конец\n")
    server = misbehave(sends(OK), tls=serving(certificate))
    names(ministry_example=["127.0.0.1"])
    assert fetch(f"https://ministry.example:{server.port}/", ask={"ca_file": ca_file}).payload == b"words"


UNUSABLE: dict[str, tuple[Callable[[Path, bytes], object], str]] = {
    "missing": (lambda file, _: file.with_suffix(".other").touch(), "there is no such file. Put it there"),
    "folder": (lambda file, _: file.mkdir(), "there is no such file"),
    "empty": (lambda file, _: file.write_bytes(b""), "no certificate in PEM in it"),
    "der": (lambda file, pem: file.write_bytes(ssl.PEM_cert_to_DER_cert(pem.decode())), "openssl x509 -inform der"),
    "damaged": (lambda file, pem: file.write_bytes(pem.replace(b"\nM", b"\nA", 1)), "a certificate in it is damaged"),
    "binary": (lambda file, pem: file.write_bytes(pem.replace(b"\nM", b"\n\xff", 1)), "is damaged"),
    "second": (lambda file, pem: file.write_bytes(pem + pem.replace(b"\nM", b"\nA", 1)), "is damaged"),
    "long": (lambda file, pem: file.write_bytes(pem + b" " * 1_000_000), "more than 1000000 bytes"),
}


@pytest.mark.parametrize("fault", UNUSABLE)
def test_catalogue_012_a_ca_file_that_cannot_be_used_is_named_and_nothing_is_asked(
    misbehave: Any, fetch: Any, names: Any, certificates: Any, tmp_path: Path, fault: str
) -> None:
    certificate, ca_file = certificates("ministry.example"), tmp_path / "ca.pem"
    make, told = UNUSABLE[fault]
    make(ca_file, certificate.authority.read_bytes())
    server = misbehave(sends(OK), tls=serving(certificate))
    names(ministry_example=["127.0.0.1"])
    url = f"https://ministry.example:{server.port}/"
    result = fetch(url, ask={"ca_file": ca_file})
    assert result.outcome is Outcome.TLS_ERROR
    assert url in result.error
    assert f"the ca_file {ca_file} cannot be used: " in result.error
    assert told in result.error
    assert server.asked == []


def test_catalogue_012_a_ca_file_that_was_changed_is_not_trusted_as_it_was(
    misbehave: Any, fetcher: Fetcher, names: Any, certificates: Any, tmp_path: Path
) -> None:
    certificate, ca_file = certificates("ministry.example"), tmp_path / "ca.pem"
    server = misbehave(Kept(), tls=serving(certificate))
    names(ministry_example=["127.0.0.1"])
    request = FetchRequest(url=f"https://ministry.example:{server.port}/", ca_file=ca_file)
    ca_file.write_bytes(certificate.authority.read_bytes())
    assert fetcher.fetch(request).payload == b"words"
    ca_file.write_bytes(certificates("other.example").file.read_bytes())
    assert fetcher.fetch(request).outcome is Outcome.TLS_ERROR


def test_the_connections_of_a_ca_file_end_with_the_fetcher_and_when_too_many_files_are_used(
    misbehave: Any, fetcher: Fetcher, names: Any, certificates: Any, tmp_path: Path
) -> None:
    certificate, keeps = certificates("ministry.example"), Kept()
    server = misbehave(keeps, tls=serving(certificate))
    names(ministry_example=["127.0.0.1"])
    for number in range(MAXIMUM_POOLS + 1):
        ca_file = tmp_path / f"{number}.pem"
        more = certificates(f"{number}.example").file.read_bytes()
        ca_file.write_bytes(certificate.authority.read_bytes() + more)
        request = FetchRequest(url=f"https://ministry.example:{server.port}/", ca_file=ca_file)
        assert fetcher.fetch(request).payload == b"words"
    assert keeps.ended.acquire(timeout=5)
    assert not keeps.ended.acquire(timeout=0.2)
    fetcher.close()
    assert all(keeps.ended.acquire(timeout=5) for _ in range(MAXIMUM_POOLS))


def test_catalogue_012_a_browser_says_that_it_cannot_trust_a_ca_file(clock: Any, tmp_path: Path) -> None:
    browser = BrowserFetcher(user_agent="watcher/test", limits=FetchLimits(), clock=clock)
    url = "https://ministry.example/"
    result = browser.fetch(FetchRequest(url=url, browser=True, ca_file=tmp_path / "ca.pem"))
    browser.close()
    assert result.outcome is Outcome.TLS_ERROR
    assert f"{url}: ca_file and browser do not go together" in result.error
    assert not result.transient


@pytest.fixture
def downwards(misbehave: Any, fetch: Any, names: Any, certificates: Any) -> Callable[..., tuple[Any, Any, FetchResult]]:
    """A protected page that leads to an unprotected one of the same host; returns both servers and the result."""

    def run(*set_cookies: str, secrets: bool = False, **ask: Any) -> tuple[Any, Any, FetchResult]:
        names(ministry_example=["127.0.0.1"])
        certificate = certificates("ministry.example")
        last = misbehave(sends(OK))
        target = last.url("/plain", host="ministry.example")
        cookies = [f"Set-Cookie: {cookie}" for cookie in set_cookies]
        first = misbehave(sends(leads_to(target, *cookies)), tls=serving(certificate))
        origin = first.url("", scheme="https", host="ministry.example")
        own = {"secret_origin": origin, "secret_headers": (("X-Api-Key", TOKEN),)} if secrets else {}
        result = fetch(f"{origin}/", ask={"ca_file": certificate.authority, **own, **ask})
        return first, last, result

    return run


def test_catalogue_023_a_source_that_allows_it_is_led_to_http_and_the_capture_says_so(downwards: Any) -> None:
    first, last, result = downwards(follow_to_http=True)
    assert result.payload == b"words", result.error
    target = last.url("/plain", host="ministry.example")
    assert [hop.url for hop in result.hops] == [first.url("/", scheme="https", host="ministry.example"), target]
    note = f"Redirected from a protected to an unprotected address ({target}), as this Source allows."
    assert result.notes == (note,)


def test_catalogue_023_without_leave_nothing_is_asked_over_http_and_the_error_says_what_to_do(downwards: Any) -> None:
    _, last, result = downwards()
    assert result.outcome is Outcome.DENIED
    assert "from a protected to an unprotected address is not followed" in result.error
    assert result.error.endswith("set follow_to_http: true")
    assert last.asked == []
    assert result.notes == ()


def test_catalogue_023_secrets_and_the_cookies_they_brought_are_never_sent_over_http(downwards: Any) -> None:
    first, last, result = downwards("session=abc", secrets=True, follow_to_http=True)
    assert result.payload == b"words", result.error
    assert TOKEN.encode() in first.asked[0]
    assert TOKEN.encode() not in last.asked[0]
    assert b"Cookie" not in last.asked[0]


def test_catalogue_023_without_secrets_cookies_go_along_except_those_that_are_kept_to_https(downwards: Any) -> None:
    _, last, _ = downwards("language=kk", "session=abc; Secure", follow_to_http=True)
    assert b"Cookie: language=kk\r\n" in last.asked[0]


def test_catalogue_023_a_login_inside_the_unprotected_address_is_not_repeated(
    misbehave: Any, fetch: Any, names: Any, certificates: Any
) -> None:
    names(ministry_example=["127.0.0.1"])
    certificate = certificates("ministry.example")
    server = misbehave(sends(leads_to(f"http://clerk:{TOKEN}@ministry.example:8080/")), tls=serving(certificate))
    for allows in (True, False):
        ask = {"ca_file": certificate.authority, "follow_to_http": allows}
        result = fetch(f"https://ministry.example:{server.port}/", ask=ask)
        assert result.outcome is Outcome.DENIED
        assert TOKEN not in repr(result.notes) + result.error


def test_catalogue_023_where_it_is_allowed_the_addresses_are_judged_all_the_same(
    misbehave: Any, fetch: Any, names: Any, certificates: Any
) -> None:
    names(ministry_example=["127.0.0.1"])
    certificate = certificates("ministry.example")
    server = misbehave(sends(leads_to("http://169.254.169.254/")), tls=serving(certificate))
    ask = {"ca_file": certificate.authority, "follow_to_http": True}
    result = fetch(f"https://ministry.example:{server.port}/", ask=ask)
    assert result.outcome is Outcome.DENIED
    assert "169.254.169.254 is refused" in result.error


def test_catalogue_012_a_self_signed_site_can_be_trusted_by_its_own_certificate(
    misbehave: Any, fetch: Any, names: Any, certificates: Any, tmp_path: Path
) -> None:
    import subprocess

    key, file = tmp_path / "self.key", tmp_path / "self.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ministry.example"]
    subprocess.run(
        [*made, "-addext", "subjectAltName=DNS:ministry.example", "-keyout", key, "-out", file],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    server = misbehave(sends(OK), tls=context)
    names(ministry_example=["127.0.0.1"])
    url = f"https://ministry.example:{server.port}/"
    assert fetch(url).error.endswith(HINT)
    assert fetch(url, ask={"ca_file": file}).payload == b"words"
