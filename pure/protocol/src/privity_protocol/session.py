"""What a client holds between two RUNs. Source: specs/ec1.md, section "Chaining"."""

from dataclasses import dataclass

from privity_protocol.chain import ChainKey
from privity_protocol.errors import LimitExceeded
from privity_protocol.limits import CHAIN_RUNS


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """What a client holds between two RUNs: the node's handle, its lifetime in seconds, and the place in the chain."""

    sid: bytes
    kid: bytes
    chain: ChainKey
    ttl: int
    position: int = 0

    def require_room(self) -> None:
        """Raises LimitExceeded `chain_exhausted` when a chain has had all its RUNs and a HELLO must begin a new one."""
        if self.position >= CHAIN_RUNS:
            raise LimitExceeded("chain_exhausted", f"{CHAIN_RUNS} runs since the HELLO")
