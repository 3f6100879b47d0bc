"""One contract for every kind of hardware: its driver with a fake of the device, with the device, or with a real quote.

What a kind promises is the same for all (privity_enclave.hardware.Hardware). Fakes are stricter than devices; with
`real`, the driver runs on what this machine has; `vendor-signed` fakes answer with quotes that vendors signed.
"""

import base64
import errno
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_nsm import FakeNsm
from fake_tpm import FakeTpm
from fake_tree import FakeTree
from hypothesis import given
from hypothesis import strategies as st
from privity_enclave.hardware import Hardware, HardwareFailed, find, guest
from privity_enclave.hardware.guest import Guest
from privity_enclave.hardware.nsm import Nitro
from privity_enclave.hardware.simulated import Simulated
from privity_enclave.hardware.tpm import Tpm
from privity_protocol import bundle, cbor
from privity_simulation.development_root import make_root
from shared_evidence import claims, real_quotes
from swtpm import running

DATA = bytes(range(64))
OTHER = bytes(64)
EVENT = b"an event"
LOG = b"a boot log"
OID = bytes.fromhex("060a2a864886f84d010d01010410")


@dataclass
class Machine:
    """A driver on a device. `make` opens it anew; `register` reads the device's runtime register past the driver."""

    kind: str
    make: Callable[[], Hardware]
    register: Callable[[], bytes | None] = lambda: None
    algorithm: str = "sha384"
    locks: bool = False
    device: FakeTree | FakeNsm | FakeTpm | None = None


def commits(kind: str, evidence: bytes, data: bytes) -> bool:
    """Whether evidence is over these 64 bytes."""
    return (hashlib.sha256(data).digest() if kind == "sim_tpm" else data) in evidence


def tdx_quote(data: bytes, _level: bytes) -> bytes:
    pem = base64.encodebytes(b"certificate " + OID + bytes(range(16)))
    return data + b"-----BEGIN CERTIFICATE-----\n" + pem + b"-----END CERTIFICATE-----\n"


def snp_report(data: bytes, level: bytes) -> bytes:
    return bytes(0x50) + data + level.ljust(0x1A0 - 0x90, b"\0") + b"c" * 64 + bytes(guest.SNP_REPORT - 0x1E0)


def cca_token(data: bytes, _level: bytes) -> bytes:
    def signed(payload: bytes) -> bytes:
        return cbor.encode(cbor.Tag(18, [b"", {}, payload, bytes(96)]))

    platform = signed(cbor.encode({10: bytes(32), 256: b"\x01" + b"i" * 32}))
    return cbor.encode(cbor.Tag(399, {44234: platform, 44241: signed(cbor.encode({10: data}))}))


def guest_machine(kind: str, blob: Callable[[bytes, bytes], bytes], system: Path) -> Machine:
    provider = {"tdx": "tdx_guest", "sev_snp": "sev_guest", "cca": "arm_cca_guest"}[kind]
    tree = FakeTree(provider=provider, blob=blob)
    machine = Machine(kind, lambda: Guest(tree, system=system), device=tree)
    if kind != "sev_snp":
        name = {"tdx": "rtmr3:sha384", "cca": "rem0:sha512"}[kind]
        path = system / guest.MEASUREMENTS.format(provider) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        machine.algorithm = name.partition(":")[2]
        # An ordinary file holds what was written last; the kernel's extends the register by it.
        machine.register = lambda: folded(machine.algorithm, path.read_bytes()) if path.stat().st_size else None
    return machine


def folded(algorithm: str, digest: bytes) -> bytes:
    """A register of zeros after one extend."""
    return hashlib.new(algorithm, bytes(len(digest)) + digest).digest()


def simulated(folder: Path) -> Machine:
    make_root(folder)
    return Machine("simulated", lambda: Simulated(folder, code=bytes(48), closure=bytes(48)))


def tpm_machine(channel: FakeTpm) -> Machine:
    return Machine(
        "sim_tpm", lambda: Tpm(channel, boot_log=LOG), lambda: channel.registers[11], algorithm="sha256", device=channel
    )


def nitro_machine(nsm: FakeNsm) -> Machine:
    return Machine("nitro", lambda: Nitro(nsm), lambda: nsm.registers[16], locks=True, device=nsm)


def faked(name: str, folder: Path) -> Machine:
    blobs = {"tdx": tdx_quote, "sev_snp": snp_report, "cca": cca_token}
    if name in blobs:
        return guest_machine(name, blobs[name], folder)
    others = {"nitro": lambda: nitro_machine(FakeNsm()), "sim_tpm": lambda: tpm_machine(FakeTpm())}
    return others[name]() if name in others else simulated(folder / "root")


def of_this_machine() -> Machine:
    """The machine that the tests run on, when it is a confidential one, or when its TPM may be used."""
    device = next((path for path in (find.REPORTS, find.NSM) if (Path("/") / path).exists()), None)
    if device is None:
        pytest.skip("this machine has neither configfs-tsm nor a Nitro secure module")
    kinds = ["cca", "nitro", "sev_snp", "tdx"]
    made = find.find(kinds, simulated_root=None)
    return Machine(made.platform.type, lambda: find.find(kinds, simulated_root=None))


def software_tpm(stack: ExitStack, folder: Path) -> Machine:
    program = shutil.which("swtpm")
    if program is None:
        pytest.skip("swtpm is not installed")
    channel = stack.enter_context(running(program, folder))
    return Machine("sim_tpm", lambda: Tpm(channel, boot_log=LOG), algorithm="sha256")


FAKES = ["tdx", "sev_snp", "cca", "nitro", "sim_tpm", "simulated"]
QUOTES = real_quotes()


