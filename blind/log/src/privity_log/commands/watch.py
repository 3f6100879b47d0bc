"""`privity-log monitor` and `privity-log mirror`: visit logs, once or for ever."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import httpx
from privity_tlog.errors import TlogError
from privity_tlog.witness_policy import WitnessPolicy

from privity_log.alarm import Alarm, Mail, Webhook, all_of
from privity_log.errors import LogError, StoreError
from privity_log.leaf_checks import checks_for
from privity_log.mirror import copy
from privity_log.monitor import Watched, visit
from privity_log.process import clock, report
from privity_log.source import Source, source_of
from privity_log.store import DirectoryStore, locked
from privity_log.surprise import Surprise

DAYS_7: Final = 7 * 86_400
HOURS_2: Final = 2 * 3_600
OK, FAILED, SURPRISE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Logs:
    """Where state is kept, which logs by which policy, how often in seconds (None: once)."""

    home: Path
    policy: WitnessPolicy
    every: float | None

    def places(self) -> dict[str, str]:
        """Return the address of each log of the policy. Raises LogError `misuse`."""
        found = {origin: self.policy.urls[origin] for origin in self.policy.logs if origin in self.policy.urls}
        if not found:
            raise LogError("misuse", "the policy has no line: log VKEY ADDRESS")
        return found


def monitor(logs: Logs, alarms: Sequence[Alarm], web: Path | None) -> int:
    """Watch logs; return 3 when the last round had a surprise. Raises LogError."""
    with ExitStack() as held, httpx.Client(trust_env=False) as client:
        watched: list[tuple[Watched, DirectoryStore]] = []
        for origin, place in logs.places().items():
            age = HOURS_2 if origin.endswith("/keys") else DAYS_7
            one = Watched(origin, source_of(place, client), logs.policy, age, checks_for(origin, web))
            watched.append((one, held.enter_context(locked(_folder(logs.home, origin)))))
        alarm = all_of([_print, *alarms])
        return _rounds(logs.every, [partial(_visit, one, store, alarm) for one, store in watched])


def mirror(logs: Logs) -> int:
    """Copy logs into HOME/<origin>/public. Raises LogError."""
    with ExitStack() as held, httpx.Client(trust_env=False) as client:
        rounds: list[Callable[[], int]] = []
        for origin, place in logs.places().items():
            store = held.enter_context(locked(_folder(logs.home, origin)))
            rounds.append(partial(_copy, source_of(place, client), logs.policy, origin, store))
        return _rounds(logs.every, rounds)


def alarms_of(webhook: str | None, mail: str | None, sender: str, receivers: Sequence[str], tls: bool) -> list[Alarm]:
    """Return the alarms that the command line names. Raises LogError `misuse`."""
    if (mail is None) is not (not receivers):
        raise LogError("misuse", "a mail needs both --smtp HOST:PORT and --mail-to ADDRESS")
    found: list[Alarm] = [] if webhook is None else [Webhook(webhook, httpx.Client(trust_env=False))]
    return found if mail is None else [*found, Mail(mail, sender, tuple(receivers), tls)]


def _visit(watched: Watched, store: DirectoryStore, alarm: Alarm) -> int:
    found = visit(watched, store, alarm, now=clock())
    print(f"{watched.origin}: {found.size} leaves, {found.new} new, {len(found.surprises)} surprises", flush=True)
    return SURPRISE if found.surprises else OK


def _copy(source: Source, policy: WitnessPolicy, origin: str, store: DirectoryStore) -> int:
    print(f"{origin}: {copy(source, policy, origin, store)} leaves", flush=True)
    return OK


def _rounds(every: float | None, visits: Sequence[Callable[[], int]]) -> int:
    """Make every visit, again and again; one that fails is told and tried again, unless there is one round only."""
    while True:
        codes = [_tried(each) for each in visits]
        if every is None:
            return SURPRISE if SURPRISE in codes else max(codes)
        time.sleep(every)


def _tried(each: Callable[[], int]) -> int:
    try:
        return each()
    except StoreError:
        raise
    except LogError as error:
        report(error.reason, error.detail)
        return FAILED
    except TlogError as error:
        report(error.reason, error.detail)
        return SURPRISE


def _print(surprises: Sequence[Surprise]) -> None:
    for one in surprises:
        print(f"surprise: {one}", file=sys.stderr, flush=True)


def _folder(home: Path, origin: str) -> Path:
    """Return the folder of a log: its origin, with what no file name should hold replaced."""
    return home / "".join(one if one.isalnum() or one in ".-" else "_" for one in origin)
