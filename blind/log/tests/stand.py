"""One log's name, keys and policy for the tests; every key is made from a number."""

from privity_log.signer import SeedSigner
from privity_tlog import keys, witness_policy
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519
from privity_tlog.witness_policy import WitnessPolicy

ORIGIN = "log.example/release"
NOW = 1_800_000_000


def signer(name: str, kind: int, number: int) -> SeedSigner:
    """A key made from a number."""
    return SeedSigner(name, kind, bytes([number]) * 32)


LOG = (signer(ORIGIN, NOTE_ED25519, 1), signer(ORIGIN, COSIGNATURE_MLDSA44, 2))
ED = LOG[:1]
W1 = (signer("one.example/w", COSIGNATURE_ED25519, 11), signer("one.example/w", COSIGNATURE_MLDSA44, 12))
W2 = (signer("two.example/w", COSIGNATURE_MLDSA44, 13),)
W3 = (signer("three.example/w", COSIGNATURE_ED25519, 14),)


def policy(text: str = "quorum none", logs: tuple[SeedSigner, ...] = LOG) -> WitnessPolicy:
    """A policy that knows the log's keys, and further lines."""
    lines = [f"log {keys.encode(one.key)}" for one in logs]
    return witness_policy.decode("\n".join([*lines, text, ""]).encode())


def witness_lines(least: int | str) -> str:
    """Three witnesses, of which so many make the quorum."""
    named = [("a", W1[1], "http://one"), ("b", W2[0], "http://two"), ("c", W3[0], "http://three")]
    lines = [f"witness {name} {keys.encode(one.key)} {url}" for name, one, url in named]
    return "\n".join([*lines, f"group q {least} a b c", "quorum q"])


def entry(number: int) -> bytes:
    """A leaf of its own."""
    return b'{"t":"test","n":%d}' % number


def entries(start: int, end: int) -> list[bytes]:
    """Leaves of their own."""
    return [entry(number) for number in range(start, end)]
