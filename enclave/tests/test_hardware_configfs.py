"""configfs-tsm: one contract for the kernel's tree and for a fake that is stricter; every errno; no foreign report."""

import base64
import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest
from fake_nsm import FakeNsm
from fake_tpm import FakeTpm
from fake_tree import FakeTree
from hypothesis import given
from hypothesis import strategies as st
from privity_enclave.failure import StartFailed
from privity_enclave.hardware import HardwareFailed, find, guest
from privity_enclave.hardware.configfs import ATTEMPTS, TRANSIENT, report
from privity_enclave.hardware.guest import SNP_REPORT, Guest
from privity_enclave.hardware.tree import MAX_ATTRIBUTE, Tree
from privity_protocol import cbor
from privity_simulation.development_root import make_root

KERNEL = Path("/sys/kernel/config/tsm/report")
DATA = bytes(range(64))
FINAL = [errno.EFBIG, errno.EINVAL, errno.EACCES, errno.ENXIO, errno.EIO, errno.ENOMEM, errno.ENOSPC]


def ask(tree: Tree, data: bytes = DATA) -> tuple[str, bytes]:
    pauses: list[float] = []
    answer = report(tree, data, name=f"test-{os.urandom(4).hex()}", pause=pauses.append)
    return answer.provider, answer.blob


@pytest.fixture(params=["fake", "kernel"])
def tree(request: pytest.FixtureRequest) -> Tree:
    if request.param == "fake":
        return FakeTree()
    if not KERNEL.is_dir():
        pytest.skip("this machine has no configfs-tsm")
    return Tree(KERNEL)


def test_contract_a_report_is_over_the_data_and_leaves_no_entry(tree: Tree) -> None:
    provider, blob = ask(tree)
    assert provider in {"tdx_guest", "sev_guest", "arm_cca_guest"}
    assert DATA in blob
    assert ask(tree, bytes(64))[1] != blob


def test_contract_an_entry_is_made_once_and_its_generation_counts_writes(tree: Tree) -> None:
    tree.make("contract")
    try:
        with pytest.raises(OSError, match=r".*") as caught:
            tree.make("contract")
        assert caught.value.errno == errno.EEXIST
        before = int(tree.read("contract", "generation"))
        assert tree.write("contract", "inblob", DATA) == 64
        assert int(tree.read("contract", "generation")) == before + 1
        with pytest.raises(OSError, match=r".*"):
            tree.write("contract", "inblob", bytes(65))
        with pytest.raises(OSError, match=r".*"):
            tree.read("contract", "nothing")
    finally:
        tree.remove("contract")


@pytest.mark.parametrize("step", ["write inblob", "read outblob", "read provider", "read generation"])
@pytest.mark.parametrize("number", sorted(TRANSIENT))
def test_a_transient_error_is_tried_again(step: str, number: int) -> None:
    tree = FakeTree(fail={step: [number, number]})
    assert DATA in ask(tree)[1]
    assert tree.entries == {}


@pytest.mark.parametrize("number", sorted(TRANSIENT))
def test_a_transient_error_that_stays_is_final_and_the_waiting_bounded(number: int) -> None:
    tree = FakeTree(fail={"read outblob": [number] * 100})
    pauses: list[float] = []
    with pytest.raises(HardwareFailed, match=f"{errno.errorcode[number]}, {ATTEMPTS} times"):
        report(tree, DATA, name="x", pause=pauses.append)
    assert tree.entries == {}
    assert (len(pauses), sum(pauses) < 2) == (ATTEMPTS - 1, True)


@pytest.mark.parametrize("step", ["make", "write inblob", "read outblob", "read provider", "read generation", "remove"])
@pytest.mark.parametrize("number", FINAL)
def test_any_other_error_is_final(step: str, number: int) -> None:
    tree = FakeTree(fail={step: [number]})
    with pytest.raises(HardwareFailed, match=errno.errorcode[number]):
        ask(tree)
    assert tree.steps.count(step) == 1
    assert tree.entries == {} or step == "remove"


def test_a_report_into_which_another_writer_stepped_is_discarded() -> None:
    tree = FakeTree(race=2)
    assert DATA in ask(tree)[1]
    assert tree.steps.count("write inblob") == 3
    with pytest.raises(HardwareFailed, match="another writer"):
        ask(FakeTree(race=100))


@pytest.mark.parametrize(("provider", "attribute"), [("tdx_guest", "inblob"), ("sev_guest", "privlevel")])
def test_a_short_write_is_final(provider: str, attribute: str) -> None:
    tree = FakeTree(provider=provider, short={attribute})
    with pytest.raises(HardwareFailed, match=f"short write of {attribute}"):
        ask(tree)


