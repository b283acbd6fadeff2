"""A Digest as a reader with ninety seconds meets it, and as a hostile page would like to abuse it."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest

from watcher.model.announced import Announced
from watcher.model.board import Cell
from watcher.model.change import About, Hunk, HunkOp, Position, PositionChange
from watcher.model.collection import DocumentEvent, DocumentStep
from watcher.model.statement import Statement
from watcher.model.subscription import Digest, Message
from watcher.render import render_digest
from watcher.render.words import SUBJECT_LINE_LIMIT

BASE = "https://watcher.example.org"
HOSTILE = "<script>alert(1)</script> {{7*7}} %s {0.__class__} http://phish.example/login \u202etxt.exe \x1b[31m \x00"


def _poisoned(value: Any, text: str) -> Any:
    """The same value with every free text in it replaced."""
    if isinstance(value, Digest | tuple) or dataclasses.is_dataclass(value):
        if isinstance(value, tuple):
            return tuple(_poisoned(item, text) for item in value)
        free = {"old", "new", "heading", "passage", "old_passage", "new_passage", "text", "reason"}
        free |= {"participant", "date", "last_error", "row_key"}
        changes = {}
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            from_pack = isinstance(value, PositionChange) and field.name in ("old", "new")
            plain = type(inner) is str and not from_pack
            changes[field.name] = text if plain and field.name in free else _poisoned(inner, text)
        return dataclasses.replace(value, **changes)
    return value


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_the_first_lines_say_what_changed_most(full_digest: Digest) -> None:
    message = render_digest(full_digest, base_url=BASE)
    expected = "Kazakhstan: accession to MBT, 1 May 2026; vote abstain → yes"
    assert message.subject == f"[critical] {expected}"
    assert message.text.splitlines()[0] == expected
    assert "1 Change in 1 Source: 1 critical." in message.text


@pytest.mark.parametrize("part", ["text", "html"])
def test_a_change_is_told_with_passages_reasons_diff_and_citation(full_digest: Digest, part: str) -> None:
    told = _flat(getattr(render_digest(full_digest, base_url=BASE), part))
    plain = re.sub(r"<[^>]+>", "", told)
    for expected in (
        "The delegation abstained on the resolution.",
        "The delegation voted in favour of the resolution.",
        "abstain → yes",
        "a treaty action: accession to MBT, 1 May 2026",
        "the position on vote of Kazakhstan: abstain → yes",
        "all reasons with their points",
        "[-abstained on-]{+voted in favour of+}",
        "1 May 2026",
        "UN, Country Report: Kazakhstan",
        "accessed 3 May 2026",
        f"archived at {BASE}/captures/203",
        "2b" * 32,
        "1 passage of navigation or boilerplate changed too.",
    ):
        assert expected in _flat(plain), expected


@pytest.mark.parametrize("part", ["text", "html"])
def test_an_empty_digest_is_believable(empty_digest: Digest, part: str) -> None:
    message = render_digest(empty_digest, base_url=BASE)
    plain = _flat(re.sub(r"<[^>]+>", " ", getattr(message, part)))
    for expected in (
        "No change of policy meaning",
        "We looked at 45 Sources 180 times between 2 May 2026, 14:05 UTC and 3 May 2026, 14:05 UTC",
        "43 of 45 Sources answered; 1 could not be reached; 1 was not tried.",
        "Ministry of Defence",
        "28 April 2026, 06:00 UTC",
        "Late arrivals",
        "7 Changes were recorded since 2 May 2026, 14:05 UTC and left out here as noise.",
        "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
    ):
        assert expected in plain, expected
    assert message.subject == (
        "No change of policy meaning: 45 Sources watched, 1 not reached, 1 not tried, 3 May 2026"
    )


@pytest.mark.parametrize("part", ["text", "html"])
@pytest.mark.parametrize(
    ("seconds", "period", "looked"),
    [
        (34, "3 May 2026, 14:05:00 to 14:05:34 UTC.", "on 3 May 2026 between 14:05:00 and 14:05:34 UTC"),
        (0, "3 May 2026, 14:05 UTC.", "on 3 May 2026 at 14:05 UTC"),
    ],
)
def test_a_period_within_one_minute_is_told_by_its_seconds(
    full_digest: Digest, part: str, seconds: int, period: str, looked: str
) -> None:
    start = full_digest.period_to
    digest = dataclasses.replace(
        full_digest, period_from=start, looked_from=start, period_to=start + timedelta(seconds=seconds)
    )
    plain = _flat(re.sub(r"<[^>]+>", " ", getattr(render_digest(digest, base_url=BASE), part)))
    assert period in plain
    assert looked in plain
    assert "14:05 UTC to 3 May" not in plain
    assert "14:05 UTC and 3 May" not in plain


@pytest.mark.parametrize("part", ["text", "html"])
def test_two_captures_of_one_minute_are_told_apart_by_their_seconds(full_digest: Digest, part: str) -> None:
    (entry,) = full_digest.entries
    now = entry.change.captured_at
    change = dataclasses.replace(
        entry.change, captured_from_at=now.replace(second=3), captured_at=now.replace(second=9)
    )
    told = dataclasses.replace(full_digest, entries=(dataclasses.replace(entry, change=change),))
    plain = _flat(re.sub(r"<[^>]+>", " ", getattr(render_digest(told, base_url=BASE), part)))
    assert "Captured 3 May 2026, 14:05:09 UTC" in plain
    assert "3 May 2026, 14:05:03 UTC" in plain


def test_the_subject_of_an_empty_digest_names_only_what_went_wrong(empty_digest: Digest) -> None:
    untried = render_digest(dataclasses.replace(empty_digest, unreached=()), base_url=BASE)
    assert untried.subject == "No change of policy meaning: 45 Sources watched, 1 not tried, 3 May 2026"
    down = render_digest(dataclasses.replace(empty_digest, unchecked=()), base_url=BASE)
    assert down.subject == "No change of policy meaning: 45 Sources watched, 1 not reached, 3 May 2026"
    fine = render_digest(dataclasses.replace(empty_digest, unreached=(), unchecked=()), base_url=BASE)
    assert fine.subject == "No change of policy meaning: 45 Sources watched, 3 May 2026"


def test_nothing_looked_at_is_never_told_as_nothing_changed(empty_digest: Digest) -> None:
    blind = dataclasses.replace(empty_digest, attempts=0, unreached=())
    message = render_digest(blind, base_url=BASE)
    assert message.subject.startswith("Nothing was looked at: 45 Sources watched")
    assert "No change of policy meaning" not in message.text + message.html + message.subject
    assert "Nothing can be said of this period: no Source was looked at." in _flat(
        render_digest(blind, base_url=BASE).text
    )


def test_catalogue_082_and_107_hostile_text_is_inert_in_every_place(full_digest: Digest) -> None:
    message = render_digest(_poisoned(full_digest, HOSTILE), base_url=BASE)
    assert "<script" not in message.html
    assert "49" not in re.sub(r"[0-9a-f]{40,}", "", message.subject)
    links = re.findall(r'href="([^"]*)"', message.html)
    assert links
    assert all(link.startswith(BASE + "/") for link in links)
    for part in (message.text, message.html):
        assert "http://phish.example/login" not in part
        assert "\x00" not in part
        assert "\x1b" not in part
        assert "\u202e" not in part
    assert "{{7*7}}" in message.text
    assert "src=" not in message.html


@pytest.mark.parametrize("poison", ["a\r\nBcc: x@y.example", "a\u2028b", "a\x00b", "x" * 5000])
def test_catalogue_103_a_subject_line_is_one_clean_line(full_digest: Digest, poison: str) -> None:
    subject = render_digest(_poisoned(full_digest, poison), base_url=BASE).subject
    assert len(subject) <= SUBJECT_LINE_LIMIT
    assert subject.isprintable()


def _with_hunks(digest: Digest, hunks: tuple[Hunk, ...]) -> Message:
    (entry,) = digest.entries
    change = dataclasses.replace(entry.change, diff=dataclasses.replace(entry.change.diff, hunks=hunks))
    return render_digest(
        dataclasses.replace(digest, entries=(dataclasses.replace(entry, change=change),)), base_url=BASE
    )


def test_moved_passages_are_counted_and_not_told_one_by_one(full_digest: Digest) -> None:
    moved = [
        Hunk(op=HunkOp.MOVED, old=f"row {n}", new=f"row {n}", heading="", old_index=n, new_index=n + 1)
        for n in range(9)
    ]
    edited = full_digest.entries[0].change.diff.hunks[0]
    message = _with_hunks(full_digest, (*moved, edited))
    assert "9 passages moved, words unchanged." in message.text
    assert "row 3" not in message.text


def test_many_and_long_hunks_are_shortened_with_a_count_and_a_link(full_digest: Digest) -> None:
    many = tuple(
        Hunk(op=HunkOp.INSERTED, old="", new=f"word{n} " * 2000, heading="", old_index=None, new_index=n)
        for n in range(40)
    )
    message = _with_hunks(full_digest, many)
    assert "34 more changed passages" in message.text
    assert "characters …]" in message.text
    assert len(message.text) < 20_000


def test_the_message_says_its_colours_for_dark_screens_once(full_digest: Digest) -> None:
    html = render_digest(full_digest, base_url="http://127.0.0.1").html
    assert html.count("@media (prefers-color-scheme: dark)") == 1
    assert html.count("@media (max-width: 480px)") == 1


@pytest.mark.parametrize("part", ["text", "html"])
def test_what_a_new_document_states_is_quoted_as_foreign_text(full_digest: Digest, part: str) -> None:
    (entry,) = full_digest.entries
    position = Position(
        subject="KAZ",
        indicator="vote",
        stance="yes",
        about=About.OWN,
        start=0,
        end=9,
        passage=HOSTILE,
        rule="vote: yes",
    )
    statement = Statement(
        source=entry.source,
        version_id="v1",
        sequence=1,
        payload_sha256="2b" * 32,
        captured_at=full_digest.period_to,
        position=position,
    )
    document = DocumentEvent(
        step=DocumentStep.ADDED, title=HOSTILE, address="http://phish.example/login", subject="KAZ", child_id="child"
    )
    read = Announced(
        document=document,
        version_id="v1",
        cells=(Cell(subject="KAZ", indicator="vote", statements=(statement,)),),
    )
    unread = Announced(document=document, unread=f"not read yet: {HOSTILE}")
    told = dataclasses.replace(full_digest, entries=(dataclasses.replace(entry, announced=(read, unread)),))
    message = getattr(render_digest(told, base_url=BASE), part)
    assert "Kazakhstan, vote: yes" in message
    assert "http://phish" not in message
    assert "\u202e" not in message
    assert ("<script" in message) == (part == "text")
    if part == "text":
        states = message.split("Kazakhstan, vote: yes")[1].split("Its text")[0].splitlines()
        assert states[1] == "  Text from phish[.]example:"
        assert all(line.startswith("  | ") for line in states[2:-1])


def test_a_large_digest_shows_fewer_passages_and_keeps_its_end(full_digest: Digest) -> None:
    long = tuple(
        Hunk(op=HunkOp.INSERTED, old="", new=f"word{n} " * 200, heading="", old_index=None, new_index=n)
        for n in range(6)
    )
    (entry,) = full_digest.entries
    change = dataclasses.replace(entry.change, diff=dataclasses.replace(entry.change.diff, hunks=long))
    entries = tuple(
        dataclasses.replace(entry, change=dataclasses.replace(change, change_id=f"a{n}..b{n}")) for n in range(14)
    )
    message = render_digest(dataclasses.replace(full_digest, entries=entries), base_url=BASE)
    one = render_digest(dataclasses.replace(full_digest, entries=entries[:1]), base_url=BASE)
    assert "more changed passage" not in one.html
    assert "more changed passage" in message.html
    assert len(message.html.encode()) <= 100_000
    for part in (message.html, message.text):
        assert full_digest.checkpoint.splitlines()[0] in part
