"""The gateway's configuration: that of a relay in front of the operator's own origins, and where its keys lie."""

from pathlib import Path
from typing import Annotated

import msgspec

from privity_service.relay import settings as relay


class Settings(relay.Settings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole configuration. `keys` is the file of the gateway's private keys; it is made at the first start."""

    keys: Annotated[str, msgspec.Meta(pattern="^/", max_length=4096)]


def read(path: Path) -> Settings:
    """Return the configuration in the file at `path`. Raises SettingsRefused."""
    return relay.read_as(path, Settings)
