"""New leaves out of what is measured, configured and logged already. Pure, but for the files of a web build."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from privity_attest import release
from privity_attest.release import Release
from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_tlog.leaves import fleet, revocations, trust, web
from privity_tlog.leaves.fleet import Fleet, FleetKey, Machine
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.leaves.trust import Trust
from privity_tlog.leaves.web import Web

from privity_image.errors import Failed
from privity_image.keeper.fleet_key import FleetSigner
from privity_image.keeper.ledger import Side
from privity_image.keeper.upkeep import is_simulated, next_time
from privity_image.release.rules import DAY, EMERGENCY

MARGIN: Final = 3600
"""Seconds between preparing and logging that the day before `not_before` leaves room for."""
MAX_FILE: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a release is made of: `platforms` as `privity-image measure` wrote them; digests in hexadecimal.

    `start`: `later` (24 hours after logging), `emergency` (in an hour, and flagged), `now` (simulated platforms only).
    """

    name: str
    version: str
    source: str
    platforms: object
    configuration: Sequence[str]
    models: Sequence[str]
    start: str


def release_leaf(wanted: Wanted, now: int) -> bytes:
    """Return the leaf of a release. Raises Failed `leaf`."""
    delay = {"later": DAY + MARGIN, EMERGENCY: MARGIN, "now": 0}[wanted.start]
    members = {
        "v": 1,
        "t": "release",
        "name": wanted.name,
        "version": wanted.version,
        "source": wanted.source,
        "platforms": wanted.platforms,
        "configuration": sorted(set(wanted.configuration)),
        "models": sorted(set(wanted.models)),
        "not_before": now + delay,
        "flags": [EMERGENCY] if wanted.start == EMERGENCY else [],
    }
    try:
        leaf = canonical.encode(members)
        read = release.decode(leaf)
    except Malformed as error:
        raise Failed("leaf", f"the release: {error}") from error
    if wanted.start == "now" and not is_simulated(read):
        raise Failed("leaf", "only a release whose platforms are all simulated may begin at once")
    return leaf


def newest_release(side: Side) -> tuple[bytes, Release] | None:
    """Return the leaf and the meaning of the release that was logged last."""
    entries = sorted(side.releases.values(), key=lambda one: one.index)
    return (entries[-1].leaf, release.decode(entries[-1].leaf)) if entries else None


def changes(before: bytes | None, after: bytes) -> list[str]:
    """Return in plain words what a release changes, given the leaf logged before it."""
    new = _members(after)
    if before is None:
        return [f"the first release of this log: {new['name']} {new['version']}"]
    old = _members(before)
    told = [f"{name}: {old[name]} → {new[name]}" for name in ("name", "version", "source") if old[name] != new[name]]
    for name, word in (("configuration", "configuration"), ("models", "model weights")):
        told += [f"{word} no longer allowed: {one}" for one in _lacking(old[name], new[name])]
        told += [f"{word} newly allowed: {one}" for one in _lacking(new[name], old[name])]
    platforms, known = _mapping(new["platforms"]), _mapping(old["platforms"])
    told += [f"no longer runs on {name}" for name in sorted(known.keys() - platforms.keys())]
    told += [f"runs on {name} now" for name in sorted(platforms.keys() - known.keys())]
    both = sorted(platforms.keys() & known.keys())
    told += [f"measures differently on {name}" for name in both if platforms[name] != known[name]]
    if EMERGENCY in _sequence(new["flags"]):
        told.append("an emergency: clients show that it began in less than a day")
    return told or ["nothing but the time from which it may run"]


def fleet_leaf(
    side: Side, deploy: str, signers: Iterable[FleetSigner], now: int, *, add: Machine | None, remove: bytes | None
) -> bytes:
    """Return a fleet leaf with one machine more or less, and with the public halves of the fleet keys at hand."""
    entry = side.newest.get(fleet.KIND)
    before = None if entry is None else fleet.decode(entry.leaf)
    machines = {one.id: one for one in before.platforms} if before else {}
    if remove is not None and machines.pop(remove, None) is None:
        raise Failed("leaf", f"the fleet does not list {remove.hex()}")
    if add is not None:
        machines[add.id] = add
    keys = tuple(FleetKey(one.public.ed25519, one.public.mldsa44) for one in signers)
    time = next_time(before.time if before else None, now)
    return fleet.encode(Fleet(deploy, time, tuple(machines[one] for one in sorted(machines)), keys))


def policy_leaf(side: Side, witness_policy: bytes, appraisal: bytes, now: int) -> bytes:
    """Return a policy leaf: the witness policy's text, and the digest of an appraisal policy document."""
    entry = side.newest.get(trust.KIND)
    before = None if entry is None else trust.decode(entry.leaf)
    time = next_time(before.time if before else None, now)
    moderation = before.moderation if before else None
    text = "".join(f"{line}\n" for line in witness_policy.decode().splitlines() if line.strip())
    return trust.encode(Trust(time, text, sha256(appraisal).digest(), moderation))


def revocations_leaf(side: Side, now: int, more: Mapping[str, bytes]) -> bytes:
    """Return a revocations leaf with everything of the one before, and `more`: one digest by list."""
    entry = side.newest.get(revocations.KIND)
    before = Revocations(0, (), (), ()) if entry is None else revocations.decode(entry.leaf)
    lists = {name: (*getattr(before, name), *([more[name]] if name in more else [])) for name in _LISTS}
    return revocations.encode(Revocations(next_time(before.time, now), **lists))


def web_leaf(folder: Path, *, version: str, source: str) -> bytes:
    """Return the leaf of a web build. Raises Failed `leaf`."""
    files: dict[str, bytes] = {}
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise Failed("leaf", f"{path} is no regular file")
            if path.is_file():
                with path.open("rb") as file:
                    data = file.read(MAX_FILE + 1)
                if len(data) > MAX_FILE:
                    raise Failed("leaf", f"{path} is larger than a file of a web build")
                files[path.relative_to(folder).as_posix()] = sha256(data).digest()
        return web.encode(Web(version, source, files))
    except OSError as error:
        raise Failed("leaf", f"{folder}: {error.strerror}") from error
    except Malformed as error:
        raise Failed("leaf", f"{folder}: {error}") from error


_LISTS: Final = ("releases", "keys", "platforms")


def _members(leaf: bytes) -> dict[str, object]:
    return _mapping(canonical.decode(leaf, max_bytes=release.MAX_RELEASE))


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _sequence(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _lacking(of: object, others: object) -> list[object]:
    known = _sequence(others)
    return [one for one in _sequence(of) if one not in known]
