"""Connections are opened in watcher/fetch alone. The syntax tree of every module is walked, so no spelling slips by."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "watcher"
FETCH = "watcher/fetch/"

CLIENTS = frozenset(
    {
        *(
            "httpx",
            "httpcore",
            "requests",
            "aiohttp",
            "urllib3",
            "pycurl",
            "websockets",
            "urllib.request",
            "http.client",
        ),
        *(
            "ftplib",
            "imaplib",
            "poplib",
            "smtplib",
            "telnetlib",
            "nntplib",
            "xmlrpc.client",
            "asyncore",
            "socket",
            "ssl",
        ),
        *("anyio", "h11", "socks", "aiosmtplib", "paramiko", "playwright", "_socket", "_ssl"),
        *("obstore", "boto3", "botocore", "aiobotocore", "s3fs", "minio"),
    }
)
OPENERS = frozenset(
    {
        *("urlopen", "urlretrieve", "create_connection", "connect_ex", "getaddrinfo", "gethostbyname", "gethostbyaddr"),
        *(
            "gethostbyname_ex",
            "getnameinfo",
            "getfqdn",
            "open_connection",
            "sock_connect",
            "connect_tcp",
            "wrap_socket",
        ),
        *("HTTPConnection", "HTTPSConnection", "open_unix_connection", "create_datagram_endpoint"),
    }
)
SUBPROCESS_CLIENTS = ("curl", "wget", "nc", "telnet", "ssh")

# Each with what it is allowed and why it opens no connection of its own to a watched site.
EXCEPTIONS = {
    "watcher/alert/channels/smtp.py": {
        "smtplib": "hands messages to the mail server of the settings",
        "ssl": "the context of that connection",
    },
    "watcher/archive/bucket.py": {"obstore": "the operator's own storage of the settings, not a watched site"},
    "watcher/web/server.py": {"socket": "listens for the page"},
    "watcher/demo/sink.py": {"socket": "finds a free port on loopback to listen on"},
    "watcher/bootstrap.py": {
        "socket": "gethostname names this process in its leases; nothing is connected to",
        "ssl": "the type of the context that the fetchers share",
    },
}


def doors(source: str) -> dict[str, int]:
    """What in a module's source could open a connection: module names and ".calls", with their lines."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        for name in _names(node):
            found.setdefault(name, getattr(node, "lineno", 0))
    return found


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name for alias in node.names if (name := _client(alias.name))]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        module = node.module or ""
        whole = [_client(module), *(_client(f"{module}.{alias.name}") for alias in node.names)]
        return [name for name in whole if name] + [f".{a.name}" for a in node.names if a.name in OPENERS]
    if isinstance(node, ast.Call):
        return _called(node)
    return []


def _called(call: ast.Call) -> list[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    texts = [part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if name in OPENERS:
        return [f".{name}"]
    if name == "connect" and isinstance(function, ast.Attribute) and call.args and isinstance(call.args[0], ast.Tuple):
        return [".connect"]
    if name in ("import_module", "__import__"):
        return [client for text in texts if (client := _client(text))]
    if name in ("run", "Popen", "check_output", "check_call", "call", "system"):
        return [f"program {text.split()[0]}" for text in texts if text and text.split()[0] in SUBPROCESS_CLIENTS]
    is_parse = name == "parse" and isinstance(function, ast.Attribute) and getattr(function.value, "id", "")
    if is_parse == "feedparser" and not _is_buffer(call):
        return ["feedparser.parse of an address"]
    return []


def _is_buffer(call: ast.Call) -> bool:
    """feedparser fetches what it is given unless that is a file object: only a BytesIO in place is believed."""
    given = call.args[0] if call.args else None
    return isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "BytesIO"


def _client(module: str) -> str:
    parts = module.split(".")
    return next((name for end in range(len(parts), 0, -1) if (name := ".".join(parts[:end])) in CLIENTS), "")


MODULES = sorted(str(path.relative_to(PACKAGE.parent)) for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", [module for module in MODULES if not module.startswith(FETCH)])
def test_no_module_outside_fetch_can_open_a_connection(module: str) -> None:
    found = doors((PACKAGE.parent / module).read_text())
    unexpected = {name: line for name, line in found.items() if name not in EXCEPTIONS.get(module, {})}
    assert unexpected == {}, f"{module} opens a connection of its own: use Fetcher.fetch of watcher/fetch"


def test_every_exception_is_still_needed() -> None:
    for module, allowed in EXCEPTIONS.items():
        assert set(doors((PACKAGE.parent / module).read_text())) == set(allowed), module


def test_the_health_command_asks_through_the_door_of_fetch() -> None:
    module = (PACKAGE / "cli" / "instance.py").read_text()
    assert "healthz" in module
    assert "Fetcher(" in module
    assert doors(module) == {}


OFFENDERS = {
    "import httpx": "httpx",
    "import httpx as client": "httpx",
    "from httpx import get": "httpx",
    "from httpx._client import Client": "httpx",
    "import urllib.request": "urllib.request",
    "from urllib import request": "urllib.request",
    "from urllib.request import urlopen": "urllib.request",
    "import http.client": "http.client",
    "from http import client": "http.client",
    "import socket": "socket",
    "from socket import create_connection": "socket",
    "def later():\n    import requests": "requests",
    "if True:\n    import aiohttp.client": "aiohttp",
    "import importlib\nimportlib.import_module('httpx')": "httpx",
    "__import__('urllib.request')": "urllib.request",
    "import smtplib": "smtplib",
    "from obstore.store import S3Store": "obstore",
    "def f(s):\n    s.connect(('10.0.0.1', 80))": ".connect",
    "def f(loop):\n    loop.getaddrinfo('example.org', 80)": ".getaddrinfo",
    "def f(asyncio):\n    asyncio.open_connection('example.org', 80)": ".open_connection",
    "def f(context, raw):\n    context.wrap_socket(raw)": ".wrap_socket",
    "import feedparser\nfeedparser.parse('https://example.org/feed')": "feedparser.parse of an address",
    "import feedparser\ndef f(url):\n    feedparser.parse(url)": "feedparser.parse of an address",
    "import subprocess\nsubprocess.run(['curl', 'https://example.org'])": "program curl",
    "import os\nos.system('wget https://example.org')": "program wget",
}


@pytest.mark.parametrize("source", OFFENDERS)
def test_a_planted_offender_is_found(source: str) -> None:
    assert OFFENDERS[source] in doors(source)


INNOCENT = [
    "from urllib.parse import urlsplit",
    "import feedparser, io\nfeedparser.parse(io.BytesIO(b''))",
    "from watcher.fetch import Fetcher",
    "import http.cookies",
    "def f(engine):\n    return engine.connect()",
    "import subprocess\nsubprocess.run(['git', 'status'])",
]


@pytest.mark.parametrize("source", INNOCENT)
def test_what_opens_no_connection_is_left_alone(source: str) -> None:
    assert doors(source) == {}
