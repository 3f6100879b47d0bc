"""Every unit of a host, started by its own command line from the examples: a client verifies a node through them."""

import asyncio
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from privity_client import fetch
from privity_client.appraisal import AllowSimulated, LocalAppraiser, read_root
from privity_client.channel import Channel, unix_time
from privity_client.discovery import Discovery
from privity_client.errors import ClientError
from privity_client.trust import pins
from privity_client.trust.pins import Pin
from privity_client.trust.server import open_server
from unit_files import FOLDER, command, read
from whole_host import WholeHost

pytestmark = [pytest.mark.system, pytest.mark.slow]
PASSING = {"unreachable", "no_node", "busy", "session_refused", "not_privity"}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[WholeHost]:
    made = WholeHost(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_a_host_made_of_the_examples_serves_a_client_that_believes_only_its_logs(host: WholeHost) -> None:
    host.prepare()
    host.start("witness")
    host.start("log")
    host.prepare_release()
    host.start("keeper")
    host.start("ledger")
    host.start("node")
    host.start("service")
    asyncio.run(greet(host))
    socket = host.sockets / "privity-ledger/s"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o660
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket))) as node:
        # The keeper's bulletin is there, and plans, of which it would have keys, are not.
        assert [node.get(f"http://ledger{path}").status_code for path in ("/health", "/v1/issuers")] == [200, 404]
    status = host.run("privity-release status --config /var/lib/privity-keeper/keeper.json")
    assert "directory" in status
    watched = host.run(monitor_once())
    assert [line.split(", ")[-1] for line in watched.splitlines()] == ["0 surprises", "0 surprises"]
    plans = host.run("python -m privity_service.admin --config /etc/privity/service.json statistics")
    assert "accounts" in plans
    assert set(host.close().values()) == {0}


async def greet(host: WholeHost) -> None:
    """A client with the policy pinned opens a session with a verified node."""
    home = host.folder / "client"
    policy = (host.etc / "policy.txt").read_text()
    pin = Pin("chat.example", policy, "log.chat.example/release", "log.chat.example/keys")
    pins.write(pins.folder(home, host.origin), pin)
    root = read_root(host.etc / "development-root.pem")
    async with fetch.new_client(host.origin) as client, asyncio.timeout(90):
        appraiser = LocalAppraiser("chat.example", AllowSimulated((root,)))
        trust = open_server(client, host.origin, home)
        source = Discovery(client, host.origin, appraiser, clock=unix_time, entropy=os.urandom, trust=trust)
        channel = Channel(client, source)
        while True:
            try:
                await channel.greet("")
            except ClientError as error:
                if error.reason not in PASSING:
                    raise
                await asyncio.sleep(0.2)
            else:
                return


def monitor_once() -> str:
    """The monitor's command line, for one visit."""
    words = command(read(FOLDER / "privity-monitor.service"))
    return shlex.join([*words[: words.index("--policy") + 2], "--once"])