def test_sev_reports_are_asked_for_at_the_highest_privilege() -> None:
    assert ask(FakeTree(provider="sev_guest"))[1].startswith(b"quote 0 ")


@pytest.mark.parametrize("provider", ["", "tdx_guest2", "unknown", "\xff", "../x"])
def test_an_unknown_provider_is_refused_before_anything_is_written(provider: str) -> None:
    tree = FakeTree(provider=provider)
    with pytest.raises(HardwareFailed, match="provider"):
        ask(tree)
    assert "write inblob" not in tree.steps


def test_an_empty_report_is_refused() -> None:
    with pytest.raises(HardwareFailed, match="empty"):
        ask(FakeTree(blob=lambda _data, _level: b""))


def test_report_data_has_its_size() -> None:
    with pytest.raises(AssertionError):
        ask(FakeTree(), bytes(63))


STEPS = ["make", "write inblob", "read outblob", "read generation", "read provider", "remove"]


@given(st.lists(st.sampled_from(STEPS)), st.integers(1, 133), st.integers(0, 8))
def test_whatever_the_kernel_does_the_outcome_is_the_report_or_a_refusal(
    steps: list[str], number: int, race: int
) -> None:
    fail: dict[str, list[int]] = {}
    for step in steps:
        fail.setdefault(step, []).append(number)
    try:
        provider, blob = ask(FakeTree(fail=fail, race=race))
    except HardwareFailed:
        return
    assert (provider, DATA in blob) == ("tdx_guest", True)


# --- the real tree, on an ordinary folder: which system calls it makes ---


