"""`privity inspect`: what one file of evidence is, what it says, and what of that is proven, in plain words."""

import json
from dataclasses import dataclass
from pathlib import Path

from privity_attest.evidence_files import MAX_FILE
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from privity_client.cli.reasons import sentence
from privity_client.cli.record import checks_table, value_words
from privity_client.cli.verify_bundle import moment
from privity_client.errors import ClientError, Exit
from privity_client.inspection.found import Found
from privity_client.inspection.hardware import Beside
from privity_client.inspection.recognise import recognise
from privity_client.printable import clean


@dataclass(frozen=True)
class Inspected:
    """The command line of `privity inspect`: the file, files beside it by role, and the time to judge at."""

    file: Path
    beside: dict[str, Path]
    at: str
    json: bool


def inspect(inspected: Inspected) -> int:
    """Show the file; return 3 when it was judged and refused. Raises ClientError."""
    files = {role: _read(path) for role, path in inspected.beside.items()}
    found = recognise(_read(inspected.file), Beside(files, moment(inspected.at)))
    if inspected.json:
        print(json.dumps(_document(found), ensure_ascii=False))
    else:
        _show(Console(highlight=False), found)
    refused = found.record is not None and bool(found.record.reasons)
    return int(Exit.REFUSED if refused else Exit.OK)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ClientError("file_unreadable", f"{path}: {error.strerror}") from error
    if len(data) > MAX_FILE:
        raise ClientError("evidence_unreadable", f"{path}: more than {MAX_FILE} bytes")
    return data


def _rows(found: Found) -> list[dict[str, object]]:
    checks = found.record.checks if found.record is not None else ()
    return [
        {"stage": one.stage, "check": one.check, "item": one.item, "outcome": one.outcome, "reasons": list(one.reasons)}
        for one in checks
    ]


def _document(found: Found) -> dict[str, object]:
    judged = found.record
    return {
        "what": found.what,
        "says": dict(found.says),
        "notes": list(found.notes),
        "judged": judged is not None,
        "genuine": judged.genuine if judged is not None else None,
        "reasons": list(judged.reasons) if judged is not None else [],
        "checks": _rows(found),
    }


def _show(console: Console, found: Found) -> None:
    console.print(Text(found.what[:1].upper() + found.what[1:], style="bold"))
    judged = found.record
    if judged is not None:
        genuine = "Genuine: the vendor signed it, and nothing was changed."
        words = genuine if judged.genuine else "Not shown to be genuine."
        console.print(Text(words, style="bold green" if judged.genuine else "bold red"))
        for reason in judged.reasons:
            console.print(Text(f"  ✗ {clean(sentence(reason))}", style="red") + Text(f"  {clean(reason)}", style="dim"))
    for note in found.notes:
        console.print(Text(note, style="yellow"))
    proven = judged is not None and judged.genuine
    console.print(Text("\nWhat it says" if proven else "\nWhat it says, unproven", style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in found.says.items():
        table.add_row(clean(name.replace("_", " ")), clean(value_words(value, whole=True)))
    console.print(table)
    if judged is not None:
        checks_table(console, _rows(found))
        limit = "One piece of evidence says nothing about a node: no key, release or freshness was looked at."
        console.print(Padding(Text(limit, style="dim"), (1, 0, 0, 2)))
