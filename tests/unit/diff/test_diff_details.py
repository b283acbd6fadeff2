"""What a Hunk says beyond its words: the cells of a row under their headings, and where links lead."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from watcher.diff import apply, compare, kind_of, leads_elsewhere, shown_addresses
from watcher.diff.details import cell_edits
from watcher.model.change import CellEdit, ChangeKind, HunkOp, LinkEdit
from watcher.model.details import details_of
from watcher.model.document import Document, Link

HEAD = ("Country", "Vote")
VOTES = [HEAD, ("France", "yes"), ("Kazakhstan", "abstain"), ("Norway", "yes")]
WORDS = "The decree of the office is in force, and whoever asks for it is given a copy."


def _voted(country: str, vote: str) -> list[tuple[str, str]]:
    return [(name, vote if name == country else was) for name, was in VOTES]


def test_a_cell_that_changed_is_named_by_its_row_and_column(build: SimpleNamespace) -> None:
    old, new = build.document(*build.rows(*VOTES)), build.document(*build.rows(*_voted("Kazakhstan", "yes")))
    hunk = build.only(compare(old, new))
    assert hunk.cells == (CellEdit(column="Vote", old="abstain", new="yes"),)
    assert [f"{one.what}: {one.steps}" for one in details_of(hunk)] == ["row Kazakhstan, column Vote: abstain → yes"]


def test_a_row_that_came_has_every_filled_cell_under_its_heading(build: SimpleNamespace) -> None:
    old, new = build.document(*build.rows(*VOTES)), build.document(*build.rows(*VOTES, ("Peru", "no")))
    hunk = build.only(compare(old, new))
    assert [f"{one.what}: {one.steps}" for one in details_of(hunk)] == [
        "row Peru, column Country: Peru",
        "row Peru, column Vote: no",
    ]
    gone = build.only(compare(new, old))
    assert gone.cells == (CellEdit(column="Country", old="Peru", new=""), CellEdit(column="Vote", old="no", new=""))


def test_a_cell_that_was_filled_or_emptied_says_so(build: SimpleNamespace) -> None:
    old, new = build.document(*build.rows(*VOTES)), build.document(*build.rows(*_voted("Norway", "")))
    assert [one.steps for one in details_of(build.only(compare(old, new)))] == ["yes → nothing"]
    assert [one.steps for one in details_of(build.only(compare(new, old)))] == ["nothing → yes"]


def test_cells_of_columns_in_another_order_are_told_apart_by_heading(build: SimpleNamespace) -> None:
    _, old = build.rows(HEAD, ("Kazakhstan", "abstain"))
    _, new = build.rows(HEAD[::-1], ("yes", "Kazakhstan"))
    assert cell_edits(old, new) == (CellEdit(column="Vote", old="abstain", new="yes"),)


def test_a_table_without_headings_counts_its_columns(build: SimpleNamespace) -> None:
    plain = [(name, vote) for name, vote in VOTES[1:]]
    rows = [build.rows(line)[0] for line in plain]
    changed = [build.rows((name, "yes" if name == "Kazakhstan" else vote))[0] for name, vote in plain]
    hunk = build.only(compare(build.document(*rows), build.document(*changed)))
    assert hunk.cells == (CellEdit(column="2", old="abstain", new="yes"),)


NUMBERED = [("No", "State", "Mines"), ("1", "Norland", "400"), ("2", "Estmark", "90"), ("3", "Sudova", "12")]


def _numbered(build: SimpleNamespace, *lines: tuple[str, str]) -> Document:
    rows = [(str(number), *line) for number, line in enumerate(lines, start=1)]
    made: Document = build.document(*build.rows(NUMBERED[0], *rows))
    return made


def test_a_row_whose_running_number_alone_changed_says_nothing(build: SimpleNamespace) -> None:
    old = build.document(*build.rows(*NUMBERED))
    new = _numbered(build, ("Aland", "7"), ("Norland", "400"), ("Estmark", "90"), ("Sudova", "13"))
    hunks = {hunk.row_key: hunk for hunk in compare(old, new, key_columns=["State"]).hunks}
    assert {key: hunk.renumbered for key, hunk in hunks.items()} == {
        "Aland": False,
        "Norland": True,
        "Estmark": True,
        "Sudova": False,
    }
    assert [key for key, hunk in hunks.items() if hunk.tells] == ["Aland", "Sudova"]
    assert apply(old, compare(old, new, key_columns=["State"])) == tuple(block.text for block in new.blocks)


def test_rows_that_only_lost_one_above_them_are_moved_when_nothing_else_changed(build: SimpleNamespace) -> None:
    rows = [("Norland", "400"), ("Estmark", "90"), ("Sudova", "12"), ("Tarn", "1")]
    old, new = _numbered(build, *rows), _numbered(build, *rows)
    swapped = _numbered(build, rows[1], rows[0], *rows[2:])
    assert compare(old, new).hunks == ()
    ranked = compare(old, swapped, key_columns=["State"])
    assert not any(hunk.renumbered for hunk in ranked.hunks)
    assert kind_of(old, swapped, ranked)[0] is ChangeKind.CONTENT


def test_years_down_a_table_are_no_running_numbers(build: SimpleNamespace) -> None:
    head = ("Year", "State")
    old = build.document(*build.rows(head, ("1997", "Norland"), ("1998", "Estmark"), ("1999", "Sudova")))
    new = build.document(*build.rows(head, ("1998", "Norland"), ("1999", "Estmark"), ("2000", "Sudova")))
    assert not any(hunk.renumbered for hunk in compare(old, new, key_columns=["State"]).hunks)


def _linking(build: SimpleNamespace, *links: tuple[str, str], boilerplate: bool = False) -> object:
    made = [Link(text=text, target=target) for text, target in links]
    return build.document(build.paragraph(WORDS, links=made, boilerplate=boilerplate))


def test_a_link_that_leads_elsewhere_is_a_hunk_with_both_addresses_and_exact(build: SimpleNamespace) -> None:
    old, new = _linking(build, ("decree", "/2019.pdf")), _linking(build, ("decree", "/2024.pdf"))
    hunk = build.only(compare(old, new))
    assert (hunk.op, hunk.old, hunk.new) == (HunkOp.LINKED, WORDS, WORDS)
    assert hunk.links == (LinkEdit(text="decree", old="/2019.pdf", new="/2024.pdf"),)
    assert [f"{one.what}: {one.steps}" for one in details_of(hunk)] == ["link “decree”: /2019.pdf → /2024.pdf"]
    assert apply(old, compare(old, new)) == (WORDS,)
    assert kind_of(old, new, compare(old, new))[0] is ChangeKind.LINK_TARGET


def test_links_are_paired_by_their_words_then_in_order(build: SimpleNamespace) -> None:
    old = _linking(build, ("decree", "/a"), ("office,", "/b"), ("copy", "/c"))
    new = _linking(build, ("copy", "/c"), ("office", "/bb"), ("decree", "/aa"))
    assert build.only(compare(old, new)).links == (
        LinkEdit(text="decree", old="/a", new="/aa"),
        LinkEdit(text="office", old="/b", new="/bb"),
    )


def test_links_written_otherwise_or_in_another_order_give_no_hunk(build: SimpleNamespace) -> None:
    old = _linking(build, ("decree", "/a?utm_source=x"), ("office", "/b"))
    new = _linking(build, ("office", "/b"), ("decree", "/a?utm_source=y"))
    assert compare(old, new).hunks == ()


def test_an_edited_passage_carries_its_links_too(build: SimpleNamespace) -> None:
    old = build.document(build.paragraph(WORDS, links=[Link(text="decree", target="/a")]))
    new = build.document(build.paragraph(WORDS.replace("copy", "print"), links=[Link(text="decree", target="/b")]))
    hunk = build.only(compare(old, new))
    assert (hunk.op, hunk.links) == (HunkOp.EDITED, (LinkEdit(text="decree", old="/a", new="/b"),))


@pytest.mark.parametrize(
    ("old", "new", "elsewhere"),
    [
        ("https://a.gov/decree", "http://www.a.gov/decree/", False),
        ("/legal/terms", "legal/terms", False),
        ("/legal/terms", "https://a.gov/legal/terms", False),
        ("/decree#part-1", "/decree#part-2", False),
        ("#top", "", False),
        ("javascript:void(0)", "#", False),
        ("/decree-2019.pdf", "/decree-2024.pdf", True),
        ("/decree?id=1", "/decree?id=2", True),
        ("/decree", "", True),
        ("", "mailto:office@a.gov", True),
        ("mailto:office@a.gov", "mailto:press@a.gov", True),
        ("https://a.gov/decree", "https://b.gov/decree", True),
    ],
)
def test_a_link_leads_elsewhere_when_another_document_answers(old: str, new: str, elsewhere: bool) -> None:
    assert leads_elsewhere(old, new) is elsewhere


def test_addresses_are_those_that_a_reader_sees_and_that_are_no_links(build: SimpleNamespace) -> None:
    links = [Link(text="https://a.gov/form", target="/form")]
    block = build.paragraph(
        "Use https://a.gov/form, www.b.gov/list. or ask info@c.gov; see 3.5 and e.g. Annex.", links=links
    )
    assert shown_addresses(block) == {"b.gov/list", "info@c.gov"}
    assert shown_addresses(build.paragraph("Use [the form](https://a.gov/form) of the office.")) == frozenset()


@pytest.mark.parametrize(
    ("title", "old", "new", "kind"),
    [
        ("Legal notice of the Ministry", "Legal notice of the Ministry", "Legal notice", ChangeKind.TYPOGRAPHY),
        ("Reports | Office of Mines", "Reports", "Reports | Office of Mines", ChangeKind.TYPOGRAPHY),
        (
            "The Mine Ban Treaty of Ottawa, not signed",
            "The Mine Ban Treaty of Ottawa, not signed",
            "The Mine Ban Treaty",
            ChangeKind.CONTENT,
        ),
        ("Legal notice", "Legal notice of the Ministry", "Legal notice", ChangeKind.CONTENT),
        ("Mines banned until 2030", "Mines banned until 2030", "Mines banned", ChangeKind.CONTENT),
        ("Kazakhstan on 3 May", "Kazakhstan on 3 May", "Kazakhstan", ChangeKind.CONTENT),
    ],
)
def test_a_heading_that_gains_or_loses_the_name_of_its_site_is_typography_while_the_title_stays(
    build: SimpleNamespace, title: str, old: str, new: str, kind: ChangeKind
) -> None:
    pages = []
    for text in (old, new):
        made = build.document(build.heading(text), WORDS)
        pages.append(type(made)(**{**{name: getattr(made, name) for name in made.__slots__}, "title": title}))
    assert kind_of(*pages, compare(*pages))[0] is kind
