"""Lists that are broken, huge or hostile: catalogue 70, and what a page could do to the rules of a Collection."""

from __future__ import annotations

from typing import Any

import pytest

from watcher.model.collection import CollectionRules, ItemPart, ItemState
from watcher.model.source import Definition, SourceKind
from watcher.pipeline import register
from watcher.render import headline
from watcher.store import collections, sources

FEED_TYPE = {"Content-Type": "application/rss+xml; charset=utf-8"}


def feed(*items: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{"".join(items)}</channel></rss>'


def entry(title: str, link: str = "", guid: str = "", date: str = "") -> str:
    parts = [f"<title>{title}</title>", f"<link>{link}</link>" if link else ""]
    parts += [f"<guid>{guid}</guid>" if guid else "", f"<pubDate>{date}</pubDate>" if date else ""]
    return f"<item>{''.join(parts)}</item>"


@pytest.fixture
def feeds(bench: Any) -> Any:
    """A Collection named `news` whose feed a test sets with `bench.put`."""

    def put(*items: str) -> None:
        bench.site.put("/feed", feed(*items), headers=FEED_TYPE)

    def start(*items: str, **rules: Any) -> None:
        put(*items)
        definition = Definition(
            url=bench.site.url("/feed"),
            kind=SourceKind.COLLECTION,
            title="News",
            collection=CollectionRules(**{"subject_from": ItemPart.LINK_TEXT, **rules}),
        )
        register.add_source(bench.rooms, "news", definition, user="test")

    bench.put, bench.start = put, start
    return bench


def items(bench: Any) -> list[Any]:
    with bench.rooms.database.reading() as connection:
        return collections.list_items(connection, "news")


def told(checked: Any) -> list[Any]:
    recorded = checked.recorded
    return [change for change in (recorded.change, *recorded.more) if change is not None and change.alert]


def test_70_a_feed_of_a_hundred_thousand_items_is_capped_and_counted(feeds: Any) -> None:
    feeds.start(*(entry(f"Item {n}", f"/news/{n}") for n in range(100_000)), most_documents=20)
    gathered = feeds.check("news").recorded.gathered
    assert (gathered.registered, gathered.read.listed, gathered.read.refused) == (20, 20_000, 19_980)
    assert len(items(feeds)) == 20


def test_70_items_without_and_with_double_ids_are_told_apart_by_their_address(feeds: Any) -> None:
    feeds.start(
        entry("One", "/news/1", guid="same"),
        entry("Two", "/news/2", guid="same"),
        entry("Three", "/news/3"),
        entry("No address"),
        entry("One again", "/news/1"),
    )
    feeds.check("news")
    assert sorted((item.document.title, item.document.mark) for item in items(feeds)) == [
        ("One", ""),
        ("Three", ""),
        ("Two", ""),
    ]


def test_70_an_id_that_is_kept_at_another_address_is_a_move(feeds: Any) -> None:
    feeds.start(entry("One", "/news/1", guid="n1"), entry("Two", "/news/2", guid="n2"))
    feeds.check("news")
    feeds.put(entry("Another title", "/archive/1", guid="n1"), entry("Two", "/news/2", guid="n2"))
    (change,) = told(feeds.check("news"))
    assert change.kind == "document_moved"
    assert len(items(feeds)) == 2


def test_70_impossible_dates_are_kept_as_written_and_no_year_is_guessed(feeds: Any) -> None:
    feeds.start(
        entry("Report 9999", "/news/1", date="Fri, 31 Dec 9999 23:59:60 GMT"), entry("Report -1", "/news/2", date="-1")
    )
    feeds.check("news")
    assert [item.document.year for item in items(feeds)] == [None, None]
    assert sorted(item.document.dated for item in items(feeds)) == ["-1", "Fri, 31 Dec 9999 23:59:60 GMT"]


def test_70_an_item_that_leaves_a_feed_and_comes_back_is_neither_withdrawn_nor_new(feeds: Any) -> None:
    both = (entry("Chad reports", "/news/1"), entry("Peru reports", "/news/2"))
    feeds.start(*both)
    feeds.check("news")
    feeds.put(both[0])
    assert told(feeds.check("news")) == []
    assert [item.state for item in items(feeds) if item.document.subject == "PER"] == [ItemState.LEFT]
    feeds.put(*both)
    assert told(feeds.check("news")) == []
    assert [item.state for item in items(feeds)] == [ItemState.LISTED, ItemState.LISTED]
    with feeds.rooms.database.reading() as connection:
        assert len(sources.list_sources(connection)) == 3


def test_70_markup_in_a_title_is_text(feeds: Any) -> None:
    feeds.start(entry("One", "/news/1"), entry("Two", "/news/2"))
    feeds.check("news")
    hostile = entry("&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;Chad&lt;/b&gt; reports\u202e", "/news/3")
    feeds.put(entry("One", "/news/1"), entry("Two", "/news/2"), hostile)
    (change,) = told(feeds.check("news"))
    with feeds.rooms.database.reading() as connection:
        line = headline(change, sources.get_source(connection, "news"))
    assert line == "Chad: new document, Chad reports[U+202E] (News)"


def test_70_relative_links_of_a_feed_are_resolved_against_its_own_address(feeds: Any) -> None:
    feeds.start(entry("One", "../news/1.html"), entry("Two", "//127.0.0.1:1/elsewhere"))
    feeds.check("news")
    assert [item.document.address for item in items(feeds)] == [feeds.site.url("/news/1.html")]


def test_70_one_item_repeated_on_many_pages_of_a_site_makes_one_source(feeds: Any) -> None:
    feeds.start(*(entry("Chad reports", f"/news/1#{n}") for n in range(50)))
    assert feeds.check("news").recorded.gathered.registered == 1


def test_a_pattern_that_would_backtrack_for_ever_is_read_in_linear_time(feeds: Any) -> None:
    feeds.start(entry("a" * 300, "/news/" + "a" * 1500), link_pattern="(a|aa|a*)+$", title_pattern="(x+x+)+y|a")
    assert feeds.check("news").recorded.gathered.read.listed == 1


def test_a_list_never_makes_a_source_of_an_address_that_may_not_be_fetched(feeds: Any) -> None:
    feeds.start(
        entry("Chad", "file:///etc/passwd"),
        entry("Peru", "http://169.254.169.254/latest/meta-data"),
        entry("Kenya", "http://user:word@127.0.0.1/secret"),
        same_origin=False,
    )
    feeds.check("news")
    (item,) = items(feeds)
    assert item.document.address == "http://169.254.169.254/latest/meta-data"
    assert feeds.check(item.child_id).recorded.capture.outcome == "denied"
