"""Inclusion and consistency proofs against the published vectors of RFC 6962 trees, and against every small tree."""

from __future__ import annotations

import hashlib
import itertools

import pytest

from watcher.archive.merkle import leaf_hash, node_hash, tree_root
from watcher.archive.proofs import Tree, is_consistent, root_of_inclusion

# The eight leaves and proofs that implementations of Certificate Transparency share as test vectors.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (3, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (2, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def _tree(size: int) -> Tree:
    tree = Tree()
    for number in range(size):
        tree.append(leaf_hash(LEAVES[number] if number < len(LEAVES) else str(number).encode()))
    return tree


def _hex(path: list[bytes]) -> list[str]:
    return [one.hex() for one in path]


def test_the_roots_are_those_of_the_shared_vectors() -> None:
    assert [_tree(size).root().hex() for size in range(1, 9)] == ROOTS


def test_inclusion_proofs_are_those_of_the_shared_vectors() -> None:
    for (leaf, size), path in INCLUSION.items():
        assert _hex(_tree(size).inclusion_proof(leaf - 1)) == path


def test_consistency_proofs_are_those_of_the_shared_vectors() -> None:
    for (earlier, size), path in CONSISTENCY.items():
        assert _hex(_tree(size).consistency_proof(earlier)) == path


def test_the_example_of_rfc_6962_with_seven_leaves() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(7)]
    a, b, c, d, e, f, j = leaves
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, ell = node_hash(g, h), node_hash(i, j)
    assert tree.inclusion_proof(0) == [b, h, ell]
    assert tree.inclusion_proof(3) == [c, g, ell]
    assert tree.inclusion_proof(4) == [f, j, k]
    assert tree.inclusion_proof(6) == [i, k]
    assert tree.consistency_proof(3) == [c, d, g, ell]
    assert tree.consistency_proof(4) == [ell]
    assert tree.consistency_proof(6) == [i, j, k]


def test_every_proof_of_every_tree_up_to_33_leaves_verifies_and_fails_elsewhere() -> None:
    for size in range(1, 34):
        tree = _tree(size)
        for index in range(size):
            leaf = tree.range_root(index, index + 1)
            path = tree.inclusion_proof(index)
            assert root_of_inclusion(leaf, index=index, size=size, path=path) == tree.root()
            assert root_of_inclusion(leaf, index=index, size=size, path=[*path, leaf]) is None
            if path:
                assert root_of_inclusion(leaf, index=index ^ 1, size=size, path=path) != tree.root()
                assert root_of_inclusion(leaf, index=index, size=size, path=path[:-1]) != tree.root()


def test_every_consistency_proof_up_to_33_leaves_verifies_and_a_changed_past_does_not() -> None:
    trees = [_tree(size) for size in range(34)]
    for earlier, size in itertools.combinations_with_replacement(range(1, 34), 2):
        old, new = trees[earlier].root(), trees[size].root()
        path = trees[size].consistency_proof(earlier)
        known = {"earlier": earlier, "size": size, "root": new, "path": path}
        assert is_consistent(**known, earlier_root=old)
        assert not is_consistent(**known, earlier_root=hashlib.sha256(old).digest())


def test_the_root_is_that_of_the_growing_tree() -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(100)]
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    assert tree.root() == tree_root(leaves) == tree.range_root(0, 100)


@pytest.mark.parametrize("index", [-1, 5])
def test_a_leaf_that_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        _tree(5).inclusion_proof(index)
