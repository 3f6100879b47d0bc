"""The keeper's parts by themselves: configuration, fleet key files, what nodes announce, when a directory is due."""

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from privity_attest.endorsement import verify as verify_endorsement
from privity_image.errors import Failed
from privity_image.keeper import fleet_key, listing, nodes, proofs, settings, upkeep
from privity_protocol import canonical, directory
from privity_protocol.directory import Directory, Node
from privity_protocol.platform import Platform
from privity_tlog import checkpoint, cosignature, keys, merkle, note, proof, witness_policy
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.keys import COSIGNATURE_MLDSA44, NOTE_ED25519, Key
from privity_tlog.note import Note, Signature

NOW = 1_800_000_000
LOG = {"origin": "local/release", "read": "http://localhost/release", "append": "unix:/run/append.sock"}
CONFIGURATION = {
    "v": 1,
    "deploy": "local",
    "state": "/state",
    "published": "/published",
    "anchor": None,
    "policy": "/policy",
    "token": "/token",
    "logs": {"release": LOG, "keys": {**LOG, "origin": "local/keys"}},
    "nodes": ["tcp:127.0.0.1:8082", "unix:/run/node.sock"],
    "fleet_keys": ["/state/fleet.key"],
    "bootstrap": False,
    "release": None,
    "simulated_root": None,
}


def test_a_configuration_is_read() -> None:
    read = settings.decode(canonical.encode(CONFIGURATION))
    assert read.logs["keys"].origin == "local/keys"
    assert read.nodes == ("tcp:127.0.0.1:8082", "unix:/run/node.sock")
    assert read.web is None
    local = {"bootstrap": True, "release": "/release", "simulated_root": "/root.pem", "web": "/web"}
    assert settings.decode(canonical.encode({**CONFIGURATION, **local})).web == Path("/web")


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"more": 1},
        {"state": "relative"},
        {"nodes": ["http://node"]},
        {"nodes": ["tcp:a:1", "tcp:a:1"]},
        {"nodes": [f"tcp:a:{port}" for port in range(126)]},
        {"fleet_keys": []},
        {"logs": {"release": LOG}},
        {"logs": {"release": {**LOG, "read": "unix:/x"}, "keys": LOG}},
        {"bootstrap": True},
        {"bootstrap": True, "release": "/release"},
        {"web": "/web"},
        {"release": "/release"},
        {"deploy": "Local!"},
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(changes) -> None:
    with pytest.raises(Failed, match="configuration"):
        settings.decode(canonical.encode({**CONFIGURATION, **changes}))


@given(st.binary(max_size=200))
def test_any_bytes_are_no_configuration(data) -> None:
    with pytest.raises(Failed, match="configuration"):
        settings.decode(data)


def test_a_fleet_key_is_made_once_private_and_read_back(tmp_path) -> None:
    path = tmp_path / "keys" / "fleet.key"
    made = fleet_key.make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert fleet_key.read(path).public == made.public
    with pytest.raises(Failed, match="key_file"):
        fleet_key.make(path)


def test_a_fleet_key_that_others_can_read_is_refused(tmp_path) -> None:
    path = tmp_path / "fleet.key"
    fleet_key.make(path)
    os.chmod(path, 0o640)
    with pytest.raises(Failed, match="chmod 600"):
        fleet_key.read(path)


@pytest.mark.parametrize("text", ["", "privity-fleet-key-1 AA AA\n", "privity-fleet-key-2 A B\n", "ü", "a b c d"])
def test_a_file_that_is_no_fleet_key_is_refused(tmp_path, text) -> None:
    path = tmp_path / "fleet.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Failed, match="no fleet key"):
        fleet_key.read(path)
    with pytest.raises(Failed, match="key_file"):
        fleet_key.read(tmp_path / "absent")


def test_a_fleet_key_signs_with_both_parts_and_shows_neither() -> None:
    signer = fleet_key.signer_of(bytes(32), b"2" * 32)
    item = signer.endorse(b"document", bytes(32), NOW)
    verify_endorsement(item, (signer.public,), node_document=b"document", platform=bytes(32), exp=NOW)
    assert "ed25519=b" in repr(signer)
    assert "PrivateKey" not in repr(signer)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"windows":{}}',
        b'{"windows":[1]}',
        b'{"windows":[{"nd":"aa","w":1}]}',
        json.dumps({"windows": [{"nd": "a" * 64, "w": 9}]}).encode(),
        json.dumps({"windows": [{"nd": "a" * 64, "w": True}]}).encode(),
        json.dumps({"windows": [{"nd": "a" * 64}]}).encode(),
        json.dumps({"windows": [{"nd": f"{at:064x}", "w": 1} for at in range(9)]}).encode(),
        b"[" * 60_000,
    ],
)
def test_a_report_that_is_none_is_refused(data) -> None:
    with pytest.raises(Failed, match="malformed"):
        nodes.parse(data)


