"""Which chain a request goes on with: that of the conversation whose messages it begins with.

The API knows no conversations; a program sends all that was said each time. So the messages of an answered request are
remembered as a hash under a secret of this process, and a request that begins with them continues its chain: the node
finds its cache, and no new HELLO is needed. A chain is used by one request at a time; a second one begins its own.
"""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final

from privity_protocol import jsontext

from privity_client.chain import Chain

MOST: Final = 256
"""Conversations; beyond that the one that was quiet for longest begins a new chain."""


class Conversations:
    """Chains by what was said. In memory only; lost, a conversation begins a new chain."""

    def __init__(self) -> None:
        self._secret = os.urandom(32)
        self._chains: OrderedDict[bytes, Chain] = OrderedDict()

    def take(self, model: str, messages: Sequence[object]) -> Chain:
        """Return the chain of the longest conversation that `messages` begin with, or a new one."""
        for place in reversed(list(self._places(model, messages))):
            chain = self._chains.pop(place, None)
            if chain is not None:
                return chain
        return Chain()

    def keep(self, model: str, messages: Sequence[object], chain: Chain) -> None:
        """Remember the chain of an answered request, when it can go on."""
        if chain.node is None:
            return
        place = list(self._places(model, messages))[-1]
        self._chains[place] = chain
        self._chains.move_to_end(place)
        while len(self._chains) > MOST:
            self._chains.popitem(last=False)

    def __len__(self) -> int:
        return len(self._chains)

    def _places(self, model: str, messages: Sequence[object]) -> Iterator[bytes]:
        """The hash of each beginning, the shortest first."""
        running = hashlib.blake2b(model.encode(), key=self._secret, digest_size=16)
        for message in messages:
            encoded = jsontext.encode(message)
            running.update(len(encoded).to_bytes(8, "big") + encoded)
            yield running.digest()
