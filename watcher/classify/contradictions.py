"""Which stances contradict each other: the pack says so, within one Indicator or across two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watcher.classify.pack import Indicator
from watcher.classify.packreader import Reader

KEY = "contradictions"


def read_contradictions(reader: Reader, indicators: Mapping[str, Indicator]) -> frozenset[frozenset[tuple[str, str]]]:
    """Pairs of (indicator, stance). Each entry is a list of "indicator.stance": its first contradicts all others."""
    listed = reader.data.get(KEY, [])
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise reader.wrong(KEY, "a list of lists such as [use.uses, use.does_not_use]")
    pairs: set[frozenset[tuple[str, str]]] = set()
    for entry in listed:
        if not isinstance(entry, Sequence) or isinstance(entry, str) or len(entry) < 2:
            raise reader.wrong(KEY, "a list of lists such as [use.uses, use.does_not_use]")
        first, *others = (_stance(reader, str(name), indicators) for name in entry)
        pairs.update(frozenset((first, other)) for other in others)
    return frozenset(pairs)


def _stance(reader: Reader, name: str, indicators: Mapping[str, Indicator]) -> tuple[str, str]:
    indicator, _, stance = name.partition(".")
    known = [f"{each.name}.{one}" for each in indicators.values() for one in each.stances]
    if name not in known:
        raise reader.unknown(name, tuple(known))
    return indicator, stance
