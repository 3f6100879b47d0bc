"""Whole bundles with fake devices: accepted as they are, and refused for exactly the reasons of each change."""

from dataclasses import replace
from typing import Any

import pytest
from appraising import record_of
from device_attacks import ACCEPTED, ATTACKS, GPU, HONEST, DeviceAttack, gpu, told
from privity_attest.errors import STAGE_OF
from privity_attest.logged import without_log
from privity_attest.testing.bundle import NOW, Enclave
from privity_attest.testing.nvidia import (
    EXPIRES,
    FakeDevice,
    answers,
    device_policy,
    firmware_of,
    switch,
    with_devices,
)

WHY = {"unchecked": "decided"}


def appraised(attack: DeviceAttack, *, nonce: bytes | None = None) -> Any:
    """The record of a bundle after one change."""
    responses = None if attack.responses is None else list(attack.responses)
    hooks = with_devices(attack.devices, responses=responses, gpu=attack.gpu, items=attack.items, nonce=nonce)
    return record_of(Enclave().build(hooks).data, policy=device_policy(**attack.policy), now=attack.now)


def found(record, name: str, item: str):
    return next(one for one in record.checks if (one.check, one.item) == (name, item))


@pytest.mark.parametrize("title", ATTACKS, ids=lambda title: title.replace(" ", "-"))
def test_an_attack_is_refused_for_its_reasons(title) -> None:
    attack = ATTACKS[title]
    nonce = bytes(32) if "another window" in title else None
    record = appraised(attack, nonce=nonce)
    assert record.reasons == attack.reasons
    assert record.outcome == "refused"
    assert {STAGE_OF[reason.split(":")[0]] for reason in record.reasons} <= {2, 3, 4, 5, 11}


def test_an_honest_pair_is_accepted_and_ends_with_its_first_answer() -> None:
    record = appraised(DeviceAttack(()))
    assert record.outcome == "accepted_as_simulated"
    assert record.claims["gpu-0"].value["kind"] == "GH100"
    assert record.claims["gpu-0"].value["firmware"] == firmware_of(0).hex()
    assert record.claims["switch-0"].value == {"kind": "LS10", "vbios": "96.10.55.00.01", "measurements": "3"}
    soon = appraised(DeviceAttack((), responses=told(next_update=NOW + 60)))
    assert soon.valid_until == NOW + 60
    aged = appraised(DeviceAttack((), responses=told(this_update=NOW - 7 * 86_400 + 30)))
    assert aged.valid_until == NOW + 30


def test_an_answer_to_a_challenge_has_devices_that_answered_it_too() -> None:
    enclave = Enclave(nonce=bytes(range(32)))
    data = enclave.build(with_devices(HONEST, enclave=enclave)).data
    given = {"policy": device_policy(), "nonce": enclave.nonce, "logged": without_log(enclave.pk)}
    assert record_of(data, **given).outcome == "accepted_as_simulated"


def test_no_devices_are_no_devices() -> None:
    record = record_of(Enclave().build().data)
    assert found(record, "device_keys", "bundle").reasons == ("not_applicable:no_devices",)
    assert not any(one.item.startswith(("gpu-", "switch-")) for one in record.checks)
    counted = record_of(Enclave().build().data, policy=device_policy())
    assert counted.outcome == "accepted_as_simulated", "a release without devices counts none"


def test_responses_without_devices_are_read_by_nobody() -> None:
    hooks = with_devices({}, gpu=lambda section: section)
    assert record_of(Enclave().build(hooks).data).reasons == ("label_unknown:nvidia-ocsp",)


def test_a_switch_has_no_driver_and_no_firmware_identity() -> None:
    record = appraised(DeviceAttack(()))
    for name in ("device_firmware", "device_firmware_listed", "device_driver"):
        assert found(record, name, "switch-0").reasons == ("not_applicable:switch",)


@pytest.mark.parametrize("title", ACCEPTED, ids=lambda title: title.replace(" ", "-"))
def test_what_is_allowed_is_accepted(title) -> None:
    assert appraised(ACCEPTED[title]).reasons == ()


def test_the_signers_of_a_manifest_hold_in_their_last_second() -> None:
    ends = DeviceAttack(
        (), gpu=lambda section: {**section, "golden": [{**one, "expires": NOW} for one in section["golden"]]}
    )
    assert appraised(ends).reasons == ()
    assert EXPIRES > NOW


