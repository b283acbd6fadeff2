"""A real browser on captured pages: nothing in them runs, asks for anything, or reaches the page around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from browsing import CHROMIUM, OPTIONS, serving

from watcher.extract.inert import inert_page
from watcher.web.pages import captures

PROBE = "top.probe=1;parent.probe=1;window.probe=1"
CORPUS = """<!doctype html><html><head><title>K</title>
<base href="BEACON/base/"><meta http-equiv="refresh" content="0;url=BEACON/refresh">
<link rel="stylesheet" href="BEACON/css"><link rel="prefetch" href="BEACON/prefetch">
<link rel="icon" href="BEACON/icon">
<style>@import "BEACON/import"; @font-face { font-family: f; src: url(BEACON/font) } body { font-family: f;
background: url(BEACON/background) } #u { background: u\\72l(BEACON/escaped) }</style>
<style></style><script>PROBE</script></style>
<script>PROBE</script><script src="BEACON/script"></script></head>
<body onload="PROBE" style="background-image:url(BEACON/style)">
<h1>Kazakhstan has not joined the Mine Ban Treaty.</h1>
<a id="link" href="BEACON/link" target="_top" ping="BEACON/ping" onclick="PROBE">a link</a>
<a id="script" href="javascript:PROBE">a script</a> <a id="data" href="data:text/html,<script>PROBE</script>">data</a>
<img src="BEACON/picture" srcset="BEACON/picture2 2x" onerror="PROBE"><img src=x onerror=PROBE>
<picture><source srcset="BEACON/source"><img src="BEACON/img"></picture>
<svg onload="PROBE"><image href="BEACON/svg" /><use href="BEACON/use#x" /><script>PROBE</script>
<animate onbegin="PROBE" attributeName="x" dur="1s" />
<foreignObject><iframe src="javascript:PROBE"></iframe></foreignObject>
<a xlink:href="javascript:PROBE"><text y="20">svg link</text></a><style><img src=x onerror="PROBE"></style></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=PROBE&gt;">
<mi xlink:href="javascript:PROBE">math</mi></math>
<noscript><p title="</noscript><img src=x onerror=PROBE>"></noscript>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=PROBE></style></mglyph></form></mtext></math>
<iframe srcdoc="<script>PROBE</script><img src='BEACON/srcdoc'>"></iframe><iframe src="BEACON/iframe"></iframe>
<iframe src="javascript:PROBE"></iframe><iframe src="data:text/html,<script>PROBE</script>"></iframe>
<object data="BEACON/object"></object><embed src="BEACON/embed"><applet code="BEACON/applet"></applet>
<video src="BEACON/video" poster="BEACON/poster" autoplay onerror="PROBE"></video>
<audio src="BEACON/audio" autoplay></audio>
<form id="f" action="BEACON/form"><input autofocus onfocus="PROBE" name="q">
<button formaction="BEACON/submit">send</button></form>
<details open ontoggle="PROBE"><summary>more</summary></details><marquee onstart="PROBE">m</marquee>
<textarea></textarea><img src=x onerror=PROBE></textarea><xmp></xmp><img src=x onerror=PROBE></xmp>
<template><img src=x onerror=PROBE></template><plaintext><img src=x onerror=PROBE>
</body></html>"""


def _page(beacon: str) -> str:
    return CORPUS.replace("PROBE", PROBE).replace("BEACON", beacon)


@pytest.fixture
def served(bench: Any) -> Iterator[str]:
    """The address of a Capture of the hostile page, in an instance that is served."""
    bench.register("kaz", bench.site.put("/kaz", _page(bench.site.url("/beacon"))))
    capture = bench.check("kaz").recorded.capture
    with serving(bench.rooms) as address:
        yield f"{address}/captures/{capture.sequence}"


@pytest.fixture
def tab() -> Iterator[Any]:
    """A tab of Chromium; what it tells of itself (dialogs, downloads, new windows) is in `tab.told`."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        tab = browser.new_page()
        yield tab
        browser.close()


