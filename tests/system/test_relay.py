"""A relay of somebody else between a whole installation and its clients: nobody answers at the operator's own address.

The clients know the server by an address where nothing listens: whatever they did past the relay would fail.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ports import free_row
from privity_client.trust import pins
from proxied import proxied
from served import Served

pytestmark = [pytest.mark.system, pytest.mark.slow]


@dataclass
class Relayed:
    """A running installation, the relay before it, and the address under which clients know the server."""

    served: Served
    relay: str
    url: str
    process: subprocess.Popen[str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `privity`."""
        return self.served.run(*arguments)

    def counted(self) -> dict[str, int]:
        """What the relay carried, when it has ended."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=60)
        events = [json.loads(line) for line in said.splitlines()]
        return next(event for event in events if event["event"] == "counts")


@pytest.fixture(scope="module")
def relayed(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Iterator[Relayed]:
    folder = tmp_path_factory.mktemp("relayed")
    served = Served(folder, small_model)
    process = None
    try:
        served.start()
        relay, nobody = free_row(), free_row()
        origin, url = f"http://127.0.0.1:{relay}", f"http://localhost:{nobody}"
        known = pins.read(pins.folder(served.home.root, served.url))
        assert known is not None
        pins.write(pins.folder(served.home.root, url), known)
        path = folder / "relay.json"
        logs = [
            {"origin": one, "url": f"http://localhost:{served.port + 3}/{one.rpartition('/')[2]}"}
            for one in (known.release, known.keys)
        ]
        listen = {"host": "127.0.0.1", "port": relay}
        behind = {"service": served.url, "run": f"http://localhost:{served.port + 1}", "logs": logs}
        path.write_text(json.dumps({"v": 1, "listen": listen, "public": origin, **behind}))
        argv = [sys.executable, "-m", "privity_service.relay", "--config", str(path)]
        process = subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("READY ")
        yield Relayed(served, origin, url, process)
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()
        served.stop()


def test_verify_says_who_hides_the_address_and_every_check_passes_as_without(relayed: Relayed) -> None:
    done = relayed.run("verify", relayed.url, "--relay", relayed.relay, "--allow-simulated", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["address_hidden"]) == (0, True)
    assert told["relay"]["url"] == relayed.relay
    assert [(node["accepted"], node["challenged"]) for node in told["nodes"]] == [(True, True)]
    direct = relayed.run("verify", relayed.served.url, "--allow-simulated")
    assert "Address not hidden: the operator sees from where you ask." in direct.stdout
    assert relayed.run("verify", relayed.url, "--allow-simulated").returncode == 5


def test_a_chat_and_the_proxy_go_through_the_remembered_relay(relayed: Relayed) -> None:
    used = relayed.run("relay", "use", relayed.relay, "--url", relayed.url)
    assert "Address hidden from the operator by relay 127.0.0.1:" in used.stdout
    said = relayed.run(
        "chat", "--url", relayed.url, "--once", "Hello", "--allow-simulated", "--profile", "p0", "--temporary"
    )
    assert said.returncode == 0, said.stderr
    assert "Address hidden from the operator" in said.stderr
    with proxied(relayed.served, "--profile", "p0", server=relayed.url) as proxy:
        assert "Address hidden from the operator" in proxy.said
        asked = [{"role": "user", "content": "Hello"}]
        with proxy.openai() as client:
            client.chat.completions.create(model="tiny", messages=asked, max_tokens=8)
    off = relayed.run(
        "chat", "--url", relayed.url, "--once", "Hello", "--allow-simulated", "--relay", "off", "--temporary"
    )
    assert off.returncode == 5
    assert relayed.run("relay", "off", "--url", relayed.url).returncode == 0
    counted = relayed.counted()
    assert counted["challenge"] == 1
    assert min(counted["hello"], counted["run"], counted["public"]) >= 2
    assert "unreachable" not in counted
