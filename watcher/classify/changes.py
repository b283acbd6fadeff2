"""Position changes: the Positions of two texts side by side, per Subject and Indicator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from watcher.classify.folding import Recall
from watcher.classify.mentions import fold_mentions
from watcher.classify.pack import ANY, TRANSITION, Indicator, Pack
from watcher.classify.words import split_words
from watcher.model.change import Position, PositionChange, PositionChangeKind, Severity


@dataclass(frozen=True, slots=True)
class Side:
    """What one text asserts of one (subject, indicator): all of it, and the part in passages that changed."""

    everywhere: tuple[Position, ...]
    changed: tuple[Position, ...]


Key = tuple[str, str]
MOST_PAIRED = 40  # passages of one stance in a document that are compared with each other


def _by_key(positions: Iterable[Position]) -> dict[Key, list[Position]]:
    table: dict[Key, list[Position]] = {}
    for position in positions:
        table.setdefault((position.subject, position.indicator), []).append(position)
    return table


def _prevailing(positions: Sequence[Position], indicator: Indicator) -> Position:
    """The Position that stands for all: the stance listed last in the pack, its first passage."""
    return max(positions, key=lambda one: (indicator.stances.index(one.stance), -one.start))


def _pair(old: Sequence[Position], new: Sequence[Position]) -> tuple[Position, Position]:
    """The old and the new passage that have most in common: those of one statement. The first ones where many do."""

    def shared(pair: tuple[Position, Position]) -> float:
        before, after = (set(split_words(one.passage).words) for one in pair)
        return len(before & after) / len(before | after) if before | after else 0.0

    pairs = [(before, after) for before in old[:MOST_PAIRED] for after in new[:MOST_PAIRED]]
    return max(pairs, key=shared)


def _pairs(old: Sequence[Position], new: Sequence[Position]) -> list[tuple[Position, Position]]:
    """Old and new passages, each once, those with most in common first."""
    left, come, found = list(old), list(new), []
    while left and come:
        before, after = _pair(left, come)
        found.append((before, after))
        left.remove(before)
        come.remove(after)
    return found


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
    fresh = _figures(new, magnitudes) - _figures(old, magnitudes)
    if indicator.figures and fresh:
        told = [one for one in new if _figures([one], magnitudes) & fresh]
        return _change(key, PositionChangeKind.CHANGED, indicator.detail, *_pair(old, told))
    return None


def _implying(positions: Iterable[Position], key: Key, stance: str, pack: Pack) -> Position | None:
    """A Position of the Subject whose passage lets a reader take a stance for granted, though it does not say it."""
    cue = pack.indicators[key[1]].implied.get(stance)
    if cue is None:
        return None
    for one in positions:
        words = split_words(one.passage)
        if one.subject == key[0] and fold_mentions(words, subject=key[0], pack=pack, recall=Recall())[0].holds(cue):
            return one
    return None


def _news(key: Key, top: Position, old: Sequence[Position], pack: Pack) -> PositionChange:
    """What is stated for the first time: of less weight where the earlier document implied it."""
    indicator = pack.indicators[key[1]]
    implying = _implying(old, key, top.stance, pack)
    if implying is None:
        severity = indicator.new_info.get(top.stance, indicator.new_info[ANY])
        return _change(key, PositionChangeKind.NEW_INFO, severity, None, top)
    told = _change(key, PositionChangeKind.NEW_INFO, indicator.detail, None, top)
    return replace(told, old_passage=implying.passage)


def between_documents(old: Sequence[Position], new: Sequence[Position], *, pack: Pack) -> list[PositionChange]:
    """Changes between two documents of one Subject: silence in the new one is no change."""
    before = _by_key(old)
    found: list[PositionChange] = []
    for key, now in _by_key(new).items():
        indicator = pack.indicators[key[1]]
        top = _prevailing(now, indicator)
        was = before.get(key)
        if not was:
            found.append(_news(key, top, old, pack))
            continue
        old_top = _prevailing(was, indicator)
        said_before = indicator.about == "place" and _of_stance(was, top.stance)
        if old_top.stance != top.stance and not said_before:
            ways = _of_stance(was, old_top.stance), _of_stance(now, top.stance)
            found.append(_stance_change(key, *_pair(*ways), indicator))
        else:
            same = _of_stance(was, top.stance), _of_stance(now, top.stance)
            if change := _same_stance(key, *same, indicator, pack.lexicon.magnitudes):
                found.append(change)
    return found


def _reworded(key: Key, old: Sequence[Position], new: Sequence[Position], indicator: Indicator) -> PositionChange:
    """The same stance in other words; a number or date that differs makes it a change of what is asserted.

    Each passage is compared with the one that it was, and the first pair whose figures differ is told.
    """
    pairs = _pairs(old, new)
    for before, after in pairs:
        if _numbers(before) != _numbers(after):
            return _change(key, PositionChangeKind.CHANGED, indicator.detail, before, after)
    return _change(key, PositionChangeKind.REWORDED, Severity.MINOR, *pairs[0])


def _numbers(position: Position) -> list[str]:
    return sorted(word for word in split_words(position.passage).words if word[0] in "#~")


def _edited(key: Key, old: Side, new: Side, indicator: Indicator) -> PositionChange | None:
    stances_before = {position.stance for position in old.everywhere}
    stances_now = {position.stance for position in new.everywhere}
    if old.changed and new.changed:
        fresh = [one for one in new.changed if one.stance not in stances_before]
        before, now = _prevailing(old.changed, indicator), _prevailing(fresh or new.changed, indicator)
        ways = _of_stance(old.changed, before.stance), _of_stance(new.changed, now.stance)
        if before.stance == now.stance:
            return _reworded(key, *ways, indicator)
        return _stance_change(key, *_pair(*ways), indicator)
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
        now = _prevailing(new.everywhere, indicator)
        ways = _of_stance(old.changed, before.stance), _of_stance(new.everywhere, now.stance)
        return _stance_change(key, *_pair(*ways), indicator)
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