def test_the_real_tree_writes_once_reads_whole_and_removes(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.make("entry")
    assert stat.S_IMODE((tmp_path / "entry").stat().st_mode) == 0o700
    (tmp_path / "entry/inblob").touch()
    assert tree.write("entry", "inblob", DATA) == 64
    assert tree.read("entry", "inblob") == DATA
    (tmp_path / "entry/inblob").unlink()
    tree.remove("entry")
    assert list(tmp_path.iterdir()) == []


def test_the_real_tree_makes_no_file_and_reads_no_more_than_a_bundle_carries(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.make("entry")
    with pytest.raises(FileNotFoundError):
        tree.write("entry", "inblob", DATA)
    (tmp_path / "entry/outblob").write_bytes(bytes(MAX_ATTRIBUTE))
    assert len(tree.read("entry", "outblob")) == MAX_ATTRIBUTE
    (tmp_path / "entry/outblob").write_bytes(bytes(MAX_ATTRIBUTE + 1))
    with pytest.raises(OSError, match="too large") as caught:
        tree.read("entry", "outblob")
    assert caught.value.errno == errno.EFBIG


# --- guests ---

PPID = bytes(range(16))
OID = bytes.fromhex("060a2a864886f84d010d01010410")


def tdx_quote(extension: bytes) -> bytes:
    pem = base64.encodebytes(b"certificate " + extension + b" end")
    return b"head -----BEGIN CERTIFICATE-----\n" + pem + b"-----END CERTIFICATE-----\n"


def tdx_tree(extension: bytes = OID + PPID) -> FakeTree:
    return FakeTree(blob=lambda data, _level: tdx_quote(extension) + data)


def with_register(system: Path, provider: str = "tdx_guest", name: str = "rtmr3:sha384") -> Path:
    """The file by which a kernel extends a register."""
    path = system / guest.MEASUREMENTS.format(provider) / name
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_a_tdx_guest_is_identified_by_its_ppid_and_extends_its_register(tmp_path: Path) -> None:
    register = with_register(tmp_path)
    node = Guest(tdx_tree(), system=tmp_path)
    assert (node.platform.type, node.platform.id) == ("tdx", hashlib.sha256(PPID).digest())
    node.extend(b"event")
    assert register.read_bytes() == hashlib.sha384(b"event").digest()
    (item,) = node.evidence(DATA).items()
    assert (item[0], item[1][0], DATA in item[1][1]) == ("cpu", "tdx-quote", True)


@pytest.mark.parametrize(("length", "kept"), [(0, None), (100, 100), (65536, 65536), (70000, 65536)])
def test_the_boot_log_of_the_firmware_is_an_item_as_far_as_a_bundle_carries_it(
    tmp_path: Path, length: int, kept: int | None
) -> None:
    with_register(tmp_path)
    (tmp_path / guest.BOOT_LOG).parent.mkdir(parents=True)
    (tmp_path / guest.BOOT_LOG).write_bytes(b"\xff" * length)
    items = Guest(tdx_tree(), system=tmp_path).evidence(DATA)
    assert items.get("boot-log") == (None if kept is None else ("ccel", b"\xff" * kept))


@pytest.mark.parametrize("provider", ["tdx_guest", "arm_cca_guest"])
def test_a_kernel_without_the_register_stops_the_node(tmp_path: Path, provider: str) -> None:
    tree = tdx_tree() if provider == "tdx_guest" else FakeTree(provider=provider, blob=lambda data, _: cca_token(data))
    with pytest.raises(HardwareFailed, match="offers no register"):
        Guest(tree, system=tmp_path)


def test_a_register_that_cannot_be_extended_stops_the_node(tmp_path: Path) -> None:
    register = with_register(tmp_path)
    node = Guest(tdx_tree(), system=tmp_path)
    register.unlink()
    with pytest.raises(HardwareFailed, match="cannot be extended"):
        node.extend(b"event")


def test_a_short_write_of_the_register_stops_the_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_register(tmp_path)
    node = Guest(tdx_tree(), system=tmp_path)
    monkeypatch.setattr(guest, "write_once", lambda _path, data: len(data) - 1)
    with pytest.raises(HardwareFailed, match="short write"):
        node.extend(b"event")


def test_a_certificate_that_is_no_base64_has_no_identifier() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
    with pytest.raises(HardwareFailed, match="identifier"):
        Guest(FakeTree(blob=lambda _data, _level: broken))


def test_a_generation_that_is_no_number_is_refused() -> None:
    tree = FakeTree()
    tree.entries = {}
    read = tree.read
    tree.read = lambda name, attribute: b"many" if attribute == "generation" else read(name, attribute)  # type: ignore[method-assign]
    with pytest.raises(HardwareFailed, match="number"):
        ask(tree)


@pytest.mark.parametrize(
    "extension",
    [b"", OID + PPID[:4], OID[:-3] + PPID],
)
def test_a_quote_without_an_identifier_stops_the_node(extension: bytes) -> None:
    tree = FakeTree(blob=lambda _data, _level: tdx_quote(extension)[: 200 if extension else 5])
    with pytest.raises(HardwareFailed, match="identifier"):
        Guest(tree)


def test_a_snp_guest_is_identified_by_its_chip_and_has_no_register() -> None:
    blob = bytes(0x1A0) + b"c" * 64 + bytes(SNP_REPORT - 0x1E0)
    node = Guest(FakeTree(provider="sev_guest", blob=lambda _data, _level: blob))
    assert (node.platform.type, node.platform.id) == ("sev_snp", hashlib.sha256(b"c" * 64).digest())
    assert not node.has_register
    assert node.evidence(DATA)["cpu"] == ("snp-report", blob)
    with pytest.raises(HardwareFailed, match="bytes"):
        Guest(FakeTree(provider="sev_guest"))


def signed(payload: bytes) -> bytes:
    return cbor.encode(cbor.Tag(18, [b"", {}, payload, bytes(96)]))


def cca_token(data: bytes, platform: bytes | None = None) -> bytes:
    if platform is None:
        platform = signed(cbor.encode({10: bytes(32), 256: b"\x01" + b"i" * 32}))
    return cbor.encode(cbor.Tag(399, {44234: platform, 44241: signed(cbor.encode({10: data}))}))


@pytest.mark.parametrize(("name", "size"), [("rem0:sha256", 32), ("rem0:sha512", 64)])
def test_a_realm_is_identified_by_its_instance_and_extends_its_register(tmp_path: Path, name: str, size: int) -> None:
    register = with_register(tmp_path, "arm_cca_guest", name)
    node = Guest(FakeTree(provider="arm_cca_guest", blob=lambda data, _: cca_token(data)), system=tmp_path)
    assert (node.platform.type, node.platform.id) == ("cca", hashlib.sha256(b"\x01" + b"i" * 32).digest())
    node.extend(b"event")
    assert register.read_bytes() == hashlib.new(f"sha{size * 8}", b"event").digest()


@pytest.mark.parametrize("claims", [{10: b""}, {256: "text"}, {256: b"\x01" + b"i" * 31}, {256: b"\x02" + b"i" * 32}])
def test_a_token_without_an_instance_stops_the_node(claims: dict[cbor.Key, cbor.Value]) -> None:
    platform = signed(cbor.encode(claims))
    with pytest.raises(HardwareFailed, match="CCA token"):
        Guest(FakeTree(provider="arm_cca_guest", blob=lambda data, _: cca_token(data, platform)))


def test_a_provider_that_changes_is_refused(tmp_path: Path) -> None:
    with_register(tmp_path)
    tree = tdx_tree()
    node = Guest(tree, system=tmp_path)
    tree.provider = "sev_guest"
    with pytest.raises(HardwareFailed, match="changed"):
        node.evidence(DATA)


# --- finding ---


@pytest.fixture
def confidential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose configfs answers like a TDX guest's."""
    (tmp_path / find.REPORTS).mkdir(parents=True)
    with_register(tmp_path)
    monkeypatch.setattr(find, "Tree", lambda _root: tdx_tree())
    return tmp_path


def reason(system: Path, allowed: list[str], root: Path | None = None) -> str:
    with pytest.raises(StartFailed) as caught:
        find.find(allowed, simulated_root=root, system=system)
    return caught.value.reason


def test_confidential_hardware_is_used_and_never_passed_over(confidential: Path, tmp_path: Path) -> None:
    assert find.find(["tdx"], simulated_root=None, system=confidential).platform.type == "tdx"
    assert reason(confidential, ["simulated"], tmp_path) == "hardware_not_allowed"
    assert reason(confidential, ["sev_snp", "simulated"], tmp_path) == "hardware_not_allowed"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EBUSY])
