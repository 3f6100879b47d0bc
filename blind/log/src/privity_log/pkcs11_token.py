"""Keys that a PKCS#11 token holds and never gives away: a hardware module, or SoftHSM2.

Source: OASIS PKCS#11 3.1 (Edwards keys, C_Sign) and 3.2 (ML-DSA). The library comes with the token and runs inside this
process. A session takes one call at a time.
"""

import threading
from pathlib import Path
from typing import Any, Final

from privity_tlog.keys import COSIGNATURE_MLDSA44, KEY_BYTES, NOTE_ED25519, Key

from privity_log.errors import LogError
from privity_log.signer import read_secret

MAX_PIN: Final = 256  # bytes of the file
ED25519: Final = 32  # bytes of a public key; tokens give it bare or as an OCTET STRING


class Pkcs11Token:
    """One logged-in session. Implements `signer.Token`."""

    def __init__(self, module: Path, label: str, pin: str) -> None:
        """Log in to the token `label` of a PKCS#11 library. Raises LogError `token`."""
        import pkcs11  # loads nothing of a vendor's unless a token is used

        self._names: Any = pkcs11
        self._failures: tuple[type[Exception], ...] = (pkcs11.PKCS11Error,)
        try:
            self._session: Any = pkcs11.lib(str(module)).get_token(token_label=label).open(user_pin=pin)
        except self._failures as error:
            raise LogError("token", f"{label}: {type(error).__name__}") from error
        self._turn = threading.Lock()

    def close(self) -> None:
        """Log out: a process is logged in to a token once."""
        with self._turn:
            self._session.close()

    def keys(self, name: str) -> tuple[Key, ...]:
        """Return the public halves of the keys with the label `name`: Ed25519, and ML-DSA-44 where there is one.

        Raises LogError `token` when there is none, or two of one kind.
        """
        names = self._names
        wanted = {names.Attribute.CLASS: names.ObjectClass.PUBLIC_KEY, names.Attribute.LABEL: name}
        try:
            with self._turn:
                found = [self._public(name, one) for one in self._session.get_objects(wanted)]
        except self._failures as error:
            raise LogError("token", f"{name}: {type(error).__name__}") from error
        kept = sorted((one for one in found if one is not None), key=lambda key: key.type)
        if not kept or len({key.type for key in kept}) != len(kept):
            raise LogError("token", f"{len(kept)} usable keys with the label {name}, not one of a kind")
        return tuple(kept)

    def sign(self, label: str, mechanism: int, message: bytes) -> bytes:
        """Return the signature of the private key `label` that the PKCS#11 `mechanism` belongs to. Raises LogError."""
        names = self._names
        chosen = names.Mechanism(mechanism)
        kind = names.KeyType.EC_EDWARDS if chosen == names.Mechanism.EDDSA else names.KeyType.ML_DSA
        try:
            with self._turn:
                key = self._session.get_key(label=label, key_type=kind, object_class=names.ObjectClass.PRIVATE_KEY)
                return bytes(key.sign(message, mechanism=chosen))
        except self._failures as error:
            raise LogError("token", f"{label}: {type(error).__name__}") from error

    def _public(self, name: str, found: Any) -> Key | None:
        attribute, kinds = self._names.Attribute, self._names.KeyType
        if found.key_type == kinds.EC_EDWARDS:
            point = bytes(found[attribute.EC_POINT])
            return Key(name, NOTE_ED25519, point[-ED25519:]) if len(point) in (ED25519, ED25519 + 2) else None
        if found.key_type == kinds.ML_DSA:
            value = bytes(found[attribute.VALUE])
            return Key(name, COSIGNATURE_MLDSA44, value) if len(value) == KEY_BYTES[COSIGNATURE_MLDSA44] else None
        return None


def open_token(module: Path, label: str, pin_file: Path) -> Pkcs11Token:
    """Log in with the PIN in a file that only its owner can read. Raises LogError `key_file`, `token`."""
    return Pkcs11Token(module, label, read_secret(pin_file, MAX_PIN).strip())
