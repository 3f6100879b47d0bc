"""What judging a whole bundle of Intel's kinds costs the client, beside dcap-qvl on the same quote and collateral.

dcap-qvl judges quote and collateral alone; our row does that and reads the container, the release, the logs and the
node document, and binds them to each other. TCB info is as long as Intel writes it.
"""

import copy
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from appraise import milliseconds
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from figure import Figure, at_most, plain, table
from privity_attest.appraise import appraise
from privity_attest.memory import Memory
from privity_attest.policy import Policy
from privity_attest.testing.bundle import NOW
from privity_attest.testing.intel import Intel, pem_of
from privity_attest.testing.intel_pki import ROOT, key_of
from privity_attest.testing.node import EVERYTHING_PROVED, build, policy_of

ROUNDS = 200
GOAL_MS = 3.0
"""The goal that the design sets for a whole TDX bundle in Python."""
LEVELS = 8
VERIFICATIONS = 10
"""Four certificates, two lists, two documents, the report of the quoting enclave, the quote."""


def weighty(document: dict[str, Any]) -> dict[str, Any]:
    """TCB info with as many levels as Intel's have, the first of which the platform reaches."""
    value = copy.deepcopy(document)
    value["tcbLevels"] += [copy.deepcopy(value["tcbLevels"][-1]) for _ in range(LEVELS - len(value["tcbLevels"]))]
    return value


def second_opinion(intel: Intel) -> Callable[[], object] | None:
    """dcap-qvl on the same evidence, None where it is not installed."""
    try:
        import dcap_qvl
    except ImportError:
        return None
    members = intel.members()
    texts = {name: pem_of(*value).rstrip(b"\0").decode() for name, value in members.items() if isinstance(value, list)}
    collateral = dcap_qvl.QuoteCollateralV3(**{**members, **texts})
    quote, root = intel.made_quote(), intel.root
    return lambda: dcap_qvl.verify_with_root_ca(quote, collateral, root, NOW)


def policy_for(intel: Intel) -> Policy:
    """The default policy under the fake root, for this platform alone."""
    platform = sha256(intel.pki.platform.ppid).digest()
    return policy_of(intel.tee, intel.pki.make(ROOT).pin, platform, {"kinds": ["tdx", "sgx"]})


def whole_bundle(intel: Intel) -> Callable[[], object]:
    """The appraisal of a whole bundle of `intel`."""
    data, policy = build(intel.machine()).data, policy_for(intel)
    return lambda: appraise(data, now=NOW, policy=policy, logged=EVERYTHING_PROVED, nonce=None, memory=Memory())


def bare() -> Callable[[], object]:
    """The signatures that nobody can do without."""
    key, message = key_of(5), bytes(600)
    signature, public = key.sign(message, ec.ECDSA(SHA256())), key.public_key()

    def verify() -> None:
        for _ in range(VERIFICATIONS):
            public.verify(signature, message, ec.ECDSA(SHA256()))

    return verify


def run(*, quick: bool) -> list[Figure]:
    """Whole bundles of TDX and SGX, dcap-qvl on the same evidence, and the signatures alone."""
    rounds = ROUNDS // 4 if quick else ROUNDS
    tdx, sgx = replace(Intel(version=5, wide=True), tcb_info=weighty), replace(Intel("sgx", 3), tcb_info=weighty)
    figures = []
    for name, intel in (("TDX", tdx), ("SGX", sgx)):
        ours, other = milliseconds(whole_bundle(intel), rounds), second_opinion(intel)
        figures.append(at_most(f"appraise a whole {name} bundle", ours, GOAL_MS, "ms CPU"))
        if other is None:
            figures.append(Figure("  dcap-qvl", "not installed"))
            continue
        theirs = milliseconds(other, rounds)
        figures += [
            plain("  dcap-qvl on its quote and collateral", theirs, "ms CPU"),
            plain("  ratio", ours / theirs, "x"),
        ]
    figures.append(plain(f"  of which {VERIFICATIONS} P-256 verifications", milliseconds(bare(), rounds), "ms CPU"))
    figures.append(plain("TDX bundle", len(build(tdx.machine()).data) / 1024, "KiB", 1))
    return figures


if __name__ == "__main__":
    sys.stdout.write(table(run(quick="--quick" in sys.argv)) + "\n")
