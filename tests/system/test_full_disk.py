"""The state folder on a disk without room: the blind service says so once and goes on from memory."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from installation import Installation

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def one_page_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 KiB."""
    folder = tmp_path / "state"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount command")
    if done.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def stored(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_full_disk_costs_the_mirror_and_nothing_else(tmp_path: Path, one_page_disk: Path, small_model: Path) -> None:
    async def scenario() -> None:
        installation = Installation(tmp_path, small_model)
        try:
            await installation.start()
            async with installation.client() as client:
                assert (await client.ask("Is there room?")).answer.state == "complete"
            async with asyncio.timeout(60):
                while "state_unwritable" not in installation.service.err.read_text():  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            # It tries again at each poll, every two seconds, and says so once.
            await asyncio.sleep(4.5)
            assert installation.service.err.read_text().count("state_unwritable") == 1
            assert stored(one_page_disk) <= 4096
        finally:
            await installation.stop()

    asyncio.run(scenario())
