"""One change at a time to an honest bundle, and exactly what the appraisal then says."""

import hashlib
from dataclasses import replace

import pytest
from appraising import reasons_of, record_of
from attack import (
    ANOTHER,
    HONEST,
    NONCE,
    OTHER,
    POLICY,
    ROOT,
    Attack,
    another_log,
    events,
    exchanged,
    flipped,
    item,
    leaf,
    node,
    payload,
    policy,
    registers,
    release,
    renamed,
    reversioned,
    second_file,
    unusable,
    without,
)  # fmt: skip
from privity_attest.appraise import COMMON
from privity_attest.case import NotChecked
from privity_attest.event_log import CLOSED, CONFIGURATION, MODELS
from privity_attest.logged import without_log
from privity_attest.memory import Memory
from privity_attest.schema import Unchecked
from privity_attest.testing.bundle import NOW, Enclave, Hooks, default_policy
from privity_attest.testing.root import issue, key_of
from privity_protocol import binding, cbor
from privity_protocol.binding import Anchor
from privity_protocol.platform import Platform

CPU = HONEST.items["cpu"][1]
POLICY_ATTACKS = {
    "policy that expires this second": Attack(("policy_expired",), given=policy(expires_at=NOW)),
    "policy of the future": Attack(("policy_expired:not_yet_issued",), given=policy(issued_at=NOW + 301)),
    "policy older than one seen": Attack(("policy_rollback",), given={"memory": Memory().with_policy("local", 2)}),
    "policy that was not decoded": Attack(("policy_malformed",), given=policy(digest=b"")),
    "policy with longer keys than built in": Attack(
        ("policy_below_floor:max_key_lifetime",), given=policy(max_key_lifetime=7201)
    ),
    "policy with older anchors": Attack(("policy_below_floor:max_anchor_age",), given=policy(max_anchor_age=86_401)),
    "policy with more skew": Attack(("policy_below_floor:clock_skew",), given=policy(clock_skew=301)),
    "policy with older proofs": Attack(
        ("policy_below_floor:max_release_proof_age",), given=policy(max_release_proof_age=7 * 86_400 + 1)
    ),
    "policy of 91 days": Attack(("policy_below_floor:expires_at",), given=policy(expires_at=NOW + 90 * 86_400 + 1)),
}
BUNDLE_ATTACKS = {
    "empty bundle": Attack(("bundle_not_canonical",), data=lambda data: b""),
    "trailing byte": Attack(("bundle_not_canonical",), data=lambda data: data + b"\n"),
    "too large": Attack(("bundle_too_large",), data=lambda data: data + bytes(524_288)),
    "item twice": Attack(
        ("bundle_not_canonical",), data=lambda data: data[:-1] + data[data.index(b',"runtime-log"') :]
    ),
    "another collection type": Attack(("bundle_type",), data=lambda data: data.replace(b"bundle#1", b"bundle#2", 1)),
    "label of nobody": Attack(("label_unknown",), data=lambda data: data.replace(b'"release":', b'"relfase":', 1)),
    "media type swapped": Attack(
        ("media_type:models",), data=lambda data: data.replace(b"models+json", b"configuration+json", 1)
    ),
    "indicator swapped": Attack(("indicator:runtime-log",), data=lambda data: data[:-3] + b"2]}"),
    "padded item": Attack(("item_encoding:runtime-log",), data=lambda data: data.replace(b'",4]}', b'=",4]}')),
    "endorsement nobody looks at": Attack(
        ("label_unknown:endorsement",),
        Hooks(items=lambda items: {**items, "endorsement": ("endorsement+cbor", b"\x80")}),
    ),
    "collateral nobody looks at": Attack(
        ("label_unknown:snp-crl",), Hooks(items=lambda items: {**items, "snp-crl": ("crl", b"")})
    ),
    "without node document": Attack(("label_missing:node-document",), without("node-document")),
    "without quote": Attack(("label_missing:cpu",), without("cpu")),
    "without configuration": Attack(("label_missing:configuration",), without("configuration")),
    "without models": Attack(("label_missing:models",), without("models")),
    "without release": Attack(("label_missing:release",), without("release")),
    "without runtime log": Attack(("label_missing:runtime-log",), without("runtime-log")),
    "without anything": Attack(("label_missing:cpu",), Hooks(items=lambda items: {})),
}
PARSE_ATTACKS = {
    "byte after the quote": Attack(("trailing_data:cpu",), item("cpu", CPU + b"\0")),
    "quote cut short": Attack(("malformed:cpu",), item("cpu", CPU[:-1])),
    "quote empty": Attack(("malformed:cpu",), item("cpu", b"")),
    "quote tagged as a MAC": Attack(("cose_mac0_not_verifiable:cpu",), Hooks(cose=lambda array: cbor.Tag(17, array))),
    "quote tagged": Attack(("malformed:cpu",), Hooks(cose=lambda array: cbor.Tag(18, array))),
    "unprotected header": Attack(("malformed:cpu",), Hooks(cose=lambda array: [array[0], {1: -35}, *array[2:]])),
    "algorithm ES256": Attack(
        ("unsupported_algorithm:cpu",), Hooks(cose=lambda array: [cbor.encode({1: -7}), *array[1:]])
    ),
    "algorithm EdDSA": Attack(
        ("unsupported_algorithm:cpu",), Hooks(cose=lambda array: [cbor.encode({1: -8}), *array[1:]])
    ),
    "critical header": Attack(
        ("malformed:cpu",), Hooks(cose=lambda array: [cbor.encode({1: -35, 2: [4]}), *array[1:]])
    ),
    "payload absent": Attack(("malformed:cpu",), Hooks(cose=lambda array: [*array[:2], None, array[3]])),
    "other kind inside": Attack(("malformed:cpu",), payload(kind="nitro")),
    "member more": Attack(("malformed:cpu",), payload(user_data=b"")),
    "debug as a number": Attack(("malformed:cpu",), payload(debug=0)),
    "report data of 63 bytes": Attack(("malformed:cpu",), payload(report_data=bytes(63))),
    "fourth register": Attack(("malformed:cpu",), registers(r2=bytes(48))),
    "register of 32 bytes": Attack(("malformed:cpu",), registers(r0=bytes(32))),
    "no issuer": Attack(("malformed:cpu",), payload(cabundle=[])),
    "four issuers": Attack(("malformed:cpu",), payload(cabundle=[ROOT.certificate] * 4)),
    "payload with a byte more": Attack(
        ("trailing_data:cpu",), Hooks(cose=lambda array: [*array[:2], array[2] + b"\0", array[3]])
    ),
    "runtime log cut short": Attack(
        ("malformed:runtime-log",), item("runtime-log", HONEST.items["runtime-log"][1][:-1])
    ),
    "models with white space": Attack(
        ("malformed:models",),
        Hooks(models=lambda members: {**members, "models": [{**members["models"][0], "more": 1}]}),
    ),
    "release of another kind": Attack(("malformed:release",), release(t="web")),
    "configuration that is no object": Attack(("malformed:configuration",), Hooks(configuration=lambda data: b"[]")),
    "configuration with white space": Attack(
        ("malformed:configuration",), Hooks(configuration=lambda data: data + b" ")
    ),
}
CHAIN_ATTACKS = {
    "foreign root": Attack(("root_not_pinned:cpu",), enclave=Enclave(root=OTHER)),
    "foreign root of the same name beside the leaf": Attack(
        ("certificate_chain:cpu", "root_not_pinned:cpu"), payload(cabundle=[OTHER.certificate])
    ),
    "leaf signed by another key": Attack(("certificate_chain:cpu",), enclave=leaf(sign_with=key_of(5))),
    "leaf of another root": Attack(("certificate_chain:cpu",), enclave=leaf(root=OTHER)),
    "leaf ended a second ago": Attack(("certificate_expired:cpu",), enclave=leaf(not_after=NOW - 1)),
    "leaf of the next second": Attack(("certificate_not_yet_valid:cpu",), enclave=leaf(not_before=NOW + 1)),
    "leaf without usage": Attack(("certificate_profile:cpu",), enclave=leaf(extend=unusable)),
    "leaf certificate is noise": Attack(("certificate_malformed:cpu",), payload(certificate=b"\x30\x00")),
    "root certificate with a byte more": Attack(
        ("certificate_malformed:cpu",), payload(cabundle=[ROOT.certificate + b"\0"])
    ),
    "issuers reversed": Attack(
        ("certificate_chain:cpu", "certificate_profile:cpu", "root_not_pinned:cpu", "document_signature:cpu"),
        Hooks(
            payload=lambda members: {**members, "certificate": ROOT.certificate, "cabundle": [members["certificate"]]}
        ),
    ),
    "no roots in the policy": Attack(
        ("root_not_pinned:cpu",), given={"policy": default_policy(allow_simulated=True, roots=())}
    ),
    "simulation not allowed": Attack(("simulated",), given={"policy": default_policy(allow_simulated=False)}),
}
QUOTE_ATTACKS = {
    "signature changed": Attack(("document_signature:cpu",), Hooks(cose=lambda array: [*array[:3], flipped(array[3])])),
    "signature zero": Attack(("document_signature:cpu",), Hooks(cose=lambda array: [*array[:3], bytes(96)])),
    "signature cut short": Attack(("document_signature:cpu",), Hooks(cose=lambda array: [*array[:3], array[3][:-1]])),
    "signature with a zero byte before s": Attack(
        ("document_signature:cpu",), Hooks(cose=lambda array: [*array[:3], array[3][:48] + b"\0" + array[3][48:]])
    ),
    "signature in DER": Attack(("document_signature:cpu",), Hooks(cose=lambda array: [*array[:3], b"\x30" + array[3]])),
    "signed by another leaf key": Attack(
        ("document_signature:cpu",),
        payload(certificate=issue(ROOT, 12, not_before=NOW - 600, not_after=NOW + 7200).certificate),
    ),
    "foreign root and signature changed": Attack(
        ("root_not_pinned:cpu", "document_signature:cpu"),
        Hooks(cose=lambda array: [*array[:3], flipped(array[3])]),
        enclave=Enclave(root=OTHER),
    ),
    "debug enclave": Attack(("debug_enabled",), payload(debug=True)),
    "registers exchanged": Attack(
        ("measurement_mismatch:0", "measurement_mismatch:1"),
        Hooks(payload=lambda members: {**members, "registers": exchanged(members["registers"])}),
    ),
    "other code": Attack(("measurement_mismatch:0",), registers(r0=bytes(48))),
    "other closure": Attack(("measurement_mismatch:1",), registers(r1=bytes(48))),
    "runtime register changed": Attack(("event_log_replay:3",), registers(r3=bytes(48))),
    "quote over another document": Attack(("binding_mismatch",), payload(report_data=bytes(64))),
}
REFERENCE_ATTACKS = {
    "release for other hardware": Attack(
        ("measurement_mismatch:platform",), release(platforms={"sgx": {"mrenclave": ["00" * 32]}})
    ),
    "release that names one register": Attack(
        ("measurement_mismatch:platform",), release(platforms={"simulated": {"0": "00" * 48}})
    ),
    "release that begins in a second": Attack(("release_not_yet_valid",), release(not_before=NOW + 1)),
    "release the policy does not name": Attack(("release_unknown",), given=policy(release_allow=(bytes(32),))),
    "configuration the release does not list": Attack(
        ("configuration_not_allowed",), release(configuration=["00" * 32])
    ),
    "configuration the policy does not name": Attack(
        ("configuration_not_allowed",), given=policy(configuration=(bytes(32),))
    ),
    "model the release does not list": Attack(
        ("model_not_allowed:privity/demonstration",), release(models=["00" * 32])
    ),
    "model the policy does not name": Attack(
        ("model_not_allowed:privity/demonstration",), given=policy(models=(bytes(32),))
    ),
    "one of two weight files not listed": Attack(
        ("model_not_allowed:privity/demonstration",),
        Hooks(models=lambda members: {**members, "models": [second_file(members["models"][0])]}),
    ),
    "no configuration event": Attack((f"event_log_missing:{CONFIGURATION}",), events(MODELS, CLOSED)),
    "no models event": Attack((f"event_log_missing:{MODELS}",), events(CONFIGURATION, CLOSED)),
    "log never closed": Attack((f"event_log_missing:{CLOSED}",), events(CONFIGURATION, MODELS)),
    "empty log": Attack(tuple(f"event_log_missing:{tag}" for tag in (CONFIGURATION, MODELS, CLOSED)), events()),
    "event after the closing mark": Attack(("event_log_payload:order",), events(CONFIGURATION, MODELS, CLOSED, "more")),
    "events exchanged": Attack(("event_log_payload:order",), events(MODELS, CONFIGURATION, CLOSED)),
    "closing mark with content": Attack(
        (f"event_log_payload:{CLOSED}",), Hooks(events=lambda log: [*log[:2], (CLOSED, b"x")])
    ),
    "hash of another configuration measured": Attack(
        (f"event_log_payload:{CONFIGURATION}",), Hooks(events=lambda log: [(CONFIGURATION, bytes(32)), *log[1:]])
    ),
    "log changed after the quote": Attack(
        ("event_log_replay:3", f"event_log_payload:{MODELS}"), Hooks(items=lambda items: another_log(items))
    ),
}
BINDING_ATTACKS = {
    "node document changed after the quote": Attack(
        ("binding_mismatch",), item("node-document", binding.encode(replace(HONEST.node, sig=bytes(32))))
    ),
    "key swapped after the quote": Attack(
        ("binding_mismatch",), item("node-document", binding.encode(replace(HONEST.node, pk=bytes(1216))))
    ),
    "node document with white space": Attack(("node_document_malformed",), Hooks(node_bytes=lambda data: data + b" ")),
    "node document empty": Attack(("node_document_malformed",), Hooks(node_bytes=lambda data: b"")),
    "platform of another kind": Attack(("platform_mismatch:type",), node(plat=Platform("tdx", HONEST.node.plat.id))),
    "platform of another machine": Attack(("platform_mismatch:id",), node(plat=Platform("simulated", bytes(32)))),
    "other release named": Attack(("release_mismatch",), node(rel=bytes(32))),
    "other configuration named": Attack(("configuration_mismatch",), node(cfg=bytes(32))),
    "other models named": Attack(("models_mismatch",), node(models=bytes(32))),
    "configuration swapped": Attack(
        ("configuration_not_allowed", f"event_log_payload:{CONFIGURATION}", "configuration_mismatch"),
        item("configuration", b'{"v":2}'),
    ),
    "models swapped": Attack(
        (f"event_log_payload:{MODELS}", "models_mismatch"),
        Hooks(items=lambda items: {**items, "models": ("models+json", renamed(items["models"][1]))}),
    ),
    "release swapped": Attack(
        ("release_mismatch",),
        Hooks(items=lambda items: {**items, "release": ("release+json", reversioned(items["release"][1]))}),
    ),
    "devices claimed": Attack(("device_digest_mismatch",), node(dev=bytes(32))),
    "device present": Attack(
        ("malformed:gpu-0", "device_digest_mismatch", "device_count:gpu"),
        Hooks(items=lambda items: {**items, "gpu-0": ("nvidia-spdm+cbor", b"x")}),
    ),
    "device missing": Attack(("device_missing:switch",), given=policy(gpu=replace(POLICY.gpu, switches=1))),
    "other deployment": Attack(("deployment_mismatch",), node(deploy="elsewhere")),
    "egress allowed by nobody": Attack(("egress_not_allowed",), node(egress="web-search")),
    "nonce where none was asked": Attack(("nonce_mismatch",), node(nonce=NONCE)),
    "challenge not answered": Attack(
        ("nonce_mismatch",), given={"nonce": NONCE, "logged": without_log(HONEST.node.pk)}
    ),
    "nonce reused": Attack(
        ("nonce_mismatch",),
        enclave=Enclave(root=ROOT, nonce=ANOTHER),
        given={"nonce": NONCE, "logged": without_log(HONEST.node.pk)},
    ),
    "challenge for another key": Attack(
        ("key_mismatch",),
        enclave=Enclave(root=ROOT, nonce=NONCE),
        given={"nonce": NONCE, "logged": without_log(bytes(1216))},
    ),
    "challenge without the key of the traffic": Attack(
        ("key_mismatch",), enclave=Enclave(root=ROOT, nonce=NONCE), given={"nonce": NONCE}
    ),
}
FRESHNESS_ATTACKS = {
    "key expired by a second": Attack(
        ("key_expired",), enclave=leaf(not_after=NOW + 9000), given={"now": HONEST.node.exp}
    ),
    "key not valid for a second more": Attack(
        ("key_not_yet_valid",),
        enclave=leaf(not_before=NOW - 9000),
        given={"now": HONEST.node.nbf - 301, **policy(issued_at=NOW - 9000)},
    ),
    "key of two hours and a second": Attack(("key_lifetime",), node(exp=HONEST.node.nbf + 7201)),
    "anchor a day and a second old": Attack(
        ("evidence_stale:anchor",), node(anchor=Anchor("local", bytes(32), 0, HONEST.node.nbf - 86_401))
    ),
    "anchor of the future": Attack(
        ("evidence_stale:anchor",), node(anchor=Anchor("local", bytes(32), 0, HONEST.node.nbf + 301))
    ),
    "clock behind the build": Attack(
        (
            "policy_expired:not_yet_issued",
            "clock_behind_build",
            "certificate_not_yet_valid:cpu",
            "release_not_yet_valid",
            "key_not_yet_valid",
        ),
        given={"now": 1_795_219_199},
    ),
    "first contact without a challenge": Attack(("challenge_required",), given=policy(challenge="first_contact")),
    "challenge always": Attack(("challenge_required",), given=policy(challenge="always")),
    "answer too long ago": Attack(
        ("challenge_required",),
        given={
            **policy(challenge="always"),
            "memory": Memory().with_challenge(hashlib.sha256(HONEST.node.pk).hexdigest(), NOW - 301),
        },
    ),
}
MANY_AT_ONCE = {
    "many faults at once are all reported": Attack(
        (
            "policy_below_floor:clock_skew", "malformed:models", "certificate_expired:cpu", "release_not_yet_valid",
            "configuration_mismatch", "deployment_mismatch", "key_lifetime", "evidence_stale:anchor",
        ),
        Hooks(
            models=lambda members: {"v": 2},
            release=lambda members: {**members, "not_before": NOW + 1},
            node=lambda nd: replace(
                nd, cfg=bytes(32), deploy="x", exp=nd.exp + 600, anchor=Anchor("x", bytes(32), 0, 0)
            ),
        ),
        enclave=leaf(not_after=NOW - 1),
        given=policy(clock_skew=400),
    ),
}  # fmt: skip


