"""The process behind `privity-release keep`: take the state folder, say READY, pass after pass until a signal."""

import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final

from privity_attest.der import DerError
from privity_attest.simulated.document import pin_of_pem
from privity_protocol.errors import Malformed
from privity_tlog.leaves import web

from privity_image.errors import Failed
from privity_image.keeper import fleet_key, settings
from privity_image.keeper.events import Events
from privity_image.keeper.files import Files, locked
from privity_image.keeper.fleet_key import FleetSigner
from privity_image.keeper.keep import Clocks, Keeper, read_policy
from privity_image.keeper.settings import Settings
from privity_image.keeper.upkeep import Local, simulated_release
from privity_image.keeper.wire import Wire

PAUSE: Final = 2.0
"""Seconds between two passes."""
QUICK: Final = 0.2
"""The same while a start waits for the first posting, at most for the time below."""
QUICK_SECONDS: Final = 60.0
MAX_LEAF: Final = 65_535
MAX_PEM: Final = 16 * 1024


def run(path: Path) -> int:
    """Keep until a signal. Raises Failed before it is ready, and `surprise` at any time."""
    chosen = settings.load(path)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    events = Events(lambda: int(time.time()))
    with locked(chosen.state):
        keeper = open_keeper(chosen, Wire(), Files(), events, Clocks(lambda: int(time.time()), time.monotonic))
        ready = {"deploy": chosen.deploy, "published": str(chosen.published), "anchor": _shown(chosen.anchor)}
        sys.stdout.write(f"READY {json.dumps(ready)}\n")
        sys.stdout.flush()
        events.say("started")
        try:
            _keep(keeper)
        except Failed as error:
            events.say("surprise", error.detail)
            raise
        finally:
            events.say("stopped")
    return 0


def open_keeper(chosen: Settings, wire: Wire, files: Files, events: Events, clocks: Clocks) -> Keeper:
    """Return the keeper of a configuration. Raises Failed."""
    text, policy = read_policy(chosen, files)
    signers = signers_of(chosen)
    local = None
    if chosen.bootstrap and chosen.simulated_root is not None and chosen.release is not None:
        root = _needed(files, chosen.simulated_root, MAX_PEM)
        leaf = simulated_release(_needed(files, chosen.release, MAX_LEAF))
        try:
            local = Local(chosen.deploy, text, pin_of_pem(root), leaf, signers, _web_leaf(chosen, files))
        except DerError as error:
            raise Failed("configuration", f"{chosen.simulated_root}: {error}") from error
    return Keeper(chosen, policy, signers, local, wire, files, events, clocks)


def _web_leaf(chosen: Settings, files: Files) -> bytes | None:
    if chosen.web is None:
        return None
    leaf = _needed(files, chosen.web, MAX_LEAF)
    try:
        web.decode(leaf)
    except Malformed as error:
        raise Failed("leaf", f"the web build: {error}") from error
    return leaf


def signers_of(chosen: Settings) -> tuple[FleetSigner, ...]:
    """Return the fleet keys; a local installation's first one is made when it is missing. Raises Failed `key_file`."""
    first = chosen.fleet_keys[0]
    if chosen.bootstrap and not first.exists():
        fleet_key.make(first)
    return tuple(fleet_key.read(one) for one in chosen.fleet_keys)


def _keep(keeper: Keeper) -> None:
    began = time.monotonic()
    while True:
        keeper.one_pass()
        quick = not keeper.has_posted and time.monotonic() - began < QUICK_SECONDS
        time.sleep(QUICK if quick else PAUSE)


def _leave(_number: int, _frame: FrameType | None) -> None:
    # At any moment: every file is replaced whole, and what a pass leaves undone the next run does.
    raise SystemExit(0)


def _needed(files: Files, path: Path, most: int) -> bytes:
    data = files.read(path, most)
    if data is None:
        raise Failed("configuration", f"there is no {path}")
    return data


def _shown(path: Path | None) -> str | None:
    return None if path is None else str(path)
