"""A server that misbehaves byte by byte, plain or with TLS, and a house that may be fetched from."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from watcher.fetch import Egress, Fetcher, FetchLimits, FetchRequest, Proxy, networks
from watcher.model.capture import FetchResult

Behaviour = Callable[[socket.socket], None]


@dataclass(kw_only=True)
class RawServer:
    """Accepts connections and hands each to `behaviour`; `asked` are the requests as they came."""

    port: int
    asked: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        """Its address."""
        return f"{scheme}://{host}:{self.port}{path}"


@pytest.fixture
def misbehave() -> Iterator[Callable[..., RawServer]]:
    """Start a server with a behaviour; it reads the request first unless `reads` is False."""
    stop = threading.Event()
    listeners: list[socket.socket] = []

    def start(behaviour: Behaviour, *, reads: bool = True, tls: ssl.SSLContext | None = None) -> RawServer:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        listening.settimeout(0.1)
        listeners.append(listening)
        server = RawServer(port=listening.getsockname()[1])
        threading.Thread(target=_accept, args=(listening, server, behaviour, reads, tls, stop), daemon=True).start()
        return server

    yield start
    stop.set()
    for listening in listeners:
        listening.close()


def _accept(
    listening: socket.socket,
    server: RawServer,
    behaviour: Behaviour,
    reads: bool,
    tls: ssl.SSLContext | None,
    stop: threading.Event,
) -> None:
    while not stop.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, server, behaviour, reads, tls), daemon=True).start()


def _serve(connection: socket.socket, server: RawServer, behaviour: Behaviour, reads: bool, tls: Any) -> None:
    with contextlib.suppress(OSError), connection:
        connection.settimeout(10)
        with tls.wrap_socket(connection, server_side=True) if tls is not None else connection as served:
            if reads:
                server.asked.append(served.recv(65536))
            behaviour(served)


@pytest.fixture
def fetch() -> Iterator[Callable[..., FetchResult]]:
    """Fetch a URL with a deadline of a second and a body limit of 200 kB; loopback is of the house."""
    made: list[Fetcher] = []

    def get(
        url: str,
        *,
        house: str = "127.0.0.0/8",
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
        ask: dict[str, Any] | None = None,
        **limits: Any,
    ) -> FetchResult:
        chosen = FetchLimits(**{"deadline_seconds": 1.0, "maximum_bytes": 200_000, **limits})
        fetcher = Fetcher(
            user_agent="watcher/test",
            limits=chosen,
            clock=lambda: dt.datetime.now(dt.UTC),
            egress=Egress(intranet=networks([house] if house else [])),
            tls=tls,
            proxy=proxy,
        )
        made.append(fetcher)
        return fetcher.fetch(FetchRequest(url=url, **(ask or {})))

    yield get
    for fetcher in made:
        fetcher.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say which addresses each host name has; others are unknown."""

    def are(**answers: list[str]) -> None:
        known = {host.replace("_", "."): addresses for host, addresses in answers.items()}

        def lookup(host: str, port: int, *_: object, **__: object) -> list[Any]:
            if host not in known:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)

    return are


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate file, its key file, and the file of the authority that signed it."""

    file: Path
    key: Path
    authority: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Certificate]:
    """Make certificates with openssl: for a name, valid or expired, signed by a test authority or by nobody."""
    import subprocess

    folder = tmp_path_factory.mktemp("certificates")
    authority, authority_key = folder / "ca.pem", folder / "ca.key"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-keyout",
            authority_key,
            "-out",
            authority,
            "-subj",
            "/CN=Test authority",
        ],
        check=True,
        capture_output=True,
    )

    def make(name: str, *, expired: bool = False) -> Certificate:
        stem = f"{name}-{expired}"
        key, request, file = folder / f"{stem}.key", folder / f"{stem}.csr", folder / f"{stem}.pem"
        extra = folder / f"{stem}.cnf"
        extra.write_text(f"subjectAltName=DNS:{name}\n")
        subprocess.run(
            [
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-keyout",
                key,
                "-out",
                request,
                "-subj",
                f"/CN={name}",
            ],
            check=True,
            capture_output=True,
        )
        days = ["-days", "-1"] if expired else ["-days", "2"]
        subprocess.run(
            [
                "openssl",
                "x509",
                "-req",
                "-in",
                request,
                "-CA",
                authority,
                "-CAkey",
                authority_key,
                "-CAcreateserial",
                "-out",
                file,
                "-extfile",
                extra,
                *days,
            ],
            check=True,
            capture_output=True,
        )
        return Certificate(file=file, key=key, authority=authority)

    return make
