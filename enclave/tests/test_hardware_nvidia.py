"""GPUs and switches: as many as configured, each over the node's nonce, with the chain that the driver gives."""

import ctypes

import pytest
from fake_nvidia import PEM, FakeNvidia, device
from hypothesis import given
from hypothesis import strategies as st
from privity_enclave.hardware import HardwareFailed, nvidia
from privity_enclave.hardware.nvidia import Nvidia
from privity_enclave.hardware.pem import certificates
from privity_protocol import bundle, cbor
from shared_evidence import ROOT

NONCE = bytes(range(32))


def machine(gpus: int = 2, switches: int = 3) -> FakeNvidia:
    return FakeNvidia(
        gpus=[device(number) for number in range(gpus)], switches=[device(100 + number) for number in range(switches)]
    )


def ask(fake: FakeNvidia, gpus: int = 2, switches: int = 3) -> dict[str, tuple[str, bytes]]:
    return {**Nvidia(gpus=gpus, switches=switches, load=fake).evidence(NONCE)}


def test_every_device_answers_the_nonce_under_its_label() -> None:
    fake = machine()
    items = ask(fake)
    assert list(items) == ["gpu-0", "gpu-1", "switch-0", "switch-1", "switch-2"]
    for number, (media_type, data) in zip((0, 1, 100, 101, 102), items.values(), strict=True):
        parts = cbor.decode(data)
        assert isinstance(parts, list)
        report, chain = parts
        assert (media_type, report, chain) == ("nvidia-spdm+cbor", device(number)(NONCE)[0], [b"leaf", b"root"])
    bundle.encode(items)
    assert fake.sessions == 0


def test_sixteen_and_sixteen_fit() -> None:
    assert len(ask(machine(16, 16), 16, 16)) == 32


def test_what_is_not_configured_is_not_even_loaded() -> None:
    fake = machine()
    assert ask(fake, 0, 0) == {}
    assert fake.loaded == []
    ask(machine(2, 0), 2, 0)


@pytest.mark.parametrize(
    ("gpus", "switches"), [(1, 3), (3, 3), (2, 2), (2, 4)], ids=["gpu more", "gpu less", "switch more", "switch less"]
)
def test_one_device_more_or_fewer_than_configured_stops_the_node(gpus: int, switches: int) -> None:
    with pytest.raises(HardwareFailed, match="2 GPUs and 3 switches answer"):
        ask(machine(), gpus, switches)


@pytest.mark.parametrize("library", [nvidia.NVML, nvidia.NSCQ])
def test_a_configured_device_without_its_library_stops_the_node(library: str) -> None:
    fake = machine()
    fake.missing = {library}
    with pytest.raises(HardwareFailed, match="library"):
        ask(fake)
    with pytest.raises(HardwareFailed, match="library"):
        Nvidia(gpus=int(library == nvidia.NVML), switches=int(library == nvidia.NSCQ), load=no_library)


def no_library(name: str) -> ctypes.CDLL:
    return ctypes.CDLL(f"{name}.of-no-machine")


FUNCTIONS = ["nvmlInit_v2", "nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2"]
FUNCTIONS += ["nvmlDeviceGetConfComputeGpuCertificate", "nvmlDeviceGetConfComputeGpuAttestationReport"]
NSCQ_FUNCTIONS = ["nscq_session_create", "nscq_session_set_input", "nscq_session_path_observe"]


@pytest.mark.parametrize("name", [*FUNCTIONS, *NSCQ_FUNCTIONS])
def test_a_driver_that_fails_or_lacks_a_function_stops_the_node(name: str) -> None:
    fake = machine()
    fake.broken = {name: -7 if name.startswith("nscq") else 3}
    with pytest.raises(HardwareFailed, match=name):
        ask(fake)
    assert fake.sessions == 0
    fake = machine()
    fake.missing = {name}
    with pytest.raises(HardwareFailed, match=f"no {name}"):
        ask(fake)


def test_a_warning_of_the_switches_driver_is_no_failure() -> None:
    fake = machine()
    fake.callback_code = 1
    assert len(ask(fake)) == 5


def test_a_switch_that_fails_or_gives_half_stops_the_node() -> None:
    for change in ({"callback_code": -8}, {"without": "certificate"}, {"without": "attestation_report"}):
        fake = machine()
        for name, value in change.items():
            setattr(fake, name, value)
        with pytest.raises(HardwareFailed, match="no report or no certificates"):
            ask(fake)


@pytest.mark.parametrize("place", ["gpus", "switches"])
def test_an_answer_to_another_nonce_is_refused(place: str) -> None:
    fake = machine()
    getattr(fake, place)[1] = lambda _nonce: (device(1)(bytes(32))[0], PEM)
    with pytest.raises(HardwareFailed, match="another nonce"):
        ask(fake)


@pytest.mark.parametrize("place", ["gpus", "switches"])
@pytest.mark.parametrize("sizes", [(0, 10), (nvidia.MAX_REPORT + 1, 10), (100, 0), (100, nvidia.MAX_CHAIN + 1)])
def test_a_size_beyond_the_buffer_is_refused(place: str, sizes: tuple[int, int]) -> None:
    fake = machine()
    getattr(fake, place)[0] = lambda nonce: (
        (b"\x11\xe0\x01\xff" + nonce).ljust(sizes[0], b"\0")[: sizes[0]],
        bytes(sizes[1]),
    )
    with pytest.raises(HardwareFailed, match=r"says that it wrote|another nonce"):
        ask(fake)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_any_bytes_from_a_device_are_evidence_or_a_documented_failure(report: bytes, chain: bytes) -> None:
    fake = FakeNvidia(gpus=[lambda _nonce: (report, chain)], switches=[lambda _nonce: (report, chain)])
    with pytest.raises(HardwareFailed):
        ask(fake, 1, 1)


@pytest.mark.parametrize("name", ["h100-550.90.07", "nvswitch-ls10"])
def test_what_real_devices_signed_comes_through_whole(name: str) -> None:
    path = ROOT / f"nvidia/{name}.evidence.bin"
    if not path.is_file():
        pytest.skip("the shared vectors are not here")
    report, chain = path.read_bytes(), (ROOT / f"nvidia/{name}.chain.pem").read_bytes()
    switch = name.startswith("nvswitch")
    fake = FakeNvidia(**{"switches" if switch else "gpus": [lambda _nonce: (report, chain)]})
    node = Nvidia(gpus=0 if switch else 1, switches=1 if switch else 0, load=fake)
    (item,) = node.evidence(report[4:36]).values()
    assert cbor.decode(item[1]) == [report, certificates(chain)]
    assert len(certificates(chain)) == 5
    with pytest.raises(HardwareFailed, match="another nonce"):
        node.evidence(NONCE)


def test_structures_have_the_sizes_of_the_headers() -> None:
    sizes = [ctypes.sizeof(kind) for kind in (nvidia.GpuCertificate, nvidia.GpuReport)]
    assert sizes == [8 + 0x1000 + 0x1400, 12 + 0x20 + 0x2000 + 0x1000]
    assert [ctypes.sizeof(kind) for kind in (nvidia.SwitchCertificate, nvidia.SwitchReport)] == [0x1404, 0x2004]


def test_certificates_are_what_lies_between_their_lines() -> None:
    assert certificates(PEM) == [b"leaf", b"root"]
    assert certificates(b"text" + PEM + b"\0") == [b"leaf", b"root"]
    assert certificates(b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n" + PEM) == [b"leaf", b"root"]
    assert certificates(b"-----BEGIN CERTIFICATE-----\nbGVhZg==\n") == []
