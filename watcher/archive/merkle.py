"""The Merkle tree hash of RFC 6962, section 2.1, grown one leaf at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def leaf_hash(record: bytes) -> bytes:
    """SHA-256(0x00 ‖ record)."""
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The hashes of the complete subtrees of a growing tree, largest first: enough to append and to take the root."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        subtree = leaf
        position = self.size
        while position & 1:
            subtree = node_hash(self._subtrees.pop(), subtree)
            position >>= 1
        self._subtrees.append(subtree)
        self.size += 1

    def root(self) -> bytes:
        """The tree head; SHA-256 of nothing for the empty tree."""
        if not self._subtrees:
            return hashlib.sha256(b"").digest()
        root = self._subtrees[-1]
        for subtree in reversed(self._subtrees[:-1]):
            root = node_hash(subtree, root)
        return root


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The tree head over leaf hashes in order."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()
