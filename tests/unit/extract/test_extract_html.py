"""HTML pages: every visible word, nothing invisible, structure and labels."""

from __future__ import annotations

import time

import pytest

from watcher.errors import ConfigError, ExtractError
from watcher.extract import extract
from watcher.model.document import Block, BlockKind, Document, ExtractRules, Link


def read(source: str, rules: ExtractRules | None = None) -> Document:
    return extract(source.encode(), media_type="text/html", charset="utf-8", rules=rules or ExtractRules())


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def only(document: Document, kind: BlockKind) -> list[Block]:
    return [block for block in document.blocks if block.kind is kind]


def test_br_pairs_end_paragraphs_and_single_ones_do_not() -> None:
    page = read("<font size=2>The minister spoke.<br><br>He denied it<br>twice.</font><hr>End")
    assert texts(page) == ["The minister spoke.", "He denied it twice.", "End"]


def test_inline_elements_do_not_cut_words() -> None:
    assert texts(read("<p>anti<b>per</b>sonnel <i>mines</i>, 5&nbsp;km</p>")) == ["antipersonnel mines, 5 km"]


@pytest.mark.parametrize("tag", ["s", "strike", "del"])
def test_words_struck_out_are_marked_as_in_word_documents(tag: str) -> None:
    assert texts(read(f"<p>It is <{tag}>not</{tag}> a party.</p>")) == ["It is [deleted: not] a party."]
    assert texts(read(f"<p>It <{tag}></{tag}>is.</p>")) == ["It is."]
    assert texts(read(f"<p>A <{tag}>b<br><br>c</{tag}> d</p>")) == ["A [deleted: b]", "c d"]
    assert texts(read(f"<{tag}><p>Whole.</p></{tag}><p>Next.</p>")) == ["Whole.", "Next."]


def test_adjacent_links_are_separate_words() -> None:
    page = read("<nav><a href='/a'>Home</a><a href='/b'>Treaties</a></nav><p>x</p>")
    assert page.blocks[0].text == "Home Treaties"
    assert page.blocks[0].links == (Link(text="Home", target="/a"), Link(text="Treaties", target="/b"))


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>secret</script>",
        "<style>secret{}</style>",
        "<template><p>secret</p></template>",
        "<div hidden>secret</div>",
        "<div style='color:red; DISPLAY : none'>secret</div>",
        "<span style='visibility:hidden'>secret</span>",
        "<input type=hidden value=secret>",
        "<dialog>secret</dialog>",
        "<noscript>secret</noscript>",
        "<!-- secret -->",
        "<iframe src=x>secret</iframe>",
    ],
)
def test_hidden_things_are_left_out(hidden: str) -> None:
    page = read(f"<p>before</p>{hidden}<p>after</p>")
    assert "secret" not in page.text
    assert texts(page)[0] == "before"
    assert texts(page)[-1] == "after"


def test_noscript_is_read_when_the_page_has_nothing_else() -> None:
    assert texts(read("<body><script>run()</script><noscript>Open <b>this</b> file</noscript>")) == ["Open this file"]


def test_a_tracking_frame_in_a_head_noscript_does_not_swallow_the_page() -> None:
    page = read("<html><head><noscript><iframe src='//t'></noscript></head><body><p>All is here</p></body></html>")
    assert texts(page) == ["All is here"]


def test_the_word_noscript_inside_a_script_removes_nothing() -> None:
    page = read("<script>var a='<noscript>'</script><p>kept</p><noscript>gone</noscript><p>too</p>")
    assert texts(page) == ["kept", "too"]


def test_noframes_is_read_from_a_frameset_and_frames_are_noted() -> None:
    page = read("<frameset cols='1,2'><frame src=a><noframes><p>The text</p></noframes></frameset>")
    assert texts(page) == ["The text"]
    assert "embedded frames were not followed" in page.notes


