"""The commands of `privity-release` that log something or show what is logged."""

import json
from pathlib import Path
from typing import Final

from privity_attest import policy as appraisal
from privity_attest.endorsement import FleetKey
from privity_attest.errors import PolicyMalformed
from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_tlog.leaves import fleet, reading
from privity_tlog.leaves.fleet import Machine
from rich.console import Console

from privity_image.commands.measure import read as read_file
from privity_image.errors import Failed
from privity_image.keeper import appraisal_policy, facts, fleet_key
from privity_image.keeper import settings as chosen
from privity_image.keeper.files import Files
from privity_image.keeper.process import signers_of
from privity_image.release import drafts, status
from privity_image.release.desk import PROOF, Desk, open_desk
from privity_image.release.drafts import Wanted

DONE: Final = 0
DUE: Final = 1
MAX_LEAF: Final = 65_535
KEY: Final = "fleet.key"
APPRAISAL: Final = "appraisal.json"
CONFIGURATION: Final = "keeper.json"
REVOKED: Final = {"release": "releases", "key": "keys", "platform": "platforms"}


def init(home: Path, settings: dict[str, object], *, now: int) -> int:
    """Make a fleet key, a state folder, an appraisal policy and the keeper's configuration in a new folder."""
    files, made = Files(), home.absolute()
    members = {**settings, "fleet_keys": [str(made / KEY)], "state": str(made / "state")}
    members |= {"published": str(made / "published")}
    data = canonical.encode(members)
    read = chosen.decode(data)
    (made / "state").mkdir(mode=0o700, parents=True, exist_ok=True)
    signer = fleet_key.make(made / KEY)
    files.write(made / APPRAISAL, appraisal_policy.document(deploy=read.deploy, roots=(), version=1, now=now))
    files.write(made / CONFIGURATION, data)
    print(f"fleet key {signer.public.id.hex()}")
    print(f"next: privity-release policy --config {made / CONFIGURATION} --appraisal {made / APPRAISAL}")
    return DONE


def prepare(config: Path, wanted: Wanted, out: Path) -> int:
    """Write the leaf of a release, and say what it changes."""
    desk = open_desk(config)
    leaf = drafts.release_leaf(wanted, desk.now())
    before = drafts.newest_release(desk.release)
    Files().write(out.absolute(), leaf)
    for line in drafts.changes(None if before is None else before[0], leaf):
        print(f"• {line}")
    print(f"{out}: log it with `privity-release log {out} --config {config}`")
    return DONE


def log(config: Path, path: Path) -> int:
    """Log any leaf; its proof lies beside it afterwards."""
    leaf = read_file(path, MAX_LEAF + 1)
    desk = open_desk(config)
    told = _log(desk, leaf)
    made = desk.proof(leaf)
    assert made is not None
    Files().write(path.absolute().with_name(path.name + PROOF), made)
    return told


def web(config: Path, folder: Path, *, version: str, source: str) -> int:
    """Log a web build."""
    return _log(open_desk(config), drafts.web_leaf(folder, version=version, source=source))


def fleet_add(config: Path, platform: str, *, kind: str, reason: str, source: str) -> int:
    """Log a fleet with one machine more."""
    desk = open_desk(config)
    machine = Machine(_digest(platform), kind, reason, desk.now(), source)
    return _log_fleet(desk, add=machine, remove=None)


def fleet_remove(config: Path, platform: str) -> int:
    """Log a fleet with one machine less."""
    return _log_fleet(open_desk(config), add=None, remove=_digest(platform))


def fleet_list(config: Path) -> int:
    """Print the logged fleet."""
    leaf = open_desk(config).newest(fleet.KIND)
    if leaf is None:
        raise Failed("leaf", "no fleet leaf is logged")
    read = fleet.decode(leaf)
    for one in read.platforms:
        print(f"{one.id.hex()}  {one.type}  {one.reason}  ({one.source})")
    for key in read.keys:
        print(f"key {FleetKey(key.ed25519, key.mldsa44).id.hex()}")
    return DONE


def policy(config: Path, document: Path | None) -> int:
    """Log the witness policy of the configuration and an appraisal policy: a file's, or the one that counts now."""
    desk = open_desk(config)
    known = facts.logged_appraisal(desk.release, desk.settings.state, desk.files)
    data = known if document is None else read_file(document, appraisal.MAX_POLICY + 1)
    if data is None:
        raise Failed("configuration", "name an appraisal policy: --appraisal FILE")
    _check_policy(data, known, desk)
    # Kept before it is logged: a crash in between must not leave a logged policy that nobody has.
    desk.files.write(facts.appraisal_path(desk.settings.state, data), data)
    return _log(desk, drafts.policy_leaf(desk.release, desk.text, data, desk.now()))


def revoke(config: Path, what: str, digest: str) -> int:
    """Log revocations with one digest more."""
    desk = open_desk(config)
    return _log(desk, drafts.revocations_leaf(desk.release, desk.now(), {REVOKED[what]: _digest(digest)}))


def revocations(config: Path) -> int:
    """Log the revocations anew, with the same lists."""
    desk = open_desk(config)
    return _log(desk, drafts.revocations_leaf(desk.release, desk.now(), {}))


def show(config: Path, *, as_json: bool) -> int:
    """Show what is logged, since when, and what ends next; 1 when something is missing or due."""
    desk = open_desk(config)
    if not as_json:
        return DUE if status.show(desk, Console()) else DONE
    found = status.rows(desk)
    print(json.dumps(found, indent=2))
    return DUE if any(row["due"] for row in found) else DONE


def _log_fleet(desk: Desk, *, add: Machine | None, remove: bytes | None) -> int:
    signers = signers_of(desk.settings)
    leaf = drafts.fleet_leaf(desk.release, desk.settings.deploy, signers, desk.now(), add=add, remove=remove)
    return _log(desk, leaf)


def _log(desk: Desk, leaf: bytes) -> int:
    index = desk.log(leaf)
    print(f"✓ {reading.kind_of(leaf)}: leaf {index}")
    return DONE


def _check_policy(data: bytes, known: bytes | None, desk: Desk) -> None:
    try:
        read = appraisal.decode(data)
        if read.deployment != desk.settings.deploy:
            raise Failed("leaf", f"the appraisal policy is for {read.deployment}")
        if known is not None and data != known and read.version <= appraisal.decode(known).version:
            raise Failed("leaf", "its version must be greater than that of the logged one: clients refuse a rollback")
        looser = appraisal.below_floor(read)
    except PolicyMalformed as error:
        raise Failed("leaf", str(error)) from error
    if looser:
        raise Failed("leaf", f"clients would refuse it: looser than what they were built with in {', '.join(looser)}")


def _digest(text: str) -> bytes:
    try:
        return canonical.from_hex(text, "digest", size=32)
    except Malformed as error:
        raise Failed("configuration", f"{text[:80]} is no SHA-256 in lower-case hexadecimal") from error


def read_platforms(path: Path) -> object:
    """Return what `privity-image measure platforms` wrote. Raises Failed `configuration`."""
    try:
        return canonical.decode(read_file(path, MAX_LEAF + 1), max_bytes=MAX_LEAF)
    except Malformed as error:
        raise Failed("configuration", f"{path}: {error}") from error
