"""Pins: which logs and witnesses count for a server. Written once by the person, read at every connection.

Source: specs/trust.md. A pin that asks for no witness must say so in a member of its own: nobody gets there by mistake.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from privity_protocol import canonical
from privity_protocol.errors import Malformed, PrivityError
from privity_tlog import witness_policy
from privity_tlog.witness_policy import NONE, WitnessPolicy

from privity_client.errors import ClientError

MAX_PIN: Final = 192 * 1024
"""Bytes of a pin: its policy takes most of them."""
MAX_HOLD_BACK: Final = 90 * 24
"""Hours that a new release may be held back."""
_MEMBERS: Final = frozenset({"v", "deploy", "policy", "release", "keys", "no_quorum", "hold_back", "auditors"})
_ORIGIN: Final = "[!-~]+"
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Pin:
    """What counts for one deployment: `policy` is the text of a C2SP witness policy, `release` and `keys` are origins.

    `hold_back` is in hours; `auditors` are names of witnesses without whom no release is accepted.
    """

    deploy: str
    policy: str
    release: str
    keys: str
    no_quorum: bool = False
    hold_back: int = 0
    auditors: tuple[str, ...] = ()

    @property
    def witnesses(self) -> WitnessPolicy:
        """Return the policy, which was read once when the pin was."""
        return witness_policy.decode(self.policy.encode())

    @property
    def asks_for_witnesses(self) -> bool:
        """Return whether a head needs anybody's word beside the log's own."""
        return self.witnesses.quorum != NONE


def folder(home: Path, url: str) -> Path:
    """Return the folder below `home` (PRIVITY_HOME) for a server's address. Raises ClientError `misuse`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise ClientError("misuse", "--url is not an address") from error
    name = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in host or "")
    return home / "trust" / f"{name}_{port}"


def decode(data: bytes) -> Pin:
    """Return the pin in `data`. Raises ClientError `pin_unusable`."""
    try:
        value = canonical.members(canonical.decode(data, max_bytes=MAX_PIN), _MEMBERS, "pin")
        canonical.integer(value["v"], "v", least=1, most=1)
        lines = canonical.entries(value["policy"], "policy", most=256)
        rows = [canonical.text(line, "policy", longest=4096, pattern="[ -~\t]*") for line in lines]
        auditors = canonical.entries(value["auditors"], "auditors", most=32)
        pin = Pin(
            deploy=canonical.text(value["deploy"], "deploy", longest=64),
            policy="".join(f"{row}\n" for row in rows),
            release=canonical.text(value["release"], "release", longest=255, pattern=_ORIGIN),
            keys=canonical.text(value["keys"], "keys", longest=255, pattern=_ORIGIN),
            no_quorum=canonical.boolean(value["no_quorum"], "no_quorum"),
            hold_back=canonical.integer(value["hold_back"], "hold_back", most=MAX_HOLD_BACK),
            auditors=tuple(canonical.text(name, "auditors", longest=255, pattern=_ORIGIN) for name in auditors),
        )
        check(pin)
    except (Malformed, PrivityError) as error:
        if isinstance(error, ClientError):
            raise
        raise ClientError("pin_unusable", str(error)) from error
    return pin


def check(pin: Pin) -> None:
    """Check that a pin can do what it says.

    Raises ClientError `pin_unusable` (an unknown log or auditor), `no_quorum` (no witness is asked for, unaccepted).
    """
    known = pin.witnesses
    for origin in (pin.release, pin.keys):
        if origin not in known.logs:
            raise ClientError("pin_unusable", f"its policy has no key of the log {origin}")
    for name in pin.auditors:
        if name not in known.witnesses:
            raise ClientError("pin_unusable", f"its policy has no witness {name}")
    if known.quorum == NONE and not pin.no_quorum:
        raise ClientError("no_quorum")


def encode(pin: Pin) -> bytes:
    """Return the document of a pin. Raises ClientError as `decode` does."""
    data = canonical.encode(
        {
            "v": 1,
            "deploy": pin.deploy,
            "policy": pin.policy.rstrip("\n").split("\n"),
            "release": pin.release,
            "keys": pin.keys,
            "no_quorum": pin.no_quorum,
            "hold_back": pin.hold_back,
            "auditors": list(pin.auditors),
        }
    )
    decode(data)
    return data


def read(place: Path) -> Pin | None:
    """Return the pin in the folder `place`, None when there is none. Raises ClientError `pin_unusable`."""
    try:
        with (place / "pin.json").open("rb") as file:
            return decode(file.read(MAX_PIN + 1))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClientError("pin_unusable", f"{place}: {error.strerror}") from error


def write(place: Path, pin: Pin) -> None:
    """Put the pin into the folder `place`, made with mode 0700. Raises ClientError `pin_unusable`, `home_unusable`."""
    data = encode(pin)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_whole(place / "pin.json", data)
    except OSError as error:
        raise ClientError("home_unusable", f"{place}: {error.strerror}") from error


def replace_whole(path: Path, data: bytes) -> None:
    """Replace a file at once, mode 0600. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