@pytest.mark.parametrize(
    ("field", "check", "item"),
    [
        ("device_kinds", "device_kind", "gpu-0"),
        ("drivers", "device_driver", "gpu-0"),
        ("vbios", "device_vbios", "switch-0"),
        ("firmware_ids", "device_firmware_listed", "gpu-0"),
        ("golden", "device_measurements", "gpu-0"),
        ("golden", "device_manifest_dates", "switch-0"),
        ("rim_expired_days", "device_manifest_dates", "gpu-0"),
        ("require_ocsp", "device_revocation", "gpu-0"),
    ],
)
def test_what_the_policy_leaves_unchecked_is_recorded(field, check, item) -> None:
    hooks = with_devices(HONEST)
    record = record_of(Enclave().build(hooks).data, policy=device_policy(**{field: WHY}))
    assert found(record, check, item).reasons == ("unchecked_by_policy:decided",)


def test_ocsp_that_is_not_required_is_judged_where_it_lies() -> None:
    optional = {"require_ocsp": False}
    without = appraised(DeviceAttack((), responses=(), policy=optional))
    assert found(without, "device_revocation", "gpu-0").reasons == ("unchecked_by_policy:OCSP is not required",)
    assert without.reasons == ()
    assert found(appraised(DeviceAttack((), policy=optional)), "device_revocation", "gpu-0").outcome == "passed"


def test_a_device_is_not_believed_before_it_is_genuine() -> None:
    record = appraised(ATTACKS["measurement changed after signing"])
    later = [one for one in record.checks if one.item == "gpu-0" and one.stage == 11]
    assert {one.reasons for one in later} == {("blocked_by:device_signature",)}
    assert "gpu-0" not in record.claims
    assert "switch-0" in record.claims


def test_a_foreign_root_of_devices_makes_hardware_a_simulation() -> None:
    """The CPU's root is not what makes it one here: judged by itself, a device has no CPU."""
    from privity_attest.case import Case
    from privity_attest.logged import NOTHING_LOGGED
    from privity_attest.memory import Memory
    from privity_attest.nvidia import genuine
    from privity_attest.nvidia.device import decode
    from privity_attest.testing.nvidia import root

    for pins, foreign in (((root().pin,), True), ("built_in", False)):
        policy = device_policy()
        case = Case(
            b"",
            NOW,
            replace(policy, trust_anchors=replace(policy.trust_anchors, nvidia=pins)),
            NOTHING_LOGGED,
            None,
            Memory(),
        )
        one = case.devices.found["gpu-0"] = decode(FakeDevice().item(bytes(32)))
        one.path = tuple(case.devices.certificate(data) for data in one.chain)
        assert genuine.root(case, "gpu-0") == (() if foreign else ("root_not_pinned:gpu-0",))
        assert case.foreign_root is foreign


def test_a_manifest_of_another_chip_describes_nothing() -> None:
    def renamed(section):
        return {**section, "golden": [{**one, "device": "GB100"} for one in section["golden"]]}

    record = appraised(DeviceAttack((), gpu=renamed))
    assert record.reasons == ("rim_missing:gpu-0:driver", "rim_missing:gpu-0:vbios", "rim_missing:switch-0:vbios")


def test_eight_gpus_and_four_switches() -> None:
    gpus = {f"gpu-{at}": FakeDevice(number=at) for at in range(8)}
    switches = {f"switch-{at}": switch(number=20 + at) for at in range(4)}
    devices = {**gpus, **switches}
    responses = tuple(dict.fromkeys(one for device in devices.values() for one in answers(device)))
    record = appraised(DeviceAttack((), devices, responses=responses))
    assert record.outcome == "accepted_as_simulated"
    assert len([one for one in record.checks if one.check == "device_signature"]) == 12
    assert len(responses) == 12 + 2 + 1, "each device's own issuer, two provisioners, one family"


def test_opaque_fields_of_1024_bytes_are_read() -> None:
    size = 1024 - sum(4 + len(one) for one in (b"550.90.07\0", bytes(8), bytes(48))) - 4
    assert appraised(DeviceAttack((), gpu(opaque={99: bytes(size)}))).reasons == ()


def test_64_responses_are_read() -> None:
    many = (*told(), *(answers(GPU, place=1)[0] for _ in range(58)))
    assert 60 < len(many) <= 64
    assert appraised(DeviceAttack((), responses=many)).reasons == ()
