"""Stages 10 to 12: is the key bound to this evidence, are the devices those counted, is all of it fresh?"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_protocol import binding
from privity_protocol.errors import Malformed

from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.schema import Unchecked


def node_document(case: Case) -> Finding:
    """Parse the node document."""
    try:
        case.node_document = binding.decode(case.item("node-document"))
    except Malformed:
        return ("node_document_malformed",)
    return ()


def report_data(case: Case) -> Finding:
    """The quote commits to these very bytes of the node document."""
    return fails(case.report_data != binding.report_data(case.item("node-document")), "binding_mismatch")


def platform_bound(case: Case) -> Finding:
    """The node document names the platform that the genuine evidence names."""
    plat = case.node_document.plat
    return (
        *fails(plat.type != case.kind, "platform_mismatch:type"),
        *fails(plat.id != case.platform_id, "platform_mismatch:id"),
    )


def release_bound(case: Case) -> Finding:
    """`rel` is the leaf hash of the release beside it."""
    leaf_hash = sha256(b"\0" + case.item("release")).digest()
    return fails(case.node_document.rel != leaf_hash, "release_mismatch")


def configuration_bound(case: Case) -> Finding:
    """`cfg` is the hash of the configuration beside it."""
    return fails(case.node_document.cfg != sha256(case.item("configuration")).digest(), "configuration_mismatch")


def models_bound(case: Case) -> Finding:
    """`models` is the hash of the models document beside it."""
    return fails(case.node_document.models != sha256(case.item("models")).digest(), "models_mismatch")


def devices_bound(case: Case) -> Finding:
    """`dev` is the hash of the device items, null without any."""
    devices = case.bundle.devices() if case.bundle else ()
    return fails(case.node_document.dev != binding.device_digest(devices), "device_digest_mismatch")


def deployment(case: Case) -> Finding:
    """The node belongs to the deployment that was asked."""
    return fails(case.node_document.deploy != case.policy.deployment, "deployment_mismatch")


def nonce(case: Case) -> Finding:
    """A challenge is answered with the caller's own bytes; a window document carries none."""
    return fails(case.node_document.nonce != case.nonce, "nonce_mismatch")


def key(case: Case) -> Finding:
    """A challenge confirms the key that traffic uses, and no other."""
    expected = case.logged.traffic_key
    if case.nonce is None and expected is None:
        return NotChecked("not_applicable:window_document")
    return fails(case.node_document.pk != expected, "key_mismatch")


def egress(case: Case) -> Finding:
    """What may leave the enclave is what the policy allows."""
    allowed = case.policy.egress
    if isinstance(allowed, Unchecked):
        return NotChecked(f"unchecked_by_policy:{allowed.reason}")
    return fails(case.node_document.egress not in allowed, "egress_not_allowed")


def device_count(case: Case) -> Finding:
    """As many GPUs and switches as policy or release count; a release that names no devices has none."""
    devices = case.bundle.devices() if case.bundle else ()
    gpus = sum(item.label.startswith("gpu-") for item in devices)
    policy, released = case.policy.gpu, case.release.platforms.gpu
    counted = (
        (policy.count, released.count if released else 0, gpus, "gpu"),
        (policy.switches, released.switches if released else 0, len(devices) - gpus, "switch"),
    )
    failures = []
    for wanted, named, found, name in counted:
        due = named if isinstance(wanted, str) else wanted
        if found != due:
            failures.append(f"{'device_count' if found > due else 'device_missing'}:{name}")
    return tuple(failures)


def device_keys(case: Case) -> Finding:
    """No two devices answer with one key: one that answers twice is not two."""
    present = case.bundle.devices() if case.bundle else ()
    if not present:
        return NotChecked("not_applicable:no_devices")
    first: dict[bytes, str] = {}
    pins = {label: one.path[0].pin for label, one in case.devices.found.items() if one.path}
    again = tuple(f"device_duplicate:{label}" for label, pin in pins.items() if first.setdefault(pin, label) != label)
    return again or (() if len(pins) == len(present) else NotChecked("blocked_by:device_certificate_form"))


def key_window(case: Case) -> Finding:
    """The window of the key admits use now and is no longer than allowed."""
    policy = case.policy
    return binding.window_faults(case.node_document, case.now, skew=policy.clock_skew, lifetime=policy.max_key_lifetime)


def evidence_age(case: Case) -> Finding:
    """The document was made soon after its anchor."""
    document, policy = case.node_document, case.policy
    oldest, newest = document.nbf - policy.max_anchor_age, document.nbf + policy.clock_skew
    return fails(not oldest <= document.anchor.time <= newest, "evidence_stale:anchor")


def challenge(case: Case) -> Finding:
    """Where the policy wants a fresh answer, a window document alone is not enough."""
    if case.nonce is not None or case.policy.challenge == "on_demand":
        return ()
    answered = case.memory.challenged.get(sha256(case.node_document.pk).hexdigest())
    recent = answered is not None and case.now - answered <= case.policy.clock_skew
    return fails(not recent if case.policy.challenge == "always" else answered is None, "challenge_required")


CHECKS: Final[Mapping[str, Run]] = {
    "node_document": node_document,
    "report_data": report_data,
    "platform_bound": platform_bound,
    "release_bound": release_bound,
    "configuration_bound": configuration_bound,
    "models_bound": models_bound,
    "devices_bound": devices_bound,
    "deployment": deployment,
    "nonce": nonce,
    "key": key,
    "egress": egress,
    "device_count": device_count,
    "device_keys": device_keys,
    "key_window": key_window,
    "evidence_age": evidence_age,
    "challenge": challenge,
}
