"""The SDK: connect to a server, verify, ask. Everything the command line does, without a terminal."""

import os
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from privity_client import fetch
from privity_client.answer import Answer
from privity_client.appraisal import AllowSimulated, Consent, LocalAppraiser, Refuse, read_root
from privity_client.chain import Chain
from privity_client.channel import Channel, unix_time
from privity_client.commands import Complete, Line
from privity_client.conversation import Conversation
from privity_client.discovery import Discovery
from privity_client.nodes import VerifiedNode
from privity_client.request import chat_request
from privity_client.serve.home import home_path
from privity_client.trust.server import Server, reach


class Privity:
    """One conversation with one server. `node` is what was verified; `answer` the last answer and its state."""

    def __init__(
        self, channel: Channel, node: VerifiedNode, trust: Server, *, model: str, system: str, profile: str
    ) -> None:
        self.node = node
        self._trust = trust
        self.answer = Answer()
        self._channel = channel
        self._chain = Chain()
        self._model = model or node.models[0].id
        self._profile = profile
        self._conversation = Conversation(system)

    async def ask(self, text: str) -> AsyncIterator[str]:
        """Yield the answer's text as it comes. The conversation remembers it once it is complete.

        Raises PrivityError when it does not become complete: what was yielded is partial then.
        """
        self.answer = Answer()
        messages = self._conversation.messages(text)
        seen = self._trust.seen
        request = chat_request(messages, model=self._model, profile=self._profile, entropy=os.urandom, seen=seen)
        async with aclosing(self._channel.ask(request, self._chain)) as events:
            async for event in events:
                if isinstance(event, Line) and (added := self.answer.take(event.value)):
                    yield added
                elif isinstance(event, Complete):
                    self.answer.complete()
        self._conversation.add(text, self.answer.raw, self.answer.state)


@asynccontextmanager
async def connect(
    url: str,
    *,
    model: str = "",
    system: str = "",
    profile: str = "p1",
    development_root: Path | None = None,
    home: Path | None = None,
) -> AsyncIterator[Privity]:
    """Verify the nodes of `url` and yield a conversation.

    Giving `development_root` is the consent to test enclaves, whose operators can read everything. The server's public
    logs are those pinned below `home` (default: PRIVITY_HOME, see `privity trust pin`). Raises PrivityError.
    """
    consent: Consent = Refuse() if development_root is None else AllowSimulated((read_root(development_root),))
    async with fetch.new_client(url) as client:
        trust = await reach(client, url, home or home_path(dict(os.environ)))
        appraiser = LocalAppraiser(trust.pin.deploy, consent)
        source = Discovery(client, url, appraiser, clock=unix_time, entropy=os.urandom, trust=trust)
        nodes = await source.nodes(model, refresh=False)
        yield Privity(Channel(client, source), nodes[0], trust, model=model, system=system, profile=profile)
