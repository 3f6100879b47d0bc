"""Policy, memory, release and models documents: closed, required in full, and stricter never looser."""

import copy
from dataclasses import dataclass, fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_attest import memory as memories
from privity_attest import platforms, policy, release, schema
from privity_attest.defaults import default_document
from privity_attest.errors import PolicyMalformed
from privity_attest.memory import Memory
from privity_attest.schema import Unchecked
from privity_attest.simulated.document import pin_of_pem
from privity_attest.testing.bundle import NOW, default_policy, models_document, release_leaf
from privity_attest.testing.root import make_root
from privity_protocol import canonical
from privity_protocol.errors import Malformed

DOCUMENT = default_document(now=NOW, deployment="local", allow_simulated=True, roots=[bytes(32)])
UNCHECKED = {"unchecked": "a reason"}
MUST_BE_DECIDED = tuple(
    """
    format name version issued_at expires_at kinds allow_simulated trust_anchors max_release_proof_age
    deployment challenge max_anchor_age max_key_lifetime clock_skew fleet tdx.allowed_status
    tdx.grace_days tdx.refused_advisories tdx.attributes tdx.xfam_allowed tdx.require_zero
    sgx.allowed_status snp.generations snp.policy_must snp.policy_must_not snp.vmpl snp.allow_vlek
    snp.allow_masked_chip snp.measurement nitro.pcrs gpu.count gpu.switches gpu.allow_hold psa.lifecycle
    cca.lifecycle
    """.split()  # noqa: SIM905
)
MAY_BE_UNCHECKED = tuple(
    """
    require_crl.tdx release_allow models configuration egress max_collateral_age tdx.min_tcb_evaluation
    tdx.mrseam tdx.min_module_isvsvn tdx.shapes tdx.rtmr1 tdx.rtmr2 tdx.rtmr3 tdx.mrconfigid
    tdx.pck_types tdx.pck_configuration sgx.mrenclave sgx.signers snp.min_report_version snp.min_tcb
    snp.min_abi snp.host_data snp.platform_info_must snp.platform_info_must_not snp.id_keys
    snp.author_keys nitro.pcrs.3 gpu.device_kinds gpu.drivers gpu.vbios gpu.firmware_ids gpu.golden
    gpu.require_ocsp gpu.rim_expired_days psa.implementation_ids psa.components psa.partitions psa.rim
    psa.rem
    """.split()  # noqa: SIM905
)
REMOVE = object()


def changed(path: str, value: object) -> bytes:
    """The default document with one member replaced or removed."""
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path.split(".")
    place = document
    for name in parents:
        place = place[name]
    if value is REMOVE:
        del place[last]
    else:
        place[last] = value
    return canonical.encode(document)


def paths(document, prefix: str = ""):
    """Every member of the default document that is not inside an open map."""
    for name, value in document.items():
        yield prefix + name
        if isinstance(value, dict) and value.keys() != {"unchecked"} and name not in ("pcrs", "min_module_isvsvn"):
            yield from paths(value, f"{prefix}{name}.")


def test_the_default_policy_reads_back() -> None:
    read = policy.decode(canonical.encode(DOCUMENT))
    assert read == default_policy(roots=(bytes(32),))
    assert read.release_allow == Unchecked("any logged, valid, unrevoked")
    assert read.tdx.attributes == platforms.Attributes((28,), (0, 29, 63), (27, 30, 31))
    assert read.snp.generations == ("genoa", "turin")
    assert read.nitro.pcrs["16"] == "by_replay"
    assert policy.below_floor(read) == ()


@pytest.mark.parametrize("path", list(paths(DOCUMENT)))
def test_every_field_is_required(path) -> None:
    with pytest.raises(PolicyMalformed, match="missing_member"):
        policy.decode(changed(path, REMOVE))


@pytest.mark.parametrize("path", ["more", "tdx.more", "trust_anchors.more", "tdx.attributes.more", "fleet.more"])
def test_unknown_fields_are_refused(path) -> None:
    with pytest.raises(PolicyMalformed, match="unknown_member"):
        policy.decode(changed(path, 1))


@pytest.mark.parametrize("path", MUST_BE_DECIDED)
def test_what_must_be_decided_may_not_be_unchecked(path) -> None:
    with pytest.raises(PolicyMalformed):
        policy.decode(changed(path, UNCHECKED))


@pytest.mark.parametrize("path", MAY_BE_UNCHECKED)
def test_what_may_be_unchecked_says_why(path) -> None:
    policy.decode(changed(path, UNCHECKED))
    with pytest.raises(PolicyMalformed):
        policy.decode(changed(path, {"unchecked": ""}))


def test_the_two_lists_cover_every_field() -> None:
    known = {one.split(".")[-1] for one in (*MUST_BE_DECIDED, *MAY_BE_UNCHECKED)}
    known |= {"require_crl", "tdx", "sgx", "snp", "nitro", "gpu", "psa", "cca"}
    assert {one.name for one in fields(policy.Policy)} - known == {"digest"}
    for section in (platforms.Tdx, platforms.Sgx, platforms.Snp, platforms.Gpu, platforms.Arm):
        assert is_dataclass(section)
        assert {one.name for one in fields(section)} <= known


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "privity-policy/2"), ("version", 0), ("expires_at", NOW), ("kinds", ["simulated"]),
        ("kinds", ["tdx", "tdx"]), ("allow_simulated", False), ("allow_simulated", 1), ("challenge", "never"),
        ("trust_anchors.tdx", ["00"]), ("release_allow", "any"), ("configuration", "anything"), ("egress", ["A"]),
        ("max_key_lifetime", 0), ("tdx.allowed_status", ["Revoked"]), ("tdx.attributes.must", [64]),
        ("tdx.refused_advisories", ["CVE-1"]), ("tdx.rtmr3", "from_release"), ("snp.generations", ["rome"]),
        ("snp.vmpl", [4]), ("snp.min_tcb", {"rome": {}}), ("snp.min_tcb", {"genoa": {"boot": 1}}),
        ("nitro.pcrs", {"32": "by_replay"}), ("nitro.pcrs", []), ("nitro.pcrs", {"0": "trusted"}),
        ("gpu.count", 17), ("psa.rim", ["00" * 33]), ("trust_anchors.psa", ["00" * 32]),
        ("trust_anchors.cca", ["00" * 91]), ("sgx.signers", [{"mrsigner": "00" * 32}]),
    ],
)  # fmt: skip
def test_values_outside_the_schema_are_refused(path, value) -> None:
    with pytest.raises(PolicyMalformed, match="policy_malformed"):
        policy.decode(changed(path, value))


