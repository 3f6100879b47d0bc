"""The outer headers of requests as a client writes them; relay and node read them by `envelope`.

Source: specs/envelope.md.
"""

from privity_protocol.envelope import HELLO, RESERVED, RUN, exactly
from privity_protocol.limits import KID, SID, SUITE


def hello_header(kid: bytes) -> bytes:
    """Return the 16 bytes that open a HELLO for the node key `kid`. Raises Malformed `size`."""
    return HELLO + SUITE.to_bytes(2, "big") + exactly(kid, KID, "kid") + RESERVED


def run_header(kid: bytes, sid: bytes) -> bytes:
    """Return the 32 bytes that open a RUN in the session `sid`. Raises Malformed `size`."""
    return RUN + SUITE.to_bytes(2, "big") + exactly(kid, KID, "kid") + RESERVED + exactly(sid, SID, "sid")
