"""What judging the evidence of AMD and AWS, and a measured boot, costs the client: whole bundles under fake vendors."""

import sys
from collections.abc import Mapping

from appraise import ROUNDS, milliseconds
from figure import Figure, at_most, plain, table
from privity_attest.appraise import appraise
from privity_attest.item import appraise_item
from privity_attest.memory import Memory
from privity_attest.policy import Policy
from privity_attest.testing import amd, aws, node
from privity_attest.testing.bundle import NOW
from privity_attest.testing.node import EVERYTHING_PROVED, Built, Machine, policy_of
from privity_attest.testing.tpm import TpmMachine

SNP_MS, NITRO_MS = 2.0, 3.0
"""The goals that the design sets for a report with its leaf, and for a document."""
LABELS: Mapping[str, tuple[str, ...]] = {"sev_snp": ("cpu", "snp-leaf", "snp-issuers", "snp-crl"), "nitro": ("cpu",)}


def machines() -> list[tuple[Machine, bytes]]:
    """Each machine with the pin of its root."""
    vendor = amd.vendor()
    epyc = amd.SnpMachine(vendor, amd.endorsement(vendor.ask), amd.revocation_list(vendor.ark))
    enclave, tpm = aws.NitroMachine(aws.chain()), TpmMachine()
    return [
        (epyc.machine(), vendor.ark.pin),
        (enclave.machine(), enclave.chain.root.pin),
        (tpm.machine(), tpm.pin),
    ]


def whole(built: Built, policy: Policy, rounds: int) -> float:
    """Milliseconds to appraise a bundle."""
    logged, memory = EVERYTHING_PROVED, Memory()
    return milliseconds(
        lambda: appraise(built.data, now=NOW, policy=policy, logged=logged, nonce=None, memory=memory), rounds
    )


def run(*, quick: bool) -> list[Figure]:
    """The vendors' items by themselves, and honest bundles."""
    rounds = ROUNDS // 4 if quick else ROUNDS
    figures: list[Figure] = []
    for machine, pin in machines():
        built, policy = node.build(machine), policy_of(machine.kind, pin, machine.platform_id)
        goal = {"sev_snp": SNP_MS, "nitro": NITRO_MS}.get(machine.kind)
        if goal is not None:
            items = {label: built.items[label] for label in LABELS[machine.kind]}
            alone = milliseconds(
                lambda items=items, policy=policy: appraise_item(items, now=NOW, policy=policy, release=None), rounds
            )
            figures.append(at_most(f"judge {machine.kind} evidence", alone, goal, "ms CPU"))
        figures.append(plain(f"appraise a {machine.kind} bundle", whole(built, policy, rounds), "ms CPU"))
        figures.append(plain("  bundle", len(built.data) / 1024, "KiB", 1))
    return figures


if __name__ == "__main__":
    sys.stdout.write(table(run(quick="--quick" in sys.argv)) + "\n")
