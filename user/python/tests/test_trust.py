"""Dishonest logs and operators, one lie each, against the client's judgement: the reason, and what is kept."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.memory import Memory
from privity_attest.testing.bundle import Hooks
from privity_client.errors import ClientError
from privity_client.testing import fake_log
from privity_client.testing.fake_log import FOREIGN, RELEASE, WITNESS, Deployment, pin
from privity_client.trust import standing
from privity_client.trust.remembered import Remembered
from privity_protocol.errors import Malformed, PrivityError
from privity_protocol.platform import Platform
from privity_tlog import merkle
from privity_tlog.errors import TlogError
from privity_tlog.leaves.revocations import Revocations

HOUR, DAY = 3600, 86_400
STRANGER = Ed25519PrivateKey.from_private_bytes(sha256(b"stranger").digest())


def reasons(made: Deployment, *, later: int = 0, cosigned: int | None = None) -> tuple[str, ...]:
    """Why the deployment's node is refused, nothing when it is accepted."""
    now = made.now + later
    found = standing.establish(made.bulletin(now if cosigned is None else cosigned), pin(), now=now)
    logged = standing.judge(found, made.bundle, made.listed, now=now, paths=made.paths())
    policy = standing.base_policy(found, frozenset({made.root.pin}))
    try:
        appraise(made.bundle, now=now, policy=policy, logged=logged, nonce=None, memory=Memory())
    except Refused as refused:
        return refused.reasons
    return ()


def test_an_honest_node_is_accepted_with_every_check_of_the_log_made() -> None:
    made = Deployment().build()
    found = standing.establish(made.bulletin(), pin(), now=made.now)
    logged = standing.judge(found, made.bundle, made.listed, now=made.now, paths=made.paths())
    policy = standing.base_policy(found, frozenset({made.root.pin}))
    record = appraise(made.bundle, now=made.now, policy=policy, logged=logged, nonce=None, memory=Memory()).record
    outcomes = {one.check: one.outcome for one in record.checks}
    names = ("policy_signature", "platform_listed", "release_logged", "endorsement", "directory", "anchor")
    assert {name: outcomes[name] for name in names} == dict.fromkeys(names, "passed")


def release_hash(made: Deployment) -> bytes:
    return merkle.leaf_hash(made.release.leaves[made.places["release"]])


def revoked_release() -> Deployment:
    made = Deployment().build()
    made.revoke(releases=[release_hash(made)])
    return made


def revoked_key() -> Deployment:
    made = Deployment().build()
    made.revoke(keys=[sha256(bytes(range(256)) * 4 + bytes(192)).digest()])
    return made


def revoked_fleet_key() -> Deployment:
    made = Deployment().build()
    made.revoke(keys=[sha256(fake_log.FLEET_KEY.public_key().public_bytes_raw()).digest()])
    return made


def revoked_machine() -> Deployment:
    made = Deployment().build()
    made.revoke(platforms=[made.listed.plat.id])
    return made


def dropped_from_the_directory() -> Deployment:
    made = Deployment().build()
    made.list_nodes(())
    return made


