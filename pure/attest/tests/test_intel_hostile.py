"""Hostile TDX and SGX bundles: any bytes give listed reasons, in bounded time and memory."""

import json
import random
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intel_attack import PKI, SGX, TDX, WIDE, members, policy_for
from privity_attest.errors import STAGE_OF
from privity_attest.testing.intel import BOOT, Intel, ccel, pem_of
from privity_attest.testing.intel_pki import ISSUER, PCK, ROOT, tlv
from privity_attest.testing.node import EVERYTHING_PROVED, build
from privity_protocol import evidence
from vendor_appraisal import record_of

HONEST = {"tdx": build(TDX.machine()), "td15": build(WIDE.machine()), "sgx": build(SGX.machine())}
POLICIES = {"tdx": policy_for(TDX, {}), "td15": policy_for(WIDE, {}), "sgx": policy_for(SGX, {})}
OF_THE_KIND = ("boot-log", "cpu", "dcap-collateral")
SEED = 20_261_127


def reasons(name: str, label: str, data: bytes) -> tuple[str, ...]:
    """All failures of a bundle in which one item is replaced; each is of the list."""
    items = HONEST[name].items
    bundle = evidence.encode({**items, label: (items[label][0], data)})
    found = record_of(bundle, policy=POLICIES[name], logged=EVERYTHING_PROVED).reasons
    assert all(reason.split(":")[0] in STAGE_OF for reason in found)
    return found


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(OF_THE_KIND), st.binary(max_size=300))
def test_any_bytes_as_an_item_give_listed_reasons(label, data) -> None:
    assert reasons("tdx", label, data)


@pytest.mark.parametrize("name", HONEST)
def test_a_flipped_bit_of_an_item_is_never_accepted(name) -> None:
    drawn = random.Random(f"{SEED} {name}")
    for label in ("cpu", "dcap-collateral"):
        data = HONEST[name].items[label][1]
        for at in sorted(drawn.sample(range(len(data)), 120)):
            assert reasons(name, label, flipped(data, at, drawn)), at


def flipped(data: bytes, at: int, drawn: random.Random) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << drawn.randrange(8)]) + data[at + 1 :]


def unmeasured() -> set[int]:
    """Bytes of the honest boot log that no register covers.

    Of the first record the register, platform class and version; of each event the type; size and payload where the
    type does not tie them to the digest. None of them is ever shown as a fact.
    """
    places = {*range(4), *range(48, 56)}
    position = len(ccel(())) - 16
    for _, kind, data in BOOT:
        places |= {*range(position + 4, position + 8)}
        position += 12 + 2 + 48 + 4
        places |= {*range(position - 4, position + len(data))} if kind == 0x0D else set()
        position += len(data)
    return places


def test_a_flipped_bit_of_the_boot_log_is_accepted_only_where_nothing_is_measured() -> None:
    data, drawn = HONEST["tdx"].items["boot-log"][1], random.Random(SEED)
    accepted = {at for at in range(len(data)) if not reasons("tdx", "boot-log", flipped(data, at, drawn))}
    assert accepted <= unmeasured()
    assert accepted


@pytest.mark.parametrize("name", HONEST)
def test_an_item_cut_at_any_place_is_refused(name) -> None:
    for label in OF_THE_KIND:
        data = HONEST[name].items.get(label, ("", b""))[1]
        for size in {0, 1, 2, 47, 48, 632, len(data) // 2, len(data) - 17} if data else set():
            assert size >= len(data) or reasons(name, label, data[:size])


def large(found: dict) -> dict:
    """Collateral as large as it may be: a list of many entries, documents of many levels."""
    entry = tlv(0x30, tlv(0x02, b"\1") + tlv(0x17, b"260101000000Z"))
    entries = b"".join(tlv(0x30, tlv(0x02, index.to_bytes(3)) + entry[5:]) for index in range(70_000, 71_100))
    document = json.loads(found["tcb_info"])
    document["tcbLevels"] *= 8
    return {**found, "pck_crl": tlv(0x30, entries), "tcb_info": json.dumps(document)}


HEAVY = {
    "a list of many entries": replace(TDX, collateral=large),
    # What Intel did not sign is not even parsed.
    "a document of brackets": members(tcb_info="[" * 30_000),
    "a document of empty lists": members(tcb_info='{"a":[' + "[]," * 9_000 + "[]]}"),
    "a document of many members": members(tcb_info="{" + ",".join(f'"{index}":0' for index in range(3_000)) + "}"),
    "a chain of many lines": replace(TDX, pem=lambda pem: b"-----BEGIN CERTIFICATE-----\n" + b"\r\n" * 9_000),
    "a chain of many certificates": replace(TDX, pem=lambda pem: pem_of(*[PKI.make(ROOT).certificate] * 20)),
    "a log of many events": replace(TDX, boot_log=lambda log: log[:-16] + log[61:-16] * 90),
    "zeros after the quote": replace(TDX, quote=lambda quote: quote + bytes(27_000)),
}


@pytest.mark.parametrize("title", HEAVY, ids=lambda title: title.replace(" ", "-"))
def test_a_heavy_bundle_takes_less_than_eight_times_its_size(title) -> None:
    data = build(HEAVY[title].machine()).data
    record_of(data, policy=POLICIES["tdx"], logged=EVERYTHING_PROVED)
    tracemalloc.start()
    try:
        found = record_of(data, policy=POLICIES["tdx"], logged=EVERYTHING_PROVED)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (not found.reasons) == (title == "zeros after the quote")
    assert peak < 8 * len(data)


def test_all_certificates_in_another_order_are_refused() -> None:
    leaf, issuer, root = (PKI.make(role).certificate for role in (PCK, ISSUER, ROOT))
    for order in ((issuer, leaf, root), (leaf, root, issuer), (root, issuer, leaf), (leaf, leaf, root)):
        data = build(Intel(pem=lambda pem, order=order: pem_of(*order)).machine()).data
        assert record_of(data, policy=POLICIES["tdx"], logged=EVERYTHING_PROVED).reasons
