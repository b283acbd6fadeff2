"""A real browser at the form: our own page hands a document in, a page of another site cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, OPTIONS, serving

from watcher.store import captures

FOREIGN = """<!doctype html><title>elsewhere</title>
<form method="post" action="TARGET/uploads" enctype="multipart/form-data"><input name="handed_in_by" value="Eve">
<input type="file" name="file"><button id="go">go</button></form>
<script>
const form = new FormData(); form.append("handed_in_by", "Eve"); form.append("file", new File(["forged"], "f.txt"));
fetch("TARGET/api/uploads", {method: "POST", body: form, mode: "no-cors"}).finally(() => document.title = "sent");
</script>"""

pytestmark = pytest.mark.browser


@pytest.fixture
def served(bench: Any) -> Iterator[str]:
    with serving(bench.rooms) as address:
        yield address


@pytest.fixture
def tab() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        yield browser.new_page()
        browser.close()


def count(bench: Any) -> int:
    with bench.rooms.database.reading() as connection:
        return sum(captures.count_captures(connection).values())


def test_a_document_is_handed_in_with_a_browser(bench: Any, served: str, tab: Any, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Kazakhstan has not joined the Mine Ban Treaty.")
    tab.goto(f"{served}/uploads/new")
    tab.set_input_files("#file", str(letter))
    tab.fill("#handed_in_by", "Ana")
    tab.fill("#reference", "Letter No. 20/178")
    tab.fill("#date", "2000-04-19")
    tab.fill("#subject", "Kazakhstan")
    tab.click("form.card button")
    tab.wait_for_url("**/sources/letter-no-20-178#documents")
    assert "19 April 2000" in tab.inner_text("#documents")
    tab.goto(f"{served}/uploads/new")
    tab.set_input_files("#file", str(letter))
    tab.fill("#handed_in_by", "Ana")
    tab.click("form.card button")
    tab.wait_for_selector("[role=alert]")
    assert "already held as letter-no-20-178" in tab.inner_text("[role=alert]")
    assert tab.input_value("#handed_in_by") == "Ana"
    assert count(bench) == 1


def test_peer_27_a_page_of_another_site_hands_nothing_in(bench: Any, served: str, tab: Any, tmp_path: Path) -> None:
    forged = tmp_path / "forged.txt"
    forged.write_text("forged")
    tab.goto(bench.site.put("/elsewhere", FOREIGN.replace("TARGET", served)))
    tab.wait_for_function("document.title === 'sent'")
    tab.set_input_files("[name=file]", str(forged))
    tab.click("#go")
    tab.wait_for_load_state()
    assert "refused: the request comes from another site" in tab.content()
    assert count(bench) == 0
