"""Text made to drive a pattern into repeated searching is read in time that grows with its length."""

from __future__ import annotations

import time

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract

SIZE = 100_000


@pytest.mark.parametrize(
    ("media_type", "payload"),
    [
        ("text/plain", "# " + " " * SIZE + "x"),
        ("text/plain", "# a" + " #" * SIZE),
        ("text/plain", "[a](b) " + " **a" * (SIZE // 4)),
        ("text/plain", "[" * SIZE + "](" * 10),
        ("text/plain", '[a](x "' * (SIZE // 7)),
        ("text/plain", "1" + " " * SIZE + "?"),
        ("text/plain", "|" + "| " * (SIZE // 2) + "x"),
        ("text/plain", "-" * SIZE),
        ("text/plain", "a?\n1. " * (SIZE // 6)),
        ("text/html", "<p>x" + "</script " * (SIZE // 9)),
        ("text/html", "<p>x<script>" + "</script " * (SIZE // 9)),
        ("text/html", "<p>x" + "<noscript " * (SIZE // 10)),
        ("text/html", "<p>x" + "<noscript>" * (SIZE // 10) + "</noscript"),
        ("text/html", f"<h1 id={'a' * SIZE}>x</h1>"),
        ("text/html", f"<meta http-equiv=refresh content='{'1' * SIZE}'><p>x"),
        ("text/html", f"<p style='{'; ' * (SIZE // 2)}'>x"),
        ("text/html", "<pre>1" + " " * SIZE + "?</pre>"),
        ("text/html", "<meta charset" * (SIZE // 13) + "x<p>\xe9"),
        ("text/csv", '"' * SIZE),
        ("application/xml", "<a>" * SIZE),
        ("application/rtf", "{\\rtf1 " + "\\" * SIZE),
        ("application/rtf", "{\\rtf1 " + "\\u-10179 " * (SIZE // 9)),
        ("message/rfc822", "Subject: " + "=?utf-8?q?" * (SIZE // 10) + "\n\nx"),
    ],
)
def test_patterns_stay_linear_on_their_worst_input(media_type: str, payload: str) -> None:
    started = time.process_time()
    try:
        extract(payload.encode("latin-1"), media_type=media_type, charset=None)
    except ExtractError as error:
        assert error.code  # noqa: PT017 - either outcome is right, the time is what is tested
    assert time.process_time() - started < 1.5
