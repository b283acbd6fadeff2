"""A depositary's table from its row to the mail, the board and the time line."""

from __future__ import annotations

from typing import Any

from watcher.model.board import Board, Cell
from watcher.pipeline import notify
from watcher.pipeline.board import read_board, read_time_line
from watcher.pipeline.upload import hand_in
from watcher.pipeline.upload_fields import describe
from watcher.render.board import contradiction_words, moment_words, time_line_facts

HEAD = "<tr><th>Participant</th><th>Signature</th><th>Ratification, Acceptance(A), Accession(a)</th></tr>"
COUNTRY = "<html><body><h1>Kyrgyzstan</h1><p>Kyrgyzstan is not a party to the Mine Ban Treaty.</p></body></html>"


def table(*rows: tuple[str, str]) -> str:
    told = "".join(f"<tr><td>{state}</td><td></td><td>{cell}</td></tr>" for state, cell in rows)
    return f"<html><body><h1>Status of the Convention</h1><table>{HEAD}{told}</table></body></html>"


def _status(bench: Any, *rows: tuple[str, str], source_id: str = "status", path: str = "/status") -> None:
    body = table(("Austria", "29 Jun 1998"), *rows)
    bench.register(source_id, bench.site.put(path, body), subjects=(), instruments=("MBT",))
    bench.check(source_id)


def _cell(board: Board, subject: str = "KGZ") -> Cell:
    cell = board.cell(subject, "treaty_status")
    assert cell is not None
    return cell


def test_a_subscription_to_treaty_status_is_told_an_accession_out_of_a_table(bench: Any) -> None:
    for name, wanted in (
        ("status@example.org", {"indicators": ("treaty_status",)}),
        ("ccw@example.org", {"indicators": ("ccw",)}),
    ):
        bench.subscribe(name, **wanted)
    _status(bench)
    bench.site.put("/status", table(("Austria", "29 Jun 1998"), ("Kyrgyzstan", "18 Nov 2025 a")))
    bench.check("status")
    bench.clock.advance(days=1)
    mails = {one.digest.subscription.subscription_id: one.message.subject for one in notify.compose_due(bench.rooms)}
    assert mails["status"] == "[critical] Kyrgyzstan: accession to MBT, 18 Nov 2025"
    assert mails["ccw"].startswith("No change of policy meaning")


def test_a_row_that_came_is_on_the_board_and_contradicts_a_page_that_says_not_party(bench: Any) -> None:
    bench.register("country", bench.site.put("/country", COUNTRY), subjects=("KGZ",))
    bench.check("country")
    _status(bench)
    assert _cell(read_board(bench.rooms)).leading.position.stance == "not_party"
    bench.site.put("/status", table(("Austria", "29 Jun 1998"), ("Kyrgyzstan", "18 Nov 2025 a")))
    bench.check("status")
    cell = _cell(read_board(bench.rooms, subject="KGZ"))
    assert cell.contradicted
    assert (cell.leading.position.stance, str(cell.leading.dates[0])) == ("state_party", "2025-11-18")
    assert cell.leading.position.passage == "Kyrgyzstan | 18 Nov 2025 a"
    assert "status" in contradiction_words(cell.contradictions[0])


def test_one_address_that_is_registered_twice_is_one_voice(bench: Any) -> None:
    row = ("Kyrgyzstan", "18 Nov 2025 a")
    _status(bench, row)
    bench.register("again", bench.site.url("/status") + "#part", subjects=(), instruments=("MBT",))
    bench.check("again")
    assert len(_cell(read_board(bench.rooms)).agree) == 1
    _status(bench, row, source_id="other", path="/other")
    assert len(_cell(read_board(bench.rooms)).agree) == 2


def test_a_time_line_says_since_when_until_when_and_what_has_no_date(bench: Any) -> None:
    bench.register("country", bench.site.put("/country", COUNTRY), subjects=("KGZ",))
    bench.check("country")
    _status(bench, ("Kyrgyzstan", "18 Nov 2025 a"))
    bench.clock.advance(days=2)
    bench.site.put("/country", COUNTRY.replace("is not a party", "is a State Party"))
    bench.check("country")
    moments = read_time_line(bench.rooms, "KGZ", "treaty_status")
    assert [moment_words(one) for one in moments] == [
        "18 November 2025",
        "captured 3 May 2026, no date in the text",
        "captured 5 May 2026, no date in the text",
    ]
    facts = time_line_facts(moments, base_url="http://a.example")
    assert [one["date_is_from"] for one in facts] == ["passage", "capture", "capture"]
    assert [(one["stance"], one["until"]) for one in facts] == [
        ("state_party", None),
        ("not_party", "2026-05-05"),
        ("state_party", None),
    ]


def test_an_upload_stands_at_the_date_that_its_document_was_given(bench: Any) -> None:
    fields = {"title": ["Letter"], "date": ["2000-04-19"], "subject": ["KGZ"], "handed_in_by": ["ana"], "source": [""]}
    text = "LETTER\n\nKyrgyzstan is not a party to the Mine Ban Treaty.\n"
    hand_in(bench.rooms, text.encode(), file_name="a.txt", described=describe(fields), checked_name=True)
    (moment,) = read_time_line(bench.rooms, "KGZ", "treaty_status")
    assert moment_words(moment) == "19 April 2000, date of the document"
    assert not moment.undated
