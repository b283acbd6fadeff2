"""What headers say: type, when to come again, and what makes a 304 doubtful."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from watcher.fetch import FetchRequest
from watcher.fetch.headers import content_type, notes_on_not_modified, retry_after_seconds

NOW = datetime(2026, 5, 3, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (None, None)),
        ([""], (None, None)),
        (["html"], (None, None)),
        (["text/html"], ("text/html", None)),
        (["Text/HTML; Charset=UTF-8"], ("text/html", "UTF-8")),
        (['text/html;charset="windows-1251"'], ("text/html", "windows-1251")),
        (["text/html; charset="], ("text/html", None)),
        (["text/html; boundary=x; charset = koi8-r ; q=1"], ("text/html", "koi8-r")),
        (["text/plain", "text/html; charset=utf-8"], ("text/html", "utf-8")),
        (["application/pdf", "nonsense"], ("application/pdf", None)),
        (["text/html, text/html"], (None, None)),
        (["/"], (None, None)),
    ],
)
def test_the_last_content_type_that_is_one_counts(values: list[str], expected: tuple[str | None, str | None]) -> None:
    assert content_type(tuple(("Content-Type", value) for value in values)) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("1000000000", 86400.0),
        ("9" * 5000, 86400.0),
        ("Sun, 03 May 2026 09:02:00 GMT", 120.0),
        ("Sun, 03 May 2026 09:02:00", 120.0),
        ("Sat, 02 May 2026 09:02:00 GMT", 0.0),
        ("Sun, 03 May 2099 09:02:00 GMT", 86400.0),
        ("-1", None),
        ("1e9", None),
        ("soon", None),
        ("", None),
        ("Sun, 03 May 99999 09:02:00 GMT", None),
        ("Sun, 03 May 2026 09:02:00 +99999999999999999999", None),
    ],
)
def test_catalogue_049_retry_after_is_kept_from_0_to_24_hours(value: str, seconds: float | None) -> None:
    assert retry_after_seconds((("Retry-After", value),), NOW) == seconds


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ([("ETag", '"a"')], 0),
        ([("ETag", 'W/"a"')], 0),
        ([("ETag", '"a-gzip"')], 0),
        ([], 0),
        ([("ETag", '"b"')], 1),
        ([("Last-Modified", "Sat, 02 May 2026 09:00:00 GMT")], 0),
        ([("Last-Modified", "Mon, 04 May 2026 09:00:00 GMT")], 1),
        ([("Last-Modified", "yesterday")], 0),
        ([("ETag", '"b"'), ("Last-Modified", "Mon, 04 May 2026 09:00:00 GMT")], 2),
    ],
)
def test_a_304_that_contradicts_what_was_asked_about_is_noted(answered: list[tuple[str, str]], expected: int) -> None:
    notes = notes_on_not_modified(tuple(answered), etag='"a"', last_modified="Sun, 03 May 2026 09:00:00 GMT")
    assert len(notes) == expected
    assert all(note.endswith(".") for note in notes)


def test_a_304_with_another_etag_is_noted_in_the_result(site: Any, fetcher: Any) -> None:
    url = site.put("/page", "", status=304, headers={"ETag": '"b"'})
    result = fetcher.fetch(FetchRequest(url=url, etag='"a"'))
    assert result.outcome == "not_modified"
    assert result.notes == ('The answer 304 carries the ETag "b", but "a" was asked about.',)


def test_another_address_is_not_asked_about_the_validators_and_its_304_is_no_answer(site: Any, fetcher: Any) -> None:
    site.put("/login", "", status=304, headers={"ETag": '"a"'})
    url = site.put("/page", "", status=302, headers={"Location": "/login"})
    result = fetcher.fetch(FetchRequest(url=url, etag='"a"', last_modified="Sun, 03 May 2026 09:00:00 GMT"))
    assert (result.outcome, result.status) == ("http_error", 304)
    (_, first), (_, second) = site.requests
    assert {"If-None-Match", "If-Modified-Since"} <= set(first)
    assert {"If-None-Match", "If-Modified-Since"}.isdisjoint(second)


def test_a_validator_with_letters_beyond_ascii_goes_back_as_it_came(site: Any, fetcher: Any) -> None:
    url = site.put("/page", "words", headers={"ETag": '"état"'})
    first = fetcher.fetch(FetchRequest(url=url))
    etag = dict(first.headers)["ETag"]
    again = fetcher.fetch(FetchRequest(url=url, etag=etag))
    assert again.payload == b"words", again.error
    assert site.requests[-1][1]["If-None-Match"] == '"état"'
