"""Depositary events: treaty actions read out of status tables and out of prose, one event for each changed fact.

Tables follow the UN Treaty Collection: one row a participant, one column an action, the date with a letter that a
legend in the column heading explains: "Ratification, Acceptance(A), Approval(AA), Accession(a), Succession(d)". Others
write "Ratification/Accession" and "25-Jun-25 (a)".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from watcher.classify.names import named
from watcher.classify.words import fold, sentences
from watcher.model.change import DepositaryEvent, Diff, Hunk, HunkOp
from watcher.model.dates import iso_date
from watcher.model.document import Block, BlockKind, Document
from watcher.model.subjects import name_of, normal_name, subject_of

EVENTS = {
    "signature": "signature",
    "definitive signature": "signature",
    "ratification": "ratification",
    "acceptance": "acceptance",
    "approval": "approval",
    "accession": "accession",
    "succession": "succession",
    "succession to signature": "succession",
    "formal confirmation": "formal_confirmation",
    "consent to be bound": "consent_to_be_bound",
    "withdrawal": "withdrawal",
    "denunciation": "denunciation",
    "entry into force": "entry_into_force",
    "provisional application": "provisional_application",
}
# What a letter after a date means in the UN Treaty Collection where a table has no legend for it.
UNTC_LETTERS = {
    "A": "acceptance",
    "AA": "approval",
    "a": "accession",
    "c": "formal_confirmation",
    "d": "succession",
    "s": "signature",
}
JOINS = frozenset(
    {"ratification", "acceptance", "approval", "accession", "succession", "formal_confirmation", "consent_to_be_bound"}
)
LEAVES = frozenset({"withdrawal", "denunciation"})
SIGNS = frozenset({"signature"})
_TICKS = frozenset({"yes", "x", "✓", "✔"})
_LEGEND = re.compile(r"(?<![^,()])([^,()]++)(?:\(\s*+([^()\s][^()]{0,2})\s*+\)\s*+)?(?:,|$)")
_EITHER = re.compile(r"\s*(?:[/;]|\bor\b|\band\b)\s*", re.I)
_DATE_OF = re.compile(r"^\s*date of (?:deposit of (?:the )?instruments? of )?", re.I)
_LETTER = re.compile(r"(?:\d{4}|-\d{2})\s*+(?:(?P<bare>AA?|[a-zP])\b|\(\s*(?P<letter>AA?|[a-zP])\s*\))")
_PROSE = (
    (re.compile(r"\b(?:acceded|accession)\b", re.I), "accession"),
    (re.compile(r"\b(?:ratified|ratification)\b", re.I), "ratification"),
    (re.compile(r"\b(?:accepted|acceptance)\b", re.I), "acceptance"),
    (re.compile(r"\b(?:approved|instrument of approval)\b", re.I), "approval"),
    (re.compile(r"\b(?:succeeded to|succession)\b", re.I), "succession"),
    (re.compile(r"\b(?:denounced|denunciation)\b", re.I), "denunciation"),
    (re.compile(r"\b(?:withdrew from|withdrawal from|has withdrawn)\b", re.I), "withdrawal"),
    (re.compile(r"\bentered into force\b", re.I), "entry_into_force"),
    (re.compile(r"\b(?:signed|signature)\b", re.I), "signature"),
)
_NOT_DONE = re.compile(
    r"\b(?:not|never|nor|if|would|should|could|may|will|shall|plans?|intends?|expects?|urged?|calls?|called|yet)\b"
    r"(?:\W+\w+){0,6}?\W+(?:acced|ratif|accept|approv|succe|denounc|withdr|sign|enter)",
    re.I,
)
# What is announced, decided or approved at home has not reached the depositary: "announced its withdrawal".
_AT_HOME = re.compile(
    r"\b(?:announc\w+|decisions?|decided|decides|intentions?|intended|approv\w+|adopt\w+|voted?|passed|bill|law|act|"
    r"draft|proposals?|proposed|considers?|considered|considering|prepar\w+|began|begun|process)\b"
    r"(?:(?!\W+(?:has|have|had|it|they|deposit\w*)\b)\W+\w+){0,5}?"
    r"\W+(?:accession|accede|ratification|ratify|acceptance|denunciation|denounce|withdrawal|withdraw|withdrawing)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A status row: its participant and its facts, (event, date as written) for each cell that gives an action.

    `cells` are all cells under an action, as written.
    """

    participant: str
    facts: tuple[tuple[str, str], ...]
    text: str
    cells: tuple[str, ...]


def _legend(heading: str) -> dict[str, str]:
    """Letter → event of a column heading; the event without a letter stands under "".

    "Date of …" and ways to join that are parted by more than commas ("Ratification or accession") are read, too.
    """
    legend = _comma_legend(heading)
    if legend:
        return legend
    legends = [_comma_legend(part) for part in _EITHER.split(_DATE_OF.sub("", heading))]
    joins = all(JOINS.issuperset(one.values()) for one in legends)
    return {mark: one[mark] for one in reversed(legends) for mark in one} if joins or len(legends) == 1 else {}


def _comma_legend(heading: str) -> dict[str, str]:
    legend: dict[str, str] = {}
    for match in _LEGEND.finditer(heading):
        event = EVENTS.get(" ".join(fold(match[1]).split()))
        if event:
            legend.setdefault(match[2] or "", event)
    return legend


def _fact(cell: str, legend: Mapping[str, str]) -> tuple[str, str]:
    letter = _LETTER.search(cell)
    mark = (letter["bare"] or letter["letter"]) if letter else ""
    event = legend.get(mark) or UNTC_LETTERS.get(mark) if mark else None
    return event or legend.get("") or next(iter(legend.values())), " ".join(cell.split())


