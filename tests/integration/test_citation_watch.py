"""Citation watch: a note's Source changes, and the Change names the note and the sentence."""

from __future__ import annotations

from typing import Any

import pytest

from watcher.errors import NotFoundError, RefusedError
from watcher.model.change import Severity
from watcher.pipeline import notify
from watcher.pipeline.citations import add_report, bind, list_reports, show_report, unbind
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


def test_the_message_names_the_note(cited: Any) -> None:
    cited.subscribe()
    cited.site.put("/kaz", PAGE.replace(SENTENCE, "Roads were built."))
    cited.check("kaz")
    cited.clock.advance(days=1)
    (composed,) = notify.compose_due(cited.rooms)
    text = " ".join(composed.message.text.split())
    assert "note 1 of “Kazakhstan, LM 2000” cites this page; the sentence it rests on is gone" in text
    assert "the sentence it rests on is gone" in composed.message.html


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
