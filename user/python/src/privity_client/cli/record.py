"""An appraisal record for a person: headline, reasons first, grouped checks, and the limits of the promise last.

Built from the record alone. What was not checked is never shown as passed.
"""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from privity_client.cli.failure import BANNER
from privity_client.cli.reasons import sentence
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
_NOT_CHECKED: Final = {
    "not_applicable": "does not apply",
    "unchecked_by_policy": "by policy",
    "blocked_by": "blocked by",
}
_MOMENTS: Final = frozenset({"not_before", "expires"})
_DIGEST: Final = re.compile("[0-9a-f]{40,128}")
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


def render(console: Console, record: Mapping[str, object], *, challenged: bool = False) -> None:
    """Print the record; `challenged` says that the node also answered a fresh challenge."""
    simulated = bool(record.get("simulated"))
    _headline(console, record, simulated)
    for reason in _texts(record.get("reasons")):
        console.print(Text(f"  ✗ {clean(sentence(reason))}", style="red") + Text(f"  {clean(reason)}", style="dim"))
    if challenged:
        console.print(Text("✓ A fresh challenge was answered: this evidence is no replay.", style="green"))
    _claims(console, record)
    checks = record.get("checks")
    if isinstance(checks, list):
        checks_table(console, checks)
    console.print(Text("\nLimits", style="bold"))
    for limit in _LIMITS[simulated]:
        console.print(Padding(Text(limit, style="dim"), (0, 0, 0, 2)))


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
        words = str(name).replace("_", " ")
        if isinstance(value, Mapping):
            for member, inner in value.items():
                table.add_row(f"{words} {member}", clean(value_words(inner)))
        elif name in _MOMENTS:
            table.add_row(words, _moment(value))
        else:
            table.add_row(words, clean(value_words(value)))
    console.print(table)


def checks_table(console: Console, checks: Sequence[Mapping[str, Any]]) -> None:
    """Print the rows of checks, each with its outcome in words, and how many there are of each."""
    console.print(Text("\nChecks", style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    last = None
    for check in checks:
        stage = int(check["stage"])
        mark, style = _MARKS.get(str(check["outcome"]), ("? unknown", "red"))
        group = STAGES[stage] if stage != last and stage < len(STAGES) else ""
        why = ", ".join(phrase(reason) for reason in _texts(check.get("reasons")))
        outcome = Text(mark, style=style) + Text(f": {why}" if why else "", style="dim" if style != "red" else style)
        table.add_row(group, str(check["check"]).replace("_", " "), outcome)
        last = stage
    console.print(table)
    counted = {kind: sum(check["outcome"] == kind for check in checks) for kind in _MARKS}
    console.print(
        Text(f"  {counted['passed']} passed, {counted['failed']} failed, {counted['not_checked']} not checked", "dim")
    )


def phrase(reason: str) -> str:
    """Return a reason as a person reads it."""
    code, _, detail = reason.partition(":")
    words = _NOT_CHECKED.get(code, code)
    detail = detail.replace("_", " ") if code in _NOT_CHECKED else detail
    return clean(f"{words} ({detail})" if detail else words)


def _claim(record: Mapping[str, object], name: str) -> str:
    claims = record.get("claims")
    claim = claims.get(name) if isinstance(claims, Mapping) else None
    value = claim.get("value") if isinstance(claim, Mapping) else None
    return clean(value_words(value)) if value is not None else ""


def value_words(value: object, *, whole: bool = False) -> str:
    """Return a claimed value as a person reads it; digests are cut unless `whole`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {value_words(inner, whole=whole)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(value_words(inner, whole=whole) for inner in value)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    # A person compares beginnings; the whole value is in the record that --json prints.
    return f"{text[:16]}…" if _DIGEST.fullmatch(text) and not whole else text


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _moment(value: object) -> str:
    if not isinstance(value, int):
        return "unknown"
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(value))
