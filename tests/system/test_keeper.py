"""The operator's keeper among real processes: what it posts holds for a client, and survives what may happen."""

import asyncio
import json

import pytest
from kept import ORIGINS, kept, nodes_of
from privity_attest.endorsement import FleetKey
from privity_attest.endorsement import verify as verify_endorsement
from privity_protocol import binding, evidence
from privity_tlog import proof, witness_policy

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_a_local_installation_is_posted_and_survives_its_parts(tmp_path, small_model) -> None:
    """One world for several questions: starting it is what takes time."""

    async def run() -> None:
        async with kept(tmp_path, small_model) as world:
            await world.start()
            posted = await world.posted(lambda one: bool(nodes_of(one)))
            check_bundle(world, posted)
            check_status(world)
            await the_log_is_away_and_comes_back(world)
            await the_keeper_is_killed_and_comes_back(world)
            await the_node_is_gone(world)
            await another_machine_takes_its_place(world)
            check_monitor(world)
            world.keeper.terminate()
            assert await world.keeper.ended() == 0
            assert world.events()[-1]["event"] == "stopped"

    asyncio.run(run())


def check_bundle(world, posted) -> None:
    """The listed node's bundle holds for a client: proof in the same log, endorsement by the logged fleet key."""
    (node,) = nodes_of(posted)
    (machine,) = posted.fleet.platforms
    assert node.plat.id == machine.id
    items = evidence.decode((world.published / "bundles" / node.nd.hex()).read_bytes()).items
    policy = witness_policy.decode(world.policy.read_bytes())
    proof.verify(items["release-proof"].data, items["release"].data, policy, origin=ORIGINS["release"])
    said = items["node-document"].data
    document = binding.decode(said)
    keys = tuple(FleetKey(one.ed25519, one.mldsa44) for one in posted.fleet.keys)
    given = items["endorsement"].data
    verify_endorsement(given, keys, node_document=said, platform=node.plat.id, exp=document.exp)
    assert document.anchor.origin == ORIGINS["release"]
    assert 0 < document.anchor.size <= posted.release_head.checkpoint.size
    assert node.rel in posted.releases
    assert json.loads(world.anchor.read_bytes()).keys() == {"origin", "root", "size", "time"}


def check_status(world) -> None:
    """The operator's own look at it says that all is there and nothing is due."""
    found = json.loads(world.tool("privity_image", "status", "--json", "--config", str(world.settings)))
    assert {row["what"] for row in found if row["due"]} == set()
    assert {row["what"]: row["says"] for row in found}["directory"] == "1 nodes"


def check_monitor(world) -> None:
    """Whoever watches the logs finds nothing surprising about what the keeper has logged."""
    said = ["monitor", "--home", str(world.folder / "monitor"), "--policy", str(world.watched), "--once"]
    world.tool("privity_log", *said)


async def the_log_is_away_and_comes_back(world) -> None:
    """What was posted stays, the keeper lives, and goes on with the same directory."""
    before = world.verified()
    world.log.kill()
    world.keeper.kill()
    await world.keeper.start()
    await world.said("log_unusable")
    assert world.verified() == before
    await world.log.start()
    await world.said("log_usable")
    await world.said("posted", 2)
    assert world.verified().indices == before.indices


async def the_keeper_is_killed_and_comes_back(world) -> None:
    """Its next run logs nothing anew."""
    before = world.verified()
    told = len(world.events())
    world.keeper.kill()
    await world.keeper.start()
    await world.said("posted", 3)
    assert world.verified().indices == before.indices
    assert not [one for one in world.events()[told:] if one["event"] == "logged"]


async def the_node_is_gone(world) -> None:
    """It is listed no longer, at once, in a directory that names the one before."""
    before = world.verified()
    await world.node.stop()
    after = await world.posted(lambda one: one.directory != before.directory)
    assert nodes_of(after) == []
    assert after.indices["directory"] == before.indices["directory"] + 1


async def another_machine_takes_its_place(world) -> None:
    """A genuine node of the very same release, at the operator's own address, on a machine that is not in the log."""
    other = world.folder / "other"
    world.tool("privity_simulation", "root", str(other))
    stranger = world.node_of("stranger", other)
    try:
        await stranger.start()
        (why,) = await world.said("node_refused")
    finally:
        await stranger.stop()
    assert why.endswith("platform_not_listed")
    assert nodes_of(world.verified()) == []
