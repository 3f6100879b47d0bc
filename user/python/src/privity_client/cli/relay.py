"""`privity relay`: which relay is remembered for a server, which ones it offers, and the choice itself."""

import asyncio
import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from privity_protocol.errors import PrivityError
from privity_protocol.ohttp import keys as gateway_keys
from rich.console import Console
from rich.text import Text

from privity_client import fetch, wellknown
from privity_client.errors import ClientError
from privity_client.printable import clean
from privity_client.relayed import chosen
from privity_client.relayed import relay as relays
from privity_client.relayed.relay import Offer, Relay
from privity_client.relayed.way import hides, open_client, words
from privity_client.serve.home import home_path


def show(url: str, *, as_json: bool) -> int:
    """Show what is remembered. Raises ClientError `misuse`, `home_unusable`."""
    relay = _remembered(url)
    if as_json:
        told = None if relay is None else {"kind": relay.kind, "name": relay.name, "url": relay.url}
        if relay is not None and told is not None and relay.keys:
            told["keys"] = relays.digest(relay.keys)
        print(json.dumps({"url": url, "relay": told, "address_hidden": hides(url, relay)}, ensure_ascii=False))
        return 0
    _say(url, relay)
    return 0


def offered(url: str, *, as_json: bool) -> int:
    """List what the server offers: its own word, trusted for nothing. Raises PrivityError."""
    found = asyncio.run(_offers(url))
    if as_json:
        print(json.dumps({"url": url, "offers": [asdict(one) for one in found]}, ensure_ascii=False))
        return 0
    console = Console(highlight=False)
    if not found:
        console.print(Text("The server offers no relay. One of your own choice serves as well."))
    for one in found:
        words = f"{clean(one.url)}  Oblivious HTTP, keys {one.keys}" if one.keys else clean(one.url)
        console.print(Text(f"{clean(one.name)}  ", style="bold") + Text(words))
    return 0


def use(url: str, address: str) -> int:
    """Remember a relay. Raises ClientError `misuse`, `home_unusable`."""
    relay = relays.named(address)
    chosen.remember(_home(), url, relay)
    _say(url, relay)
    return 0


def use_oblivious(url: str, address: str, expected: str) -> int:
    """Remember a relay for Oblivious HTTP with the gateway's keys of now. `expected` is their SHA-256, or empty.

    Raises ClientError `misuse`, `home_unusable`, `relay_keys`, Malformed, and what fetching raises.
    """
    document, direct = asyncio.run(_gateway_keys(url, address))
    found = relays.digest(document)
    if expected and expected.lower() != found:
        raise ClientError("relay_keys", f"the gateway's keys are {found}")
    relay = relays.oblivious(address, document)
    chosen.remember(_home(), url, relay)
    _say(url, relay)
    console = Console(highlight=False)
    console.print(Text(f"The gateway's keys are {found}. Compare them with what others see."))
    if direct:
        console.print(Text("They were asked of the operator directly, this once: the relay hands out none.", "yellow"))
    return 0


def off(url: str) -> int:
    """Forget the relay. Raises ClientError `misuse`, `home_unusable`."""
    chosen.remember(_home(), url, None)
    _say(url, None)
    return 0


async def _gateway_keys(url: str, address: str) -> tuple[bytes, bool]:
    """The keys as the relay hands them to everybody, else as the operator does; and whether it was the operator."""
    async with fetch.new_client(address) as client:
        with contextlib.suppress(PrivityError):
            found = await fetch.get(client, address, limit=relays.MAX_KEYS)
            if gateway_keys.decode(found):
                return found, False
    async with fetch.new_client(url) as client:
        hints = await fetch.get(client, f"{url.rstrip('/')}/.well-known/privity", limit=wellknown.MAX_WELL_KNOWN)
        place = f"{wellknown.decode(hints).run}/.well-known/ohttp-gateway"
        return await fetch.get(client, place, limit=relays.MAX_KEYS), True


async def _offers(url: str) -> tuple[Offer, ...]:
    async with open_client(url, _remembered(url)) as client:
        address = f"{url.rstrip('/')}/.well-known/privity"
        data = await fetch.get(client, address, limit=wellknown.MAX_WELL_KNOWN)
    wellknown.decode(data)
    return relays.offered(data)


def _remembered(url: str) -> Relay | None:
    return chosen.remembered(_home(), url)


def _home() -> Path:
    return home_path(dict(os.environ))


def _say(url: str, relay: Relay | None) -> None:
    style = "green" if hides(url, relay) else "yellow"
    Console(highlight=False).print(Text(clean(words(url, relay)), style=style))
