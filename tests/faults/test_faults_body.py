"""Catalogue 35 to 51: bytes of failed reads are kept, framing is judged, statuses other than 200 are named."""

from __future__ import annotations

import gzip
import os
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from watcher.fetch import Egress, Fetcher, FetchLimits, FetchRequest, networks
from watcher.model.capture import Outcome, Truncation

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
GZIPPED = gzip.compress(b"words " * 500)
BOMB = gzip.compress(b"\0" * 60_000_000)


def sends(*pieces: bytes, then_wait: float = 0.0) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
        time.sleep(then_wait)

    return behave


PARTIAL = {
    "035_length_too_long": (HEAD + b"Content-Length: 100\r\n\r\nshort", b"short", Truncation.DISCONNECT),
    "035_gzip_shorter_than_declared": (
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 9000\r\n\r\n" + GZIPPED,
        GZIPPED,
        Truncation.DISCONNECT,
    ),
    "037_two_lengths": (
        HEAD + b"Content-Length: 4\r\nContent-Length: 9\r\n\r\nbody",
        b"body",
        Truncation.UNSPECIFIED,
    ),
    "038_length_that_denies_the_chunks": (
        HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"hello",
        Truncation.UNSPECIFIED,
    ),
    "039_chunked_cut": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhe",
        b"hellohe",
        Truncation.DISCONNECT,
    ),
    "042_gzip_cut_unframed": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + GZIPPED[:-9], GZIPPED[:-9], "disconnect"),
    "042_gzip_cut_in_its_frame": (
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (len(GZIPPED) - 9) + GZIPPED[:-9],
        GZIPPED[:-9],
        Truncation.UNSPECIFIED,
    ),
    "043_gzip_of_plain_text": (
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\nplain text",
        b"plain text",
        Truncation.NONE,
    ),
    "044_brotli_that_was_not_offered": (
        HEAD + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nxyz",
        b"xyz",
        Truncation.NONE,
    ),
    "045_stacked_codings": (
        HEAD + b"Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n\r\nxyz",
        b"xyz",
        Truncation.NONE,
    ),
    "nothing_came": (HEAD + b"Content-Length: 100\r\n\r\n", None, Truncation.DISCONNECT),
    "nonsense_between_chunks": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        b"hello",
        Truncation.UNSPECIFIED,
    ),
}


@pytest.mark.parametrize("fault", PARTIAL)
def test_catalogue_b_a_broken_response_keeps_the_bytes_that_came_and_no_payload(
    misbehave: Any, fetch: Any, fault: str
) -> None:
    answer, partial, truncated = PARTIAL[fault]
    result = fetch(misbehave(sends(answer)).url())
    assert (result.outcome, result.payload) == (Outcome.BROKEN_RESPONSE, None), result.error
    assert (result.partial, result.truncated) == (partial, truncated)


def test_catalogue_037_both_lengths_are_named(misbehave: Any, fetch: Any) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    answers = [early + HEAD + b"content-length: 4\r\nContent-Length:9\r\n\r\n", HEAD + b"Content-Length: 4, 9\r\n\r\n"]
    for answer in answers:
        result = fetch(misbehave(sends(answer + b"body")).url())
        assert "conflicting Content-Lengths 4 and 9" in result.error


def test_catalogue_038_a_length_that_agrees_with_the_chunks_is_accepted(misbehave: Any, fetch: Any) -> None:
    body = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    result = fetch(misbehave(sends(HEAD + body)).url())
    assert (result.payload, result.framed) == (b"hello", True)


def test_catalogue_038_a_length_that_denies_the_chunks_is_told_with_both_numbers(misbehave: Any, fetch: Any) -> None:
    body = b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    result = fetch(misbehave(sends(HEAD + body)).url())
    assert "chunks of 5 bytes in all beside a Content-Length of 9" in result.error


@pytest.mark.parametrize(
    ("head", "framed"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", True),
    ],
)
def test_catalogue_040_only_a_body_whose_end_is_declared_counts_as_framed(
    misbehave: Any, fetch: Any, head: bytes, framed: bool
) -> None:
    result = fetch(misbehave(sends(head + b"words")).url())
    assert (result.payload, result.framed) == (b"words", framed)


def test_catalogue_030_the_bytes_of_a_drip_are_kept_when_the_deadline_ends_it(misbehave: Any, fetch: Any) -> None:
    result = fetch(misbehave(sends(HEAD + b"Content-Length: 5000\r\n\r\n" + b"x" * 700, then_wait=4)).url())
    assert (result.outcome, result.truncated) == (Outcome.TIMED_OUT, Truncation.TIME)
    assert result.partial == b"x" * 700
    assert "(body, 700 bytes read)" in result.error


def test_catalogue_031_of_a_body_over_the_limit_the_first_bytes_are_kept(misbehave: Any, fetch: Any) -> None:
    result = fetch(misbehave(sends(HEAD + b"\r\n" + b"x" * 300_000)).url())
    assert (result.outcome, result.truncated) == (Outcome.TOO_LARGE, Truncation.LENGTH)
    assert result.partial == b"x" * 200_000
    assert "over the limit of 200000 bytes: raise fetch.maximum_bytes" in result.error


