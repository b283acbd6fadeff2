"""Addresses that must never be connected to, in every spelling, and those that may."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv6Network

import pytest

from watcher.fetch.egress import DENIED_V4, DENIED_V6, Egress, networks

DENIED = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255"),
    *("127.0.0.1", "127.1.2.3", "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.1", "192.0.0.170", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1"),
    *("192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "64:ff9b::7f00:1"),
    *("64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:5ef5:79fb::1", "2001:2::1", "2001:10::1"),
    *("2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1"),
    *("fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2a00:1450::5efe:7f00:1"),
    "2a00:1450::200:5efe:10.0.0.1",
]
ALLOWED = [
    *("8.8.8.8", "1.1.1.1", "100.63.255.255", "172.15.255.255", "172.32.0.1", "223.255.255.255", "168.63.129.17"),
    *("2a00:1450:4001:830::200e", "2606:4700::6810:84e5", "2002:808:808::1"),
]


@pytest.mark.parametrize("text", DENIED)
def test_catalogue_006_a_special_address_is_refused_and_named(text: str) -> None:
    refusal = Egress().refusal(ipaddress.ip_address(text), 443)
    assert text.partition("%")[0] in refusal or str(ipaddress.ip_address(text)) in refusal


@pytest.mark.parametrize("text", ALLOWED)
def test_a_public_address_is_allowed(text: str) -> None:
    assert Egress().refusal(ipaddress.ip_address(text), 443) == ""


@pytest.mark.parametrize("block", [block for block, _ in (*DENIED_V4, *DENIED_V6)])
def test_a_denied_block_is_denied_to_its_edges(block: str) -> None:
    network = ipaddress.ip_network(block)
    for address in (network.network_address, network.broadcast_address):
        assert Egress().refusal(address, 80)


@pytest.mark.parametrize("port", [0, 22, 25, 110, 3306, 5432, 6379, 11211])
def test_catalogue_016_a_port_that_serves_no_pages_is_refused(port: int) -> None:
    assert f"port {port}" in Egress().refusal(ipaddress.ip_address("8.8.8.8"), port)


def test_catalogue_007_a_declared_nat64_prefix_is_judged_by_the_address_inside() -> None:
    egress = Egress(nat64=(IPv6Network("2a00:aaaa:64::/96"),))
    assert egress.refusal(ipaddress.ip_address("2a00:aaaa:64::808:808"), 443) == ""
    assert "169.254.169.254" in egress.refusal(ipaddress.ip_address("2a00:aaaa:64::a9fe:a9fe"), 443)


def test_an_operator_can_allow_networks_of_the_house_and_nothing_more() -> None:
    egress = Egress(intranet=networks(["10.1.0.0/16", "127.0.0.1", "fd12::/48"]))
    assert egress.refusal(ipaddress.ip_address("10.1.2.3"), 8123) == ""
    assert egress.refusal(ipaddress.ip_address("127.0.0.1"), 39999) == ""
    assert egress.refusal(ipaddress.ip_address("fd12::1"), 80) == ""
    for outside in ("10.2.0.1", "127.0.0.2", "fd13::1", "::ffff:10.1.2.3", "169.254.169.254"):
        assert egress.refusal(ipaddress.ip_address(outside), 80)
