"""Clocks that jump, in real processes: keys, sessions, directory and answers do what the specifications say.

The host controls a node's wall clock; a suspended machine moves the other one; a laptop's clock may be anything. In all
of it nothing is accepted that should not be, a running answer keeps its time, and who comes back to the right time, or
agrees on a wrong one with the others, is answered again.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import shifted_clock
from installation import Client, Installation, RoleProcess, Said
from privity_client.commands import Line, Resuming, Retrying
from privity_client.errors import ClientError, EvidenceRefused
from privity_enclave.process import ENVIRONMENT
from privity_protocol.pacing import PROFILES
from traffic_live import Listening

pytestmark = [pytest.mark.system, pytest.mark.slow]
TOMORROW = 86400.0  # when all of this happens, so that no jump leads back before the root and the release
HOURS = 3 * 3600.0  # beyond every window: key, grace, directory
MINUTES = 900.0  # beyond every tolerance, within every window
SKEW = 200.0  # within every tolerance
TURNING = {"session_refused", "unknown_key", "refused", "no_node", "busy", "evidence", "not_privity"}


class Machine(Installation):
    """An installation with a clock for each role, and one for its clients."""

    client_shift = 0.0

    def role(self, name: str, module: str, *arguments: str) -> RoleProcess:
        """The process of a role under a clock of its own."""
        clock = shifted_clock.make(self.folder / f"{name}.clock", wall=TOMORROW)
        argv = [sys.executable, "-I", shifted_clock.__file__, str(clock), module, *arguments]
        return RoleProcess(name, self.folder, argv, dict(ENVIRONMENT))

    def shift(self, role: RoleProcess, *, wall: float = 0, steady: float = 0) -> None:
        """Move a role's clocks."""
        shifted_clock.shift(self.folder / f"{role.name}.clock", wall=TOMORROW + wall, steady=steady)

    def shift_all(self, seconds: float) -> None:
        """Move the wall clock of the machine, which node, service and clients share."""
        for process in self.processes:
            self.shift(process, wall=seconds)
        self.client_shift = seconds

    def now(self) -> int:
        """The clients' clock."""
        return int(time.time() + TOMORROW + self.client_shift)

    def events(self, name: str) -> list[dict[str, object]]:
        """What the node wrote of one kind."""
        lines = [json.loads(line) for line in self.node.err.read_text().splitlines()]
        return [line for line in lines if line["event"] == name]


@asynccontextmanager
async def machine(folder: Path, model: Path) -> AsyncIterator[Machine]:
    """Start one and stop it whatever happens."""
    made = Machine(folder, model)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def until(said: Callable[[], bool]) -> None:
    """Wait for something that the node writes."""
    async with asyncio.timeout(60):
        while not said():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def until_answered(client: Client) -> Said:
    """Ask until a whole answer comes; until then only documented failures."""
    reasons = set()
    for _ in range(200):
        try:
            said = await client.ask("Do you agree on the time?")
        except ClientError as error:
            reasons.add(error.reason)
            await asyncio.sleep(0.25)
        else:
            assert reasons <= TURNING
            assert said.answer.state == "complete"
            return said
    raise AssertionError(f"never answered again: {reasons}")


async def refusal(i: Machine) -> ClientError:
    """The failure of a client that knows nothing yet."""
    async with i.client(clock=i.now) as fresh:
        with pytest.raises(ClientError) as caught:
            await fresh.ask("Is anybody there?")
    return caught.value


def test_a_machine_whose_clock_jumps_forward_and_back_answers_under_a_new_key_each_time(
    tmp_path: Path, small_model: Path
) -> None:
    async def scenario() -> None:
        async with machine(tmp_path, small_model) as i, i.client(clock=i.now) as client:
            seen = [(await client.ask("Before.")).node]
            for shift in (HOURS, 0.0, -HOURS, 0.0):
                i.shift_all(shift)
                await until(lambda: len(i.events("key_destroyed")) >= len(seen))
                seen.append((await until_answered(client)).node)
            assert len(set(seen)) == len(seen)
            assert i.events("fault") == []

    asyncio.run(scenario())


