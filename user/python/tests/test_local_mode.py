"""`privity web`: the page from this disk, the server behind it, and nobody else's page in front of it."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from privity_client.cli.web import Wanted, choose
from privity_client.errors import ClientError
from privity_client.relayed.relay import Relay
from privity_client.relayed.way import open_client
from privity_client.testing import fake_log
from privity_client.trust import pins
from privity_client.web import bundle, forward
from privity_client.web.bundle import Bundle
from privity_client.web.forward import Forwarder
from privity_client.web.headers import FIXED, headers_for
from privity_client.web.local import STATEMENT, Local, application
from privity_protocol import canonical

PAGE = b'<!doctype html><script type="importmap">{}</script>'
SERVER, RUN, LOG = "https://chat.example", "https://run.example", "https://log.example/release"
HINTS = {
    "v": 1,
    "deploy": "chat",
    "account": SERVER,
    "plans": True,
    "run": RUN,
    "relays": [],
    "logs": [{"origin": "log.example/release", "url": LOG}],
}
OWN = "http://localhost:8090"
PIN = fake_log.pin()

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Behind:
    """The server and its origins, as this machine reaches them; writes down what came."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str, dict[str, str], bytes]] = []
        self.away = False

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        self.came.append((request.method, str(request.url), dict(request.headers), await request.aread()))
        if request.url.path == "/.well-known/privity":
            return httpx.Response(200, stream=httpx.ByteStream(canonical.encode(HINTS)))
        headers = {"content-type": "application/json", "etag": '"1"', "set-cookie": "a=b", "server": "x"}
        return httpx.Response(207, headers=headers, stream=httpx.ByteStream(b"answer"))


