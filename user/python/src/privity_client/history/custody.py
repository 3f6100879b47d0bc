"""The device's own secret, which opens the account on this device: a file that only this user can read.

Trusted: yes. Altered or lost: this device no longer opens (`opener.wrong_key`); link it anew, or use the recovery code.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_vault.opener import DeviceSecret
from privity_vault.secret import Secret

from privity_client.errors import ClientError

SIZE: Final = 64
_DEVICE: Final = b"PVDEVICE1"


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """What stays on one device: what opens its record, and the seed of the key that signs its pages."""

    opener: DeviceSecret
    seed: Secret

    @property
    def signing(self) -> Ed25519PrivateKey:
        """The key that signs this device's pages."""
        return Ed25519PrivateKey.from_private_bytes(self.seed.reveal())

    @property
    def public(self) -> bytes:
        """Its public half, 32 bytes."""
        return self.signing.public_key().public_bytes_raw()


def make(entropy: bytes) -> DeviceKeys:
    """Return new keys of 64 random bytes. Raises VaultError `opener.malformed` for another number."""
    return DeviceKeys(DeviceSecret(entropy[:32]), Secret(entropy[32:]))


def write(path: Path, keys: DeviceKeys) -> None:
    """Write the file with mode 0600, durably, and never over another one. Raises ClientError `home_unusable`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(_DEVICE + keys.opener.reveal() + keys.seed.reveal())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ClientError("home_unusable", f"{path}: {error.strerror}") from error


def read(path: Path) -> DeviceKeys:
    """Read the file. Raises ClientError `no_account`, `home_unusable` (others can read it, or it is no such file)."""
    try:
        if path.stat().st_mode & 0o077:
            raise ClientError("home_unusable", f"{path}: others can read it; chmod 600")
        data = path.read_bytes()
    except FileNotFoundError:
        raise ClientError("no_account") from None
    except OSError as error:
        raise ClientError("home_unusable", f"{path}: {error.strerror}") from error
    if len(data) != len(_DEVICE) + SIZE or not data.startswith(_DEVICE):
        raise ClientError("home_unusable", f"{path}: not a device's secret")
    return make(data[len(_DEVICE) :])