def node(number: int) -> Node:
    return Node(bytes([number]) * 32, Platform("simulated", bytes(32)), bytes(32), ("m",), 1)


def due(known: list[int] | None, wanted: list[int], *, age: int = 1000, settled: bool = True) -> list[int] | None:
    """Which nodes a new directory lists, when the known one is so old."""
    listed = None if known is None else Directory(NOW - age, NOW - age + 7200, None, tuple(map(node, known)))
    found = listing.due(listed, map(node, wanted), settled=settled, now=NOW)
    return None if found is None else [one.nd[0] for one in found]


def test_the_first_directory_is_due_at_once_when_there_is_a_node() -> None:
    assert due(None, [2, 1], settled=False) == [1, 2]
    assert due(None, [], settled=False) is None
    assert due(None, []) == []


def test_a_change_waits_a_minute_and_a_loss_does_not() -> None:
    assert due([1], [1, 2], age=59) is None
    assert due([1], [1, 2], age=60) == [1, 2]
    assert due([1, 2], [1], age=1) == [1]
    assert due([1], [1], age=3599) is None
    assert due([1], [1], age=3600) == [1]


def test_nothing_is_decided_before_every_node_was_asked() -> None:
    assert due([1, 2], [1], age=61, settled=False) is None
    assert due([1, 2], [1, 2], age=3601, settled=False) is None


def test_a_clock_that_was_set_back_makes_a_new_directory() -> None:
    assert due([1], [1], age=-1) == [1]


@pytest.mark.parametrize(("names", "most"), [(("m",), 250), (tuple(f"{at:02d}{'x' * 126}" for at in range(20)), 26)])
def test_a_directory_holds_the_first_nodes_that_fit_into_a_leaf(names, most) -> None:
    wanted = [Node(at.to_bytes(32), Platform("simulated", bytes(32)), bytes(32), names, 1) for at in range(300)]
    found = listing.due(None, reversed(wanted), settled=True, now=NOW)
    assert found is not None
    assert 0 < len(found) <= most
    assert found == tuple(wanted[-len(found) :])
    data = directory.encode(listing.directory(found, prev=bytes(32), now=NOW))
    assert len(data) > directory.MAX_DIRECTORY - 4096


def test_no_leaf_is_dated_before_the_last_of_its_kind() -> None:
    assert upkeep.next_time(None, NOW) == NOW
    assert upkeep.next_time(NOW + 300, NOW) == NOW + 300
    with pytest.raises(Failed, match="301 s ahead"):
        upkeep.next_time(NOW + 301, NOW)


def witnessed(count: int, quorum: str) -> tuple[bytes, bytes, bytes]:
    """A leaf, the note of its log with so many ML-DSA-44 cosignatures, and the policy."""
    leaf = b'{"t":"test"}'
    head = Checkpoint("local/release", 1, merkle.leaf_hash(leaf))
    text = checkpoint.encode(head)
    log = Ed25519PrivateKey.from_private_bytes(bytes(32))
    own = Key("local/release", NOTE_ED25519, log.public_key().public_bytes_raw())
    lines, named = [Signature(own.name, own.id, log.sign(text.encode()))], [f"log {keys.encode(own)}"]
    for at in range(count):
        private = MLDSA44PrivateKey.from_seed_bytes(bytes([at]) * 32)
        key = Key(f"w{at}", COSIGNATURE_MLDSA44, private.public_key().public_bytes_raw())
        lines.append(cosignature.line(key, NOW, private.sign(cosignature.message(key, NOW, head))))
        named.append(f"witness w{at} {keys.encode(key)}")
    policy = "".join(
        f"{line}\n" for line in [*named, f"group all {quorum} {' '.join(f'w{at}' for at in range(count))}"]
    )
    return leaf, note.encode(Note(text, tuple(lines))), f"{policy}quorum all\n".encode()


@pytest.mark.parametrize(("count", "quorum", "kept"), [(2, "1", 2), (7, "2", 4), (7, "4", 4)])
def test_a_proof_carries_as_many_cosignatures_as_fit(count, quorum, kept) -> None:
    leaf, signed, text = witnessed(count, quorum)
    policy = witness_policy.decode(text)
    made = proofs.fitting(0, (), signed, policy, "local/release")
    assert len(made) <= proofs.MOST
    assert len(proof.verify(made, leaf, policy, origin="local/release").witnesses) == kept


def test_a_quorum_that_does_not_fit_is_told() -> None:
    _, signed, text = witnessed(6, "6")
    with pytest.raises(Failed, match="do not fit"):
        proofs.fitting(0, (), signed, witness_policy.decode(text), "local/release")
