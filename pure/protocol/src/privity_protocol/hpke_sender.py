"""HPKE as its sender begins: clients seal, a node opens. The rest is `hpke`. Source: specs/ec1.md."""

from privity_protocol.hpke import EC1_SUITE, Context, Encapsulate, Suite, schedule


def setup_base_s(
    public_key: bytes, info: bytes, *, encapsulate: Encapsulate, suite: Suite = EC1_SUITE
) -> tuple[bytes, Context]:
    """Return (enc, sender context). Raises Malformed `size` or `key` for a bad public key."""
    enc, shared_secret = encapsulate(public_key)
    return enc, Context(suite, *schedule(suite, shared_secret, info))