def test_jumps_within_the_tolerance_change_nothing(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with machine(tmp_path, small_model) as i, i.client(clock=i.now) as client:
            first = await client.ask("Before.")
            for role in (i.node, i.service, None):
                for seconds in (SKEW, -SKEW):
                    if role is None:
                        i.client_shift = seconds
                    else:
                        i.shift(role, wall=seconds)
                    again = await client.ask("And now?")
                    assert (again.answer.state, again.node) == ("complete", first.node)
                    async with i.client(clock=i.now) as fresh:
                        assert (await fresh.ask("And to a stranger?")).node == first.node
                i.shift_all(0)
            assert (i.events("key_begun"), i.events("key_destroyed")) == ([], [])

    asyncio.run(scenario())


def test_an_answer_keeps_its_time_and_its_records_while_every_clock_jumps(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        listening = Listening()
        async with machine(tmp_path, small_model) as i, i.client(listening, i.now) as client:
            await client.ask("Before.")
            jumps = iter((HOURS, -HOURS, 0.0))
            said = Said()

            def seen(event: object) -> None:
                if isinstance(event, Line):
                    i.shift_all(next(jumps, 0.0))

            began = time.perf_counter()
            await client.follow(client.request("Count the lighthouses.", tokens=600), seen, said)
            took = time.perf_counter() - began
            assert said.answer.state == "complete"
            assert not any(isinstance(event, Resuming | Retrying) for event in said.events)
            assert next(jumps, None) is None
            records, rest = divmod(sum(size for _, size in listening.traces[-1]) - 72, PROFILES["p1"].record_size)
            # On a rung, whichever: a busy machine answers late and needs a higher one.
            assert (rest, PROFILES["p1"].total_after(records - 1)) == (0, records)
            # The clock of the records only goes on: it can be late, but never ahead.
            assert took >= records * 0.1
            await until_answered(client)

    asyncio.run(scenario())


def test_a_node_whose_clock_is_wrong_is_refused_until_it_is_right(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with machine(tmp_path, small_model) as i, i.client(clock=i.now) as client:
            first = await client.ask("Before.")
            i.shift(i.node, wall=HOURS)
            await until(lambda: len(i.events("key_begun")) == 1)
            refused = await refusal(i)
            while not isinstance(refused, EvidenceRefused):  # the directory follows within seconds
                assert refused.reason in TURNING
                refused = await refusal(i)
            assert "key_not_yet_valid" in str(refused)
            i.shift(i.node)
            assert (await until_answered(client)).node != first.node
            assert len(i.events("key_destroyed")) == 2

    asyncio.run(scenario())


def test_a_node_whose_clock_stood_still_in_a_suspended_machine_ends_sessions_and_keys(
    tmp_path: Path, small_model: Path
) -> None:
    async def scenario() -> None:
        async with machine(tmp_path, small_model) as i, i.client(clock=i.now) as client:
            first = await client.ask("Before.")
            i.shift(i.node, steady=MINUTES)
            second = await client.ask("After a nap.")
            assert second.node == first.node
            assert [event.reason for event in second.events if isinstance(event, Retrying)] == ["unknown_session"]
            i.shift(i.node, steady=HOURS)
            await until(lambda: len(i.events("key_destroyed")) == 1)
            assert (await until_answered(client)).node != first.node

    asyncio.run(scenario())


def test_a_client_whose_clock_is_wrong_sends_nothing_and_is_told_so(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with machine(tmp_path, small_model) as i:
            for seconds in (HOURS, -HOURS):
                i.client_shift = seconds
                refused = await refusal(i)
                assert (refused.reason, "clock" in str(refused)) == ("refused", True)
            i.client_shift = 0
            async with i.client(clock=i.now) as client:
                assert (await client.ask("And now?")).answer.state == "complete"
            assert len(i.events("answered")) == 1

    asyncio.run(scenario())


def test_a_service_whose_clock_is_wrong_lists_nothing_that_is_over_and_finds_its_node_again(
    tmp_path: Path, small_model: Path
) -> None:
    async def scenario() -> None:
        async with machine(tmp_path, small_model) as i, i.client(clock=i.now) as client:
            first = await client.ask("Before.")
            i.shift(i.service, wall=HOURS)
            await i.listed(0)
            assert (await refusal(i)).reason in {"refused", "no_node"}
            i.shift(i.service)
            await i.listed(1)
            again = await until_answered(client)
            assert again.node == first.node
            assert i.events("key_begun") == []

    asyncio.run(scenario())
