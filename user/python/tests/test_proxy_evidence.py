"""Evidence that runs out while a proxy lives, judged by the real verifier: a readable 503, and nothing is sent."""

import asyncio
import hashlib
import os

import httpx
import pytest
from privity_attest.testing.bundle import NOW, Enclave
from privity_client import fetch
from privity_client.appraisal import AllowSimulated, LocalAppraiser
from privity_client.discovery import Discovery
from privity_client.testing.proxy_stand import standing
from privity_protocol import canonical, directory

BUNDLE = Enclave().build()
DIGEST = hashlib.sha256(BUNDLE.items["node-document"][1]).digest()
SERVER = "http://service.test"
MODEL = "privity/demonstration"
HINTS = {"account": None, "deploy": "local", "logs": [], "plans": False, "relays": [], "run": "http://run.test", "v": 1}


def served(now: int) -> dict[str, bytes]:
    """What a server publishes at this time: it lists the same key for ever."""
    entry = directory.Node(DIGEST, BUNDLE.node.plat, BUNDLE.node.rel, (MODEL,), 1)
    listed = directory.Directory(now - 10, now + 3600, None, (entry,))
    return {
        "/.well-known/privity": canonical.encode(HINTS),
        "/v1/nodes/directory": directory.encode(listed),
        f"/v1/nodes/{DIGEST.hex()}": BUNDLE.data,
    }


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("route", ["chat/completions", "responses", "embeddings"])
def test_when_the_key_of_a_node_expires_nothing_is_sent(route: str, stream: bool) -> None:
    now = [NOW]
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        found = served(now[0]).get(request.url.path)
        return httpx.Response(200 if found else 404, stream=httpx.ByteStream(found or b""))

    async def scenario() -> None:
        async with fetch.new_client(SERVER, httpx.MockTransport(answer)) as http:
            appraiser = LocalAppraiser("local", AllowSimulated((BUNDLE.root.pin,)))
            source = Discovery(http, SERVER, appraiser, clock=lambda: now[0], entropy=os.urandom)
            async with standing(source=source, clock=lambda: now[0]) as stand:
                listed = (await stand.http.get("/v1/models")).json()["data"]
                assert [one["id"] for one in listed] == [MODEL]
                now[0] = BUNDLE.node.exp + 1
                members = (
                    {"messages": [{"role": "user", "content": "Hello"}]} if "chat" in route else {"input": "Hello"}
                )
                members |= {"stream": stream} if route != "embeddings" else {}
                refused = await stand.http.post(f"/v1/{route}", json={"model": MODEL} | members)
                told = refused.json()["error"]
                assert (refused.status_code, told["type"], told["code"]) == (503, "server_error", "refused")
                assert "expired" in told["message"]
                assert "Nothing was sent" in told["message"]
                assert stand.network.requests == []
        assert not any(path.startswith("/ec1/") for path in asked)

    asyncio.run(scenario())
