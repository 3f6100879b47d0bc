"""From an address and a policy to verified nodes and what asks them: the state that a client holds while it is open."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from privity_client.appraisal import LocalAppraiser
from privity_client.channel import Channel, unix_time
from privity_client.client.policy import STRICT, Policy
from privity_client.client.progress import Tell, Verifying, silent
from privity_client.discovery import Discovery, NodeSource
from privity_client.errors import ClientError
from privity_client.proxy.asking import Asking
from privity_client.proxy.summary import Facts
from privity_client.proxy.verified import VerifiedNodes
from privity_client.relayed.chosen import resolve
from privity_client.relayed.way import open_client
from privity_client.serve.home import home_path
from privity_client.trust.server import reach
from privity_client.user_policy import read_policy
from privity_client.version import VERSION
from privity_client.wallet.opening import ServerPurse

PROFILES: Final = ("p0", "p1", "p2")


@dataclass(frozen=True)
class Link:
    """An open client: its nodes, and what asks them. One event loop, one process."""

    nodes: NodeSource
    asking: Asking
    facts: Facts
    clock: Callable[[], int] = unix_time


@dataclass(frozen=True)
class Server:
    """Which server, under which policy. `profile` is the traffic shape.

    `relay` is the origin of a relay, `off`, or empty for the one that is remembered for this server.
    """

    url: str
    policy: Policy = STRICT
    profile: str = "p1"
    relay: str = ""
    progress: Tell = silent

    def __call__(self) -> AbstractAsyncContextManager[Link]:
        """Verify the nodes and open. Raises PrivityError: nothing of the program has been sent then."""
        return _opened(self)


Opening = Callable[[], AbstractAsyncContextManager[Link]]


@asynccontextmanager
async def _opened(server: Server) -> AsyncIterator[Link]:
    if server.profile not in PROFILES:
        raise ClientError("misuse", "profile is p0, p1 or p2")
    policy = server.policy
    consent = policy.consent()
    own = None if policy.own is None else read_policy(policy.own)
    home = policy.home or home_path(dict(os.environ))
    relay = resolve(home, server.url, server.relay)
    async with open_client(server.url, relay) as http, open_client(server.url, relay) as carrying:
        trust = await reach(http, server.url, home)
        appraiser = LocalAppraiser(trust.pin.deploy, consent, policy=own)

        def judged(done: int, of: int) -> None:
            server.progress(Verifying(done, of))

        source = Discovery(http, server.url, appraiser, clock=unix_time, entropy=os.urandom, trust=trust, judged=judged)
        nodes = VerifiedNodes(source)
        found = await nodes.nodes("", refresh=False)
        async with ServerPurse(server.url, trust, home, hidden=relay is not None) as purse:
            await purse.serve(found)
            asking = Asking(Channel(carrying, nodes, purse=purse), server.profile, lambda: trust.seen)
            facts = Facts(server.url, trust.pin.deploy, server.profile, relay.url if relay else "", VERSION)
            try:
                yield Link(nodes, asking, facts)
            finally:
                await asking.close()
