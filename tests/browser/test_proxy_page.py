"""The proxy's page as a person opens it: the browser asks for the key, and shows what was verified."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from privity_client.testing.proxy_stand import KEY, standing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def test_a_browser_that_is_given_the_key_shows_the_page(tmp_path: Path) -> None:
    chromium = os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)
    if chromium is None:
        pytest.skip("no Chromium: set CHROMIUM, or apt-get install chromium")
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        f"--user-data-dir={tmp_path}",
    ]

    async def shown(port: int) -> str:
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        argv = [chromium, "--headless", *quiet, "--dump-dom", f"http://me:{KEY.text}@localhost:{port}/"]
        process = await asyncio.create_subprocess_exec(*argv, stdin=null, stdout=pipe, stderr=null)
        try:
            return (await process.communicate())[0].decode()
        finally:
            if process.returncode is None:
                process.kill()

    async def scenario() -> None:
        async with standing() as stand:
            page = await shown(stand.port)
            assert "Test enclave" in page
            assert stand.node.digest[:16] in page

    asyncio.run(scenario())
