"""Why a Change is told, in words a researcher understands: only what carried its severity; the rest is on its page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watcher.model.change import Change, Hunk, SignificancePart, WordOp
from watcher.model.citations import is_citing
from watcher.render.headline import event_words, ranked_events, ranked_positions, step
from watcher.render.words import clipped, folded, said, subject_name

MOST_REASONS = 3
EDIT_CHARACTERS = 60
_NUMBER = re.compile(r"\d(?:[\d.,\u00a0\u202f]*\d)?")
_NAMES = {
    "number": "a number changed",
    "date": "a date changed",
    "deadline": "a deadline changed",
    "unit": "a unit of measure changed",
    "negation": "a negation came or went",
    "opposite": "a word gave way to its opposite",
    "modality": "what must, should or may be done changed",
    "obligation": "a duty or a prohibition came or went",
    "hedge": "a word of caution came or went",
    "condition": "a condition came or went",
    "scope": "what it applies to changed",
    "bound": "a limit such as “at least” changed",
    "subject": "a State is named that was not, or no longer",
    "instrument": "a treaty is named that was not, or no longer",
    "attribution": "who is said to say so changed",
    "name": "a name changed",
    "place_or_organisation": "a place or an organisation changed",
    "policy_act": "a word of policy, such as “ban” or “destroy”, came or went",
    "group_or_right": "a group of people or a right came or went",
    "eligibility": "who may have it changed",
    "wording": "other words",
    "text_added": "a passage was added",
    "text_removed": "a passage was removed",
    "notice": "a notice stands where the page stood",
}


def reason_name(name: str) -> str:
    """A part of the significance in words: "a negation came or went"."""
    if is_citing(name):
        return folded(name)
    kind, _, what = name.partition(": ")
    if kind == "depositary_event":
        return f"a treaty action: {said(folded(what))}"
    if kind.startswith("position_") and what:
        return f"a position on {said(folded(what))} ({said(kind.removeprefix('position_'))})"
    return _NAMES.get(name, said(folded(name)))


def citing_notes(change: Change) -> tuple[tuple[str, str], ...]:
    """The notes of reports that cite the Source of a Change, what became of the passage that they rest on first: in
    words, and the passage itself, "" where it stands as it was."""
    parts = [part for part in change.judgement.parts if is_citing(part.name)]
    ordered = sorted(parts, key=lambda part: -part.points)
    return tuple((folded(part.name), folded(part.passage)) for part in ordered)


def reasons(change: Change) -> tuple[str, ...]:
    """What carried the severity, the weightiest first, each once: treaty actions, the Position changes of that
    severity, or else the parts that weigh most, Positions before marks of the wording, with what stood and stands
    where both are short."""
    judgement = change.judgement
    grave = [one for one in ranked_positions(change) if one.severity is judgement.severity]
    found = [
        *(f"a treaty action: {event_words(one)}" for one in ranked_events(change)),
        *(f"the position on {said(one.indicator)}{_of(one.subject)}: {step(one)}" for one in grave),
    ]
    if not found:
        weighty = sorted(judgement.parts, key=lambda part: (not part.name.startswith("position_"), -part.points))
        least = max((part.points for part in weighty), default=0.0) / 2
        found = [_marker(part, change) for part in weighty if part.points >= least and part.points > 0]
    once = list(dict.fromkeys(found))
    left = len(once) - MOST_REASONS
    return (*once[:MOST_REASONS], *([f"and {left} more"] if left > 0 else []))


def _of(subject: str) -> str:
    return f" of {subject_name(subject)}" if subject else ""


def _marker(part: SignificancePart, change: Change) -> str:
    hunk = next((one for one in change.diff.hunks if _is_passage(part.passage, one)), None)
    edit = _edit(part.name, hunk) if hunk is not None else ""
    return f"{reason_name(part.name)}: {edit}" if edit else reason_name(part.name)


def _is_passage(passage: str, hunk: Hunk) -> bool:
    start = passage.rstrip("…")
    return bool(start.strip()) and not hunk.boilerplate and (hunk.new or hunk.old).startswith(start)


def _edit(name: str, hunk: Hunk) -> str:
    gone, come = list(_runs(hunk, WordOp.DELETED)), list(_runs(hunk, WordOp.INSERTED))
    if name in ("number", "date"):
        before, after = (_NUMBER.findall(" ".join(runs)) for runs in (gone, come))
        if 0 < len(before) == len(after) <= MOST_REASONS:
            return f"{', '.join(before)} → {', '.join(after)}"
    if name in ("text_added", "text_removed") or len(gone) > 1 or len(come) > 1:
        return ""
    sides = [runs[0] if runs else "" for runs in (gone, come)]
    if not any(sides) or max(map(len, sides)) > EDIT_CHARACTERS:
        return ""
    return " → ".join(f"“{clipped(side, EDIT_CHARACTERS)}”" if side else "nothing" for side in sides)


def _runs(hunk: Hunk, op: WordOp) -> Iterator[str]:
    for word in hunk.words:
        if word.op is op and word.text.strip():
            yield folded(word.text)
