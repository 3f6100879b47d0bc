"""The public routes: caching, cross-origin rules, headers, the page."""

import asyncio
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from privity_protocol import directory
from privity_service.landing import CLAIM, EXPLANATION, WARNING, page
from service_stand import stand


def run(scenario, tmp_path: Path) -> None:
    async def whole() -> None:
        async with stand(tmp_path) as s:
            await scenario(s)

    asyncio.run(whole())


@pytest.mark.parametrize("relay", [False, True])
def test_a_bundle_is_served_for_a_minute_and_the_directory_shortly_on_both_origins(tmp_path: Path, relay: bool) -> None:
    async def scenario(s) -> None:
        nd = sha256(s.node.documents[0]).hexdigest()
        bundle = await s.get(f"/v1/nodes/{nd}", relay=relay)
        assert bundle.body == b"bundle of " + s.node.documents[0]
        assert bundle.headers["content-type"] == "application/cmw+json"
        assert bundle.headers["cache-control"] == "public, max-age=60"
        again = await s.get(f"/v1/nodes/{nd}", f"if-none-match: {bundle.headers['etag']}", relay=relay)
        assert (again.status, again.body) == (304, b"")
        listing = await s.get("/v1/nodes/directory", relay=relay)
        assert [node.nd.hex() for node in directory.decode(listing.body).nodes] == [nd]
        assert listing.headers["cache-control"] == "public, max-age=10"
        assert (await s.get("/v1/nodes/directory", relay=relay, method="HEAD")).status == 200

    run(scenario, tmp_path)


@pytest.mark.parametrize("name", ["00" * 32, "..%2f..%2fetc", "DIRECTORY", "directory/", "x"])
def test_what_is_not_published_is_not_there(tmp_path: Path, name: str) -> None:
    async def scenario(s) -> None:
        answer = await s.get(f"/v1/nodes/{name}")
        assert (answer.status, answer.body) == (404, b"")

    run(scenario, tmp_path)


def test_node_routes_are_open_to_any_origin_and_the_others_to_none(tmp_path: Path) -> None:
    async def scenario(s) -> None:
        nd = sha256(s.node.documents[0]).hexdigest()
        origin = "origin: https://elsewhere.example"
        for relay in (False, True):
            for path in ("/v1/nodes/directory", f"/v1/nodes/{nd}"):
                assert (await s.get(path, origin, relay=relay)).headers["access-control-allow-origin"] == "*"
                asked = await s.get(path, origin, relay=relay, method="OPTIONS")
                assert (asked.status, asked.headers["access-control-allow-methods"]) == (204, "GET")
        for path in ("/", "/.well-known/privity", "/healthz", "/absent"):
            for method in ("GET", "OPTIONS", "POST"):
                headers = (await s.get(path, origin, method=method)).headers
                assert [name for name in headers if name.startswith("access-control")] == []

    run(scenario, tmp_path)


@pytest.mark.parametrize("path", ["/ec1/hello", "/ec1/run", "/ec1/challenge"])
def test_the_service_origin_forwards_nothing(tmp_path: Path, path: str) -> None:
    async def scenario(s) -> None:
        assert (await s.get(path, method="POST")).status == 404
        for other in ("/", "/.well-known/privity"):
            assert (await s.get(other, relay=True)).status == 404

    run(scenario, tmp_path)


@pytest.mark.parametrize("path", ["/", "/.well-known/privity", "/healthz", "/v1/nodes/directory", "/absent", "/v1"])
def test_no_answer_names_software_sets_a_cookie_or_may_be_framed(tmp_path: Path, path: str) -> None:
    async def scenario(s) -> None:
        headers = (await s.get(path)).headers
        assert not {"server", "x-powered-by", "set-cookie"} & set(headers)
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"

    run(scenario, tmp_path)


def test_the_page_warns_of_a_test_enclave_and_allows_itself_no_script(tmp_path: Path) -> None:
    async def scenario(s) -> None:
        answer = await s.get("/")
        text = answer.body.decode()
        assert WARNING in text
        assert "privity chat --allow-simulated" in text
        assert f"privity verify --allow-simulated http://localhost:{s.service_port}" in text
        style = text.split("<style>")[1].split("</style>")[0].encode()
        allowed = f"style-src 'sha256-{b64encode(sha256(style).digest()).decode()}'"
        assert allowed in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "<script" not in text
        assert "src=" not in text

    run(scenario, tmp_path)


def test_without_a_test_enclave_the_page_does_not_cry_wolf() -> None:
    text = page(nodes=2, simulated=False, origin="http://x").decode()
    assert WARNING not in text
    assert "--allow-simulated" not in text
    assert "2 enclaves answer." in text
    assert "No enclave" in page(nodes=0, simulated=False, origin="http://x").decode()


def test_health_says_whether_a_request_can_be_carried(tmp_path: Path) -> None:
    async def scenario(s) -> None:
        for relay in (False, True):
            answer = await s.get("/healthz", relay=relay)
            assert (answer.status, answer.body) == (200, b'{"nodes":1,"status":"ready"}')

    run(scenario, tmp_path)


def test_the_page_of_a_test_enclave_promises_no_privacy() -> None:
    text = page(nodes=1, simulated=True, origin="http://localhost:8080").decode()
    assert WARNING in text
    assert [promise for promise in (CLAIM, EXPLANATION) if promise in text] == []


def test_the_page_of_a_hardware_enclave_says_what_holds() -> None:
    text = page(nodes=1, simulated=False, origin="http://localhost:8080").decode()
    assert CLAIM in text
    assert EXPLANATION in text
    assert WARNING not in text
