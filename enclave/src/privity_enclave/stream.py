"""Carries one answer over one connection: at its ticks, whatever the model does.

Source: specs/pacing.md; specs/node-http.md, "Streams". The schedule is absolute: tick k is at start + k * tick, so that
neither our own work nor the content moves it.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from privity_protocol.pacing import Emission, Profile

from privity_enclave.answer import Answer, Complete, Failed
from privity_enclave.wire import Wire

_AHEAD: Final = 2  # records taken from the answer ahead of the clock: enough to know which one is the last
_BURST: Final = 32  # records that leave together without a clock
_GATHER: Final = 0.0125  # seconds between two writes without a clock, for each request that runs
_LEAST, _MOST = 2, 16  # requests that count for this


def _nobody() -> None:
    pass


class Stream:
    """One answer on its way from byte `offset` on; `company` counts the requests that run, this one included."""

    def __init__(
        self,
        answer: Answer,
        profile: Profile,
        emission: Emission,
        *,
        offset: int,
        capacity: int,
        company: Callable[[], int],
    ) -> None:
        self._answer = answer
        self._profile = profile
        self._emission = emission
        self._capacity = capacity
        self._company = company
        self._offset = offset
        self._ended = False
        self._backlog: tuple[int, Callable[[], None]] | None = None

    def on_backlog(self, size: int, call: Callable[[], None]) -> None:
        """Call `call` whenever more than `size` bytes wait for a tick."""
        self._backlog = (size, call)

    async def carry(self, wire: Wire, opening: bytes) -> None:
        """Send the opening and every record up to CLOSE. Raises Lost, Stalled, Forgotten."""
        start = asyncio.get_running_loop().time()
        await wire.begin()
        await wire.put(opening)
        if self._profile.tick_ms is None:
            await self._at_once(wire)
        else:
            await self._on_the_clock(wire, start, self._profile.tick_ms / 1000)

    async def _on_the_clock(self, wire: Wire, start: float, tick: float) -> None:
        count = 0
        while not self._emission.closed:
            count += 1
            await wire.until(start + count * tick)
            self._fill(_AHEAD)
            record = self._emission.tick()
            if record is not None:
                await wire.put(record, last=self._emission.closed)
                self._sent()

    async def _at_once(self, wire: Wire) -> None:
        begun = self._offset
        while True:
            self._fill(_BURST)
            records = self._emission.drain()
            if records:
                await wire.put(records, last=self._emission.closed)
                self._sent()
            if self._emission.closed:
                return
            if self._answer.size > self._offset or self._answer.ending is not None:
                continue
            await self._until(wire, None, wire.wake)
            # The first words and the last leave at once. For those between, a wake-up of every process on the way for
            # each token of each chat would take the cores from the model: the more run, the more each gathers.
            if self._offset > begun and self._answer.ending is None:
                gather = _GATHER * min(max(self._company(), _LEAST), _MOST)
                moment = (asyncio.get_running_loop().time() // gather + 1) * gather
                await self._until(wire, moment, lambda: self._hurry(wire))

    async def _until(self, wire: Wire, when: float | None, changed: Callable[[], None]) -> None:
        self._answer.changed = changed
        await wire.until(when)
        # Not when the wait failed: then another connection may be waiting for this answer already.
        self._answer.changed = _nobody

    def _hurry(self, wire: Wire) -> None:
        if self._answer.ending is not None:
            wire.wake()

    def _sent(self) -> None:
        if self._emission.ended and isinstance(self._answer.ending, Complete):
            self._answer.settle(True)

    def _fill(self, records: int) -> None:
        if self._ended:
            return
        while self._emission.backlog < records:
            piece = self._answer.read(self._offset, self._capacity)
            if not piece:
                break
            self._emission.queue(piece)
            self._offset += len(piece)
        self._answer.deliver(self._offset)
        if self._backlog is not None and self._answer.waiting > self._backlog[0]:
            self._backlog[1]()
        if self._answer.size == self._offset:
            self._end()

    def _end(self) -> None:
        match self._answer.ending:
            case Complete():
                self._emission.finish()
            case Failed(code, text):
                self._emission.fail(code, text)
            case None:
                return
        self._ended = True
