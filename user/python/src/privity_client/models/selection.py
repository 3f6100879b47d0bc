"""Which models `serve` gives to the node: asked for, else configured, else the best that fits, else the demonstration.

Source: specs/catalogue.md. Nothing is ever downloaded here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_client.errors import ClientError
from privity_client.models.catalogue import Catalogue
from privity_client.models.shelf import ShelfModel

MAX_SETTINGS: Final = 16_384


def configured_models(path: Path) -> list[str]:
    """Return the model ids of PRIVITY_HOME/settings.json, none without the file. Raises ClientError `misuse`."""
    if not path.exists():
        return []
    try:
        top = canonical.members(
            canonical.decode(path.read_bytes().strip(), max_bytes=MAX_SETTINGS), frozenset({"v", "models"}), "settings"
        )
        canonical.integer(top["v"], "settings.v", least=1, most=1)
        listed = canonical.entries(top["models"], "settings.models", most=16)
        return [canonical.text(item, "settings.models", longest=63) for item in listed]
    except (Malformed, OSError) as error:
        raise ClientError("misuse", f"{path}: {error}") from error


def select(
    *,
    asked: Sequence[str],
    configured: Sequence[str],
    shelf: Sequence[ShelfModel],
    built_in: ShelfModel | None,
    catalogue: Catalogue,
    memory_mib: int,
) -> list[ShelfModel]:
    """Return the models to serve, at least one. Raises ClientError `model_unknown` when a named one is not here."""
    here = {model.id: model for model in [*shelf, *([built_in] if built_in else [])]}
    for wanted in (asked, configured):
        if wanted:
            missing = [name for name in wanted if name not in here]
            if missing:
                raise ClientError("model_unknown", missing[0])
            return [here[name] for name in dict.fromkeys(wanted)]
    for entry in catalogue.entries:
        model = here.get(entry.id)
        if model and entry.pin and model.sha256 == entry.pin.sha256.hex() and entry.min_ram <= memory_mib:
            return [model]
    if built_in is None:
        raise ClientError(
            "model_unknown", "no model is installed, and the demonstration is not part of this installation"
        )
    return [built_in]


def memory_mib() -> int:
    """Return this machine's memory in MiB, 0 where the system does not say."""
    import os

    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    except (ValueError, OSError):
        return 0
