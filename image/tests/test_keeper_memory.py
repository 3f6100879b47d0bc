"""A log that was rolled back, or that shows two histories, ends the keeper: at its start and later."""

import pytest
from keeper_world import World
from privity_image.errors import Failed
from privity_tlog import tiles


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.keeper().one_pass()
    return world


def surprise(world, keeper=None) -> str:
    """Why a keeper does not go on."""
    with pytest.raises(Failed) as caught:
        (keeper or world.keeper()).one_pass()
    assert caught.value.reason == "surprise"
    return caught.value.detail


@pytest.mark.parametrize("name", ["release", "keys"])
def test_a_log_that_was_rolled_back_is_refused_at_the_start(world, name) -> None:
    world.logs[name].leaves.pop()
    assert "checkpoint_rollback" in surprise(world)


def test_a_second_history_of_equal_size_is_refused(world) -> None:
    world.logs["release"].leaves[-1] = b'{"t":"other"}'
    assert "split_view" in surprise(world)


def test_a_larger_second_history_is_refused(world) -> None:
    world.logs["release"].leaves[1:] = [b'{"t":"other"}'] * 6
    assert "consistency" in surprise(world)


def test_a_rollback_is_noticed_while_it_runs(tmp_path) -> None:
    world = World(tmp_path)
    keeper = world.keeper()
    keeper.one_pass()
    world.logs["release"].leaves.pop()
    world.pass_time(900)
    assert "checkpoint_rollback" in surprise(world, keeper)


def test_nothing_is_posted_under_a_log_that_was_rolled_back(world) -> None:
    before = (world.folder / "published" / "bulletin").read_bytes()
    world.logs["keys"].leaves.pop()
    surprise(world)
    assert (world.folder / "published" / "bulletin").read_bytes() == before
    assert world.logs["keys"].leaves == []


@pytest.mark.parametrize("data", [b"", b"[]", b"{}x", b'{"other":"AA"}', b'{"release":"AA"}', b'{"release":"?"}'])
def test_a_damaged_memory_is_no_reason_to_forget(world, data) -> None:
    (world.folder / "state" / "views").write_bytes(data)
    with pytest.raises(Failed, match="surprise"):
        world.keeper()


def test_heads_are_believed_anew_when_the_memory_is_lost(world) -> None:
    (world.folder / "state" / "views").unlink()
    world.keeper().one_pass()
    assert (world.folder / "state" / "views").exists()


def test_a_head_without_the_witness_is_not_used(world) -> None:
    witness, world.witness = world.witness, world.logs["keys"].signer
    note = world.logs["release"].note(witness, world.now)
    world.witness = witness
    text, _, lines = note.decode().rpartition("\n\n")
    world.served["release/checkpoint"] = f"{text}\n\n{lines.splitlines()[0]}\n".encode()
    keeper = world.keeper()
    keeper.one_pass()
    assert "witness_quorum" in world.said("log_unusable")[0]
    assert keeper.ledger.release.seen is None


def test_entries_that_are_not_those_of_the_head_are_not_used(world) -> None:
    leaves = world.logs["release"].leaves
    forged = [b'{"t":"forged"}', *leaves[1:]]
    world.served[f"release/{tiles.bundle_path(0, len(leaves))}"] = tiles.bundle(forged)
    keeper = world.keeper()
    keeper.one_pass()
    assert "not those of its head" in world.said("log_unusable")[0]


def test_a_forged_directory_is_not_used(world) -> None:
    leaves = world.logs["keys"].leaves
    world.served[f"keys/{tiles.bundle_path(0, 1)}"] = tiles.bundle([leaves[0].replace(b'"nodes":[]', b'"nodes":[ ]')])
    keeper = world.keeper()
    keeper.one_pass()
    assert "inclusion" in world.said("log_unusable")[0]


def test_partial_files_that_became_full_are_found(tmp_path) -> None:
    world = World(tmp_path)
    keeper = world.keeper()
    keeper.one_pass()
    log = world.logs["release"]
    size = len(log.leaves)
    for number in range(300):
        log.append(b'{"n":%d,"t":"test"}' % number)
    reader = keeper.ledger._readers["release"]
    assert reader.entries(0, size) == log.leaves[:size]
    path = reader.tree(size).inclusion(1)
    assert len(path) == 2
    world.pass_time(900)
    keeper.one_pass()
    assert keeper.ledger.release.seen is not None
    assert keeper.ledger.release.seen.size == size + 300