def test_confidential_hardware_that_fails_stops_the_node(
    confidential: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    make_root(tmp_path)
    monkeypatch.setattr(find, "Tree", lambda _root: FakeTree(fail={"make": [number]}))
    assert reason(confidential, ["simulated", "tdx"], tmp_path) == "hardware_failed"
    monkeypatch.setattr(find, "Tree", lambda _root: FakeTree(fail={"read outblob": [errno.EIO]}))
    assert reason(confidential, ["simulated", "tdx"], tmp_path) == "hardware_failed"


@pytest.mark.parametrize("device", find.UNSUPPORTED)
def test_confidential_hardware_that_cannot_be_driven_stops_the_node(tmp_path: Path, device: str) -> None:
    (tmp_path / device).parent.mkdir()
    (tmp_path / device).touch()
    assert reason(tmp_path, ["simulated"], tmp_path) == "hardware_not_supported"


def test_a_nitro_enclave_is_used_and_never_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / find.NSM).touch()
    make_root(tmp_path / "root")
    # An ordinary file takes no such ioctl: hardware that fails.
    assert reason(tmp_path, ["nitro", "simulated"], tmp_path / "root") == "hardware_failed"
    monkeypatch.setattr(find, "NsmDevice", lambda _path: FakeNsm())
    assert find.find(["nitro"], simulated_root=None, system=tmp_path).platform.type == "nitro"
    assert reason(tmp_path, ["simulated"], tmp_path / "root") == "hardware_not_allowed"


def test_a_tpm_is_used_where_it_is_admitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_root(tmp_path / "root")
    (tmp_path / "dev").mkdir()
    (tmp_path / find.TPM).touch()
    (tmp_path / find.TPM_LOG).parent.mkdir(parents=True)
    (tmp_path / find.TPM_LOG).write_bytes(b"log")
    both = ["sim_tpm", "simulated"]
    assert reason(tmp_path, both, tmp_path / "root") == "hardware_failed"
    monkeypatch.setattr(find, "TpmDevice", lambda _path: FakeTpm())
    found = find.find(both, simulated_root=tmp_path / "root", system=tmp_path)
    assert (found.platform.type, found.evidence(DATA)["boot-log"]) == ("sim_tpm", ("tcg-log", b"log"))
    only = find.find(["simulated"], simulated_root=tmp_path / "root", system=tmp_path)
    assert only.platform.type == "simulated"
    (tmp_path / find.TPM).unlink()
    assert reason(tmp_path, ["sim_tpm"], tmp_path / "root") == "hardware_missing"


def test_a_device_that_cannot_be_opened_stops_the_node(tmp_path: Path) -> None:
    (tmp_path / find.TPM).mkdir(parents=True)
    assert reason(tmp_path, ["sim_tpm"]) == "hardware_failed"


def test_an_interface_without_a_driver_and_a_tpm_are_no_confidential_hardware(
    confidential: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "Tree", lambda _root: FakeTree(fail={"make": [errno.ENXIO]}))
    (confidential / "dev").mkdir()
    (confidential / "dev/tpmrm0").touch()
    assert reason(confidential, ["tdx"]) == "hardware_missing"


def test_a_simulation_needs_both_the_configuration_and_a_root_given(tmp_path: Path) -> None:
    assert reason(tmp_path, ["tdx"], tmp_path) == "hardware_missing"
    assert reason(tmp_path, ["simulated"], None) == "hardware_missing"
    assert reason(tmp_path, ["simulated"], tmp_path / "no root") == "hardware_failed"
