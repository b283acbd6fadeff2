"""Catalogue 12, 14, 15: what is wrong with a server's TLS is told in words, and who signed it is recorded."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from watcher.fetch.tls import name_text
from watcher.model.capture import Outcome

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwords"


def sends(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def serving(certificate: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    return context


def trusting(certificate: Any) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.authority))


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_catalogue_014_a_server_with_old_tls_alone_is_named(
    misbehave: Any, fetch: Any, names: Any, certificates: Any, version: str
) -> None:
    certificate = certificates("ministry.example")
    context = serving(certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    server = misbehave(sends(OK), tls=context)
    names(ministry_example=["127.0.0.1"])
    result = fetch(f"https://ministry.example:{server.port}/", tls=trusting(certificate))
    assert result.outcome is Outcome.TLS_ERROR
    assert "ministry.example offers only TLS 1.0 or 1.1" in result.error


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_catalogue_015_a_server_that_demands_a_client_certificate_is_named(
    misbehave: Any, fetch: Any, names: Any, certificates: Any, version: str
) -> None:
    certificate = certificates("ministry.example")
    context = serving(certificate)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificate.authority)
    server = misbehave(sends(OK), tls=context)
    names(ministry_example=["127.0.0.1"])
    result = fetch(f"https://ministry.example:{server.port}/", tls=trusting(certificate))
    assert result.outcome is Outcome.TLS_ERROR, result.error
    assert "ministry.example demands a client certificate" in result.error


def test_a_server_with_whom_no_cipher_is_shared_is_not_said_to_want_a_certificate(
    misbehave: Any, fetch: Any, names: Any, certificates: Any
) -> None:
    certificate = certificates("ministry.example")
    context = serving(certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA256")
    server = misbehave(sends(OK), tls=context)
    names(ministry_example=["127.0.0.1"])
    client = trusting(certificate)
    client.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    result = fetch(f"https://ministry.example:{server.port}/", tls=client)
    assert result.outcome is Outcome.TLS_ERROR
    assert "no TLS connection to ministry.example" in result.error


def test_a_server_without_tls_is_named(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    result = fetch(server.url(scheme="https"))
    assert result.outcome is Outcome.TLS_ERROR
    assert f"127.0.0.1 does not speak TLS on port {server.port}" in result.error


def test_catalogue_012_a_self_signed_certificate_is_named(
    misbehave: Any, fetch: Any, names: Any, certificates: Any
) -> None:
    certificate = certificates("ministry.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.authority, certificate.authority.with_suffix(".key"))
    server = misbehave(sends(OK), tls=context)
    names(ministry_example=["127.0.0.1"])
    result = fetch(f"https://ministry.example:{server.port}/")
    assert result.outcome is Outcome.TLS_ERROR
    assert "the certificate of ministry.example is not trusted: it is self-signed" in result.error


@pytest.mark.parametrize(
    ("name", "expired", "told"),
    [
        ("ministry.example", True, "it has expired"),
        ("other.example", False, "it is for other names"),
    ],
)
def test_catalogue_012_the_reason_comes_with_the_name_of_the_host(
    misbehave: Any, fetch: Any, names: Any, certificates: Any, name: str, expired: bool, told: str
) -> None:
    certificate = certificates(name, expired=expired)
    server = misbehave(sends(OK), tls=serving(certificate))
    names(ministry_example=["127.0.0.1"])
    result = fetch(f"https://ministry.example:{server.port}/", tls=trusting(certificate))
    assert result.outcome is Outcome.TLS_ERROR
    assert f"the certificate of ministry.example is not trusted: {told}" in result.error


def test_who_signed_the_certificate_is_recorded(misbehave: Any, fetch: Any, names: Any, certificates: Any) -> None:
    certificate = certificates("ministry.example")
    server = misbehave(sends(OK), tls=serving(certificate))
    names(ministry_example=["127.0.0.1"])
    result = fetch(f"https://ministry.example:{server.port}/", tls=trusting(certificate))
    assert [hop.issuer for hop in result.hops] == ["CN=Test authority"]


def test_a_distinguished_name_is_written_most_specific_part_first() -> None:
    name = ((("countryName", "US"),), (("organizationName", "Let's Encrypt"),), (("commonName", "R11"),))
    assert name_text(name) == "CN=R11, O=Let's Encrypt, C=US"
    assert name_text(((("organizationName", "Example, Inc. + sons"),),)) == "O=Example\\, Inc. \\+ sons"
