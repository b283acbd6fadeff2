"""RFC 3161 time stamps from a real local authority (openssl ts), and every way in which one does not hold."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watcher.archive import open_seal
from watcher.errors import ConfigError, FetchError, NotFoundError
from watcher.fetch import Egress, FetchLimits, networks, post
from watcher.pipeline.timestamp import Authority, check_stamps, stamp_daily, stamp_newest

pytest.importorskip("rfc3161_client", reason="the extra `timestamp` is not installed")

NOTE = "watcher.test/archive\n42\nqqvUNQc1gXvKcQ6jMm5YbM4v9cQ0W0y2I5sZ1rJk8xk=\n\n— watcher.test/archive c2lnbmF0dXJl\n"
CONFIGURATION = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


def openssl(*arguments: object, cwd: Path) -> bytes:
    done = subprocess.run(["openssl", *map(str, arguments)], cwd=cwd, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass(kw_only=True)
class LocalAuthority:
    """An authority of its own: `answer` makes the answer to a query; a test may put another one in its place."""

    folder: Path
    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/timestamp-reply"})
    answer: Callable[[bytes], bytes] = bytes
    queries: list[bytes] = field(default_factory=list)

    @property
    def certificates(self) -> Path:
        return self.folder / "ca.pem"

    def reply(self, query: bytes) -> bytes:
        """What openssl answers."""
        (self.folder / "query.tsq").write_bytes(query)
        signer = ("-signer", "tsa.pem", "-inkey", "tsa.key")
        return openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", *signer, cwd=self.folder)


def make_authority(folder: Path) -> LocalAuthority:
    folder.mkdir()
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01\n")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(
        *("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA"),
        cwd=folder,
    )
    openssl("req", *new_key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test TSA", cwd=folder)
    openssl(
        *("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"),
        *("-extfile", "tsa.cnf", "-extensions", "ext", "-out", "tsa.pem"),
        cwd=folder,
    )
    made = LocalAuthority(folder=folder)
    made.answer = made.reply
    return made


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[LocalAuthority]:
    made = make_authority(tmp_path / "authority")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            made.queries.append(query)
            body = made.answer(query)
            self.send_response(made.status)
            for name, value in {**made.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}/tsa"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An archive folder with a checkpoint of 7 and one of 42 records."""
    folder = tmp_path / "snapshots"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "0000000007.note").write_text(NOTE.replace("42", "7"))
    (folder / "checkpoints" / "0000000042.note").write_text(NOTE)
    return folder


def send(url: str, body: bytes, *, intranet: tuple[str, ...] = ("127.0.0.0/8",), maximum_bytes: int = 100_000) -> bytes:
    return post(
        url,
        body,
        media_type="application/timestamp-query",
        accept="application/timestamp-reply",
        user_agent="watcher/test",
        limits=FetchLimits(deadline_seconds=10, maximum_bytes=maximum_bytes),
        egress=Egress(intranet=networks(intranet)),
    )


def told(authority: LocalAuthority) -> Authority:
    return Authority(url=authority.url, certificates=authority.certificates)


def test_the_newest_checkpoint_is_stamped_and_openssl_agrees(root: Path, authority: LocalAuthority) -> None:
    stamped = stamp_newest(root, told(authority), send)
    assert stamped.asked
    assert stamped.path == str(root / "timestamps" / "0000000042.tsr")
    assert (stamped.stamp.size, stamped.stamp.policy) == (42, "1.3.6.1.4.1.99999.1")
    assert abs((stamped.stamp.stamped_at - datetime.now(UTC)).total_seconds()) < 120
    note = root / "checkpoints" / "0000000042.note"
    said = openssl("ts", "-verify", "-data", note, "-in", stamped.path, "-CAfile", authority.certificates, cwd=root)
    assert b"Verification: OK" in said
    assert [(Path(one.path).name, one.problem) for one in check_stamps(root, told(authority))] == [
        ("0000000042.tsr", "")
    ]


def test_a_checkpoint_is_stamped_once(root: Path, authority: LocalAuthority) -> None:
    first = stamp_newest(root, told(authority), send)
    content = Path(first.path).read_bytes()
    second = stamp_newest(root, told(authority), send)
    assert (second.asked, second.stamp) == (False, first.stamp)
    assert Path(first.path).read_bytes() == content
    assert len(authority.queries) == 1


def test_what_does_not_hold_is_refused_and_nothing_is_stored(root: Path, authority: LocalAuthority) -> None:
    query = openssl("ts", "-query", "-data", root / "checkpoints" / "0000000007.note", "-sha256", "-cert", cwd=root)
    own = openssl("ts", "-query", "-data", root / "checkpoints" / "0000000042.note", "-sha256", "-cert", cwd=root)
    other = make_authority(root.parent / "other")

    def flipped(asked: bytes) -> bytes:
        whole = bytearray(authority.reply(asked))
        whole[-5] ^= 1
        return bytes(whole)

    answers: dict[str, Callable[[bytes], bytes]] = {
        "a stamp of another checkpoint": lambda _: authority.reply(query),
        "an old answer to another question": lambda _: authority.reply(own),
        "a stamp of an authority that is not trusted": other.reply,
        "a stamp with one bit changed": flipped,
        "half a stamp": lambda asked: authority.reply(asked)[:300],
        "no stamp": lambda _: b"\x30\x03\x02\x01\x00",
        "a page": lambda _: b"<html>please log in</html>",
        "a refusal": lambda asked: authority.reply(
            asked.replace(b"\x60\x86\x48\x01\x65\x03\x04\x02\x01", b"\x60\x86\x48\x01\x65\x03\x04\x02\x09")
        ),
    }
    for name, answer in answers.items():
        authority.answer = answer
        with pytest.raises(FetchError, match="no time stamp that holds") as caught:
            stamp_newest(root, told(authority), send)
        assert authority.url in str(caught.value), name
        assert not (root / "timestamps").exists(), name


