"""Positions out of status tables: what the row of a State says of a treaty, with the date from which it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from watcher.classify.depositary import JOINS, LEAVES, SIGNS, StatusRow, status_row
from watcher.classify.mentions import named
from watcher.classify.pack import Pack, Treaties, TreatyActions
from watcher.classify.treatyfile import plain_words
from watcher.model.change import About, DepositaryEvent, Position
from watcher.model.dates import iso_date
from watcher.model.document import Block, BlockKind, Document
from watcher.model.subjects import subject_of

NEAR_BLOCKS = 3


def table_positions(
    document: Document, *, subject: str, instruments: tuple[str, ...], pack: Pack
) -> tuple[Position, ...]:
    """What the status tables of a Document say of each State, in reading order; the passage is the row.

    The treaty is the only one of `instruments`, or the one that the lines above the table name. A row without a date
    says something only in a table that says, above it or in its columns, that it lists all States, or where a cell
    says it in words. `subject` is the State that the Document is about, "" for none.
    """
    found = []
    starts = accumulate((len(block.text) + 1 for block in document.blocks), initial=0)
    for start, block, above in zip(starts, document.blocks, _lines_above(document.blocks), strict=False):
        row = status_row(block)
        state = subject_of(row.participant) if row is not None else None
        actions = pack.treaties.actions.get(_instrument(above, instruments)) if state is not None else None
        if row is None or state is None or actions is None:
            continue
        stance, event, date = _stance(row, actions, pack.treaties, (*above, *block.columns))
        if stance:
            found.append(
                Position(
                    subject=state,
                    indicator=actions.indicator,
                    stance=stance,
                    about=About.OTHER if subject and state != subject else About.OWN,
                    start=start,
                    end=start + len(block.text),
                    passage=block.text,
                    rule=f"status table: {event.replace('_', ' ') or 'no date for this State'}",
                    date=date,
                )
            )
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
    dated = [(iso_date(date), event) for event, date in row.facts]
    for events, stances in (
        (JOINS | LEAVES, {**dict.fromkeys(JOINS, actions.joined), **dict.fromkeys(LEAVES, actions.left)}),
        (SIGNS, dict.fromkeys(SIGNS, actions.signed)),
    ):
        acts = [fact for fact in dated if fact[1] in events]
        if acts:
            date, event = max(acts, key=lambda fact: fact[0])
            return stances[event], event, date
    if row.facts:
        return "", "", ""
    says_all = any(phrase in plain_words(line) for line in around for phrase in treaties.lists_all)
    says_so = any(plain_words(cell) in treaties.not_joined for cell in row.cells)
    return (actions.none if says_all or says_so else ""), "", ""