def test_furniture_is_kept_and_labelled() -> None:
    page = read(
        "<header>Ministry<h1>Statement</h1></header><nav>Menu</nav><main><header>By line</header><p>Body</p>"
        "<footer>Signed</footer></main><aside>Related</aside><div role=search>Find</div><footer>Contact</footer>"
    )
    labelled = {block.text: block.boilerplate for block in page.blocks}
    assert labelled == {
        "Ministry": True,
        "Statement": False,
        "Menu": True,
        "By line": False,
        "Body": False,
        "Signed": False,
        "Related": True,
        "Find": True,
        "Contact": True,
    }


def test_a_cookie_notice_is_furniture_and_a_page_wrapped_in_that_name_is_not() -> None:
    page = read(
        "<div id=cookie-banner>We use cookies</div><div class='cookie-ok'>" + "<p>policy text</p>" * 400 + "</div>"
    )
    assert page.blocks[0].boilerplate
    assert not page.blocks[1].boilerplate


def test_a_page_of_furniture_alone_is_not_boilerplate() -> None:
    assert not any(block.boilerplate for block in read("<header><p>Only this</p></header>").blocks)


def test_headings_carry_level_and_lasting_anchor() -> None:
    page = read("<h2 id=policy>Policy</h2><div role=heading aria-level=3>Use</div><h4 id=x84736255>Other</h4>")
    assert [(b.text, b.level, b.anchor) for b in only(page, BlockKind.HEADING)] == [
        ("Policy", 2, "policy"),
        ("Use", 3, ""),
        ("Other", 4, ""),
    ]


def test_lists_carry_their_depth() -> None:
    page = read("<ul><li>a<ol><li>b<p>c</p></ol>d</ul><dl><dt>t<dd>e</dl>")
    assert [(b.text, b.level) for b in only(page, BlockKind.LIST_ITEM)] == [
        ("a", 1),
        ("b", 2),
        ("c", 2),
        ("d", 1),
        ("t", 1),
        ("e", 2),
    ]


def test_footnotes_and_references_share_a_mark() -> None:
    page = read(
        "<p>No use<sup><a href='#fn1'>1</a></sup> and <a href='#fn2'><sup>2</sup></a>.</p>"
        "<ol><li id=fn1>Letter, 3 May.</li><li id=fn2>Ibid.</li></ol>"
    )
    assert page.blocks[0].text == "No use[1] and [2]."
    assert [(b.text, b.anchor) for b in only(page, BlockKind.FOOTNOTE)] == [("Letter, 3 May.", "1"), ("Ibid.", "2")]


def test_word_processor_footnotes_are_recognised_by_their_anchor() -> None:
    page = read(
        "<p>Text<a href='#_ftn1' name='_ftnref1'>[1]</a></p><p><a name='_ftn1' href='#_ftnref1'>[1]</a> Source.</p>"
    )
    assert [(b.kind, b.anchor) for b in page.blocks] == [(BlockKind.PARAGRAPH, ""), (BlockKind.FOOTNOTE, "1")]


def test_data_tables_become_rows_under_joined_headings() -> None:
    page = read(
        "<table><caption>Parties</caption><tr><th rowspan=2>State<th colspan=2>Date of</tr>"
        "<tr><th>signature<th>ratification</tr><tr><td rowspan=2>Aland<td>1997<td>1999</tr>"
        "<tr><td>1998<td><a href=x>2000</a></tr></table>"
    )
    rows = only(page, BlockKind.TABLE_ROW)
    assert page.blocks[0].text == "Parties"
    assert rows[2].cells == ("Aland", "1997", "1999")
    assert rows[3].cells == ("Aland", "1998", "2000")
    assert rows[3].columns == ("State", "Date of / signature", "Date of / ratification")
    assert rows[3].text == "Aland | 1998 | 2000"
    assert rows[3].links == (Link(text="2000", target="x"),)


def test_a_bold_first_row_heads_a_table_without_th() -> None:
    page = read("<table><tr><td><b>A</b><td><p><strong>B</strong></p><tr><td>1<td>2<tr><td>3<td>4</table>")
    assert [row.columns for row in only(page, BlockKind.TABLE_ROW)] == [(), ("A", "B"), ("A", "B")]


