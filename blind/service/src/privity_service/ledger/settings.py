"""The ledger's configuration: one JSON file with a closed schema. Source: specs/ledger.md, section "Process"."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

MAX_CONFIGURATION = 65_536
AbsolutePath = Annotated[str, msgspec.Meta(pattern="^/", max_length=4096)]


class SettingsRefused(Exception):
    """The configuration cannot be used; the text holds no value of it."""

    reason = "configuration"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration; `database` null is SQLite in the state folder."""

    v: Literal[1]
    deploy: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    listen: Annotated[str, msgspec.Meta(pattern=r"^(unix:/|tcp:[0-9A-Za-z.-]{1,253}:[0-9]{1,5}$)", max_length=4096)]
    published: AbsolutePath
    state: AbsolutePath
    database: Annotated[str, msgspec.Meta(pattern="^postgresql://", max_length=1024)] | None = None


def read(path: Path) -> Settings:
    """Return the configuration in a file. Raises SettingsRefused."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_CONFIGURATION), type=Settings)
    except OSError as error:
        raise SettingsRefused(f"cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsRefused(str(error) or "not JSON") from error
