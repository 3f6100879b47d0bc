"""The two forms of Oblivious HTTP, whole and chunked, and their sizes: all that a relay knows. No cryptography.

Sources: RFC 9458 sections 4 and 9; draft-ietf-ohai-chunked-ohttp-08.
"""

from dataclasses import dataclass
from typing import Final

PUBLIC: Final = 32
"""Bytes that encapsulate a secret."""
HEADER: Final = 7
"""Bytes before the encapsulated secret: key, KEM, KDF, AEAD."""
OPENING: Final = HEADER + PUBLIC
MAX_PLAIN: Final = 16_384
"""Bytes of a chunk before it is sealed: what every receiver must take."""
MAX_CHUNK: Final = MAX_PLAIN + 16
MAX_CHUNKS: Final = 2**32


@dataclass(frozen=True)
class Form:
    """Whole or chunked: media types, and the labels that keep the two apart."""

    request_type: str
    response_type: str
    request_label: bytes
    response_label: bytes


WHOLE: Final = Form("message/ohttp-req", "message/ohttp-res", b"message/bhttp request", b"message/bhttp response")
CHUNKED: Final = Form(
    "message/ohttp-chunked-req",
    "message/ohttp-chunked-res",
    b"message/bhttp chunked request",
    b"message/bhttp chunked response",
)
