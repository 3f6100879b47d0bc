"""A policy may be stricter than its floor in any field and looser in none."""

from dataclasses import fields, is_dataclass, replace

import pytest
from privity_attest import policy, strictness
from privity_attest.defaults import default_document, floor_document
from privity_attest.errors import PolicyMalformed
from privity_attest.policy import Policy, below_floor, user_policy
from privity_attest.schema import Unchecked
from privity_attest.testing.bundle import NOW, default_policy
from privity_protocol import canonical

STRICT = default_policy(allow_simulated=False)
FLOOR = policy.decode(canonical.encode(floor_document()))
WHOLE = {"trust_anchors", "fleet"}
"""Sections judged as one: roots by their own rule, the fleet by the log."""
UNCHECKED = Unchecked("a reason")


def leaves(value: object, prefix: str = "") -> list[str]:
    """The dotted names of all fields of the schema."""
    names: list[str] = []
    for one in fields(value):  # type: ignore[arg-type]
        if "read" not in one.metadata:
            continue
        inner = getattr(value, one.name)
        if is_dataclass(inner) and not isinstance(inner, Unchecked) and one.name not in WHOLE:
            names += leaves(inner, f"{prefix}{one.name}.")
        else:
            names.append(prefix + one.name)
    return names


def changed(given: Policy, name: str, value: object) -> Policy:
    """`given` with one dotted field replaced."""
    first, _, rest = name.partition(".")
    inner = changed(getattr(given, first), rest, value) if rest else value  # type: ignore[arg-type]
    return replace(given, **{first: inner})


LOOSER = {
    "kinds": ("tdx", "sgx", "sev_snp", "nitro"),
    "allow_simulated": True,
    "require_crl.tdx": False,
    "require_crl.sev_snp": UNCHECKED,
    "egress": ("none", "web"),
    "max_release_proof_age": 7 * 86_400 + 1,
    "max_anchor_age": 86_401,
    "max_key_lifetime": 7201,
    "clock_skew": 301,
    "configuration": UNCHECKED,
    "max_collateral_age": 7 * 86_400 + 1,
    "tdx.allowed_status": ("UpToDate", "OutOfDate"),
    "tdx.grace_days": 1,
    "tdx.min_tcb_evaluation": 17,
    "tdx.attributes.must": (),
    "tdx.attributes.never": (0, 29),
    "tdx.attributes.may": (27, 30, 31, 40),
    "tdx.xfam_allowed": b"\xff" * 8,
    "tdx.require_zero": ("mrowner",),
    "tdx.rtmr1": UNCHECKED,
    "tdx.rtmr2": (bytes(48),),
    "tdx.rtmr3": UNCHECKED,
    "tdx.pck_types": (0, 1, 2),
    "tdx.pck_configuration": UNCHECKED,
    "sgx.allowed_status": ("OutOfDate",),
    "sgx.mrenclave": UNCHECKED,
    "snp.generations": ("milan",),
    "snp.min_report_version": 2,
    "snp.policy_must": (),
    "snp.policy_must_not": (18,),
    "snp.platform_info_must": (),
    "snp.vmpl": (0, 1),
    "snp.allow_vlek": True,
    "snp.allow_masked_chip": True,
    "snp.measurement": (bytes(48),),
    "nitro.pcrs": {"0": "from_release", "1": "from_release"},
    "gpu.golden": UNCHECKED,
    "gpu.require_ocsp": False,
    "gpu.allow_hold": True,
    "gpu.rim_expired_days": 1,
    "psa.lifecycle": (0x3000,),
    "cca.implementation_ids": (bytes(32),),
}
STRICTER = {
    "kinds": ("tdx",),
    "release_allow": (bytes(32),),
    "models": (),
    "configuration": (bytes(32),),
    "challenge": "always",
    "clock_skew": 0,
    "tdx.allowed_status": (),
    "tdx.refused_advisories": ("INTEL-SA-00001",),
    "tdx.min_module_isvsvn": {"TDX_01": 4},
    "tdx.mrseam": (bytes(48),),
    "tdx.attributes.must": (28, 30),
    "tdx.xfam_allowed": bytes(8),
    "snp.min_tcb": {"genoa": {"microcode": 80}},
    "snp.policy_must_not": (16, 18, 19),
    "snp.platform_info_must_not": (0,),
    "nitro.pcrs": {**STRICT.nitro.pcrs, "5": (bytes(48),)},
}


def test_every_field_of_the_schema_has_its_rule() -> None:
    everything = changed(STRICT, "tdx.pck_configuration", STRICT.tdx.pck_configuration)
    assert sorted(leaves(everything)) == sorted(strictness.FIELDS)


def test_a_policy_is_as_strict_as_itself() -> None:
    assert strictness.looser(STRICT, STRICT) == ()


@pytest.mark.parametrize("name", LOOSER)
def test_a_looser_field_is_named(name) -> None:
    looser = strictness.looser(changed(STRICT, name, LOOSER[name]), STRICT)
    assert looser
    assert all(one == name or one.startswith(f"{name}.") for one in looser)


@pytest.mark.parametrize("name", STRICTER)
def test_a_stricter_field_is_not(name) -> None:
    assert strictness.looser(changed(STRICT, name, STRICTER[name]), STRICT) == ()


def test_a_lower_number_in_a_map_is_looser() -> None:
    floor = changed(STRICT, "snp.min_tcb", {"genoa": {"microcode": 80}})
    for less in ({}, {"genoa": {}}, {"genoa": {"microcode": 79}}, {"turin": {"microcode": 90}}):
        assert strictness.looser(changed(STRICT, "snp.min_tcb", less), floor) == ("snp.min_tcb",)


def test_asking_for_a_challenge_less_often_is_looser() -> None:
    floor = changed(STRICT, "challenge", "first_contact")
    assert strictness.looser(STRICT, floor) == ("challenge",)


def test_the_default_is_above_the_compiled_floor_and_the_floor_on_it() -> None:
    assert below_floor(STRICT) == ()
    assert below_floor(replace(FLOOR, issued_at=NOW, expires_at=NOW + 60)) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    {
        "tdx.attributes.never": (29, 63),
        "snp.policy_must_not": (18,),
        "snp.policy_must": (),
        "tdx.allowed_status": ("OutOfDate",),
        "require_crl.tdx": UNCHECKED,
        "snp.measurement": (bytes(48),),
        "max_collateral_age": UNCHECKED,
    }.items(),
)
def test_what_no_signed_policy_may_allow(name, value) -> None:
    assert below_floor(changed(STRICT, name, value)) == (name,)


def test_a_foreign_root_needs_the_word_simulated() -> None:
    foreign = changed(STRICT, "trust_anchors.tdx", (bytes(32),))
    assert below_floor(foreign) == ("trust_anchors.tdx",)
    assert below_floor(replace(foreign, allow_simulated=True)) == ()


def test_a_users_policy_may_only_be_stricter() -> None:
    document = default_document(now=NOW, deployment="local", allow_simulated=False, roots=())
    mine = canonical.encode({**document, "name": "mine", "challenge": "always"})
    assert user_policy(mine, base=STRICT).challenge == "always"
    loose = canonical.encode({**document, "clock_skew": 301, "kinds": ["sgx"]})
    with pytest.raises(PolicyMalformed) as caught:
        user_policy(loose, base=STRICT)
    assert (caught.value.reason, caught.value.detail) == ("policy_below_floor", "kinds, clock_skew")
    with pytest.raises(PolicyMalformed) as caught:
        user_policy(b"{}", base=STRICT)
    assert caught.value.reason == "policy_malformed"
