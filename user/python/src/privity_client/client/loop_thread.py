"""One event loop in a thread of its own, for programs that wait: started when first needed, ended when closed.

A process that was forked has no such thread, and must not share the sessions of the other: it is told so.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from privity_client.client.failures import Closed

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for any thread of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = 0
        self._ended = False

    @property
    def started(self) -> bool:
        """Say whether there is a thread."""
        return self._loop is not None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of `work`; an interrupt cancels it. Raises what it raises, and Closed."""
        try:
            loop = self._started()
        except Closed:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End the loop, all that still runs in it, and its thread. Again, or in a fork, it does nothing."""
        if self._process not in (0, os.getpid()):
            # The lock may be held here for ever by a thread that only the other process has.
            return
        with self._lock:
            loop, thread, self._ended = self._loop, self._thread, True
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        if thread is not threading.current_thread():
            thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._process not in (0, os.getpid()):
            raise Closed("it was opened before this process was forked; make one in each process")
        if threading.current_thread() is self._thread:
            raise Closed("what is told of the progress may not ask and wait")
        with self._lock:
            if self._ended:
                raise Closed("it was closed")
            if self._loop is None:
                self._process = os.getpid()
                self._loop = asyncio.new_event_loop()
                # A daemon, so that a program that never closes it can end.
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="privity", daemon=True)
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        loop.run_until_complete(_cancel_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
