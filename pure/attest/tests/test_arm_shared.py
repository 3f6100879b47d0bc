"""Arm's own tokens: every shared case unpinned and pinned, its claims, and every flipped bit."""

import binascii

import pytest
from privity_attest.item import ItemRecord, appraise_item
from privity_attest.item_policy import item_policy
from privity_attest.policy import Policy
from privity_attest.roots.pins import is_published
from privity_attest.testing.bundle import NOW
from vendor_cases import cases, content, flips

CASES = [*cases("psa"), *cases("cca")]
GENUINE = [one for one in CASES if one.values[0] is None or one.values[0]["expect"]["crypto"] == "pass"]


def key(case) -> bytes:
    """The SubjectPublicKeyInfo beside the case."""
    pem = content(case, "iak" if case["tee"] == "psa" else "platform_key")
    return binascii.a2b_base64(b"".join(pem.splitlines()[1:-1]))


def record(case, *, pinned: bool, data: bytes | None = None) -> ItemRecord:
    policy: Policy = item_policy(NOW, keys=(key(case).hex(),) if pinned else ())
    item = {"cpu": (f"{case['tee']}-token", data or content(case, "token"))}
    return appraise_item(item, now=NOW, policy=policy, release=None)


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_judged_as_the_index_says(case) -> None:
    expect = case["expect"]
    pinned, unpinned = record(case, pinned=True), record(case, pinned=False)
    assert pinned.genuine == (expect["crypto"] == "pass")
    assert not unpinned.genuine
    reason = expect["reason"].split(" ")[0]
    codes = {one.split(":")[0] for one in (*pinned.reasons, *unpinned.reasons)}
    assert reason in codes
    assert "trust_anchor_not_pinned:cpu" in unpinned.reasons
    assert (pinned.reasons == ()) == (expect["crypto"] == "pass")


@pytest.mark.parametrize("case", GENUINE)
def test_the_keys_of_the_vectors_are_known_to_be_published(case) -> None:
    assert is_published(key(case))


@pytest.mark.parametrize("case", [one for one in GENUINE if one.id.startswith("psa") or one.id == "absent"])
def test_the_psa_claims_are_those_of_the_index(case) -> None:
    claims = {name: one.value for name, one in record(case, pinned=True).claims.items()}
    names = ("profile", "nonce", "instance", "client", "lifecycle", "implementation", "boot_seed", "certification")
    current = (265, 10, 256, 2394, 2395, 2396, 2397, 2398, 2400)
    first = (-75000, -75008, -75009, -75001, -75002, -75003, -75004, -75005, -75010)
    keys = current if "265" in case["claims"] else first
    expected = {name: case["claims"][str(key)] for name, key in zip((*names, "service"), keys, strict=True)}
    assert {name: str(claims[name]) for name in expected} == expected
    assert len(claims["components"]) == 2


@pytest.mark.parametrize("case", [one for one in GENUINE if one.id.startswith("cca") or one.id == "absent"])
def test_the_cca_claims_are_those_of_the_index(case) -> None:
    """The index shortens values to 24 digits."""
    claims = {name: one.value for name, one in record(case, pinned=True).claims.items()}
    plat, realm = case["claims"]["plat"], case["claims"]["realm"]
    for name, number in (("instance", 256), ("implementation", 2396), ("configuration", 2401), ("profile", 265)):
        assert f"{number}: '{claims[name][: 28 if name == 'profile' else 24]}" in plat
    assert f"2395: {claims['lifecycle']}" in plat
    assert f"10: '{claims['platform_challenge'][:24]}'" in plat
    for name, number in (("challenge", 10), ("personalisation", 44235), ("realm_key", 44237), ("rim", 44238)):
        assert f"{number}: '{claims[name][:24]}'" in realm
    assert f"44236: '{claims['hash']}'" in realm
    assert len(claims["rem"]) == 4


@pytest.mark.slow
@pytest.mark.parametrize("case", [one for one in GENUINE if one.id in ("psa-2_0_0_sign1", "cca-tf-rmm", "absent")])
def test_a_flipped_bit_is_never_genuine(case) -> None:
    for data in flips(content(case, "token")):
        assert not record(case, pinned=True, data=data).genuine


@pytest.mark.parametrize("case", GENUINE)
def test_every_byte_is_consumed(case) -> None:
    data = content(case, "token")
    assert record(case, pinned=True, data=data + b"\0").reasons == ("trailing_data:cpu",)
    assert record(case, pinned=True, data=data[:-1]).reasons == ("malformed:cpu",)
