"""The issuer's keys: a file for each plan and UTC day, made ahead, erased when the day is over. specs/issuance.md.

Trusted? Wholly: who has a key makes tokens of its day. Altered: `issuer_key`, nothing starts. Lost: a new key, which
must be logged before a client draws. Rolled back: nothing, a key does not change.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Final

from privity_service.issuer.signing import SigningKey

DAY_S: Final = 86_400
MARGIN_S: Final = 21_600
"""A key is good from six hours before its day until six hours after it."""
AHEAD: Final = 3
_EPOCH: Final = date(1970, 1, 1)
_SUFFIX: Final = ".key"
_MAX_FILE: Final = 4096


class KeyFileUnfit(Exception):
    """A file of the issuer's folder is no key, or others can read it."""

    reason = "issuer_key"


@dataclass(frozen=True, slots=True)
class DayKey:
    """A key with its plan and day (days since 1970-01-01)."""

    plan: str
    day: int
    signing: SigningKey

    @property
    def date(self) -> str:
        """The day as leaves write it: `2026-11-25`."""
        return date_of(self.day)

    @property
    def nbf(self) -> int:
        """Unix seconds from which it may be used."""
        return self.day * DAY_S - MARGIN_S

    @property
    def exp(self) -> int:
        """Unix seconds at which it is over."""
        return (self.day + 1) * DAY_S + MARGIN_S


def date_of(day: int) -> str:
    """`2026-11-25` of days since 1970-01-01."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def day_of(now: int) -> int:
    """Days since 1970-01-01, by UTC."""
    return now // DAY_S


class IssuerKeys:
    """The keys of some plans. Raises KeyFileUnfit, OSError."""

    def __init__(self, folder: Path, plans: tuple[str, ...]) -> None:
        self._folder = folder
        self._plans = plans
        self._lock = Lock()
        self._keys: dict[tuple[str, int], DayKey] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def prepare(self, now: int, *, most: int | None = None) -> int:
        """Make what is missing for today and the next three days, at most `most`; forget and erase what is over.

        Returns how many were read or made. Several processes may do so at once: the first one's key counts.
        """
        today, done = day_of(now), 0
        with self._lock:
            for day in range(today - 1, today + AHEAD + 1):
                for plan in self._plans:
                    known = (plan, day) in self._keys
                    if known or (day < today and not self._path(plan, day).exists()):
                        continue
                    if most is not None and done >= most:
                        return done
                    self._keys[plan, day] = self._read_or_make(plan, day)
                    done += 1
            self._erase_before(today - 1)
        return done

    def find(self, plan: str, day: str, now: int) -> DayKey | None:
        """The key of a plan and day if tokens of it may be drawn now: from six hours before the day until its end."""
        with self._lock:
            found = next((one for one in self._keys.values() if one.plan == plan and one.date == day), None)
        if found is None or not found.nbf <= now < found.exp - MARGIN_S:
            return None
        return found

    def listed(self, now: int) -> list[DayKey]:
        """The keys that are not over, by day and plan: what the log must hold."""
        with self._lock:
            known = [one for one in self._keys.values() if now < one.exp]
        return sorted(known, key=lambda one: (one.date, one.plan))

    def _path(self, plan: str, day: int) -> Path:
        return self._folder / f"{plan}-{date_of(day)}{_SUFFIX}"

    def _read_or_make(self, plan: str, day: int) -> DayKey:
        path = self._path(plan, day)
        if not path.exists():
            self._make(path)
        if path.stat().st_mode & 0o077:
            raise KeyFileUnfit(f"{path.name}: others can read it")
        with path.open("rb") as file:
            data = file.read(_MAX_FILE)
        try:
            return DayKey(plan, day, SigningKey.decode(data))
        except ValueError as error:
            raise KeyFileUnfit(f"{path.name}: no key") from error

    def _make(self, path: Path) -> None:
        """Write a whole file or none, and never over another process's key: a key that was used must not change."""
        waiting = self._folder / f".{token_hex(8)}"
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(SigningKey.generate())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(waiting, path)
        finally:
            waiting.unlink()
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _erase_before(self, day: int) -> None:
        for plan, of in [one for one in self._keys if one[1] < day]:
            del self._keys[plan, of]
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                of = (datetime.fromisoformat(path.stem[-10:]).replace(tzinfo=UTC).date() - _EPOCH).days
            except ValueError:
                continue
            if of < day:
                path.unlink(missing_ok=True)
