"""Checks an exported bag with Python's standard library alone: verify_offline.py [BAG] [--key FILE] [--note FILE].

BAG is the unpacked folder or the .zip; without it, the bag that this file lies in. --key names a public key
(.vkey) that you have from somewhere else: without it, the key inside the bag is believed. --note names a
checkpoint that you were sent at some time, alone in a file or in a saved mail: the bag must continue it.
Exit code 0: everything was checked and is right. 1: something is wrong. 2: something could not be checked.

Formats: BagIt 1.0 (RFC 8493), WARC 1.1 (ISO 28500:2017), RFC 6962 trees, C2SP signed-note and tlog-checkpoint,
Ed25519 (RFC 8032).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import email
import email.message
import email.policy
import hashlib
import http
import json
import re
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

STEP = 1 << 20
LONGEST_HEAD = 1 << 20
LONGEST_FILE = 1 << 26
MANIFESTS = (("manifest-sha256.txt", "data/"), ("tagmanifest-sha256.txt", ""))
REVISIT_OF_304 = "server-not-modified"
_FRAMING = ("content-length", "transfer-encoding")


Keys = dict[bytes, tuple[str, bytes]]


class Checkpoint(NamedTuple):
    """A head of the ledger: how many records it covers, and the root of their tree."""

    origin: str
    size: int
    root: bytes
    is_signed: bool


class Report:
    """What was found, said at once: lines on standard output and the exit code at the end."""

    def __init__(self) -> None:
        self.wrong = 0
        self.unchecked = 0

    def right(self, words: str) -> None:
        """Something was checked and is right."""
        print(f"ok           {printable(words)}")

    def bad(self, words: str) -> None:
        """Something is not what it should be."""
        self.wrong += 1
        print(f"WRONG        {printable(words)}")

    def skip(self, words: str) -> None:
        """Something could not be checked."""
        self.unchecked += 1
        print(f"NOT CHECKED  {printable(words)}")

    def exit_code(self) -> int:
        """1 when something is wrong, else 2 when something could not be checked, else 0."""
        return 1 if self.wrong else 2 if self.unchecked else 0


class Bag:
    """The files of a bag in a folder or a zip, by their path inside the bag."""

    def __init__(self, path: Path) -> None:
        self._files: dict[str, Path | str] = {}
        self._zip = zipfile.ZipFile(path) if path.is_file() else None
        self.odd: list[str] = []
        if self._zip is not None:
            names = [name for name in self._zip.namelist() if not name.endswith("/")]
            top = next((name[: -len("bagit.txt")] for name in names if re.fullmatch(r"([^/]+/)?bagit\.txt", name)), "")
            self.odd = [name for name in names if not name.startswith(top)]
            self.odd += [name for name, times in Counter(names).items() if times > 1]
            self._files = {name[len(top) :]: name for name in names if name.startswith(top)}
        else:
            for file in sorted(path.rglob("*")):
                name = file.relative_to(path).as_posix()
                if file.is_symlink():
                    self.odd.append(name)
                elif file.is_file():
                    self._files[name] = file

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def names(self, start: str = "") -> list[str]:
        """All paths that begin so."""
        return sorted(name for name in self._files if name.startswith(start))

    def open(self, name: str) -> IO[bytes]:
        """A file to read; KeyError when there is none."""
        place = self._files[name]
        if self._zip is not None:
            return self._zip.open(str(place))
        return Path(place).open("rb")

    def read(self, name: str) -> bytes:
        """A whole file of at most 64 MB; OSError when it is longer."""
        with self.open(name) as file:
            found = file.read(LONGEST_FILE + 1)
        if len(found) > LONGEST_FILE:
            raise OSError(f"{name} is longer than {LONGEST_FILE} bytes")
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a bag, say what was found, and give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("bag", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--key", type=Path, help="a public key (.vkey) that you have from somewhere else")
    parser.add_argument("--note", type=Path, help="a checkpoint that you were sent: the bag must continue it")
    options = parser.parse_args(arguments)
    report = Report()
    try:
        bag = Bag(options.bag)
        if "bagit.txt" not in bag:
            print(f"{options.bag} is no bag: it holds no bagit.txt. Give the unpacked folder or the .zip.")
            return 2
        check_bag(bag, report, options.key, options.note)
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        report.bad(f"{options.bag} cannot be read: {error}")
    conclude(report)
    return report.exit_code()


def check_bag(bag: Bag, report: Report, key: Path | None = None, note: Path | None = None) -> None:
    """All checks in order: files, checkpoints, ledger records, proofs, WARC records."""
    for name in bag.odd:
        report.bad(f"{name} should not be in a bag: a link, a second file of its name or one outside the bag's folder")
    check_manifests(bag, report)
    head = check_checkpoint(bag, report, key, note)
    lines = read_records(bag, report)
    if head is not None:
        check_proofs(bag, report, lines, head)
    captures = {number: fields for number, (_, fields) in lines.items() if fields.get("type") == "capture"}
    deleted = {str(fields.get("payload_sha256")) for _, fields in lines.values() if fields.get("type") == "tombstone"}
    payloads = check_warcs(bag, report, captures)
    check_payloads(report, captures, payloads, deleted)


def conclude(report: Report) -> None:
    """The last lines: what it comes to."""
    if report.wrong:
        print(f"\n{report.wrong} thing(s) are WRONG: this bag is not what was exported, or not what was recorded.")
    elif report.unchecked:
        print(f"\nNothing is wrong, but {report.unchecked} thing(s) could NOT be checked.")
    else:
        print("\nEverything was checked and is right. README.txt says what that proves and what not.")


def check_manifests(bag: Bag, report: Report) -> None:
    """Every file is there with its digest, and none is there that no manifest names (RFC 8493, 2.1.3)."""
    for manifest, start in MANIFESTS:
        if manifest not in bag:
            report.bad(f"{manifest} is missing: nothing says which files belong to the bag")
            continue
        listed: dict[str, str] = {}
        for number, line in enumerate(bag.read(manifest).decode("utf-8", "replace").splitlines(), start=1):
            found = re.fullmatch(r"([0-9a-fA-F]{64})[ \t]+\*?(.+)", line)
            if found is None:
                report.bad(f"{manifest} line {number} is no digest with a file name")
                continue
            listed[re.sub("%0[dD]", "\r", re.sub("%0[aA]", "\n", found[2]))] = found[1].lower()
        before = report.wrong
        for name, digest in listed.items():
            if name not in bag:
                report.bad(f"{name} is missing, although {manifest} names it")
            elif _digest(bag, name) != digest:
                report.bad(f"{name} was changed: its SHA-256 is not the one in {manifest}")
        for name in bag.names(start):
            if start and name not in listed:
                report.bad(f"{name} was added: {manifest} does not name it")
        if report.wrong == before:
            report.right(f"{len(listed)} file(s) have the digest that {manifest} gives")


def check_checkpoint(bag: Bag, report: Report, own_key: Path | None, own_note: Path | None) -> Checkpoint | None:
    """The signed head that the proofs lead to, after checking it and the earlier ones; None when it cannot be read."""
    if "data/checkpoint.note" not in bag:
        report.bad("data/checkpoint.note is missing: nothing signed says what the ledger held")
        return None
    names = bag.names("data/keys/")
    all_keys = read_keys(report, {name: bag.read(name).decode("utf-8", "replace") for name in names})
    keys = all_keys
    if own_key is not None:
        keys = read_keys(report, {str(own_key): own_key.read_text("utf-8", "replace")})
    note = bag.read("data/checkpoint.note").decode("utf-8", "replace")
    try:
        head = read_checkpoint(note)
    except ValueError as error:
        report.bad(f"data/checkpoint.note is no checkpoint: {error}")
        return None
    check_signatures(report, "the checkpoint", note, head.origin, keys)
    size, root = head.size, head.root.hex()
    print(f"             the checkpoint covers {size} records of {printable(head.origin)}; its root is {root}")
    check_earlier(bag, report, head, {**all_keys, **keys}, own_note)
    return head


def check_earlier(bag: Bag, report: Report, head: Checkpoint, keys: Keys, own_note: Path | None) -> None:
    """Earlier checkpoints are signed, and the ledger only grew since (RFC 6962, 2.1.2)."""
    own = read_own_note(own_note) if own_note is not None else ""
    seen, before = {head.size: head.root}, report.wrong
    lines = bag.read("data/earlier.jsonl").splitlines() if "data/earlier.jsonl" in bag else []
    for number, line in enumerate(lines, start=1):
        try:
            fields = json.loads(line)
            earlier = read_checkpoint(fields["note"])
            path = [bytes.fromhex(one) for one in fields["path"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            report.bad(f"data/earlier.jsonl line {number} is no checkpoint with a proof")
            continue
        what = f"the checkpoint over {earlier.size} records"
        if not is_continued(earlier, head, path):
            report.bad(f"the ledger does not continue {what}: records were changed or removed since")
            continue
        seen[earlier.size] = earlier.root
        if head.is_signed:
            check_signatures(report, what, fields["note"], head.origin, keys, is_told=False)
    if lines and report.wrong == before:
        report.right(f"the ledger continues {len(lines)} earlier checkpoint(s)")
    if own_note is not None:
        check_own_note(report, own, head, seen)


def read_own_note(path: Path) -> str:
    """The text of a file that holds a checkpoint: the note alone, or the mail that brought it."""
    content = path.read_bytes()
    message = email.message_from_bytes(content, policy=email.policy.default)
    if "message-id" not in message and "content-type" not in message:
        return content.decode("utf-8", "replace")
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    return "\n".join(str(part.get_content()) for part in parts if isinstance(part, email.message.EmailMessage))


def check_own_note(report: Report, note: str, head: Checkpoint, seen: Mapping[int, bytes]) -> None:
    """The checkpoint that the reader was sent is one that the ledger of the bag continues."""
    note = "\n".join(line.strip() for line in note.splitlines())
    start = note.find(f"{head.origin}\n")
    try:
        own = read_checkpoint(note[start:]) if start >= 0 else None
    except ValueError:
        own = None
    if own is None:
        report.skip(f"the file of --note holds no checkpoint of {head.origin}")
    elif own.size not in seen:
        report.skip(f"the bag holds no proof for your checkpoint over {own.size} records: ask the operator for one")
    elif seen[own.size] != own.root:
        report.bad(f"the ledger is not the one of your checkpoint over {own.size} records: it was written anew")
    else:
        report.right(f"the ledger continues your checkpoint over {own.size} records")


def is_continued(earlier: Checkpoint, head: Checkpoint, path: Sequence[bytes]) -> bool:
    """Whether a consistency proof leads from one head to the other (RFC 9162, 2.1.4.2)."""
    if earlier.origin != head.origin or not 0 < earlier.size < head.size:
        return False
    hashes = [earlier.root, *path] if earlier.size & (earlier.size - 1) == 0 else list(path)
    if not hashes:
        return False
    node, last = earlier.size - 1, head.size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = _node(sibling, old), _node(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = _node(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and (old, new) == (earlier.root, head.root)


def read_checkpoint(note: str) -> Checkpoint:
    """The head in a note (C2SP tlog-checkpoint). ValueError when it is none."""
    body, _, signatures = note.replace("\r\n", "\n").partition("\n\n")
    lines = body.split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (IndexError, ValueError, binascii.Error) as error:
        raise ValueError("origin, size and root are not three lines") from error
    return Checkpoint(origin, size, root, bool(signatures.strip()))


def read_keys(report: Report, keys: Mapping[str, str]) -> Keys:
    """(name, public key) by key id, of vkeys by the place that they were found in."""
    known: Keys = {}
    for place, vkey in keys.items():
        try:
            name, key_id, public = read_vkey(vkey)
        except ValueError as error:
            report.bad(f"{place} is no public key: {error}")
            continue
        known[key_id] = name, public
    return known


def check_signatures(report: Report, what: str, note: str, origin: str, known: Keys, *, is_told: bool = True) -> None:
    """At least one signature is by a known key, and none by a known key is wrong (C2SP signed-note)."""
    body, _, signatures = note.partition("\n\n")
    good = bad = 0
    for line in signatures.splitlines():
        found = re.fullmatch(r"— (\S+) ([A-Za-z0-9+/=]+)", line)
        blob = _from_base64(found[2]) if found else b""
        if found is None or blob[:4] not in known or known[blob[:4]][0] != found[1]:
            continue
        if verify_ed25519(known[blob[:4]][1], body.encode() + b"\n", blob[4:]):
            good += 1
            if is_told:
                report.right(f"{what} is signed by {found[1]}, key {blob[:4].hex()}")
        else:
            bad += 1
            report.bad(f"the signature by {found[1]} is false on {what}: it was not signed so, or was changed")
    if not good and not signatures.strip():
        report.skip(f"{what} of {origin} has no signature: only that the parts fit together can be shown")
    elif not good and not known:
        report.skip(f"{what} is signed, but no public key is at hand: get it from the operator, use --key")
    elif not good and not bad:
        report.bad(f"{what} is signed by none of the keys at hand")


def read_records(bag: Bag, report: Report) -> dict[int, tuple[bytes, dict[str, Any]]]:
    """The ledger records of the bag by sequence: (line, fields)."""
    found: dict[int, tuple[bytes, dict[str, Any]]] = {}
    if "data/records.jsonl" not in bag:
        report.bad("data/records.jsonl is missing: the bag holds no records")
        return found
    with bag.open("data/records.jsonl") as file:
        for number, line in enumerate(file, start=1):
            try:
                fields = json.loads(line)
                found[int(fields["sequence"])] = line.rstrip(b"\n"), dict(fields)
            except (ValueError, KeyError, TypeError):
                report.bad(f"data/records.jsonl line {number} is no ledger record")
    return found


def check_proofs(bag: Bag, report: Report, lines: Mapping[int, tuple[bytes, dict[str, Any]]], head: Checkpoint) -> None:
    """Every record is a leaf of the tree that the checkpoint signs (RFC 6962, 2.1.1)."""
    proven = 0
    for sequence, (line, _) in sorted(lines.items()):
        try:
            proof = json.loads(bag.read(f"data/proofs/{sequence}.json"))
            path = [bytes.fromhex(one) for one in proof["path"]]
        except (KeyError, ValueError, TypeError, AttributeError):
            report.bad(f"record {sequence} has no readable proof: nothing shows that it was in the ledger")
            continue
        leaf = hashlib.sha256(b"\x00" + line).digest()
        if root_of(leaf, sequence, head.size, path) == head.root:
            proven += 1
        else:
            report.bad(f"record {sequence} is not in the signed ledger: it was changed or never recorded there")
    if proven == len(lines):
        report.right(f"{proven} record(s) are in the ledger that the checkpoint describes")


def root_of(leaf: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); empty when it cannot belong there."""
    if not 0 <= index < size:
        return b""
    node, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return b""
        if node & 1 or node == last:
            found = _node(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = _node(found, sibling)
        node, last = node >> 1, last >> 1
    return found if last == 0 else b""


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def check_warcs(bag: Bag, report: Report, captures: Mapping[int, Mapping[str, Any]]) -> set[str]:
    """The digests of all bodies in the WARC files, after checking them against headers and ledger."""
    payloads: set[str] = set()
    number = 0
    for name in bag.names("data/warc/"):
        try:
            with bag.open(name) as file:
                for record in read_warc(file):
                    number += 1
                    check_record(report, name, record, captures, payloads)
        except (ValueError, zlib.error, OSError) as error:
            report.bad(f"{name} cannot be read after record {number}: {error}")
    report.right(f"{number} WARC record(s) were read")
    return payloads


def check_record(
    report: Report,
    name: str,
    record: WarcRecord,
    captures: Mapping[int, Mapping[str, Any]],
    payloads: set[str],
) -> None:
    """One WARC record: its own digests, and what the ledger says of its Capture."""
    what = f"{name}: {record.headers.get('warc-type')} {record.headers.get('warc-target-uri', '')}"
    kind = record.headers.get("warc-type", "")
    declared = record.headers.get("warc-payload-digest", "")
    if record.headers.get("warc-block-digest", "") not in ("", f"sha256:{record.block_sha256}"):
        report.bad(f"{what}: its bytes do not have the digest of its header")
    if kind in ("response", "resource") and declared != f"sha256:{record.payload_sha256}":
        report.bad(f"{what}: its payload does not have the digest of its header")
    if kind not in ("response", "resource", "revisit"):
        return
    if kind != "revisit":
        payloads.add(record.payload_sha256)
    found = re.fullmatch(r"urn:x-watcher:capture:.+:(\d+)", record.headers.get("watcher-capture", ""))
    capture = captures.get(int(found[1])) if found else None
    if capture is None:
        report.bad(f"{what}: no record of the ledger speaks of it")
        return
    try:
        problems = list(_against_ledger(record, capture))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problems = [f"the record of its Capture cannot be read: {error}"]
    for problem in problems:
        report.bad(f"{what}: {problem}, unlike record {capture['sequence']}")


def _against_ledger(record: WarcRecord, capture: Mapping[str, Any]) -> Iterator[str]:
    digest = record.headers.get("warc-payload-digest", "").removeprefix("sha256:")
    url = capture["hops"][-1]["url"] if capture["hops"] else capture["requested_url"]
    target = record.headers.get("warc-target-uri", "").removeprefix("urn:view:")
    known = (target_uri(url), target_uri(capture["requested_url"]))
    if digest not in (capture["payload_sha256"], capture.get("partial_sha256"), capture.get("screenshot_sha256")):
        yield "it has another payload"
    if url and target not in known:
        yield "it has another address"
    if record.headers.get("warc-date", "")[:19] != str(capture["captured_at"])[:19]:
        yield "it has another date"
    if record.head:
        profile = record.headers.get("warc-profile", "")
        decoded = digest != capture.get("partial_sha256") and not profile.endswith(REVISIT_OF_304)
        length = None if record.headers.get("warc-type") == "revisit" else record.payload_length
        if record.head != response_head(capture["status"], capture["headers"], decoded=decoded, length=length):
            yield "it has other HTTP headers"


def check_payloads(
    report: Report, captures: Mapping[int, Mapping[str, Any]], payloads: set[str], deleted: set[str]
) -> None:
    """Every body that a Capture names is in the WARC files, or a record says that it was deleted."""
    for gone in sorted(deleted - payloads):
        print(f"             the bytes with SHA-256 {printable(gone)} were deleted; a record says by whom and why")
    before = report.wrong
    for sequence, capture in sorted(captures.items()):
        for field in ("payload_sha256", "partial_sha256", "screenshot_sha256"):
            digest = capture.get(field)
            if digest and digest not in payloads | deleted:
                report.bad(f"the bytes of record {sequence} are missing: no WARC record has SHA-256 {digest}")
    if report.wrong == before:
        report.right(f"the bytes of {len(captures)} Capture(s) are in the WARC files")


class WarcRecord:
    """One WARC record: header fields by lower-case name, the HTTP head, digests of block and payload."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers
        self.head = b""
        self.block_sha256 = ""
        self.payload_sha256 = ""
        self.payload_length = 0


def read_warc(file: IO[bytes]) -> Iterator[WarcRecord]:
    """The records of a WARC file, gzip by record or plain. ValueError names what cannot be read."""
    stream = _Plain(file)
    while True:
        version = stream.line()
        if not version:
            return
        if version.strip() not in (b"WARC/1.0", b"WARC/1.1"):
            raise ValueError(f"a record begins with {version[:20]!r} and not with WARC/1.1")
        headers: dict[str, str] = {}
        length = 0
        while (line := stream.line()) not in (b"\r\n", b"\n"):
            length += len(line)
            if not line or length > LONGEST_HEAD:
                raise ValueError("the file ends within the header of a record, or the header does not end")
            name, _, value = line.decode("utf-8", "replace").partition(":")
            headers[name.strip().lower()] = value.strip()
        record = WarcRecord(headers)
        _read_block(stream, record)
        if stream.exactly(4) != b"\r\n\r\n":
            raise ValueError("a record is longer than its Content-Length says")
        yield record


def _read_block(stream: _Plain, record: WarcRecord) -> None:
    rest = int(record.headers.get("content-length", "-1"))
    if rest < 0:
        raise ValueError("a record has no Content-Length")
    block, payload = hashlib.sha256(), hashlib.sha256()
    if record.headers.get("content-type", "").startswith("application/http"):
        while rest and not record.head.endswith(b"\r\n\r\n"):
            line = stream.line(rest)
            if not line or len(record.head) > LONGEST_HEAD:
                raise ValueError("a record ends within its HTTP headers")
            record.head += line
            rest -= len(line)
        if record.head and not record.head.endswith(b"\r\n\r\n"):
            raise ValueError("a record ends within its HTTP headers")
        block.update(record.head)
    while rest:
        piece = stream.some(rest)
        if not piece:
            raise ValueError("the file ends within a record")
        block.update(piece)
        payload.update(piece)
        record.payload_length += len(piece)
        rest -= len(piece)
    record.block_sha256, record.payload_sha256 = block.hexdigest(), payload.hexdigest()


class _Plain:
    """The bytes of a file, gunzipped under a bound where they are gzip of one or many members."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ready = b""
        self._coded = file.read(STEP)
        self._is_gzip = self._coded[:2] == b"\x1f\x8b"
        self._inflater = zlib.decompressobj(31)

    def _more(self) -> bool:
        while True:
            self._coded = self._coded or self._file.read(STEP)
            if not self._is_gzip:
                self._ready, self._coded = self._ready + self._coded, b""
                return bool(self._ready)
            if self._inflater.eof:
                if not self._coded:
                    return False
                self._inflater = zlib.decompressobj(31)
            if not self._coded:
                raise ValueError("the file is cut: its last gzip member does not end")
            piece = self._inflater.decompress(self._coded, STEP)
            self._coded = self._inflater.unconsumed_tail or self._inflater.unused_data
            if piece:
                self._ready += piece
                return True

    def some(self, most: int) -> bytes:
        """Some bytes, at most so many; empty at the end."""
        if not self._ready and not self._more():
            return b""
        piece, self._ready = self._ready[:most], self._ready[most:]
        return piece

    def exactly(self, number: int) -> bytes:
        """So many bytes, fewer at the end."""
        found = b""
        while len(found) < number and (piece := self.some(number - len(found))):
            found += piece
        return found

    def line(self, most: int = LONGEST_HEAD) -> bytes:
        """Bytes up to and including a line feed; empty at the end."""
        while b"\n" not in self._ready[:most] and len(self._ready) < most:
            before = len(self._ready)
            if not self._more() or len(self._ready) == before:
                break
        return self.some(min(most, self._ready.find(b"\n") + 1 or len(self._ready)))


def response_head(status: int | None, headers: Iterable[Sequence[str]], *, decoded: bool, length: int | None) -> bytes:
    """Status line and headers of a Capture as its WARC record holds them.

    Headers that speak of the body as it was sent, and not as it is kept, are renamed to X-Archive-Orig-…: those of
    framing where `length` is that of the kept body, Content-Encoding too where `decoded` says that it was removed.
    """
    renamed = (*_FRAMING, "content-encoding") if decoded else _FRAMING if length is not None else ()
    phrase = ""
    with contextlib.suppress(ValueError):
        phrase = http.HTTPStatus(status or 0).phrase
    lines = [f"HTTP/1.1 {status or 0} {phrase}"]
    for name, value in headers:
        shown = f"X-Archive-Orig-{name}" if name.lower() in renamed else name
        lines += [f"{shown}: {part}" for part in re.split(r"[\r\n]+", value)]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return b"".join(_header_bytes(line) + b"\r\n" for line in lines) + b"\r\n"


def target_uri(url: str) -> str:
    """An address as WARC-Target-URI holds it: without blanks and control characters (RFC 3986)."""
    return re.sub(r"[\x00-\x20\x7f]", lambda found: f"%{ord(found[0]):02X}", url)


def _header_bytes(line: str) -> bytes:
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogatepass")


def read_vkey(text: str) -> tuple[str, bytes, bytes]:
    """(name, key id, Ed25519 public key) of a C2SP verifier key `name+id+base64`. ValueError when it is none."""
    parts = text.strip().split("+", 2)
    blob = _from_base64(parts[2]) if len(parts) == 3 else b""
    if len(blob) != 33 or blob[0] != 1:
        raise ValueError("it should be name+id+base64 of an Ed25519 key")
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + blob).digest()[:4]
    if parts[1].lower() != key_id.hex():
        raise ValueError("its id is not that of its key")
    return parts[0], key_id, blob[1:]


_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032, 5.1.4)


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of 64 bytes is by the holder of the key (RFC 8032, 5.1.7)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, start = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or start is None or scalar >= _ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    return _equal(_times(scalar, _BASE), _sum(start, _times(challenge, key)))


def _point(coded: bytes) -> Point | None:
    number = int.from_bytes(coded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _sum(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c = 2 * one[3] * two[3] * _D % _P
    d = 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = _sum(found, point)
        point = _sum(point, point)
        scalar >>= 1
    return found


def _equal(one: Point, two: Point) -> bool:
    return (one[0] * two[2] - two[0] * one[2]) % _P == 0 and (one[1] * two[2] - two[1] * one[2]) % _P == 0


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little")) or (0, 1, 1, 0)


def _digest(bag: Bag, name: str) -> str:
    digest = hashlib.sha256()
    with bag.open(name) as file:
        while piece := file.read(STEP):
            digest.update(piece)
    return digest.hexdigest()


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def printable(text: str) -> str:
    """Text of unknown origin as a terminal may show it."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


if __name__ == "__main__":
    sys.exit(main())
