"""What the node's drivers publish on each kind of hardware is what the verifier accepts, and nothing else of it.

The devices are the enclave's strict fakes; what they sign, the verifier's fake vendors sign, under roots that the
policy of the test names. So a machine is whole: driver, runtime register, devices, collateral, node document, bundle.
"""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.memory import Memory
from privity_attest.result import Record
from privity_attest.testing import amd, aws, nvidia, tpm
from privity_attest.testing.bundle import NOW, models_document, release_leaf
from privity_attest.testing.intel import Intel, ccel
from privity_attest.testing.intel_pki import ROOT
from privity_attest.testing.node import EVERYTHING_PROVED, policy_of
from privity_attest.testing.root import key_of
from privity_enclave import runtime
from privity_enclave.hardware import Hardware, guest
from privity_enclave.hardware.guest import Guest
from privity_enclave.hardware.nsm import Nitro
from privity_enclave.hardware.nvidia import Nvidia
from privity_enclave.hardware.tpm import Tpm
from privity_enclave.keys import Clock, KeyRing, Statement
from privity_protocol import canonical, cbor, evidence

sys.path.insert(0, str(Path(__file__).parents[2] / "enclave/tests"))
from fake_nsm import FakeNsm
from fake_nvidia import FakeNvidia, pem
from fake_tpm import FakeTpm
from fake_tree import FakeTree

CONFIGURATION = canonical.encode({"deploy": "local", "egress": "none", "v": 1})
MODELS = canonical.encode(models_document())
GPU, SWITCH = nvidia.FakeDevice(number=0), nvidia.switch(number=1)
COUNTED: dict[str, object] = {"gpu.count": "from_release", "gpu.switches": "from_release"}


@dataclass
class Node:
    """A node's ring of keys, and the policy of a client that knows this one machine."""

    kind: str
    hardware: Hardware
    pin: bytes
    values: dict[str, object]
    collateral: Path
    devices: FakeNvidia = field(default_factory=FakeNvidia)
    policy: dict[str, object] = field(default_factory=dict)

    def ring(self) -> KeyRing:
        log = runtime.measure(self.hardware, configuration=CONFIGURATION, models=MODELS)
        gpu = nvidia.section(len(self.devices.gpus), len(self.devices.switches))
        platforms = {self.kind: self.values} | ({"gpu": gpu} if self.devices.gpus else {})
        statement = Statement(
            node=bytes(range(16)), deploy="local", profiles=("p0", "p1", "p2"), egress="none", models=("m",),
            configuration_item=CONFIGURATION, models_item=MODELS,
            release_item=canonical.encode({**release_leaf(CONFIGURATION, {}), "platforms": platforms}),
            runtime_log=log, collateral=self.collateral, anchor=None,
        )  # fmt: skip
        asked = Nvidia(gpus=len(self.devices.gpus), switches=len(self.devices.switches), load=self.devices)
        return KeyRing(self.hardware, asked, statement, Clock(wall=lambda: NOW - 60, steady=lambda: 0.0))

    def judge(self, bundle: bytes, *, nonce: bytes | None = None, key: bytes | None = None) -> Record:
        """The record. What proves the release comes from the log, which no node has yet."""
        items = {label: (one.media_type, one.data) for label, one in evidence.decode(bundle).items.items()}
        items |= {"release-proof": ("tlog-proof", b"proved elsewhere"), "endorsement": ("endorsement+cbor", b"\x80")}
        policy = policy_of(self.kind, self.pin, self.hardware.platform.id, self.policy)
        policy = replace(policy, trust_anchors=replace(policy.trust_anchors, nvidia=(nvidia.root().pin,)))
        logged = replace(EVERYTHING_PROVED, traffic_key=key)
        try:
            return appraise(
                evidence.encode(items), now=NOW, policy=policy, logged=logged, nonce=nonce, memory=Memory()
            ).record
        except Refused as refused:
            return refused.record


def nitro(folder: Path, _patch: pytest.MonkeyPatch) -> Node:
    chain = aws.chain()
    nsm = FakeNsm()
    machine = aws.NitroMachine(chain)

    def signed(user_data: bytes) -> bytes:
        # As the module does: only locked registers are in the document.
        payload = aws.document(chain, user_data, nsm.registers[16])
        pcrs: Any = payload["pcrs"]
        payload["pcrs"] = {index: value for index, value in pcrs.items() if index in nsm.locked}
        return machine.signed(cbor.encode(payload))

    nsm.document = signed
    return Node("nitro", Nitro(nsm), chain.root.pin, machine.machine().values, folder)


