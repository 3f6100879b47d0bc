"""Which relay a person chose for a server: one file beside the server's pin.

Trusted: yes. Altered: requests go through another relay, which can read as little. Lost: the operator sees the
address again, and every command says so. Rolled back: the older choice counts again.
"""

from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_client.errors import ClientError
from privity_client.relayed import relay as relays
from privity_client.relayed.relay import Relay
from privity_client.trust import pins

FILE: Final = "relay.json"
OFF: Final = "off"
"""What a person says for this run instead of an address, to go without the relay that is remembered."""
MAX_FILE: Final = 16_384
_MEMBERS: Final = frozenset({"relay", "v"})


def resolve(home: Path, url: str, asked: str) -> Relay | None:
    """Return the relay for a run: the one asked for, else the remembered one, None for none.

    Raises ClientError `misuse`, `home_unusable`: a choice that cannot be read is never taken for none.
    """
    if asked == OFF:
        return None
    return relays.named(asked) if asked else remembered(home, url)


def remembered(home: Path, url: str) -> Relay | None:
    """Return the remembered relay of a server. Raises ClientError `home_unusable`."""
    path = pins.folder(home, url) / FILE
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClientError("home_unusable", f"{path}: {error.strerror}") from error
    try:
        value = canonical.members(canonical.decode(data, max_bytes=MAX_FILE), _MEMBERS, "relay")
        canonical.integer(value["v"], "v", least=1, most=1)
        return relays.decode(value["relay"])
    except Malformed as error:
        raise ClientError("home_unusable", f"{path} names no relay that is known here") from error


def remember(home: Path, url: str, relay: Relay | None) -> None:
    """Remember the relay of a server, or forget it. Raises ClientError `home_unusable`."""
    place = pins.folder(home, url)
    try:
        if relay is None:
            (place / FILE).unlink(missing_ok=True)
            return
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        pins.replace_whole(place / FILE, canonical.encode({"v": 1, "relay": relays.encode(relay)}))
    except OSError as error:
        raise ClientError("home_unusable", f"{place}: {error.strerror}") from error
