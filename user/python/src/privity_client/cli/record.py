"""An appraisal record for a person: headline, reasons first, grouped checks, and the limits of the promise last.

Built from the record alone. What was not checked is never shown as passed.
"""

import time
from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from privity_client.cli.failure import BANNER
from privity_client.printable import clean

STAGES: Final = (
    "policy",
    "bundle",
    "form",
    "certificates",
    "revocation",
    "signatures",
    "platform",
    "firmware level",
    "measurements",
    "event log",
    "binding",
    "devices",
    "freshness",
    "verdict",
)
_MARKS: Final = {
    "passed": ("✓ passed", "green"),
    "failed": ("✗ failed", "red"),
    "not_checked": ("– not checked", "yellow"),
}
_LIMITS: Final = {
    True: (
        "A test enclave proves nothing about who can read: its evidence is made by software on the server itself.",
        "The checks above show that the software runs as measured, if whoever runs the server is honest.",
    ),
    False: (
        "Genuine by the vendor's signature. Someone with physical access to the server might defeat it.",
        "Length and timing of answers are hidden only as far as the traffic profile goes.",
    ),
}


def render(console: Console, record: Mapping[str, object]) -> None:
    """Print the record."""
    simulated = bool(record.get("simulated"))
    _headline(console, record, simulated)
    reasons = _texts(record.get("reasons"))
    for reason in reasons:
        console.print(Text(f"  ✗ {reason}", style="red"))
    _claims(console, record)
    _checks(console, record)
    console.print(Text("\nLimits", style="bold"))
    for limit in _LIMITS[simulated]:
        console.print(Text(f"  {limit}", style="dim"))


def _headline(console: Console, record: Mapping[str, object], simulated: bool) -> None:
    outcome = record.get("outcome")
    when = _moment(record.get("appraised_at"))
    if outcome == "refused":
        console.print(Text(f"Refused, {when}. Nothing is sent to this node.", style="bold red"))
        return
    if simulated:
        console.print(Text(f" {BANNER} ", style="bold black on yellow"))
    release, kind = _claim(record, "release"), _claim(record, "kind")
    words = ", ".join(part for part in (release, "test enclave" if simulated else kind, when) if part)
    console.print(Text(f"Verified: {words}", style="bold yellow" if simulated else "bold green"))
    console.print(Text(f"Valid until {_moment(record.get('valid_until'))}", style="dim"))


def _claims(console: Console, record: Mapping[str, object]) -> None:
    claims = record.get("claims")
    if not isinstance(claims, Mapping) or not claims:
        return
    console.print(Text("\nWhat the evidence says", style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, claim in claims.items():
        value = claim.get("value") if isinstance(claim, Mapping) else claim
        table.add_row(str(name).replace("_", " "), clean(_shown(value)))
    console.print(table)


def _checks(console: Console, record: Mapping[str, object]) -> None:
    checks = record.get("checks")
    if not isinstance(checks, list):
        return
    console.print(Text("\nChecks", style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for style in ("bold", "", "", "dim"):
        table.add_column(style=style, overflow="fold")
    last = None
    for check in checks:
        stage = int(check["stage"])
        mark, style = _MARKS.get(str(check["outcome"]), ("? unknown", "red"))
        group = STAGES[stage] if stage != last and stage < len(STAGES) else ""
        name = str(check["check"]).replace("_", " ")
        table.add_row(group, name, Text(mark, style=style), clean(", ".join(_texts(check.get("reasons")))))
        last = stage
    console.print(table)
    counted = {kind: sum(check["outcome"] == kind for check in checks) for kind in _MARKS}
    console.print(
        Text(f"  {counted['passed']} passed, {counted['failed']} failed, {counted['not_checked']} not checked", "dim")
    )


def _claim(record: Mapping[str, object], name: str) -> str:
    claims = record.get("claims")
    claim = claims.get(name) if isinstance(claims, Mapping) else None
    value = claim.get("value") if isinstance(claim, Mapping) else None
    return clean(_shown(value)) if value is not None else ""


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_shown(inner) for inner in value)
    if value is None:
        return "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _moment(value: object) -> str:
    if not isinstance(value, int):
        return "unknown"
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(value))
