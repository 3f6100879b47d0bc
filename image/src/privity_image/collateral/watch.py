"""What an operator must hear about the folder: at half life of every date, and whenever something is missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from privity_image.collateral.item import Period
from privity_image.collateral.store import Entry


@dataclass(frozen=True, slots=True)
class Alarm:
    """One line for the operator about the file `label`."""

    label: str
    text: str


def acknowledgement(label: str, period: Period) -> str:
    """Return what silences the alarm of exactly this date in `acknowledged`: a new date rings anew."""
    return f"{label}: {period.what} until {day(period.until)}"


def alarms(
    entries: Mapping[str, Entry],
    intact: Collection[str],
    expected: Collection[str],
    acknowledged: Collection[str],
    now: int,
) -> list[Alarm]:
    """Return every alarm at `now`; `intact` are the files that are as the state says, `expected` those that must be."""
    found: list[Alarm] = []
    for label in sorted({*expected, *entries}):
        entry = entries.get(label, Entry())
        if label not in intact:
            found.append(Alarm(label, f"not stored{f' ({entry.failure})' if entry.failure else ''}"))
            continue
        found += [Alarm(label, note) for note in entry.notes]
        for one in entry.periods:
            if now >= one.until:
                found.append(Alarm(label, f"{one.what} ended on {day(one.until)}"))
            elif now >= one.half and acknowledgement(label, one) not in acknowledged:
                found.append(Alarm(label, f"{one.what} ends on {day(one.until)}: half of its time has passed"))
    return found


def day(seconds: int) -> str:
    """Return a Unix time as a date, UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "an impossible date"
