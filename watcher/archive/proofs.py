"""Proofs over the ledger's tree: that a record is in it, and that a later tree continues an earlier one.

Formulas: RFC 6962, 2.1.1 and 2.1.2; verification as in RFC 9162, 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.archive.merkle import Frontier, node_hash

HASH_BYTES = 32


class Tree:
    """All complete subtrees of a tree in memory: 64 bytes a leaf, so that many proofs cost one pass."""

    def __init__(self) -> None:
        self._frontier = Frontier()
        self._levels: list[bytearray] = [bytearray()]  # level k holds the roots of 2**k leaves each, in order

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._frontier.size

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self._frontier.append(leaf)
        subtree = leaf
        for level, row in enumerate(self._levels):
            row += subtree
            if len(row) // HASH_BYTES % 2:
                return
            subtree = node_hash(bytes(row[-2 * HASH_BYTES : -HASH_BYTES]), subtree)
            if level + 1 == len(self._levels):
                break
        self._levels.append(bytearray(subtree))

    def root(self) -> bytes:
        """The tree head."""
        return self._frontier.root()

    def range_root(self, start: int, end: int) -> bytes:
        """The head over leaves `start` to before `end`; `start` is a multiple of a power of two not below the span."""
        span = end - start
        level = span.bit_length() - 1
        if span == 1 << level:
            place = (start >> level) * HASH_BYTES
            return bytes(self._levels[level][place : place + HASH_BYTES])
        split = start + _largest_power_below(span)
        return node_hash(self.range_root(start, split), self.range_root(split, end))

    def inclusion_proof(self, index: int) -> list[bytes]:
        """PATH(index, D[size]): the hashes beside the way from a leaf to the root, the leaf's neighbour first."""
        if not 0 <= index < self.size:
            raise ValueError(f"there is no leaf {index} in a tree of {self.size}")
        path: list[bytes] = []
        start, end = 0, self.size
        while end - start > 1:
            split = start + _largest_power_below(end - start)
            if index < split:
                path.append(self.range_root(split, end))
                end = split
            else:
                path.append(self.range_root(start, split))
                start = split
        return path[::-1]

    def consistency_proof(self, earlier: int) -> list[bytes]:
        """PROOF(earlier, D[size]): what shows that the first `earlier` leaves are the tree that was signed then."""
        if not 0 < earlier <= self.size:
            raise ValueError(f"a tree of {self.size} has no earlier tree of {earlier}")
        path: list[bytes] = []
        start, end, is_whole = 0, self.size, True
        while earlier != end:
            split = start + _largest_power_below(end - start)
            if earlier <= split:
                path.append(self.range_root(split, end))
                end = split
            else:
                path.append(self.range_root(start, split))
                start, is_whole = split, False
        if not is_whole:
            path.append(self.range_root(start, end))
        return path[::-1]


def root_of_inclusion(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to; None when the path cannot belong to that place."""
    if not 0 <= index < size:
        return None
    node, last = index, size - 1
    found = leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        node >>= 1
        last >>= 1
    return found if last == 0 else None


def is_consistent(*, earlier: int, earlier_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a consistency proof shows that the tree of `size` continues the tree of `earlier` leaves."""
    if not 0 < earlier <= size:
        return False
    if earlier == size:
        return not path and earlier_root == root
    hashes = list(path)
    if earlier & (earlier - 1) == 0:
        hashes.insert(0, earlier_root)
    if not hashes:
        return False
    node, last = earlier - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and old == earlier_root and new == root


def _largest_power_below(number: int) -> int:
    return 1 << ((number - 1).bit_length() - 1)
