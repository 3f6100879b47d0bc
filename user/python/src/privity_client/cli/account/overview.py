"""`privity account show|forget` and `privity devices`: who is in, how far it was read, what to compare."""

import asyncio
import json

from privity_vault import page
from rich.table import Table
from rich.text import Text

from privity_client.cli.account import stage
from privity_client.cli.account.beginning import grouped
from privity_client.errors import ClientError
from privity_client.history import devices as listed_devices
from privity_client.history import erasure, preferences
from privity_client.history import session as sessions
from privity_client.history.devices import Shown
from privity_client.history.session import Folder
from privity_client.serve.home import write_whole

FRESH = (
    "A service could show a new device an older state that fits together: compare page and fingerprint with a device"
    " that you already had. Linking does it by itself."
)


def show(as_json: bool) -> int:
    """Show the account of this machine. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_show(as_json))


async def _show(as_json: bool) -> int:
    async with stage.opened_account() as found:
        replica, out = found.replica, stage.console()
        position, ring = replica.position, replica.opened.trusted.keyring
        digits = page.fingerprint(position)
        if as_json:
            stage.as_json(
                {
                    "account": replica.opened.account.hex(),
                    "origin": replica.opened.origin,
                    "device": replica.opened.device.hex(),
                    "page": position.n,
                    "fingerprint": digits,
                    "keyring": {"revision": ring.revision, "epoch": ring.epoch},
                    "chats": len(replica.chats()),
                    **stage.facts(found),
                }
            )
            return 0
        stage.standing(found, out)
        table = Table.grid(padding=(0, 2))
        for name, value in (
            ("Service", replica.opened.origin),
            ("Account", replica.opened.account.hex()),
            ("This device", replica.opened.half.devices.get(replica.opened.device, "")),
            ("Chats", str(len(replica.chats()))),
            ("Waiting to be sent", str(replica.store.waits())),
            ("History", f"page {position.n}"),
            ("Fingerprint", grouped(digits)),
        ):
            table.add_row(Text(name, style="dim"), stage.plain(value))
        out.print(table)
        out.print(Text("Two devices that show the same page and fingerprint have the same history.", style="dim"))
        return 0


def forget(revoke: bool) -> int:
    """Take the account off this machine. Returns the exit code. Raises PrivityError."""
    place = stage.folder()
    if not place.exists():
        raise ClientError("no_account")
    return asyncio.run(_leave()) if revoke else _forget(place)


async def _leave() -> int:
    """Revoke this machine with its own last signature, then take the account off it. What waits is sent before."""
    async with stage.opened_account(now=True) as found:
        if found.problem is not None:
            raise found.problem
        question = "Revoke this machine, give the account a new key, and take the account off here?"
        if not stage.agreed(question, yes=False):
            return 1
        await stage.prove(found)
        await found.run(listed_devices.leave(found.replica, found.way))
    sessions.forget(stage.folder())
    stage.console().print(Text("✓ This machine is revoked, and nothing of the account is left here.", style="green"))
    return 0


def _forget(place: Folder) -> int:
    question = "Take the account off this machine? What was not sent yet is lost; the rest stays at the service."
    if not stage.agreed(question, yes=False):
        return 1
    sessions.forget(place)
    stage.console().print("The account is no longer on this machine. Revoke the device from another one.")
    return 0


def delete() -> int:
    """Erase the account at its service. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_delete())


async def _delete() -> int:
    out, place = stage.console(), stage.folder()
    async with stage.opened_account() as found:
        if found.problem is not None:
            raise found.problem
        chats = len(list(found.replica.chats()))
        question = f"Erase the account with {chats} chats, on all devices and at the service? There is no way back."
        if not stage.agreed(question, yes=False):
            return 1
        await stage.prove(found)
        erased = await found.run(erasure.account(found.replica, found.way))
    kept = place.root.parent / f"account-erased-{erased.said.day}.json"
    write_whole(kept, json.dumps(erased.document(), indent=2).encode())
    sessions.forget(place)
    out.print(Text("✓ The account is erased.", style="green"))
    out.print(Text(f"  The service's signed promise is in {kept}.", style="dim"))
    out.print(Text(f"  It says that backups forget the account within {erased.said.backup_days} days.", style="dim"))
    return 0


