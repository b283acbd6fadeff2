"""Which addresses may be connected to. Decided on the address itself, at connect time.

IPv4: everything but the special-purpose blocks of the IANA registry (RFC 6890 and its updates) and a few
metadata services of hosting providers. IPv6: only global unicast (2000::/3) outside its special blocks;
addresses that carry an IPv4 address inside (mapped, NAT64, 6to4, ISATAP, Teredo) are judged by both.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DENIED_V4: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", 'of the block "this network"'),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "in the shared address space of carriers"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "a hosting provider's metadata service"),
    ("169.254.0.0/16", "link-local, where metadata services live"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "set apart for protocol assignments"),
    ("192.0.2.0/24", "set apart for documentation"),
    ("192.31.196.0/24", "of an AS112 service"),
    ("192.52.193.0/24", "an AMT relay"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "of an AS112 service"),
    ("198.18.0.0/15", "set apart for benchmarking"),
    ("198.51.100.0/24", "set apart for documentation"),
    ("203.0.113.0/24", "set apart for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)

GLOBAL_V6 = IPv6Network("2000::/3")
DENIED_V6: tuple[tuple[str, str], ...] = (
    ("2001::/23", "set apart for protocol assignments"),
    ("2001:db8::/32", "set apart for documentation"),
    ("2620:4f:8000::/48", "of an AS112 service"),
    ("3fff::/20", "set apart for documentation"),
)

_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_V4 = tuple((IPv4Network(block), why) for block, why in DENIED_V4)
_V6 = tuple((IPv6Network(block), why) for block, why in DENIED_V6)


@dataclass(frozen=True, kw_only=True, slots=True)
class Egress:
    """The policy of one instance. `intranet` lists networks that its operator allows in spite of the tables.

    `ports` are the ports that may be connected to; on intranet addresses any port may.
    `nat64` are the prefixes (/96) through which this machine's network reaches IPv4.
    """

    intranet: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    nat64: tuple[IPv6Network, ...] = ()

    def refusal(self, address: Address, port: int) -> str:
        """Why a connection is refused, "" when it is allowed."""
        if any(address.version == network.version and address in network for network in self.intranet):
            return ""
        if port not in self.ports:
            return f"port {port} is not one that pages are served on ({', '.join(map(str, sorted(self.ports)))})"
        why = self._special(address)
        return f"{address} is {why}" if why else ""

    def _special(self, address: Address) -> str:
        if isinstance(address, IPv4Address):
            return next((why for network, why in _V4 if address in network), "")
        if address.scope_id:
            return "bound to one interface"
        if address.is_loopback or address.is_unspecified:
            return "loopback" if address.is_loopback else "no address"
        inner = self._embedded(address)
        if inner is not None:
            why = self._special(inner)
            if why:
                return f"{inner} written as IPv6, and that is {why}"
            through = any(address in prefix for prefix in (*self.nat64, _6TO4))
            return "" if through else f"{inner} written as IPv6"
        if address not in GLOBAL_V6:
            return "no global unicast address"
        if int(address) & 0xFFFFFFFF_00000000 in (0x00005EFE_00000000, 0x02005EFE_00000000):
            return "an ISATAP address"
        return next((why for network, why in _V6 if address in network), "")

    def _embedded(self, address: IPv6Address) -> IPv4Address | None:
        """The IPv4 address inside an IPv6 one, where the form says that there is one."""
        number = int(address)
        if address in _6TO4:
            return IPv4Address((number >> 80) & 0xFFFFFFFF)
        if address in _TEREDO:
            return IPv4Address(~number & 0xFFFFFFFF)
        carries = (_MAPPED, _COMPATIBLE, _NAT64, *self.nat64)
        if any(address in prefix for prefix in carries):
            return IPv4Address(number & 0xFFFFFFFF)
        return None


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks from "10.1.0.0/16" or "10.1.2.3"; ValueError names the one that is wrong."""
    return tuple(ipaddress.ip_network(text) for text in texts)
