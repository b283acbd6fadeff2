"""Left-over Blocks that share whole phrases: a paragraph that was cut to one sentence, or grew from one to ten.

Such Blocks have too few words in common for their length to be alike. What they share is readable all the same when it
stands in runs: a person marks the rest of the paragraph and leaves the sentence alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

from watcher.diff.similarity import GRID_PAIRS, Likeness, Pairs, best_in_order
from watcher.model.document import BlockKind

# Neighbouring unchanged words that are a phrase, and the share of the shorter Block that must stand in phrases.
PHRASE_WORDS = 4
PHRASED_SHARE = 0.5
_APART = frozenset({BlockKind.TABLE_ROW, BlockKind.QUESTION, BlockKind.ANSWER})


def pair_by_phrases(old: Sequence[int], new: Sequence[int], alike: Likeness) -> Pairs:
    """Pairs, in order, of Blocks of one gap (indexes in document order) that share most of the shorter one in phrases.

    The pairing with the most words in phrases is taken. Nothing for a gap of more than GRID_PAIRS pairs.
    """
    old = [i for i in old if alike.old[i].kind not in _APART]
    new = [j for j in new if alike.new[j].kind not in _APART]
    if not old or not new or len(old) * len(new) > GRID_PAIRS:
        return []
    return best_in_order(old, new, [[_score(i, j, alike) for j in new] for i in old])


def _score(i: int, j: int, alike: Likeness) -> float:
    """Words in phrases that two Blocks share, 0 when they are too few."""
    if alike.old[i].boilerplate is not alike.new[j].boilerplate:
        return 0.0
    left, right = alike.old_words(i), alike.new_words(j)
    shorter = min(len(left), len(right))
    if shorter < PHRASE_WORDS or not alike.effort.take(4 + len(left) * (len(right) // 64 + 1) // 200):
        return 0.0
    runs = (step.src_end - step.src_start for step in LCSseq.opcodes(left, right) if step.tag == "equal")
    phrased = sum(run for run in runs if run >= PHRASE_WORDS)
    return float(phrased) if phrased >= PHRASED_SHARE * shorter else 0.0
