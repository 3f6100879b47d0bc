"""The user's own appraisal policy: a JSON file that may be stricter than the default, and looser in nothing.

A person writes it, so white space and the order of members are free; everything else is as specs/policy.md says. What
is judged is its canonical form. `privity policy` prints the default to begin with.
"""

import json
from pathlib import Path
from typing import Final

from privity_attest.defaults import default_document
from privity_attest.errors import PolicyMalformed
from privity_attest.policy import MAX_POLICY, Policy, user_policy
from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_client.errors import ClientError

MAX_FILE: Final = 2 * MAX_POLICY
"""Bytes of the file: indentation may double it."""


def read_policy(path: Path) -> bytes:
    """Return the canonical bytes of the policy in a file. Raises ClientError `file_unreadable`, `policy_unusable`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ClientError("file_unreadable", f"{path}: {error.strerror}") from error
    if len(data) > MAX_FILE:
        raise ClientError("policy_unusable", f"{path}: more than {MAX_FILE} bytes")
    try:
        return canonical.encode(json.loads(data, object_pairs_hook=_once, parse_float=_no_float))
    except (ValueError, RecursionError, TypeError, Malformed) as error:
        raise ClientError("policy_unusable", f"{path}: not a policy in JSON") from error


def applied(data: bytes | None, base: Policy) -> Policy:
    """Return the policy to judge by: the user's in `data`, or `base`. Raises ClientError `policy_unusable`."""
    if data is None:
        return base
    try:
        return user_policy(data, base=base)
    except PolicyMalformed as error:
        words = "looser than the default in: " if error.reason == "policy_below_floor" else ""
        raise ClientError("policy_unusable", f"{words}{error.detail}") from error


def template(*, now: int, deployment: str) -> str:
    """Return the default policy as a person would write it, valid for ninety days from `now` (Unix seconds)."""
    document = default_document(now=now, deployment=deployment, allow_simulated=False, roots=())
    return json.dumps({**document, "name": "mine", "expires_at": now + 90 * 86_400}, indent=2)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is written twice")
    return members


def _no_float(text: str) -> object:
    raise ValueError("a number that is no integer")
