"""Packs that rest on a shared one: the values of both put together before they are parsed."""

from __future__ import annotations

from collections.abc import Mapping

EXTENDS = "extends"
_FIRST = "sets"


def merge_packs(shared: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """The values of a pack laid over those that it extends: mappings are merged key by key.

    Lists of cues (`indicators.X.cues.STANCE`) are added, the pack's own first, each cue once; all else is replaced. The
    pack's own sets stand first, since the shared ones are written with them.
    """
    merged = _over(shared, {key: value for key, value in own.items() if key != EXTENDS}, ())
    sets = own.get(_FIRST)
    whole = merged.get(_FIRST)
    if isinstance(sets, Mapping) and isinstance(whole, Mapping):
        merged[_FIRST] = {**sets, **{name: value for name, value in whole.items() if name not in sets}}
    return merged


def _over(shared: Mapping[str, object], own: Mapping[str, object], path: tuple[str, ...]) -> dict[str, object]:
    merged = dict(shared)
    for key, value in own.items():
        below, here = merged.get(key), (*path, key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = _over(below, value, here)
        elif isinstance(below, list) and isinstance(value, list) and _holds_cues(here):
            merged[key] = [*value, *(cue for cue in below if cue not in value)]
        else:
            merged[key] = value
    return merged


def _holds_cues(path: tuple[str, ...]) -> bool:
    return len(path) == 4 and path[0] == "indicators" and path[2] == "cues"
