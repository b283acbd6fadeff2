"""Documents over the web: the form, the API, what is refused, and by which word of HTTP."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.archive import durable
from watcher.model.change import Severity
from watcher.store import captures, sources
from watcher.web.app import WRITES, create_app
from watcher.web.server import listen, page_server

BASE = "http://127.0.0.1:8080"
TEXT = b"Kazakhstan has not joined the Mine Ban Treaty. The moratorium on exports is in force.\n"
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
OURS = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def client(bench: Any) -> Iterator[TestClient]:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1", "localhost"))
    with TestClient(app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def send(client: TestClient, path: str = "/api/uploads", **more: Any) -> Any:
    given = {"files": {"file": ("letter.txt", TEXT)}, "data": {"handed_in_by": "Ana"}, **more}
    return client.post(path, **given)


def count(bench: Any) -> int:
    with bench.rooms.database.reading() as connection:
        return sum(captures.count_captures(connection).values())


def test_the_api_answers_with_source_capture_and_digest(client: TestClient, bench: Any) -> None:
    data = {"handed_in_by": "Ana", "reference": "Letter No. 20/178", "date": "2000-04-19", "subject": ["KAZ", "FRA"]}
    answer = send(client, data=data)
    assert answer.status_code == 201
    body = answer.json()
    with bench.rooms.database.reading() as connection:
        capture = captures.get_capture(connection, body["capture"])
        source = sources.get_source(connection, body["source"])
    assert body["sha256"] == capture.payload_sha256
    assert source.definition.subjects == ("KAZ", "FRA")
    assert capture.user == "Ana"
    assert any("not checked" in note for note in capture.notes)
    joined = {"file": ("b.txt", TEXT.replace(b"has not joined", b"has joined"))}
    further = send(client, files=joined, data={"handed_in_by": "Ana", "source": body["source"]}).json()
    assert further["source"] == body["source"]
    assert client.get(f"/changes/{further['change']}").status_code == 200


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"handed_in_by": "Ana", "sha256": "x"}, "sha256"),
        ({"handed_in_by": "Ana", "capture": "7"}, "capture"),
        ({"handed_in_by": "Ana", "captured_at": "2000-01-01"}, "captured_at"),
        ({"handed_in_by": ["Ana", "Eve"]}, "handed_in_by"),
        ({}, "handed_in_by"),
        ({"handed_in_by": "Ana", "date": "yesterday"}, "date"),
        ({"handed_in_by": "Ana", "subject": "Nowhere"}, "subject"),
    ],
)
def test_peer_20_errors_name_the_field_by_api_and_by_form(
    client: TestClient, bench: Any, data: dict[str, Any], field: str
) -> None:
    answer = send(client, data=data)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    form = send(client, "/uploads", data={**data, "title": "<i>kept</i>"}, headers=OURS)
    assert form.status_code == 400
    assert 'role="alert"' in form.text
    assert "&lt;i&gt;kept&lt;/i&gt;" in form.text
    assert "<i>" not in form.text
    assert count(bench) == 0


@pytest.mark.parametrize("path", [path for path, _ in WRITES])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "https://127.0.0.1:8080"},
        {"Origin": f"{BASE}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": BASE},
        {"Sec-Fetch-Site": "cross-site", "Origin": BASE},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ],
)
def test_peer_27_a_page_of_another_site_can_hand_nothing_in(
    client: TestClient, bench: Any, path: str, headers: dict[str, str]
) -> None:
    answer = send(client, path, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert count(bench) == 0


def test_peer_27_reading_changes_nothing_and_a_form_must_say_where_it_comes_from(
    client: TestClient, bench: Any
) -> None:
    for path, _ in WRITES:
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
            answer = client.request(method, path, params={"handed_in_by": "Ana"})
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert send(client, "/uploads").status_code == 403
    assert count(bench) == 0


def test_the_form_leads_to_the_page_of_the_document_which_shows_all_fields(client: TestClient) -> None:
    assert 'enctype="multipart/form-data"' in client.get("/uploads/new").text
    data = {
        "handed_in_by": "Ana <b>",
        "reference": "Letter No. 20/178",
        "author": "Ministry of Defence",
        "addressee": "the ICBL",
        "date": "2000-04-19",
        "subject": "Kazakhstan; France",
        "language": "en",
        "publisher": "Embassy",
        "provenance": "received by post",
        "source": "",
        "title": "",
        "instrument": "",
    }
    done = send(client, "/uploads", data=data, headers=OURS)
    assert (done.status_code, done.headers["location"]) == (303, "/sources/letter-no-20-178#documents")
    text = client.get("/sources/letter-no-20-178").text
    for shown in ("Ministry of Defence", "the ICBL", "19 April 2000", "Kazakhstan", "France", "<dd>en</dd>", "Embassy",
                  "Provenance: received by post", "by Ana &lt;b&gt;", "letter.txt"):  # fmt: skip
        assert shown in text, shown
    assert 'value="letter-no-20-178" selected' in client.get("/uploads/new?source=letter-no-20-178").text
    browser = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert send(client, "/uploads", files={"file": ("b", b"another")}, headers=browser).status_code == 303


def test_a_scan_without_text_says_so_on_its_pages(client: TestClient) -> None:
    body = send(client, files={"file": ("scan.png", b"\x89PNG\r\n\x1a\n" + bytes(60))}).json()
    assert "OCR" in body["not_extracted"]
    assert f"text not extracted: {body['not_extracted']}" in client.get(f"/sources/{body['source']}").text
    assert "Text not extracted" in client.get(f"/versions/{body['version']}").text
    assert client.get(f"/payloads/{body['sha256']}").content.startswith(b"\x89PNG")


def test_the_same_bytes_twice_are_a_conflict_that_names_the_first(client: TestClient, bench: Any) -> None:
    first = send(client).json()
    again = send(client)
    assert again.status_code == 409
    assert {again.json()[name] == first[name] for name in ("source", "capture", "sha256")} == {True}
    form = send(client, "/uploads", headers=OURS)
    assert form.status_code == 409
    assert f'href="/sources/{first["source"]}"' in form.text
    assert count(bench) == 1


def test_the_same_document_sent_several_times_at_once_is_held_once(bench: Any, served: int) -> None:
    whole = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + TEXT + b"\r\n--x\r\n"
        b'Content-Disposition: form-data; name="handed_in_by"\r\n\r\nAna\r\n--x--\r\n'
    )
    answers: list[bytes] = []
    senders = [threading.Thread(target=lambda: answers.append(raw(served, iter([whole]))[0])) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(30)
    assert sorted(answer.split()[1] for answer in answers) == [b"201", b"409", b"409", b"409"]
    assert count(bench) == 1


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"files": {"file": ("e.txt", b"")}}, 400),
        ({"files": {"other": ("e.txt", TEXT)}}, 400),
        ({"files": None}, 400),
        ({"files": [("file", ("a", TEXT)), ("file", ("b", TEXT))]}, 400),
        ({"files": None, "data": {"file": "text", "handed_in_by": "Ana"}}, 400),
        ({"files": None, "data": None, "content": b"--x\r\ngarbage", "headers": MULTIPART}, 400),
        ({"files": None, "data": None, "content": b"a", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"data": {"handed_in_by": "Ana", **{f"f{n}": "x" for n in range(80)}}}, 400),
        ({"data": {"handed_in_by": "x" * 70_000}}, 400),
        ({"data": {"handed_in_by": "Ana", "source": "absent"}}, 404),
    ],
    ids=["empty", "other_part", "no_multipart", "two", "text", "garbage", "no_boundary", "many", "long", "absent"],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_words(
    client: TestClient, bench: Any, more: dict[str, Any], status: int
) -> None:
    answer = send(client, **more)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    assert count(bench) == 0


@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, "disk full"), (errno.EROFS, "read-only file system")], ids=["full", "read_only"]
)
def test_a_disk_that_takes_nothing_is_said_with_503(
    client: TestClient, bench: Any, monkeypatch: pytest.MonkeyPatch, number: int, told: str
) -> None:
    def failing(step: str) -> None:
        if step.endswith("write"):
            raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(durable, "failpoint", failing)
        answer = send(client)
    assert answer.status_code == 503
    assert told in answer.json()["error"]
    assert send(client).status_code == 201
    assert count(bench) == 1


@pytest.fixture
def served(bench: Any) -> Iterator[int]:
    """The port of a real server with a limit of 100 000 bytes."""
    listening = listen("127.0.0.1", 0)
    server = page_server(replace(bench.rooms, upload_maximum_bytes=100_000))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listening.close()


def raw(port: int, body: Iterator[bytes], *, host: str = "127.0.0.1") -> tuple[bytes, int]:
    """Send a chunked request; returns the answer and how many bytes were taken before it came."""
    sent = 0
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(
            b"POST /api/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            b"Transfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        try:
            for piece in body:
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
                sent += len(piece)
            connection.sendall(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            return b"".join(iter(lambda: connection.recv(65536), b"")), sent
        except ConnectionResetError:
            return b"", sent


def endless() -> Iterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    for _ in range(4000):
        yield bytes(50_000)


def test_a_document_is_counted_while_it_streams_and_cut_off_whatever_length_is_claimed(bench: Any, served: int) -> None:
    def over() -> Iterator[bytes]:
        yield from (piece for piece, _ in zip(endless(), range(12), strict=False))
        yield b"\r\n--x--\r\n"

    answer, _ = raw(served, over())
    assert b" 413 " in answer.split(b"\r\n", 1)[0]
    assert b"larger than 100000 bytes" in answer
    _, taken = raw(served, endless())
    assert taken < 30_000_000
    assert count(bench) == 0


def test_a_sender_that_goes_away_leaves_nothing_and_the_next_is_served(bench: Any, served: int) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", served), timeout=20) as connection:
            connection.sendall(
                b"POST /api/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
                b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\nabc'
            )
    whole = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + TEXT + b"\r\n--x\r\n"
        b'Content-Disposition: form-data; name="handed_in_by"\r\n\r\nAna\r\n--x--\r\n'
    )
    answer, _ = raw(served, iter([whole]))
    assert b" 201 " in answer.split(b"\r\n", 1)[0]
    assert count(bench) == 1


def test_subjects_that_only_a_position_speaks_of_are_listed(client: TestClient) -> None:
    body = send(client, files={"file": ("a.txt", b"Georgia has not joined the Mine Ban Treaty.")}).json()
    assert "Georgia" in client.get(f"/versions/{body['version']}").text
    assert 'href="/subjects/GEO"' in client.get("/subjects").text


def test_the_page_of_subscriptions_says_who_gets_what_and_when(client: TestClient, bench: Any) -> None:
    bench.subscribe("desk@example.org", subjects=("KAZ",), minimum_severity=Severity.MAJOR)
    text = client.get("/subscriptions").text
    for shown in ("desk@example.org", "Kazakhstan", "major", "daily", "4 May 2026, 09:00 UTC"):
        assert shown in text, shown
