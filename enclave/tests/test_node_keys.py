"""Node keys: evidence for each, turned over every hour, gone on time by whichever clock says so first."""

import asyncio
import contextlib
import gc
import hashlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import pytest
from enclave_fakes import NOW, Rig, chat_body, hello, run, settle
from privity_enclave import runtime
from privity_enclave.hardware import HardwareFailed, collateral
from privity_enclave.keys import UnknownKey
from privity_protocol import binding, canonical, evidence
from privity_protocol.bundle import LABELS
from privity_protocol.lines import Done, Text


def listed(rig: Rig) -> list[int]:
    """`exp` of each published key, relative to the start."""
    windows = canonical.decode(rig.keys.publish(), max_bytes=65536)
    assert isinstance(windows, dict)
    return [window["exp"] - NOW for window in windows["windows"]]


def test_the_evidence_binds_the_document_and_all_that_it_names() -> None:
    async def body() -> None:
        rig = Rig()
        window = rig.keys.find(binding.kid(rig.document))
        items = evidence.decode(window.bundle).items
        document = binding.decode(items["node-document"].data)
        assert items["cpu"].data == binding.report_data(rig.document)
        assert document.cfg == hashlib.sha256(items["configuration"].data).digest()
        assert document.models == hashlib.sha256(items["models"].data).digest()
        assert document.rel == hashlib.sha256(b"\0" + items["release"].data).digest()
        assert (document.nbf, document.exp, document.nonce) == (NOW, NOW + 7200, None)
        assert (document.deploy, document.egress, document.prof) == ("local", "none", ("p0", "p1", "p2"))
        assert document.sig == window.signer.public_key().public_bytes_raw()
        assert document.pk == window.key.public_key
        assert sorted(items) == ["configuration", "cpu", "models", "node-document", "release", "runtime-log"]

    run(body())


def test_hardware_without_a_register_publishes_no_runtime_log() -> None:
    async def body() -> None:
        rig = Rig()
        rig.hardware.has_register = False
        rig.hardware.extended.clear()
        assert "runtime-log" not in evidence.decode(rig.keys.begin().bundle).items
        runtime.measure(rig.hardware, configuration=b"{}", models=b"{}")
        assert rig.hardware.extended == []

    run(body())


def test_devices_answer_first_and_the_document_commits_to_what_they_said() -> None:
    async def body() -> None:
        rig = Rig()
        rig.devices.labels = ("gpu-0", "switch-0", "gpu-10", "gpu-2")
        before = len(rig.hardware.asked)
        window = rig.keys.begin()
        rig.keys.admit(window)
        read = evidence.decode(window.bundle)
        document = binding.decode(read.items["node-document"].data)
        assert document == window.document
        assert [item.label for item in read.devices()] == ["gpu-0", "gpu-10", "gpu-2", "switch-0"]
        assert document.dev == binding.device_digest(read.devices())
        nonce = binding.device_nonce(pk=document.pk, node=document.node, nonce=None)
        assert rig.devices.nonces[-1:] == [nonce]
        assert rig.hardware.asked[before:] == [binding.report_data(window.node_document)]
        challenged = evidence.decode(rig.keys.challenge(window.kid, b"c" * 32))
        assert binding.decode(challenged.items["node-document"].data).dev == binding.device_digest(challenged.devices())
        assert rig.devices.nonces[-1] == binding.device_nonce(pk=document.pk, node=document.node, nonce=b"c" * 32)
        assert document.dev != binding.device_digest(challenged.devices())

    run(body())


def test_the_hardware_is_asked_by_one_thread_at_a_time() -> None:
    async def body() -> None:
        rig = Rig()
        (window,) = rig.keys._windows.values()
        inside, most = [0], [0]
        both = threading.Barrier(2)

        def answer(nonce: bytes) -> dict[str, tuple[str, bytes]]:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(timeout=0.05)  # a second thread in here would be waited for
            inside[0] -= 1
            return {}

        rig.devices.evidence = answer  # type: ignore[method-assign]
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(rig.keys.challenge, window.kid, bytes(32)), pool.submit(rig.keys.begin)]
        assert [one.exception() for one in asked] == [None, None]
        assert most == [1]

    run(body())


