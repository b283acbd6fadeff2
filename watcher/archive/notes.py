"""Signed notes and checkpoints, Ed25519.

A note is a text that ends with a line feed, an empty line, and signature lines "— <name> <base64>", as C2SP's
signed-note says (https://c2sp.org/signed-note). A checkpoint is a note whose text is origin, size and root
(https://c2sp.org/tlog-checkpoint). Public keys are written as vkeys, "<name>+<key id>+<base64>"; private ones as
skeys, "PRIVATE+KEY+<name>+<key id>+<base64>", as golang.org/x/mod/sumdb/note does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM = b"\x01"  # Ed25519 in signed-note
SIGNATURE_MARK = "— "
MAXIMUM_NOTE_CHARACTERS = 1_000_000
MAXIMUM_SIGNATURES = 100
KEY_BYTES, SIGNATURE_BYTES, ID_BYTES = 32, 64, 4
_SKEY_MARK = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_ASCII_CONTROLS = {chr(code) for code in range(32)} - {"\n"} | {"\x7f"}


class NoteError(ValueError):
    """A text is no note, checkpoint or key; says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicKey:
    """An Ed25519 public key with the name that signs with it."""

    name: str
    key: bytes

    @property
    def key_id(self) -> str:
        """The first 4 bytes, in hex, of SHA-256(name ‖ line feed ‖ algorithm ‖ key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ALGORITHM + self.key).digest()[:ID_BYTES].hex()

    @property
    def vkey(self) -> str:
        """The text form."""
        return f"{self.name}+{self.key_id}+{base64.b64encode(ALGORITHM + self.key).decode()}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivateKey:
    """An Ed25519 private key with the name that signs with it."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """Its public key."""
        return PublicKey(name=self.name, key=_signer(self.seed).public_key().public_bytes_raw())

    @property
    def skey(self) -> str:
        """The text form: a secret."""
        return f"{_SKEY_MARK}{self.name}+{self.public.key_id}+{base64.b64encode(ALGORITHM + self.seed).decode()}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """One signature line: who says to have signed, the id of the key, and the 64 bytes."""

    name: str
    key_id: str
    signature: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A parsed note: the signed text with its final line feed, and the signatures, not verified yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The head of a ledger: the tree over its first `size` records has the root `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_name(origin: str) -> str:
    """The name under which an archive signs: its origin, with "-" for blanks and plus signs."""
    return re.sub(r"[\s+]", "-", origin) or "archive"


def sign_note(text: str, keys: Iterable[PrivateKey]) -> str:
    """The text as a signed note, one signature line a key."""
    _require_text(text)
    lines = []
    for key in keys:
        signature = bytes.fromhex(key.public.key_id) + _signer(key.seed).sign(text.encode())
        lines.append(f"{SIGNATURE_MARK}{key.name} {base64.b64encode(signature).decode()}\n")
    return f"{text}\n{''.join(lines)}"


def parse_note(note: str) -> Note:
    """The parts of a signed note. NoteError when any byte is not as the format says."""
    if len(note) > MAXIMUM_NOTE_CHARACTERS:
        raise NoteError("is longer than any note")
    text, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteError("has no signature lines after an empty line")
    text += "\n"
    _require_text(text)
    lines = tail[:-1].split("\n")
    if len(lines) > MAXIMUM_SIGNATURES:
        raise NoteError("has too many signatures")
    return Note(text=text, signatures=tuple(_signature(line) for line in lines))


def is_signed_by(note: Note, key: PublicKey) -> bool:
    """Whether a signature of the note is one of this key, and all that say so are."""
    own = [one for one in note.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    try:
        public = Ed25519PublicKey.from_public_bytes(key.key)
        for signature in own:
            public.verify(signature.signature, note.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return bool(own)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text holds; extension lines after the root are allowed and left alone."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0]:
        raise NoteError("is no checkpoint: origin, size and root should stand on its first three lines")
    if _SIZE.fullmatch(lines[1]) is None:
        raise NoteError(f"is no checkpoint: its size is {lines[1][:40]!r}")
    root = _decoded(lines[2], "its root")
    if len(root) != hashlib.sha256().digest_size:
        raise NoteError("is no checkpoint: its root has not 32 bytes")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def parse_vkey(text: str) -> PublicKey:
    """The public key of a vkey. NoteError unless its id is that of its bytes."""
    name, key_id, key = _key_parts(text)
    public = PublicKey(name=name, key=key)
    if public.key_id != key_id:
        raise NoteError("is no vkey: its id is not that of its key")
    return public


def parse_skey(text: str) -> PrivateKey:
    """The private key of an skey. NoteError, without a part of the key, when it is none."""
    if not text.startswith(_SKEY_MARK):
        raise NoteError(f"is no private key: it should begin with {_SKEY_MARK}")
    name, key_id, seed = _key_parts(text.removeprefix(_SKEY_MARK))
    private = PrivateKey(name=name, seed=seed)
    if private.public.key_id != key_id:
        raise NoteError("is no private key: its id is not that of its key")
    return private


def find_checkpoint_note(text: str, *, origin: str) -> str | None:
    """The checkpoint note of an archive inside a longer text (a Digest, quoted or indented), None when there is none.

    Blanks and ">" around the lines and empty lines that were lost or added are put right; nothing else is.
    """
    lines = [stripped for line in text.split("\n") if (stripped := line.strip("> \t\r"))]
    for place, line in enumerate(lines):
        if line != origin or place + 2 >= len(lines) or _SIZE.fullmatch(lines[place + 1]) is None:
            continue
        signed = []
        for one in lines[place + 3 :]:
            if not one.startswith(SIGNATURE_MARK):
                break
            signed.append(one + "\n")
        if signed:
            return f"{line}\n{lines[place + 1]}\n{lines[place + 2]}\n\n{''.join(signed)}"
    return None


def _signer(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _require_text(text: str) -> None:
    if not text.endswith("\n") or len(text) < 2:
        raise NoteError("has no text that ends with a line feed")
    if _ASCII_CONTROLS & set(text):
        raise NoteError("has a control character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteError("is not UTF-8") from error


def _signature(line: str) -> Signature:
    mark, name, encoded = line[: len(SIGNATURE_MARK)], *line[len(SIGNATURE_MARK) :].partition(" ")[::2]
    if mark != SIGNATURE_MARK or _NAME.fullmatch(name) is None:
        raise NoteError(f"has no signature line where one should be: {line[:40]!r}")
    raw = _decoded(encoded, "a signature")
    if len(raw) <= ID_BYTES:
        raise NoteError("has a signature that is too short")
    return Signature(name=name, key_id=raw[:ID_BYTES].hex(), signature=raw[ID_BYTES:])


def _key_parts(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    if _NAME.fullmatch(name) is None or re.fullmatch(r"[0-9a-f]{8}", key_id) is None:
        raise NoteError("is no key: it should read <name>+<8 hexadecimal digits>+<base64>")
    raw = _decoded(encoded, "its key")
    if raw[:1] != ALGORITHM or len(raw) != 1 + KEY_BYTES:
        raise NoteError("is no Ed25519 key of 32 bytes")
    return name, key_id, raw[1:]


def _decoded(encoded: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"{what} is no base64") from error
    if base64.b64encode(raw).decode() != encoded:
        raise NoteError(f"{what} is not written in the one base64 form")
    return raw
