"""The keeper from the first pass on: what it logs, lists and posts, when it does so again, and when it does not."""

from dataclasses import replace

import pytest
from keeper_world import ADDRESS, ORIGINS, World
from privity_attest.appraise import appraise
from privity_attest.endorsement import FleetKey
from privity_attest.endorsement import verify as verify_endorsement
from privity_attest.logged import PROVED, Logged
from privity_attest.memory import Memory
from privity_attest.policy import Fleet
from privity_attest.policy import decode as decode_policy
from privity_attest.testing.bundle import NOW, Enclave
from privity_image.errors import Failed
from privity_protocol import canonical, evidence
from privity_protocol.node_document import decode_anchor
from privity_tlog import head as heads
from privity_tlog import proof, witness_policy
from privity_tlog.leaves import reading, revocations, trust, web

DAY = 86_400
PROVEN = Logged(None, PROVED, PROVED, PROVED, PROVED, PROVED)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def running(world):
    """A keeper that has logged what a local installation needs and has posted one node."""
    keeper = world.keeper()
    world.away.add(ADDRESS)
    keeper.one_pass()
    world.away.clear()
    built = world.start_node()
    keeper.one_pass()
    return keeper, built


def kinds(world, name="release"):
    return [reading.kind_of(leaf) for leaf in world.logs[name].leaves]


def test_the_first_pass_logs_what_is_missing_and_the_release_last(world) -> None:
    world.keeper().one_pass()
    *first, last = kinds(world)
    assert sorted(first) == ["fleet", "policy", "revocations"]
    assert last == "release"


def test_the_web_client_beside_a_local_node_is_logged_once(world) -> None:
    world.web = web.encode(web.Web("1", "local", {web.INDEX: bytes(32)}))
    world.keeper().one_pass()
    assert kinds(world).count("web") == 1
    assert kinds(world)[-1] == "release"
    world.pass_time(61)
    world.keeper().one_pass()
    assert kinds(world).count("web") == 1
    world.web = web.encode(web.Web("2", "local", {web.INDEX: bytes(32)}))
    world.pass_time(61)
    world.keeper().one_pass()
    assert kinds(world)[-1] == "web", "another build is another leaf"


def test_a_posted_bundle_is_accepted_as_a_client_does_it(world) -> None:
    _, built = running(world)
    posted = world.posted()
    (nd,) = world.listed()
    data = (world.folder / "published" / "bundles" / nd).read_bytes()
    (machine,), (key,) = posted.fleet.platforms, posted.fleet.keys
    fleet_key = FleetKey(key.ed25519, key.mldsa44)
    policy = replace(decode_policy(posted.appraisal), fleet=Fleet((machine.id,), (fleet_key.id,)))
    found = appraise(data, now=world.now, policy=policy, logged=PROVEN, nonce=None, memory=Memory())
    items = evidence.decode(data).items
    verify_endorsement(
        items["endorsement"].data,
        (fleet_key,),
        node_document=found.node_document,
        platform=found.document.plat.id,
        exp=found.document.exp,
    )
    pinned = witness_policy.decode(world.policy_text())
    proof.verify(items["release-proof"].data, items["release"].data, pinned, origin=ORIGINS["release"])
    assert items["release"].data == built.items["release"][1]


def test_the_anchor_is_the_cosigned_head_of_the_release_log(world) -> None:
    keeper = world.keeper()
    keeper.one_pass()
    first = decode_anchor(canonical.decode((world.folder / "anchor").read_bytes(), max_bytes=512))
    assert first == replace(world.anchor(), time=NOW)
    world.pass_time(900)
    keeper.one_pass()
    again = decode_anchor(canonical.decode((world.folder / "anchor").read_bytes(), max_bytes=512))
    assert again == replace(first, time=NOW + 900)


def test_nothing_changes_while_nothing_changed(world) -> None:
    keeper, _ = running(world)
    before = {path: path.stat().st_mtime_ns for path in world.folder.rglob("*")}
    sizes = [len(log.leaves) for log in world.logs.values()]
    keeper.one_pass()
    assert {path: path.stat().st_mtime_ns for path in world.folder.rglob("*")} == before
    assert [len(log.leaves) for log in world.logs.values()] == sizes


def test_a_head_that_was_cosigned_anew_is_posted_anew(world) -> None:
    keeper, _ = running(world)
    world.pass_time(900)
    keeper.one_pass()
    posted = world.posted()
    assert posted.keys_head.time == posted.release_head.time == NOW + 900
    heads.check_age(posted.keys_head, now=world.now + 7199 - 900, most=7200, skew=300)
    assert len(world.directories()) == 1


