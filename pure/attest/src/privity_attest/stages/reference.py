"""Stage 2 for our own documents and stage 8: is this release wanted, and does it allow configuration and models?"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_attest import event_log, release
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.schema import Unchecked

MAX_CONFIGURATION: Final = 16 * 1024  # bytes, as the container allows


def runtime_log_form(case: Case) -> Finding:
    """Parse the runtime log."""
    try:
        case.events = event_log.decode(case.item("runtime-log"))
    except event_log.EventLogError:
        return ("malformed:runtime-log",)
    return ()


def configuration_form(case: Case) -> Finding:
    """The configuration is canonical JSON; its members are the enclave's business, its hash is ours."""
    try:
        value = canonical.decode(case.item("configuration"), max_bytes=MAX_CONFIGURATION)
    except Malformed:
        return ("malformed:configuration",)
    return fails(not isinstance(value, dict), "malformed:configuration")


def models_form(case: Case) -> Finding:
    """Parse the models document."""
    try:
        case.models = release.decode_models(case.item("models"))
    except Malformed:
        return ("malformed:models",)
    return ()


def release_form(case: Case) -> Finding:
    """Parse the release leaf."""
    try:
        case.release = release.decode(case.item("release"))
    except Malformed:
        return ("malformed:release",)
    return ()


def release_allowed(case: Case) -> Finding:
    """The release is one of those the policy names."""
    allowed = case.policy.release_allow
    if isinstance(allowed, Unchecked):
        return NotChecked(f"unchecked_by_policy:{allowed.reason}")
    return fails(case.release.leaf_hash not in allowed, "release_unknown")


def release_time(case: Case) -> Finding:
    """The release may be used already."""
    return fails(case.now < case.release.not_before, "release_not_yet_valid")


def configuration_allowed(case: Case) -> Finding:
    """The configuration is one that the release lists, and one that the policy names if it names any."""
    digest = sha256(case.item("configuration")).digest()
    wanted = case.policy.configuration
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    named = isinstance(wanted, str) or digest in wanted
    return fails(digest not in case.release.configuration or not named, "configuration_not_allowed")


def models_allowed(case: Case) -> Finding:
    """Every weight file is one that the release lists, and one that the policy names if it names any."""
    wanted = case.policy.models
    named = case.release.models if isinstance(wanted, Unchecked) else tuple(wanted)
    allowed = set(case.release.models) & set(named)
    return tuple(f"model_not_allowed:{model.id}" for model in case.models if not allowed.issuperset(model.sha256))


def runtime_events(case: Case) -> Finding:
    """The log holds configuration, models and the closing mark, in this order, and hashes of the items beside it."""
    due = (
        (event_log.CONFIGURATION, sha256(case.item("configuration")).digest()),
        (event_log.MODELS, sha256(case.item("models")).digest()),
        (event_log.CLOSED, b""),
    )
    tags = [event.tag for event in case.events]
    missing = tuple(f"event_log_missing:{tag}" for tag, _ in due if tag not in tags)
    if missing:
        return missing
    if tags != [tag for tag, _ in due]:
        return ("event_log_payload:order",)
    return tuple(
        f"event_log_payload:{tag}"
        for event, (tag, payload) in zip(case.events, due, strict=True)
        if event.payload != payload
    )


CHECKS: Final[Mapping[str, Run]] = {
    "runtime_log_form": runtime_log_form,
    "configuration_form": configuration_form,
    "models_form": models_form,
    "release_form": release_form,
    "release_allowed": release_allowed,
    "release_time": release_time,
    "configuration_allowed": configuration_allowed,
    "models_allowed": models_allowed,
    "runtime_events": runtime_events,
}
