"""docs/egress.md holds what the code says of each spelling. Run this file with Python to rewrite the page."""

from __future__ import annotations

import ipaddress
import time
from pathlib import Path

import httpx
import pytest

from watcher.errors import FetchError
from watcher.fetch.egress import Egress
from watcher.fetch.wire import Budget, Wire

PAGE = Path(__file__).resolve().parents[3] / "docs" / "egress.md"

SPELLINGS = (
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001"),
    *("127.0.0.1.", "0", "0.0.0.0", "169.254.169.254", "2852039166", "0xa9fea9fe", "0xa9.254.0251.0xfe"),
    *("１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]"),
    *("[::127.0.0.1]", "[::ffff:a9fe:a9fe]", "[fe80::1%25eth0]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]"),
)
SPECIAL = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255"),
    *("127.0.0.1", "127.1.2.3", "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.1", "192.0.0.170", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1"),
    *("192.168.0.1", "192.175.48.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "100::1", "2001:0:5ef5:79fb::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::1"),
    *("2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
    *("2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1"),
)
ALLOWED = (
    *("1.1.1.1", "8.8.8.8", "100.63.255.255", "168.63.129.17", "172.15.255.255", "223.255.255.255"),
    *("2606:4700::6810:84e5", "2a00:1450:4001:830::200e", "2002:808:808::1"),
)

INTRODUCTION = """# What may be connected to

The verdicts of `watcher/fetch/egress.py` as it stands, without `fetch.intranet` and `fetch.nat64`, at port 443. A
host is judged by every address that it has, at the moment it is connected to, behind each redirect and before a
proxy is asked. To rewrite this page after a change: `python tests/unit/fetch/test_fetch_egress_table.py`
"""


class _Asked(Exception):  # noqa: N818
    """A connection would be made."""


class _NoNetwork(Wire):
    """A wire that judges as always and stops where it would look up a name or connect."""

    def _resolved(self, host: str, port: int) -> list[object]:  # noqa: ARG002
        raise FetchError(f"the name {host} would be looked up", outcome="dns_error", transient=False)

    def _connect(self, address: object, port: int) -> object:  # noqa: ARG002
        raise _Asked


def verdict(host: str) -> tuple[str, str]:
    """ "refused" or "allowed" with the reason, for a host as it stands in a URL, judged where it is connected to."""
    wire = _NoNetwork(Egress())
    wire.budget = Budget(deadline_seconds=5, ends_at=time.monotonic() + 5, maximum_wire_bytes=1)
    try:
        wire.connect_tcp(httpx.URL(f"https://{host}/").host, 443)
    except _Asked:
        return "allowed", ""
    except FetchError as error:
        words = str(error).partition(". Is it of your house?")[0]
        return "refused", _stable(words.partition(" is refused: ")[2] or words)
    except httpx.InvalidURL as error:
        return "refused", f"no host: {error}"
    finally:
        wire.close()
    raise AssertionError(host)


def _stable(reason: str) -> str:
    """The reason with the address written alike by all versions of Python: ::ffff:7f00:1, never ::ffff:127.0.0.1."""
    text, separator, why = reason.partition(" is ")
    try:
        mapped = ipaddress.IPv6Address(text).ipv4_mapped
    except ValueError:
        mapped = None
    if mapped is None:
        return reason
    return f"::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}{separator}{why}"


def _as_host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    tables = (
        ("Spellings of loopback and of metadata services", SPELLINGS),
        ("Special addresses", tuple(map(_as_host, SPECIAL))),
        ("Public addresses, some of them next to special ones", tuple(map(_as_host, ALLOWED))),
    )
    for title, hosts in tables:
        rows = [f"| `{host}` | {' | '.join(verdict(host))} |" for host in hosts]
        parts.append("\n".join([f"## {title}\n", "| host in the URL | verdict | reason |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def test_the_page_says_what_the_code_does() -> None:
    assert PAGE.read_text() == page(), "docs/egress.md is stale: python tests/unit/fetch/test_fetch_egress_table.py"


@pytest.mark.parametrize("host", [*SPELLINGS, *map(_as_host, SPECIAL)])
def test_catalogue_005_006_no_spelling_is_allowed(host: str) -> None:
    assert verdict(host)[0] == "refused"


@pytest.mark.parametrize("host", [_as_host(text) for text in ALLOWED])
def test_catalogue_006_public_addresses_are_allowed(host: str) -> None:
    assert verdict(host) == ("allowed", "")


def test_catalogue_006_the_table_has_the_51_special_and_9_public_addresses() -> None:
    assert len({ipaddress.ip_address(text) for text in SPECIAL}) == 51
    assert len({ipaddress.ip_address(text) for text in ALLOWED}) == 9
    assert len(set(SPELLINGS)) >= 24


if __name__ == "__main__":
    PAGE.write_text(page())
