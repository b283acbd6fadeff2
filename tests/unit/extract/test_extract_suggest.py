"""Selectors are suggested only when the extractor takes them and they do what is said of them."""

from __future__ import annotations

import pytest

from watcher.extract import extract
from watcher.extract.hints import is_mismatch, read_hints, sitemap_entry
from watcher.extract.reading import Payload
from watcher.extract.suggest import suggest_removals, suggest_selects
from watcher.model.document import ExtractRules

PROSE = "".join(f"<p>Paragraph {n} says at some length what the ministry thinks of the treaty.</p>" for n in range(20))
NAV = "<nav>" + "".join(f"<a href=/{n}>Section {n} of the site</a> " for n in range(12)) + "</nav>"


def _payload(inside: str) -> Payload:
    return Payload(data=f"<html><body>{inside}</body></html>".encode(), media_type="text/html", charset="utf-8")


@pytest.mark.parametrize(
    ("opening", "selector"),
    [
        ("<main>", "main"),
        ('<div id="bodyContent">', "#bodyContent"),
        ('<div class="row article-text">', "div.article-text"),
        ('<div role="main">', '[role="main"]'),
    ],
)
def test_the_part_that_holds_the_text_is_found_by_a_selector_that_the_extractor_takes(
    opening: str, selector: str
) -> None:
    closing = "</main>" if opening == "<main>" else "</div>"
    payload = _payload(f"{NAV}{opening}{PROSE}{closing}<footer>Ministry</footer>")
    best = suggest_selects(payload)[0]
    assert best.selector == selector
    assert (best.text_share, best.furniture_share) == (1.0, 0.0)
    rules = ExtractRules(select=(best.selector,))
    read = extract(payload.data, media_type="text/html", charset="utf-8", rules=rules)
    assert len(read.blocks) == 20


@pytest.mark.parametrize("name", ["node-48213", "Box--be0a1", "9lives", "a:b", 'x"y'])
def test_a_name_that_will_not_last_is_no_suggestion(name: str) -> None:
    quoted = name.replace('"', "&quot;")
    assert suggest_selects(_payload(f'{NAV}<div id="{quoted}" class="{quoted}">{PROSE}</div>')) == ()


def test_a_page_without_furniture_needs_no_select() -> None:
    assert suggest_selects(_payload(f'<div id="wrapper">{PROSE}</div>')) == ()


def test_what_holds_too_much_of_the_text_is_never_removed() -> None:
    one = _payload(f'<div id="all">{PROSE}<b>1</b></div><p>Ministry of Tests</p>')
    two = _payload(f'<div id="all">{PROSE}<b>2</b></div><p>Ministry of Tests</p>')
    assert suggest_removals(one, two) == ()


def test_all_that_differs_gets_its_own_rule() -> None:
    def page(number: int) -> Payload:
        return _payload(f'{PROSE}<p id="seen">Seen {number} times</p><aside class="tip">Tip of type {number}</aside>')

    found = suggest_removals(page(1), page(2))
    assert {each.selector for each in found} == {"#seen", "aside"}


def test_blocks_in_another_order_are_a_difference() -> None:
    def page(*items: str) -> Payload:
        return _payload(f'{PROSE}<ul class="shuffled">{"".join(f"<li>{item}</li>" for item in items)}</ul>')

    assert [each.selector for each in suggest_removals(page("a", "b"), page("b", "a"))] == ["ul.shuffled"]


def test_only_html_gets_selectors() -> None:
    payload = Payload(data=b"a,b\n1,2\n", media_type="text/csv")
    assert suggest_selects(payload) == suggest_removals(payload, payload) == ()


def test_hints_are_language_feeds_and_scripts() -> None:
    page = b'<html lang="fr-CH"><head><link rel="alternate" type="application/atom+xml" href="/a"><script></script>'
    hints = read_hints(Payload(data=page, media_type="text/html"))
    assert (hints.language, hints.feeds, hints.scripts) == ("fr-CH", ("/a",), 1)
    feed = Payload(data=b"<rss><channel><ttl>90</ttl></channel></rss>", media_type="application/rss+xml")
    assert read_hints(feed).ttl_minutes == 90


def test_a_sitemap_speaks_of_the_page_itself_only() -> None:
    sitemap = b"""<urlset><url><loc>https://e.example/a?x=1&amp;y=2</loc><changefreq>Weekly</changefreq></url>
    <url><loc>https://e.example/b</loc><lastmod>2026-01-02</lastmod></url></urlset>"""
    entry = sitemap_entry(sitemap, "https://e.example/a?x=1&y=2")
    assert entry is not None
    assert (entry.lastmod, entry.changefreq) == ("", "weekly")
    assert sitemap_entry(sitemap, "https://e.example/c") is None
    assert sitemap_entry(b"<sitemapindex><sitemap><loc>x</loc></sitemap></sitemapindex>", "x") is None


@pytest.mark.parametrize(
    ("declared", "judged", "mismatch"),
    [
        ("text/html", "application/pdf", True),
        ("application/xhtml+xml", "text/html", False),
        ("text/plain", "text/markdown", False),
        (None, "text/html", False),
    ],
)
def test_a_mismatch_is_another_kind_of_document(declared: str | None, judged: str, mismatch: bool) -> None:
    assert is_mismatch(declared, judged) is mismatch
