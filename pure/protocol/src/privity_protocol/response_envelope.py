"""The outer headers of responses as a client reads them; those of requests are in `envelope`.

Source: specs/envelope.md.
"""

from privity_protocol.envelope import HELLO_RESPONSE, RUN_RESPONSE, exactly, opening, zero
from privity_protocol.errors import Malformed
from privity_protocol.limits import RECORD_SIZES, RESPONSE_HEADER


def parse_hello_response_header(header: bytes) -> int:
    """Read 8 bytes; return the suite. Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`."""
    exactly(header, RESPONSE_HEADER, "HELLO response header")
    suite = opening(header, HELLO_RESPONSE)
    zero(header[6:8])
    return suite


def parse_run_response_header(header: bytes) -> int:
    """Read 8 bytes; return the record size. Raises Malformed `size`, `header`, `suite`, `record_size`."""
    exactly(header, RESPONSE_HEADER, "RUN response header")
    opening(header, RUN_RESPONSE)
    record_size = int.from_bytes(header[6:8], "big")
    if record_size not in RECORD_SIZES:
        raise Malformed("record_size", str(record_size))
    return record_size
