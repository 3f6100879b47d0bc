"""The right edge against the plain definition of the tree and of its tiles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_log import edge as edges
from privity_tlog import merkle, tiles
from privity_tlog.errors import TlogError

LEAVES = [merkle.leaf_hash(number.to_bytes(4)) for number in range(70_000)]


def tile_by_definition(tile: tiles.Tile) -> bytes:
    unit = 256**tile.level
    starts = [(tile.index * 256 + place) * unit for place in range(tile.width)]
    return b"".join(merkle.root_of(LEAVES[start : start + unit]) for start in starts)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 900), st.integers(0, 900))
def test_growing_makes_exactly_the_tiles_and_roots_of_the_definition(old, more) -> None:
    edge, _ = edges.EMPTY.grown(LEAVES[:old])
    assert edge.root() == merkle.root_of(LEAVES[:old])
    grown, files = edge.grown(LEAVES[old : old + more])
    assert grown.root() == merkle.root_of(LEAVES[: old + more])
    assert files == {tile: tile_by_definition(tile) for tile in tiles.tiles_of(old, old + more)}
    assert edges.load(old + more, tile_by_definition) == grown


def test_three_levels_and_the_carry_between_them() -> None:
    held: dict[tiles.Tile, bytes] = {}
    edge = edges.EMPTY
    for start, end in ((0, 65_535), (65_535, 65_536), (65_536, 70_000)):
        edge, files = edge.grown(LEAVES[start:end])
        assert set(files) == set(tiles.tiles_of(start, end))
        held |= files
        assert edge.root() == merkle.root_of(LEAVES[:end]) == tiles.Tree(end, held.__getitem__).root()
    assert held[tiles.Tile(2, 0, 1)] == merkle.root_of(LEAVES[:65_536])


def test_a_tile_of_another_length_is_refused() -> None:
    with pytest.raises(TlogError, match="tile_malformed"):
        edges.load(3, lambda _tile: bytes(95))