def sev_snp(folder: Path, _patch: pytest.MonkeyPatch) -> Node:
    vendor = amd.vendor()
    store(folder, "snp-leaf", amd.endorsement(vendor.ask))
    store(folder, "snp-issuers", vendor.issuers())
    store(folder, "snp-crl", amd.revocation_list(vendor.ark))
    machine = amd.SnpMachine(vendor, b"", None)

    def report(data: bytes, level: bytes) -> bytes:
        return replace(amd.ReportFields(), report_data=data, vmpl=int(level)).encode(key_of(21))

    tree = FakeTree(provider="sev_guest", blob=report)
    return Node("sev_snp", Guest(tree, system=folder), vendor.ark.pin, machine.machine().values, folder)


def tdx(folder: Path, patch: pytest.MonkeyPatch) -> Node:
    intel = Intel()
    store(folder, "dcap-collateral", intel.made_collateral())
    for name in (guest.MEASUREMENTS.format("tdx_guest") + "/rtmr3:sha384", guest.BOOT_LOG):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(ccel(intel.boot) if name == guest.BOOT_LOG else b"")
    register = [bytes(48)]

    def extend(_path: Path, digest: bytes) -> int:
        register[0] = hashlib.sha384(register[0] + digest).digest()
        return len(digest)

    patch.setattr(guest, "write_once", extend)
    tree = FakeTree(blob=lambda data, _level: intel.made_quote(data, register[0]))
    hardware = Guest(tree, system=folder)
    return Node("tdx", hardware, intel.pki.make(ROOT).pin, intel.machine().values, folder)


def sim_tpm(folder: Path, _patch: pytest.MonkeyPatch) -> Node:
    machine, channel = tpm.TpmMachine(), FakeTpm()
    channel.registers |= tpm.replayed(tpm.boot_events())
    hardware = Tpm(channel, boot_log=tpm.encode_log(tpm.boot_events()))
    statement: Any = cbor.decode(hardware.evidence(bytes(64))["cpu"][1])
    pin = hashlib.sha256(statement[2]).digest()
    return Node("sim_tpm", hardware, pin, machine.machine().values, folder)


def store(folder: Path, label: str, data: bytes) -> None:
    (folder / label).write_bytes(data)


def with_devices(node: Node) -> Node:
    """The same machine with a GPU and a switch, and what the fetcher keeps for them."""

    def answer(device: nvidia.FakeDevice) -> Callable[[bytes], tuple[bytes, bytes]]:
        def signed(nonce: bytes) -> tuple[bytes, bytes]:
            report, chain = cbor.decode(device.item(nonce))  # type: ignore[misc]
            return report, pem(*chain)  # type: ignore[return-value, misc]

        return signed

    told = [one for device in (GPU, SWITCH) for one in nvidia.answers(device)]
    store(node.collateral, "nvidia-ocsp", cbor.encode([*told]))
    node.devices = FakeNvidia(gpus=[answer(GPU)], switches=[answer(SWITCH)])
    node.policy = COUNTED
    return node


MACHINES = {"nitro": nitro, "sev_snp": sev_snp, "tdx": tdx, "sim_tpm": sim_tpm}


@pytest.fixture(params=[*MACHINES, *(f"{name} with devices" for name in MACHINES)])
def node(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    made = MACHINES[request.param.partition(" ")[0]](tmp_path, monkeypatch)
    return with_devices(made) if "devices" in request.param else made


def test_a_window_of_a_node_on_hardware_is_accepted(node: Node) -> None:
    record = node.judge(node.ring().begin().bundle)
    assert record.reasons == ()
    assert record.outcome == "accepted_as_simulated"  # for the vendor is fake


def test_a_challenge_is_answered_for_the_same_key_and_for_no_other_nonce(node: Node) -> None:
    ring = node.ring()
    window = ring.begin()
    ring.admit(window)
    answer = ring.challenge(window.kid, b"n" * 32)
    assert node.judge(answer, nonce=b"n" * 32, key=window.document.pk).reasons == ()
    assert "nonce_mismatch" in node.judge(answer, nonce=b"o" * 32, key=window.document.pk).reasons


def test_what_was_not_measured_at_start_is_noticed(node: Node) -> None:
    if not node.hardware.has_register:
        pytest.skip("SEV-SNP has no runtime register")
    node.hardware.close = lambda: None  # type: ignore[method-assign]
    ring = node.ring()
    node.hardware.extend(b"something else")
    replayed = {"nitro": "16", "tdx": "rtmr3", "sim_tpm": "11"}[node.kind]
    expected = f"event_log_replay:{replayed}"
    assert expected in node.judge(ring.begin().bundle).reasons


def test_a_device_of_another_window_is_noticed(node: Node) -> None:
    if not node.devices.gpus:
        pytest.skip("a machine without devices")
    ring = node.ring()
    first, second = (evidence.decode(ring.begin().bundle).items for _ in range(2))
    items = {label: (one.media_type, one.data) for label, one in first.items()}
    items["gpu-0"] = (second["gpu-0"].media_type, second["gpu-0"].data)
    reasons = node.judge(evidence.encode(items)).reasons
    assert {"device_digest_mismatch", "device_nonce:gpu-0"} <= set(reasons)
