"""Secrets by reference: "env:WATCHER_SECRET_NAME" or "file:NAME". A secret itself is never in YAML, nor in a message.

Only variables that begin with WATCHER_SECRET_, and files that lie directly in the folder `fetch.secrets`, can be
named: no other secret of the service can be sent out by editing a Source.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from watcher.errors import ConfigError, RefusedError
from watcher.model.source import Credentials, origin_of, require_http_url
from watcher.settings.strict_yaml import Node, unknown_key

VARIABLE_PREFIX = "WATCHER_SECRET_"
MAXIMUM_SECRET_BYTES = 16 * 1024
KEYS = ("origin", "basic_auth", "headers")
HOW = f"write env:{VARIABLE_PREFIX}NAME, or file:NAME for a file in the folder fetch.secrets"

_SHAPE = "a mapping with origin, and basic_auth or headers"
_VARIABLE = re.compile(rf"{VARIABLE_PREFIX}[A-Z0-9_]+")
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_OURS = frozenset(
    {"accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate"}
    | {"proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"}
    | {"range", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since"}
)


def require_known_keys(node: Node) -> None:
    """ConfigError for a key of `credentials` that nobody knows, with the nearest known one."""
    for key, child in _mapping(node, _SHAPE).items():
        if key not in KEYS:
            raise unknown_key(child, key, KEYS)


def read_credentials(node: Node) -> Credentials:
    """The `credentials` of a Source in YAML.

    ConfigError with file and line for a literal secret, a reference that is none, or a header that is not the
    Source's to set. What stands where a reference should be is never repeated.
    """
    given = _mapping(node, _SHAPE)
    if "origin" not in given:
        raise node.error("credentials need a key 'origin': who may have them, such as https://www.example.org")
    basic_auth = _reference(given["basic_auth"]) if "basic_auth" in given else ""
    headers = _mapping(given["headers"], "a mapping of header names to references") if "headers" in given else {}
    seen = {"authorization"} if basic_auth else set()
    for name, child in headers.items():
        _require_header(name, child, seen)
        seen.add(name.lower())
    if not basic_auth and not headers:
        raise node.error("credentials need basic_auth or headers: " + HOW)
    references = tuple((name, _reference(child)) for name, child in headers.items())
    return Credentials(origin=_origin(given["origin"]), basic_auth=basic_auth, headers=references)


def resolve(credentials: Credentials, environment: Mapping[str, str], folder: Path) -> tuple[tuple[str, str], ...]:
    """The headers to send, (name, value), `basic_auth` as Authorization (RFC 7617, UTF-8).

    ConfigError names the reference that cannot be resolved, and never a value.
    """
    headers = []
    if credentials.basic_auth:
        login = _value(credentials.basic_auth, environment, folder)
        if ":" not in login:
            raise ConfigError(f"{credentials.basic_auth} should hold user:password; it has no colon")
        headers.append(("Authorization", "Basic " + base64.b64encode(login.encode()).decode("ascii")))
    for name, reference in credentials.headers:
        value = _value(reference, environment, folder)
        if not value.isascii():
            raise ConfigError(f"{reference} holds characters that a header cannot carry (only ASCII)")
        headers.append((name, value))
    return tuple(headers)


def unresolved(credentials: Credentials, environment: Mapping[str, str], folder: Path) -> str:
    """What cannot be resolved of some credentials, "" when all can."""
    try:
        resolve(credentials, environment, folder)
    except ConfigError as error:
        return str(error)
    return ""


def _value(reference: str, environment: Mapping[str, str], folder: Path) -> str:
    kind, _, name = reference.partition(":")
    if kind == "env" and _VARIABLE.fullmatch(name):
        raw = environment.get(name)
        if raw is None:
            raise ConfigError(f"{reference}: the environment variable {name} is not set for the service")
    elif kind == "file" and _FILE.fullmatch(name):
        raw = _content(reference, folder / name)
    else:
        raise ConfigError(f"a reference of the credentials is none: {HOW}")
    value = raw.rstrip("\r\n")
    if not value.strip():
        raise ConfigError(f"{reference} is empty")
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in value):
        raise ConfigError(f"{reference} holds a line break or another control character, which no header can carry")
    return value


def _content(reference: str, path: Path) -> str:
    try:
        if not path.is_file():
            raise ConfigError(f"{reference}: there is no file {path}; the folder is set by fetch.secrets")
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{reference}: {path} cannot be read: {error.strerror}") from error
    if len(raw) > MAXIMUM_SECRET_BYTES:
        raise ConfigError(f"{reference}: {path} is {len(raw)} bytes long; the limit is {MAXIMUM_SECRET_BYTES}")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{reference}: {path} is not UTF-8 text") from None


def _reference(node: Node) -> str:
    """A reference as written. ConfigError when it is none, without a word of what stands there."""
    kind, _, name = node.value.partition(":") if isinstance(node.value, str) else ("", "", "")
    if kind == "env":
        if _VARIABLE.fullmatch(name):
            return f"env:{name}"
        raise node.error(f"{node.path}: the variable's name should begin with {VARIABLE_PREFIX} (A-Z, 0-9, _)")
    if kind == "file":
        if _FILE.fullmatch(name):
            return f"file:{name}"
        raise node.error(
            f"{node.path}: should be a bare file name in the folder fetch.secrets: no slash, no dot at its beginning"
        )
    raise node.error(f"{node.path} should be a reference, never the secret itself: {HOW}")


def _require_header(name: str, node: Node, seen: set[str]) -> None:
    if not _TOKEN.fullmatch(name):
        raise node.error("a name under headers is no name of a header: letters, digits and hyphens only")
    if name.lower() in _OURS:
        raise node.error(f"the header {name} is set by the fetch itself and cannot be given")
    if name.lower() in seen:
        raise node.error(f"the header {name} is given twice")


def _origin(node: Node) -> str:
    """Scheme, host and port alone, in the form of `origin_of`."""
    if not isinstance(node.value, str):
        raise node.error("credentials.origin should be text such as https://www.example.org")
    try:
        url = require_http_url(node.value)
    except RefusedError:
        raise node.error(f"{node.path} is no http or https address such as https://www.example.org") from None
    parts = urlsplit(url)
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise node.error(f"credentials.origin should be scheme and host alone, such as {origin_of(url)}")
    return origin_of(url)


def _mapping(node: Node, wanted: str) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise node.error(f"{node.path} should be {wanted}")
    return node.value
