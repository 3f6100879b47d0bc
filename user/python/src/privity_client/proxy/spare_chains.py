"""Sessions made ahead, so that a new conversation does not begin with a HELLO and its way there and back.

One for each model, made when an answer came to its end: whoever asks once will often ask again. A session that nobody
takes within two minutes ends unused; an idle proxy is silent.
"""

import asyncio
import contextlib
from collections import OrderedDict
from typing import Final

from privity_protocol.errors import PrivityError

from privity_client.chain import Chain
from privity_client.channel import Channel

MOST: Final = 8
"""Models with a session ahead."""


class SpareChains:
    """In memory only; lost, a conversation begins with its own HELLO."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._spare: OrderedDict[str, Chain] = OrderedDict()
        self._making: dict[str, asyncio.Task[None]] = {}

    def take(self, model: str) -> Chain:
        """Return a chain for a new conversation, with a session where one is ready."""
        return self._spare.pop(model, None) or Chain()

    def make(self, model: str) -> None:
        """Begin to make a session ahead, unless there is one."""
        if model not in self._spare and model not in self._making:
            task = asyncio.get_running_loop().create_task(self._make(model))
            self._making[model] = task
            task.add_done_callback(lambda _task: self._making.pop(model, None))

    async def settled(self) -> None:
        """Wait for what is being made."""
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    async def close(self) -> None:
        """Make no more."""
        for task in self._making.values():
            task.cancel()
        await self.settled()

    async def _make(self, model: str) -> None:
        with contextlib.suppress(PrivityError):
            self._spare[model] = await self._channel.prepare(model)
            while len(self._spare) > MOST:
                self._spare.popitem(last=False)
