"""The Position board: what each Source says of a Subject's policy as of a day, and where Sources contradict. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from watcher.model.source import Source
from watcher.model.stated import StatedDate
from watcher.model.statement import Statement

Pairs = frozenset[frozenset[tuple[str, str]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contradiction:
    """Two statements of one Subject that cannot both hold; `between` says that they are of different addresses."""

    one: Statement
    other: Statement

    @property
    def between(self) -> bool:
        """Whether two Sources contradict each other, and not a document itself."""
        return self.one.address != self.other.address


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Everything that Sources state of one Subject and Indicator, the newest statement first.

    `agree` are the Sources that state the leading stance now, one of each address.
    """

    subject: str
    indicator: str
    statements: tuple[Statement, ...]
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def leading(self) -> Statement:
        """The newest statement that still stands; the newest of all where none does."""
        return next((each for each in self.statements if each.current), self.statements[0])

    @property
    def also(self) -> tuple[str, ...]:
        """The other stances that are stated now, by the same Sources or by others, newest first."""
        others = (each.position.stance for each in self.statements if each.current)
        return tuple(dict.fromkeys(each for each in others if each != self.leading.position.stance))

    @property
    def contradicted(self) -> bool:
        """Whether Sources contradict each other here."""
        return any(each.between for each in self.contradictions)

    @property
    def undecided(self) -> bool:
        """Whether the Source that leads contradicts itself at the date of what it leads with."""
        lead = self.leading
        return any(
            lead in (each.one, each.other) and not each.between and each.one.order == each.other.order
            for each in self.contradictions
        )

    @property
    def agree(self) -> tuple[Source, ...]:
        """The Sources that state the leading stance now, one of each address: the same page twice is one voice, and a
        report whose notes name a page that states it says what that page says."""
        stance = self.leading.position.stance
        stated = [each for each in self.statements if each.current and each.position.stance == stance]
        addresses = {each.address for each in stated}
        found: dict[str, Source] = {}
        for each in [each for each in stated if not each.rests_on(addresses - {each.address})] or stated:
            found.setdefault(each.address, each.source)
        return tuple(found.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """The cells of a day, by Subject and Indicator. `indicators` are in the order of the pack."""

    as_of: datetime
    pack: str
    pack_version: int
    indicators: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """The Subjects that have a cell."""
        return tuple(dict.fromkeys(cell.subject for cell in self.cells))

    def cell(self, subject: str, indicator: str) -> Cell | None:
        """One cell, None where no Source says anything."""
        return next((each for each in self.cells if (each.subject, each.indicator) == (subject, indicator)), None)


def make_board(
    statements: Iterable[Statement],
    *,
    as_of: datetime,
    pack: str,
    pack_version: int,
    stances: Mapping[str, Sequence[str]],
    contradictions: Pairs,
) -> Board:
    """Statements arranged by Subject and Indicator, contradictions marked in both cells that they concern.

    `stances` are the pack's Indicators in order, each with its stances; of several that a text asserts, the one
    listed last prevails.
    """
    indicators = tuple(stances)
    by_subject: dict[str, list[Statement]] = {}
    for statement in statements:
        by_subject.setdefault(statement.position.subject, []).append(statement)
    cells: list[Cell] = []
    for subject in sorted(by_subject):
        cells.extend(_cells(subject, by_subject[subject], stances, contradictions))
    return Board(as_of=as_of, pack=pack, pack_version=pack_version, indicators=indicators, cells=tuple(cells))


def _cells(
    subject: str, statements: Sequence[Statement], stances: Mapping[str, Sequence[str]], pairs: Pairs
) -> list[Cell]:
    found = _contradictions(statements, pairs)
    said = {each.position.indicator for each in statements}
    ordered = [*(name for name in stances if name in said), *sorted(said - set(stances))]
    return [
        Cell(
            subject=subject,
            indicator=indicator,
            statements=tuple(
                _newest_first(
                    (each for each in statements if each.position.indicator == indicator), stances.get(indicator, ())
                )
            ),
            contradictions=tuple(each for each in found if indicator in (each.one.key[0], each.other.key[0])),
        )
        for indicator in ordered
    ]


def _newest_first(statements: Iterable[Statement], stances: Sequence[str] = ()) -> list[Statement]:
    """By the date of the document, then by the dates that passages name, then by how strongly they speak, then by the
    order of `stances`, the last one first, then as they stand in the document."""
    rank = {stance: number for number, stance in enumerate(stances)}
    ordered = sorted(statements, key=lambda each: (each.source.source_id, each.position.start))
    ordered.sort(key=lambda each: (each.strength, rank.get(each.position.stance, -1)), reverse=True)
    return sorted(ordered, key=lambda each: each.order, reverse=True)


def _contradictions(statements: Sequence[Statement], pairs: Pairs) -> list[Contradiction]:
    """Pairs of current statements, those between Sources first; one for each pair of Sources and stances.

    Statements that name years, and no year in common, speak of different times.
    """
    found: dict[frozenset[tuple[str, tuple[str, str]]], Contradiction] = {}
    current = _newest_first(each for each in statements if each.current)
    for one, other in combinations(current, 2):
        if frozenset((one.key, other.key)) in pairs and not _at_different_times(one, other):
            sides = frozenset(((one.source.source_id, one.key), (other.source.source_id, other.key)))
            found.setdefault(sides, Contradiction(one=one, other=other))
    return sorted(found.values(), key=lambda each: not each.between)


def _at_different_times(one: Statement, other: Statement) -> bool:
    first, second = ({date.year for date in each.dates} for each in (one, other))
    return bool(first and second) and first.isdisjoint(second)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One entry of a time line: a stance at a date, and the statement that gives it.

    `date` is that which the passage names, or else (`dated` False) the one that a person gave the document, or the
    day of its Capture (`undated`): then nothing says when it began to hold.
    """

    date: StatedDate
    dated: bool
    statement: Statement

    @property
    def undated(self) -> bool:
        """Whether neither the passage nor the document has a date."""
        return not self.dated and not self.statement.brought_in


def time_line(statements: Iterable[Statement]) -> list[Moment]:
    """Every statement at each date that its passage names, else at the date of its document, oldest first; those
    without any date after all others, by the day of their Capture."""
    moments = []
    for each in statements:
        day = each.captured_at.astimezone(UTC)
        own = StatedDate(year=day.year, month=day.month, day=day.day)
        dates = [date for date in each.dates if date.order <= own.order or each.position.date]
        moments += [Moment(date=date, dated=True, statement=each) for date in dates]
        if not dates:
            moments.append(Moment(date=own, dated=False, statement=each))
    return sorted(
        moments,
        key=lambda each: (
            each.undated,
            each.date.order,
            each.statement.captured_at,
            each.statement.source.source_id,
            each.statement.position.indicator,
            each.statement.position.start,
        ),
    )