@pytest.mark.parametrize(
    "table",
    [
        "<table><tr><td><p>one</p><p>two</p><td>three</table>",
        "<table><tr><td><table><tr><td>one<td>two</table><td>three</table>",
        "<table role=presentation><tr><td>one<td>two<tr><td>three<td>four</table>",
        "<table><tr><td>one<tr><td>two<tr><td>three</table>",
    ],
)
def test_layout_tables_are_paragraphs(table: str) -> None:
    page = read(table)
    kinds = {block.kind for block in page.blocks}
    assert "one" in texts(page)
    assert kinds == {BlockKind.PARAGRAPH} or (
        kinds == {BlockKind.PARAGRAPH, BlockKind.TABLE_ROW} and "table><tr><td><table" in table
    )


def test_preformatted_lines_stay_and_blank_lines_part_blocks() -> None:
    assert texts(read("<pre>\n A/RES/1\n  For: 100  \n\nSecond</pre>")) == [" A/RES/1\n  For: 100", "Second"]


def test_pictures_give_their_description() -> None:
    assert texts(read("<p>Map: <img alt='Mined border' src=x></p>")) == ["Map: Mined border"]


def test_result_is_the_same_when_nothing_visible_changes() -> None:
    one = "<div class='a1' id=x1><p data-nonce=77 title=t>Text <a href=/p class=q>link</a></p>\n\n<p>More</p></div>"
    other = (
        "<div id=x1 class='zz9'>\n  <p title=t  data-nonce=1>Text\n <a class=r href=/p>link</a></p><p>More</p></div>"
    )
    assert read(one).blocks == read(other).blocks


def test_select_keeps_only_what_matches_in_document_order() -> None:
    page = "<p>out</p><section id=b><p>second</p></section><section id=a><p>third</p><em>x</em></section>"
    assert texts(read(page, ExtractRules(select=("#a", "#b", "#a p"), remove=("em",)))) == ["second", "third"]


def test_a_select_rule_without_match_is_named() -> None:
    with pytest.raises(ExtractError, match="#missing") as caught:
        read("<p>text</p>", ExtractRules(select=("#missing",)))
    assert caught.value.code == "selector_matched_nothing"


def test_a_remove_rule_without_match_is_noted() -> None:
    assert any(".ad" in note for note in read("<p>text</p>", ExtractRules(remove=(".ad",))).notes)


@pytest.mark.parametrize("rules", [ExtractRules(select=("p[",)), ExtractRules(remove=("div:::",))])
def test_an_invalid_selector_is_a_config_error(rules: ExtractRules) -> None:
    with pytest.raises(ConfigError, match="CSS selector"):
        read("<p>text</p>", rules)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<div>w " * 60_000, 60_000),
        ("<div>" * 50_000 + "w" + "</div>" * 50_000, 1),
        ("<ul><li>w " * 20_000, 20_000),
        ("<b>w " * 20_000, 20_000),
        ("<table><tr><td>w " * 20_000, 20_000),
        ("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">w", 1),
        ("w" + "<!--`x" * 40_000, 1),
        ("<p>w " * 300, 300),
    ],
)
def test_hostile_shapes_keep_every_word_in_bounded_time(source: str, words: int) -> None:
    started = time.process_time()
    page = read(f"<body>{source}")
    assert len(page.text.split()) == words
    assert time.process_time() - started < 8


def test_a_million_cells_are_refused_by_name() -> None:
    with pytest.raises(ExtractError, match="nodes") as caught:
        read("<table>" + ("<tr>" + "<td>w" * 10) * 60_000 + "<tr><td><p>x</p></table>")
    assert caught.value.code == "too_large"


def test_a_page_without_text_is_no_document() -> None:
    with pytest.raises(ExtractError) as caught:
        read("<html><body><div><img src=x></div></body></html>")
    assert caught.value.code == "no_text"


def test_a_redirect_page_is_noted() -> None:
    page = read("<meta http-equiv=refresh content='0; url=https://gov.example/new'><p>Moved</p>")
    assert any("redirect" in note and "gov.example/new" in note for note in page.notes)
