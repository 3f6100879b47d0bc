"""Policy leaf: the keys by which the log itself is trusted, and the digest of the appraisal policy.

Source: specs/leaves.md. A rotation of a log key is announced here, under the key that still counts.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_tlog import witness_policy
from privity_tlog.errors import TlogError
from privity_tlog.leaves import reading
from privity_tlog.witness_policy import WitnessPolicy

KIND: Final = "policy"
_MEMBERS: Final = frozenset({"time", "witness_policy", "appraisal_policy", "moderation"})


@dataclass(frozen=True, slots=True)
class Trust:
    """What clients are to trust from `time` on: logs and witnesses as a C2SP policy, SHA-256 of the appraisal policy,
    and the public key of moderation (HPKE, 1,216 bytes) or None."""

    time: int
    witness_policy: str
    appraisal_policy: bytes
    moderation: bytes | None

    def witnesses(self) -> WitnessPolicy:
        """Return the witness policy, which `decode` has read once."""
        return witness_policy.decode(self.witness_policy.encode())


def decode(data: bytes) -> Trust:
    """Return the policy leaf in `data`. Raises Malformed."""
    value = reading.leaf(data, KIND, _MEMBERS)
    moderation = value["moderation"]
    lines = value["witness_policy"]
    rows = reading.listed(lines, "witness_policy", lambda line: canonical.text(line, "line", longest=2048), most=128)
    text = "".join(f"{line}\n" for line in rows)
    try:
        witness_policy.decode(text.encode())
    except TlogError as error:
        raise Malformed("member_value", f"witness_policy: {error.reason}") from error
    return Trust(
        time=canonical.integer(value["time"], "time"),
        witness_policy=text,
        appraisal_policy=canonical.from_hex(value["appraisal_policy"], "appraisal_policy", size=reading.DIGEST),
        moderation=None if moderation is None else canonical.from_base64url(moderation, "moderation", size=1216),
    )


def encode(trust: Trust) -> bytes:
    """Return the leaf of `trust`. Raises Malformed."""
    moderation = None if trust.moderation is None else canonical.base64url_encode(trust.moderation)
    members: dict[str, object] = {
        "time": trust.time,
        "witness_policy": trust.witness_policy.rstrip("\n").split("\n"),
        "appraisal_policy": trust.appraisal_policy.hex(),
        "moderation": moderation,
    }
    data = reading.encode(KIND, members)
    decode(data)
    return data
