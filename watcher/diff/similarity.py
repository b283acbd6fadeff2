"""How alike two Blocks are, and which unmatched Blocks belong together as one edited Block.

Likeness is 2 × (words in common, in order) / (words of both), from 0 to 1: the normalised Indel similarity over
words. Short texts, where one word is most of the text, are also compared by character.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from operator import add

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel, Postfix, Prefix

from watcher.diff.effort import Effort
from watcher.diff.sequence import gaps, rising
from watcher.diff.words import UNSPACED
from watcher.model.document import Block, BlockKind

PAIR_LIKENESS = 0.5
LONE_PAIR_LIKENESS = 0.34
LONE_SHORT_LIKENESS = 0.3
SHORT_WORDS = 4
SHORT_CHARACTERS = 400
SHORT_LIKENESS = 0.6
OTHER_KIND_PENALTY = 0.05
# Two table rows whose names are less alike than this (0..100) are two rows, however alike the rest is.
ROW_KEY_LIKENESS = 60.0
# Above this many words on both sides likeness counts words without their order, which is linear.
ORDERED_WORDS = 2_000
# All pairs of a gap are tried up to this many; larger gaps are first cut at pairs that share rare words.
GRID_PAIRS = 256
RARE = 4
CANDIDATES = 4
SAMPLED = 4
SAMPLED_WORDS = 40
# Above this many Blocks of one gap only Blocks in the same place are tried.
MAX_GAP_BLOCKS = 60_000
# One unit is about a microsecond.
TOTAL_UNITS = 800_000

_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
_FIRST_CODE = 0x100
_CODES = 0x110000 - 0x800 - _FIRST_CODE

Pairs = list[tuple[int, int]]


class _WordCodes(dict[str, str]):
    """One code point for each word, given at its first use."""

    def __missing__(self, word: str) -> str:
        number = _FIRST_CODE + len(self) % _CODES
        code = chr(number if number < 0xD800 else number + 0x800)
        self[word] = code
        return code


class Likeness:
    """Likeness of old and new Blocks by index, with the words of each Block coded once.

    Words become one code point each, surrogates skipped; beyond a million distinct words codes repeat, which only
    blurs likeness. Work is booked on `effort`: what does not fit counts as not alike.
    """

    __slots__ = ("_codes", "_new_words", "_old_words", "effort", "new", "new_keys", "old", "old_keys")

    def __init__(self, old: Sequence[Block], new: Sequence[Block]) -> None:
        self.old = old
        self.new = new
        self.effort = Effort(TOTAL_UNITS)
        self.old_keys: dict[int, str] = {}
        self.new_keys: dict[int, str] = {}
        self._codes = _WordCodes()
        self._old_words: dict[int, str] = {}
        self._new_words: dict[int, str] = {}

    def old_words(self, index: int) -> str:
        """The words of an old Block, each as one code point."""
        if index not in self._old_words:
            self._old_words[index] = self._encode(self.old[index].text)
        return self._old_words[index]

    def new_words(self, index: int) -> str:
        """The words of a new Block, each as one code point."""
        if index not in self._new_words:
            self._new_words[index] = self._encode(self.new[index].text)
        return self._new_words[index]

    def _encode(self, text: str) -> str:
        return "".join(map(self._codes.__getitem__, _WORD.findall(text.lower())))

    def may_be_one(self, i: int, j: int) -> bool:
        """False for a row and a Block that is none, and for rows whose names are not alike."""
        row = self.old[i].kind is BlockKind.TABLE_ROW
        if row != (self.new[j].kind is BlockKind.TABLE_ROW):
            return False
        old_key, new_key = self.old_keys.get(i, ""), self.new_keys.get(j, "")
        return not row or not old_key or not new_key or fuzz.ratio(old_key, new_key) >= ROW_KEY_LIKENESS

    def plainly_one(self, i: int, j: int) -> bool:
        """True when the two Blocks begin and end with the same text for more than half of their length."""
        old, new = self.old[i].text, self.new[j].text
        longer = max(len(old), len(new))
        return Prefix.similarity(old, new) + Postfix.similarity(old, new) > longer / 2 and self.may_be_one(i, j)

    def enough_alone(self, i: int, j: int) -> float:
        """How alike two Blocks must be that stand in one place with nothing else: a word of few is enough."""
        short = max(len(self.old_words(i)), len(self.new_words(j))) <= SHORT_WORDS
        return LONE_SHORT_LIKENESS if short else LONE_PAIR_LIKENESS

    def __call__(self, i: int, j: int) -> float:
        """0..1 for an old and a new Block; 0 when they cannot be one."""
        left, right = self.old[i], self.new[j]
        row = BlockKind.TABLE_ROW
        if (left.kind is row or right.kind is row) and not self.may_be_one(i, j):
            return 0.0
        old_words, new_words = self.old_words(i), self.new_words(j)
        if not self.effort.take(_units(len(old_words), len(new_words))):
            return 0.0
        return self._told_apart(_likeness(left.text, right.text, old_words, new_words), left, right)

    def of_all(self, i: int, new: Sequence[int]) -> list[float]:
        """Likeness of one old Block and several new ones, 0 where it is under PAIR_LIKENESS."""
        left, old_words = self.old[i], self.old_words(i)
        prose = left.kind is not BlockKind.TABLE_ROW and SHORT_WORDS < len(old_words) <= ORDERED_WORDS
        if prose and self.effort.take(sum(_units(len(old_words), len(self.new_words(j))) for j in new)):
            scores = [0.0] * len(new)
            texts = [self.new_words(j) for j in new]
            hits = process.extract(
                old_words, texts, scorer=Indel.normalized_similarity, score_cutoff=PAIR_LIKENESS, limit=None
            )
            for _, score, place in hits:
                scores[place] = self._told_apart(score, left, self.new[new[place]])
        else:
            scores = [self(i, j) for j in new]
        return [score if score >= PAIR_LIKENESS else 0.0 for score in scores]

    def _told_apart(self, score: float, left: Block, right: Block) -> float:
        """The likeness of two texts, less for Blocks of another kind."""
        if left.kind is right.kind and left.boilerplate == right.boilerplate:
            return score
        if right.kind is BlockKind.TABLE_ROW and left.kind is not right.kind:
            return 0.0
        other = (left.kind is not right.kind) + (left.boilerplate != right.boilerplate)
        return max(score - OTHER_KIND_PENALTY * other, 0.0)


def _units(old: int, new: int) -> int:
    """Units of effort that the likeness of so many words takes."""
    if old > ORDERED_WORDS and new > ORDERED_WORDS:
        return 4 + (old + new) // 10
    return 4 + old * (new // 64 + 1) // 500


def _likeness(old: str, new: str, old_words: str, new_words: str) -> float:
    if len(old_words) > ORDERED_WORDS and len(new_words) > ORDERED_WORDS:
        return 2 * (Counter(old_words) & Counter(new_words)).total() / (len(old_words) + len(new_words))
    by_word: float = Indel.normalized_similarity(old_words, new_words) if old_words or new_words else 0.0
    if max(len(old_words), len(new_words)) <= SHORT_WORDS and len(old) + len(new) <= SHORT_CHARACTERS:
        by_character = Indel.normalized_similarity(old, new)
        return max(by_word, by_character if by_character >= SHORT_LIKENESS else 0.0)
    return by_word


def pair_in_order(old: Sequence[int], new: Sequence[int], alike: Likeness) -> Pairs:
    """Pairs of Blocks of one gap that are alike enough to be one edited Block, in order on both sides.

    `old` and `new` are Block indexes in document order. Large gaps are cut at pairs found by rare words.
    """
    if not old or not new:
        return []
    if len(old) == 1 and len(new) == 1:
        together = alike.plainly_one(old[0], new[0]) or alike(old[0], new[0]) >= alike.enough_alone(old[0], new[0])
        return [(old[0], new[0])] if together else []
    if len(old) == len(new) and all(map(alike.plainly_one, old, new)):
        return list(zip(old, new, strict=True))
    if len(old) * len(new) <= GRID_PAIRS:
        return _best_grid(old, new, alike)
    if len(old) + len(new) > MAX_GAP_BLOCKS:
        return _by_place(old, new, alike)
    old_place = {index: place for place, index in enumerate(old)}
    new_place = {index: place for place, index in enumerate(new)}
    found = by_rare_words(old, new, alike)
    skeleton = rising(sorted((old_place[i], new_place[j]) for i, j, _ in found))
    pairs = [(old[i], new[j]) for i, j in skeleton]
    for old_start, old_end, new_start, new_end in gaps(skeleton, (0, len(old), 0, len(new))):
        if (old_end - old_start) * (new_end - new_start) <= GRID_PAIRS:
            pairs += pair_in_order(old[old_start:old_end], new[new_start:new_end], alike)
    return sorted(pairs)


def _by_place(old: Sequence[int], new: Sequence[int], alike: Likeness) -> Pairs:
    """Pairs of Blocks in the same place of an oversize gap whose sides are equally long, else none."""
    alike.effort.cut = True
    if len(old) != len(new):
        return []
    return [(i, j) for i, j in zip(old, new, strict=True) if alike.plainly_one(i, j) or alike(i, j) >= PAIR_LIKENESS]


def _best_grid(old: Sequence[int], new: Sequence[int], alike: Likeness) -> Pairs:
    return best_in_order(old, new, [alike.of_all(i, new) for i in old])


def best_in_order(old: Sequence[int], new: Sequence[int], scores: Sequence[Sequence[float]]) -> Pairs:
    """The in-order pairing with the greatest sum of scores, by dynamic programming; pairs that score 0 are none.

    `scores` has a line for each of `old` and in it a number for each of `new`.
    """
    height, width = len(old), len(new)
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for row in range(height - 1, -1, -1):
        here, below, line = best[row], best[row + 1], scores[row]
        for column in range(width - 1, -1, -1):
            paired = line[column] + below[column + 1] if line[column] else 0.0
            here[column] = max(paired, below[column], here[column + 1])
    pairs: Pairs = []
    row = column = 0
    while row < height and column < width:
        score = scores[row][column]
        if score and best[row][column] == score + best[row + 1][column + 1]:
            pairs.append((old[row], new[column]))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return pairs


def by_rare_words(old: Sequence[int], new: Sequence[int], alike: Likeness) -> list[tuple[int, int, float]]:
    """The most alike new Block for each old one among those that share rare words with it, each used once.

    `old` and `new` are Block indexes in document order. In a large text hardly any word is rare: Blocks that find no
    partner by words are tried by pairs of neighbouring words. Nothing for oversize input.
    """
    if len(old) + len(new) > MAX_GAP_BLOCKS:
        alike.effort.cut = True
        return []
    found = _by_rare(old, new, alike, set)
    used_old, used_new = {i for i, _, _ in found}, {j for _, j, _ in found}
    left, right = [i for i in old if i not in used_old], [j for j in new if j not in used_new]
    return found + _by_rare(left, right, alike, _word_pairs)


def _word_pairs(words: str) -> set[str]:
    """Neighbouring words; of a long Block one pair in SAMPLED, chosen by the words alone."""
    pairs = map(add, words, words[1:])
    if len(words) < SAMPLED_WORDS:
        return set(pairs)
    return {pair for pair in pairs if not (ord(pair[0]) ^ ord(pair[1])) % SAMPLED}


def _by_rare(
    old: Sequence[int], new: Sequence[int], alike: Likeness, features: Callable[[str], set[str]]
) -> list[tuple[int, int, float]]:
    """Pairs that are alike enough, by features that stand in at most RARE Blocks of `new`."""
    if not old or not new:
        return []
    where: defaultdict[str, list[int]] = defaultdict(list)
    for index in new:
        for feature in features(alike.new_words(index)):
            where[feature].append(index)
    rare = {feature: indexes for feature, indexes in where.items() if len(indexes) <= RARE}
    scored: list[tuple[float, int, int]] = []
    for i in old:
        votes = Counter(j for feature in features(alike.old_words(i)) if feature in rare for j in rare[feature])
        best = sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))[:CANDIDATES]
        scored += [(-score, i, j) for j, _ in best if (score := alike(i, j)) >= PAIR_LIKENESS]
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    found: list[tuple[int, int, float]] = []
    for negative, i, j in sorted(scored):
        if i not in taken_old and j not in taken_new:
            taken_old.add(i)
            taken_new.add(j)
            found.append((i, j, -negative))
    return found
