"""`privity relay`: which relay is remembered for a server, which ones it offers, and the choice itself."""

import asyncio
import json
import os
from pathlib import Path

from privity_protocol import canonical
from rich.console import Console
from rich.text import Text

from privity_client import fetch, wellknown
from privity_client.printable import clean
from privity_client.relayed import chosen
from privity_client.relayed import relay as relays
from privity_client.relayed.relay import Relay
from privity_client.relayed.way import hides, open_client, words
from privity_client.serve.home import home_path


def show(url: str, *, as_json: bool) -> int:
    """Show what is remembered. Raises ClientError `misuse`, `home_unusable`."""
    relay = _remembered(url)
    if as_json:
        told = None if relay is None else relays.encode(relay)
        print(json.dumps({"url": url, "relay": told, "address_hidden": hides(url, relay)}, ensure_ascii=False))
        return 0
    _say(url, relay)
    return 0


def offered(url: str, *, as_json: bool) -> int:
    """List what the server offers: its own word, trusted for nothing. Raises PrivityError."""
    found = asyncio.run(_offers(url))
    if as_json:
        print(json.dumps({"url": url, "offers": [relays.encode(one) for one in found]}, ensure_ascii=False))
        return 0
    console = Console(highlight=False)
    if not found:
        console.print(Text("The server offers no relay. One of your own choice serves as well."))
    for one in found:
        console.print(Text(f"{clean(one.name)}  ", style="bold") + Text(clean(one.url)))
    return 0


def use(url: str, address: str) -> int:
    """Remember a relay. Raises ClientError `misuse`, `home_unusable`."""
    relay = relays.named(address)
    chosen.remember(_home(), url, relay)
    _say(url, relay)
    return 0


def off(url: str) -> int:
    """Forget the relay. Raises ClientError `misuse`, `home_unusable`."""
    chosen.remember(_home(), url, None)
    _say(url, None)
    return 0


async def _offers(url: str) -> tuple[Relay, ...]:
    async with open_client(url, _remembered(url)) as client:
        address = f"{url.rstrip('/')}/.well-known/privity"
        data = await fetch.get(client, address, limit=wellknown.MAX_WELL_KNOWN)
    wellknown.decode(data)
    value = canonical.decode(data, max_bytes=wellknown.MAX_WELL_KNOWN)
    return relays.offers(value["relays"]) if isinstance(value, dict) else ()


def _remembered(url: str) -> Relay | None:
    return chosen.remembered(_home(), url)


def _home() -> Path:
    return home_path(dict(os.environ))


def _say(url: str, relay: Relay | None) -> None:
    style = "green" if hides(url, relay) else "yellow"
    Console(highlight=False).print(Text(clean(words(url, relay)), style=style))
