"""RFC 3161 time stamps over checkpoints: a third party's word for when the ledger stood so.

A stamp is the authority's whole answer in `timestamps/<size>.tsr`, over the SHA-256 of the file
`checkpoints/<size>.note`. It can be checked without watcher:

    openssl ts -verify -data checkpoints/<size>.note -in timestamps/<size>.tsr -CAfile authority.pem
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from watcher.archive.checkpoints import newest_checkpoint
from watcher.archive.storage import Storage
from watcher.errors import ConfigError, FetchError, NotFoundError
from watcher.model.capture import Outcome

REQUEST_TYPE = "application/timestamp-query"
ANSWER_TYPE = "application/timestamp-reply"
_WITHOUT_EXTRA = "time stamps need the extra `timestamp`: install watcher[timestamp]"


@dataclass(frozen=True, kw_only=True, slots=True)
class StampRequest:
    """A question to a time stamp authority: its DER form, and the nonce that the answer must repeat."""

    der: bytes
    nonce: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """What a verified time stamp says: the authority saw the checkpoint of `size` records at `stamped_at`."""

    size: int
    stamped_at: datetime
    serial_number: int
    policy: str


def note_to_stamp(storage: Storage) -> str:
    """The name of the stored checkpoint over most records. NotFoundError when none was signed yet."""
    newest = newest_checkpoint(storage)
    if newest is None:
        raise NotFoundError(f"{storage.where('checkpoints')} holds no checkpoint yet, so there is nothing to stamp")
    return newest.name


def stamp_name(note: str) -> str:
    """Where the stamp of a checkpoint lies."""
    return f"timestamps/{PurePosixPath(note).stem}.tsr"


def stamp_names(storage: Storage) -> list[str]:
    """All stored stamps, smallest checkpoint first."""
    stems = [PurePosixPath(stored.name) for stored in storage.files("timestamps/")]
    numbered = [name for name in stems if name.suffix == ".tsr" and name.stem.isascii() and name.stem.isdigit()]
    return [str(name) for name in sorted(numbered, key=lambda name: int(name.stem))]


def stamp_request(note: bytes) -> StampRequest:
    """The question over a checkpoint, SHA-256, with a nonce; the authority's certificate is asked for."""
    try:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
    except ImportError as error:
        raise ConfigError(_WITHOUT_EXTRA) from error
    built = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256)
    request = built.nonce(nonce=True).cert_request(cert_request=True).build()
    return StampRequest(der=bytes(request.as_bytes()), nonce=request.nonce)


def verify_stamp(
    answer: bytes, note: bytes, *, size: int, certificates: bytes, authority: str, nonce: int | None = None
) -> Stamp:
    """What an authority's answer says, when it holds for a checkpoint; `certificates` are PEM, those that are trusted.

    `authority` is how an error names whoever answered. FetchError says what does not hold, ConfigError that the
    certificates cannot be read. `nonce` is checked where it is known, which is when the answer has just come.
    """
    try:
        from cryptography.x509 import load_pem_x509_certificates
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ImportError as error:
        raise ConfigError(_WITHOUT_EXTRA) from error
    try:
        trusted = load_pem_x509_certificates(certificates)
    except ValueError as error:
        raise ConfigError(f"archive.timestamp_certificates holds no PEM certificate: {error}") from error
    try:
        response = decode_timestamp_response(answer)
        if response.status not in (0, 1):
            raise _no_stamp(authority, f"it refused: {'; '.join(response.status_string) or response.status}")
        VerifierBuilder(roots=trusted, nonce=nonce).build().verify(response, hashlib.sha256(note).digest())
        told = response.tst_info
        return Stamp(
            size=size,
            stamped_at=told.gen_time,
            serial_number=told.serial_number,
            policy=told.policy.dotted_string,
        )
    except (ValueError, TypeError, VerificationError) as error:
        raise _no_stamp(authority, str(error)) from error


def _no_stamp(authority: str, why: str) -> FetchError:
    message = f"{authority} gave no time stamp that holds: {why}. Nothing was stored; everything else is as it was"
    return FetchError(message, outcome=Outcome.BROKEN_RESPONSE, transient=False)
