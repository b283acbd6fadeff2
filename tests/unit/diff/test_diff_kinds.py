from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from watcher.diff import compare, kind_of
from watcher.diff.folds import explain
from watcher.model.change import ChangeKind, HunkOp
from watcher.model.document import Document, Link

EXPORTS = "The delegation stated that the halt on exports remains in force until further notice."
STOCKS = "It also said that all stocks would be destroyed before the end of 2031 under observation."


def told(old: Document, new: Document) -> ChangeKind:
    kind, reason = kind_of(old, new, compare(old, new))
    assert reason
    assert "\n" not in reason
    return kind


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("It isnow in force.", "It is now in force.", ChangeKind.WHITESPACE),
        ("It is\u00a0now in\u200b force.", "It is now in force.", ChangeKind.WHITESPACE),
        ("the “open” list – it’s here", 'the "open" list—it\'s here', ChangeKind.TYPOGRAPHY),
        ("\ufb01nal o\ufb03ce text", "final office text", ChangeKind.TYPOGRAPHY),
        ("Final Report Of The Group", "FINAL REPORT OF THE GROUP", ChangeKind.TYPOGRAPHY),
        ("an anti-vehicle device", "an anti vehicle device", ChangeKind.TYPOGRAPHY),
        ("It cleared 1,200 of 1\u00a0200\u202f400.", "It cleared 1 200 of 1,200,400.", ChangeKind.TYPOGRAPHY),
        ("signed on 3 December 1997", "signed on Dec. 3, 1997", ChangeKind.TYPOGRAPHY),
        ("Three of them cost USD 2.5 million.", "3 of them cost US$2,500,000.", ChangeKind.TYPOGRAPHY),
        ("about 50 per cent or €5", "about 50% or EUR 5", ChangeKind.TYPOGRAPHY),
        ("signé le 1er août 1999", "signé le 1 août 1999", ChangeKind.TYPOGRAPHY),
        ("**Bold** and *slanted* words \\*\\*\\*", "Bold and slanted words", ChangeKind.TYPOGRAPHY),
        ("See [the note](https://a.example/1).", "See [the note](https://a.example/2).", ChangeKind.LINK_TARGET),
        ("See the note.", "See [the note](https://a.example/2).", ChangeKind.LINK_TARGET),
        ("C\u00c3\u00b4te sud et \u00c3\u00aele nord", "C\u00f4te sud et \u00eele nord", ChangeKind.ENCODING),
        ("Fish &amp; chips &#8211; daily", "Fish & chips – daily", ChangeKind.ENCODING),
        ("C\ufffdte sud", "C\u00f4te sud", ChangeKind.ENCODING),
        ("Cte sud", "C\u00f4te sud", ChangeKind.ENCODING),
        ("Cote sud", "C\u00f4te sud", ChangeKind.ENCODING),
        ("Договор".encode().decode("cp1251"), "Договор", ChangeKind.ENCODING),
        ("\u00a9 2023 Ministry of Works", "\u00a9 2024 Ministry of Works", ChangeKind.VOLATILE),
        ("Page generated on 3 May 2024 at 10:22", "Page generated on 4 June 2024 at 11:07", ChangeKind.VOLATILE),
        ("Monday, 3 May 2024 10:22:31", "Tuesday, 4 May 2024 11:07:02", ChangeKind.VOLATILE),
        ("Posted 3 hours ago by the office", "Posted 5 hours ago by the office", ChangeKind.VOLATILE),
        ("STATUS AS AT : 21-11-2026 09:15:41 EDT", "STATUS AS AT : 22-11-2026 09:15:02 EDT", ChangeKind.VOLATILE),
        ("Mine Ban Treaty: status as at 5 May 2026", "Mine Ban Treaty: status as at 9 May 2026", ChangeKind.VOLATILE),
        ("Visitors: 12,001", "Visitors: 12,407", ChangeKind.VOLATILE),
        ("Session ID: 4f3a-99c1", "Session ID: 77ab-01de", ChangeKind.VOLATILE),
    ],
)  # fmt: skip
def test_noise_has_its_kind_both_ways(build: SimpleNamespace, old: str, new: str, kind: ChangeKind) -> None:
    assert told(build.document(EXPORTS, old), build.document(EXPORTS, new)) is kind
    assert told(build.document(EXPORTS, new), build.document(EXPORTS, old)) is kind


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Norland shall report.", "Norland should report.",),
        ("It is not able to join.", "It is notable to join."),
        ("The office opens at 9:00.", "The office opens at 10:00."),
        ("It cleared 1,200 of them.", "It cleared 12,00 of them."),
        ("It cleared 1.200 km of road.", "It cleared 1200 km of road."),
        ("signed on 3 December 1997", "signed on 3 December 1998"),
        ("It cost USD 2.5 million.", "It cost USD 25 million."),
        ("It cost USD 2 million.", "It cost EUR 2 million."),
        ("It trained three of them.", "It trained 13 of them."),
        ("500 mines were left as at 5 May 2026.", "500 mines were left as at 9 May 2026."),
        ("status as at 5 May 2026: 160 parties", "status as at 9 May 2026: 161 parties"),
        ("signed on 03/12/1997", "signed on 3 December 1997"),
        ("Last updated: 3 May 2024", "Last updated: 9 May 2024"),
        ("It made 12 visits to the area.", "It made 15 visits to the area."),
        ("1 500 devices", "15 00 devices"),
        ("10\u00b2 metres", "102 metres"),
        ("Ask the US office", "Ask the us office"),
        ("to resign the accord", "to re-sign the accord"),
        ("Lists: red, green", "Lists: red green"),
        ("Write to https://a.example/one", "Write to https://a.example/two"),
        ("Report of the group", "Report of the group \u0434\u043e\u0433\u043e\u0432\u043e\u0440"),
        ("Copyright law of 1990 applies", "Copyright law of 1991 applies"),
    ],
)  # fmt: skip
def test_what_may_change_the_meaning_is_content(build: SimpleNamespace, old: str, new: str) -> None:
    assert told(build.document(EXPORTS, old), build.document(EXPORTS, new)) is ChangeKind.CONTENT
    assert told(build.document(EXPORTS, new), build.document(EXPORTS, old)) is ChangeKind.CONTENT


