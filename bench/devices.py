"""What judging NVIDIA devices and Arm tokens costs the client."""

import sys
from collections.abc import Mapping

from appraise import ROUNDS, milliseconds
from figure import Figure, at_most, plain, table
from privity_attest.appraise import appraise
from privity_attest.item import appraise_item
from privity_attest.memory import Memory
from privity_attest.testing.arm import CcaDevice, PsaDevice, cca_policy, psa_policy
from privity_attest.testing.bundle import NOW, Enclave
from privity_attest.testing.node import EVERYTHING_PROVED
from privity_attest.testing.nvidia import (
    MEDIA_TYPE,
    OCSP_TYPE,
    FakeDevice,
    answers,
    device_policy,
    switch,
    value,
    with_devices,
)
from privity_protocol import cbor

ONE_GPU_MS, EIGHT_GPUS_MS, CCA_MS = 3.0, 30.0, 2.0
"""The goals that the design sets."""
MEASURED: Mapping[int, bytes] = {index: value(index) for index in range(1, 65)}
"""As many measurements as an H100 reports."""


def gpu(number: int) -> FakeDevice:
    """A GPU whose evidence is as long as a real one's."""
    return FakeDevice(number=number, measurements=MEASURED)


def responses(devices: Mapping[str, FakeDevice]) -> list[bytes]:
    """One answer per certificate, as a fetcher collects them."""
    return list(dict.fromkeys(one for device in devices.values() for one in answers(device)))


def run(*, quick: bool) -> list[Figure]:
    """One GPU by itself, a bundle with eight and four switches, and both kinds of Arm token."""
    rounds = ROUNDS // 8 if quick else ROUNDS // 2
    one = {"gpu-0": (MEDIA_TYPE, gpu(0).item(bytes(32)))}
    with_answers = {**one, "nvidia-ocsp": (OCSP_TYPE, cbor.encode(list(responses({"gpu-0": gpu(0)}))))}
    machine = {f"gpu-{at}": gpu(at) for at in range(8)} | {f"switch-{at}": switch(number=20 + at) for at in range(4)}
    bundle = Enclave().build(with_devices(machine, responses=responses(machine))).data
    cca, psa = CcaDevice().build().items["cpu"], PsaDevice().build().items["cpu"]
    policies = device_policy(), cca_policy(), psa_policy()

    def judge() -> None:
        appraise(bundle, now=NOW, policy=policies[0], logged=EVERYTHING_PROVED, nonce=None, memory=Memory())

    def alone(items: Mapping[str, tuple[str, bytes]], which: int) -> float:
        return milliseconds(lambda: appraise_item(items, now=NOW, policy=policies[which], release=None), rounds)

    return [
        at_most("judge one GPU", alone(one, 0), ONE_GPU_MS, "ms CPU"),
        plain("  with its OCSP answers", alone(with_answers, 0), "ms CPU"),
        at_most("judge a bundle with 8 GPUs and 4 switches", milliseconds(judge, rounds // 4), EIGHT_GPUS_MS, "ms CPU"),
        plain("  bundle", len(bundle) / 1024, "KiB", 1),
        at_most("judge a CCA token", alone({"cpu": cca}, 1), CCA_MS, "ms CPU"),
        plain("judge a PSA token", alone({"cpu": psa}, 2), "ms CPU"),
    ]


if __name__ == "__main__":
    sys.stdout.write(table(run(quick="--quick" in sys.argv)) + "\n")
