"""What follows a failed try: the closed list of specs/admission.md, with jitter.

There is no reaction that verifies less, pads less or changes the suite.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol.admission import OuterError, Reaction, from_status, reactions

from privity_client.choice import Entropy, below
from privity_client.errors import ClientError

NO_RESPONSE: Final = 0
"""Stands for a status where no response came at all."""
_FIRST_PAUSE: Final = 0.2
_BUSY_PAUSE: Final = 1.0
_ABSENT_PAUSE: Final = 1.5
"""Seconds; a relay or a node that died is started again within a few."""
_REASONS: Final = {
    OuterError.MALFORMED: "session_refused",
    OuterError.UNKNOWN_SESSION: "session_refused",
    OuterError.UNKNOWN_KEY: "session_refused",
    OuterError.TOO_LARGE: "too_large",
    OuterError.SLOW_DOWN: "slow_down",
    OuterError.BUSY: "busy",
}


@dataclass(frozen=True)
class Again:
    """Try the same request again after `wait` seconds; on another node, after a new search, where said so."""

    reason: str
    wait: float
    elsewhere: bool
    search: bool


def react(status: int, *, sent: int, entropy: Entropy, detail: str = "") -> Again:
    """Return what to do after `sent` failed tries, the last with `status`. Raises ClientError when that is nothing."""
    if status == NO_RESPONSE:
        if Reaction.GIVE_UP in reactions(OuterError.BUSY, sent=sent):
            raise ClientError("unreachable", detail)
        return Again("unreachable", _jittered(_ABSENT_PAUSE, sent, entropy), elsewhere=True, search=True)
    error = from_status(status)
    allowed = reactions(error, sent=sent)
    if Reaction.GIVE_UP in allowed:
        raise ClientError(_REASONS[error], f"the server answered {status}")
    waiting = error in (OuterError.SLOW_DOWN, OuterError.BUSY)
    wait = _jittered(_BUSY_PAUSE if waiting else _FIRST_PAUSE, sent, entropy)
    # The node's key may have ended, or the node itself: the directory may know a newer one.
    search = error in (OuterError.UNKNOWN_KEY, OuterError.MALFORMED)
    return Again(error.reason, wait, elsewhere=error != OuterError.UNKNOWN_SESSION, search=search)


def _jittered(base: float, sent: int, entropy: Entropy) -> float:
    """Return base × 2^(sent-1), spread from half to one and a half so that clients do not return together."""
    return base * float(2 ** (sent - 1)) * (0.5 + below(1000, entropy=entropy) / 1000)
