"""A relay of somebody else between a whole installation and its clients: nobody answers at the operator's own address.

The clients know the server by an address where nothing listens: whatever they did past the relay would fail.
"""

import json
import subprocess
import sys
from collections import Counter
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
    gateway: subprocess.Popen[str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `privity`."""
        return self.served.run(*arguments)


def counted(process: subprocess.Popen[str]) -> Counter[str]:
    """What a relay or a gateway carried, when it has ended; nothing else was written but its start and its end."""
    process.terminate()
    _, said = process.communicate(timeout=60)
    events = [json.loads(line) for line in said.splitlines()]
    assert {event["event"] for event in events} <= {"started", "counts", "stopping", "stopped"}
    found: Counter[str] = Counter()
    for event in events:
        if event.pop("event") == "counts":
            found.update(event)
    return found


def started(module: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that has said that it is ready."""
    argv = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("READY ")
    return process


@pytest.fixture(scope="module")
def relayed(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Iterator[Relayed]:
    folder = tmp_path_factory.mktemp("relayed")
    served = Served(folder, small_model)
    running: list[subprocess.Popen[str]] = []
    try:
        served.start()
        relay, gateway, nobody = free_row(), free_row(), free_row()
        url = f"http://localhost:{nobody}"
        known = pins.read(pins.folder(served.home.root, served.url))
        assert known is not None
        pins.write(pins.folder(served.home.root, url), known)
        read = f"http://localhost:{served.port + 3}"
        logs = [{"origin": one, "url": f"{read}/{one.rpartition('/')[2]}"} for one in (known.release, known.keys)]
        behind = {"v": 1, "service": served.url, "run": f"http://localhost:{served.port + 1}", "logs": logs}
        for port, more in (
            (gateway, {"keys": str(folder / "keys.json")}),
            (relay, {"gateway": f"http://127.0.0.1:{gateway}"}),
        ):
            listen = {"host": "127.0.0.1", "port": port}
            document = {**behind, "listen": listen, "public": f"http://127.0.0.1:{port}", **more}
            (folder / f"{port}.json").write_text(json.dumps(document))
        running.append(started("privity_service.gateway", "run", "--config", str(folder / f"{gateway}.json")))
        running.append(started("privity_service.relay", "--config", str(folder / f"{relay}.json")))
        yield Relayed(served, f"http://127.0.0.1:{relay}", url, running[1], running[0])
    finally:
        for process in running:
            if process.poll() is None:
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


def test_through_oblivious_http_the_relay_cannot_tell_what_is_asked(relayed: Relayed) -> None:
    """The last test here: relay and gateway say at their end what they carried."""
    before = {"hello", "run", "challenge"}
    place = f"{relayed.relay}/.well-known/ohttp-gateway"
    wrong = relayed.run("relay", "use", place, "--oblivious", "--url", relayed.url, "--keys", "ab" * 32)
    assert wrong.returncode == 3
    used = relayed.run("relay", "use", place, "--oblivious", "--url", relayed.url)
    assert used.returncode == 0, used.stderr
    assert "(Oblivious HTTP)" in used.stdout
    assert "asked of the operator directly" not in used.stdout
    shown = json.loads(relayed.run("relay", "show", "--url", relayed.url, "--json").stdout)
    assert shown["relay"]["keys"] in used.stdout
    done = relayed.run("verify", relayed.url, "--allow-simulated", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["address_hidden"], told["nodes"][0]["challenged"]) == (0, True, True)
    said = relayed.run("chat", "--url", relayed.url, "--once", "Hello", "--allow-simulated", "--temporary")
    assert said.returncode == 0, said.stderr
    opened, carried = counted(relayed.gateway), counted(relayed.process)
    assert min(opened[name] for name in before) >= 1
    assert opened["ohttp"] == carried["ohttp"] >= 6
    assert carried["challenge"] == 1
    assert min(carried["hello"], carried["run"], carried["public"]) >= 2
    assert "unreachable" not in opened | carried
