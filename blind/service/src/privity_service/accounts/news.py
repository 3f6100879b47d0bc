"""Telling the streams of an account that its log has grown. In memory: a stream that misses one hears the next."""

import asyncio
from collections import defaultdict

from privity_service.accounts.limits import MAX_STREAMS
from privity_service.accounts.problem import Problem


class News:
    """Who listens to which account. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._listeners: defaultdict[bytes, set[asyncio.Event]] = defaultdict(set)
        self.closed = False

    def listen(self, account: bytes) -> asyncio.Event:
        """An event that is set at every change. Raises Problem `request.too_many`."""
        if len(self._listeners[account]) >= MAX_STREAMS:
            raise Problem("request.too_many", f"at most {MAX_STREAMS} streams", retry_after=60)
        event = asyncio.Event()
        self._listeners[account].add(event)
        return event

    def forget(self, account: bytes, event: asyncio.Event) -> None:
        """Stop listening."""
        self._listeners[account].discard(event)
        if not self._listeners[account]:
            del self._listeners[account]

    def tell(self, account: bytes) -> None:
        """Something of the account has changed."""
        for event in self._listeners.get(account, ()):
            event.set()

    def close(self) -> None:
        """End every stream: the process stops."""
        self.closed = True
        for account in list(self._listeners):
            self.tell(account)
