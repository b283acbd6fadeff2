"""TLS: the context that verifies, what is recorded of a server's certificate, and why a handshake failed."""

from __future__ import annotations

import hashlib
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from watcher.errors import FetchError
from watcher.model.capture import Outcome

MAXIMUM_CA_FILE_BYTES = 1_000_000
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*+-----END CERTIFICATE-----")  # RFC 7468, 5
_SHORT_NAMES = {
    "commonName": "CN",
    "organizationalUnitName": "OU",
    "organizationName": "O",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "countryName": "C",
}
_OLD_PROTOCOL = frozenset({"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION"})
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL"})
_CERTIFICATE_ASKED = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED"})
_REFUSED_AFTER_AGREEING = frozenset({"SSLV3_ALERT_HANDSHAKE_FAILURE", "SSLV3_ALERT_BAD_CERTIFICATE"})

# X509_V_ERR_… of OpenSSL, openssl-verification-options(1)
_VERIFY_WORDS = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "its chain ends in a self-signed certificate of an authority that is not known here",
    20: "its authority is not known here, or the server leaves out an intermediate certificate",
    21: "its authority is not known here, or the server leaves out an intermediate certificate",
    23: "it was revoked",
    62: "it is for other names",
    64: "it is for other addresses",
}
_AUTHORITY_UNKNOWN = frozenset({2, 18, 19, 20, 21})
_NAME_IT = ". If the authority is one that you trust, name its file in ca_file"


@dataclass(frozen=True, kw_only=True, slots=True)
class PeerCertificate:
    """What a connection recorded of TLS: version, SHA-256 of the server's certificate (DER), and who signed it."""

    tls_version: str = ""
    sha256: str = ""
    issuer: str = ""


def tls_context(authorities: str = "") -> ssl.SSLContext:
    """Certificates are verified against the bundle that comes with httpx; the environment is not asked.

    `authorities` are certificates in PEM that are trusted as well.
    """
    context = httpx.create_ssl_context(trust_env=False)
    if authorities:
        context.load_verify_locations(cadata=authorities)
    return context


def authorities_in(ca_file: Path) -> str:
    """The certificates of a PEM file, without what stands around them.

    FetchError TLS_ERROR names the file, what is wrong with it and what to do.
    """
    try:
        if not ca_file.is_file():
            raise _unusable(
                ca_file, "there is no such file. Put it there, or name another; fetch.certificates is the folder"
            )
        with ca_file.open("rb") as file:
            content = file.read(MAXIMUM_CA_FILE_BYTES + 1)
    except OSError as error:
        raise _unusable(ca_file, f"it cannot be read: {error.strerror}. Let the user of watcher read it") from error
    if len(content) > MAXIMUM_CA_FILE_BYTES:
        raise _unusable(
            ca_file, f"it has more than {MAXIMUM_CA_FILE_BYTES} bytes. Keep only this site's authority in it"
        )
    certificates = b"\n".join(_CERTIFICATE.findall(content))
    if not certificates:
        raise _unusable(
            ca_file,
            "there is no certificate in PEM in it (-----BEGIN CERTIFICATE-----). "
            "A DER file is converted with: openssl x509 -inform der -in FILE -out FILE.pem",
        )
    try:
        authorities = certificates.decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=authorities)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise _unusable(ca_file, "a certificate in it is damaged. Get the file once more") from error
    return authorities


def _unusable(ca_file: Path, why: str) -> FetchError:
    return FetchError(f"the ca_file {ca_file} cannot be used: {why}", outcome=Outcome.TLS_ERROR, transient=True)


def peer_certificate(protected: ssl.SSLSocket) -> PeerCertificate:
    """The facts of a connection whose handshake is done."""
    encoded = protected.getpeercert(binary_form=True)
    details: dict[str, Any] = protected.getpeercert() or {}
    return PeerCertificate(
        tls_version=protected.version() or "",
        sha256=hashlib.sha256(encoded).hexdigest() if encoded else "",
        issuer=name_text(details.get("issuer", ())),
    )


def name_text(name: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """A distinguished name as text, most specific part first: "CN=R11, O=Let's Encrypt, C=US" (after RFC 4514)."""
    parts = [f"{_SHORT_NAMES.get(key, key)}={_escaped(value)}" for level in reversed(name) for key, value in level]
    return ", ".join(parts)


def _escaped(value: str) -> str:
    return "".join(f"\\{char}" if char in ',+"\\<>;=' else char for char in value)


def tls_failure(error: ssl.SSLError, *, host: str, port: int, agreed: bool) -> FetchError:
    """The error of a handshake, or of a first read after it.

    `agreed` says that both sides had agreed on a cipher: a server that then breaks off misses a certificate of ours.
    """
    return FetchError(_words(error, host, port, agreed), outcome=Outcome.TLS_ERROR, transient=True)


def _words(error: ssl.SSLError, host: str, port: int, agreed: bool) -> str:
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = _VERIFY_WORDS.get(error.verify_code, "it did not pass")
        hint = _NAME_IT if error.verify_code in _AUTHORITY_UNKNOWN else ""
        return f"the certificate of {host} is not trusted: {why} ({error.verify_message.rstrip('.')}){hint}"
    if reason in _CERTIFICATE_ASKED or (agreed and reason in _REFUSED_AFTER_AGREEING):
        return f"{host} demands a client certificate, and watcher has none to show: ask its keeper for an open address"
    if reason in _OLD_PROTOCOL:
        return f"{host} offers only TLS 1.0 or 1.1, which protect nothing any more: its keeper must update the server"
    if reason in _NO_TLS:
        return f"{host} does not speak TLS on port {port}: is its address rather http://?"
    if isinstance(error, ssl.SSLEOFError):
        return f"{host} broke off the TLS handshake"
    return f"no TLS connection to {host}: {reason or error}"
