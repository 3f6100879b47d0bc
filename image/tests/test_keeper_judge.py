"""The operator's word is given to what passed everything, and to nothing else."""

from dataclasses import replace
from hashlib import sha256

import pytest
from keeper_world import ADDRESS, World
from privity_attest.memory import Memory
from privity_attest.testing.bundle import NOW, Enclave, Hooks
from privity_attest.testing.root import make_root
from privity_image.keeper import facts as grounds
from privity_image.keeper.files import Files
from privity_image.keeper.judge import Judge, NodeRefused
from privity_protocol import evidence
from privity_tlog.leaves import revocations
from privity_tlog.leaves.revocations import Revocations


class Bench:
    """A keeper that has logged everything, and a judge by what it knows."""

    def __init__(self, folder) -> None:
        self.world = World(folder)
        self.world.away.add(ADDRESS)
        self.keeper = self.world.keeper()
        self.keeper.one_pass()

    def judge(self) -> Judge:
        facts = grounds.facts_of(self.keeper.ledger.release, self.world.folder / "state", Files())
        signer = self.keeper._signers[0]
        return Judge(facts, signer, self.keeper._proof_of, self.keeper.ledger.is_history, "local/release")

    def reasons(self, hooks: Hooks = Hooks(), enclave: Enclave | None = None) -> tuple[str, ...]:  # noqa: B008
        """Why a node is not endorsed."""
        built = self.world.start_node(hooks=hooks, enclave=enclave)
        return self.refused(built.data, sha256(built.items["node-document"][1]).hexdigest())

    def refused(self, data: bytes, nd: str) -> tuple[str, ...]:
        with pytest.raises(NodeRefused) as caught:
            self.judge().endorse(data, nd=nd, weight=1, now=self.world.now, memory=Memory())
        return caught.value.reasons

    def revoke(self, **lists: tuple[bytes, ...]) -> None:
        made = {"releases": (), "keys": (), "platforms": (), **lists}
        self.world.logs["release"].append(revocations.encode(Revocations(time=NOW, **made)))
        self.keeper.ledger.look("release")


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def node_hook(**changes):
    return Hooks(node=lambda document: replace(document, **changes))


def test_a_machine_that_the_fleet_does_not_list_is_not_endorsed(bench) -> None:
    stranger = Enclave(root=make_root(8, now=NOW), nbf=NOW, exp=NOW + 7200)
    assert bench.reasons(enclave=stranger) == ("platform_not_listed",)


def test_a_machine_that_claims_to_be_listed_is_not_endorsed(bench) -> None:
    """It says that it is the operator's; its evidence says otherwise."""
    listed = bench.judge().facts.fleet.platforms[0].id
    stranger = Enclave(root=make_root(8, now=NOW), nbf=NOW, exp=NOW + 7200)
    hooks = Hooks(node=lambda document: replace(document, plat=replace(document.plat, id=listed)))
    assert "root_not_pinned:cpu" in bench.reasons(hooks, stranger)


def test_a_machine_that_is_revoked_is_not_endorsed(bench) -> None:
    bench.revoke(platforms=(bench.judge().facts.fleet.platforms[0].id,))
    assert bench.reasons() == ("platform_not_listed",)


def test_another_measurement_is_not_endorsed(bench) -> None:
    hooks = Hooks(payload=lambda payload: {**payload, "registers": {**payload["registers"], 0: bytes(48)}})
    assert bench.reasons(hooks) == ("measurement_mismatch:0",)


def test_debug_mode_is_not_endorsed(bench) -> None:
    assert bench.reasons(Hooks(payload=lambda payload: {**payload, "debug": True})) == ("debug_enabled",)


def test_a_release_that_is_not_logged_is_not_endorsed(bench) -> None:
    assert bench.reasons(Hooks(release=lambda leaf: {**leaf, "version": "6.6.6"})) == ("release_not_logged",)


def test_a_release_that_is_revoked_is_not_endorsed(bench) -> None:
    bench.revoke(releases=(next(iter(bench.keeper.ledger.release.releases)),))
    assert bench.reasons() == ("release_revoked",)


