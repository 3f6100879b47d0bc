"""`privity verify-history`: this machine's copy from the first page on, what the service says, and repair."""

import asyncio
from dataclasses import dataclass

from privity_protocol.errors import PrivityError
from privity_vault import page
from privity_vault.repair import Fork
from rich.console import Console
from rich.text import Text

from privity_client.cli.account import heads, stage
from privity_client.cli.account.beginning import grouped
from privity_client.cli.account.heads import Compared
from privity_client.cli.failure import text as failure_text
from privity_client.errors import ClientError, Exit, words_for
from privity_client.history import checking, lost
from privity_client.history import session as sessions
from privity_client.history.checking import Report
from privity_client.history.session import Session

CHOICES = {
    "ours": "post again what the service lost from its end.",
    "theirs": "go on with the service's pages, and append what they lack of yours.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Why the service is not believed, if so, and where its log parts from this machine's, if it does."""

    problem: PrivityError | None = None
    fork: Fork | None = None


def verify_history(repair: str, as_json: bool) -> int:
    """Verify, and repair if asked. Returns the exit code. Raises PrivityError."""
    if repair and repair not in CHOICES:
        raise ClientError("misuse", "--repair is ours or theirs")
    return asyncio.run(_verify(repair, as_json))


async def _verify(repair: str, as_json: bool) -> int:
    async with sessions.session(stage.folder()) as found:
        out = stage.console()
        answer = await _asked(found, repair, out, as_json)
        seen = await heads.compared(found)
        report = checking.local(found.replica)
        if as_json:
            stage.as_json(_document(found, report, answer, seen))
        else:
            shown(out, report)
            if answer.fork is not None and not repair:
                _sides(found, answer.fork, out)
            if answer.problem is not None:
                out.print(Text(failure_text(answer.problem), style="red"))
            if words := heads.in_words(seen):
                out.print(words)
        if answer.problem is not None:
            return int(words_for(answer.problem).exit)
        if seen.problem is not None and seen.convicts:
            return int(words_for(seen.problem).exit)
        return int(Exit.OK if not report.troubled else Exit.FAILED)


def _document(found: Session, report: Report, answer: Answer, seen: Compared) -> dict[str, object]:
    return {
        "pages": report.pages,
        "fingerprint": report.fingerprint,
        "keyrings": report.revisions,
        "devices": report.devices,
        "objects": report.objects,
        "troubled": report.troubled,
        "fork": None if answer.fork is None else _forked(found, answer.fork),
        "logs": {"devices": seen.devices, "problem": None if seen.problem is None else seen.problem.reason},
        **stage.facts(found),
        "problem": None if answer.problem is None else answer.problem.reason,
    }


def _forked(found: Session, fork: Fork) -> dict[str, object]:
    ends = {"here": fork.ours, "service": fork.theirs}
    return {
        "common": fork.common.n,
        **{
            name: {"page": one.position.n, "fingerprint": page.fingerprint(one.position), "pages": len(one.pages)}
            for name, one in ends.items()
        },
        "copied": [one.hex() for one in sorted(fork.doubled)],
        "choices": checking.choices(found.replica, fork),
    }


async def _asked(found: Session, repair: str, out: Console, as_json: bool) -> Answer:
    """What is wrong with the service's word, nothing if it continues what is here."""
    try:
        await found.run(checking.settle(found.replica, found.way))
        _, asked = await found.run(lost.ask(found.replica, found.way))
        if asked and not as_json:
            out.print(Text(f"· asking your other devices for {stage.counted(asked, 'part')}", style="yellow"))
        await found.synchronise(now=True)
    except PrivityError as error:
        return await _parted(found, error, repair, out, as_json) if error.reason.startswith("log.") else Answer(error)
    return Answer()


async def _parted(found: Session, problem: PrivityError, repair: str, out: Console, as_json: bool) -> Answer:
    """What both sides hold, and going on with one of them if that was asked for."""
    try:
        fork = await found.run(checking.compare(found.replica, found.way))
    except PrivityError as error:
        return Answer(error if repair else problem)  # what the service shows does not verify: it is no branch
    if not repair:
        return Answer(problem, fork)
    if not as_json:
        _sides(found, fork, out)
    try:
        await found.run(checking.mend(found.replica, found.way, fork, keep_ours=repair == "ours"))
        await found.synchronise(now=True)
    except PrivityError as error:
        return Answer(error, fork)
    return Answer()


def _sides(found: Session, fork: Fork, out: Console) -> None:
    ours, theirs = stage.counted(len(fork.ours.pages), "page"), stage.counted(len(fork.theirs.pages), "page")
    out.print(f"Both agree to page {fork.common.n}. Then: {ours} here, {theirs} at the service.")
    for name, branch in (("Here", fork.ours), ("Service", fork.theirs)):
        digits = grouped(page.fingerprint(branch.position))
        out.print(Text(f"  {name}: page {branch.position.n}, {digits}", style="dim"))
    for device in sorted(fork.doubled):
        label = stage.plain(found.replica.opened.half.devices.get(device, device.hex()[:8]))
        words = Text("“") + label + Text("” signed on both sides: it was copied, or its key is elsewhere.")
        out.print(words, style="red")
    for choice in checking.choices(found.replica, fork):
        out.print(Text(f"  --repair {choice}: {CHOICES[choice]}", style="dim"))


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
