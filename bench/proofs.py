"""What checking one proof of inclusion costs a client: Ed25519 and ML-DSA-44 together, among ten million leaves."""

import sys
from hashlib import sha256

from appraise import milliseconds
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from figure import Figure, at_most, plain, table
from in_script import in_script
from privity_tlog import checkpoint, cosignature, keys, merkle, note, proof, witness_policy
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519, Key
from privity_tlog.note import Note, Signature

ROUNDS = 400
LEAVES, INDEX, TIME = 10_000_000, 4_321_987, 1_795_600_000
ORIGIN = "log.example/release"
ENTRY = bytes(4096)
PYTHON_MS, SCRIPT_MS = 1.0, 3.0
"""The goals that the design sets, Ed25519 and ML-DSA-44 together."""


def head() -> tuple[Checkpoint, list[bytes]]:
    """A head over the entry, and its path: the siblings are made up, since nobody else's leaves are needed."""
    path: list[bytes] = []
    found, number, last = merkle.leaf_hash(ENTRY), INDEX, LEAVES - 1
    while last:
        if number & 1 or number < last:
            sibling = sha256(len(path).to_bytes(2)).digest()
            path.append(sibling)
            found = merkle.node_hash(sibling, found) if number & 1 else merkle.node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    return Checkpoint(ORIGIN, LEAVES, found), path


def material() -> tuple[bytes, bytes]:
    """A proof with the log's signature and two cosignatures, and the policy that wants both witnesses."""
    signed, path = head()
    log, first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate()
    known = [
        Key(ORIGIN, NOTE_ED25519, log.public_key().public_bytes_raw()),
        Key("one.example/w", COSIGNATURE_ED25519, first.public_key().public_bytes_raw()),
        Key("two.example/w", COSIGNATURE_MLDSA44, second.public_key().public_bytes_raw()),
    ]
    text = checkpoint.encode(signed)
    lines = [Signature(ORIGIN, known[0].id, log.sign(text.encode()))]
    lines.append(cosignature.line(known[1], TIME, first.sign(cosignature.message(known[1], TIME, signed))))
    lines.append(cosignature.line(known[2], TIME, second.sign(cosignature.message(known[2], TIME, signed))))
    vkeys = [keys.encode(key) for key in known]
    policy = f"log {vkeys[0]}\nwitness a {vkeys[1]}\nwitness b {vkeys[2]}\ngroup both all a b\nquorum both\n"
    return proof.encode(INDEX, path, note.encode(Note(text, tuple(lines)))), policy.encode()


def in_typescript(data: bytes, policy: bytes, rounds: int) -> list[Figure]:
    """The same proof in Node and in Chromium."""
    given = {"proof": data.hex(), "entry": ENTRY.hex(), "policy": policy.hex(), "origin": ORIGIN, "rounds": rounds}
    return in_script("check a proof", "proofs.mjs", "packages/tlog/dist/src/proof.js", given, SCRIPT_MS)


def run(*, quick: bool) -> list[Figure]:
    """The whole check in each language, and what of it is a path."""
    rounds = ROUNDS // 4 if quick else ROUNDS
    data, policy = material()
    known, read = witness_policy.decode(policy), proof.decode(data)
    leaf, (signed, path) = merkle.leaf_hash(ENTRY), head()

    def check() -> None:
        proof.verify(data, ENTRY, known, origin=ORIGIN)

    def follow() -> None:
        merkle.verify_inclusion(leaf, read.index, LEAVES, path, signed.root)

    return [
        at_most("check a proof in Python", milliseconds(check, rounds), PYTHON_MS, "ms CPU"),
        plain("  of which its path", milliseconds(follow, rounds), "ms CPU", 3),
        plain("  proof", len(data) / 1024, "KiB", 1),
        *in_typescript(data, policy, rounds),
    ]


if __name__ == "__main__":
    sys.stdout.write(table(run(quick="--quick" in sys.argv)) + "\n")