def test_an_answer_of_another_kind_is_a_failure_in_words(root: Path, authority: LocalAuthority) -> None:
    def failure() -> str:
        with pytest.raises(FetchError) as caught:
            stamp_newest(root, told(authority), send)
        assert not (root / "timestamps").exists()
        return str(caught.value)

    authority.status = 503
    assert failure() == f"{authority.url} answered 503 Service Unavailable"
    authority.status, authority.headers = 302, {"Location": authority.url + "/elsewhere"}
    assert "answered 302" in failure()
    assert len(authority.queries) == 2
    authority.status, authority.headers = 200, {"Content-Type": "text/html"}
    assert "answered with text/html, not with application/timestamp-reply" in failure()
    authority.headers = {"Content-Type": "application/timestamp-reply"}
    authority.answer = lambda _: b"x" * 200_000
    assert "over the limit of 100000 bytes" in failure()


def test_an_authority_is_asked_under_the_egress_rules_of_every_fetch(root: Path, authority: LocalAuthority) -> None:
    with pytest.raises(FetchError, match="is refused"):
        stamp_newest(root, told(authority), lambda url, body: send(url, body, intranet=()))
    assert authority.queries == []
    with pytest.raises(FetchError, match="only http and https"):
        send("ftp://127.0.0.1/tsa", b"x")
    with pytest.raises(FetchError, match="could not be reached"):
        send("http://127.0.0.1:9/tsa", b"x")


def test_without_a_checkpoint_or_certificates_it_is_told_what_is_missing(
    tmp_path: Path, root: Path, authority: LocalAuthority
) -> None:
    with pytest.raises(NotFoundError, match="holds no checkpoint yet"):
        stamp_newest(tmp_path / "empty", told(authority), send)
    absent = Authority(url=authority.url, certificates=tmp_path / "absent.pem")
    with pytest.raises(ConfigError, match=r"names .*absent\.pem, which cannot be read"):
        stamp_newest(root, absent, send)
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConfigError, match="holds no PEM certificate"):
        stamp_newest(root, Authority(url=authority.url, certificates=tmp_path / "empty.pem"), send)


def test_a_stamp_whose_checkpoint_was_edited_or_removed_is_named(root: Path, authority: LocalAuthority) -> None:
    stamp_newest(root, told(authority), send)
    note = root / "checkpoints" / "0000000042.note"
    note.write_text(NOTE.replace("42", "43"))
    (edited,) = check_stamps(root, told(authority))
    assert "0000000042.tsr gave no time stamp that holds" in edited.problem
    note.unlink()
    (gone,) = check_stamps(root, told(authority))
    assert "0000000042.note is missing" in gone.problem


def test_the_command_stamps_checks_and_changes_nothing_when_it_fails(tmp_path: Path, authority: LocalAuthority) -> None:
    project = Path(__file__).resolve().parents[2]
    watcher = Path(sys.executable).with_name("watcher")
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(project),
        "WATCHER_CONFIG": str(project / "config"),
        "WATCHER_FETCH__INTRANET": "127.0.0.0/8",
    }

    def run(*arguments: str, **more: str) -> Any:
        return subprocess.run(
            [watcher, *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert run("init").returncode == 0
    unset = run("timestamp")
    assert unset.returncode == 2
    assert "set archive.timestamp_url" in unset.stderr
    environment["WATCHER_ARCHIVE__TIMESTAMP_URL"] = authority.url
    environment["WATCHER_ARCHIVE__TIMESTAMP_CERTIFICATES"] = str(authority.certificates)
    authority.status = 500
    assert run("timestamp").returncode == 1
    before = {path: path.read_bytes() for path in (tmp_path / "snapshots").rglob("*") if path.is_file()}
    failed = run("timestamp")
    assert failed.returncode == 1
    assert failed.stderr == f"watcher: {authority.url} answered 500 Internal Server Error\n"
    assert {path: path.read_bytes() for path in (tmp_path / "snapshots").rglob("*") if path.is_file()} == before
    authority.status = 200
    done = json.loads(run("timestamp", "--json").stdout)
    (note,) = (tmp_path / "snapshots" / "checkpoints").glob("*.note")
    assert (done["size"], done["asked"]) == (int(note.stem), True)
    assert run("timestamp").stdout.startswith(f"stamped already; the checkpoint of {done['size']} records existed at ")
    assert run("timestamp", "--check").returncode == 0
    note.chmod(0o644)
    note.write_text(note.read_text() + "more")
    assert run("timestamp", "--check").returncode == 1


def test_the_service_has_the_ledger_stamped_once_a_day_when_records_were_added(
    bench: Any, authority: LocalAuthority
) -> None:
    bench.clock.now = datetime.now(UTC)  # a stamp's age is that of its file
    key = bench.rooms.archive.root.parent / "archive.key"
    rooms = replace(bench.rooms, seal=open_seal(bench.rooms.archive, key, now=bench.clock()))

    def daily() -> bool:
        return stamp_daily(rooms, told(authority), send) is not None

    assert [daily(), daily()] == [True, False]
    bench.clock.advance(hours=25)
    assert daily() is False
    bench.register("kaz", "https://example.org/kaz")
    assert daily() is True
    assert len(authority.queries) == 2
    bench.clock.advance(hours=-2)
    bench.register("uzb", "https://example.org/uzb")
    assert daily() is False