def test_devices_that_fail_leave_no_key() -> None:
    async def body() -> None:
        rig = Rig()
        rig.devices.broken = True
        with pytest.raises(HardwareFailed):
            rig.keys.begin()
        assert len(rig.hardware.asked) == 1

    run(body())


def test_stored_collateral_is_in_every_bundle_as_it_lies_there(tmp_path: Path) -> None:
    async def body() -> None:
        rig = Rig()
        rig.keys._statement = replace(rig.keys._statement, collateral=tmp_path)
        assert "snp-leaf" not in evidence.decode(rig.keys.begin().bundle).items
        (tmp_path / "snp-leaf").write_bytes(b"certificate")
        (tmp_path / "dcap-collateral").write_bytes(b"collateral")
        (tmp_path / "release").write_bytes(b"not the operator's to say")
        items = evidence.decode(rig.keys.begin().bundle).items
        assert (items["snp-leaf"].media_type, items["snp-leaf"].data) == ("certificate", b"certificate")
        assert (items["dcap-collateral"].data, items["release"].data) == (b"collateral", b"{}")

    run(body())


@pytest.mark.parametrize("label", collateral.STORED)
def test_collateral_is_bounded_by_its_item(tmp_path: Path, label: str) -> None:
    limit = LABELS[label].limit
    (tmp_path / label).write_bytes(bytes(limit))
    assert {name: len(data) for name, (_, data) in collateral.read(tmp_path).items()} == {label: limit}
    (tmp_path / label).write_bytes(bytes(limit + 1))
    assert collateral.read(tmp_path) == {}
    (tmp_path / label).write_bytes(b"")
    assert collateral.read(tmp_path) == {}
    (tmp_path / label).unlink()
    (tmp_path / label).mkdir()
    assert collateral.read(tmp_path) == {}
    assert collateral.read(None) == {}


def test_the_runtime_log_is_what_the_register_was_extended_by() -> None:
    async def body() -> None:
        rig = Rig()
        rig.hardware.extended.clear()
        log = runtime.measure(rig.hardware, configuration=b"c", models=b"m")
        events = []
        for tag, payload in (
            (b"privity/configuration", hashlib.sha256(b"c").digest()),
            (b"privity/models", hashlib.sha256(b"m").digest()),
            (b"privity/closed", b""),
        ):
            events.append(len(tag).to_bytes(4) + tag + len(payload).to_bytes(4) + payload)
        assert log == b"".join(events)
        assert (rig.hardware.extended, rig.hardware.closed) == (events, 2)

    run(body())


def test_a_new_key_comes_every_hour_and_an_old_one_stays_for_its_two() -> None:
    async def body() -> None:
        rig = Rig()
        assert listed(rig) == [7200]
        rig.skip(3599)
        await rig.turn()
        assert listed(rig) == [7200]
        rig.skip(1)
        await rig.turn()
        assert listed(rig) == [7200, 10800]
        rig.skip(3600)
        await rig.turn()
        assert listed(rig) == [10800, 14400]

    run(body())


def test_a_key_takes_a_hello_until_its_grace_is_over_to_the_second() -> None:
    async def body() -> None:
        rig = Rig()
        document = rig.document
        rig.skip(7200 + 299)
        assert (await rig.post("/ec1/hello", hello(document)[1])).status == 200
        assert listed(rig) == []
        rig.skip(1)
        assert (await rig.post("/ec1/hello", hello(document)[1])).status == 410

    run(body())


