"""The Position board in a real browser, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import CHROMIUM, OPTIONS, serving

VISIBLE = """() => [...document.querySelectorAll('.cards td')].filter(cell => cell.getClientRects().length)
  .map(cell => [cell.innerText.trim(), cell.dataset.name || cell.className])"""


@pytest.fixture
def address(bench: Any) -> Iterator[str]:
    """A served instance: Kazakhstan abstained and has not joined, of Chad only the treaty is known."""
    body = "<p>Kazakhstan abstained in the vote on resolution 61/84.</p><p>Kazakhstan has not joined the MBT.</p>"
    bench.register("kaz", bench.site.put("/kaz", body), instruments=("MBT",))
    chad = "<p>Chad is a State Party to the Mine Ban Treaty.</p>"
    bench.register("tcd", bench.site.put("/tcd", chad), subjects=("TCD",))
    bench.check("kaz")
    bench.check("tcd")
    with serving(bench.rooms) as address:
        yield address


@pytest.fixture
def cells(address: str) -> Iterator[Any]:
    """The table cells of a page that are seen, each as its text and its label or class, at a width in pixels."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)

        def look(path: str, width: int) -> list[list[str]]:
            tab = browser.new_page(viewport={"width": width, "height": 900})
            tab.goto(address + path)
            found: list[list[str]] = tab.evaluate(VISIBLE)
            return found

        yield look
        browser.close()


@pytest.mark.browser
def test_a_phone_shows_no_line_for_what_no_source_says_and_names_every_other(cells: Any) -> None:
    desk = [text for text, _ in cells("/board", 1280)]
    assert desk.count("–") == 1
    for path in ("/board", "/board?subject=KAZ", "/subjects/KAZ", "/subjects/KAZ/timeline"):
        phone = cells(path, 390)
        assert phone
        assert "–" not in [text for text, _ in phone], path
        assert all(label for _, label in phone), (path, phone)
