"""A language model's second opinion on a Change, and what of it may be shown. Pure.

Only what rests on a quotation from the Diff is kept. The opinion is shown beside the judgement, never in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.model.change import Diff, HunkOp

MOST_STATEMENTS = 8
LONGEST_STATEMENT = 400
_QUOTED = re.compile('[“"«]([^“”"«»]+)[”"»]')
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One sentence of a summary with the passage of the Diff that it rests on."""

    text: str
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StanceOpinion:
    """A stance as the model reads it in a passage of the Diff."""

    indicator: str
    stance: str
    quote: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """What a model said of a Change. `dropped` statements rested on no text of the Diff, or named no known stance."""

    model: str
    summary: tuple[Said, ...]
    stances: tuple[StanceOpinion, ...]
    dropped: int


def diff_sides(diff: Diff) -> tuple[str, ...]:
    """The texts that may be quoted: both sides of every Hunk that is not boilerplate nor a link alone."""
    hunks = [hunk for hunk in diff.hunks if not hunk.boilerplate and hunk.op is not HunkOp.LINKED]
    return tuple(text for hunk in hunks for text in (hunk.old, hunk.new) if text)


def read_opinion(answer: str, *, diff: Diff, model: str, stances: Mapping[str, Sequence[str]]) -> Opinion:
    """The part of a model's answer that holds. ValueError when it is not the JSON that was asked for."""
    start, end = answer.find("{"), answer.rfind("}")
    value = json.loads(answer[start : end + 1]) if 0 <= start < end else None
    if not isinstance(value, dict):
        raise ValueError("the answer is no JSON object")
    sides = [_plain(text) for text in diff_sides(diff)]
    offered = [*_listed(value, "summary"), *_listed(value, "stances")]
    summary = [said for each in _listed(value, "summary") if (said := _said(each, sides)) is not None]
    read = [one for each in _listed(value, "stances") if (one := _stance(each, sides, stances)) is not None]
    return Opinion(
        model=model,
        summary=tuple(summary[:MOST_STATEMENTS]),
        stances=tuple(read[:MOST_STATEMENTS]),
        dropped=len(offered) - len(summary[:MOST_STATEMENTS]) - len(read[:MOST_STATEMENTS]),
    )


def _listed(value: Mapping[str, Any], key: str) -> list[Any]:
    found = value.get(key, [])
    return found if isinstance(found, list) else []


def _said(value: Any, sides: Sequence[str]) -> Said | None:
    """A sentence whose quotation is in the Diff, and that quotes and counts nothing that is not."""
    text, quote = _text(value, "text"), _text(value, "quote")
    if not text or len(text) > LONGEST_STATEMENT or not _is_quoted(quote, sides):
        return None
    known = set(_NUMBER.findall(" ".join(sides)))
    if any(not _is_quoted(inner, sides) for inner in _QUOTED.findall(text)):
        return None
    return None if set(_NUMBER.findall(text)) - known else Said(text=text, quote=quote)


def _stance(value: Any, sides: Sequence[str], stances: Mapping[str, Sequence[str]]) -> StanceOpinion | None:
    indicator, stance, quote = (_text(value, name) for name in ("indicator", "stance", "quote"))
    if stance not in stances.get(indicator, ()) or not _is_quoted(quote, sides):
        return None
    return StanceOpinion(indicator=indicator, stance=stance, quote=quote)


def _is_quoted(quote: str, sides: Sequence[str]) -> bool:
    plain = _plain(quote)
    return bool(plain) and any(plain in side for side in sides)


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    return " ".join(found.split()) if isinstance(found, str) else ""


def _plain(text: str) -> str:
    return " ".join(text.split())
