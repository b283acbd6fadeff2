"""A Diff as text, all from its Hunks: plain with [-old-]{+new+}, for a terminal, and unified.

No mark is made by colour alone, and no character stays that could hide or reorder its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from watcher.model.change import Diff, Hunk, HunkOp, WordOp
from watcher.render.hunks import HunkView, view_hunk
from watcher.render.words import clipped, folded, grouped, shown

WIDTH = 100
AROUND = 140
LONGEST = 4000
CONTEXT = 2

_WORD = re.compile(r"\n|[^\s]+[^\S\n]*|[^\S\n]+")
_MARKS = {WordOp.KEPT: ("", ""), WordOp.DELETED: ("[-", "-]"), WordOp.INSERTED: ("{+", "+}")}
# ISO 6429: red and struck through, green and underlined.
_COLOURS = {
    WordOp.KEPT: ("", ""),
    WordOp.DELETED: ("\x1b[31;9m", "\x1b[0m"),
    WordOp.INSERTED: ("\x1b[32;4m", "\x1b[0m"),
}


def plain_diff(diff: Diff, *, width: int = WIDTH, colour: bool = False) -> str:
    """Every Hunk under its heading, `[-removed-]{+added+}`, lines folded to `width` characters.

    `colour` adds the colours of a terminal to the marks, never instead of them. Boilerplate stands last.
    """
    views = [view_hunk(hunk, around=AROUND, longest=LONGEST) for hunk in _ordered(diff)]
    return "\n\n".join("\n".join(_hunk_lines(view, width, colour)) for view in views) + "\n" if views else ""


def unified_diff(
    old: Sequence[str], new: Sequence[str], diff: Diff, *, old_name: str, new_name: str, context: int = CONTEXT
) -> str:
    """The unified format of two Documents' Block texts, a Block a line, as `patch` applies it to them.

    Moved Blocks are removed in one place and added in another. A line break inside a Block is shown as "⏎".
    """
    steps = _steps(old, new, diff)
    changed = [place for place, (sign, _) in enumerate(steps) if sign != " "]
    if not changed:
        return ""
    lines = [f"--- {folded(old_name)}", f"+++ {folded(new_name)}"]
    headings = {hunk.old_index: hunk.heading for hunk in diff.hunks}
    for start, end in _runs(changed, context, len(steps)):
        before = [sign for sign, _ in steps[:start]]
        left, right = sum(sign != "+" for sign in before), sum(sign != "-" for sign in before)
        run = steps[start:end]
        length_left, length_right = sum(sign != "+" for sign, _ in run), sum(sign != "-" for sign, _ in run)
        where = next((headings[place] for place in range(left, left + length_left) if headings.get(place)), "")
        spans = f"{_span('-', left, length_left)} {_span('+', right, length_right)}"
        lines.append(f"@@ {spans} @@ {clipped(folded(where), 60)}".rstrip())
        lines += [f"{sign}{_line(text)}" for sign, text in run]
    return "\n".join(lines) + "\n"


def _ordered(diff: Diff) -> list[Hunk]:
    return sorted(diff.hunks, key=lambda hunk: hunk.boilerplate)


def _hunk_lines(view: HunkView, width: int, colour: bool) -> Iterator[str]:
    where = f" under “{clipped(folded(view.where), 160)}”" if view.where else ""
    note = " (boilerplate)" if view.boilerplate else ""
    place = f" ({view.place})" if view.place else ""
    yield f"{view.label}{where}{place}{note}"
    for detail in view.details:
        yield f"  {folded(f'{detail.what}: {detail.steps}')}"
    if view.more:
        yield f"  and {grouped(view.more)} more"
    for line in _wrapped(view, width - 2):
        told = "".join(_coloured(op, "".join(words)) if colour else "".join(words) for op, words in line)
        yield f"  {told}"


def _wrapped(view: HunkView, width: int) -> Iterator[list[tuple[WordOp, list[str]]]]:
    """The words of a Hunk in lines, each line as runs of one sort. Only a word may be longer than one."""
    line: list[tuple[WordOp, list[str]]] = []
    used = 0
    for op, word in _words(view):
        if word == "\n" or (line and used + len(word.rstrip()) > width):
            yield _trimmed(line)
            line, used = [], 0
        if word == "\n":
            continue
        if line and line[-1][0] is op:
            line[-1][1].append(word)
        else:
            line.append((op, [word]))
        used += len(word)
    yield _trimmed(line)


def _trimmed(line: list[tuple[WordOp, list[str]]]) -> list[tuple[WordOp, list[str]]]:
    if line:
        line[-1][1][-1] = line[-1][1][-1].rstrip()
    return line


def _words(view: HunkView) -> Iterator[tuple[WordOp, str]]:
    for piece in view.pieces:
        left, right = _MARKS[piece.op]
        text = f"[… {grouped(piece.hidden)} more characters …]" if piece.hidden else f"{left}{shown(piece.text)}{right}"
        for word in _WORD.findall(text):
            yield piece.op, word


def _coloured(op: WordOp, text: str) -> str:
    start, end = _COLOURS[op]
    return f"{start}{text}{end}" if text else ""


def _steps(old: Sequence[str], new: Sequence[str], diff: Diff) -> list[tuple[str, str]]:
    """("-", text), ("+", text) and (" ", text) in the order of a unified diff."""
    hunks = [hunk for hunk in diff.hunks if hunk.op is not HunkOp.LINKED]
    gone = {hunk.old_index for hunk in hunks if hunk.old_index is not None}
    come = {hunk.new_index for hunk in hunks if hunk.new_index is not None}
    steps: list[tuple[str, str]] = []
    left = right = 0
    while left < len(old) or right < len(new):
        if left < len(old) and left in gone:
            steps.append(("-", old[left]))
            left += 1
        elif right < len(new) and right in come:
            steps.append(("+", new[right]))
            right += 1
        else:
            steps.append((" ", old[left]))
            left, right = left + 1, right + 1
    return steps


def _runs(changed: Sequence[int], context: int, length: int) -> list[tuple[int, int]]:
    """Spans of steps with their context, those that touch joined."""
    runs: list[tuple[int, int]] = []
    for place in changed:
        start, end = max(0, place - context), min(length, place + context + 1)
        if runs and start <= runs[-1][1]:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def _span(sign: str, before: int, length: int) -> str:
    """ "-3,2": lines count from 1; an empty span names the line before it."""
    return f"{sign}{before + 1 if length else before},{length}"


def _line(text: str) -> str:
    return shown(text).replace("\n", "⏎")