def test_a_directory_is_an_hour_old_at_most(world) -> None:
    keeper, _ = running(world)
    world.pass_time(3599)
    keeper.one_pass()
    assert len(world.directories()) == 1
    world.pass_time(1)
    keeper.one_pass()
    first, second = world.directories()
    assert (second.nbf, second.exp) == (NOW + 3600, NOW + 10_800)
    assert first.nodes == second.nodes


def test_a_second_key_waits_until_the_directory_is_a_minute_old(world) -> None:
    keeper, _ = running(world)
    world.pass_time(59)
    world.start_node(enclave=Enclave(pk=bytes(1216), nbf=world.now, exp=world.now + 7200))
    keeper.one_pass()
    assert len(world.listed()) == 1
    world.pass_time(1)
    keeper.one_pass()
    assert len(world.listed()) == 2


def test_a_node_that_is_gone_is_taken_out_at_once(world) -> None:
    keeper, _ = running(world)
    world.away.add(ADDRESS)
    for _ in range(2):
        keeper.one_pass()
        assert len(world.listed()) == 1
    keeper.one_pass()
    assert world.listed() == set()
    assert not list((world.folder / "published" / "bundles").iterdir())


def test_after_a_restart_the_list_waits_until_every_node_was_asked(world) -> None:
    running(world)
    before = world.listed()
    world.away.add(ADDRESS)
    keeper = world.keeper()
    keeper.one_pass()
    keeper.one_pass()
    world.away.clear()
    keeper.one_pass()
    assert world.listed() == before
    assert len(world.directories()) == 1


def test_a_restarted_keeper_waits_for_a_node_that_starts_beside_it(world) -> None:
    """Else the last directory would be replaced by an empty one, and the node would wait a minute for the next."""
    running(world)
    again = world.keeper()
    world.away.add(ADDRESS)
    for _ in range(20):
        again.one_pass()
    assert kinds(world, "keys") == ["directory"]
    world.away.clear()
    again.one_pass()
    assert kinds(world, "keys") == ["directory"]
    gone = world.keeper()
    world.away.add(ADDRESS)
    for _ in range(101):
        gone.one_pass()
    assert world.listed() == set()


def test_a_log_that_is_away_leaves_what_was_posted(world) -> None:
    keeper, _ = running(world)
    before = (world.folder / "published" / "bulletin").read_bytes()
    world.away |= {"release", "keys"}
    world.pass_time(4000)
    keeper.one_pass()
    keeper.one_pass()
    assert (world.folder / "published" / "bulletin").read_bytes() == before
    assert len(world.said("log_unusable")) == 3
    world.away.clear()
    keeper.one_pass()
    assert world.posted().keys_head.time == world.now
    assert world.said("log_usable") == ["release", "keys"]


def test_revocations_follow_each_other_weekly_even_empty(world) -> None:
    keeper, _ = running(world)
    world.bootstrap = False
    world.pass_time(6 * DAY - 1)
    keeper.one_pass()
    assert kinds(world).count("revocations") == 1
    world.pass_time(1)
    world.keeper().one_pass()
    times = [revocations.decode(one).time for one in world.logs["release"].leaves if b"revocations" in one]
    assert times == [NOW, NOW + 6 * DAY]


def test_the_weekly_leaf_lists_what_the_one_before_listed(world) -> None:
    keeper, _ = running(world)
    revoked = revocations.Revocations(NOW, (bytes(32),), (b"k" * 32,), (b"p" * 32,))
    world.logs["release"].append(revocations.encode(revoked))
    world.pass_time(7 * DAY)
    keeper.one_pass()
    newest = revocations.decode(world.logs["release"].leaves[-1])
    assert newest == replace(revoked, time=world.now)


def test_the_appraisal_policy_is_renewed_at_half_of_its_life(world) -> None:
    keeper, _ = running(world)
    world.pass_time(15 * DAY - 1)
    keeper.one_pass()
    assert kinds(world).count("policy") == 1
    world.pass_time(1)
    keeper.one_pass()
    assert kinds(world).count("policy") == 2
    leaf = trust.decode([one for one in world.logs["release"].leaves if b'"t":"policy"' in one][-1])
    document = (world.folder / "state" / "appraisals" / leaf.appraisal_policy.hex()).read_bytes()
    assert decode_policy(document).version == 2


