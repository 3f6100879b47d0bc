"""Certificates out of the text in which drivers hand them over (RFC 7468)."""

import base64
import binascii
import re

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----")


def certificates(text: bytes) -> list[bytes]:
    """Return the DER of each certificate in `text`, in its order; what is no base64 is left out."""
    found: list[bytes] = []
    for block in _BLOCK.findall(text):
        try:
            found.append(base64.b64decode(block))
        except binascii.Error:
            continue
    return found
