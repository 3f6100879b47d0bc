"""`privity account create` and `recover`: the ceremony of the code, and the first device."""

import asyncio

from privity_vault import recovery
from privity_vault.recovery import RecoveryLetters
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from privity_client.cli.account import stage
from privity_client.errors import ClientError
from privity_client.history import accounts, codes, sync
from privity_client.history.session import Session, join, newcomer

LOSS = (
    "This code and your devices are the only ways into your account. Whoever runs the service cannot open it and "
    "cannot reset it: without the code and without a device, everything in it is lost for good."
)
ASKED = (3, 7)
"""The groups that are typed back."""
TRIES = 3


def create(url: str, label: str, invitation: str | None) -> int:
    """Make an account. Returns the exit code. Raises PrivityError."""
    stage.person()
    origin = stage.origin_of(url)
    return asyncio.run(_create(origin, stage.device_label(label), invitation))


async def _create(origin: str, label: str, invitation: str | None) -> int:
    out = stage.console()
    async with newcomer(stage.folder(), origin) as (ground, service):
        letters = recovery.make(ground.entropy(recovery.ENTROPY))
        ceremony(out, letters)
        found, way = await service.run(accounts.create(ground, letters, label=label, invitation=invitation))
        made = join(ground, found, way, service)
        accounts.begin_home(made.replica)
        await made.run(sync.push(made.replica, made.way))
    out.print(Text("✓ Your account is made, and the code opens it: that was just tried.", style="green"))
    out.print(f"  This machine is its first device, “{label}”. `privity link` adds others.")
    out.print("  `privity chat` keeps your chats from now on; with --temporary it does not.")
    return 0


def ceremony(out: Console, letters: RecoveryLetters) -> None:
    """Two sentences on loss, the code, and two of its groups typed back. Raises ClientError `not_typed`."""
    code = recovery.written(letters)
    groups = code.split("-")
    out.print(Padding(Text(LOSS), (1, 0)))
    lines = [" - ".join(groups[:5]), " - ".join(groups[5:])]
    out.print(Panel(Text("\n".join(lines), style="bold", justify="center"), title="Recovery code", padding=(1, 4)))
    out.print("Write it on paper now, or print it. It is not stored on this machine and not shown again.\n")
    for number in ASKED:
        for left in range(TRIES, 0, -1):
            typed = stage.asked(f"Type group {number} of the code: ").upper().translate(str.maketrans("ILO", "110"))
            if typed == groups[number - 1]:
                break
            if left > 1:
                out.print(Text(f"  That is not group {number}.", style="yellow"))
        else:
            raise ClientError("not_typed")


def replace_code() -> int:
    """Replace the recovery code of this account. Returns the exit code. Raises PrivityError."""
    stage.person()
    return asyncio.run(_replace_code())


async def _replace_code() -> int:
    out = stage.console()
    async with stage.opened_account(now=True) as found:
        if found.problem is not None:
            raise found.problem
        out.print("Your present code first; the new one is shown after it.")
        await stage.prove(found)
        letters = recovery.make(found.replica.entropy(recovery.ENTROPY))
        ceremony(out, letters)
        with out.status("Changing the account's key"):
            await found.run(codes.replace(found.replica, found.way, letters))
    out.print(Text("✓ The new code opens your account: that was just tried. The old one opens nothing.", style="green"))
    out.print("  Destroy the paper with the old one.")
    return 0


def recover(url: str, label: str) -> int:
    """Bring an account here with its code. Returns the exit code. Raises PrivityError."""
    origin = stage.origin_of(url)
    letters = stage.typed_code()
    return asyncio.run(_recover(origin, stage.device_label(label), letters))


async def _recover(origin: str, label: str, letters: RecoveryLetters) -> int:
    out = stage.console()
    async with newcomer(stage.folder(), origin) as (ground, service):
        found, way = await service.run(accounts.recover(ground, letters, label=label))
        made = join(ground, found, way, service)
        with out.status("Reading and verifying your history"):
            await made.run(sync.pull(made.replica, made.way))
        arrived(out, made, label)
    return 0


def arrived(out: Console, made: Session, label: str) -> None:
    """Say what came, and what a device that comes with nothing cannot know."""
    from privity_vault import page

    replica = made.replica
    out.print(
        Text(f"✓ {stage.counted(len(replica.chats()), 'chat')}, verified to page {replica.position.n}.", style="green")
    )
    out.print(f"  This machine is the device “{label}” now; your other devices will show it.")
    out.print(
        Text("  A service could show a new device an older, consistent state. Compare with another device", style="dim")
    )
    out.print(
        Text(
            f"  (`privity account show`): page {replica.position.n}, {grouped(page.fingerprint(replica.position))}",
            style="dim",
        )
    )


def grouped(digits: str) -> str:
    """Digits in groups of five."""
    return " ".join(digits[at : at + 5] for at in range(0, len(digits), 5))
