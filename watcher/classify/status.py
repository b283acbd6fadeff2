"""Positions out of status tables: what the row of a State says of a treaty, with the date from which it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from watcher.classify.depositary import JOINS, LEAVES, SIGNS, StatusRow, is_tick, status_row
from watcher.classify.names import named
from watcher.classify.pack import Pack, Treaties, TreatyActions
from watcher.classify.treatyfile import plain_words
from watcher.model.change import About, DepositaryEvent, Position
from watcher.model.dates import iso_date
from watcher.model.document import Block, BlockKind, Document
from watcher.model.instruments import instrument_names
from watcher.model.subjects import subject_of

NEAR_BLOCKS = 3
_EVENTS = {"joined": JOINS, "signed": SIGNS, "left": LEAVES}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_LAST = "9999"
_BESIDE_NAMES = frozenset({"the", "of", "to", "in", "under", "with"})


def table_positions(
    document: Document, *, subject: str, instruments: tuple[str, ...], pack: Pack
) -> tuple[Position, ...]:
    """What the status tables of a Document say of each State, in reading order; the passage is the row.

    The treaty is the only one of `instruments`, or the one that the lines above the table name. A row without a date
    says something only in a table that says, above it or in its columns, that it lists all States, or where a cell
    says it in words. What a column headed "Status" says in words stands before dates. `subject` is the State that the
    Document is about, "" for none.
    """
    worded = worded_positions(document, subject=subject, instruments=instruments, pack=pack)
    told = {(one.start, one.indicator) for one in worded}
    dated = _dated_positions(document, subject=subject, instruments=instruments, pack=pack)
    found = [*worded, *(one for one in dated if (one.start, one.indicator) not in told)]
    return tuple(sorted(found, key=lambda one: one.start))


def worded_positions(
    document: Document, *, subject: str, instruments: tuple[str, ...], pack: Pack
) -> tuple[Position, ...]:
    """What the cells of a column headed "Status", or by the treaty's name, say in words of the State of their row:
    "State Party", "not party", "withdrawn". The passage is the row up to that cell; the date is that of the row's act,
    where the table has one for it."""
    found = []
    for start, block, above in _rows(document):
        state = next((code for cell in block.cells if (code := subject_of(cell.strip()))), None)
        if state is None or block.boilerplate:
            continue
        end = 0
        for column, cell in zip(block.columns, block.cells, strict=False):
            end = block.text.find(cell, end) + len(cell)
            act = _act_in_words(cell, pack.treaties)
            code = _treaty_of_column(column, above, instruments, pack.treaties) if act else ""
            actions = pack.treaties.actions.get(code)
            stance = getattr(actions, act) if actions is not None and act else ""
            if actions is not None and stance:
                date = _date_of_act(block, act, pack.treaties)
                said = f"column “{column}”: {cell.strip()}"
                found.append(_position(start, block.text[:end], state, subject, actions, stance, said, date))
    return tuple(found)


def _rows(document: Document) -> Iterator[tuple[int, Block, tuple[str, ...]]]:
    """Each table row with its place in the Document's text and the lines above its table."""
    starts = accumulate((len(block.text) + 1 for block in document.blocks), initial=0)
    for start, block, above in zip(starts, document.blocks, _lines_above(document.blocks), strict=False):
        if block.kind is BlockKind.TABLE_ROW:
            yield start, block, above


def _act_in_words(cell: str, treaties: Treaties) -> str:
    """What a cell says in words: "joined", "signed", "left", "none"; "" for anything else. A remark in brackets after
    words that are known says nothing more."""
    known = treaties.words.get(plain_words(cell), "")
    return known or treaties.words.get(plain_words(cell.partition("(")[0]), "")


def _treaty_of_column(heading: str, above: tuple[str, ...], instruments: tuple[str, ...], treaties: Treaties) -> str:
    """The treaty that a column of words is about; "" where it is no such column or names no treaty of the pack."""
    title = plain_words(heading)
    treaty = _instrument((heading,), ())
    if not treaty:
        return _instrument(above, instruments) if title in treaties.columns else ""
    for name in sorted(map(plain_words, instrument_names(treaty)), key=len, reverse=True):
        if name in title:
            rest = " ".join(word for word in title.replace(name, " ").split() if word not in _BESIDE_NAMES)
            is_named_so = not rest or rest in treaties.columns
            return treaty if is_named_so and (not instruments or treaty in instruments) else ""
    return ""


