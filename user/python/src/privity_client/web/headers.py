"""The headers under which the web client is served. Source: specs/web-delivery.md; the blind service sends the same."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from privity_client.errors import ClientError

FIXED: Final[Mapping[str, str]] = {
    "integrity-policy": "blocked-destinations=(script)",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": (
        "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(self), microphone=(), "
        "geolocation=()"
    ),
}
POLICY: Final = "content-security-policy"
_IMPORT_MAP: Final = re.compile(rb'<script type="importmap">([^<]*)</script>')


def headers_for(index: bytes, reached: Sequence[str]) -> dict[str, str]:
    """Return the headers for the page `index`, which may reach the origins `reached` beside its own.

    Raises ClientError `web_unusable` for a page without the hashes of its modules.
    """
    maps = _IMPORT_MAP.findall(index)
    if len(maps) != 1:
        raise ClientError("web_unusable", "the page does not hold one import map with the hashes of its modules")
    own = b64encode(sha256(maps[0]).digest()).decode()
    connect = " ".join(["'self'", *reached])
    policy = (
        f"default-src 'none'; script-src 'self' 'sha256-{own}'; style-src 'self'; img-src blob: data:; "
        f"font-src 'self'; connect-src {connect}; worker-src blob: 'self'; frame-src blob:; "
        "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types privity-code"
    )
    return {**FIXED, POLICY: policy}