@pytest.fixture(params=[*FAKES, "swtpm", "real", *(f"vendor-signed {name}" for name in QUOTES)])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        if request.param == "real":
            yield of_this_machine()
        elif request.param == "swtpm":
            yield software_tpm(stack, tmp_path)
        elif request.param in FAKES:
            yield faked(request.param, tmp_path)
        else:
            quote = QUOTES[request.param.removeprefix("vendor-signed ")]
            if quote is None:
                pytest.skip("the shared vectors are not here")
            yield (
                nitro_machine(FakeNsm(document=quote.over))
                if quote.kind == "nitro"
                else guest_machine(quote.kind, lambda data, _level: quote.over(data), tmp_path)
            )


def test_the_platform_is_of_its_kind_and_stays_the_same(machine: Machine) -> None:
    first, second = machine.make().platform, machine.make().platform
    assert first == second
    assert (first.type, len(first.id)) == (machine.kind, 32)


def test_evidence_is_what_a_bundle_carries_and_commits_to_the_data(machine: Machine) -> None:
    hardware = machine.make()
    for data in (DATA, OTHER, DATA[::-1]):
        items = hardware.evidence(data)
        assert set(items) - {"boot-log"} == {"cpu"}
        assert commits(machine.kind, items["cpu"][1], data)
        bundle.encode(items)


def test_the_register_is_extended_by_the_hash_of_each_event(machine: Machine) -> None:
    hardware = machine.make()
    if not hardware.has_register:
        with pytest.raises(HardwareFailed, match="no runtime register"):
            hardware.extend(EVENT)
        return
    hardware.extend(EVENT)
    expected = folded(machine.algorithm, hashlib.new(machine.algorithm, EVENT).digest())
    assert machine.register() in (None, expected)
    assert machine.device is None or machine.register() == expected


def test_after_closing_evidence_goes_on_and_a_register_that_locks_is_locked(machine: Machine) -> None:
    hardware = machine.make()
    if hardware.has_register:
        hardware.extend(EVENT)
    hardware.close()
    assert commits(machine.kind, hardware.evidence(DATA)["cpu"][1], DATA)
    if machine.locks:
        before = machine.register()
        with pytest.raises(HardwareFailed, match="ExtendPCR"):
            hardware.extend(EVENT)
        assert machine.register() == before


@pytest.mark.parametrize("name", sorted(QUOTES))
def test_the_platform_is_the_one_that_the_vendor_named(name: str, tmp_path: Path) -> None:
    quote = QUOTES[name]
    if quote is None:
        pytest.skip("the shared vectors are not here")
    if quote.kind == "nitro":
        identifier = claims(name)["module_id"].partition("-enc")[0].encode()
        found = nitro_machine(FakeNsm(document=quote.over)).make().platform
    else:
        found = guest_machine(quote.kind, lambda data, _level: quote.over(data), tmp_path).make().platform
        key = {"tdx": "ppid", "sev_snp": "chip_id"}.get(quote.kind)
        identifier = bytes.fromhex(claims(name)[key]) if key else instance(quote.data)
    assert found.id == hashlib.sha256(identifier).digest()


def instance(token: bytes) -> bytes:
    """Claim 256 of the platform token: 33 bytes of type 1 (RFC 9783, instance id)."""
    at = token.index(bytes.fromhex("1901005821")) + 5
    return token[at : at + 33]


STEPS = ["make", "write inblob", "read outblob", "read provider", "read generation", "remove"]


@pytest.mark.parametrize("name", ["tdx", "sev_snp", "cca", "nitro", "sim_tpm"])
@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ENXIO, errno.ENOMEM])
def test_a_device_that_fails_is_a_documented_failure_at_every_call(name: str, number: int, tmp_path: Path) -> None:
    calls = STEPS if name in ("tdx", "sev_snp", "cca") else list(range(12))
    failures = 0
    for call in calls:
        machine = faked(name, tmp_path)
        hardware = machine.make()
        if isinstance(machine.device, FakeTree):
            machine.device.fail[str(call)] = [number]
        elif machine.device is not None:
            fail_at(machine.device, int(call), number)
        try:
            hardware.evidence(DATA)
        except HardwareFailed:
            failures += 1
        left = machine.device.entries if isinstance(machine.device, FakeTree) else {}
        assert left == {} or call == "remove"
    assert failures == {"nitro": 1, "sim_tpm": 5}.get(name, len(STEPS))


def fail_at(device: FakeNsm | FakeTpm, call: int, number: int) -> None:
    """Let only the given call from now on fail."""
    name = "ask" if isinstance(device, FakeNsm) else "transact"
    inner, seen = getattr(device, name), [0]

    def counting(data: bytes) -> bytes:
        seen[0] += 1
        if seen[0] == call + 1:
            raise OSError(number, "as told")
        answer: bytes = inner(data)
        return answer

    setattr(device, name, counting)


@given(st.binary(max_size=80), st.sampled_from(["nitro", "sim_tpm", "cca", "tdx", "sev_snp"]))
def test_any_bytes_from_a_device_are_evidence_or_a_documented_failure(data: bytes, name: str) -> None:
    device: FakeTree | FakeNsm | FakeTpm
    try:
        if name == "nitro":
            device = FakeNsm(replies=[data])
            Nitro(device)
        elif name == "sim_tpm":
            device = FakeTpm(answer={code: lambda _: data for code in (0x131, 0x158, 0x165, 0x17E)})
            Tpm(device, boot_log=LOG)
        else:
            provider = {"cca": "arm_cca_guest", "tdx": "tdx_guest", "sev_snp": "sev_guest"}[name]
            Guest(FakeTree(provider=provider, blob=lambda _data, _level: data), system=Path("/nowhere"))
    except HardwareFailed:
        return
    raise AssertionError("nothing of this is evidence")