def test_equal_documents_are_none(build: SimpleNamespace) -> None:
    assert told(build.document(EXPORTS), build.document(EXPORTS)) is ChangeKind.NONE


def test_a_link_that_leads_elsewhere_under_the_same_words_is_link_target(build: SimpleNamespace) -> None:
    pages = [build.paragraph(EXPORTS, links=[Link(text="halt", target=target)]) for target in ("/old", "/new")]
    old, new = (build.document(page) for page in pages)
    kind, reason = kind_of(old, new, compare(old, new))
    assert kind is ChangeKind.LINK_TARGET
    assert "/old" in reason
    assert "/new" in reason


def test_navigation_alone_is_boilerplate_and_not_beside_content(build: SimpleNamespace) -> None:
    old = build.document(build.paragraph("Home News Contact", boilerplate=True), EXPORTS)
    menu = build.paragraph("Home News Archive Contact", boilerplate=True)
    assert told(old, build.document(menu, EXPORTS)) is ChangeKind.BOILERPLATE
    assert told(old, build.document(menu, EXPORTS.replace("halt", "ban"))) is ChangeKind.CONTENT


def test_a_block_that_stops_being_boilerplate_is_content_when_its_words_change(build: SimpleNamespace) -> None:
    old = build.document(build.paragraph(EXPORTS, boilerplate=True), STOCKS)
    assert told(old, build.document(EXPORTS.replace("halt", "ban"), STOCKS)) is ChangeKind.CONTENT


def test_a_reordered_list_is_moved(build: SimpleNamespace) -> None:
    names = ["Norland", "Estmark", "Sudova", "Valleria"]
    old = build.document(build.heading("Members"), *map(build.item, names))
    new = build.document(build.heading("Members"), *map(build.item, reversed(names)))
    assert told(old, new) is ChangeKind.MOVED


def test_an_item_that_joins_another_list_is_content(build: SimpleNamespace) -> None:
    def lists(members: list[str], observers: list[str]) -> Document:
        blocks = [build.heading("Members"), *map(build.item, members)]
        made: Document = build.document(*blocks, build.heading("Observers"), *map(build.item, observers))
        return made

    old, new = lists(["Norland", "Estmark"], ["Sudova", "Tarn"]), lists(["Norland"], ["Estmark", "Sudova", "Tarn"])
    assert set(build.ops(compare(old, new))) == {HunkOp.MOVED}
    assert told(old, new) is ChangeKind.CONTENT


def test_a_paragraph_only_split_or_broken_into_many_blocks_is_whitespace(build: SimpleNamespace) -> None:
    whole = build.document(f"{EXPORTS} {STOCKS}", "End.")
    assert told(whole, build.document(EXPORTS, STOCKS, "End.")) is ChangeKind.WHITESPACE
    words = f"{EXPORTS} {STOCKS}".split()
    broken = [" ".join(words[start : start + 2]) for start in range(0, len(words), 2)]
    assert told(whole, build.document(*broken, "End.")) is ChangeKind.WHITESPACE


def test_several_sorts_of_noise_are_named_together(build: SimpleNamespace) -> None:
    old = build.document(EXPORTS, STOCKS, "It’s open")
    new = build.document(STOCKS, EXPORTS, "It's open")
    kind, reason = kind_of(old, new, compare(old, new))
    assert kind is ChangeKind.MOVED
    assert "typography" in reason


def test_a_column_heading_that_no_block_shows_is_content(build: SimpleNamespace) -> None:
    def body(name: str) -> Document:
        made: Document = build.document(*build.rows(("State", name), ("Norland", "3 Mar 1998"))[1:])
        return made

    assert told(body("Signed"), body("Denounced")) is ChangeKind.CONTENT


@pytest.mark.parametrize(
    "part",
    [
        *"a -*[<\\#?é\ufffd",
        "- ",
        "[a](",
        "<!--",
        "&amp;",
        "1.",
        "mardi ",
        "3 may ",
        "é a",
        "generated on 3 may ",
        "ray id ",
    ],
)
def test_no_fold_is_slow_on_its_worst_text(part: str) -> None:
    text = part * (100_000 // len(part))
    started = time.process_time()
    explain(text + "x", text + "y")
    assert time.process_time() - started < 3
