"""Which clause of its passage a Position rests on, so that a date is given to what happened then.

"signed in 1997 and ratified in 2001" has two: a passage is parted where a date is followed by "and", "but" or ";" and
no further date.
"""

from __future__ import annotations

import re

from watcher.classify.folding import Recall
from watcher.classify.mentions import fold_mentions
from watcher.classify.pack import Pack
from watcher.classify.words import split_words
from watcher.model.change import About, Position
from watcher.model.stated import stated_dates

_JOINT = re.compile(r"(?:;|,?\s+(?:and|but|while|whereas|then|et|mais|y|pero|и|но)\b)\s*(?P<next>[^\s,;]+\s*\S*)")
_GOES_ON = re.compile(r"\d|(?:in|on|of|since|until|en|в)\s+\d", re.IGNORECASE)


def clause_of(position: Position, *, pack: Pack) -> str:
    """The part of a passage in which the words end that show its stance; the whole passage where it names one date.

    Where that part names no date, the parts that these words reach over count, then the whole passage.
    """
    passage = position.passage
    if len(stated_dates(passage)) < 2:
        return passage
    span = _shown_by(position, pack)
    if span is None:
        return passage
    parts = _parts(passage)
    here = next((part for part in parts if part[0] < span[1] <= part[1]), parts[0])
    if stated_dates(passage[here[0] : here[1]]):
        return passage[here[0] : here[1]]
    reached = [part for part in parts if part[0] < span[1] and span[0] < part[1]]
    spoken = passage[reached[0][0] : reached[-1][1]]
    return spoken if stated_dates(spoken) else passage


def _shown_by(position: Position, pack: Pack) -> tuple[int, int] | None:
    """Where in the passage the words stand that the Position's rule found; None when it is no cue of the pack."""
    source = position.rule.partition(": ")[2]
    rule = next((one for one in pack.rules if one.indicator == position.indicator and one.cue.source == source), None)
    if rule is None:
        return None
    subject = position.subject if position.about is About.OWN else ""
    words = split_words(position.passage)
    folding, _ = fold_mentions(words, subject=subject, pack=pack, recall=Recall(), alone=True)
    found = folding.find(rule.cue)
    return (folding.places[found[0][0]][0], folding.places[found[0][1] - 1][1]) if found else None


def _parts(passage: str) -> list[tuple[int, int]]:
    """The passage parted after dates."""
    parts, start = [], 0
    for joint in _JOINT.finditer(passage):
        if stated_dates(passage[start : joint.start()]) and not _is_date(joint["next"]):
            parts.append((start, joint.start()))
            start = joint.start()
    return [*parts, (start, len(passage))]


def _is_date(text: str) -> bool:
    return _GOES_ON.match(text) is not None or bool(stated_dates(f"{text.split()[0]} 2000"))
