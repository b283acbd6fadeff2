"""What sort of difference a Diff is, from the two Documents alone: noise of some kind, or content."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from watcher.diff.blocks import headings
from watcher.diff.exact import kept_pairs
from watcher.diff.folds import denies, explain, link_targets
from watcher.diff.links import leads_to, places
from watcher.diff.lookalikes import lookalikes
from watcher.model.change import ChangeKind, Diff, Hunk, HunkOp
from watcher.model.document import Block, BlockKind, Document
from watcher.model.questionnaire import wording_of
from watcher.model.subjects import subject_of

_Found = tuple[ChangeKind, str]
_Indexes = tuple[int | None, int | None]

# When several kinds of noise meet, the Change has the one that a reader would want to know first.
_PRECEDENCE = (
    ChangeKind.LINK_TARGET,
    ChangeKind.MOVED,
    ChangeKind.ENCODING,
    ChangeKind.VOLATILE,
    ChangeKind.TYPOGRAPHY,
    ChangeKind.WHITESPACE,
    ChangeKind.BOILERPLATE,
)
_BOILERPLATE = (ChangeKind.BOILERPLATE, "only navigation, banners or footers changed")
_COLUMNS_MOVED = (ChangeKind.MOVED, "the columns of a table stand in another order")
_QUOTE_CHARACTERS = 60
# What parts a page's name from that of its site, in a title.
_SITE_NAME = re.compile(r"\s*(?:[|–—:·»-]|of|on|at|du|de|des|del|de la)\s+\D*\Z", re.IGNORECASE)
_MOST_HEADINGS = 4
# Longer texts are not one text that was only broken differently; folding them would take long.
MAX_TOGETHER_CHARACTERS = 60_000


def kind_of(old: Document, new: Document, diff: Diff) -> tuple[ChangeKind, str]:
    """The content-level kind of a Diff between `old` and `new` and a one-line reason for a person.

    NONE, WHITESPACE, TYPOGRAPHY, ENCODING, LINK_TARGET, BOILERPLATE, MOVED or VOLATILE when every Hunk is explained
    as such; else CONTENT. Kinds that need a history (reverted, flapping) are not told here. The reason of CONTENT also
    names what a reader would pass over: renamed column headings, and words in letters that only look the same.
    """
    kind, reason = _kind_of(old, new, diff)
    if kind is not ChangeKind.CONTENT:
        return kind, reason
    return kind, "; ".join([reason, *lookalikes(diff.hunks, new.text)])


def _kind_of(old: Document, new: Document, diff: Diff) -> _Found:
    kept = kept_pairs(old, new, diff)
    hunks = [hunk for hunk in diff.hunks if hunk.op is not HunkOp.LINKED]
    found: list[_Found] = []
    membership = _Membership(old, new)
    pieces = _piece_indexes(hunks)
    for group in _groups(hunks, kept):
        one_text = _may_be_one_text(group, old)
        unexplained: list[Hunk] = []
        for hunk in group:
            explanation = _explained(hunk, old, new, membership, pieces)
            if explanation is not None:
                found.append(explanation)
            elif one_text:
                unexplained.append(hunk)
            else:
                return ChangeKind.CONTENT, _content_reason(hunks, hunk, _renamed_headings(hunks, old, new))
        together = _explained_together(unexplained) if unexplained else None
        if unexplained and together is None:
            renamed = _renamed_headings(hunks, old, new)
            return ChangeKind.CONTENT, _content_reason(hunks, unexplained[0], renamed)
        found += [together] if together else []
    found += _links_and_columns(old.blocks, new.blocks, kept)
    return _summary(found)


def _groups(hunks: Sequence[Hunk], kept: Sequence[tuple[int, int]]) -> list[list[Hunk]]:
    """Hunks with no kept Block between them belong together; a moved one stands alone."""
    old_kept, new_kept = [i for i, _ in kept], [j for _, j in kept]
    groups: defaultdict[tuple[int, int], list[Hunk]] = defaultdict(list)
    for number, hunk in enumerate(hunks):
        old_gap = -1 if hunk.old_index is None else bisect_left(old_kept, hunk.old_index)
        new_gap = -1 if hunk.new_index is None else bisect_left(new_kept, hunk.new_index)
        apart = hunk.op is HunkOp.MOVED or (old_gap != new_gap and min(old_gap, new_gap) >= 0)
        groups[(number, -1) if apart else (-1, max(old_gap, new_gap))].append(hunk)
    return list(groups.values())


def _summary(found: Sequence[_Found]) -> _Found:
    if not found:
        return ChangeKind.NONE, "no difference in the visible text nor in its links"
    content = [entry for entry in found if entry[0] is ChangeKind.CONTENT]
    if content:
        return content[0]
    kind = min((entry[0] for entry in found), key=_PRECEDENCE.index)
    reasons = Counter(reason for entry_kind, reason in found if entry_kind is kind)
    reason = reasons.most_common(1)[0][0]
    others = sorted({entry[0].value for entry in found} - {kind.value})
    return kind, f"{reason} (also {', '.join(others)})" if others else reason


def _explained(
    hunk: Hunk, old: Document, new: Document, membership: _Membership, pieces: frozenset[_Indexes]
) -> _Found | None:
    """Why one Hunk is noise, None when it is not by itself."""
    if hunk.boilerplate:
        return _BOILERPLATE
    if hunk.renumbered:
        return ChangeKind.MOVED, "a row of a table has another running number"
    if hunk.old_index is None or hunk.new_index is None:
        return None
    if hunk.op is HunkOp.MOVED:
        if (hunk.old_index, hunk.new_index) in pieces:
            return ChangeKind.WHITESPACE, "a paragraph was split or joined, its words are the same"
        return None if membership.changed(hunk) else (ChangeKind.MOVED, "the same text in another place")
    left, right = old.blocks[hunk.old_index], new.blocks[hunk.new_index]
    if left.kind is right.kind is BlockKind.HEADING and _names_the_page(hunk, old, new):
        return ChangeKind.TYPOGRAPHY, "the heading is the title of the page in another length; the title stayed"
    if left.kind is BlockKind.TABLE_ROW and right.kind is BlockKind.TABLE_ROW:
        if _is_heading_row(old, hunk.old_index) and _is_heading_row(new, hunk.new_index):
            return _COLUMNS_MOVED if sorted(left.cells) == sorted(right.cells) else _explained_row(left, right, "")
        return _explained_row(left, right, hunk.row_key)
    if left.kind is right.kind is BlockKind.QUESTION and wording_of(hunk.old) == wording_of(hunk.new):
        return ChangeKind.MOVED, "the same question under another number"
    return _explained_text(hunk.old, hunk.new)


def _names_the_page(hunk: Hunk, old: Document, new: Document) -> bool:
    """Whether a heading is the beginning of the page's own title before and after: a site's name came or went.

    "Legal notice" and "Legal notice of the Ministry", both on a page that calls itself the latter.
    """
    title, shorter, longer = (
        " ".join(text.split()).casefold() for text in (new.title, *sorted((hunk.old, hunk.new), key=len))
    )
    if not shorter or old.title != new.title or not (title.startswith(longer) and longer.startswith(shorter)):
        return False
    beyond = longer.removeprefix(shorter)
    return _SITE_NAME.match(beyond) is not None and not denies(beyond)


def _explained_text(old: str, new: str) -> _Found | None:
    found = explain(old, new)
    if found is not None and found[0] is ChangeKind.LINK_TARGET:
        targets = [[leads_to(target) for target in link_targets(text)] for text in (old, new)]
        if targets[0] == targets[1]:
            return ChangeKind.VOLATILE, "a link is written in another way and leads to the same place"
        return ChangeKind.LINK_TARGET, _link_reason(*targets)
    return found


def _explained_row(old: Block, new: Block, key: str) -> _Found | None:
    """A row is noise when each of its cells is; a value in another column is content.

    `key` is the cell that names the row: another name of the same State there is no change of what the row says.
    """
    if (
        old.columns != new.columns
        and _has_plain_columns(old)
        and sorted(_named_cells(old)) == sorted(_named_cells(new))
    ):
        return _COLUMNS_MOVED
    if old.text == new.text:
        same = bool(old.columns) and _named_cells(old) == _named_cells(new)
        return (ChangeKind.WHITESPACE, "an empty column came or went") if same else None
    if len(old.cells) != len(new.cells):
        return _explained_text(old.text, new.text)
    found: list[_Found] = []
    for old_cell, new_cell in zip(old.cells, new.cells, strict=True):
        if old_cell != new_cell:
            explanation = _explained_text(old_cell, new_cell)
            if explanation is None and new_cell == key and _one_state(old_cell, new_cell):
                names = f"{_quoted(old_cell)} → {_quoted(new_cell)}"
                explanation = ChangeKind.TYPOGRAPHY, f"a State is written in another way: {names}"
            if explanation is None:
                return None
            found.append(explanation)
    return _summary(found)


def _is_heading_row(document: Document, index: int) -> bool:
    """True for a row whose cells are the columns of the row below it."""
    below = document.blocks[index + 1 : index + 2]
    row = document.blocks[index]
    return not row.columns and bool(row.cells) and bool(below) and below[0].columns == row.cells


def _has_plain_columns(row: Block) -> bool:
    return len(row.columns) == len(row.cells) == len(set(row.columns))


def _one_state(old: str, new: str) -> bool:
    state = subject_of(old)
    return state is not None and state == subject_of(new)


def _named_cells(row: Block) -> list[tuple[str, str]]:
    return [(name, cell) for name, cell in zip(row.columns, row.cells, strict=False) if cell]


def _piece_indexes(hunks: Sequence[Hunk]) -> frozenset[_Indexes]:
    """The old and new indexes of Hunks that are parts of one split or merged Block."""
    by_old = Counter(hunk.old_index for hunk in hunks)
    by_new = Counter(hunk.new_index for hunk in hunks)
    return frozenset(
        (hunk.old_index, hunk.new_index)
        for hunk in hunks
        if hunk.old_index is not None
        and hunk.new_index is not None
        and (by_old[hunk.old_index] > 1 or by_new[hunk.new_index] > 1)
    )


class _Membership:
    """Whether a moved list item, table row or answer now stands under another heading: then it joined another list."""

    def __init__(self, old: Document, new: Document) -> None:
        self._old_blocks = old.blocks
        self._old = headings(old.blocks)
        self._new = headings(new.blocks)
        self._known = frozenset(self._old) & frozenset(self._new)

    def changed(self, hunk: Hunk) -> bool:
        """True when both headings stand in both Documents and differ."""
        if hunk.old_index is None or hunk.new_index is None:
            return False
        if self._old_blocks[hunk.old_index].kind not in (BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.ANSWER):
            return False
        before, after = self._old[hunk.old_index], self._new[hunk.new_index]
        return before != after and before in self._known and after in self._known


def _may_be_one_text(group: Sequence[Hunk], old: Document) -> bool:
    """True for prose of a bounded size on both sides; each table row and each moved Block stands for itself."""
    left = [hunk.old_index for hunk in group if hunk.old_index is not None]
    right = [hunk.new_index for hunk in group if hunk.new_index is not None]
    if len(group) < 2 or not left or not right or any(hunk.op is HunkOp.MOVED for hunk in group):
        return False
    if any(old.blocks[i].kind is BlockKind.TABLE_ROW for i in left):
        return False
    return sum(len(hunk.old) + len(hunk.new) for hunk in group) <= MAX_TOGETHER_CHARACTERS


def _explained_together(hunks: Sequence[Hunk]) -> _Found | None:
    """Why Hunks of one group say the same when read as one text: it was only broken into other Blocks."""
    old_texts = sorted((hunk.old_index, hunk.old) for hunk in hunks if hunk.old_index is not None)
    new_texts = sorted((hunk.new_index, hunk.new) for hunk in hunks if hunk.new_index is not None)
    if len(hunks) < 2 or not old_texts or not new_texts:
        return None
    left, right = " ".join(text for _, text in old_texts), " ".join(text for _, text in new_texts)
    return _explained_text(left, right) if len(left) / 4 <= len(right) <= len(left) * 4 else None


def _links_and_columns(old: Sequence[Block], new: Sequence[Block], kept: Sequence[tuple[int, int]]) -> list[_Found]:
    """Differences that Blocks with the same text still have: a link leads elsewhere, a column has another heading."""
    found: list[_Found] = []
    shown = {block.cells for block in (*old, *new) if block.kind is BlockKind.TABLE_ROW}
    for i, j in kept:
        left, right = old[i], new[j]
        if left.links != right.links:
            targets = places(left.links), places(right.links)
            if sorted(targets[0]) != sorted(targets[1]):
                boilerplate = left.boilerplate and right.boilerplate
                found.append(_BOILERPLATE if boilerplate else (ChangeKind.LINK_TARGET, _link_reason(*targets)))
        if left.columns != right.columns and left.columns and right.columns:
            reordered = sorted(left.columns) == sorted(right.columns)
            if reordered and sorted(_named_cells(left)) != sorted(_named_cells(right)):
                return [(ChangeKind.CONTENT, f"values now stand under other headings, first in {_quoted(right.text)}")]
            hidden = left.columns not in shown or right.columns not in shown
            if hidden and _explained_text(" | ".join(left.columns), " | ".join(right.columns)) is None:
                return [(ChangeKind.CONTENT, _heading_reason(left.columns, right.columns))]
    return found


def _link_reason(old: Sequence[str], new: Sequence[str]) -> str:
    gone = list((Counter(old) - Counter(new)).elements())
    come = list((Counter(new) - Counter(old)).elements())
    before = _quoted(gone[0]) if gone else "no link"
    after = _quoted(come[0]) if come else "no link"
    return f"the visible text is the same, a link changed: {before} → {after}"


def _renamed_headings(hunks: Sequence[Hunk], old: Document, new: Document) -> dict[_Indexes, str]:
    """What to say of each Hunk that is the heading row of a table, when its columns are the same ones renamed."""
    found: dict[_Indexes, str] = {}
    for hunk in hunks:
        i, j = hunk.old_index, hunk.new_index
        if i is None or j is None or hunk.op is not HunkOp.EDITED:
            continue
        if not _is_heading_row(old, i) or not _is_heading_row(new, j):
            continue
        before, after = old.blocks[i].cells, new.blocks[j].cells
        if len(before) == len(after) and _explained_row(old.blocks[i], new.blocks[j], "") is None:
            found[(i, j)] = _heading_reason(before, after)
    return found


def _heading_reason(old: Sequence[str], new: Sequence[str]) -> str:
    """The headings that changed, old and new, when there are as many columns as before; else all of them."""
    pairs = [(" | ".join(old), " | ".join(new))]
    if len(old) == len(new):
        pairs = [(one, two) for one, two in zip(old, new, strict=True) if one != two and not _explained_text(one, two)]
    shown = ", ".join(f"{_quoted(one)} → {_quoted(two)}" for one, two in pairs[:_MOST_HEADINGS])
    more = f" and {len(pairs) - _MOST_HEADINGS} more" if len(pairs) > _MOST_HEADINGS else ""
    return f"a column heading changed: {shown}{more}" if len(pairs) == 1 else f"column headings changed: {shown}{more}"


def _content_reason(hunks: Sequence[Hunk], first: Hunk, renamed: Mapping[_Indexes, str]) -> str:
    told = "; ".join(renamed.values())
    others = [hunk for hunk in hunks if (hunk.old_index, hunk.new_index) not in renamed]
    if (first.old_index, first.new_index) in renamed:
        changed = [hunk for hunk in others if hunk.op is not HunkOp.MOVED and not hunk.boilerplate]
        if not changed:
            return told
        first = changed[0]
    said = _words_reason(others, first)
    return f"{told}; {said}" if told else said


def _words_reason(hunks: Sequence[Hunk], first: Hunk) -> str:
    counts = Counter(hunk.op for hunk in hunks if not (hunk.boilerplate or hunk.is_same_part))
    parts = [f"{counts[op]} {op.value}" for op in HunkOp if counts[op]]
    sample = _quoted(first.new or first.old)
    under = f" under {_quoted(first.heading)}" if first.heading else ""
    return f"the words changed: {', '.join(parts)}; first {first.op.value} {sample}{under}"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= _QUOTE_CHARACTERS else f"“{line[: _QUOTE_CHARACTERS - 1].rstrip()}…”"