def _watched(tab: Any) -> list[str]:
    told: list[str] = []
    tab.on("dialog", lambda dialog: told.append(f"dialog {dialog.message}"))
    tab.on("popup", lambda popup: told.append(f"popup {popup.url}"))
    return told


def _beacons(site: Any) -> list[str]:
    return [path for path, _ in site.requests if path.startswith("/beacon")]


def _click_all_over(tab: Any) -> None:
    """Click through the frame from top to bottom, wherever links and buttons may be.

    A click that makes the frame leave for another document may never be answered: each has its time limit.
    """
    from playwright.sync_api import TimeoutError as Unanswered

    frame = tab.locator("iframe.message")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    for down in range(10, int(box["height"]) - 10, 14):
        for right in (20, 60, 110, 160, 210):
            with suppress(Unanswered):
                frame.click(position={"x": right, "y": down}, timeout=2000, force=True)


@pytest.mark.browser
@pytest.mark.parametrize("layer", ["frame and rewriting", "frame alone"])
def test_catalogue_109_110_a_rendered_capture_runs_nothing_asks_for_nothing_and_leads_nowhere(
    bench: Any, served: str, tab: Any, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if layer == "frame alone":
        monkeypatch.setattr(captures, "inert_page", lambda payload, **_: payload.decode())
    told = _watched(tab)
    tab.goto(served + "?view=rendered", wait_until="load")
    tab.wait_for_timeout(700)
    assert [frame.url for frame in tab.frames][:2] == [served + "?view=rendered", served + "/view"]
    _click_all_over(tab)
    tab.wait_for_timeout(700)
    assert tab.evaluate("window.probe") is None
    assert tab.url.partition("#")[0] == served + "?view=rendered"
    assert tab.evaluate(
        "(() => { try { return frames[0].document.title } catch (error) { return error.name } })()"
    ) == ("SecurityError")
    assert _beacons(bench.site) == []
    assert told == []


@pytest.mark.browser
def test_a_rewritten_page_is_harmless_without_any_frame_too(bench: Any, tab: Any) -> None:
    page = inert_page(_page(bench.site.url("/beacon")).encode(), media_type="text/html", charset="utf-8")
    told = _watched(tab)
    tab.goto(bench.site.put("/rewritten", page), wait_until="load")
    tab.wait_for_timeout(700)
    for link in tab.locator("a").all():
        link.click()
    assert tab.evaluate("window.probe") is None
    assert tab.url == bench.site.url("/rewritten")
    assert _beacons(bench.site) == []
    assert told == []
    assert "Kazakhstan has not joined the Mine Ban Treaty." in tab.locator("h1").inner_text()


@pytest.mark.browser
def test_the_probes_of_the_corpus_work_where_nothing_guards_against_them(bench: Any, tab: Any) -> None:
    tab.goto(bench.site.put("/open", _page(bench.site.url("/beacon")).replace('http-equiv="refresh"', "")))
    tab.wait_for_timeout(700)
    assert tab.evaluate("window.probe") == 1
    assert len(_beacons(bench.site)) > 5


@pytest.mark.browser
def test_catalogue_109_a_capture_is_shown_as_text_first(bench: Any, served: str, tab: Any) -> None:
    told = _watched(tab)
    tab.goto(served)
    assert '<script src="' in tab.locator("#content pre").inner_text()
    assert tab.evaluate("document.querySelector('#content pre').children.length") == 0
    assert len(tab.frames) == 1
    assert tab.evaluate("window.probe") is None
    assert _beacons(bench.site) == []
    assert told == []


@pytest.mark.browser
def test_catalogue_112_the_view_opened_by_itself_is_a_download(bench: Any, served: str, tab: Any) -> None:
    from playwright.sync_api import Error

    with tab.expect_download() as download, pytest.raises(Error, match="Download is starting"):
        tab.goto(served + "/view")
    assert download.value.suggested_filename.startswith("capture-")
    assert _beacons(bench.site) == []
