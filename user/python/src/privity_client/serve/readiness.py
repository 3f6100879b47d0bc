"""Proof that a local installation answers: held to its logs, evidence appraised, a HELLO through the relay opened."""

import asyncio
import os
from typing import Final

from privity_protocol.errors import PrivityError

from privity_client import fetch
from privity_client.appraisal import AllowSimulated, LocalAppraiser, read_root
from privity_client.channel import Channel, unix_time
from privity_client.discovery import Discovery
from privity_client.errors import ClientError
from privity_client.serve.home import Home
from privity_client.serve.plan import DEPLOY
from privity_client.trust.server import open_server

PAUSE: Final = 0.2
"""Seconds between two attempts."""
_PASSING: Final = frozenset({"unreachable", "not_privity", "no_node", "busy", "session_refused"})
"""Reasons that end by waiting; every other one is an answer."""


async def prove(url: str, home: Home, *, issues: bool = False) -> None:
    """Return once a HELLO to a verified node has been answered, and with `issues` once keys of tokens are logged.

    Raises ClientError for what waiting does not mend.
    """
    async with fetch.new_client(url) as client:
        appraiser = LocalAppraiser(DEPLOY, AllowSimulated((read_root(home.root_certificate),)))
        trust = open_server(client, url, home.root)
        source = Discovery(client, url, appraiser, clock=unix_time, entropy=os.urandom, trust=trust)
        channel = Channel(client, source)
        while True:
            try:
                await channel.greet("")
            except PrivityError as error:
                if not (isinstance(error, ClientError) and error.reason in _PASSING):
                    raise
            else:
                if not issues or trust.standing.posted.issuers is not None:
                    return
            await asyncio.sleep(PAUSE)
