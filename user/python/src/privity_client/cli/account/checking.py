"""`privity verify-history`: this machine's copy from the first page on, what the service says, and repair."""

import asyncio

from privity_protocol.errors import PrivityError
from rich.console import Console
from rich.text import Text

from privity_client.cli.account import stage
from privity_client.cli.account.beginning import grouped
from privity_client.cli.failure import text as failure_text
from privity_client.errors import ClientError, Exit, words_for
from privity_client.history import checking, lost
from privity_client.history import session as sessions
from privity_client.history.checking import Report
from privity_client.history.session import Session

CHOICES = ("", "ours", "theirs")


def verify_history(repair: str, as_json: bool) -> int:
    """Verify, and repair if asked. Returns the exit code. Raises PrivityError."""
    if repair not in CHOICES:
        raise ClientError("misuse", "--repair is ours or theirs")
    return asyncio.run(_verify(repair, as_json))


async def _verify(repair: str, as_json: bool) -> int:
    async with sessions.session(stage.folder()) as found:
        out = stage.console()
        problem = await _asked(found, repair, out, as_json)
        report = checking.local(found.replica)
        if as_json:
            stage.as_json(
                {
                    "pages": report.pages,
                    "fingerprint": report.fingerprint,
                    "keyrings": report.revisions,
                    "devices": report.devices,
                    "objects": report.objects,
                    "troubled": report.troubled,
                    **stage.facts(found),
                    "problem": None if problem is None else problem.reason,
                }
            )
        else:
            shown(out, report)
            if problem is not None:
                out.print(Text(failure_text(problem), style="red"))
        if problem is not None:
            return int(words_for(problem).exit)
        return int(Exit.OK if not report.troubled else Exit.FAILED)


async def _asked(found: Session, repair: str, out: Console, as_json: bool) -> PrivityError | None:
    """What is wrong with the service's word, None if it continues what is here."""
    try:
        await found.run(checking.settle(found.replica, found.way))
        _, asked = await found.run(lost.ask(found.replica, found.way))
        if asked and not as_json:
            out.print(Text(f"· asking your other devices for {stage.counted(asked, 'part')}", style="yellow"))
        await found.synchronise(now=True)
    except PrivityError as error:
        if not repair or not error.reason.startswith("log."):
            return error
        return await _mended(found, repair, out, as_json)
    return None


async def _mended(found: Session, repair: str, out: Console, as_json: bool) -> PrivityError | None:
    try:
        fork = await found.run(checking.compare(found.replica, found.way))
        if not as_json:
            ours, theirs = len(fork.ours.pages), len(fork.theirs.pages)
            out.print(f"Both agree to page {fork.common.n}. Then: {ours} pages here, {theirs} at the service.")
            for device in fork.doubled:
                label = found.replica.opened.half.devices.get(device, device.hex()[:8])
                out.print(Text(f"“{label}” signed on both sides: it was copied, or its key is elsewhere.", style="red"))
        await found.run(checking.mend(found.replica, found.way, fork, keep_ours=repair == "ours"))
        await found.synchronise(now=True)
    except PrivityError as error:
        return error
    return None


def shown(out: Console, report: Report) -> None:
    """The report for a person."""
    signed = f"{stage.counted(report.pages, 'page')} by {stage.counted(report.devices, 'device')}"
    held = f"{stage.counted(report.revisions, 'keyring')}, {stage.counted(report.objects, 'object')}"
    whole = f"{signed}, {held}"
    out.print(
        Text("✓ " if not report.troubled else "· ", style="green" if not report.troubled else "yellow") + Text(whole)
    )
    for reason, count in sorted(report.troubled.items()):
        out.print(Text(f"✗ {count} × {reason}", style="red"))
    out.print(Text(f"  Fingerprint of page {report.pages}: ", style="dim") + Text(grouped(report.fingerprint)))
