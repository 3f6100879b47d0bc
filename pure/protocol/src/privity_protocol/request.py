"""The application bytes of a request as a client writes them. Source: specs/application.md."""

from privity_protocol import canonical
from privity_protocol.application import LENGTH, RequestHeader, decode_request


def encode_request(header: RequestHeader, body: bytes) -> bytes:
    """Return the application bytes of a request. Raises Malformed when `decode_request` would refuse them."""
    members: dict[str, object] = {
        "v": 1,
        "rid": canonical.base64url_encode(header.rid),
        "op": header.op,
        "tok": [canonical.base64url_encode(token) for token in header.tok],
        "prof": header.prof,
        "seen": [{"origin": seen.origin, "size": seen.size, "root": seen.root.hex()} for seen in header.seen],
    }
    optional = {"resume": header.resume or None, "receipt": header.receipt or None, "from": header.from_}
    members |= {name: value for name, value in optional.items() if value is not None}
    encoded = canonical.encode(members)
    payload = len(encoded).to_bytes(LENGTH, "big") + encoded + body
    decode_request(payload)
    return payload