def erasures(as_json: bool) -> int:
    """Show what was deleted from here and promised of it. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_erasures(as_json))


async def _erasures(as_json: bool) -> int:
    async with stage.opened_account() as found:
        kept, out = erasure.kept(found.replica), stage.console()
        if as_json:
            rows = [{"page": one.n, "promise": None if one.promise is None else one.promise.document()} for one in kept]
            stage.as_json({"erasures": rows, **stage.facts(found)})
            return 0
        stage.standing(found, out)
        for one in kept:
            what = f"page {one.n}: {stage.counted(len(one.ids), 'part')}"
            if one.promise is None:
                out.print(Text(f"✗ {what}, deleted, and the service gave no promise that holds", style="yellow"))
                continue
            said = one.promise.said
            out.print(f"✓ {what}, erased on {stage.day(said.day)}; backups forget within {said.backup_days} days")
        words = (
            "A signed promise, not a proof. --json gives the receipts." if kept else "Nothing was deleted from here."
        )
        out.print(Text(words, style="dim"))
        return 0


def devices(as_json: bool) -> int:
    """Show the devices. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_devices(as_json))


async def _devices(as_json: bool) -> int:
    async with stage.opened_account() as found:
        rows, out = listed_devices.shown(found.replica), stage.console()
        position = found.replica.position
        digits = page.fingerprint(position)
        if as_json:
            here = {"page": position.n, "fingerprint": digits}
            stage.as_json({"devices": [_row(one) for one in rows], **here, **stage.facts(found)})
            return 0
        stage.standing(found, out)
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("", "Device", "Id", "Last heard", "Pages"):
            table.add_column(name)
        for one in rows:
            mark = Text("●", style="green") if one.active else Text("○", style="red")
            words = one.label + (" (this one)" if one.this else "") + ("" if one.active else " · revoked")
            table.add_row(mark, stage.plain(words), one.id.hex()[:8], stage.day(one.last_day), str(one.pages))
        out.print(table)
        out.print(Text("A device that you do not know: `privity devices revoke ID`.", style="dim"))
        out.print(Text(f"History fingerprint of page {position.n}: ", style="dim") + Text(grouped(digits)))
        out.print(Text(FRESH, style="dim"))
        return 0


def _row(one: Shown) -> dict[str, object]:
    return {
        "id": one.id.hex(),
        "label": one.label,
        "active": one.active,
        "this": one.this,
        "last_day": None if one.last_day is None else stage.day(one.last_day),
        "pages": one.pages,
    }


def revoke(device: str) -> int:
    """Lock a device out. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_revoke(device))


async def _revoke(device: str) -> int:
    out = stage.console()
    async with stage.opened_account(now=True) as found:
        if found.problem is not None:
            raise found.problem
        id_ = listed_devices.named(found.replica, device)
        if id_ == found.replica.opened.device:
            raise ClientError("device_unknown", "this machine cannot revoke itself; `privity account forget`")
        label = found.replica.opened.half.devices.get(id_, device)
        if not stage.agreed(f"Lock out “{label}” and give the account a new key?", yes=False):
            return 1
        await stage.prove(found)
        with out.status("Changing the account's key"):
            await found.run(listed_devices.revoke(found.replica, found.way, id_))
        out.print(
            Text(f"✓ “{label}” is locked out. What it has read stays read; nothing newer opens there.", style="green")
        )
        return 0


def settings(titles: bool | None, as_json: bool) -> int:
    """Show or change the account's settings. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_settings(titles, as_json))


async def _settings(titles: bool | None, as_json: bool) -> int:
    async with stage.opened_account() as found:
        if titles is not None:
            preferences.change(found.replica, titles=titles)
            await found.try_to_synchronise(now=False)
        chosen = preferences.read(found.replica)
        if as_json:
            stage.as_json({"titles": chosen.titles.value, **stage.facts(found)})
            return 0
        out = stage.console()
        stage.standing(found, out)
        words = "asked of the model, one question more" if chosen.titles.value else "the first words of the chat"
        out.print(f"Titles  {words}")
        return 0
