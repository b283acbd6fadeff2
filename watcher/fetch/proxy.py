"""A forward proxy: how it is asked for a tunnel to an address, and what its answer means.

The proxy is told the address that was judged, never the name, so that it cannot look up another one
(CONNECT: RFC 9110, 9.3.6).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from watcher.errors import FetchError
from watcher.model.capture import Outcome

MAXIMUM_ANSWER_BYTES = 8192
SHOWN_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Proxy:
    """The proxy of an instance. `login` is "user:password", "" when it asks for none."""

    host: str
    port: int
    login: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """Its address without the login."""
        return f"http://{shown_address(self.host, self.port)}"


def shown_address(host: str, port: int) -> str:
    """Host or IP address with the port: "192.0.2.1:80", "[2001:db8::1]:443"."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def connect_request(proxy: Proxy, target: str) -> bytes:
    """The request for a tunnel to `target`, an IP address and port."""
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.login:
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(proxy.login.encode()).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer_is_whole(received: bytes, proxy: Proxy) -> bool:
    """Whether the head of the proxy's answer has come. FetchError when it is not HTTP, or too long."""
    start = b"HTTP/1."
    if received[: len(start)] != start[: len(received)]:
        raise _failed(f"the proxy {proxy.url} does not answer in HTTP: it sent {_shown(received)}")
    if b"\r\n\r\n" in received:
        return True
    if len(received) >= MAXIMUM_ANSWER_BYTES:
        raise _failed(f"the proxy {proxy.url} answered with more than {MAXIMUM_ANSWER_BYTES} bytes of headers")
    return False


def refusal_of(received: bytes, proxy: Proxy, *, host: str, target: str) -> FetchError | None:
    """None when the tunnel stands; otherwise the error that names the proxy, its answer and what to do."""
    head, _, more = received.partition(b"\r\n\r\n")
    status_line = head.split(b"\r\n", 1)[0].decode("latin-1")
    words = status_line.split(" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isascii() and words[1].isdigit() else 0
    answer = " ".join(words[1:]).strip()[:SHOWN_CHARACTERS]
    if 200 <= status < 300:
        if more:
            return _failed(f"the proxy {proxy.url} sent bytes before anything was asked of {host}")
        return None
    if status == 407:
        why = "refused the login it was given" if proxy.login else "asks for a login"
        message = f"the proxy {proxy.url} {why} (407): set WATCHER_FETCH__PROXY_LOGIN to user:password"
        return FetchError(message, outcome=Outcome.PROXY_ERROR, transient=False)
    if status >= 500:
        return _failed(f"the proxy {proxy.url} could not reach {target}, an address of {host}: {answer}")
    if not status:
        return _failed(f"the proxy {proxy.url} does not answer in HTTP: it sent {_shown(received)}")
    message = (
        f"the proxy {proxy.url} refused to connect to {target}, an address of {host}: {answer}. "
        "It must allow CONNECT to IP addresses on the ports of fetch.ports"
    )
    return FetchError(message, outcome=Outcome.PROXY_ERROR, transient=False)


def unreachable(proxy: Proxy, problem: object) -> FetchError:
    """The error of a proxy that cannot be connected to, or that breaks off or hangs."""
    message = f"the proxy {proxy.url} cannot be used: {problem}. Is it running, and is fetch.proxy right?"
    return FetchError(message, outcome=Outcome.PROXY_ERROR, transient=True)


def _failed(message: str) -> FetchError:
    advice = "Look into its log, or set another one in fetch.proxy"
    return FetchError(f"{message}. {advice}", outcome=Outcome.PROXY_ERROR, transient=True)


def _shown(received: bytes) -> str:
    return repr(received[:SHOWN_CHARACTERS].decode("latin-1"))
