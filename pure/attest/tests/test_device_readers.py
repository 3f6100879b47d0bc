"""The readers of devices and Arm tokens: any bytes at all give a documented error, and nothing takes much memory."""

import contextlib
import tracemalloc

import pytest
from device_attacks import GPU, HONEST, PROVISIONER, told
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest.arm.claims import ProfileUnknown
from privity_attest.cca import token as cca
from privity_attest.der import DerError
from privity_attest.errors import STAGE_OF
from privity_attest.item import appraise_item
from privity_attest.item_policy import item_policy
from privity_attest.nvidia import device, ocsp, spdm
from privity_attest.nvidia.spdm import SpdmError
from privity_attest.psa import token as psa
from privity_attest.testing.arm import CcaDevice, PsaDevice
from privity_attest.testing.bundle import NOW
from privity_attest.testing.nvidia import MEDIA_TYPE, OCSP_TYPE, Answer
from privity_protocol import cbor
from privity_protocol.errors import Malformed

EVIDENCE = cbor.decode(GPU.item(bytes(32)))[0]
RESPONSE = Answer(PROVISIONER, 1).encode()
POLICY = item_policy(NOW)
READERS = {
    "spdm": (spdm.decode, SpdmError, EVIDENCE),
    "device": (device.decode, SpdmError, GPU.item(bytes(32))),
    "ocsp": (ocsp.decode, DerError, RESPONSE),
    "psa": (psa.decode, (Malformed, ProfileUnknown), PsaDevice().build().items["cpu"][1]),
    "cca platform": (cca.platform, (Malformed, ProfileUnknown), CcaDevice().build().items["cpu"][1]),
    "cca realm": (cca.realm, (Malformed, ProfileUnknown), CcaDevice().build().items["cpu"][1]),
    "cca parts": (cca.parts, Malformed, CcaDevice().build().items["cpu"][1]),
}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_bytes_give_a_documented_error(name, data) -> None:
    read, documented, honest = READERS[name]
    at = data.draw(st.integers(0, len(honest)))
    junk = data.draw(st.one_of(st.binary(max_size=80), st.just(honest)))
    with contextlib.suppress(documented):
        read(honest[:at] + junk + honest[data.draw(st.integers(at, len(honest))) :])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_claims_give_a_documented_error(payload) -> None:
    for read in (psa.decode, cca.platform, cca.realm):
        with contextlib.suppress(Malformed, ProfileUnknown):
            read(payload)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([*HONEST, "nvidia-ocsp"]), st.binary(max_size=200))
def test_any_item_gives_listed_reasons(label, data) -> None:
    items = {name: (MEDIA_TYPE, one.item(bytes(32))) for name, one in HONEST.items()}
    items["nvidia-ocsp"] = (OCSP_TYPE, cbor.encode(list(told())))
    record = appraise_item({**items, label: (items[label][0], data)}, now=NOW, policy=POLICY, release=None)
    assert record.reasons
    assert all(reason.split(":")[0] in STAGE_OF for reason in record.reasons)


@pytest.mark.parametrize(("tee", "honest"), [("psa", PsaDevice()), ("cca", CcaDevice())])
@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_token_gives_listed_reasons(tee, honest, data) -> None:
    record = appraise_item({"cpu": (f"{tee}-token", data)}, now=NOW, policy=POLICY, release=None)
    assert record.reasons
    assert all(reason.split(":")[0] in STAGE_OF for reason in record.reasons)


def test_a_response_with_a_fault_in_any_byte_is_not_the_same() -> None:
    honest = ocsp.decode(RESPONSE)
    for at in range(len(RESPONSE)):
        changed = RESPONSE[:at] + bytes([RESPONSE[at] ^ 1 << at % 8]) + RESPONSE[at + 1 :]
        with contextlib.suppress(DerError):
            found = ocsp.decode(changed)
            assert (found.signed, found.signature, found.scheme) != (honest.signed, honest.signature, honest.scheme)


def many(count: int) -> bytes:
    """A response with so many answers: an honest one, its list replaced."""
    from privity_attest.testing.der import sequence

    plain = Answer(PROVISIONER, 1)
    one = plain.encode()
    single = plain._single()
    return one.replace(sequence(single), sequence(single * count)) if count == 1 else _nested(one, single, count)


def _nested(one: bytes, single: bytes, count: int) -> bytes:
    from privity_attest.testing.der import explicit, sequence, tlv
    from privity_attest.testing.nvidia import signer_name, time

    data = sequence(explicit(1, signer_name(PROVISIONER)), time(NOW), sequence(single * count))
    algorithm = sequence(tlv(0x06, bytes.fromhex("2a8648ce3d040303")))
    basic = sequence(data, algorithm, tlv(0x03, b"\0" + one[-8:]))
    kind = tlv(0x06, bytes.fromhex("2b0601050507300101"))
    return sequence(tlv(0x0A, b"\0"), explicit(0, sequence(kind, tlv(0x04, basic))))


def test_64_answers_are_read_and_65_are_not() -> None:
    assert len(ocsp.decode(many(64)).answers) == 64
    with pytest.raises(DerError, match="answers"):
        ocsp.decode(many(65))


def test_four_certificates_of_a_response_are_read_and_five_are_not() -> None:
    certificate = PROVISIONER.certificate
    assert len(ocsp.decode(Answer(PROVISIONER, 1, certificates=(certificate,) * 4).encode()).certificates) == 4
    with pytest.raises(DerError, match="certificates"):
        ocsp.decode(Answer(PROVISIONER, 1, certificates=(certificate,) * 5).encode())


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6])
def test_an_unsuccessful_response_says_nothing(number) -> None:
    from privity_attest.testing.der import sequence, tlv

    with pytest.raises(DerError):
        ocsp.decode(sequence(tlv(0x0A, bytes([number]))))


def test_reading_takes_less_than_eight_times_the_input() -> None:
    for name, (read, documented, honest) in READERS.items():
        data = honest * (16_384 // len(honest) + 1)
        with contextlib.suppress(documented):
            read(data)
        tracemalloc.start()
        with contextlib.suppress(documented):
            read(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8 * len(data), name


def test_eight_certificates_are_read_and_nine_are_not() -> None:
    eight, nine = ([EVIDENCE, [b"certificate"] * count] for count in (8, 9))
    assert len(device.decode(cbor.encode(eight)).chain) == 8
    with pytest.raises(SpdmError, match="malformed"):
        device.decode(cbor.encode(nine))


@pytest.mark.parametrize(("slot", "read"), [(0, True), (7, True), (8, False)])
def test_a_device_has_eight_slots(slot, read) -> None:
    changed = EVIDENCE[:36] + bytes([slot]) + EVIDENCE[37:]
    if read:
        assert spdm.decode(changed).nonce == bytes(32)
    else:
        with pytest.raises(SpdmError, match="malformed"):
            spdm.decode(changed)