def test_catalogue_041_of_a_bomb_the_wire_bytes_are_kept(misbehave: Any, fetch: Any) -> None:
    result = fetch(misbehave(sends(HEAD + b"Content-Encoding: gzip\r\n\r\n" + BOMB)).url())
    assert (result.outcome, result.truncated) == (Outcome.TOO_LARGE, Truncation.LENGTH)
    assert "over the limit of 200000 bytes after decoding" in result.error
    assert result.partial is not None
    assert BOMB.startswith(result.partial)


@pytest.mark.parametrize("place", ["robots.txt", "feed", "favicon", "404", "302"])
def test_catalogue_047_a_bomb_costs_no_more_memory_than_the_limit_wherever_it_comes(
    misbehave: Any, fetch: Any, place: str
) -> None:
    import tracemalloc

    status = {"404": b"404 Not Found", "302": b"302 Found\r\nLocation: /robots.txt"}.get(place, b"200 OK")
    kind = {"feed": b"application/rss+xml", "favicon": b"image/x-icon"}.get(place, b"text/plain")
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: " + kind + b"\r\nContent-Encoding: gzip\r\n\r\n"
    server = misbehave(sends(head + BOMB))
    tracemalloc.start()
    result = fetch(server.url("/" + place), deadline_seconds=10.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.payload is None
    assert peak < 200_000 + 2_000_000


def test_a_body_of_many_small_chunks_costs_little_more_memory_than_its_bytes(misbehave: Any, fetch: Any) -> None:
    import tracemalloc

    body = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"2\r\nab\r\n" * 40_000 + b"0\r\n\r\n"
    server = misbehave(sends(body))
    tracemalloc.start()
    result = fetch(server.url(), deadline_seconds=20.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.payload == b"ab" * 40_000
    assert peak < 1_000_000


def test_catalogue_043_what_is_no_gzip_is_asked_for_once_more_without_compression(misbehave: Any, fetch: Any) -> None:
    def labels_all_as_gzip_unless_told(connection: socket.socket) -> None:
        coding = b"" if b"Accept-Encoding: identity" in server.asked[-1] else b"Content-Encoding: gzip\r\n"
        connection.sendall(HEAD + coding + b"Content-Length: 10\r\n\r\nplain text")

    server = misbehave(labels_all_as_gzip_unless_told)
    result = fetch(server.url())
    assert (result.outcome, result.payload, result.partial) == (Outcome.NEW, b"plain text", None)
    assert len(server.asked) == 2
    assert "without compression" in result.notes[0]
    assert [hop.status for hop in result.hops] == [200, 200]


def test_catalogue_043_what_stays_no_gzip_is_asked_for_twice_and_no_more(misbehave: Any, fetch: Any) -> None:
    server = misbehave(sends(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\nplain text"))
    result = fetch(server.url())
    assert result.outcome is Outcome.BROKEN_RESPONSE
    assert result.error.startswith("bad gzip: ")
    assert [b"identity" in asked for asked in server.asked] == [False, True]


STATUSES = {
    "204 No Content": (Outcome.HTTP_ERROR, False, "it has no content"),
    "206 Partial Content": (Outcome.HTTP_ERROR, False, "a part, although the whole was asked for"),
    "304 Not Modified": (Outcome.HTTP_ERROR, False, "nothing was said of an earlier copy"),
    "401 Unauthorized": (Outcome.ACCESS_DENIED, False, "asks for a login. Credentials can be set"),
    "403 Forbidden": (Outcome.ACCESS_DENIED, False, "refuses to show it"),
    "407 Proxy Authentication Required": (Outcome.ACCESS_DENIED, False, "a proxy before the site"),
    "451 Unavailable For Legal Reasons": (Outcome.ACCESS_DENIED, False, "blocked for legal reasons"),
    "404 Not Found": (Outcome.HTTP_ERROR, False, "404 Not Found"),
    "410 Gone": (Outcome.HTTP_ERROR, False, "410 Gone"),
    "429 Too Many Requests": (Outcome.HTTP_ERROR, True, "429"),
    "503 Service Unavailable": (Outcome.HTTP_ERROR, True, "503"),
}


@pytest.mark.parametrize("status", STATUSES)
def test_catalogue_048_050_051_a_status_other_than_200_is_told_in_words(
    misbehave: Any, fetch: Any, status: str
) -> None:
    outcome, transient, told = STATUSES[status]
    result = fetch(misbehave(sends(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())).url())
    assert (result.outcome, result.transient, result.status) == (outcome, transient, int(status[:3]))
    assert told in result.error
    assert (result.payload, result.partial) == (None, None)


def test_an_error_page_is_kept_up_to_64_kb(misbehave: Any, fetch: Any) -> None:
    gone = b"HTTP/1.1 410 Gone\r\nContent-Length: %d\r\n\r\n"
    small = fetch(misbehave(sends(gone % 9 + b"withdrawn")).url())
    assert (small.partial, small.truncated) == (b"withdrawn", Truncation.NONE)
    large = fetch(misbehave(sends(gone % 100_000 + b"w" * 100_000)).url())
    assert (large.partial, large.truncated) == (b"w" * 65536, Truncation.LENGTH)


def test_an_error_page_that_does_not_end_is_still_told_by_its_status(misbehave: Any, fetch: Any) -> None:
    slow = fetch(misbehave(sends(b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\nsorry", then_wait=3)).url())
    assert (slow.outcome, slow.status) == (Outcome.HTTP_ERROR, 404)
    assert (slow.partial, slow.truncated) == (b"sorry", Truncation.TIME)
    cut = fetch(misbehave(sends(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\nsorry")).url())
    assert (cut.outcome, cut.truncated) == (Outcome.ACCESS_DENIED, Truncation.DISCONNECT)


def _fetched_twice(server: Any, clock: Any, **more: Any) -> int:
    """How many connections two fetches of one address took."""
    house = Egress(intranet=networks(["127.0.0.0/8"]))
    fetcher = Fetcher(user_agent="watcher/test", limits=FetchLimits(deadline_seconds=2.0), clock=clock, egress=house)
    for _ in range(2):
        fetcher.fetch(FetchRequest(url=server.url(), **more))
    fetcher.close()
    return len(server.asked)


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found", 1),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 90000\r\n\r\n" + b"x" * 90000, 2),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 1),
    ],
)
def test_the_connection_is_used_again_after_a_small_error_page_or_none(
    misbehave: Any, clock: Any, answer: bytes, connections: int
) -> None:
    def answers_twice(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.recv(65536)
        connection.sendall(answer)

    assert _fetched_twice(misbehave(answers_twice), clock, etag='"a"') == connections


@pytest.mark.parametrize(("declared", "connections"), [(b"Content-Length: 0\r\n\r\n", 1), (b"\r\n", 2)])
def test_catalogue_047_the_connection_of_a_redirect_is_kept_only_when_its_body_is_declared_empty(
    misbehave: Any, fetch: Any, declared: bytes, connections: int
) -> None:
    def leads_on(connection: socket.socket) -> None:
        if b"GET /next" in server.asked[-1]:
            connection.sendall(HEAD + b"Content-Length: 5\r\n\r\nwords")
            return
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /next\r\n" + declared)
        asked = connection.recv(65536)
        if asked:
            connection.sendall(HEAD + b"Content-Length: 5\r\n\r\nwords")

    server = misbehave(leads_on)
    assert fetch(server.url()).payload == b"words"
    assert len(server.asked) == connections


def test_catalogue_034_a_cookie_of_65506_blanks_does_not_stall_a_redirect(misbehave: Any, fetch: Any) -> None:
    target = misbehave(sends(HEAD + b"Content-Length: 5\r\n\r\nwords"))
    cookie = b"Set-Cookie: a=b; Expires=Jan 1 2030" + b" " * 65_506 + b"x\r\n"
    away = f"HTTP/1.1 302 Found\r\nLocation: {target.url()}\r\nContent-Length: 0\r\n".encode()
    assert fetch(misbehave(sends(away + cookie + b"\r\n")).url(), deadline_seconds=5).payload == b"words"


def test_catalogue_024_a_cookie_goes_back_to_its_host_within_one_fetch_and_never_into_the_next(
    misbehave: Any, clock: Any
) -> None:
    def sets_a_cookie(connection: socket.socket) -> None:
        if b"Cookie: seen=1" in server.asked[-1]:
            connection.sendall(HEAD + b"Content-Length: 5\r\nConnection: close\r\n\r\nwords")
        else:
            head = b"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: seen=1\r\nConnection: close\r\n"
            connection.sendall(head + b"Content-Length: 0\r\n\r\n")

    server = misbehave(sets_a_cookie)
    assert _fetched_twice(server, clock) == 4
    assert [b"Cookie: seen=1" in asked for asked in server.asked] == [False, True, False, True]


@pytest.mark.parametrize("location", ["http://[bad/", "https://exa mple.org:x/", "http://" + "a" * 70_000 + "/", "//"])
def test_catalogue_021_a_location_that_is_no_address_is_a_failure_like_others(
    misbehave: Any, fetch: Any, location: str
) -> None:
    server = misbehave(sends(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()))
    result = fetch(server.url())
    assert result.outcome in (Outcome.DENIED, Outcome.BROKEN_RESPONSE, Outcome.DNS_ERROR)
    assert result.hops[0].status == 302


def test_a_blank_inside_a_location_is_understood_as_browsers_do(misbehave: Any, fetch: Any) -> None:
    target = misbehave(sends(HEAD + b"Content-Length: 5\r\n\r\nwords"))
    head = f"HTTP/1.1 302 Found\r\nLocation: {target.url('/annual report.html')}\r\nContent-Length: 0\r\n\r\n"
    assert fetch(misbehave(sends(head.encode())).url()).payload == b"words"
    assert target.asked[0].startswith(b"GET /annual%20report.html ")


def test_random_bytes_never_escape_as_an_exception(misbehave: Any, fetch: Any) -> None:
    for number in range(10):
        noise = os.urandom(300)
        start = (b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n", HEAD)[
            number % 5
        ]
        assert fetch(misbehave(sends(start + noise)).url()).payload is None
