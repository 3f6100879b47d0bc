"""The memory of the newest leaves: first places, and a bound."""

from privity_log.repetition import Repetition


def test_the_first_place_counts_and_the_oldest_are_forgotten() -> None:
    leaves = [bytes([number]) for number in range(6)]
    memory = Repetition(leaves[:3], 10, most=4)
    memory.add([leaves[1], leaves[3]], 13)
    assert [memory.place(leaf) for leaf in leaves] == [10, 11, 12, 14, None, None]
    memory.add(leaves[4:], 15)
    assert [memory.place(leaf) for leaf in leaves] == [None, None, 12, 14, 15, 16]
