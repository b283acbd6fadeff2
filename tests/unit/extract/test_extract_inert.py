"""Captured pages written anew: words, tables and styles stay, nothing that acts does."""

from __future__ import annotations

import pytest

from watcher.errors import ExtractError
from watcher.extract import inert
from watcher.extract.inert import Excerpt, excerpt, inert_page


def shown(markup: str, charset: str = "utf-8") -> str:
    page = inert_page(f"<html><body>{markup}".encode(charset), media_type="text/html", charset=charset)
    body = page.partition("<body>")[2].rpartition("</body>")[0]
    return body.strip()


def test_words_tables_and_directions_stay_as_they_were() -> None:
    markup = '<table border="1"><tbody><tr><td colspan="2" dir="rtl">نص &lt;b&gt; &amp; more</td></tr></tbody></table>'
    assert shown(markup) == markup
    assert shown("<p>é</p>", "latin-1") == "<p>é</p>"


def test_links_lead_nowhere_and_say_where_they_led() -> None:
    assert shown('<a href="https://example.org/a?b&c" target="_top" onclick="x()">more</a>') == (
        '<a title="led to https://example.org/a?b&amp;c">more</a>'
    )


def test_pictures_stay_only_when_they_are_part_of_the_page() -> None:
    assert (
        shown('<img src="data:image/png;base64,AAAA" alt="map">') == '<img alt="map" src="data:image/png;base64,AAAA">'
    )
    for source in (
        "https://example.org/a.png",
        "data:image/svg+xml,<svg onload=x>",
        "data:text/html;base64,AAAA",
        "//x",
    ):
        assert shown(f"<img src='{source}' srcset='x 2x'>") == "<img>"


def test_an_attribute_cannot_end_its_quotes_and_a_style_not_its_element() -> None:
    assert shown("<p title='\"><script>x</script>'>a</p>") == (
        '<p title="&quot;&gt;&lt;script&gt;x&lt;/script&gt;">a</p>'
    )
    style = shown("<style>p{color:red} @import 'x'; a{background:u\\72l(x)} b{background:URL (x)} </sty\\6ce></style>")
    assert style.startswith("<style>p{color:red}")
    for forbidden in ("@import", "url(", "URL (", "\\", "</sty"):
        assert forbidden not in style.removesuffix("</style>")


@pytest.mark.parametrize("tag", ["script", "iframe", "object", "svg", "math", "template", "video", "noembed", "title"])
def test_elements_that_act_are_left_out_with_all_they_hold(tag: str) -> None:
    assert shown(f"<p>before</p><{tag}><x onclick=x>inside</x></{tag}><p>after</p>") == "<p>before</p><p>after</p>"


def test_forms_stay_as_their_words() -> None:
    assert shown('<form action="x"><label>Name</label> <input name=q><button formaction=y>Send</button></form>') == (
        "Name Send"
    )


def test_a_very_deep_page_is_written_without_recursion() -> None:
    assert shown("<div>" * 3000 + "x").count("</div>") == 3000


def test_what_is_no_page_or_too_large_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExtractError, match="only captured HTML pages"):
        inert_page(b"%PDF-1.7 ...", media_type="text/html", charset=None)
    monkeypatch.setattr(inert, "MAXIMUM_VIEW_BYTES", 20)
    with pytest.raises(ExtractError, match="the page is too large to read"):
        inert_page(b"<html><body>" + b"x" * 50, media_type="text/html", charset=None)


def test_the_beginning_of_text_is_given_up_to_its_limit_and_of_binary_bytes_nothing() -> None:
    whole = excerpt(b"<p>abc</p>", media_type="text/html", charset=None, limit=60)
    assert whole == Excerpt(text="<p>abc</p>", is_cut=False, is_page=True)
    cut = excerpt(b"<p>abc</p>", media_type="text/html", charset=None, limit=6)
    assert cut == Excerpt(text="<p>abc", is_cut=True, is_page=True)
    plain = excerpt(b"a statement", media_type="text/plain", charset=None, limit=60)
    assert plain == Excerpt(text="a statement", is_cut=False, is_page=False)
    assert excerpt(b"\x89PNG\r\n\x1a\n\0\0", media_type="text/plain", charset=None, limit=60) is None
