"""Proof that a Diff is exact: the new texts made from the old Document and the Diff alone."""

from __future__ import annotations

from watcher.model.change import Diff, HunkOp
from watcher.model.document import Document


def apply(old: Document, diff: Diff) -> tuple[str, ...]:
    """The Block texts of the new Document. ValueError when the Diff was not made from `old`."""
    parts: dict[int, list[str]] = {}
    gone: dict[int, list[str]] = {}
    for hunk in diff.hunks:
        if hunk.old_index is not None:
            gone.setdefault(hunk.old_index, []).append(hunk.old)
        if hunk.new_index is not None:
            parts.setdefault(hunk.new_index, []).append(hunk.new)
    for index, texts in gone.items():
        if index >= len(old.blocks) or old.blocks[index].text != " ".join(texts):
            raise ValueError(f"the Diff does not fit: Block {index} of the old Document has another text")
    kept = iter([block.text for index, block in enumerate(old.blocks) if index not in gone])
    length = len(old.blocks) - len(gone) + len(parts)
    if any(index >= length for index in parts):
        raise ValueError("the Diff does not fit: it places a Block beyond the end of the new Document")
    return tuple(" ".join(parts[index]) if index in parts else next(kept) for index in range(length))


def kept_pairs(old: Document, new: Document, diff: Diff) -> list[tuple[int, int]]:
    """Index pairs of the Blocks whose text no Hunk changes or moves, in order."""
    hunks = [hunk for hunk in diff.hunks if hunk.op is not HunkOp.LINKED]
    gone = {hunk.old_index for hunk in hunks}
    come = {hunk.new_index for hunk in hunks}
    left = [index for index in range(len(old.blocks)) if index not in gone]
    right = [index for index in range(len(new.blocks)) if index not in come]
    return list(zip(left, right, strict=True))