REFUSED: dict[str, tuple[Callable[[], Deployment], tuple[str, ...]]] = {
    "release that is not logged": (
        lambda: Deployment(logs_the_release=False).build(), ("release_not_logged:inclusion",)
    ),
    "release that was withdrawn": (revoked_release, ("release_revoked",)),
    "release of tomorrow": (
        lambda: Deployment(hooks=Hooks(release=lambda one: {**one, "not_before": fake_log.NOW + DAY})).build(),
        ("release_not_yet_valid",),
    ),
    "machine of nobody": (lambda: Deployment(platforms=()).build(), ("platform_not_listed",)),
    "machine that was withdrawn": (revoked_machine, ("platform_not_listed",)),
    "node key that was withdrawn": (revoked_key, ("directory_not_listed:key_revoked",)),
    "fleet key that was withdrawn": (revoked_fleet_key, ("endorsement_signature:unknown_key",)),
    "stranger's endorsement": (
        lambda: Deployment(endorsing_key=STRANGER).build(), ("endorsement_signature:unknown_key",)
    ),
    "directory without the node": (dropped_from_the_directory, ("directory_not_listed",)),
    "directory with another release": (
        lambda: Deployment(listing=lambda node: replace(node, rel=bytes(32))).build(), ("directory_not_listed:release",)
    ),
    "directory with another machine": (
        lambda: Deployment(listing=lambda node: replace(node, plat=Platform("simulated", bytes(32)))).build(),
        ("directory_not_listed:platform",),
    ),
    "anchor of another log": (
        lambda: Deployment(anchor=lambda one: replace(one, origin="other.test/release")).build(),
        ("anchor_unknown:origin",),
    ),
    "anchor of the future": (
        lambda: Deployment(anchor=lambda one: replace(one, size=99)).build(), ("anchor_unknown:ahead",)
    ),
    "anchor of another history": (
        lambda: Deployment(anchor=lambda one: replace(one, root=bytes(32))).build(), ("anchor_conflict:split_view",)
    ),
    "anchor of another past": (
        lambda: Deployment(anchor=lambda one: replace(one, size=2, root=bytes(32))).build(),
        ("anchor_conflict:consistency",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", REFUSED)
def test_a_node_is_refused_for_what_the_logs_say(title: str) -> None:
    made, expected = REFUSED[title]
    assert reasons(made()) == expected


def test_a_proof_without_its_item_is_no_proof() -> None:
    made = Deployment().build()
    stripped = replace(made, bundle=without(made.bundle, "release-proof"))
    stripped.listed, stripped.places = made.listed, made.places
    assert reasons(stripped) == ("release_not_logged:no_proof",)
    stripped.bundle = without(made.bundle, "endorsement")
    assert reasons(stripped) == ("endorsement_missing",)


def without(bundle: bytes, label: str) -> bytes:
    from privity_protocol import bundle as writer
    from privity_protocol import evidence

    items = evidence.decode(bundle).items
    return writer.encode({name: (one.media_type, one.data) for name, one in items.items() if name != label})


def test_a_release_proof_grows_old_and_a_key_does_before() -> None:
    made = Deployment().build()
    assert reasons(made, later=HOUR) == ()
    for seconds, expected in ((7 * DAY - 1, False), (7 * DAY + 1, True)):
        found = standing.establish(renewed(made, seconds), pin(), now=made.now + seconds)
        logged = standing.judge(found, made.bundle, made.listed, now=made.now + seconds, paths=made.paths())
        assert (logged.release == ("release_proof_stale:checkpoint_stale",)) is expected


def renewed(made: Deployment, seconds: int) -> bytes:
    """The bulletin of a later day, with a directory and revocations of that day."""
    moved = replace(made, now=made.now + seconds, revoked=None)
    moved.listed, moved.places = made.listed, dict(made.places)
    moved.revoke()
    moved.list_nodes((made.listed,))
    return moved.bulletin()


NOT_ESTABLISHED: dict[str, tuple[Callable[[Deployment], bytes], str]] = {
    "quorum short by one": (lambda one: signed_by(one, WITNESS), "witness_quorum"),
    "foreign witness in the place of one": (lambda one: signed_by(one, WITNESS, FOREIGN), "witness_quorum"),
    "no witness at all": (lambda one: signed_by(one), "witness_quorum"),
    "heads of two hours ago": (lambda one: one.bulletin(one.now - 2 * HOUR - 1), "checkpoint_stale"),
    "heads of the future": (lambda one: one.bulletin(one.now + 301), "checkpoint_from_the_future"),
    "policy left out": (lambda one: one.bulletin(without="policy"), "leaf_missing"),
    "fleet left out": (lambda one: one.bulletin(without="fleet"), "leaf_missing"),
    "revocations left out": (lambda one: one.bulletin(without="revocations"), "leaf_missing"),
    "directory left out": (lambda one: one.bulletin(without="directory"), "leaf_missing"),
    "no JSON": (lambda one: b"[]", "member_type"),
}


def signed_by(made: Deployment, *signers: fake_log.Signer) -> bytes:
    made.release.signers = made.keys.signers = signers
    return made.bulletin()


@pytest.mark.parametrize("title", NOT_ESTABLISHED)
def test_a_bulletin_is_not_believed(title: str) -> None:
    posted, reason = NOT_ESTABLISHED[title]
    made = Deployment().build()
    with pytest.raises((TlogError, Malformed)) as caught:
        standing.establish(posted(made), pin(), now=made.now)
    assert caught.value.reason == reason


def test_an_outdated_directory_and_withheld_revocations_are_seen() -> None:
    made = Deployment().build()
    with pytest.raises(ClientError, match="log_outdated: the directory"):
        standing.establish(made.bulletin(made.now + 6901), pin(), now=made.now + 6901)
    stale = Deployment(revoked=Revocations(fake_log.NOW - 8 * DAY - 1, (), (), ())).build()
    with pytest.raises(ClientError, match="log_outdated: the newest list"):
        standing.establish(stale.bulletin(), pin(), now=stale.now)


def test_another_deployment_is_not_the_pinned_one() -> None:
    made = Deployment().build()
    with pytest.raises(ClientError, match="pin_unusable"):
        standing.establish(made.bulletin(), pin(deploy="other"), now=made.now)


def test_consent_and_policy_must_both_name_a_development_root() -> None:
    found = standing.establish(Deployment().build().bulletin(), pin(), now=fake_log.NOW)
    assert not standing.base_policy(found, frozenset()).allow_simulated
    assert not standing.base_policy(found, frozenset({bytes(32)})).allow_simulated
    assert standing.base_policy(found, frozenset({found.policy.trust_anchors.simulated[0]})).allow_simulated


def standings(first: Deployment, second: Deployment) -> tuple[standing.Standing, standing.Standing]:
    return (
        standing.establish(first.bulletin(), pin(), now=first.now),
        standing.establish(second.bulletin(), pin(), now=second.now),
    )


def test_two_heads_of_one_size_are_a_split_view() -> None:
    one, other = standings(
        Deployment().build(), Deployment(revoked=Revocations(fake_log.NOW, (bytes(32),), (), ())).build()
    )
    known = standing.remember(Remembered(), one, {}, now=fake_log.NOW)
    with pytest.raises(TlogError, match="split_view"):
        standing.remember(known, other, {}, now=fake_log.NOW)


def test_a_smaller_head_is_a_rollback_and_an_unconnected_one_is_no_continuation() -> None:
    short, long = Deployment().build(), Deployment().build()
    long.revoke()
    before, after = standings(short, long)
    known = standing.remember(Remembered(), after, {}, now=fake_log.NOW)
    with pytest.raises(TlogError, match="checkpoint_rollback"):
        standing.remember(known, before, {}, now=fake_log.NOW)
    known = standing.remember(Remembered(), before, {}, now=fake_log.NOW)
    with pytest.raises(TlogError, match="consistency"):
        standing.remember(known, after, {}, now=fake_log.NOW)
    path = long.release.tree().consistency(before.release_view.head.size)
    grown = standing.remember(known, after, {RELEASE: path}, now=fake_log.NOW + 5)
    assert grown.views[RELEASE].head.size == 5
    assert grown.places["revocations"] == 4


def test_an_older_list_of_what_was_withdrawn_does_not_come_back() -> None:
    made = Deployment().build()
    first = made.places["revocations"]
    made.revoke(platforms=[bytes(32)])
    known = standing.remember(Remembered(), standing.establish(made.bulletin(), pin(), now=made.now), {}, now=made.now)
    made.places["revocations"] = first
    with pytest.raises(TlogError, match="leaf_rolled_back"):
        standing.remember(known, standing.establish(made.bulletin(), pin(), now=made.now), {}, now=made.now)


def test_releases_of_the_first_contact_count_as_old_and_later_ones_as_new() -> None:
    made = Deployment().build()
    found = standing.establish(made.bulletin(), pin(), now=made.now)
    known = standing.remember(Remembered(), found, {}, now=made.now)
    assert set(known.releases.values()) == {0}
    later = replace(known, releases={})
    again = standing.remember(later, found, {}, now=made.now + 9)
    assert set(again.releases.values()) == {made.now + 9}


def test_a_challenge_is_held_to_the_accepted_node() -> None:
    made = Deployment().build()
    found = standing.establish(made.bulletin(), pin(), now=made.now)
    rel = made.listed.rel
    same = standing.challenged(found, made.bundle, traffic_key=b"k", release=rel, paths=made.paths())
    assert (same.release, same.endorsement, same.directory, same.anchor) == ((), (), (), ())
    other = standing.challenged(found, made.bundle, traffic_key=b"k", release=bytes(32), paths=made.paths())
    assert other.release == ("release_not_logged:another_release",)
    assert standing.challenged(found, b"", traffic_key=b"k", release=rel, paths={}).release != ()


def test_any_bytes_as_a_bundle_are_judged_without_an_exception() -> None:
    made = Deployment().build()
    found = standing.establish(made.bulletin(), pin(), now=made.now)
    for at in range(0, len(made.bundle), 97):
        changed = made.bundle[:at] + bytes([made.bundle[at] ^ 1]) + made.bundle[at + 1 :]
        standing.judge(found, changed, made.listed, now=made.now, paths=made.paths())
        standing.release_of(found, changed)
        standing.sizes(changed)


def test_any_change_of_a_bulletin_gives_a_documented_reason() -> None:
    made = Deployment().build()
    data = made.bulletin()
    for at in range(0, len(data), 61):
        changed = data[:at] + bytes([data[at] ^ 2]) + data[at + 1 :]
        try:
            standing.establish(changed, pin(), now=made.now)
        except PrivityError:
            continue
