"""The accounts beside the rest of the process: opened late, missed, switched off, and let go of at the end."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from account_process import ServiceProcess, member_at
from account_stand import reason, run
from privity_service.account_gate import FIRST, concerns_accounts
from privity_service.accounts import openapi
from privity_service.accounts.operations import OPERATIONS
from privity_service.configuration import ConfigurationRefused, parse


@pytest.mark.system
def test_a_database_that_does_not_answer_leaves_the_rest_alone(tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path, f"postgresql://nobody@/nothing?host={tmp_path}")

    async def scenario() -> None:
        await service.start()
        async with service.client() as client:
            answer = await client.get("/v1/service")
            assert reason(answer) == (503, "service.busy")
            assert answer.headers["retry-after"] == "5"
            assert (await client.get("/.well-known/privity")).status_code == 200
            assert (await client.get("/")).status_code == 200
        await service.stop()

    run(scenario())
    events = [json.loads(line) for line in (tmp_path / "stderr").read_text().splitlines()]
    assert {"event": "accounts_unavailable", "reason": "OperationalError"} in events
    assert str(tmp_path) not in repr(events)


@pytest.mark.system
def test_a_stream_does_not_hold_the_process_and_discovery_names_the_accounts(tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path)

    async def scenario() -> None:
        await service.start()
        member = await member_at(service)
        discovery = (await member.send("GET", "/.well-known/privity", token="")).json()
        assert (discovery["account"], discovery["plans"]) == ("http://localhost:8080", True)
        header = {"authorization": f"Bearer {member.device.token}"}
        async with member.client.stream("GET", "/v1/events", headers=header) as stream:
            lines = stream.aiter_lines()
            assert json.loads(await anext(lines)) == {"n": 0}
            await member.box()
            assert json.loads(await anext(lines)) == {"n": 1}
            stopping = asyncio.create_task(service.stop())
            assert [line async for line in lines if line] == []
            await stopping
        await member.client.aclose()
        with pytest.raises(httpx.ConnectError):
            await service.client().get("/")

    run(scenario())


@pytest.mark.system
def test_a_service_without_accounts_knows_no_route_of_them(tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path)

    async def scenario() -> None:
        service.write()
        document = json.loads(service.config.read_text()) | {"accounts": None}
        service.write = lambda: service.config.write_text(json.dumps(document))  # type: ignore[assignment,method-assign]
        await service.start()
        async with service.client() as client:
            assert (await client.get("/v1/service")).status_code == 404
            assert (await client.get("/.well-known/privity")).json()["account"] is None
        await service.stop()

    run(scenario())


def test_the_gate_knows_every_route() -> None:
    paths = {one.path for one in OPERATIONS} | {"/v1/events", openapi.PATH}
    assert all(concerns_accounts(path) for path in paths)
    assert {path.split("/")[2] for path in paths} == FIRST
    others = ("/", "/healthz", "/v1/nodes/directory", "/v1/bulletin", "/.well-known/privity", "/v1", "/v2/pages")
    assert not any(concerns_accounts(path) for path in others)


FAULTS = [
    {"registration": "ajar"},
    {"database": {"url": "mysql://x"}},
    {"accounts": {"origin": "http://elsewhere.example"}},
    {"accounts": {"rp_id": "UPPER"}},
    {"accounts": {"plans": {"free": {"active_chats": -1}}}},
    {"accounts": {"surprise": 1}},
]


@pytest.mark.parametrize("change", FAULTS, ids=lambda one: "_".join(one))
def test_a_configuration_with_a_fault_stops_the_start(tmp_path: Path, change: dict) -> None:
    service = ServiceProcess(tmp_path)
    service.write()
    parse(service.config.read_bytes())
    with pytest.raises(ConfigurationRefused):
        parse(json.dumps(json.loads(service.config.read_text()) | change).encode())