def _gives_action(cell: str) -> bool:
    return any(sign.isdigit() for sign in cell) or is_tick(cell)


def is_tick(cell: str) -> bool:
    """Whether a cell says in place of a date that it was done."""
    return fold(cell).strip() in _TICKS


def status_row(block: Block) -> StatusRow | None:
    """A Block as the row of a status table; None for every other Block."""
    if block.kind is not BlockKind.TABLE_ROW or not block.cells or len(block.columns) < 2:
        return None
    legends = [_legend(column) for column in block.columns[1:]]
    if not any(legends):
        return None
    pairs = [(cell, legend) for cell, legend in zip(block.cells[1:], legends, strict=False) if legend]
    facts = tuple(_fact(cell, legend) for cell, legend in pairs if _gives_action(cell))
    return StatusRow(block.cells[0].strip(), facts, block.text, tuple(cell.strip() for cell, _ in pairs))


def _rows(document: Document) -> list[StatusRow]:
    return [row for block in document.blocks if (row := status_row(block)) and normal_name(row.participant)]


def _key(participant: str) -> str:
    return subject_of(participant) or normal_name(participant)


def _pair(old: list[StatusRow], new: list[StatusRow]) -> Iterator[tuple[StatusRow | None, StatusRow | None]]:
    """Old and new row of each participant; rows that left and came with the very same facts are one renamed."""
    before: dict[str, list[StatusRow]] = {}
    for row in old:
        before.setdefault(_key(row.participant), []).append(row)
    come = []
    for row in new:
        same = before.get(_key(row.participant))
        if same:
            yield same.pop(0), row
        else:
            come.append(row)
    gone = [row for rows in before.values() for row in rows]
    for row in come:
        renamed = next((one for one in gone if one.facts and one.facts == row.facts), None)
        if renamed is not None:
            gone.remove(renamed)
            yield renamed, row
        else:
            yield None, row
    for row in gone:
        yield row, None


def _event(
    row: StatusRow, event: str, date: str, instruments: tuple[str, ...], *, action: str = "", old_date: str = ""
) -> DepositaryEvent:
    return DepositaryEvent(
        subject=subject_of(row.participant) or "",
        participant=row.participant,
        instrument=instruments[0] if len(instruments) == 1 else "",
        event=event,
        date=iso_date(date) or date,
        passage=row.text,
        action=action,
        old_date=old_date,
    )


def _row_events(
    old: StatusRow | None, new: StatusRow | None, instruments: tuple[str, ...]
) -> Iterator[DepositaryEvent]:
    before = Counter((event, iso_date(date) or date) for event, date in old.facts) if old else Counter()
    after = Counter((event, iso_date(date) or date) for event, date in new.facts) if new else Counter()
    come, gone = list((after - before).elements()), list((before - after).elements())
    lost = Counter(event for event, _ in gone)
    row = new or old
    if row is None:
        return
    for event, date in come:
        if lost[event]:
            lost[event] -= 1
            was = next(fact for fact in gone if fact[0] == event)
            gone.remove(was)
            yield _event(row, "correction", date, instruments, action=event, old_date=was[1])
        else:
            yield _event(row, event, date, instruments)
    for event, date in gone:
        yield _event(row, "removed", date, instruments, action=event, old_date=date)


def _table_events(old: Document, new: Document, instruments: tuple[str, ...]) -> Iterator[DepositaryEvent]:
    old_rows, new_rows = _rows(old), _rows(new)
    if not old_rows or not new_rows:
        return
    for before, after in _pair(old_rows, new_rows):
        yield from _row_events(before, after, instruments)


def _fresh_sentences(hunks: Iterable[Hunk]) -> Iterator[str]:
    for hunk in hunks:
        if hunk.op in (HunkOp.INSERTED, HunkOp.EDITED) and not hunk.boilerplate:
            for sentence in sentences(hunk.new):
                text = hunk.new[sentence.start : sentence.end]
                if text not in hunk.old:
                    yield text


def _prose_event(text: str, instruments: tuple[str, ...], subject: str) -> DepositaryEvent | None:
    date = iso_date(text)
    event = next((event for pattern, event in _PROSE if pattern.search(text)), "")
    if not date or not event or _NOT_DONE.search(text) or _AT_HOME.search(text):
        return None
    mentions = named(text)
    treaties = [mention[3:] for mention in mentions if mention.startswith("@i_")]
    states = [mention[4:] for mention in mentions if mention.startswith("@st_")]
    if not treaties and not (instruments and re.search(r"\b(?:treaty|convention|protocol|instrument)\b", text, re.I)):
        return None
    who = states[0] if states else subject
    if not who:
        return None
    instrument = treaties[0] if treaties else (instruments[0] if len(instruments) == 1 else "")
    return DepositaryEvent(
        subject=who, participant=name_of(who), instrument=instrument, event=event, date=date, passage=text
    )


def depositary_events(
    diff: Diff,
    *,
    instruments: tuple[str, ...],
    old: Document | None = None,
    new: Document | None = None,
    subject: str = "",
) -> tuple[DepositaryEvent, ...]:
    """The treaty actions that a Diff shows, in reading order, tables first.

    With the two Documents, status tables are compared row by row: a renamed participant, sorted rows, another column
    heading or a repaired letter give nothing; a filled cell is its event; an emptied one is "removed"; another date
    for the same action is "correction". Prose needs an action, a date and a treaty in one new sentence; `subject` is
    who "we" is. `instrument` is filled when the text names it or only one is watched.
    """
    events = list(_table_events(old, new, instruments)) if old is not None and new is not None else []
    hunks = [hunk for hunk in diff.hunks if not hunk.row_key]
    for text in _fresh_sentences(hunks):
        if event := _prose_event(text, instruments, subject):
            events.append(event)
    return tuple(dict.fromkeys(events))