def built(folder: Path) -> Bundle:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "assets/main-1.js").write_bytes(b"export {}")
    return Bundle(folder, "1", "local")


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
async def browser(tmp_path: Path, behind: Behind) -> AsyncIterator[httpx.AsyncClient]:
    """What a browser of this machine gets."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(behind)) as out:
        local = Local(built(tmp_path / "web"), SERVER, 8090, PIN)
        app: Any = application(local, Forwarder(out, SERVER, OWN))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OWN) as inside:
            yield inside


async def test_the_page_comes_from_the_disk_and_may_reach_nothing_but_this_machine(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/link", "/devices", "/s/AAAAAAAAAAAAAAAAAAAAAA"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.content) == (200, PAGE)
        assert "connect-src 'self';" in answer.headers["content-security-policy"]
        assert {name: answer.headers[name] for name in FIXED} == dict(FIXED)
        assert answer.headers["cache-control"] == "no-cache"
    held = await browser.get("/", headers={"if-none-match": answer.headers["etag"]})
    assert held.status_code == 304


@pytest.mark.parametrize(
    "path", ["/index.html", "/absent", "/assets/../../secret", "/%2e%2e/secret", "/s/a/b", "/assets/"]
)
async def test_nothing_else_of_the_disk_is_there(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_with_a_relay_only_what_names_an_account_reaches_the_server_directly(tmp_path: Path) -> None:
    direct, carried = Behind(), Behind()
    relay = Relay("forward", "relay", "https://relay.example")
    hints = canonical.encode({**HINTS, "run": relay.url, "logs": []})

    async def answer(request: httpx.Request) -> httpx.Response:
        told = await carried(request)
        return (
            httpx.Response(200, stream=httpx.ByteStream(hints)) if request.url.path == "/.well-known/privity" else told
        )

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(direct)) as out,
        open_client(SERVER, relay, httpx.MockTransport(answer)) as relayed,
    ):
        app: Any = application(
            Local(built(tmp_path / "web"), SERVER, 8090, PIN), Forwarder(out, SERVER, OWN, relayed=relayed)
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OWN) as inside:
            sent = {"authorization": "Bearer t", "if-none-match": '"who"'}
            for path in ("/.well-known/privity", "/v1/bulletin", "/v1/nodes/" + "0" * 64, "/v1/pages"):
                await inside.get(path, headers=sent)
            await inside.post("/ec1/run", content=b"sealed", headers=sent)
            assert [url for _, url, _, _ in direct.came] == [f"{SERVER}/v1/pages"]
            # Tokens are for the server's own channel, not for its relay.
            # The server is asked once: otherwise it would see from where each question comes.
            for _ in range(3):
                assert (await inside.get(f"{STATEMENT}/run")).json() == {"v": 1, "run": RUN}
            assert [httpx.URL(url).path for _, url, _, _ in direct.came] == ["/v1/pages", "/.well-known/privity"]
    assert {httpx.URL(url).host for _, url, _, _ in carried.came} == {"relay.example"}
    assert {httpx.URL(url).path for _, url, _, _ in carried.came} > {"/v1/bulletin", "/ec1/run"}
    assert not any({"authorization", "if-none-match"} & set(headers) for _, _, headers, _ in carried.came)


async def test_the_statement_names_server_and_pin(browser: httpx.AsyncClient) -> None:
    said = (await browser.get(STATEMENT)).json()
    assert (said["server"], said["relay"]) == (SERVER, None)
    assert canonical.base64url_decode(said["pin"]) == pins.encode(PIN)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://Relay.example:443", "https://relay.example"),
        ("http://relay.example:8080", "http://relay.example:8080"),
        ("https://relay.example/.well-known/ohttp-gateway", "https://relay.example"),
    ],
)
def test_the_statement_names_the_relay_by_its_origin(tmp_path: Path, url: str, said: str) -> None:
    local = Local(built(tmp_path / "web"), SERVER, 8090, PIN, Relay("forward", "relay", url))
    assert json.loads(local.statement())["relay"] == said


async def test_hints_lead_back_to_this_machine(browser: httpx.AsyncClient) -> None:
    said = (await browser.get("/.well-known/privity")).json()
    logs = [{"origin": "log.example/release", "url": f"{OWN}/logs/0"}]
    assert said == {**HINTS, "run": OWN, "logs": logs, "relays": []}


@pytest.mark.parametrize(
    ("method", "path", "reached"),
    [
        ("GET", "/v1/pages?after=2&x=%2F", f"{SERVER}/v1/pages?after=2&x=%2F"),
        ("PUT", "/v1/bodies/a%2Fb", f"{SERVER}/v1/bodies/a%2Fb"),
        ("POST", "/ec1/hello", f"{RUN}/ec1/hello"),
        ("GET", "/logs/0/checkpoint", f"{LOG}/checkpoint"),
        ("GET", "/logs/0/tile/entries/000.p/3", f"{LOG}/tile/entries/000.p/3"),
    ],
)
async def test_requests_reach_the_server_as_they_are(
    browser: httpx.AsyncClient, behind: Behind, method: str, path: str, reached: str
) -> None:
    sent = {"authorization": "Bearer t", "cookie": "a=b", "x-forwarded-for": "1.2.3.4", "referer": OWN, "origin": OWN}
    body = b"sealed" if method != "GET" else b""
    answer = await browser.request(method, path, content=body, headers=sent)
    assert (answer.status_code, answer.content) == (207, b"answer")
    assert answer.headers["etag"] == '"1"'
    assert not {"set-cookie", "server", "access-control-allow-origin"} & set(answer.headers)
    came = behind.came[-1]
    assert (came[0], came[1], came[3]) == (method, reached, body)
    assert came[2]["authorization"] == "Bearer t"
    assert not {"cookie", "x-forwarded-for", "referer", "origin"} & set(came[2])


@pytest.mark.parametrize("path", ["/ec1/more", "/logs/1/checkpoint", "/logs/x/checkpoint"])
async def test_what_no_protocol_names_is_not_carried(browser: httpx.AsyncClient, behind: Behind, path: str) -> None:
    assert (await browser.post(path)).status_code in (404, 405)
    assert [url for _, url, _, _ in behind.came if not url.endswith("/.well-known/privity")] == []


async def test_a_server_that_is_away_is_told_apart_from_one_that_refuses(
    browser: httpx.AsyncClient, behind: Behind
) -> None:
    behind.away = True
    for path in ("/v1/bulletin", "/.well-known/privity", "/logs/0/checkpoint", f"{STATEMENT}/run"):
        assert (await browser.get(path)).status_code == 502
    assert (await browser.post("/ec1/hello")).status_code == 502
    assert (await browser.get("/")).status_code == 200


async def test_an_address_is_sent_to_the_name(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("http://127.0.0.1:8090/link")
    assert (answer.status_code, answer.headers["location"]) == (308, f"{OWN}/link")


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example:8090"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
async def test_a_page_of_somebody_else_gets_nothing(
    browser: httpx.AsyncClient, behind: Behind, headers: Mapping[str, str]
) -> None:
    for path in ("/", "/v1/service", STATEMENT):
        assert (await browser.get(path, headers=dict(headers))).status_code == 403
    assert behind.came == []


async def test_a_request_without_end_is_given_up(browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "MAX_BODY", 1000)
    assert (await browser.post("/ec1/run", content=bytes(1001))).status_code == 502


async def test_the_strict_build_is_served_unless_test_enclaves_were_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIVITY_HOME", str(tmp_path / "home"))
    place = tmp_path / "_web"
    monkeypatch.setattr(bundle.find, "__defaults__", (place,))
    with pytest.raises(ClientError, match="web_missing"):
        choose(Wanted(SERVER, 8090, allow_simulated=False))
    for name in bundle.BUILDS:
        built(place / name)
        (place / f"{name}.json").write_text(json.dumps({"version": "1", "source": "local"}))
    assert choose(Wanted(f"{SERVER}/", 8090, allow_simulated=False)).bundle.folder == place / "release"
    chosen = choose(Wanted(SERVER, 8090, allow_simulated=True))
    assert (chosen.bundle.folder, chosen.server, chosen.pin) == (place / "test", SERVER, None)
    with pytest.raises(ClientError, match="misuse"):
        choose(Wanted("chat.example", 8090, allow_simulated=False))
    assert chosen.relay is None
    named = choose(Wanted(SERVER, 8090, allow_simulated=True, relay="https://relay.example")).relay
    assert named is not None
    assert named.url == "https://relay.example"


async def test_a_page_without_its_hashes_is_not_served(tmp_path: Path) -> None:
    made = built(tmp_path / "web")
    (tmp_path / "web" / "index.html").write_bytes(b"<!doctype html>")
    with pytest.raises(ClientError, match="web_unusable"):
        headers_for(made.files()["index.html"], [])
