"""The words that changed inside one text: the shortest edit over word tokens, drawn for a reader.

A token is a word, a number with its separators, a run of blanks or one other character; combining marks and
joined emoji stay with their base (after Unicode UAX #29), and scripts written without blanks go character by
character. Each token becomes one code point. The edit is an exact longest common subsequence (bit-parallel, rapidfuzz),
inside patience anchors where a text is long; `drawing` then marks it as a person would.
Nothing is limited in seconds, because that gives another answer on a busy machine; sizes are bounded instead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, pairwise
from typing import cast

from diff_match_patch import diff_match_patch
from rapidfuzz.distance import LCSseq

from watcher.diff.drawing import DELETED, INSERTED, KEPT, Steps, drawn, tidy
from watcher.diff.effort import Effort
from watcher.diff.sequence import anchors
from watcher.model.change import WordEdit, WordOp

# One cell is one old token against one new token. The exact matcher works on 64 at a time and keeps a bit for each.
TOTAL_CELLS = 1_500_000_000
DIRECT_CELLS = 1_000_000
GAP_CELLS = 32_000_000
MAX_CHARACTERS = 4_000_000
MAX_DEPTH = 12
PHRASE_WORDS = 4
# Unchanged text that is kept beside an edit, so that the edit can slide to a better word or sentence boundary.
HINGES = "/-–.:"
CONTEXT_CHARACTERS = 80

# Thai, Lao, Burmese, Khmer, kana and Han are written without blanks between words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"\s+|[{UNSPACED}]|\d++(?:[.,]\d++)++(?!\w)|[^\W{UNSPACED}]+|[^\w\s]")
_UNSPACED_CHARACTER = re.compile(f"[{UNSPACED}]")
_MAY_JOIN = re.compile(
    "[\u0300-\u1fff\u200d\u20d0-\u20ff\u3099\u309a\ua000-\uabff\ufb1e\ufe00-\ufe2f\U00010000-\U0010ffff]"
)
_JOINER = "\u200d"

# Words are written as letters, so that diff-match-patch sees them as words when it looks for a good boundary.
_WORD_CODES = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0xAC00, 0xD7A3), (0x2A700, 0x2B738))
_OTHER_CODES = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))

_OPS = {KEPT: WordOp.KEPT, DELETED: WordOp.DELETED, INSERTED: WordOp.INSERTED}


def word_edits(old: str, new: str) -> tuple[WordEdit, ...]:
    """What was kept, deleted and inserted between two texts, in order, deletions before insertions.

    KEPT and DELETED runs joined give `old`, KEPT and INSERTED give `new`, exactly. Neighbouring small edits are
    joined where a person would have marked one. Beyond the size limits a stretch is told as replaced whole.
    """
    return bounded_word_edits(old, new, Effort(TOTAL_CELLS))


def bounded_word_edits(old: str, new: str, effort: Effort) -> tuple[WordEdit, ...]:
    """`word_edits` that books its work on `effort`; `effort.cut` is set where a stretch was not compared."""
    if old == new:
        return (WordEdit(op=WordOp.KEPT, text=old),) if old else ()
    head, tail = _common_ends(old, new)
    old_part, new_part = old[head : len(old) - tail], new[head : len(new) - tail]
    steps: Steps = [(KEPT, old[:head]), *_compare(old_part, new_part, effort), (KEPT, old[len(old) - tail :])]
    return _edits(steps)


def tokens(text: str) -> list[str]:
    """The tokens of `text`; joined they give it back."""
    found: list[str] = _TOKEN.findall(text)
    if _MAY_JOIN.search(text):
        return _by_grapheme(text, found)
    return found


def _by_grapheme(text: str, found: Sequence[str]) -> list[str]:
    starts: list[int] = []
    offset = 0
    before = ""
    for token in found:
        if not starts or not _joins(before, token):
            starts.append(offset)
        offset += len(token)
        before = token
    starts.append(offset)
    return [text[start:end] for start, end in pairwise(starts)]


def _joins(before: str, token: str) -> bool:
    """True when `token` cannot stand apart from the token before it."""
    first = token[0]
    if unicodedata.category(first)[0] == "M" or first == _JOINER or "\U0001f3fb" <= first <= "\U0001f3ff":
        return True
    last = before[-1]
    if last == _JOINER:
        return not first.isspace()
    if "\U0001f1e6" <= first <= "\U0001f1ff":
        return "\U0001f1e6" <= last <= "\U0001f1ff" and len(before) == 1
    inside_word = unicodedata.category(last)[0] == "M" and first.isalnum()
    return inside_word and not _UNSPACED_CHARACTER.match(first) and not _UNSPACED_CHARACTER.match(last)


def _common_ends(old: str, new: str) -> tuple[int, int]:
    """Lengths of a common head and tail that can be set aside: both are cut where a run of blanks begins."""
    prefix = diff_match_patch().diff_commonPrefix(old, new)
    head = old.rfind(" ", 0, max(prefix - CONTEXT_CHARACTERS, 0))
    while head > 0 and old[head - 1].isspace():
        head -= 1
    head = max(head, 0)
    suffix = diff_match_patch().diff_commonSuffix(old[head:], new[head:])
    start = old.find(" ", len(old) - suffix + CONTEXT_CHARACTERS + 1) if suffix > CONTEXT_CHARACTERS else -1
    while 0 < start < len(old) and old[start - 1].isspace():
        start += 1
    return head, len(old) - start if start > 0 else 0


def _compare(old: str, new: str, effort: Effort) -> Steps:
    if not old or not new:
        return [(DELETED, old), (INSERTED, new)]
    if len(old) + len(new) > MAX_CHARACTERS:
        effort.cut = True
        return [(DELETED, old), (INSERTED, new)]
    old_tokens, new_tokens = tokens(old), tokens(new)
    distinct = dict.fromkeys([*old_tokens, *new_tokens])
    codes = _codes(distinct)
    if len(codes) < len(distinct):
        effort.cut = True
        return [(DELETED, old), (INSERTED, new)]
    old_code = "".join(map(codes.__getitem__, old_tokens))
    new_code = "".join(map(codes.__getitem__, new_tokens))
    blanks = frozenset(map(codes.__getitem__, filter(str.isspace, distinct)))
    no_blanks = dict.fromkeys(map(ord, blanks))
    steps = _word_steps(old_code.translate(no_blanks), new_code.translate(no_blanks), effort)
    hinges = frozenset(codes[sign] for sign in HINGES if sign in codes)
    steps = drawn(_with_blanks(steps, old_code, new_code, blanks), blanks, hinges)
    return _decoded(steps, old_tokens, new_tokens)


def _decoded(steps: Steps, old_tokens: Sequence[str], new_tokens: Sequence[str]) -> Steps:
    """Steps with the tokens that their codes stand for."""
    found: Steps = []
    old_at = new_at = 0
    for op, code in steps:
        if op == INSERTED:
            found.append((op, "".join(new_tokens[new_at : new_at + len(code)])))
        else:
            found.append((op, "".join(old_tokens[old_at : old_at + len(code)])))
        old_at += len(code) if op != INSERTED else 0
        new_at += len(code) if op != DELETED else 0
    return found


def _word_steps(old: str, new: str, effort: Effort) -> Steps:
    """Steps between two codes, their common ends set aside."""
    differ = diff_match_patch()
    head = differ.diff_commonPrefix(old, new)
    tail = differ.diff_commonSuffix(old[head:], new[head:])
    middle = _solve(old[head : len(old) - tail], new[head : len(new) - tail], effort, 0)
    steps = [(KEPT, old[:head]), *middle, (KEPT, old[len(old) - tail :])]
    return [step for step in steps if step[1]]


def _with_blanks(steps: Steps, old: str, new: str, blanks: AbstractSet[str]) -> Steps:
    """Tidy steps between two codes, made from steps between them without their blanks.

    Between two kept words the blanks at both ends are kept where they are equal.
    """
    old_words = [place for place, code in enumerate(old) if code not in blanks]
    new_words = [place for place, code in enumerate(new) if code not in blanks]
    found: Steps = []
    kept = ""
    old_at = new_at = 0
    for old_start, old_end, new_start in _kept_stretches(steps, old, new, old_words, new_words):
        before, now = old[old_at:old_start], new[new_at:new_start]
        if before == now:
            kept += before
        else:
            head = int(before[:1] == now[:1])
            tail = int(before[head:][-1:] == now[head:][-1:] != "")
            kept += before[:head]
            if kept:
                found.append((KEPT, kept))
            found += _replaced(before[head : len(before) - tail], now[head : len(now) - tail])
            kept = before[len(before) - tail :]
        kept += old[old_start:old_end]
        old_at, new_at = old_end, new_start + old_end - old_start
    return [*found, (KEPT, kept)] if kept else found


def _kept_stretches(
    steps: Steps, old: str, new: str, old_words: Sequence[int], new_words: Sequence[int]
) -> Iterator[tuple[int, int, int]]:
    """(old start, old end, new start) of kept words with equal blanks between them, then of the end of both codes."""
    old_word = new_word = 0
    for op, words in steps:
        count = len(words)
        if op == KEPT:
            old_start, old_end = old_words[old_word], old_words[old_word + count - 1] + 1
            new_start = new_words[new_word]
            if old[old_start:old_end] == new[new_start : new_words[new_word + count - 1] + 1]:
                yield old_start, old_end, new_start
            else:
                for word in range(count):
                    place = old_words[old_word + word]
                    yield place, place + 1, new_words[new_word + word]
        old_word += count if op != INSERTED else 0
        new_word += count if op != DELETED else 0
    yield len(old), len(old), len(new)


def _codes(distinct: Iterable[str]) -> dict[str, str]:
    """One code point for each token, as far as they reach: blanks and signs stay themselves, words become letters."""
    words: list[str] = []
    others: list[str] = []
    codes: dict[str, str] = {}
    for token in distinct:
        if token[0].isalnum() or token[0] == "_":
            words.append(token)
        elif len(token) == 1 and not "\ue000" <= token <= "\uf8ff" and ord(token) < _OTHER_CODES[1][0]:
            codes[token] = token
        else:
            others.append(token)
    codes.update(zip(words, _characters(_WORD_CODES), strict=False))
    codes.update(zip(others, _characters(_OTHER_CODES), strict=False))
    return codes


def _characters(ranges: Iterable[tuple[int, int]]) -> Iterator[str]:
    return map(chr, chain.from_iterable(range(first, last + 1) for first, last in ranges))


def _solve(old: str, new: str, effort: Effort, depth: int) -> Steps:
    """Steps from one run of tokens to the other: anchors in large runs, the shortest edit in what they leave."""
    if not old or not new:
        return _replaced(old, new)
    cells = len(old) * len(new)
    pairs: list[tuple[int, int]] = []
    if cells > DIRECT_CELLS:
        pairs = _anchors(old, new, cells) if depth < MAX_DEPTH else []
    elif cells == 1 or set(old).isdisjoint(new):
        return [(KEPT, old)] if old == new else _replaced(old, new)
    if not pairs:
        if cells > GAP_CELLS:
            effort.cut = True
        elif effort.take(cells):
            return _shortest(old, new)
        return _replaced(old, new)
    steps: Steps = []
    old_at = new_at = 0
    differ = diff_match_patch()
    for old_anchor, new_anchor in pairs:
        if old_anchor < old_at or new_anchor < new_at:
            continue
        before_old, before_new = old[old_at:old_anchor], new[new_at:new_anchor]
        back = differ.diff_commonSuffix(before_old, before_new)
        steps += _solve(before_old[: len(before_old) - back], before_new[: len(before_new) - back], effort, depth + 1)
        ahead = _equal_ahead(old, old_anchor, new, new_anchor)
        steps.append((KEPT, old[old_anchor - back : old_anchor + ahead]))
        old_at, new_at = old_anchor + ahead, new_anchor + ahead
    return steps + _solve(old[old_at:], new[new_at:], effort, depth + 1)


def _shortest(old: str, new: str) -> Steps:
    steps: Steps = []
    found = cast("list[tuple[str, int, int, int, int]]", LCSseq.opcodes(old, new).as_list())
    for tag, old_start, old_end, new_start, new_end in found:
        if tag == "equal":
            steps.append((KEPT, old[old_start:old_end]))
        else:
            steps.append((DELETED, old[old_start:old_end]))
            steps.append((INSERTED, new[new_start:new_end]))
    return steps


def _anchors(old: str, new: str, cells: int) -> list[tuple[int, int]]:
    """Patience anchors of single tokens; where a large text has none, of PHRASE_WORDS neighbours."""
    pairs = anchors(old, new)
    if pairs or cells <= GAP_CELLS:
        return pairs
    return anchors(_phrases(old), _phrases(new))


def _phrases(code: str) -> list[str]:
    return [code[start : start + PHRASE_WORDS] for start in range(len(code) - PHRASE_WORDS + 1)]


def _equal_ahead(old: str, old_at: int, new: str, new_at: int) -> int:
    """How many characters are equal from these places on, in steps of a growing size."""
    length, step = 0, 16
    while (part := old[old_at + length : old_at + length + step]) and part == new[
        new_at + length : new_at + length + step
    ]:
        length += len(part)
        step *= 2
    rest = new[new_at + length : new_at + length + len(part)]
    return length + int(diff_match_patch().diff_commonPrefix(part, rest))


def _replaced(old: str, new: str) -> Steps:
    return [step for step in ((DELETED, old), (INSERTED, new)) if step[1]]


def _edits(steps: Steps) -> tuple[WordEdit, ...]:
    """Steps as WordEdits, tidied."""
    return tuple(WordEdit(op=_OPS[op], text=text) for op, text in tidy(steps))
