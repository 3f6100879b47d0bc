"""Who may speak to the proxy: programs of this user, by the proxy's own name and with its key. Web pages may not.

Source: specs/proxy.md, "Who may ask". Judged in this order: the name (a page may have a name server point its own name
here), the page that asks, the key.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from privity_client.openai_api.errors import INVALID, PERMISSION, ApiError
from privity_client.proxy.key import LONGEST, Key

Scope = dict[str, Any]
App = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]
_OWN_SITE: Final = frozenset({b"none", b"same-origin"})
_PAGE: Final = "/"


@dataclass(frozen=True)
class Gate:
    """`origins` are those of programs that say one, as the person allowed them; none by default."""

    key: Key
    port: int
    origins: frozenset[str] = field(default=frozenset())

    @property
    def hosts(self) -> frozenset[bytes]:
        """Names under which the proxy is asked."""
        names = ("localhost", "127.0.0.1", "[::1]")
        bare = names if self.port == 80 else ()
        return frozenset(name.encode("ascii") for name in (*(f"{name}:{self.port}" for name in names), *bare))

    def refusal(self, headers: Headers, path: str) -> ApiError | None:
        """Return why a request is refused, None when it may go on."""
        found = _once(headers)
        if found.get(b"host") not in self.hosts:
            return ApiError(403, "This proxy answers to localhost only.", type=PERMISSION, code="host_not_allowed")
        if not self._own(found):
            return ApiError(403, "Web pages may not ask this proxy.", type=PERMISSION, code="origin_not_allowed")
        if not self.key.opens(_shown(found.get(b"authorization", b""), path)):
            words = "The key is missing or wrong: it is the one that `privity proxy` showed at its first start."
            return ApiError(401, words, type=INVALID, code="invalid_api_key")
        return None

    def _own(self, found: dict[bytes, bytes]) -> bool:
        origin = found.get(b"origin")
        if origin is not None:
            return origin.decode("latin-1") in self.origins
        return found.get(b"sec-fetch-site", b"none") in _OWN_SITE


def _once(headers: Headers) -> dict[bytes, bytes]:
    """Return the headers that come once; of one that is repeated, nothing is believed."""
    found: dict[bytes, bytes] = {}
    twice: set[bytes] = set()
    for name, value in headers:
        if name in found:
            twice.add(name)
        found[name] = value
    return {name: b"" if name in twice else value for name, value in found.items()}


def _shown(authorization: bytes, path: str) -> bytes:
    """Return the key that a request shows: as a bearer; for the page a browser asks its person for a password."""
    scheme, _, value = authorization.partition(b" ")
    value = value.strip()
    if scheme.lower() == b"basic" and path == _PAGE and len(value) <= 2 * LONGEST:
        try:
            _, _, value = base64.b64decode(value, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return b""
        return value
    return value if scheme.lower() == b"bearer" else b""