ATTACKS = {
    **POLICY_ATTACKS,
    **BUNDLE_ATTACKS,
    **PARSE_ATTACKS,
    **CHAIN_ATTACKS,
    **QUOTE_ATTACKS,
    **REFERENCE_ATTACKS,
    **BINDING_ATTACKS,
    **FRESHNESS_ATTACKS,
    **MANY_AT_ONCE,
}


@pytest.mark.parametrize("title", ATTACKS, ids=lambda title: title.replace(" ", "-"))
def test_an_attack_is_refused_for_its_reasons(title) -> None:
    attack = ATTACKS[title]
    data = attack.data(attack.enclave.build(attack.hooks).data)
    record = record_of(data, **attack.given)
    assert record.reasons == attack.reasons
    assert record.outcome == "refused"
    assert not record.hardware_backed


def test_the_honest_bundle_is_accepted() -> None:
    assert reasons_of(HONEST.data) == ()
    assert reasons_of(HONEST.data, **policy(egress=POLICY.egress, models=(hashlib.sha256(b"weights").digest(),))) == ()


def test_what_a_policy_leaves_unchecked_is_recorded_with_its_reason() -> None:
    reason = Unchecked("shown to the user")
    record = record_of(HONEST.data, **policy(egress=reason))
    found = {one.check: (one.outcome, one.reasons) for one in record.checks}
    assert record.outcome == "accepted_as_simulated"
    assert found["egress"] == ("not_checked", ("unchecked_by_policy:shown to the user",))
    assert found["release_allowed"] == ("not_checked", ("unchecked_by_policy:any logged, valid, unrevoked",))
    record = record_of(HONEST.data, **policy(configuration=reason))
    assert record.reasons == ("policy_below_floor:configuration",)


