"""Citation watch: a note's Source changes, and the Change names the note and the sentence."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from watcher.cli.citations import print_report
from watcher.errors import NotFoundError, RefusedError
from watcher.model.change import Severity
from watcher.model.citations import Note
from watcher.model.source import Definition, Source, SourceState
from watcher.pipeline import notify
from watcher.pipeline.citations import Report, WatchedNote, add_report, bind, list_reports, show_report, unbind
from watcher.pipeline.rebuild import rebuild_database
from watcher.pipeline.upload import hand_in
from watcher.pipeline.upload_fields import describe
from watcher.store.database import create_database, open_database

PAGE = (
    "<html><body><h1>Country report</h1><p>The government declared a comprehensive moratorium on production in "
    "December 1996.</p><p>It keeps a garden of four hundred apple trees in the old capital.</p></body></html>"
)
SENTENCE = "The government declared a comprehensive moratorium on production in December 1996."


@pytest.fixture
def cited(bench: Any) -> Any:
    """A page, and a report whose note 1 gives its address."""
    url = bench.site.put("/kaz", PAGE)
    bench.register("kaz", url)
    bench.check("kaz")
    report = (
        "REPORT\n\nThe government reportedly declared a comprehensive moratorium on production in December 1996.[1] "
        f"Gardens are kept.[2]\n\n[1] UN, Country Report, available at: {url}.\n[2] Ibid.\n"
    )
    fields = {"title": ["Kazakhstan, LM 2000"], "date": ["2000-08-01"], "handed_in_by": ["ana"]}
    done = hand_in(bench.rooms, report.encode(), file_name="r.txt", described=describe(fields), checked_name=True)
    add_report(bench.rooms, done.source.source_id, user="ana")
    return bench


def reasons(bench: Any, body: str) -> tuple[Severity, dict[str, str]]:
    bench.site.put("/kaz", body)
    change = bench.check("kaz").recorded.change
    assert change is not None
    return change.judgement.severity, {part.name: part.passage for part in change.judgement.parts}


def test_a_note_that_gives_the_address_of_a_source_is_bound_and_ibid_follows(cited: Any) -> None:
    (report,) = list_reports(cited.rooms)
    assert [[each.source_id for each in note.bindings] for note in report.notes] == [["kaz"], ["kaz"]]
    first = report.notes[0].bindings[0].notes[0]
    assert first.rests == "paraphrases"
    assert [anchor.exact for anchor in first.anchors] == [SENTENCE]


def test_a_sentence_that_goes_names_the_note_that_rests_on_it(cited: Any) -> None:
    severity, told = reasons(cited, PAGE.replace(SENTENCE, "Roads were built."))
    name = "note 1 of “Kazakhstan, LM 2000” cites this page; the sentence it rests on is gone"
    assert told[name] == SENTENCE
    assert severity.rank >= Severity.MAJOR.rank


def test_a_reworded_sentence_is_shown_as_it_reads_now(cited: Any) -> None:
    _, told = reasons(cited, PAGE.replace("comprehensive moratorium", "partial moratorium"))
    name = "note 1 of “Kazakhstan, LM 2000” cites this page; the sentence it rests on was reworded, it reads now"
    assert told[name] == SENTENCE.replace("comprehensive", "partial")


def test_a_change_elsewhere_says_that_the_sentence_stands_and_is_no_graver(cited: Any) -> None:
    severity, told = reasons(cited, PAGE.replace("four hundred apple", "five hundred pear"))
    standing = [name for name in told if "of “Kazakhstan, LM 2000” cite" in name]
    assert standing
    assert not any("is gone" in name or "reworded" in name for name in told)
    unbind(cited.rooms, "kazakhstan-lm-2000", "1", "kaz", user="ana")
    again, without = reasons(cited, PAGE.replace("four hundred apple", "six hundred plum"))
    assert severity == again
    assert not any("LM 2000" in name for name in without)


def test_of_a_sentence_that_went_earlier_is_not_said_that_it_stands(cited: Any) -> None:
    without = PAGE.replace(SENTENCE, "Roads were built.")
    reasons(cited, without)
    _, told = reasons(cited, without.replace("four hundred apple", "five hundred pear"))
    assert [name for name in told if "LM 2000" in name and name.endswith("; what is rested on was gone before")]
    assert not [name for name in told if "note 1 " in name and "stands as it was" in name]


def test_the_message_names_the_note(cited: Any) -> None:
    cited.subscribe()
    cited.site.put("/kaz", PAGE.replace(SENTENCE, "Roads were built."))
    cited.check("kaz")
    cited.clock.advance(days=1)
    (composed,) = notify.compose_due(cited.rooms)
    text = " ".join(composed.message.text.split())
    assert "note 1 of “Kazakhstan, LM 2000” cites this page; the sentence it rests on is gone" in text
    assert "the sentence it rests on is gone" in composed.message.html


@pytest.mark.parametrize(
    ("now", "became", "passage"),
    [
        (
            "Kazakhstan is a State Party to the Mine Ban Treaty.",
            "the sentence it rests on was reworded, it reads now:",
            "Kazakhstan is a State Party to the Mine Ban Treaty.",
        ),
        ("Roads were built.", "the sentence it rests on is gone:", "Kazakhstan is not a party to the Mine Ban Treaty."),
    ],
)
def test_the_message_names_the_note_also_beside_critical_positions(
    bench: Any, now: str, became: str, passage: str
) -> None:
    before = "Kazakhstan is not a party to the Mine Ban Treaty."
    other = "Kazakhstan has not used antipersonnel mines."
    page = f"<html><body><h1>Landmines</h1><p>{before}</p><p>{other}</p><p>{SENTENCE}</p></body></html>"
    url = bench.site.put("/kaz", page)
    bench.register("kaz", url, subjects=("KAZ",))
    bench.check("kaz")
    report = f'REPORT\n\nIt says: "{before}"[1] It says: "{other}"[2]\n\n[1] UN, at: {url}.\n[2] Ibid.\n'
    fields = {"title": ["Kazakhstan, LM 2000"], "date": ["2000-08-01"], "handed_in_by": ["ana"]}
    done = hand_in(bench.rooms, report.encode(), file_name="r.txt", described=describe(fields), checked_name=True)
    add_report(bench.rooms, done.source.source_id, user="ana")
    bench.subscribe()
    bench.site.put("/kaz", page.replace(before, now).replace("has not used", "has used"))
    change = bench.check("kaz").recorded.change
    assert change.judgement.severity is Severity.CRITICAL
    assert change.judgement.position_changes
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    for part in (composed.message.text, re.sub(r"<[^>]+>", " ", composed.message.html)):
        told = " ".join(part.replace("\n  | ", " ").split()).casefold()
        for mark, sentence in (("1", passage), ("2", "Kazakhstan has used antipersonnel mines.")):
            cites = f"note {mark} of “Kazakhstan, LM 2000” cites this page;".casefold()
            assert cites in told
            after = told.partition("reports that cite this page")[2].partition(cites)[2]
            assert sentence.casefold() in after[:250]
        assert f"cites this page; {became}" in told


def test_the_list_of_notes_shows_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    note = Note(mark="7", text="UN, Country Report.", works=("7",), sentence="")
    marked = Note(mark="8", text="[8] Ibid.", works=("7",), sentence="")
    definition = Definition(url="https://example.org/r", title="A report")
    source = Source(
        source_id="report",
        state=SourceState.ACTIVE,
        definition=definition,
        registered_at=datetime(2026, 1, 1, tzinfo=UTC),
        next_check_at=None,
    )
    notes = tuple(WatchedNote(note=each, bindings=(), unbound=()) for each in (note, marked))
    print_report(Report(source=source, notes=notes), as_json=False)
    shown = capsys.readouterr().out
    assert "  [7] UN, Country Report.\n" in shown
    assert "  [8] Ibid.  = note 7\n" in shown


def test_what_cannot_be_bound_says_why(cited: Any) -> None:
    with pytest.raises(NotFoundError, match="there is no note '9'"):
        bind(cited.rooms, "kazakhstan-lm-2000", "9", "kaz", user="ana")
    with pytest.raises(RefusedError, match="no numbered notes"):
        add_report(cited.rooms, "kaz", user="ana")
    with pytest.raises(NotFoundError, match="not watched"):
        show_report(cited.rooms, "kaz")


def test_bindings_are_in_the_archive_and_a_rebuild_finds_them(cited: Any, tmp_path: Any) -> None:
    from dataclasses import replace

    before = list_reports(cited.rooms)
    url = f"sqlite:///{tmp_path / 'again.db'}"
    create_database(url)
    database = open_database(url)
    try:
        again = replace(cited.rooms, database=database)
        list(rebuild_database(again))
        assert [each.notes for each in list_reports(again)] == [each.notes for each in before]
    finally:
        database.close()
