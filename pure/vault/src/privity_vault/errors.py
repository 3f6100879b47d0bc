"""The closed list of reasons for which something of an account is not believed, and the one error that carries them.

Source: specs/vault-reasons.md; a test compares the two lists.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from privity_protocol.errors import Malformed, PrivityError

GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "opener": (
            "opener.malformed",
            "opener.parameters",
            "opener.unstable",
            "opener.wrong_key",
            "opener.foreign",
            "opener.not_sealed",
            "opener.unlisted",
        ),
        "code": ("recovery.malformed", "recovery.mistyped", "passphrase.malformed"),
        "keyring": (
            "keyring.malformed",
            "keyring.foreign",
            "keyring.rolled_back",
            "keyring.bad_mac",
            "keyring.bad_signature",
            "keyring.broken_chain",
        ),
        "object": (
            "object.malformed",
            "object.too_large",
            "object.wrong_key",
            "object.damaged",
            "object.wrong_kind",
            "object.swapped",
            "object.missing",
        ),
        "page": ("page.malformed",),
        "log": (
            "log.foreign",
            "log.rolled_back",
            "log.forked",
            "log.omitted",
            "log.keyring",
            "log.device",
            "log.bad_signature",
            "log.sequence",
            "log.version",
            "log.resurrected",
        ),
        "pairing": (
            "pairing.malformed",
            "pairing.card_changed",
            "pairing.expired",
            "pairing.commitment",
            "pairing.burnt",
            "pairing.foreign",
        ),
        "share": ("share.malformed", "share.expired", "share.wrong_key"),
        "export": (
            "export.malformed",
            "export.wrong_key",
            "export.damaged",
            "export.truncated",
            "export.too_large",
            "export.path",
            "export.differs",
        ),
    }
)
REASONS: Final = frozenset(reason for group in GROUPS.values() for reason in group)


class VaultError(PrivityError):
    """Something of an account does not hold: `reason` is of the closed list, `detail` carries no secret."""

    def __init__(self, reason: str, detail: str = "") -> None:
        if reason not in REASONS:
            raise AssertionError(f"undocumented reason {reason}")
        self.reason = reason
        self.detail = detail
        Exception.__init__(self, f"{reason}: {detail}" if detail else reason)


@contextmanager
def reading(reason: str) -> Iterator[None]:
    """Name what was being read: a Malformed of the protocol becomes a VaultError of `reason`."""
    try:
        yield
    except Malformed as error:
        raise VaultError(reason, str(error)) from error
