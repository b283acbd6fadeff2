from __future__ import annotations

from types import SimpleNamespace

import pytest

from watcher.diff import compare, kind_of
from watcher.diff.links import leads_to
from watcher.model.change import ChangeKind
from watcher.model.document import Document, Link

EXPORTS = "The delegation stated that the halt on exports remains in force until further notice."


def protected(address: str, key: int) -> str:
    code = bytes([key, *(byte ^ key for byte in address.encode())]).hex()
    return f"/cdn-cgi/l/email-protection#{code}"


def scrambled(address: str) -> str:
    return "".join(f"&#{ord(each)};" if place % 2 else f"&#x{ord(each):x};" for place, each in enumerate(address))


def linking(build: SimpleNamespace, *targets: str) -> Document:
    links = [Link(text="halt", target=target) for target in targets]
    made: Document = build.document(build.paragraph(EXPORTS, links=links))
    return made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (protected("desk@mines.example", 0x21), protected("desk@mines.example", 0xEA)),
        (protected("desk@mines.example", 0x21), "mailto:desk@mines.example"),
        (
            protected(scrambled("desk@mines.example"), 0x21),
            protected(scrambled("desk@mines.example").upper().replace("&#X", "&#x"), 7),
        ),
        ("https://a.example/x?utm_source=mail&id=3", "https://a.example/x?id=3&utm_source=web"),
        ("/report.pdf?fbclid=1a2b", "/report.pdf"),
        ("/page;jsessionid=0A1B?id=3#top", "/page;jsessionid=9F8E?id=3#top"),
        ("/page.php?PHPSESSID=0a1b&id=3", "/page.php?PHPSESSID=9f8e&id=3"),
    ],
)
def test_an_address_that_is_only_written_anew_at_each_visit_is_no_change(
    build: SimpleNamespace, old: str, new: str
) -> None:
    before, after = linking(build, old), linking(build, new)
    assert kind_of(before, after, compare(before, after))[0] is ChangeKind.NONE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (protected("desk@mines.example", 0x21), protected("press@mines.example", 0x21)),
        ("/report.pdf?id=3", "/report.pdf?id=4"),
        ("/report-2023.pdf", "/report-2024.pdf"),
        ("/report.pdf#page=3", "/report.pdf#page=4"),
        ("/page;section=1", "/page;section=2"),
        ("https://a.example/x?next=%2Fa", "https://a.example/x?next=%2Fb"),
        ("http://a.example/x", "https://b.example/x"),
    ],
)
def test_an_address_that_leads_elsewhere_is_link_target_and_names_both(
    build: SimpleNamespace, old: str, new: str
) -> None:
    before, after = linking(build, old), linking(build, new)
    kind, reason = kind_of(before, after, compare(before, after))
    assert kind is ChangeKind.LINK_TARGET
    assert leads_to(old) in reason
    assert leads_to(new) in reason


def test_a_link_added_under_unchanged_words_is_link_target(build: SimpleNamespace) -> None:
    before, after = linking(build), linking(build, "/annex.pdf")
    kind, reason = kind_of(before, after, compare(before, after))
    assert kind is ChangeKind.LINK_TARGET
    assert "no link → “/annex.pdf”" in reason


def test_a_hidden_address_in_a_text_with_markup_is_volatile(build: SimpleNamespace) -> None:
    pages = [build.document(f"Write to [the desk]({protected('desk@mines.example', key)}).") for key in (3, 99)]
    assert kind_of(*pages, compare(*pages))[0] is ChangeKind.VOLATILE


@pytest.mark.parametrize("target", ["/cdn-cgi/l/email-protection#2", "a?" + "&" * 7000, "a?" + "utm_" * 3000, "?", ";"])
def test_broken_and_long_targets_are_read_without_an_error(target: str) -> None:
    assert isinstance(leads_to(target), str)
