"""Packs that rest on a shared one: the values of both put together before they are parsed."""

from __future__ import annotations

from collections.abc import Mapping

EXTENDS = "extends"
_FIRST = "sets"


def merge_packs(shared: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """The values of a pack laid over those that it extends: mappings are merged key by key, all else is replaced.

    The pack's own sets stand first, since the shared ones are written with them.
    """
    merged = _over(shared, {key: value for key, value in own.items() if key != EXTENDS})
    sets = own.get(_FIRST)
    whole = merged.get(_FIRST)
    if isinstance(sets, Mapping) and isinstance(whole, Mapping):
        merged[_FIRST] = {**sets, **{name: value for name, value in whole.items() if name not in sets}}
    return merged


def _over(shared: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    merged = dict(shared)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
