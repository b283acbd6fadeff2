"""Position changes: the Positions of two texts side by side, per Subject and Indicator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watcher.classify.pack import ANY, TRANSITION, Indicator, Pack
from watcher.classify.words import split_words
from watcher.model.change import Position, PositionChange, PositionChangeKind, Severity


@dataclass(frozen=True, slots=True)
class Side:
    """What one text asserts of one (subject, indicator): all of it, and the part in passages that changed."""

    everywhere: tuple[Position, ...]
    changed: tuple[Position, ...]


Key = tuple[str, str]


def _by_key(positions: Iterable[Position]) -> dict[Key, list[Position]]:
    table: dict[Key, list[Position]] = {}
    for position in positions:
        table.setdefault((position.subject, position.indicator), []).append(position)
    return table


def _prevailing(positions: Sequence[Position], indicator: Indicator) -> Position:
    """The Position that stands for all: the stance listed last in the pack, its first passage."""
    return max(positions, key=lambda one: (indicator.stances.index(one.stance), -one.start))


def _of_stance(positions: Sequence[Position], stance: str) -> list[Position]:
    return [position for position in positions if position.stance == stance]


def _figures(positions: Sequence[Position], magnitudes: frozenset[str]) -> set[str]:
    """The numbers of all passages, "a million" and its like among them."""
    words = {word for position in positions for word in split_words(position.passage).words}
    return {word for word in words if word[0] == "#" or word in magnitudes}


def _change(
    key: Key, kind: PositionChangeKind, severity: Severity, old: Position | None, new: Position | None
) -> PositionChange:
    return PositionChange(
        subject=key[0],
        indicator=key[1],
        change=kind,
        old=old.stance if old else "",
        new=new.stance if new else "",
        severity=severity,
        old_passage=old.passage if old else "",
        new_passage=new.passage if new else "",
    )


def _stance_change(key: Key, old: Position, new: Position, indicator: Indicator) -> PositionChange:
    step = indicator.changed.get(f"{old.stance}{TRANSITION}{new.stance}")
    severity = step or max(
        (indicator.changed.get(stance, indicator.changed[ANY]) for stance in (old.stance, new.stance)),
        key=lambda one: one.rank,
    )
    return _change(key, PositionChangeKind.CHANGED, severity, old, new)


def _same_stance(
    key: Key, old: Sequence[Position], new: Sequence[Position], indicator: Indicator, magnitudes: frozenset[str]
) -> PositionChange | None:
    """The same stance in both: a change only where the pack says that figures count and the new ones differ."""
    before, after = _figures(old, magnitudes), _figures(new, magnitudes)
    if indicator.figures and after - before:
        return _change(key, PositionChangeKind.CHANGED, indicator.detail, old[0], new[0])
    return None


def between_documents(old: Sequence[Position], new: Sequence[Position], *, pack: Pack) -> list[PositionChange]:
    """Changes between two documents of one Subject: silence in the new one is no change."""
    before = _by_key(old)
    found: list[PositionChange] = []
    for key, now in _by_key(new).items():
        indicator = pack.indicators[key[1]]
        top = _prevailing(now, indicator)
        was = before.get(key)
        if not was:
            severity = indicator.new_info.get(top.stance, indicator.new_info[ANY])
            found.append(_change(key, PositionChangeKind.NEW_INFO, severity, None, top))
            continue
        old_top = _prevailing(was, indicator)
        said_before = indicator.about == "place" and _of_stance(was, top.stance)
        if old_top.stance != top.stance and not said_before:
            found.append(_stance_change(key, old_top, top, indicator))
        else:
            same = _of_stance(was, top.stance), _of_stance(now, top.stance)
            if change := _same_stance(key, *same, indicator, pack.lexicon.magnitudes):
                found.append(change)
    return found


def _reworded(key: Key, old: Position, new: Position, indicator: Indicator) -> PositionChange:
    """The same stance in other words; a number or date that differs makes it a change of what is asserted."""
    figures = {"#", "~"}
    before = sorted(word for word in split_words(old.passage).words if word[0] in figures)
    after = sorted(word for word in split_words(new.passage).words if word[0] in figures)
    if before != after:
        return _change(key, PositionChangeKind.CHANGED, indicator.detail, old, new)
    return _change(key, PositionChangeKind.REWORDED, Severity.MINOR, old, new)


def _edited(key: Key, old: Side, new: Side, indicator: Indicator) -> PositionChange | None:
    stances_before = {position.stance for position in old.everywhere}
    stances_now = {position.stance for position in new.everywhere}
    if old.changed and new.changed:
        before, now = _prevailing(old.changed, indicator), _prevailing(new.changed, indicator)
        if before.stance == now.stance:
            return _reworded(key, before, now, indicator)
        return _stance_change(key, before, now, indicator)
    if new.changed:
        now = _prevailing(new.changed, indicator)
        if now.stance in stances_before:
            return None
        if not stances_before:
            severity = indicator.new_info.get(now.stance, indicator.new_info[ANY])
            return _change(key, PositionChangeKind.NEW_INFO, severity, None, now)
        still = _prevailing(old.everywhere, indicator)
        severity = indicator.changed.get(now.stance, indicator.changed[ANY])
        return _change(key, PositionChangeKind.CONTRADICTED, severity, still, now)
    before = _prevailing(old.changed, indicator)
    if before.stance in stances_now:
        return None
    if stances_now:
        return _stance_change(key, before, _prevailing(new.everywhere, indicator), indicator)
    return _change(key, PositionChangeKind.WITHDRAWN, indicator.withdrawn, before, None)


def within_document(
    old: Sequence[Position],
    new: Sequence[Position],
    old_changed: Sequence[Position],
    new_changed: Sequence[Position],
    *,
    pack: Pack,
) -> list[PositionChange]:
    """Changes made by an edit of one page: what a changed passage asserted and nothing asserts now is withdrawn."""
    everywhere = _by_key(old), _by_key(new)
    touched = _by_key(old_changed), _by_key(new_changed)
    found: list[PositionChange] = []
    for key in dict.fromkeys((*touched[1], *touched[0])):
        sides = [Side(tuple(everywhere[n].get(key, ())), tuple(touched[n].get(key, ()))) for n in (0, 1)]
        if change := _edited(key, sides[0], sides[1], pack.indicators[key[1]]):
            found.append(change)
    return found