def test_a_release_that_has_not_begun_is_not_endorsed(bench) -> None:
    bench.world.now = NOW - 86_401
    early = Enclave(nbf=bench.world.now, exp=bench.world.now + 7200)
    assert "release_not_yet_valid" in bench.reasons(enclave=early)


def test_a_key_that_is_revoked_is_not_endorsed(bench) -> None:
    bench.revoke(keys=(sha256(Enclave().pk).digest(),))
    assert bench.reasons() == ("key_revoked",)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"origin": "other/release"}, "anchor_unknown"),
        ({"root": bytes(32)}, "anchor_conflict"),
        ({"size": 3}, "anchor_conflict"),
        ({"size": 0}, "anchor_conflict"),
        ({"size": 999}, "anchor_conflict"),
        ({"time": NOW - 90_000}, "evidence_stale:anchor"),
    ],
)
def test_an_anchor_that_is_no_head_of_the_log_is_not_endorsed(bench, changes, reason) -> None:
    def other(document):
        return replace(document, anchor=replace(bench.world.anchor(), **changes))

    built = Enclave(nbf=NOW, exp=NOW + 7200).build(Hooks(node=other))
    assert bench.refused(built.data, sha256(built.items["node-document"][1]).hexdigest()) == (reason,)


def test_an_older_head_of_the_log_is_a_good_anchor(bench) -> None:
    first = bench.world.start_node()
    bench.revoke()
    nd = sha256(first.items["node-document"][1]).hexdigest()
    endorsed, _ = bench.judge().endorse(first.data, nd=nd, weight=2, now=NOW, memory=Memory())
    assert (endorsed.node.w, endorsed.node.cap) == (2, ("privity/demonstration",))


def test_another_deployment_is_not_endorsed(bench) -> None:
    assert bench.reasons(node_hook(deploy="other")) == ("deployment_mismatch",)


def test_the_answer_to_a_challenge_is_not_endorsed(bench) -> None:
    enclave = Enclave(nonce=bytes(32), nbf=NOW, exp=NOW + 7200)
    assert "nonce_mismatch" in bench.reasons(enclave=enclave)


def test_a_key_that_ended_is_not_endorsed(bench) -> None:
    assert "key_expired" in bench.reasons(enclave=Enclave(nbf=NOW - 7200, exp=NOW))


def test_a_bundle_of_another_key_than_announced_is_not_endorsed(bench) -> None:
    assert bench.refused(bench.world.start_node().data, "00" * 32) == ("binding_mismatch",)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff" * 9, b'{"__cmwc_t":"other"}'])
def test_any_bytes_are_refused_with_a_reason(bench, data) -> None:
    (reason,) = bench.refused(data, "00" * 32)
    assert reason in {"bundle_not_canonical", "bundle_type"}


def test_a_bundle_without_a_document_is_refused(bench) -> None:
    built = bench.world.start_node()
    lacking = evidence.encode({name: item for name, item in built.items.items() if name != "node-document"})
    assert bench.refused(lacking, "00" * 32) == ("label_missing:node-document",)


def test_an_endorsement_and_a_proof_that_the_node_brought_are_replaced(bench) -> None:
    forged = {"endorsement": ("endorsement+cbor", b"\x80"), "release-proof": ("tlog-proof", b"x")}
    built = bench.world.start_node(hooks=Hooks(items=lambda items: {**items, **forged}))
    nd = sha256(built.items["node-document"][1]).hexdigest()
    endorsed, _ = bench.judge().endorse(built.data, nd=nd, weight=1, now=NOW, memory=Memory())
    items = evidence.decode(endorsed.bundle).items
    assert items["endorsement"].data != b"\x80"
    assert items["release-proof"].data.startswith(b"c2sp.org/tlog-proof")


def test_a_refused_node_is_told_and_not_listed(bench) -> None:
    world = bench.world
    world.away.clear()
    world.start_node()
    world.start_node(
        hooks=Hooks(payload=lambda payload: {**payload, "debug": True}),
        enclave=Enclave(pk=bytes(1216), nbf=NOW, exp=NOW + 7200),
    )
    bench.keeper.one_pass()
    assert len(world.listed()) == 1
    (told,) = world.said("node_refused")
    assert told.endswith("debug_enabled")
    bench.keeper.one_pass()
    assert len(world.said("node_refused")) == 1