def _date_of_act(block: Block, act: str, treaties: Treaties) -> str:
    """The ISO date on which a row says that it was done, "" where it has none or nothing was done."""
    if act not in _EVENTS:
        return ""
    row = status_row(block)
    dates = [iso_date(date) for event, date in row.facts if event in _EVENTS[act]] if row is not None else []
    headed = zip(block.columns, block.cells, strict=False)
    dates += [iso_date(cell) for column, cell in headed if plain_words(column) in treaties.dates]
    return max(dates, default="")


def _position(
    start: int, passage: str, state: str, subject: str, actions: TreatyActions, stance: str, said: str, date: str
) -> Position:
    return Position(
        subject=state,
        indicator=actions.indicator,
        stance=stance,
        about=About.OTHER if subject and state != subject else About.OWN,
        start=start,
        end=start + len(passage),
        passage=passage,
        rule=f"status table: {said}",
        date=date,
    )


def _dated_positions(
    document: Document, *, subject: str, instruments: tuple[str, ...], pack: Pack
) -> tuple[Position, ...]:
    found = []
    for start, block, above in _rows(document):
        row = status_row(block)
        state = subject_of(row.participant) if row is not None else None
        actions = pack.treaties.actions.get(_instrument(above, instruments)) if state is not None else None
        if row is None or state is None or actions is None:
            continue
        stance, event, date = _stance(row, actions, pack.treaties, (*above, *block.columns))
        if stance:
            said = event.replace("_", " ") or "no date for this State"
            found.append(_position(start, block.text, state, subject, actions, stance, said, date))
    return tuple(found)


def indicators_of(event: DepositaryEvent, instruments: Sequence[str], treaties: Treaties) -> tuple[str, ...]:
    """The Indicators that a treaty action counts for: that of its Instrument, or of all that are watched where it
    names none."""
    codes: Iterable[str] = [event.instrument] if event.instrument else instruments
    return tuple(dict.fromkeys(treaties.actions[code].indicator for code in codes if code in treaties.actions))


def _lines_above(blocks: Iterable[Block]) -> Iterator[tuple[str, ...]]:
    """Of each Block the lines above its table up to the nearest heading, the nearest first, at most a few."""
    lines: tuple[str, ...] = ()
    for block in blocks:
        yield lines
        if block.kind is BlockKind.HEADING:
            lines = (block.text,)
        elif block.kind not in (BlockKind.TABLE_ROW, BlockKind.FOOTNOTE) and block.text.strip():
            lines = (block.text, *lines)[:NEAR_BLOCKS]


@lru_cache(maxsize=64)
def _instrument(above: tuple[str, ...], instruments: tuple[str, ...]) -> str:
    """The treaty of a table, "" where it is not known."""
    for line in above:
        treaties = list(dict.fromkeys(mention[3:] for mention in named(line) if mention.startswith("@i_")))
        watched = [code for code in treaties if not instruments or code in instruments]
        if len(watched) == 1:
            return watched[0]
        if treaties:
            return ""
    return instruments[0] if len(instruments) == 1 else ""


def _stance(row: StatusRow, actions: TreatyActions, treaties: Treaties, around: Sequence[str]) -> tuple[str, str, str]:
    """(stance, event, ISO date) of a row: the last joining or leaving, else the signature, else that there is none."""
    dated = [(_when(event, written), event, iso_date(written)) for event, written in row.facts]
    for events, stances in (
        (JOINS | LEAVES, {**dict.fromkeys(JOINS, actions.joined), **dict.fromkeys(LEAVES, actions.left)}),
        (SIGNS, dict.fromkeys(SIGNS, actions.signed)),
    ):
        acts = [fact for fact in dated if fact[1] in events]
        if acts:
            _, event, date = max(acts, key=lambda fact: fact[0])
            return stances[event], event, date
    if row.facts:
        return "", "", ""
    says_all = any(phrase in plain_words(line) for line in around for phrase in treaties.lists_all)
    says_so = any(plain_words(cell) in treaties.not_joined for cell in row.cells)
    return (actions.none if says_all or says_so else ""), "", ""


def _when(event: str, written: str) -> str:
    """What puts the acts of a row in order: the date, else the year; whoever left on no day that is said, left last."""
    year = _YEAR.search(written)
    return iso_date(written) or (year[0] if year else _LAST if event in LEAVES and is_tick(written) else "")
