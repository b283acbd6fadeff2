"""Which documents a list shows: pages, tables, feeds and sitemaps as they are met, well made or not."""

from __future__ import annotations

from typing import Any

import pytest

from watcher.errors import ConfigError
from watcher.extract import extract
from watcher.extract.listing import compile_pattern, list_documents, suggest_collection
from watcher.extract.reading import Payload
from watcher.model.collection import CollectionRules, ItemPart
from watcher.model.names import one_subject_in, subjects_in

HERE = "https://lists.example.org/responses/index.html"


def listing(body: str, *, media_type: str = "text/html", url: str = HERE, **rules: Any) -> Any:
    data = body.encode()
    document = extract(data, media_type=media_type, charset="utf-8", name=url)
    payload = Payload(data=data, media_type=document.media_type, charset="utf-8", name=url)
    return list_documents(document, payload, url, CollectionRules(**rules))


def suggestion(body: str) -> Any:
    data = body.encode()
    document = extract(data, media_type="text/html", charset="utf-8", name=HERE)
    return suggest_collection(document, Payload(data=data, media_type="text/html", charset="utf-8"), HERE)


def test_links_are_absolute_once_each_and_without_fragment() -> None:
    found = listing(
        '<p><a href="kaz.pdf">One</a> <a href="/responses/kaz.pdf#page=2">Again</a> <a href="#top">Top</a></p>'
    )
    assert [(one.address, one.title) for one in found.documents] == [
        ("https://lists.example.org/responses/kaz.pdf", "One")
    ]


def test_a_base_element_of_the_page_is_obeyed() -> None:
    found = listing('<html><head><base href="/files/"></head><body><p><a href="kaz.pdf">One</a></p></body></html>')
    assert [one.address for one in found.documents] == ["https://lists.example.org/files/kaz.pdf"]


def test_other_origins_and_other_schemes_are_left_out_and_counted() -> None:
    page = (
        '<p><a href="https://elsewhere.example/a.pdf">A</a> <a href="mailto:a@example.org">B</a> '
        '<a href="https://user:word@lists.example.org/c.pdf">C</a> <a href="d.pdf">D</a></p>'
    )
    found = listing(page)
    assert ([one.title for one in found.documents], found.others) == (["D"], 3)
    assert [one.title for one in listing(page, same_origin=False).documents] == ["A", "D"]


def test_navigation_is_no_document() -> None:
    page = '<nav><a href="privacy.pdf">Privacy</a></nav><main><p>Text <a href="kaz.pdf">Kazakhstan</a></p></main>'
    assert [one.title for one in listing(page, link_pattern=r"\.pdf$").documents] == ["Kazakhstan"]


def test_patterns_choose_by_address_and_by_title() -> None:
    page = '<p><a href="a.pdf">Response 2025</a> <a href="b.pdf">Agenda</a> <a href="c.html">Response 2024</a></p>'
    found = listing(page, link_pattern=r"\.PDF$", title_pattern="response")
    assert [one.title for one in found.documents] == ["Response 2025"]


@pytest.mark.parametrize("pattern", ["(", "a" * 501, r"(?=x)", r"(a)\1"])
def test_a_pattern_that_is_not_re2_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="link_pattern"):
        compile_pattern(pattern, key="link_pattern")


TABLE = """<table><tr><th>State</th><th>2024</th><th>2025</th></tr>
<tr><td>Korea (Republic of)</td><td><a href="1.pdf">2024</a></td><td><a href="2.pdf">2025</a></td></tr>
<tr><td>Viet Nam</td><td></td><td><a href="3.pdf">2025</a></td></tr>
<tr><td>Niger and Nigeria</td><td><a href="4.pdf">2024</a></td><td></td></tr></table>"""


def test_a_row_names_the_subject_of_its_documents_and_completes_their_titles() -> None:
    found = listing(TABLE, subject_from=ItemPart.ROW)
    assert [(one.title, one.subject, one.year) for one in found.documents] == [
        ("Korea (Republic of): 2024", "KOR", 2024),
        ("Korea (Republic of): 2025", "KOR", 2025),
        ("Viet Nam: 2025", "VNM", 2025),
        ("2024", "", 2024),
    ]


