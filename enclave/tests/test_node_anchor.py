"""The anchor: the newest head of the release log, taken from a file of the operator's for each key, and bounded."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from enclave_fakes import NOW, Rig, run
from privity_enclave import start
from privity_enclave.failure import StartFailed
from privity_protocol import binding, canonical, evidence
from privity_protocol.errors import REASONS, Malformed
from privity_protocol.node_document import Anchor

MEMBERS = {"origin": "log.example/release", "root": "ab" * 32, "size": 7, "time": NOW - 60}
LONGEST = {**MEMBERS, "origin": "x" * 255}


def rig_with(file: Path) -> Rig:
    rig = Rig()
    rig.keys._statement = replace(rig.keys._statement, anchor=file)
    return rig


def anchor_in(bundle: bytes) -> Anchor:
    return binding.decode(evidence.decode(bundle).items["node-document"].data).anchor


def test_each_key_has_the_anchor_of_its_time_and_a_challenge_that_of_its_key(tmp_path: Path) -> None:
    async def body() -> None:
        file = tmp_path / "anchor"
        file.write_bytes(canonical.encode(MEMBERS))
        rig = rig_with(file)
        first = rig.keys.begin()
        rig.keys.admit(first)
        file.write_bytes(canonical.encode({**MEMBERS, "size": 8}))
        second = rig.keys.begin()
        assert first.document.anchor == Anchor("log.example/release", bytes.fromhex("ab" * 32), 7, NOW - 60)
        assert [anchor_in(one.bundle).size for one in (first, second)] == [7, 8]
        assert anchor_in(rig.keys.challenge(first.kid, bytes(32))).size == 7

    run(body())


def test_a_node_that_is_told_of_no_log_says_so() -> None:
    async def body() -> None:
        assert Rig().keys.begin().document.anchor == Anchor("local", bytes(32), 0, NOW)

    run(body())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        canonical.encode(MEMBERS) + b"\n",
        canonical.encode({**MEMBERS, "more": 1}),
        canonical.encode({**MEMBERS, "root": "ab"}),
        canonical.encode({**MEMBERS, "origin": "two words"}),
        canonical.encode({**MEMBERS, "size": True}),
        canonical.encode({**MEMBERS, "origin": "x" * 256}),
    ],
)
def test_any_other_file_makes_no_key_and_the_old_one_stays(tmp_path: Path, data: bytes) -> None:
    async def body() -> None:
        file = tmp_path / "anchor"
        file.write_bytes(data)
        rig = rig_with(file)
        with pytest.raises(Malformed) as caught:
            rig.keys.begin()
        assert caught.value.reason in REASONS
        before = rig.keys.publish()
        rig.skip(3600)
        await rig.turn()
        assert rig.keys.publish() == before
        file.write_bytes(canonical.encode(LONGEST))
        await rig.turn()
        assert rig.keys.publish() != before

    run(body())


def test_an_anchor_is_read_up_to_its_limit_and_no_further(tmp_path: Path) -> None:
    async def body() -> None:
        file = tmp_path / "anchor"
        file.write_bytes(b" " * 513)
        with pytest.raises(Malformed, match="too_large"):
            rig_with(file).keys.begin()
        file.write_bytes(b" " * 512)
        with pytest.raises(Malformed, match="not_canonical"):
            rig_with(file).keys.begin()

    run(body())


def test_the_first_key_waits_for_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []

    async def at_once(call: Callable[[], object]) -> object:
        """In place of a thread, which the loop's time would not wait for."""
        begun.append(call)
        return call()

    async def body() -> None:
        file, rig, stopping = tmp_path / "anchor", rig_with(tmp_path / "anchor"), asyncio.Event()
        rig.skip(9000)
        rig.node.sweep()
        first = asyncio.create_task(start._first_key(rig.node, file, stopping))
        await asyncio.sleep(30)
        assert begun == []
        assert not first.done()
        file.write_bytes(canonical.encode(MEMBERS))
        await first
        assert b'"nd"' in rig.keys.publish()

    monkeypatch.setattr(start.asyncio, "to_thread", at_once)
    run(body())


def test_a_false_file_and_a_signal_end_the_start(tmp_path: Path) -> None:
    async def body() -> None:
        file, rig, stopping = tmp_path / "anchor", rig_with(tmp_path / "anchor"), asyncio.Event()
        first = asyncio.create_task(start._first_key(rig.node, file, stopping))
        await asyncio.sleep(1)
        stopping.set()
        for _ in range(1000):
            if first.done():
                break
            await asyncio.sleep(1)
            # The loop's time is not that of the thread which makes the key.
            time.sleep(0.002)  # noqa: ASYNC251
        with pytest.raises(StartFailed) as caught:
            first.result()
        file.write_bytes(b"{}")
        with pytest.raises(StartFailed) as again:
            await start._first_key(rig.node, file, asyncio.Event())
        assert [caught.value.reason, again.value.reason] == ["anchor", "anchor"]

    run(body())
