"""What judging a whole bundle costs the client, beside the signatures that it cannot do without."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from figure import Figure, at_most, median, plain, table
from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.logged import NOTHING_LOGGED
from privity_attest.memory import Memory
from privity_attest.testing.bundle import NOW, Enclave, default_policy
from privity_attest.testing.root import key_of
from privity_protocol import evidence

ROUNDS = 200
GOAL_MS = 3.0
"""The goal that the design sets for a Nitro document, whose form the simulated one has."""


def milliseconds(action: Callable[[], object], rounds: int) -> float:
    """The median CPU time of `action`."""
    for _ in range(rounds // 10):
        action()
    taken = []
    for _ in range(rounds):
        before = time.process_time()
        action()
        taken.append((time.process_time() - before) * 1000)
    return median(taken)


def run(*, quick: bool) -> list[Figure]:
    """Appraisal of an honest bundle and of one that fails early, and three bare ECDSA verifications."""
    rounds = ROUNDS // 4 if quick else ROUNDS
    data, policy = Enclave().build().data, default_policy()
    refusing = default_policy(allow_simulated=False)
    key, message = key_of(5), bytes(1000)
    signature = key.sign(message, ec.ECDSA(SHA384()))
    public = key.public_key()

    def judge() -> None:
        appraise(data, now=NOW, policy=policy, logged=NOTHING_LOGGED, nonce=None, memory=Memory())

    def refuse() -> None:
        with suppress(Refused):
            appraise(data, now=NOW, policy=refusing, logged=NOTHING_LOGGED, nonce=None, memory=Memory())

    def verify() -> None:
        for _ in range(3):
            public.verify(signature, message, ec.ECDSA(SHA384()))

    whole, bare = milliseconds(judge, rounds), milliseconds(verify, rounds)
    return [
        at_most("appraise a simulated bundle", whole, GOAL_MS, "ms CPU"),
        plain("  of which three P-384 verifications", bare, "ms CPU"),
        plain("  ratio", whole / bare, "x"),
        plain("refuse it where simulation is not allowed", milliseconds(refuse, rounds), "ms CPU"),
        plain("read its container alone", milliseconds(lambda: evidence.decode(data), rounds), "ms CPU", 3),
        plain("bundle", len(data) / 1024, "KiB", 1),
    ]


if __name__ == "__main__":
    sys.stdout.write(table(run(quick="--quick" in sys.argv)) + "\n")