def test_a_heading_names_the_subject_of_the_list_below_it() -> None:
    page = "".join(
        f'<h2>{state}</h2><ul><li><a href="{state}.pdf">Report 2025</a></li></ul>' for state in ("Chad", "Peru")
    )
    found = listing(page, subject_from=ItemPart.ROW)
    assert [(one.title, one.subject) for one in found.documents] == [
        ("Chad: Report 2025", "TCD"),
        ("Peru: Report 2025", "PER"),
    ]


def test_a_file_name_tells_subject_and_year() -> None:
    page = '<p><a href="FSC_EMI-141-26_Kazakhstan.2026.pdf">Download</a> <a href="AND_CAN_2025.pdf">Download</a></p>'
    found = listing(page, subject_from=ItemPart.FILE_NAME, year_from=ItemPart.FILE_NAME)
    assert [(one.subject, one.year) for one in found.documents] == [("KAZ", 2026), ("", 2025)]


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Response of the Republic of Korea", "KOR"),
        ("Democratic People's Republic of Korea", "PRK"),
        ("Korea", ""),
        ("Papua New Guinea", "PNG"),
        ("the U.S.A. and others", "USA"),
        ("contact us", ""),
        ("Statement of the UK", "GBR"),
        ("Congo (Brazzaville)", "COG"),
        ("Democratic Republic of the Congo, 2026", "COD"),
        ("Northern Ireland", ""),
        ("Kazachstan", ""),
        ("Chad and Niger", ""),
        ("Côte d’Ivoire, report", "CIV"),
        ("1.Kazakhstan", "KAZ"),
    ],
)
def test_a_state_is_named_whole_or_not_at_all(text: str, subject: str) -> None:
    assert one_subject_in(text) == subject


def test_several_states_are_all_found_in_order() -> None:
    assert subjects_in("Guinea-Bissau, Guinea, and the Sudan with South Sudan") == ("GNB", "GIN", "SDN", "SSD")


def test_a_feed_gives_titles_addresses_ids_and_dates() -> None:
    feed = """<rss version="2.0"><channel><title>News</title><link>https://lists.example.org/</link>
    <item><title>Kazakhstan &lt;b&gt;accedes&lt;/b&gt;</title><link>/news/1</link><guid>n1</guid>
    <pubDate>Sun, 03 May 2026 10:00:00 GMT</pubDate></item>
    <item><title>Peru reports</title><link>https://lists.example.org/news/2</link></item></channel></rss>"""
    found = listing(feed, media_type="application/rss+xml", subject_from=ItemPart.LINK_TEXT)
    assert found.rolls
    assert [(one.title, one.address, one.mark, one.dated) for one in found.documents] == [
        ("Kazakhstan accedes", "https://lists.example.org/news/1", "n1", "Sun, 03 May 2026 10:00:00 GMT"),
        ("Peru reports", "https://lists.example.org/news/2", "", ""),
    ]


def test_a_sitemap_gives_its_addresses_with_titles_from_their_names() -> None:
    sitemap = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc>https://lists.example.org/country/kazakhstan-2026</loc><lastmod>2026-05-03</lastmod></url>
    <url><loc>https://lists.example.org/about</loc></url></urlset>"""
    found = listing(sitemap, media_type="application/xml", link_pattern="/country/", subject_from=ItemPart.FILE_NAME)
    assert [(one.title, one.subject) for one in found.documents] == [("kazakhstan 2026", "KAZ")]


STATES = ["Austria", "Chad", "Germany", "Kazakhstan", "Peru", "Serbia", "Viet Nam", "Yemen", "Zambia"]


def test_a_page_with_many_documents_alike_is_seen_as_a_list() -> None:
    links = "".join(f'<li><a href="/docs/{n}.pdf">Response of {state}, 2025</a></li>' for n, state in enumerate(STATES))
    found = suggestion(f"<h1>Responses</h1><ul>{links}<li><a href='/contact'>Contact</a></li></ul>")
    assert (found.documents, found.states) == (9, 9)
    assert found.rules.subject_from is ItemPart.LINK_TEXT
    assert found.rules.year_from is ItemPart.LINK_TEXT
    assert found.rules.link_pattern == r"\.pdf(\?|$)"


def test_a_page_of_prose_with_some_links_is_not() -> None:
    links = " ".join(f'<a href="/topic/{n}">topic {n}</a>' for n in range(30))
    assert suggestion(f"<h1>Kazakhstan</h1><p>Text with {links}.</p>") is None
