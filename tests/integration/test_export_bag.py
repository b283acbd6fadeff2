"""An exported bag: what is in it, that the tools that should accept it do, and that no change to it goes unseen."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import logging
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import bagit
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from watcher.archive import bag as bags
from watcher.errors import ArchiveError, NotFoundError, RefusedError
from watcher.model.capture import Outcome
from watcher.model.source import Definition, SourceKind
from watcher.pipeline import register
from watcher.pipeline.export import export_source
from watcher.pipeline.export_ledger import ExportRequest
from watcher.pipeline.export_papers import plain_cell
from watcher.pipeline.import_history import import_items, read_items
from watcher.pipeline.import_warc import find_entries, import_entries
from watcher.store import audit

PAGE = "<html><title>Kazakhstan</title><body><p>Kazakhstan {} the Mine Ban Treaty.</p></body></html>"
OLD, NEW = PAGE.format("has not joined").encode(), PAGE.format("has joined").encode()
HTML = {"Content-Type": "text/html; charset=utf-8", "ETag": '"one"', "X-Odd": "caf\xe9"}


@dataclass(kw_only=True)
class Signer:
    """A key as an operator has it."""

    name: str = "watcher.test/archive"
    seed: bytes = b"\x07" * 32

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def _blob(self) -> bytes:
        return b"\x01" + self._key.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self._blob).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._blob).decode()}\n"

    def sign(self, text: str) -> str:
        """The signed note over a checkpoint."""
        signature = base64.b64encode(self.key_id + self._key.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"


def _export(bench: Any, out: Path, **more: Any) -> Any:
    signer = Signer()
    keys = bench.rooms.archive.root / "keys"
    keys.mkdir(exist_ok=True)
    (keys / f"{signer.key_id.hex()}.vkey").write_text(signer.vkey)
    request = ExportRequest(source_id=more.pop("source_id", "kaz"), out=out, user="lawyer", **more)
    checkpoint = signer.sign(bench.rooms.archive.checkpoint())
    return export_source(bench.rooms, request, checkpoint=checkpoint, told=lambda _: None)


def _seal(bench: Any) -> str:
    """A checkpoint over the ledger as it stands, stored as the service does it."""
    note = Signer().sign(bench.rooms.archive.checkpoint())
    folder = bench.rooms.archive.root / "checkpoints"
    folder.mkdir(exist_ok=True)
    (folder / f"{bench.rooms.archive.size():010d}.note").write_text(note)
    return note


def _watch(bench: Any) -> None:
    """Eight Captures: new, same, not modified, new, an error page, the first page again, a cut one, not there."""
    url = bench.site.put("/kaz", OLD, headers=HTML)
    bench.register("kaz", url, publisher="=cmd|' /C calc'!A0")
    bench.register("other", bench.site.put("/other", NEW))
    bench.check("kaz")
    bench.check("other")
    bench.check("kaz")
    bench.site.put("/kaz", b"", status=304, headers={"ETag": '"one"'})
    bench.check("kaz")
    _seal(bench)
    bench.site.put("/kaz", NEW, headers=HTML)
    bench.check("kaz")
    bench.site.put("/kaz", b"<h1>down</h1>", status=500, headers=HTML)
    bench.check("kaz")
    bench.site.put("/old", OLD, headers=HTML)
    bench.site.put("/kaz", b"", status=302, headers={"Location": "/old"})
    bench.check("kaz")
    bench.site.put("/old", b"not gzip", headers={**HTML, "Content-Encoding": "gzip"})
    bench.check("kaz")


@pytest.fixture
def folder(bench: Any, tmp_path: Path) -> Path:
    """An unpacked bag."""
    _watch(bench)
    _export(bench, tmp_path / "kaz.zip")
    with zipfile.ZipFile(tmp_path / "kaz.zip") as packed:
        packed.extractall(tmp_path)
    return tmp_path / "kaz"


def _verify(folder: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(folder / "data" / "verify_offline.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)


def _records(folder: Path) -> list[tuple[str, Any, bytes]]:
    with (folder / "data" / "warc" / "kaz-00001.warc.gz").open("rb") as file:
        return [(one.rec_type, one, one.raw_stream.read()) for one in ArchiveIterator(file)]


def test_the_tools_that_should_accept_a_bag_do(folder: Path, tmp_path: Path) -> None:
    sums = subprocess.run(
        ["sha256sum", "-c", "--strict", "manifest-sha256.txt"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert sums.returncode == 0, sums.stdout
    logging.getLogger("bagit").setLevel(logging.WARNING)
    bagit.Bag(str(folder)).validate()
    checker = Checker(type("Options", (), {"verbose": False, "inputs": []})())
    checker.process_one(str(folder / "data" / "warc" / "kaz-00001.warc.gz"))
    assert checker.exit_value == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments in ((), (str(folder),), (str(tmp_path / "kaz.zip"),)):
        verified = _verify(folder, *arguments, cwd=empty)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert "Everything was checked and is right" in verified.stdout
        assert "signed by watcher.test/archive" in verified.stdout


def test_every_attempt_is_there_in_the_words_of_warc(folder: Path) -> None:
    bodies = [(kind, one) for kind, one, _ in _records(folder) if kind in ("response", "revisit", "resource")]
    kinds = " ".join(kind for kind, _ in bodies)
    assert kinds == "response revisit revisit response response revisit response"
    new, same, not_modified, _, error, again, cut = [one for _, one in bodies]
    first = new.rec_headers.get_header("WARC-Record-ID")
    for revisit in (same, not_modified, again):
        assert revisit.rec_headers.get_header("WARC-Refers-To") == first
        assert revisit.rec_headers.get_header("WARC-Refers-To-Date") == "2026-05-03T10:00:00Z"
    assert same.rec_headers.get_header("WARC-Profile").endswith("/1.1/revisit/identical-payload-digest")
    assert not_modified.rec_headers.get_header("WARC-Profile").endswith("/1.1/revisit/server-not-modified")
    assert not_modified.http_headers.get_statuscode() == "304"
    assert error.http_headers.get_statuscode() == "500"
    assert again.rec_headers.get_header("WARC-Target-URI").endswith("/old")
    assert cut.http_headers.get_header("Content-Encoding") == "gzip"
    assert new.http_headers.get_header("X-Odd") == "caf\xe9"
    assert new.rec_headers.get_header("Watcher-Capture") == "urn:x-watcher:capture:watcher.test/archive:4"
    metadata = [body for kind, _, body in _records(folder) if kind == "metadata"]
    targets = {one.rec_headers.get_header("WARC-Target-URI") for kind, one, _ in _records(folder) if kind == "metadata"}
    assert all(target.startswith("urn:x-watcher:capture:") for target in targets), "a replayer would show records"
    lines = [line for line in (folder / "data" / "records.jsonl").read_bytes().splitlines() if b'"capture"' in line]
    assert metadata == lines
    assert len(lines) == 7


def test_records_are_the_ledgers_own_bytes_and_nothing_of_other_sources(bench: Any, folder: Path) -> None:
    ledger = set(bench.rooms.archive.lines())
    lines = (folder / "data" / "records.jsonl").read_bytes().splitlines()
    assert set(lines) <= ledger
    assert {json.loads(line).get("source_id", json.loads(line).get("target")) for line in lines} == {"kaz"}
    assert b"other" not in b"".join(path.read_bytes() for path in (folder / "data" / "changes").iterdir())


def test_texts_changes_citations_and_the_letter_are_for_people(folder: Path) -> None:
    texts = sorted(path.read_text() for path in (folder / "data" / "texts").iterdir())
    assert set(texts) == {
        "Kazakhstan has joined the Mine Ban Treaty.\n",
        "Kazakhstan has not joined the Mine Ban Treaty.\n",
    }
    told = "".join(path.read_text() for path in (folder / "data" / "changes").glob("*.txt"))
    assert "Kazakhstan has [-not -]joined" in told
    letter = (folder / "data" / "README.txt").read_text()
    assert "It holds 7 captures" in letter
    assert "HOW TO CITE IT" in letter
    assert "accessed 3 May 2026, archived at" in " ".join(letter.split())
    verifier = hashlib.sha256((folder / "data" / "verify_offline.py").read_bytes()).hexdigest()
    assert verifier in letter
    assert max(len(line) for line in letter.splitlines()) < 110


def test_054_a_login_page_is_counted_and_cited_apart_from_the_document(bench: Any, tmp_path: Path) -> None:
    bench.register("kaz", bench.site.put("/kaz", OLD))
    bench.check("kaz")
    login = (
        b"<html><title>Sign in</title><body><form>User name <input name=u><input type=password></form></body></html>"
    )
    bench.site.put("/kaz", login)
    assert bench.check("kaz").recorded.version.is_held
    bench.check("kaz")
    _export(bench, tmp_path / "kaz.zip")
    with zipfile.ZipFile(tmp_path / "kaz.zip") as packed:
        letter = " ".join(packed.read("kaz/data/README.txt").decode().split())
        texts = [name for name in packed.namelist() if "/texts/" in name and name.endswith(".txt")]
        citations = packed.read("kaz/data/citations.txt").decode().strip().split("\n\n")
    assert "It holds 3 captures" in letter
    assert "In 1 of them the document was reached. In 2 more something came that is held" in letter
    assert sorted(name.endswith("-held.txt") for name in texts) == [False, True]
    assert f"SHA-256 {hashlib.sha256(OLD).hexdigest()}" in letter.partition("HOW TO CITE IT")[2]
    document, wall = citations
    assert "Held" not in document
    assert f"SHA-256 {hashlib.sha256(login).hexdigest()}. Held: not taken as the document: " in wall


def test_096_formula_cells_of_the_custody_log_are_quoted(folder: Path, bench: Any) -> None:
    with (folder / "data" / "custody.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["action"] for row in rows] == ["definition", "source.add"]
    assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    for dangerous in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"):
        assert plain_cell(dangerous) == f"'{dangerous}"
    assert plain_cell("a=b") == "a=b"


def test_an_export_is_recorded_with_the_digest_of_its_file(bench: Any, tmp_path: Path) -> None:
    bench.register("kaz", bench.site.put("/kaz", OLD))
    bench.check("kaz")
    exported = _export(bench, tmp_path / "kaz.zip")
    record = next(one for one in bench.rooms.archive.records(exported.sequence))
    assert record.type == "export"
    assert record.body["file_sha256"] == hashlib.sha256((tmp_path / "kaz.zip").read_bytes()).hexdigest()
    assert (record.body["user"], record.body["source_id"], record.body["captures"]) == ("lawyer", "kaz", 1)
    with bench.rooms.database.reading() as connection:
        assert audit.list_audit(connection, target="kaz")[0].action == "source.export"
    assert [path.name for path in tmp_path.glob(".watcher-export-*")] == []


def test_a_period_takes_what_it_refers_to_along(bench: Any, tmp_path: Path) -> None:
    _watch(bench)
    period = {
        "captured_from": datetime(2026, 5, 3, 12, 30, tzinfo=UTC),
        "captured_to": datetime(2026, 5, 3, 13, 30, tzinfo=UTC),
    }
    exported = _export(bench, tmp_path / "kaz.zip", **period)
    assert exported.captures == 2
    with zipfile.ZipFile(tmp_path / "kaz.zip") as packed:
        packed.extractall(tmp_path)
    assert _verify(tmp_path / "kaz").returncode == 0
    letter = (tmp_path / "kaz" / "data" / "README.txt").read_text()
    assert "from 3 May 2026, 12:30 UTC" in letter
    assert "1 of the captures lie outside the period" in " ".join(letter.split())
    assert [kind for kind, _, _ in _records(tmp_path / "kaz") if kind in ("response", "revisit")] == [
        "response",
        "revisit",
    ]


def test_a_file_that_is_there_is_never_overwritten(bench: Any, tmp_path: Path) -> None:
    bench.register("kaz", bench.site.put("/kaz", OLD))
    out = tmp_path / "kaz.zip"
    out.write_text("mine")
    size = bench.rooms.archive.size()
    with pytest.raises(RefusedError, match="is there already"):
        _export(bench, out)
    assert out.read_text() == "mine"
    assert bench.rooms.archive.size() == size
    with pytest.raises(NotFoundError):
        _export(bench, tmp_path / "other.zip", source_id="unknown")
    made = tmp_path / "made"
    made.write_text("new")
    with pytest.raises(RefusedError):
        bags.publish(made, out)
    assert out.read_text() == "mine"


def test_a_damaged_archive_is_not_exported(bench: Any, tmp_path: Path) -> None:
    bench.register("kaz", bench.site.put("/kaz", OLD))
    checked = bench.check("kaz")
    request = ExportRequest(source_id="kaz", out=tmp_path / "kaz.zip", user="lawyer")
    wrong = "watcher.test/archive\n2\n" + base64.b64encode(bytes(32)).decode() + "\n"
    with pytest.raises(ArchiveError, match="no longer has the root"):
        export_source(bench.rooms, request, checkpoint=wrong, told=print)
    digest = checked.recorded.capture.payload_sha256
    path = bench.rooms.archive.root / "payloads" / digest[:2] / f"{digest}.zst"
    path.unlink()
    with pytest.raises(ArchiveError, match="is missing"):
        _export(bench, tmp_path / "kaz.zip")
    assert not (tmp_path / "kaz.zip").exists()


def test_an_upload_a_screenshot_and_deleted_bytes(bench: Any, tmp_path: Path) -> None:
    definition = Definition(url="", kind=SourceKind.UPLOAD, title="letters")
    register.add_source(bench.rooms, "kaz", definition, user="test")
    for day, text in ((1, "Kazakhstan has not joined."), (2, "Kazakhstan has joined.")):
        (tmp_path / f"letter_2007-01-0{day}.txt").write_text(text)
    list(import_items(bench.rooms, "kaz", read_items(tmp_path, match="*.txt"), user="test"))
    capture = next(one for one in bench.rooms.archive.records() if one.type == "capture")
    image = bench.rooms.archive.put_payload(b"\x89PNG")
    body = {**capture.body, "screenshot_sha256": image}
    bench.rooms.archive.append("capture", body)
    gone = bench.rooms.archive.put_payload(b"private")
    bench.rooms.archive.append("capture", {**capture.body, "payload_sha256": gone})
    bench.rooms.archive.append(
        "tombstone", {"payload_sha256": gone, "user": "judge", "reason": "order of the court", "keep_out": True}
    )
    again = bench.rooms.archive.put_payload(b"came again")
    bench.rooms.archive.append(
        "tombstone", {"payload_sha256": again, "user": "judge", "reason": "old", "keep_out": False}
    )
    bench.rooms.archive.append("capture", {**capture.body, "payload_sha256": again})
    unrelated = {"payload_sha256": "0" * 64, "user": "judge", "reason": "of another Source", "keep_out": True}
    bench.rooms.archive.append("tombstone", unrelated)
    bench.rooms.archive.append("audit", {"target": gone, "action": "payload.delete", "user": "judge"})
    _export(bench, tmp_path / "kaz.zip")
    with zipfile.ZipFile(tmp_path / "kaz.zip") as packed:
        packed.extractall(tmp_path)
    verified = _verify(tmp_path / "kaz")
    assert verified.returncode == 0, verified.stdout
    assert f"{gone} were deleted" in verified.stdout
    found = {
        (kind, one.rec_headers.get_header("WARC-Target-URI")): body for kind, one, body in _records(tmp_path / "kaz")
    }
    assert ("resource", "urn:x-watcher:source:kaz") in found
    assert found["resource", "urn:view:urn:x-watcher:source:kaz"] == b"\x89PNG"
    assert b"private" not in b"".join(body for _, _, body in _records(tmp_path / "kaz"))
    assert b"came again" in [body for _, _, body in _records(tmp_path / "kaz")]
    custody = (tmp_path / "kaz" / "data" / "custody.csv").read_text()
    assert "order of the court" in custody
    assert "payload.delete" in custody
    assert "of another Source" not in custody
    letter = (tmp_path / "kaz" / "data" / "README.txt").read_text().replace("\n", "")
    assert gone in letter
    assert again not in letter


def test_an_exported_warc_can_be_imported_again(bench: Any, folder: Path) -> None:
    bench.register("copy", bench.site.url("/kaz"))
    files = [folder / "data" / "warc" / "kaz-00001.warc.gz"]
    done = list(import_entries(bench.rooms, "copy", find_entries(files, bench.site.url("/kaz")), user="test"))
    kept = [one.recorded.capture for one in done if one.recorded is not None]
    assert [one.outcome for one in kept] == [Outcome.NEW, Outcome.SAME, Outcome.SAME, Outcome.NEW]
    assert [bench.rooms.archive.get_payload(one.payload_sha256) for one in kept] == [OLD, OLD, OLD, NEW]


def _unsigned(folder: Path) -> None:
    note = folder / "data" / "checkpoint.note"
    note.write_text(note.read_text().partition("\n\n")[0] + "\n")


def _edit_record(folder: Path) -> None:
    path = folder / "data" / "records.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"status":500', b'"status":404'))


def _drop_record(folder: Path) -> None:
    path = folder / "data" / "records.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def _in_warc(old: bytes, new: bytes) -> Callable[[Path], None]:
    """Replace bytes in the WARC file, and mend its own digests as a careful forger would."""

    def change(folder: Path) -> None:
        path = folder / "data" / "warc" / "kaz-00001.warc.gz"
        content = gzip.decompress(path.read_bytes())
        assert old in content
        assert len(old) == len(new)
        changed = content.replace(old, new)
        for record in ArchiveIterator(io.BytesIO(changed)):
            if record.rec_type not in ("response", "revisit"):
                continue
            head = record.http_headers.to_bytes() if record.http_headers else b""
            body = record.raw_stream.read()
            digests = [record.rec_headers.get_header("WARC-Block-Digest")]
            changed = changed.replace(
                digests[0].encode(), b"sha256:" + hashlib.sha256(head + body).hexdigest().encode()
            )
            if record.rec_type == "response":
                payload = record.rec_headers.get_header("WARC-Payload-Digest").encode()
                changed = changed.replace(payload, b"sha256:" + hashlib.sha256(body).hexdigest().encode())
        path.write_bytes(gzip.compress(changed))

    return change


def _other_root(folder: Path) -> None:
    path = folder / "data" / "checkpoint.note"
    origin, size, _, *rest = path.read_text().split("\n")
    path.write_text("\n".join([origin, size, base64.b64encode(bytes(32)).decode(), *rest]))


def _strip_proof(folder: Path) -> None:
    (folder / "data" / "proofs" / "4.json").write_text('{"path": [1]}')


def _in_earlier(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        path = folder / "data" / "earlier.jsonl"
        fields = json.loads(path.read_text())
        change(fields)
        path.write_text(json.dumps(fields) + "\n")

    return forge


def _other_earlier_root(fields: dict[str, Any]) -> None:
    origin, size, _ = fields["note"].split("\n")[:3]
    fields["note"] = Signer().sign(f"{origin}\n{size}\n{base64.b64encode(bytes(32)).decode()}\n")


def _other_earlier_signature(fields: dict[str, Any]) -> None:
    fields["note"] = Signer(seed=b"\x08" * 32).sign(fields["note"].split("\n\n")[0] + "\n")


FORGERIES: dict[str, tuple[Callable[[Path], None], str]] = {
    "record_edited": (_edit_record, "is not in the signed ledger: it was changed or never recorded"),
    "record_dropped": (_drop_record, "no record of the ledger speaks of it"),
    "payload": (_in_warc(b"Kazakhstan has not joined", b"Kazakhstan has now joined"), "has another payload"),
    "payload_missing": (
        _in_warc(b"Kazakhstan has not joined", b"Kazakhstan has now joined"),
        "bytes of record 4 are mi",
    ),
    "date": (_in_warc(b"WARC-Date: 2026-05-03T10", b"WARC-Date: 2025-05-03T10"), "it has another date"),
    "address": (_in_warc(b"/old\r\nWARC-Pay", b"/new\r\nWARC-Pay"), "it has another address"),
    "headers": (_in_warc(b'ETag: "one"', b'ETag: "two"'), "it has other HTTP headers"),
    "root": (_other_root, "signature by watcher.test/archive is false"),
    "earlier_root": (_in_earlier(_other_earlier_root), "the ledger does not continue the checkpoint over"),
    "earlier_signature": (_in_earlier(_other_earlier_signature), "is signed by none of the keys at hand"),
    "earlier_proof": (_in_earlier(lambda fields: fields.update(path=[])), "the ledger does not continue the checkp"),
    "earlier_line": (_in_earlier(lambda fields: fields.update(note=1)), "is no checkpoint with a proof"),
    "proof": (_strip_proof, "record 4 has no readable proof"),
    "no_checkpoint": (lambda folder: (folder / "data" / "checkpoint.note").unlink(), "nothing signed says"),
    "no_records": (lambda folder: (folder / "data" / "records.jsonl").unlink(), "the bag holds no records"),
    "no_warc": (
        lambda folder: (folder / "data" / "warc" / "kaz-00001.warc.gz").unlink(),
        "bytes of record 4 are missing",
    ),
    "bad_record": (lambda folder: (folder / "data" / "records.jsonl").write_text("[1]\n"), "is no ledger record"),
    "bad_note": (lambda folder: (folder / "data" / "checkpoint.note").write_text("a\nb"), "is no checkpoint"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_a_forger_changed_is_found_although_the_manifests_were_made_anew(folder: Path, name: str) -> None:
    change, told = FORGERIES[name]
    change(folder)
    for manifest in folder.glob("*manifest-sha256.txt"):
        manifest.unlink()
    bags.complete_bag(folder, [])
    bagit.Bag(str(folder)).validate()
    verified = _verify(folder)
    assert verified.returncode == 1, verified.stdout + verified.stderr
    assert told in verified.stdout
    assert verified.stderr == ""


def test_whoever_was_sent_a_checkpoint_can_show_that_the_ledger_continues_it(folder: Path, tmp_path: Path) -> None:
    earlier = json.loads((folder / "data" / "earlier.jsonl").read_text())["note"]
    size = earlier.split("\n")[1]
    mail = EmailMessage()
    mail["Message-ID"] = "<1@watcher.test>"
    mail.set_content(f"Nothing changed.\n\nCheckpoint of the archive\n\n  {earlier}", cte="base64")
    rewritten = earlier.replace(earlier.split("\n")[2], base64.b64encode(bytes(32)).decode())
    unknown = earlier.replace(f"\n{size}\n", f"\n{int(size) - 1}\n")
    for content, exit_code, told in (
        (earlier.encode(), 0, f"the ledger continues your checkpoint over {size} records"),
        (mail.as_bytes(), 0, f"the ledger continues your checkpoint over {size} records"),
        (rewritten.encode(), 1, f"the ledger is not the one of your checkpoint over {size} records"),
        (unknown.encode(), 2, "ask the operator for one"),
        (b"\xff\x00", 2, "holds no checkpoint of watcher.test/archive"),
    ):
        path = tmp_path / "own.note"
        path.write_bytes(content)
        verified = _verify(folder, "--note", str(path))
        assert verified.returncode == exit_code, verified.stdout + verified.stderr
        assert told in verified.stdout


def test_a_changed_a_missing_and_an_added_file_are_named(folder: Path) -> None:
    (folder / "data" / "custody.csv").write_text("nothing")
    (folder / "data" / "citations.txt").unlink()
    (folder / "data" / "more.txt").write_text("more")
    (folder / "data" / "link").symlink_to("/etc/passwd")
    (folder / "bag-info.txt").write_text("Contact-Name: somebody")
    verified = _verify(folder)
    assert verified.returncode == 1
    for told in (
        "data/custody.csv was changed",
        "data/citations.txt is missing",
        "data/more.txt was added",
        "data/link should not be in a bag",
        "bag-info.txt was changed",
        "thing(s) are WRONG",
    ):
        assert told in verified.stdout
    (folder / "manifest-sha256.txt").unlink()
    assert "manifest-sha256.txt is missing: nothing says which files" in _verify(folder).stdout


def test_another_key_in_the_bag_is_found_with_the_key_from_elsewhere(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.vkey"
    own.write_text(Signer().vkey)
    assert _verify(folder, "--key", str(own)).returncode == 0
    forger = Signer(seed=b"\x08" * 32)
    shutil.rmtree(folder / "data" / "keys")
    (folder / "data" / "keys").mkdir()
    (folder / "data" / "keys" / "forged.vkey").write_text(forger.vkey)
    note = folder / "data" / "checkpoint.note"
    note.write_text(forger.sign(note.read_text().partition("\n\n")[0] + "\n"))
    (folder / "data" / "earlier.jsonl").unlink()
    bags.complete_bag(folder, [])
    assert _verify(folder).returncode == 0
    told = _verify(folder, "--key", str(own))
    assert told.returncode == 1
    assert "signed by none of the keys at hand" in told.stdout


def test_a_bag_without_signature_or_key_is_not_called_right(folder: Path) -> None:
    shutil.rmtree(folder / "data" / "keys")
    bags.complete_bag(folder, [])
    told = _verify(folder)
    assert (told.returncode, "no public key is at hand" in told.stdout) == (2, True)
    _unsigned(folder)
    bags.complete_bag(folder, [])
    told = _verify(folder)
    assert (told.returncode, "has no signature" in told.stdout) == (2, True)
    assert "Everything" not in told.stdout


def test_control_characters_of_a_bag_do_not_reach_the_terminal(folder: Path) -> None:
    (folder / "data" / "\x1b[2J.txt").write_text("x")
    told = _verify(folder).stdout
    assert "\x1b" not in told
    assert re.search(r"\\x1b\[2J\.txt was added", told)