def test_a_check_that_is_neither_passed_nor_excused_blocks_acceptance(monkeypatch) -> None:
    monkeypatch.setitem(COMMON, "egress", lambda case: NotChecked("blocked_by:nothing"))
    assert reasons_of(HONEST.data) == ("check_missing:egress",)


def test_a_check_whose_input_is_unusable_says_what_spoiled_it() -> None:
    record = record_of(Attack(()).enclave.build(item("cpu", b"")).data)
    found = {one.check: one.reasons for one in record.checks if one.outcome == "not_checked"}
    for name in ("certificate_form", "debug", "registers", "runtime_register", "report_data", "platform_bound"):
        assert found[name] == ("blocked_by:document_form",)
    assert found["certificate_chain"] == found["document_signature"] == ("blocked_by:certificate_form",)
    missing = record_of(HONEST.data.replace(b'"release":', b'"relfase":', 1))
    assert {one.reasons for one in missing.checks if one.check in ("labels", "kind")} == {("blocked_by:container",)}
    absent = record_of(Attack(()).enclave.build(without("release")).data)
    reasons = {one.check: one.reasons for one in absent.checks}
    assert reasons["release_form"] == reasons["release_bound"] == ("blocked_by:labels",)
    assert reasons["registers"] == ("blocked_by:release_form",)
