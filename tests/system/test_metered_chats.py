"""`privity serve` with plans: what a fresh account may ask, what it reads then, and what lifts it."""

import asyncio
import importlib.util
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from privity_client import fetch
from privity_client.appraisal import read_root
from privity_client.client.async_client import AsyncClient
from privity_client.client.policy import Policy
from privity_client.client.request import Chat, User
from privity_client.history.http import Service
from privity_client.history.session import Folder, here
from privity_client.models import shelf
from privity_client.wallet.opening import ACCOUNT, ServerPurse
from privity_protocol.canonical import base64url_encode
from typescript import example

pytestmark = [pytest.mark.system, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
DAILY = 6
PLANS = {"free": {"active_chats": 5, "daily": DAILY, "title": "Free"}, "plus": {"daily": 3000, "title": "Plus"}}


def loaded(path: str) -> ModuleType:
    """A module beside other tests."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("plans")
    made = loaded("user/python/tests/test_serve_system.py").Installation(folder / "home")
    shelf.add(made.home.models, small_model, model_id="tiny", context=512)
    (folder / "plans.json").write_text(json.dumps(PLANS))
    try:
        made.start("--plans-file", str(folder / "plans.json"))
        yield made
    finally:
        if made.process is not None:
            made.stop(signal.SIGTERM)


class Device:
    """A terminal of the person, with a folder of its own, on the machine that trusts this installation."""

    def __init__(self, installation: Any, home: Path) -> None:
        self.installation, self.home = installation, home
        home.mkdir(exist_ok=True)
        for name in ("trust", "development-root"):
            own = installation.home.root / name
            if own.exists() and not (home / name).exists():
                shutil.copytree(own, home / name)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = self.installation.environment() | {"PRIVITY_HOME": str(self.home)}
        command = [sys.executable, "-c", "from privity_client.cli import main; main()", *arguments]
        return subprocess.run(command, env=environment, text=True, input="", capture_output=True, timeout=120)

    def create(self) -> str:
        """Make an account as a person does; returns its code."""
        typed = loaded("tests/interop/typed_terminal.py").Typed(
            self.home, "account", "create", "--url", self.installation.url
        )
        shown = typed.until("Type group 3 of the code: ")
        groups = re.findall(r"\b[0-9A-HJKMNP-TV-Z]{4}\b(?= -)|(?<= - )[0-9A-HJKMNP-TV-Z]{2,4}\b", shown)
        typed.type(groups[2])
        typed.until("Type group 7 of the code: ")
        typed.type(groups[6])
        assert typed.end() == 0, typed.shown
        return "-".join(groups)

    def recover(self, code: str) -> None:
        typed = loaded("tests/interop/typed_terminal.py").Typed(
            self.home, "account", "recover", "--url", self.installation.url
        )
        typed.until("Recovery code: ")
        typed.type(code)
        assert typed.end() == 0, typed.shown

    def ask(self) -> "subprocess.CompletedProcess[str]":
        way = ("--url", self.installation.url, "--profile", "p0", "--allow-simulated", "--temporary")
        return self.run("chat", "--json", "--once", "Hello", *way)

    def answers(self) -> int:
        """Ask until it is refused, as it must be; returns how many answers came."""
        for number in range(DAILY + 1):
            done = self.ask()
            last = json.loads(done.stdout.splitlines()[-1])
            if done.returncode:
                assert (done.returncode, last["reason"]) == (3, "tokens_gone"), done.stdout
                assert re.fullmatch(r"The next ones are there from \d{4}-\d\d-\d\d 00:00 UTC\.", last["detail"])
                return number
            assert (last["event"], last["state"]) == ("done", "complete")
        return DAILY + 1


def test_a_fresh_account_has_its_messages_on_two_devices_and_a_voucher_lifts_it(
    installation: Any, tmp_path: Path
) -> None:
    laptop, phone = (Device(installation, tmp_path / name) for name in ("laptop", "phone"))
    today = int(time.time()) // 86_400
    code = laptop.create()
    assert laptop.ask().returncode == 0
    phone.recover(code)
    assert phone.ask().returncode == 0
    more = laptop.answers() + phone.answers()
    if int(time.time()) // 86_400 != today:
        pytest.skip("midnight of UTC came in between, and with it another day's messages")
    assert more == DAILY - 2
    shown = json.loads(laptop.run("usage", "--json").stdout)
    assert (shown["plan"], shown["daily"], shown["left_today"]) == ("free", DAILY, 0)
    assert (shown["reset"] % 86_400, shown["active_chats"]) == (0, {"used": 0, "limit": 5})

    service = installation.home.service
    key = ["--key", str(service / "voucher.key"), "--count", "1", "--days", "31", "--plan", "plus"]
    command = ["-m", "privity_service.admin", "--config", str(service / "configuration.json"), "vouchers", *key]
    voucher = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True).stdout.strip()
    redeemed = laptop.run("plan", "--voucher", voucher)
    assert redeemed.returncode == 0, redeemed.stderr
    assert "has the plan plus" in redeemed.stdout
    assert laptop.ask().returncode == 0


async def signed_in(device: Device) -> str:
    """An access token of scope full for this device's account."""
    with here(Folder(device.home / ACCOUNT)) as (_, way):
        async with fetch.new_client(way.origin) as client:
            return (await Service(client, way.origin).run(way.sign_in())).text


def test_a_typescript_program_spends_an_accounts_tokens_once_each_also_when_it_is_killed(
    installation: Any, tmp_path: Path
) -> None:
    device, store, today = Device(installation, tmp_path / "home"), tmp_path / "tokens", int(time.time()) // 86_400
    device.create()
    root = read_root(installation.home.root_certificate).hex()
    argv = example("account", device.home, installation.url, str(store), root)
    environment = os.environ | {"PRIVITY_TOKEN": asyncio.run(signed_in(device))}
    with subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdin is not None
        assert killed.stdout is not None
        killed.stdin.write("Hello\n")
        killed.stdin.flush()
        assert isinstance(json.loads(killed.stdout.readline()), str)
        killed.kill()
    assert store.stat().st_mode & 0o777 == 0o600
    more = "Hello\n" * DAILY
    done = subprocess.run(argv, env=environment, input=more, capture_output=True, text=True, timeout=110, check=False)
    if int(time.time()) // 86_400 != today:
        pytest.skip("midnight of UTC came in between, and with it another day's messages")
    assert done.returncode != 0
    assert len(done.stdout.splitlines()) == DAILY - 1, done.stderr
    assert re.search(r"tokens_gone: The next ones are there from \d{4}-\d\d-\d\d 00:00 UTC\.", done.stderr)
    assert json.loads(device.run("usage", "--json").stdout)["left_today"] == 0


class Recorded(httpx.AsyncBaseTransport):
    """Hands everything on, and writes down what passed: public files, the account's half, and the channel's."""

    def __init__(self, trace: Path, account: str) -> None:
        self._trace, self._account, self._count = trace, account, 0
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._count += 1
        public = request.url.path.startswith(("/.well-known/", "/v1/bulletin", "/v1/nodes/", "/release/", "/keys/"))
        side = "public" if public else "issuance" if str(request.url).startswith(self._account) else "redemption"
        file = self._trace / side / f"{self._count:04}"
        own = [value for name, value in request.headers.raw if name.lower() in {b"authorization", b"idempotency-key"}]
        file.write_bytes(b"\n".join([str(request.url).encode(), *own, await request.aread(), b""]))
        response = await self._inner.handle_async_request(request)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=_Copied(response.aiter_raw(), file, response.aclose)
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Copied(httpx.AsyncByteStream):
    def __init__(self, pieces: AsyncIterator[bytes], file: Path, close: Callable[[], Any]) -> None:
        self._pieces, self._file, self._close = pieces, file, close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            with self._file.open("ab") as file:
                file.write(piece)
            yield piece

    async def aclose(self) -> None:
        await self._close()


def copied(database: Path, to: Path) -> None:
    """A whole copy of a database that is in use."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def test_nothing_that_anybody_saw_or_keeps_ties_drawing_to_spending(
    installation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, home = tmp_path / "trace", Device(installation, tmp_path / "home")
    for side in ("issuance", "redemption", "public"):
        (trace / side).mkdir(parents=True)
    home.create()
    opened, paid = fetch.new_client, ServerPurse.pay
    tokens: list[bytes] = []

    async def pay(purse: ServerPurse, rid: bytes, count: int) -> tuple[bytes, ...]:
        found = await paid(purse, rid, count)
        tokens.extend(found)
        return found

    recorded = Recorded(trace, installation.url)
    monkeypatch.setattr(fetch, "new_client", lambda url, _transport=None: opened(url, recorded))
    monkeypatch.setattr(ServerPurse, "pay", pay)

    async def ask() -> None:
        policy = Policy(home.home / "development-root" / "root.pem", home=home.home)
        async with AsyncClient(installation.url, policy, profile="p0") as client:
            for text in ("Hello", "Once more"):
                await client.chat(Chat([User(text)]))

    asyncio.run(ask())
    assert len(set(tokens)) == 2
    for number, one in enumerate(tokens):
        (trace / "redemption" / f"node saw {number}").write_bytes(one)
    copied(installation.home.service / "accounts" / "accounts.db", trace / "issuance" / "accounts.db")
    copied(installation.home.ledger / "state" / "ledger.db", trace / "redemption" / "ledger.db")

    def judged() -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(ROOT / "tools/unlinkable.py"), str(trace)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert "/v1/tokens\n" in "".join(one.read_bytes().decode("latin-1") for one in (trace / "issuance").glob("0*"))
    clean = judged()
    assert (clean.returncode, clean.stdout) == (0, "Nothing ties the two sides.\n")
    said = b"".join(one.read_bytes() for one in installation.home.logs.iterdir())
    for one in tokens:
        assert [form for form in (one[2:34].hex().encode(), base64url_encode(one)[4:40].encode()) if form in said] == []
    (trace / "issuance" / "a nonce").write_text(f'{{"nonce":"{tokens[0][2:34].hex()}"}}')
    assert judged().returncode == 1
