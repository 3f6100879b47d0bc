"""One running node: its keys, sessions and answers, and the hand that turns them over with time.

Source: specs/node-http.md.
"""

import asyncio
import os
from dataclasses import replace

from privity_protocol.chain import ChainKey
from privity_protocol.limits import CHAIN_RUNS, CHAIN_SECONDS, FAST_BACKLOG, NEXT_TTL, SESSION_TTL, SID
from privity_protocol.pacing import PROFILES, Emission, Profile
from privity_protocol.request_reader import RunReceived
from privity_protocol.response_writer import ResponseWriter
from starlette.types import Receive, Scope, Send

from privity_enclave import events
from privity_enclave.answer import Complete, Forgotten
from privity_enclave.answers import Answers
from privity_enclave.configuration import Configuration
from privity_enclave.gate import Gate
from privity_enclave.keys import Clock, KeyRing
from privity_enclave.operations import Begun, Operations
from privity_enclave.sessions import Lineage, Open, SessionTable
from privity_enclave.stream import Stream
from privity_enclave.wire import Lost, Stalled, Wire

FAST_RECORD = 4096  # bytes of a response record for a model that is faster than the ordinary one carries


class Node:
    """What the routes act on."""

    def __init__(
        self,
        configuration: Configuration,
        keys: KeyRing,
        operations: Operations,
        answers: Answers,
        clock: Clock,
    ) -> None:
        self.configuration = configuration
        self.keys = keys
        self.gate = Gate(configuration.limits, clock.steady)
        self._sessions: SessionTable[ChainKey] = SessionTable(
            limit=configuration.limits.sessions, chain_runs=CHAIN_RUNS, erase=ChainKey.erase
        )
        self._operations = operations
        self._answers = answers
        self._clock = clock
        self._fast: set[str] = set()

    def begin_session(self, sid: bytes, chain: ChainKey, kid: bytes, key_ends: float) -> None:
        """Enter the session of an answered HELLO. Raises TableFull."""
        now = self._clock.steady()
        ends = min(now + CHAIN_SECONDS, key_ends)
        self._sessions.begin(sid, chain, kid=kid, ends=ends, ttl=SESSION_TTL, now=now)

    def take_session(self, sid: bytes, kid: bytes) -> Open[ChainKey]:
        """Use up a session. Raises UnknownSession."""
        return self._sessions.take(sid, kid=kid, now=self._clock.steady())

    async def answer(
        self, received: RunReceived, session: Open[ChainKey], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request that was read to its end, until CLOSE or until the reader is gone."""
        begun = self._operations.begin(received.payload, session.lineage)
        wire = Wire(scope, receive, send)
        if begun.entry is not None:
            begun.entry.drop = wire.drop
        outcome: events.Outcome = "cut"
        try:
            stream, opening = self._stream(begun, received, session.lineage)
            await stream.carry(wire, opening)
            outcome = "complete" if isinstance(begun.answer.ending, Complete) else "error"
        except Lost:
            outcome = "disconnected"
        except (Stalled, Forgotten) as why:
            outcome = "slow_reader" if isinstance(why, Stalled) else "cut"
            wire.abort()
        except Exception as error:
            events.write(events.Fault(events.place(error)))
            wire.abort()
        finally:
            if begun.rid is not None and begun.entry is not None:
                self._answers.leave(begun.rid, begun.entry, wire.drop, now=self._clock.steady())
            await wire.close()
            events.write(events.Answered(outcome))

    def _stream(self, begun: Begun, received: RunReceived, lineage: Lineage) -> tuple[Stream, bytes]:
        profile = self._profile(begun)
        writer, opening = received.response(record_size=profile.record_size, entropy=os.urandom)
        emission = Emission(profile, writer)
        self._announce(emission, writer, lineage)
        room, company = writer.capacity, lambda: self.gate.running
        stream = Stream(begun.answer, profile, emission, offset=begun.offset, capacity=room, company=company)
        if begun.model is not None and begun.offset == 0:
            stream.on_backlog(FAST_BACKLOG * writer.capacity, lambda: self._fast.add(begun.model or ""))
        return stream, opening

    def _announce(self, emission: Emission, writer: ResponseWriter, lineage: Lineage) -> None:
        now = self._clock.steady()
        if self.gate.draining or not self._sessions.continues(lineage, now=now):
            writer.erase()
            return
        sid = os.urandom(SID)
        ttl = int(min(NEXT_TTL, lineage.ends - now))
        self._sessions.chain(sid, writer.next_chain(), lineage, ttl=ttl, now=now)
        emission.announce_next(sid, ttl)

    def _profile(self, begun: Begun) -> Profile:
        profile = PROFILES[begun.profile]
        # By model and from the start: a size that changed with what is said would tell what is said.
        fast = profile.tick_ms is not None and begun.model in self._fast
        return replace(profile, record_size=FAST_RECORD) if fast else profile

    async def keep(self) -> None:
        """Turn keys over and drop what is over, once a second, until cancelled."""
        renewal: asyncio.Task[None] | None = None
        while True:
            await asyncio.sleep(1)
            self.sweep()
            # Beside the sweeping: hardware that hangs must not keep old keys alive.
            if renewal is None or renewal.done():
                renewal = asyncio.create_task(self.renew())

    def sweep(self) -> None:
        """Destroy keys on time and forget old answers."""
        try:
            for window in self.keys.sweep():
                self._sessions.forget(window.kid)
                events.write(events.KeyDestroyed(window.document.exp))
            self._answers.sweep(self._clock.steady())
        except Exception as error:
            # The next round tries again: a node that stopped sweeping would keep its keys for ever.
            events.write(events.Fault(events.place(error)))

    async def renew(self) -> None:
        """Make the next key when it is due. What fails is tried again at the next round."""
        try:
            if self.keys.due():
                window = await asyncio.to_thread(self.keys.begin)
                self.keys.admit(window)
                events.write(events.KeyBegun(window.document.exp))
        except Exception as error:
            events.write(events.KeyLate(events.place(error)))

    async def drain(self) -> None:
        """Refuse new work and wait for running answers, at most `drain_seconds`; then forget all."""
        self.gate.draining = True
        events.write(events.Draining(self.gate.running))
        end = self._clock.steady() + self.configuration.limits.drain_seconds
        while self.gate.running and self._clock.steady() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self._answers.close()
        await self._operations.close()