def test_numbers_for_other_hardware_are_read() -> None:
    read = policy.decode(changed("snp.min_tcb", {"genoa": {"microcode": 84, "snp": 27}}))
    assert read.snp.min_tcb == {"genoa": {"microcode": 84, "snp": 27}}
    signer = {"mrsigner": "00" * 32, "prodid": 1, "min_isvsvn": 2}
    assert policy.decode(changed("sgx.signers", [signer])).sgx.signers == (platforms.Signer(bytes(32), 1, 2),)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_policy_or_malformed(data) -> None:
    with pytest.raises(PolicyMalformed):
        policy.decode(data)


def test_a_policy_has_a_limit() -> None:
    with pytest.raises(PolicyMalformed, match="too_large"):
        policy.decode(b" " * (policy.MAX_POLICY + 1))


def test_memory_survives_its_encoding_and_forgets_old_answers() -> None:
    remembered = Memory().with_policy("local", 3).with_policy("local", 2).with_challenge("aa", NOW)
    assert remembered.policy_versions == {"local": 3}
    assert memories.decode(memories.encode(remembered)) == remembered
    later = remembered.with_challenge("bb", NOW + memories.FORGET_AFTER)
    assert later.challenged == {"aa": NOW, "bb": NOW + memories.FORGET_AFTER}
    assert later.with_challenge("cc", NOW + memories.FORGET_AFTER + 1).challenged.keys() == {"bb", "cc"}


@pytest.mark.parametrize(
    "value", [[], {}, {**Memory().members(), "crl_numbers": 1}, {**Memory().members(), "more": {}}]
)
def test_a_memory_of_another_form_is_refused(value) -> None:
    with pytest.raises(Malformed):
        memories.decode(canonical.encode(value))


def test_a_memory_has_a_limit() -> None:
    full = {str(index): 1 for index in range(memories.MAX_ENTRIES + 1)}
    with pytest.raises(Malformed):
        memories.decode(canonical.encode({**Memory().members(), "challenged": full}))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"t": "web"}, {"name": ""}, {"source": "main"}, {"platforms": {}},
        {"platforms": {"abacus": {"0": "00" * 48}}},
        {"platforms": {"tdx": {}}}, {"platforms": {"tdx": {"32": "00" * 48}}}, {"platforms": {"tdx": {"0": "00"}}},
        {"platforms": {"tdx": {"00": "00" * 48}}}, {"configuration": []}, {"models": ["11" * 32, "00" * 32]},
        {"models": ["00" * 32, "00" * 32]}, {"not_before": -1}, {"flags": ["A"]}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_release_of_another_form_is_refused(change) -> None:
    with pytest.raises(Malformed):
        release.decode(canonical.encode({**release_leaf(b"", {0: bytes(48), 1: bytes(48)}), **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "a b"}, {"display": ""}, {"sha256": []}, {"sha256": ["00"]}, {"engine": ""}, {"settings": None},
        {"context": 0}, {"demonstration": 1}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_model_of_another_form_is_refused(change) -> None:
    (model,) = models_document()["models"]
    with pytest.raises(Malformed):
        release.decode_models(canonical.encode({"v": 1, "models": [{**model, **change}]}))


def test_models_are_one_or_more_and_each_id_is_there_once() -> None:
    (model,) = models_document()["models"]
    for models in ([], [model, model]):
        with pytest.raises(Malformed):
            release.decode_models(canonical.encode({"v": 1, "models": models}))
    both = release.decode_models(canonical.encode({"v": 1, "models": [model, {**model, "id": "another"}]}))
    assert [one.id for one in both] == ["privity/demonstration", "another"]


def test_the_pin_of_a_root_in_pem() -> None:
    import ssl

    root = make_root(7, now=NOW)
    pem = ssl.DER_cert_to_PEM_cert(root.certificate).encode()
    assert pin_of_pem(pem) == root.pin
    for wrong in (b"", pem + pem, pem.replace(b"CERTIFICATE", b"KEY"), pem.replace(b"M", b"*", 1), pem[:-40]):
        with pytest.raises(ValueError):  # noqa: PT011 - DerError is one
            pin_of_pem(wrong)


@dataclass(frozen=True)
class Holder:
    """A section with a map inside, as golden values are."""

    values: object


def test_a_repeated_section_with_maps_inside_is_refused_too() -> None:
    inner = schema.map_of(schema.integer(), "[a-z]")
    read = schema.list_of(lambda value, what: Holder(inner(value, what)))
    assert len(read([{"a": 1}, {"a": 2}], "list")) == 2
    with pytest.raises(Malformed):
        read([{"a": 1}, {"b": 1}, {"a": 1}], "list")