def test_another_witness_policy_is_logged_with_the_same_appraisal_policy(world) -> None:
    keeper, _ = running(world)
    local = keeper._local
    assert local is not None
    keeper._local = replace(local, witness_policy=b"# witnesses of tomorrow\n" + local.witness_policy)
    world.pass_time(10)
    keeper.one_pass()
    first, second = [trust.decode(one) for one in world.logs["release"].leaves if b'"t":"policy"' in one]
    assert second.witness_policy != first.witness_policy
    assert second.appraisal_policy == first.appraisal_policy


def test_another_fleet_key_replaces_the_fleet_leaf(world) -> None:
    running(world)
    keeper = world.keeper(signer=70)
    world.pass_time(61)
    keeper.one_pass()
    assert kinds(world).count("fleet") == 2
    assert len(world.listed()) == 1


def test_a_release_that_names_hardware_is_never_logged_by_the_keeper(world) -> None:
    value = canonical.decode(world.release, max_bytes=65_535)
    assert isinstance(value, dict)
    value["platforms"] = {**value["platforms"], "nitro": {"pcrs": {"0": ["ab" * 48]}}}
    world.release = canonical.encode(value)
    world.keeper().one_pass()
    assert "release" not in kinds(world)
    assert world.said("not_posted")[0] == "a release with a platform that is not simulated is logged by a person"


def test_without_bootstrap_nothing_is_logged_but_directories_and_revocations(world) -> None:
    world.bootstrap = False
    keeper = world.keeper()
    keeper.one_pass()
    assert kinds(world) == kinds(world, "keys") == []
    assert "no policy leaf is logged" in world.said("not_posted")[0]


def test_an_appraisal_policy_that_is_not_the_logged_one_is_never_posted(world) -> None:
    running(world)
    (path,) = (world.folder / "state" / "appraisals").iterdir()
    path.write_bytes(path.read_bytes() + b" ")
    world.bootstrap = False
    before = (world.folder / "published" / "bulletin").read_bytes()
    again = world.keeper()
    world.pass_time(900)
    again.one_pass()
    assert (world.folder / "published" / "bulletin").read_bytes() == before
    assert "is not at hand" in world.said("not_posted")[0]


def test_a_fleet_key_that_is_revoked_endorses_nothing(world) -> None:
    keeper, _ = running(world)
    key = keeper._signers[0].public
    world.logs["release"].append(revocations.encode(revocations.Revocations(NOW, (), (key.id,), ())))
    world.bootstrap = False
    world.keeper().one_pass()
    assert world.said("not_posted")[-1] == "no fleet key at hand is in the fleet leaf"


def test_a_revocation_takes_a_node_out(world) -> None:
    keeper, built = running(world)
    gone = revocations.Revocations(NOW, (built.node.rel,), (), ())
    world.logs["release"].append(revocations.encode(gone))
    world.pass_time(60)
    keeper.one_pass()
    assert world.listed() == set()
    assert world.said("node_refused")[-1].endswith("release_revoked")


def test_what_is_read_must_not_lag_behind_what_is_written(world) -> None:
    """Else the same leaf would be logged again and again, each time with another date."""
    keeper = world.keeper()
    world.served["release/checkpoint"] = world.logs["release"].note(world.witness, NOW)
    keeper.one_pass()
    assert "lags behind" in world.said("log_unusable")[0]
    assert (world.folder / "published").exists() is False


def test_a_weight_that_changed_is_listed(world) -> None:
    keeper, _ = running(world)
    ((nd, (_, data)),) = world.nodes[ADDRESS].items()
    world.nodes[ADDRESS][nd] = (5, data)
    world.pass_time(60)
    keeper.one_pass()
    assert [node.w for node in world.directories()[-1].nodes] == [5]


def test_releases_before_the_one_that_runs_are_posted_with_it(world) -> None:
    value = canonical.decode(world.release, max_bytes=65_535)
    assert isinstance(value, dict)
    keeper = world.keeper()
    older = [canonical.encode({**value, "version": f"0.0.{number}"}) for number in range(3)]
    for leaf in older:
        world.logs["release"].append(leaf)
    world.away.add(ADDRESS)
    keeper.one_pass()
    world.away.clear()
    world.start_node()
    keeper.one_pass()
    posted = [entry.leaf for entry in world.posted().releases.values()]
    assert posted == [older[-1], world.release]


def test_a_disk_that_refuses_is_told_and_tried_again(world) -> None:
    keeper, _ = running(world)
    world.pass_time(900)

    def full(path, data) -> None:
        raise Failed("store", "no space")

    write, keeper._files.write = keeper._files.write, full
    keeper.one_pass()
    assert world.said("write_failed") == ["no space"] * 2
    keeper._files.write = write
    keeper.one_pass()
    assert world.posted().keys_head.time == world.now
