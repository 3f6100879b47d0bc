"""The proxy as a browser meets it: it asks its person for the key and shows what was verified; no page gets through."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest
from privity_client.openai_api.errors import ApiError
from privity_client.proxy.gate import Gate, Headers
from privity_client.testing.proxy_stand import KEY, asked, standing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ELSEWHERE = """<!doctype html><title>Elsewhere</title><p></p><script>
const ask = (method, path, headers, body) => {
  const request = new XMLHttpRequest();
  try {
    request.open(method, "http://localhost:PORT" + path, false);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(body);
    return "read " + request.status;
  } catch (error) {
    return error.name;
  }
};
document.querySelector("p").textContent = [
  ask("GET", "/v1/models", { authorization: "Bearer KEY" }),
  ask("GET", "/v1/models", {}),
  ask("POST", "/v1/chat/completions", { "content-type": "text/plain" }, BODY),
].join(" ");
</script>"""
"""A page of another origin that even knows the key. The last request is one that browsers send without asking first."""


async def shown(folder: Path, url: str, *options: str) -> str:
    """The document that Chromium makes of `url`; names that end in .example are this machine."""
    chromium = os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)
    if chromium is None:
        pytest.skip("no Chromium: set CHROMIUM, or apt-get install chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}"]
    rebound = "--host-resolver-rules=MAP *.example 127.0.0.1"
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        chromium, "--headless", *quiet, rebound, "--dump-dom", url, stdin=null, stdout=pipe, stderr=null
    )
    try:
        return (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()


def test_a_browser_that_is_given_the_key_shows_the_page(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with standing() as stand:
            page = await shown(tmp_path, f"http://me:{KEY.text}@localhost:{stand.port}/")
            assert "Test enclave" in page
            assert stand.node.digest[:16] in page

    asyncio.run(scenario())


def test_a_name_that_was_pointed_here_afterwards_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with standing() as stand:
            page = await shown(tmp_path, f"http://me:{KEY.text}@evil.example:{stand.port}/")
            assert "This proxy answers to localhost only." in page
            assert "Test enclave" not in page
            assert stand.network.requests == []

    asyncio.run(scenario())


def test_a_page_of_another_origin_reads_nothing_and_asks_nothing_even_with_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[tuple[str, str]] = []
    refusal = Gate.refusal

    def noted(gate: Gate, headers: Headers, path: str) -> ApiError | None:
        found = refusal(gate, headers, path)
        judged.append((path, "" if found is None else str(found.code)))
        return found

    monkeypatch.setattr(Gate, "refusal", noted)

    async def scenario() -> None:
        async with standing() as stand:
            page = ELSEWHERE.replace("PORT", str(stand.port)).replace("KEY", KEY.text)
            page = page.replace("BODY", json.dumps(json.dumps(asked("canary"))))

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n"
                writer.write((head + page).encode())
                await writer.drain()
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            try:
                port = server.sockets[0].getsockname()[1]
                made = await shown(tmp_path, f"http://evil.example:{port}/")
            finally:
                server.close()
            assert "<p>NetworkError NetworkError NetworkError</p>" in made
            paths = ["/v1/models", "/v1/models", "/v1/chat/completions"]
            assert judged == [(path, "origin_not_allowed") for path in paths]
            assert stand.network.requests == []

    asyncio.run(scenario())
