"""Keys, notes and trees for tests: everything follows from names, and two runs make the same bytes."""

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import naive
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from privity_tlog import checkpoint, cosignature, keys, merkle, note, proof
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519, Key
from privity_tlog.note import Note, Signature

OWN = Path(__file__).resolve().parents[3] / "vectors"
ORIGIN = "log.example/release"
NOW = 1_795_600_000
KEPT = OWN / "mldsa44-signatures.json"
"""ML-DSA-44 signs with fresh randomness: what was signed once for the vectors is kept, so that they can be repeated."""
_signed: dict[str, str] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
used: dict[str, str] = {}
"""The kept signatures that were asked for since the process began."""


class Signer:
    """A key of a log or witness, made from its name and type."""

    def __init__(self, name: str, type_: int, seed: str = "") -> None:
        self.type = type_
        secret = sha256(f"{seed or name} {type_}".encode()).digest()
        if type_ == COSIGNATURE_MLDSA44:
            self.mldsa = MLDSA44PrivateKey.from_seed_bytes(secret)
            public = self.mldsa.public_key().public_bytes_raw()
        else:
            self.ed25519 = Ed25519PrivateKey.from_private_bytes(secret)
            public = self.ed25519.public_key().public_bytes_raw()
        self.key = Key(name, type_, public)

    @property
    def vkey(self) -> str:
        return keys.encode(self.key)

    def sign(self, message: bytes) -> bytes:
        if self.type != COSIGNATURE_MLDSA44:
            return self.ed25519.sign(message)
        name = sha256(self.key.public + message).hexdigest()
        found = bytes.fromhex(_signed.get(name, ""))
        try:
            self.mldsa.public_key().verify(found, message)
        except (InvalidSignature, ValueError):
            found = self.mldsa.sign(message)
        used[name] = _signed[name] = found.hex()
        return found

    def line(self, head: Checkpoint, time: int = NOW) -> Signature:
        """The line with which this key signs or cosigns a head."""
        if self.type == NOTE_ED25519:
            return Signature(self.key.name, self.key.id, self.sign(checkpoint.encode(head).encode()))
        return cosignature.line(self.key, time, self.sign(cosignature.message(self.key, time, head)))


LOG = Signer(ORIGIN, NOTE_ED25519)
NEXT_LOG = Signer(ORIGIN, NOTE_ED25519, "the next key")
PQ_LOG = Signer(ORIGIN, COSIGNATURE_MLDSA44)
ALPHA = Signer("alpha.example/w", COSIGNATURE_ED25519)
BETA = Signer("beta.example/w", COSIGNATURE_MLDSA44)
GAMMA = Signer("gamma.example/w", COSIGNATURE_ED25519)
FOREIGN = Signer("foreign.example/w", COSIGNATURE_ED25519)
WITNESSES = f"witness a {ALPHA.vkey}\nwitness b {BETA.vkey}\nwitness c {GAMMA.vkey}\n"
POLICY = f"log {LOG.vkey}\n{WITNESSES}group all-of-them 2 a b c\nquorum all-of-them\n".encode()
ROTATING = f"log {LOG.vkey}\nlog {NEXT_LOG.vkey}\nlog {PQ_LOG.vkey}\n{WITNESSES}group g 2 a b c\nquorum g\n".encode()
NO_QUORUM = f"log {LOG.vkey}\nquorum none\n".encode()
ENTRIES = [f"entry {number}".encode() for number in range(11)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


def head(size: int, *, origin: str = ORIGIN, extensions: tuple[str, ...] = ()) -> Checkpoint:
    """The head of the log after its first `size` entries."""
    return Checkpoint(origin, size, merkle.root_of(LEAVES[:size]), extensions)


def written(signed: Checkpoint, lines: Sequence[Signature]) -> bytes:
    """The note of a head with these lines."""
    return note.encode(Note(checkpoint.encode(signed), tuple(lines)))


def signed(size: int, *signers: Signer, time: int = NOW) -> bytes:
    """The head after `size` entries, signed by all of them."""
    return written(head(size), [one.line(head(size), time) for one in signers])


def spoiled(one: Signature, at: int = -1) -> Signature:
    """The line with one bit of its signature changed."""
    data = bytearray(one.signature)
    data[at] ^= 1
    return Signature(one.name, one.key_id, bytes(data))


def proved(index: int, size: int, note_: bytes) -> bytes:
    """The proof of entry `index` under the note of a head of `size`."""
    return proof.encode(index, naive.inclusion(LEAVES[:size], index), note_)


def text64(data: bytes) -> str:
    return b64encode(data).decode()
