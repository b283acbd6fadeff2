"""How the shortest edit is drawn: edits that meet are one edit, and each slides to the boundary a person would choose.

An edit is a list of steps (sign, code): one code point stands for one token, the signs are those of diff-match-patch.
Unchanged words between two edits cost the reader more than they help when the edits around them are many times their
size: "the" between two rewritten phrases. They are given up, within a bound on what that adds to the marked words.
"""

from __future__ import annotations

from dataclasses import dataclass

from diff_match_patch import diff_match_patch

KEPT, DELETED, INSERTED = 0, -1, 1
# Unchanged words that are given up add at most this share to the words marked around them.
DRAWN_SHARE = 0.1
LONG_KEPT_TOKENS = 16
RUN_STEPS = 400

Steps = list[tuple[int, str]]


def drawn(steps: Steps, no_blanks: dict[int, None]) -> Steps:
    """The same edit as a person would mark it. `no_blanks` takes white space, which costs nothing, out of a code.

    Long edits are drawn in runs, cut in the middle of kept words, because joining and sliding copy what they touch.
    """
    found: Steps = []
    run: Steps = []
    for op, code in tidy(steps):
        if op == KEPT and (len(code) >= LONG_KEPT_TOKENS or len(run) >= RUN_STEPS):
            middle = (len(code) + 1) // 2
            found += _drawn_run([*run, (op, code[:middle])], no_blanks)
            run = [(op, code[middle:])] if code[middle:] else []
        else:
            run.append((op, code))
    return found + _drawn_run(run, no_blanks)


def tidy(steps: Steps) -> Steps:
    """The steps with neighbours of one kind joined, a deletion always before the insertion beside it."""
    found: Steps = []
    parts: dict[int, list[str]] = {KEPT: [], DELETED: [], INSERTED: []}
    for op, code in steps:
        if not code:
            continue
        for closed in (DELETED, INSERTED) if op == KEPT else (KEPT,):
            if parts[closed]:
                found.append((closed, "".join(parts[closed])))
                parts[closed] = []
        parts[op].append(code)
    return found + [(op, "".join(codes)) for op, codes in parts.items() if codes]


@dataclass(kw_only=True, slots=True)
class _Edit:
    """A deletion with the insertion beside it, the unchanged text before both, and how many words it gave up."""

    before: str
    deleted: str = ""
    inserted: str = ""
    given_up: int = 0


def _drawn_run(run: Steps, no_blanks: dict[int, None]) -> Steps:
    if all(op == KEPT for op, _ in run):
        return run
    edits, tail = _edits(run)
    steps: Steps = []
    for edit in _joined(edits, no_blanks):
        steps += [(KEPT, edit.before), (DELETED, edit.deleted), (INSERTED, edit.inserted)]
    steps = [step for step in [*steps, (KEPT, tail)] if step[1]]
    diff_match_patch().diff_cleanupSemanticLossless(steps)
    return steps


def _edits(run: Steps) -> tuple[list[_Edit], str]:
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
        last = op
    return edits, kept


def _joined(edits: list[_Edit], no_blanks: dict[int, None]) -> list[_Edit]:
    """Edits with nothing between them but blanks, or too few words for their size, as one edit."""
    found: list[_Edit] = []
    for edit in edits:
        found.append(edit)
        while len(found) > 1 and _gives_up(found[-2], found[-1], no_blanks):
            right = found.pop()
            found[-1].given_up += right.given_up + _words(right.before, no_blanks)
            found[-1].deleted += right.before + right.deleted
            found[-1].inserted += right.before + right.inserted
    return found


def _gives_up(left: _Edit, right: _Edit, no_blanks: dict[int, None]) -> bool:
    """True when the unchanged text between two edits is given up.

    Words are, when they are no longer than the edit on either side (the rule of diff-match-patch) and add no more than
    DRAWN_SHARE to the words that really differ.
    """
    kept = _words(right.before, no_blanks)
    if not kept:
        return True
    if any(max(len(each.deleted), len(each.inserted)) < len(right.before) for each in (left, right)):
        return False
    sides = (left.deleted, left.inserted, right.deleted, right.inserted)
    given_up = 2 * (left.given_up + right.given_up)
    return given_up + 2 * kept <= DRAWN_SHARE * (sum(_words(side, no_blanks) for side in sides) - given_up)


def _words(code: str, no_blanks: dict[int, None]) -> int:
    return len(code.translate(no_blanks))
