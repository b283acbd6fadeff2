"""XPath over a page: what is selected, what is refused and where, and how long a search may take."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from watcher.errors import ConfigError, ExtractError
from watcher.extract import extract
from watcher.extract.selectors import find, require_selector
from watcher.model.document import Document, ExtractRules

PAGE = """<html><head><title>K</title></head><body><div id=a class="x y">lead <p class=c>one</p> tail<!-- no -->
<p>two <a href=/z>link</a></p></div><div><p>three</p><h2>Votes</h2><p>yes</p><p>no</p></div></body></html>"""


def _found(selector: str, page: str = PAGE) -> list[str]:
    root = LexborHTMLParser(page).root
    assert root is not None
    return [
        " ".join((node.text_content or node.text(deep=True)).split()) for node in find(root, selector, rule="select")
    ]


@pytest.mark.parametrize(
    ("selector", "texts"),
    [
        ("//p[1]", ["one", "three"]),
        ("(//p)[2]", ["two link"]),
        ("(//p | //h2)[last()]", ["no"]),
        ("/html/body/div[2]/p[position() < 3]", ["three", "yes"]),
        ("//div[@id='a']/p[last()]", ["two link"]),
        ("//p[contains(., 'tw')]", ["two link"]),
        ("//p[starts-with(@class, 'c')]", ["one"]),
        ("//p[not(@class)][1]", ["two link", "three"]),
        ("//*[normalize-space() = 'three']", ["three"]),
        ("//h2[. = 'Votes']/following-sibling::p[1]", ["yes"]),
        ("//h2/preceding-sibling::*[1]", ["three"]),
        ("//a/..", ["two link"]),
        ("//p[.//a]", ["two link"]),
        ("//div[count(p) > 2]/h2", ["Votes"]),
        ("//div[@class = 'x y' and @id]/p/text()", ["one", "two"]),
        ("//h2 | //h2 | //p[a/@href = '/z']", ["Votes", "two link"]),
        ("xpath:descendant::a", ["link"]),
        ("//div//div//p", []),
        ("css:p.c", ["one"]),
        ("div > p.c", ["one"]),
    ],
)
def test_a_selector_finds_what_xpath_1_says(selector: str, texts: list[str]) -> None:
    assert sorted(_found(selector)) == sorted(texts)


@pytest.mark.parametrize(
    ("selector", "place", "advice"),
    [
        ("//a/ancestor::div", 5, "the axis ancestor:: is not allowed; allowed are attribute, child"),
        ("//a/@href", 1, "as in //a[@href]"),
        ("//p[", 5, "the name of an element is missing before its end"),
        ("//p['a]", 5, "not closed"),
        ("//p[$x]", 5, "variables ($) are not allowed"),
        ("//p[1 + 1]", 7, "arithmetic (+) is not allowed"),
        ("//p[contains(.)]", 5, "contains() takes 2 values, not 1"),
        ("//svg:path", 3, "namespaces (svg:) are not allowed"),
        ("xpath:count(//p)", 7, "selects no part of the page"),
        ("/", 1, "selects the whole page"),
        ("//p]", 4, "']' has no meaning here"),
        ("(" * 30 + "//p", 21, "nested deeper than 20 levels"),
        ("/p" * 60, 102, "more than 50 steps"),
        ("//p" + " " * 600, None, None),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(selector: str, place: int | None, advice: str | None) -> None:
    if place is None:
        require_selector(selector, rule="select")
        return
    with pytest.raises(ConfigError) as caught:
        require_selector(selector, rule="select")
    assert f"character {place}:" in str(caught.value)
    assert advice is not None
    assert advice in str(caught.value)
    assert caught.value.key == "select"


def test_an_expression_is_bounded_in_length() -> None:
    with pytest.raises(ConfigError, match="603 characters long; the limit is 500"):
        require_selector("//p" + "a" * 600, rule="select")
    with pytest.raises(ConfigError, match="the limit is 500"):
        require_selector("p" + "a" * 600, rule="select")


def test_the_page_is_read_where_an_xpath_points() -> None:
    document = _read(PAGE, ExtractRules(select=("//div[not(@id)]",), remove=("//h2",)))
    assert [block.text for block in document.blocks] == ["three", "yes", "no"]
    assert [(one.rule, one.matches, one.blocks) for one in document.rules] == [("remove", 1, 1), ("select", 1, 3)]


def test_elements_inside_each_other_are_removed_once() -> None:
    page = "<div class=a>x<div class=a>y<div class=a>z</div></div></div><p>stays</p>"
    document = _read(page, ExtractRules(remove=(".a", "//div")))
    assert [block.text for block in document.blocks] == ["stays"]
    assert [(one.pattern, one.matches, one.blocks) for one in document.rules] == [(".a", 3, 3), ("//div", 0, 0)]


def test_one_of_two_selectors_that_matches_nothing_is_a_note_and_both_are_an_error() -> None:
    document = _read(PAGE, ExtractRules(select=("h2", "//h3")))
    assert [block.text for block in document.blocks] == ["Votes"]
    assert "the select rule '//h3' matched nothing" in document.notes
    with pytest.raises(ExtractError, match="none of the 2 select rules matched anything") as caught:
        _read(PAGE, ExtractRules(select=("h4", "//h3")))
    assert caught.value.code == "selector_matched_nothing"


def test_a_search_that_takes_too_long_is_stopped_by_its_count_of_steps() -> None:
    page = "<div>" * 300 + "<p>x</p>" * 300
    with pytest.raises(ExtractError, match="XPath") as caught:
        _read(page, ExtractRules(select=("//*[.//*[.//*[contains(., 'y')]]]",)))
    assert caught.value.code == "too_large"


def test_a_page_4000_levels_deep_is_searched() -> None:
    document = _read("<div>" * 3900 + "<p>deep</p>", ExtractRules(select=("//div//p",)))
    assert document.text == "deep"


def _read(page: str, rules: ExtractRules) -> Document:
    return extract(page.encode(), media_type="text/html", charset="utf-8", rules=rules)
