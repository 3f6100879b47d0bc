"""Proofs against the plain definition, and against the public cases that must fail."""

import json
import os
from base64 import b64decode
from pathlib import Path

import naive
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_tlog import merkle, tiles
from privity_tlog.errors import TlogError

SHARED = (
    Path(os.environ.get("PRIVITY_VECTORS", Path(__file__).resolve().parents[3].parent / "shared/vectors"))
    / "crypto/tlog"
)
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared vectors are not here")
LEAVES = [merkle.leaf_hash(bytes([number % 256, number // 256])) for number in range(700)]
SIZES = st.integers(1, len(LEAVES))


def store(size: int) -> dict[tiles.Tile, bytes]:
    """Every tile of the tree of the first `size` leaves, from the plain definition."""
    found = {}
    for tile in tiles.tiles_of(0, size):
        unit = 256**tile.level
        starts = [(tile.index * 256 + place) * unit for place in range(tile.width)]
        found[tile] = b"".join(merkle.root_of(LEAVES[start : start + unit]) for start in starts)
    return found


def tree(size: int) -> tiles.Tree:
    return tiles.Tree(size, store(size).__getitem__)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.data())
def test_paths_from_tiles_are_those_of_the_definition_and_verify(size, data) -> None:
    leaves, made = LEAVES[:size], tree(size)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    root = merkle.root_of(leaves)
    assert made.root() == root
    path = made.inclusion(index)
    assert list(path) == naive.inclusion(leaves, index)
    merkle.verify_inclusion(leaves[index], index, size, path, root)
    steps = made.consistency(old)
    assert list(steps) == naive.consistency(leaves, old)
    merkle.verify_consistency(old, size, steps, merkle.root_of(leaves[:old]), root)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 80), st.data())
def test_a_changed_path_index_or_size_proves_nothing(size, data) -> None:
    leaves = LEAVES[:size]
    index = data.draw(st.integers(0, size - 1))
    path, root = naive.inclusion(leaves, index), merkle.root_of(leaves)
    spoiled = [
        (leaves[index], index, size, [*path, bytes(32)], root),
        (leaves[index], index, size, path[:-1], root),
        (leaves[index], (index + 1) % size, size, path, root),
        (leaves[index], index, size, path, bytes(32)),
        (leaves[index - 1], index, size, path, root),
        (leaves[index], size, size, path, root),
        (leaves[index], -1, size, path, root),
        (leaves[index], index, size, [one[:31] for one in path], root),
    ]
    for arguments in spoiled:
        with pytest.raises(TlogError, match="inclusion"):
            merkle.verify_inclusion(*arguments)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 80), st.data())
def test_a_forked_or_shortened_history_is_not_consistent(size, data) -> None:
    leaves = LEAVES[:size]
    old = data.draw(st.integers(1, size - 1))
    path, before, root = naive.consistency(leaves, old), merkle.root_of(leaves[:old]), merkle.root_of(leaves)
    forked = merkle.root_of([bytes(32), *leaves[1:]])
    spoiled = [
        (old, size, path, before, forked),
        (old, size, path, bytes(32), root),
        (old, size, [*path, bytes(32)], before, root),
        (old, size, path[:-1], before, root),
        (size, old, path, root, before),
        (old, size, [], before, root),
    ]
    for arguments in spoiled:
        with pytest.raises(TlogError, match="consistency"):
            merkle.verify_consistency(*arguments)


def test_the_empty_tree_begins_every_tree_and_equal_trees_need_no_path() -> None:
    root = merkle.root_of(LEAVES[:5])
    merkle.verify_consistency(0, 5, [], merkle.EMPTY_ROOT, root)
    merkle.verify_consistency(5, 5, [], root, root)
    empty = merkle.EMPTY_ROOT
    merkle.verify_consistency(0, 0, [], empty, empty)
    spoiled = [(0, 5, [], root, root), (5, 5, [], bytes(32), root), (5, 5, [root], root, root), (0, 0, [], empty, root)]
    for arguments in spoiled:
        with pytest.raises(TlogError):
            merkle.verify_consistency(*arguments)


def decoded(value: str | None) -> bytes:
    return b64decode(value or "")


@shared
def test_public_inclusion_cases() -> None:
    cases = json.loads((SHARED / "merkle-inclusion.json").read_text())
    assert len(cases) >= 50
    for case in cases:
        arguments = (
            decoded(case["leafHash"]),
            case["leafIdx"],
            case["treeSize"],
            [decoded(one) for one in case["proof"] or []],
            decoded(case["root"]),
        )
        if case["wantErr"]:
            with pytest.raises(TlogError):
                merkle.verify_inclusion(*arguments)
        else:
            merkle.verify_inclusion(*arguments)


SIZE_ZERO = "size 0: any root stands there, here only that of the empty tree"


@shared
def test_public_consistency_cases() -> None:
    cases = json.loads((SHARED / "merkle-consistency.json").read_text())
    assert len(cases) >= 50
    differing = []
    for case in cases:
        arguments = (
            case["size1"],
            case["size2"],
            [decoded(one) for one in case["proof"] or []],
            decoded(case["root1"]),
            decoded(case["root2"]),
        )
        try:
            merkle.verify_consistency(*arguments)
            failed = False
        except TlogError:
            failed = True
        if failed is not case["wantErr"]:
            differing.append(case)
    assert all(case["size1"] == 0 for case in differing), SIZE_ZERO
    assert len(differing) <= 3
