"""How the shortest edit is drawn: edits that meet are one edit, and each slides to the boundary a person would choose.

An edit is a list of steps (sign, code): one code point stands for one token, the signs are those of diff-match-patch.
Unchanged words between two edits cost the reader more than they help when the edits around them are many times their
size: "the" between two rewritten phrases. They are given up, within a bound on what that adds to the marked words.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from diff_match_patch import diff_match_patch

KEPT, DELETED, INSERTED = 0, -1, 1
# Unchanged words that are given up add at most this share to the words marked around them.
DRAWN_SHARE = 0.1
LONG_KEPT_TOKENS = 16
RUN_STEPS = 400

Steps = list[tuple[int, str]]
# Runs in which there is nothing to join and nothing to slide.
_SETTLED = ([KEPT], [KEPT, DELETED, INSERTED, KEPT])


def drawn(steps: Steps, blanks: Collection[str], hinges: Collection[str] = ()) -> Steps:
    """A tidy edit as a person would mark it. `blanks` are the codes of white space, which costs nothing, `hinges` those
    of signs that hold a number or a symbol together: "61/84" becomes "62/41" as a whole.

    Long edits are drawn in runs, cut in the middle of kept words, because joining and sliding copy what they touch.
    """
    found: Steps = []
    run: Steps = []
    for op, code in steps:
        if op == KEPT and (len(code) >= LONG_KEPT_TOKENS or len(run) >= RUN_STEPS):
            middle = (len(code) + 1) // 2
            found += _drawn_run([*run, (op, code[:middle])], blanks, hinges)
            run = [(op, code[middle:])] if code[middle:] else []
        else:
            run.append((op, code))
    return found + _drawn_run(run, blanks, hinges)


def tidy(steps: Steps) -> Steps:
    """The steps with neighbours of one kind joined, a deletion always before the insertion beside it."""
    found: Steps = []
    kept = deleted = inserted = ""
    for op, code in steps:
        if op == KEPT and code:
            if deleted or inserted:
                found += [step for step in ((DELETED, deleted), (INSERTED, inserted)) if step[1]]
                deleted = inserted = ""
            kept += code
        elif code:
            if kept:
                found.append((KEPT, kept))
                kept = ""
            if op == DELETED:
                deleted += code
            else:
                inserted += code
    return found + [step for step in ((KEPT, kept), (DELETED, deleted), (INSERTED, inserted)) if step[1]]


@dataclass(kw_only=True, slots=True)
class _Edit:
    """A deletion with the insertion beside it, and the unchanged text before both.

    `differing` counts its words that differ, `given_up` the unchanged ones that it took in.
    """

    before: str
    deleted: str = ""
    inserted: str = ""
    differing: int = 0
    given_up: int = 0


def _drawn_run(run: Steps, blanks: Collection[str], hinges: Collection[str]) -> Steps:
    if [op for op, _ in run] in _SETTLED:
        return run
    edits, tail = _edits(run, blanks)
    edits = _joined(edits, blanks, hinges)
    steps: Steps = []
    for edit in edits:
        steps += [(KEPT, edit.before), (DELETED, edit.deleted), (INSERTED, edit.inserted)]
    steps = [step for step in [*steps, (KEPT, tail)] if step[1]]
    if any(not edit.deleted or not edit.inserted for edit in edits):
        diff_match_patch().diff_cleanupSemanticLossless(steps)
    return steps


def _edits(run: Steps, blanks: Collection[str]) -> tuple[list[_Edit], str]:
    """The edits of a tidy run and the unchanged text behind the last one."""
    edits: list[_Edit] = []
    kept = ""
    last = KEPT
    for op, code in run:
        if op == KEPT:
            kept = code
        elif last == KEPT:
            edits.append(_Edit(before=kept))
            kept = ""
        if op == DELETED:
            edits[-1].deleted = code
        elif op == INSERTED:
            edits[-1].inserted = code
        if op != KEPT:
            edits[-1].differing += _words(code, blanks)
        last = op
    return edits, kept


def _joined(edits: list[_Edit], blanks: Collection[str], hinges: Collection[str]) -> list[_Edit]:
    """Edits with nothing between them but blanks, a hinge, or too few words for their size, as one edit."""
    found: list[_Edit] = []
    for edit in edits:
        found.append(edit)
        while len(found) > 1:
            left, right = found[-2:]
            between = _words(right.before, blanks)
            hinged = right.before in hinges and _replaces(left) and _replaces(right)
            if between and not hinged and not _outweighed(between, left, right):
                break
            found.pop()
            left.deleted += right.before + right.deleted
            left.inserted += right.before + right.inserted
            left.differing += right.differing
            left.given_up += right.given_up + between
    return found


def _replaces(edit: _Edit) -> bool:
    return bool(edit.deleted and edit.inserted)


def _outweighed(words: int, left: _Edit, right: _Edit) -> bool:
    """True when unchanged words between two edits are given up.

    They are no longer than the edit on either side (the rule of diff-match-patch), and giving them up marks no more
    than DRAWN_SHARE of the words that differ.
    """
    if 2 * (left.given_up + right.given_up + words) > DRAWN_SHARE * (left.differing + right.differing):
        return False
    length = len(right.before)
    return all(max(len(each.deleted), len(each.inserted)) >= length for each in (left, right))


def _words(code: str, blanks: Collection[str]) -> int:
    return len(code) - sum(map(code.count, blanks))