def test_a_key_is_destroyed_on_time_and_its_sessions_with_it() -> None:
    async def body() -> None:
        rig = Rig()
        document = rig.document
        key, signer = attrgetter("key", "signer")(rig.keys.find(binding.kid(document)))
        held = sys.getrefcount(key), sys.getrefcount(signer)
        rig.skip(7200 + 290)
        await rig.hello(document)
        assert len(rig.node._sessions) == 1
        rig.skip(10)
        await rig.turn()
        gc.collect()
        assert (sys.getrefcount(key), sys.getrefcount(signer)) == (held[0] - 1, held[1] - 1)
        assert len(rig.node._sessions) == 0
        with pytest.raises(UnknownKey):
            rig.keys.bundle(hashlib.sha256(document).digest())

    run(body())


def test_a_session_of_a_key_in_its_grace_ends_with_the_key() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), Done("stop")]
        document = rig.document
        rig.skip(7200 + 290)
        session = await rig.hello(document)
        rig.skip(9)
        reply = await rig.ask(session, body=chat_body(), prof="p0").read()
        rig.skip(1)
        assert reply.session is not None
        assert (await rig.ask(reply.session, body=chat_body()).exchange.done()).status in (404, 410)

    run(body())


def test_a_wall_clock_that_jumps_forward_ends_keys_early() -> None:
    async def body() -> None:
        rig = Rig()
        document = rig.document
        rig.wall += 7500
        assert (await rig.post("/ec1/hello", hello(document)[1])).status == 410
        await rig.turn()
        assert listed(rig) == [7500 + 7200]

    run(body())


def test_a_wall_clock_that_stands_still_does_not_stretch_a_key() -> None:
    async def body() -> None:
        rig = Rig()
        document = rig.document
        rig.skipped += 7500
        assert (await rig.post("/ec1/hello", hello(document)[1])).status == 410
        await rig.turn()
        assert len(rig.keys._windows) == 1
        assert rig.document != document

    run(body())


def test_a_wall_clock_that_jumps_back_gives_a_new_key_and_refuses_the_one_of_the_future() -> None:
    async def body() -> None:
        rig = Rig()
        document = rig.document
        rig.wall -= 300
        await rig.turn()
        assert listed(rig) == [7200]
        assert (await rig.post("/ec1/hello", hello(document)[1])).status == 200
        rig.wall -= 1
        assert (await rig.post("/ec1/hello", hello(document)[1])).status == 410
        await rig.turn()
        assert listed(rig) == [7200 - 301]

    run(body())


def test_hardware_that_fails_for_a_while_is_asked_again_and_old_keys_go_on_time(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def body() -> None:
        rig = Rig()
        rig.hardware.broken = True
        rig.skip(3600)
        await rig.turn()
        assert listed(rig) == [7200]
        rig.hardware.broken = False
        await rig.turn()
        assert listed(rig) == [7200, 10800]

    run(body())
    assert '"event":"key_late"' in capfd.readouterr().err


def test_a_fault_in_one_round_does_not_stop_the_next(capfd: pytest.CaptureFixture[str]) -> None:
    async def body() -> None:
        rig = Rig()

        def broken(_now: float) -> None:
            raise ValueError("secret")

        rig.answers.sweep = broken  # type: ignore[method-assign]
        keeping = asyncio.create_task(rig.node.keep())
        await asyncio.sleep(3.5)
        keeping.cancel()

    run(body())
    written = capfd.readouterr().err
    assert written.count('"event":"fault"') == 3
    assert "secret" not in written


def test_keys_end_on_time_while_the_hardware_hangs() -> None:
    async def body() -> None:
        rig = Rig()
        release = threading.Event()
        begin = rig.keys.begin
        rig.keys.begin = lambda: (release.wait(20), begin())[1]  # type: ignore[method-assign]
        rig.skip(3600)
        keeping = asyncio.create_task(rig.node.keep())
        await asyncio.sleep(5)
        rig.skip(3900)
        await asyncio.sleep(2)
        assert len(rig.keys._windows) == 0
        release.set()
        await asyncio.sleep(5)
        keeping.cancel()
        await settle()

    run(body())


def test_keys_and_windows_do_not_print_what_they_hold() -> None:
    async def body() -> None:
        rig = Rig()
        assert repr(rig.keys.find(binding.kid(rig.document))) == f"Window(exp={NOW + 7200})"

    run(body())
