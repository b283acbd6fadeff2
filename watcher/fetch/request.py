"""Requests: what is asked for, what is sent, and which of it may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from watcher.errors import FetchError
from watcher.model.capture import Outcome

MASK = "***"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchRequest:
    """What to fetch. `etag` and `last_modified` make the request conditional.

    `secret_headers` (name, value) are sent to `secret_origin` alone. `browser` asks for the page after its scripts ran.
    `ca_file` is a PEM file of authorities that this fetch trusts beside the usual bundle, `follow_to_http` lets it be
    redirected from https to http; secrets, and cookies that they may have brought, do not go along.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    secret_origin: str = ""
    secret_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    browser: bool = False
    ca_file: Path | None = None
    follow_to_http: bool = False

    def is_conditional_at(self, url: str) -> bool:
        """Whether a 304 of an address would be an answer: validators are told to the address asked for alone."""
        return bool(self.etag or self.last_modified) and url == self.url.strip()


class Asked(Protocol):
    """The part of an attempt that decides what is sent."""

    request: FetchRequest
    asked_plain: bool
    cookies: httpx.Cookies


def composed(asked: Asked, url: str, user_agent: str) -> httpx.Request:
    """The request for one hop. FetchError DENIED for a login inside the address, and for a secret no header can hold.

    Nothing else of what was asked for decides here: redirects lose the validators, which say nothing of another
    address (RFC 9110, 8.8), and the secrets of others.
    """
    request, target = asked.request, httpx.URL(url)
    if target.userinfo:
        message = f"the address of {target.host} has a login inside, which would be shown to all: use credentials"
        raise FetchError(message, outcome=Outcome.DENIED, transient=False)
    headers = [
        (b"User-Agent", user_agent.encode()),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", b"identity" if asked.asked_plain else b"gzip"),
    ]
    for name, validator in ((b"If-None-Match", request.etag), (b"If-Modified-Since", request.last_modified)):
        if validator and request.is_conditional_at(url):
            headers.append((name, validator.encode("latin-1", "replace")))
    if sends_secrets(request, target):
        headers += [_secret_header(name, value, target) for name, value in request.secret_headers]
    composed_request = httpx.Request("GET", target, headers=headers)
    if asked.cookies:
        asked.cookies.set_cookie_header(composed_request)
    return composed_request


def sends_secrets(request: FetchRequest, target: httpx.URL) -> bool:
    """Whether a request to `target` carries the secrets: its scheme, host and port are those of their origin."""
    return bool(request.secret_headers) and _origin(httpx.URL(request.secret_origin)) == _origin(target)


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    """Scheme, host and port as httpx understands them, which are those that are connected to."""
    return url.scheme, url.raw_host, url.port or _DEFAULT_PORTS.get(url.scheme)


def _secret_header(name: str, value: str, target: httpx.URL) -> tuple[bytes, bytes]:
    if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
        message = f"the secret header {name!r} for {target.host} is empty or holds a character that no header can"
        raise FetchError(message, outcome=Outcome.DENIED, transient=False)
    return name.encode(), value.encode("latin-1")


def shown_headers(sent: httpx.Request, request: FetchRequest) -> tuple[tuple[str, str], ...]:
    """The headers of a request in order, values of secrets masked, and of cookies that secrets may have brought."""
    hidden = {name.lower() for name, _ in request.secret_headers}
    if hidden:
        hidden.add("cookie")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent.headers.raw]
    if not hidden:
        return tuple(headers)
    return tuple((name, MASK if name.lower() in hidden else value) for name, value in headers)
