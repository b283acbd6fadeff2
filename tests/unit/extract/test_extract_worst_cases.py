"""Text made to drive a pattern into repeated searching is read in time that grows with its length."""

from __future__ import annotations

import re
import time

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract, quality_markup, quality_signs
from watcher.isolation import ChildPool
from watcher.model.document import Document

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


def search(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern is found."""
    return pattern.search(text) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (quality_signs.PAGE_GONE, "страница"),
        (quality_signs.PAGE_GONE, "page "),
        (quality_signs.PAGE_GONE, "не найдена "),
        (quality_markup._GOES_TO, "window . "),  # noqa: SLF001
        (quality_markup._GOES_TO, 'location = "'),  # noqa: SLF001
        (quality_markup._CONDITION, "var x "),  # noqa: SLF001
    ],
)
def test_patterns_of_the_gate_end_on_a_megabyte_of_their_worst_input(pattern: re.Pattern[str], text: str) -> None:
    with ChildPool(size=1, seconds=60.0) as children:
        assert not children.run(search, pattern, text * (1_000_000 // len(text)))


@pytest.mark.parametrize("before", ['settimeout("' * 100_000 + "{", "(function(){" * 3, "( " * 500_000 + "{"])
def test_what_stands_before_a_script_that_sends_on_is_read_once(before: str) -> None:
    with ChildPool(size=1, seconds=60.0) as children:
        assert not children.run(quality_markup._runs_at_once, before)  # noqa: SLF001


def read_children(source: str, media_type: str) -> Document:
    """Read in a child of 1 GB."""
    with ChildPool(size=1, seconds=60.0, memory_bytes=1024**3) as children:
        return children.run(extract, source.encode(), media_type=media_type, charset="utf-8")


def test_few_cells_under_very_many_columns_are_refused_by_name() -> None:
    columns = ",".join(f"c{number}" for number in range(20_000))
    with pytest.raises(ExtractError, match="1000 rows under 20000 columns") as caught:
        read_children(f"{columns}\n" + "1,2\n" * 1_000, "text/csv")
    assert caught.value.code == "too_large"


def test_one_very_wide_row_among_many_is_read() -> None:
    document = read_children("State,Year\n" + "Chad,1999\n" * 1_000 + "," * 5_000 + "x\n", "text/csv")
    assert len(document.blocks) == 1_002
