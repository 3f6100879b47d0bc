"""An account service that issues tokens, its keys in a log, and purses of devices that draw from it.

with metered(tmp_path) as stand:
    laptop = stand.purse(stand.house.create(tmp_path / "laptop"))
    (token,) = laptop.pay(rid)
"""

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from history_stand import NOW, Chance, House, Machine
from privity_client.history.session import Folder
from privity_client.trust import issuers as logged
from privity_client.wallet.account import AccountPurse
from privity_image.keeper import issuers as keeper
from privity_protocol import token
from privity_protocol.token import PublicKey
from privity_service.accounts.issuance import offered
from privity_service.accounts.plans import Plan
from privity_service.accounts.settings import AccountSettings
from privity_service.issuer.keys import IssuerKeys
from privity_service.issuer.settings import Issuance
from privity_tlog.leaves import issuers

DEPLOY = "local"
DAY_S = 86_400
CHALLENGE = token.challenge("localhost:8080", "localhost:8081")
PLANS = {"free": Plan(5, None, 20, "Free")}


@dataclass
class Log:
    """The keys log as one client sees it: the client's own rules on a leaf that the operator's keeper made."""

    place: Path
    leaf: issuers.Issuers | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def issuer_key(self, plan: str, day: str, *, now: int) -> PublicKey:
        """The logged key."""
        self.asked.append((plan, day))
        held = None if self.leaf is None else logged.hold(self.place, self.leaf)
        return logged.key(held, deploy=DEPLOY, plan=plan, day=day, now=now)


@cache
def made(_seed: str) -> Path:
    """A folder of keys for today and tomorrow, made once for all tests of this process: that takes its time."""
    folder = Path(tempfile.mkdtemp(prefix="issuer-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    IssuerKeys(folder, ("free",)).prepare(NOW, most=2)
    return folder


class Stand:
    """The service with its issuer. `log` is what all devices see unless a test gives one its own."""

    def __init__(self, folder: Path, plans: dict[str, Plan], seed: str) -> None:
        settings = AccountSettings(plans=plans, new_per_prefix_day=1_000_000, issuance=Issuance())
        self.folder = folder
        self.house = House(folder, settings)
        shutil.copytree(made(seed), folder / "issuer")
        self.keys = IssuerKeys(folder / "issuer", ("free",))
        self.keys.prepare(NOW, most=2)
        self.house.house.issuer = self.keys
        self.log = Log(folder / "trust")
        self.log_keys()

    def log_keys(self) -> None:
        """Let the keeper log what the service offers."""
        leaf = keeper.due(
            self.log.leaf, msgspec.json.encode(offered(self.keys, self.house.now)), deploy=DEPLOY, now=NOW
        )
        assert leaf is not None
        self.log.leaf = issuers.decode(leaf)

    def purse(self, machine: Machine, log: Log | None = None) -> "Purse":
        """What pays on a device."""
        return Purse(self, machine, log or self.log)

    def calls(self, path: str) -> int:
        """How often the service was asked this."""
        return sum(one.path.partition("?")[0] == path for one in self.house.calls)


class Purse:
    """A device's purse, driven to the end of each call. Each call opens the account from the disk."""

    def __init__(self, stand: Stand, machine: Machine, log: Log) -> None:
        self.stand, self.machine = stand, machine
        house = stand.house
        self.service: Any = house._service

        @asynccontextmanager
        async def reach(_origin: str) -> AsyncIterator[Any]:
            yield self.service

        chance = Chance(f"purse of {machine.folder.name}")
        self.own = AccountPurse(
            Folder(machine.folder), log, CHALLENGE, clock=lambda: house.now * 1000, entropy=chance, reach=reach
        )

    def pay(self, rid: bytes, count: int = 1) -> tuple[bytes, ...]:
        return self._run(self.own.pay(rid, count))

    def refused(self, rid: bytes) -> None:
        self._run(self.own.refused(rid))

    def ended(self, rid: bytes) -> None:
        self._run(self.own.ended(rid))

    def request_id(self) -> bytes:
        return self._run(self.own.request_id())

    def tend(self) -> None:
        self._run(self.own.tend())

    def spend(self, number: int) -> list[bytes]:
        """Pay for so many requests whose answers come to their end."""
        found = []
        for _ in range(number):
            rid = self.request_id()
            found += self.pay(rid)
            self.ended(rid)
        return found

    def _run(self, work: Any) -> Any:
        return self.stand.house._runner.run(work)


@contextmanager
def metered(folder: Path, plans: dict[str, Plan] | None = None, seed: str = "") -> Iterator[Stand]:
    """A stand, closed whatever happens. Another `seed` has other keys for today and tomorrow."""
    stand = Stand(folder, plans or PLANS, seed)
    try:
        yield stand
    finally:
        stand.house.close()
