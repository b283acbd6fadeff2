"""A real browser on the pages: hostile text stays text, nothing leaves, and the layout holds on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import CHROMIUM, OPTIONS, serving

from watcher.pipeline import notify

HOSTILE = (
    "<script>window.probe=1</script><img src=http://127.0.0.1:9/beacon onerror=window.probe=2>"
    "<svg onload=window.probe=3></svg><a href='javascript:window.probe=4'>more</a>"
    "<iframe srcdoc='<script>parent.probe=5</script>'></iframe>"
)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.fixture
def address(bench: Any) -> Iterator[str]:
    """A served instance whose Source, Change and Digest hold hostile text, as markup and as text."""
    bench.subscribe()
    body = "<html><title>{0}</title><body>{1}<p>{0}</p><p>Kazakhstan {2} the Mine Ban Treaty.</p></body></html>"
    before = body.format(_escaped(HOSTILE), HOSTILE, "has not joined")
    bench.register("kaz", bench.site.put("/kaz", before), publisher=HOSTILE)
    bench.check("kaz")
    after = body.format(_escaped(HOSTILE) + "!", HOSTILE, f"has joined {_escaped(HOSTILE)}")
    bench.site.put("/kaz", after)
    bench.check("kaz")
    bench.clock.advance(days=1)
    notify.compose_due(bench.rooms)
    with serving(bench.rooms) as address:
        yield address


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1200, 900), (390, 844)], ids=["desktop", "phone"])
def test_catalogue_109_hostile_text_of_a_source_stays_text_in_a_browser(address: str, size: tuple[int, int]) -> None:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
        seen, waiting = (
            set(),
            ["/", "/changes", "/sources", "/digests", "/subjects", "/audit", "/board", "/uploads/new"],
        )
        while waiting:
            path = waiting.pop()
            is_download = "/payloads/" in path or "form=" in path
            if path in seen or is_download:
                continue
            seen.add(path)
            tab.goto(address + path)
            assert tab.evaluate("window.probe") is None, path
            assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is too wide"
            links = tab.eval_on_selector_all("a[href]", "found => found.map(link => link.getAttribute('href'))")
            assert all(link.startswith(("/", "#", "?")) for link in links), links
            waiting += [link.partition("#")[0] for link in links if link.startswith("/")]
        browser.close()
    assert len(seen) > 12
    assert [url for url in asked if not url.startswith(address)] == []
