"""Puts together what everybody reads, verifies it as a client would, and writes it. Source: specs/bulletin.md.

Bundles first, the bulletin last, each file whole: whoever meets a new bulletin finds everything that it speaks of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_protocol.directory import Directory
from privity_protocol.errors import Malformed
from privity_tlog import bulletin
from privity_tlog.bulletin import Bulletin, Entry, Section
from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_POSTED
from privity_tlog.witness_policy import WitnessPolicy

from privity_image.errors import Failed
from privity_image.keeper.files import Files
from privity_image.keeper.ledger import Ledger

BULLETIN: Final = "bulletin"
DIRECTORY: Final = "directory"
BUNDLES: Final = "bundles"
_SINGLE: Final = 3  # policy, fleet, revocations


@dataclass(frozen=True, slots=True)
class Post:
    """One posting: bulletin, the leaf of the directory, and the bundle of each listed node by its hash."""

    bulletin: bytes
    directory: bytes
    bundles: Mapping[str, bytes]


def compose(
    ledger: Ledger, directory: Directory, appraisal: bytes, policy: WitnessPolicy, origins: Mapping[str, str]
) -> bytes:
    """Return the bulletin of the newest leaves. Raises Failed `leaf` when a client would refuse it, `log`."""
    made = Bulletin(
        appraisal=appraisal,
        release=_section(ledger, "release", _releases(ledger.release.releases, {one.rel for one in directory.nodes})),
        keys=_section(ledger, "keys", ()),
    )
    try:
        data = bulletin.encode(made)
        bulletin.verify(bulletin.decode(data), policy, release=origins["release"], keys=origins["keys"])
    except (Malformed, TlogError) as error:
        raise Failed("leaf", f"no client would take this bulletin: {error}") from error
    return data


def write(post: Post, folder: Path, files: Files) -> None:
    """Write a posting; then remove bundles that it does not list. Raises Failed `store`."""
    for nd, data in post.bundles.items():
        _changed(files, folder / BUNDLES / nd, data)
    _changed(files, folder / DIRECTORY, post.directory)
    files.write(folder / BULLETIN, post.bulletin)
    for name in files.names(folder / BUNDLES):
        if name not in post.bundles:
            files.remove(folder / BUNDLES / name)


def _changed(files: Files, path: Path, data: bytes) -> None:
    try:
        known = files.read(path, len(data))
    except Failed:
        known = None
    if known != data:
        files.write(path, data)


def _section(ledger: Ledger, name: str, more: tuple[Entry, ...]) -> Section:
    side = ledger.sides[name]
    if side.seen is None:
        raise Failed("log", f"{name} was never read")
    chosen = sorted((*side.newest.values(), *more), key=lambda one: one.index)
    entries = tuple(Entry(one.leaf, one.index, ledger.path(name, one.index)) for one in chosen)
    return Section(side.seen.note, entries)


def _releases(logged: Mapping[bytes, Entry], running: set[bytes]) -> tuple[Entry, ...]:
    """Return every release that runs and the one logged before it; of too many, those that run and the newest."""
    order = sorted(logged.values(), key=lambda one: one.index)
    place = {hashed: order.index(entry) for hashed, entry in logged.items()}
    runs = {place[one] for one in running if one in place}
    before = sorted({one - 1 for one in runs if one} - runs, reverse=True)
    return tuple(order[one] for one in [*sorted(runs), *before][: MAX_POSTED - _SINGLE])
