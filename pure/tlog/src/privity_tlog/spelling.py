"""The one spelling of numbers and base64 in C2SP's texts: a reader accepts only what it would print."""

import re
from base64 import b64decode, b64encode
from typing import Final

from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_SIZE

HASH: Final = 32  # bytes of SHA-256
_DECIMAL: Final = re.compile("0|[1-9][0-9]{0,15}")
_BASE64: Final = re.compile("[A-Za-z0-9+/]*={0,2}")


def decimal(text: str, reason: str, *, most: int = MAX_SIZE) -> int:
    """Return a decimal without leading zeros, at most `most`. Raises TlogError `reason`."""
    if not _DECIMAL.fullmatch(text) or int(text) > most:
        raise TlogError(reason, "number")
    return int(text)


def from_base64(text: str, reason: str, *, size: int | None = None) -> bytes:
    """Return padded standard base64 (RFC 4648 section 4), of `size` bytes if given. Raises TlogError `reason`."""
    if not _BASE64.fullmatch(text) or len(text) % 4:
        raise TlogError(reason, "base64")
    data = b64decode(text)
    if to_base64(data) != text or size not in (None, len(data)):
        raise TlogError(reason, "base64")
    return data


def to_base64(data: bytes) -> str:
    """Return the one base64 text of `data`."""
    return b64encode(data).decode("ascii")
