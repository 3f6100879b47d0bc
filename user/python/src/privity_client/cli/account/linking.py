"""`privity link`: the new device shows a link and six digits, the existing one takes the link and the digits."""

import asyncio
from collections.abc import Callable

from privity_protocol.errors import PrivityError
from privity_vault import pairing
from privity_vault.pairing import Confirmed
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from privity_client.channel import unix_time
from privity_client.cli.account import stage
from privity_client.cli.account.beginning import arrived
from privity_client.errors import ClientError
from privity_client.history import accounts, linking, sync
from privity_client.history.calls import Flow
from privity_client.history.http import Service
from privity_client.history.session import Session, join, newcomer

POLL_S = 1.0
MOST_POLLS = 600


def offer(url: str, label: str, *, code: bool = False) -> int:
    """On the new device. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_offer(stage.origin_of(url), stage.device_label(label), code=code))


async def _offer(origin: str, label: str, *, code: bool) -> int:
    out = stage.console()
    async with newcomer(stage.folder(), origin) as (ground, service):
        shown = await service.run(linking.offer(ground, now=unix_time(), typed=code))
        if code:
            show_code(out, shown.link)
        else:
            show_link(out, shown.link)
        answer = await _waited(service, lambda: linking.poll(shown.channel, "answer"))
        answered = await service.run(linking.reveal(shown, answer))
        digits = f"{answered.code[:3]} {answered.code[3:]}"
        out.print(Panel(Text(digits, style="bold", justify="center"), title="Type this on the other device", width=40))
        sealed = await _waited(service, lambda: linking.poll(shown.channel, "grant"))
        found, way, grant = await service.run(linking.enter(ground, answered, sealed, label=label))
        made = join(ground, found, way, service)
        with out.status("Reading and verifying your history"):
            await made.run(sync.pull(made.replica, made.way))
        accounts.at_least(made.replica, grant.n, grant.head)
        arrived(out, made, label)
    return 0


async def _waited(service: Service, step: Callable[[], Flow[bytes | None]]) -> bytes:
    for _ in range(MOST_POLLS):
        found = await service.run(step())
        if found is not None:
            return found
        await asyncio.sleep(POLL_S)
    raise ClientError("not_ready", "the other device did not answer within ten minutes")


def show_code(out: Console, code: str) -> None:
    """The code, to be typed where no link can be brought over. It works once, for ten minutes."""
    out.print("On a device that has your account: type this where it asks for a link. It works for ten minutes.\n")
    out.print(Panel(Text(code, style="bold", justify="center"), title="Link code", padding=(1, 4)))
    out.print("A link is better: with a code only the six digits protect, so type them with care.\n")


def show_link(out: Console, link: str) -> None:
    """The link as a QR code and as text. It works once, for ten minutes."""
    import segno

    out.print("On a device that has your account: scan this, or run the command below. It works for ten minutes.\n")
    code = segno.make(link, error="l", micro=False)
    for row in half_blocks([[bool(cell) for cell in line] for line in code.matrix_iter(border=2)]):
        out.print(Text(row, style="black on white"), soft_wrap=True)
    out.print()
    out.print(Text(f"privity link '{link}'", style="bold"), soft_wrap=True)
    out.print()


def half_blocks(cells: list[list[bool]]) -> list[str]:
    """Two rows of squares in each row of text."""
    width = len(cells[0])
    pairs = zip(cells[::2], [*cells[1::2], [False] * width], strict=False)
    return [
        "".join(" ▄▀█"[2 * top + bottom] for top, bottom in zip(upper, lower, strict=True)) for upper, lower in pairs
    ]


def accept(text: str, label: str) -> int:
    """On a device that has the account. Returns the exit code. Raises PrivityError."""
    link = pairing.read_link(text.strip()) if "#" in text else pairing.read_code(text)
    stage.person()
    return asyncio.run(_accept(link, label.strip() or "new device"))


async def _accept(link: pairing.Link | bytes, label: str) -> int:
    out = stage.console()
    async with stage.opened_account(now=True) as found:
        if found.problem is not None:
            raise found.problem
        replica, way, service = found.replica, found.way, found.service
        replied = await found.run(linking.answer(replica, way, link, now=unix_time()))
        channel = linking.channel_of(link)
        revealed = await _waited(service, lambda: linking.poll(channel, "reveal"))
        state: pairing.Comparing | Confirmed = replied.revealed(revealed, now=unix_time())
        out.print("Continue only if the new device is in your hands. Whoever holds it will read everything.")
        while isinstance(state, pairing.Comparing):
            digits = stage.asked("The six digits that it shows: ")
            state = await found.run(linking.typed(way, channel, state, digits, now=unix_time()))
            if isinstance(state, pairing.Comparing):
                out.print(Text(f"  Those are not its digits; {state.left} more tries.", style="yellow"))
        await _grant(found, channel, state, label)
        out.print(Text(f"✓ Linked as “{label}”. `privity devices` shows all of them.", style="green"))
        return 0


async def _grant(found: Session, channel: bytes, state: Confirmed, label: str) -> None:
    """A fresh proof, then the account's key. Wrong codes of the proof cost nothing but another try."""
    for left in range(pairing.CODES, 0, -1):
        try:
            await stage.prove(found)
            break
        except PrivityError as error:
            if left == 1 or error.reason not in ("recovery.malformed", "recovery.mistyped", "access.refused"):
                raise
            stage.console().print(Text(f"  {error.reason}: try again.", style="yellow"))
    await found.run(linking.grant(found.replica, found.way, channel, state, label=label, now=unix_time()))
