"""Unique words go in with prompts, attached headers and request ids; nothing that any process wrote holds them."""

import asyncio
import base64
import os
import secrets
import time
from pathlib import Path

import pytest
from installation import Installation, installed
from privity_client.commands import Line
from privity_client.errors import ClientError

pytestmark = [pytest.mark.system, pytest.mark.slow]
LARGEST = 2**26


def spellings(word: bytes) -> list[bytes]:
    """The ways in which bytes show up in files."""
    urlsafe = base64.urlsafe_b64encode(word).rstrip(b"=")
    return [word, word.hex().encode(), base64.b64encode(word).rstrip(b"="), urlsafe]


def written_files(installation: Installation, since: float) -> list[Path]:
    """Every file of the installation, and every file that appeared since then where programs leave things behind."""
    folders = [installation.folder, Path("/tmp"), Path("/dev/shm"), Path("/var/tmp")]
    found = set()
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                path = Path(place, name)
                try:
                    status = path.lstat()
                except OSError:
                    continue
                inside = path.is_relative_to(installation.folder)
                if path.is_file() and not path.is_symlink() and (inside or status.st_mtime >= since):
                    found.add(path)
    return sorted(found)


def holders(files: list[Path], words: list[bytes]) -> list[str]:
    """The files that hold a word."""
    guilty = []
    for path in files:
        try:
            data = path.read_bytes() if path.stat().st_size < LARGEST else b""
        except OSError:
            continue
        guilty += [f"{path.name}: {word[:12]!r}" for word in words if word in data]
    return guilty


def test_no_file_and_no_output_holds_a_planted_word(tmp_path: Path, small_model: Path) -> None:
    prompt, overlong, header, broken = (f"canary{secrets.token_hex(8)}" for _ in range(4))
    began = time.time() - 1
    ids: list[bytes] = []

    async def scenario() -> list[str]:
        async with installed(tmp_path, small_model) as i:
            async with i.client() as client:
                for profile in ("p0", "p1"):
                    request = client.request(f"Keep {prompt} to yourself.", profile=profile)
                    ids.append(request.rid)
                    assert (await client.follow(request)).answer.state == "complete"
                with pytest.raises(ClientError):
                    await client.ask(f"{overlong} " * 9000)
                killed = False

                def seen(event: object) -> None:
                    nonlocal killed
                    if isinstance(event, Line) and not killed:
                        killed = True
                        i.engine().kill()

                # So long that a machine which pauses between two ticks has not said all of it.
                with pytest.raises(ClientError):
                    await client.follow(client.request(f"And {prompt} again.", tokens=3600), seen)
            await nonsense(i, header, broken)
            words = [word for each in (prompt, overlong, header, broken) for word in spellings(each.encode())]
            words += [spelling for rid in ids for spelling in spellings(rid)]
            for process in reversed(i.processes):
                process.terminate()
                await process.ended()
            files = written_files(i, began)
            assert {i.node.err, i.service.err, i.folder / "service.json"} <= set(files)
            return holders(files, words)

    assert asyncio.run(scenario()) == []


async def nonsense(i: Installation, header: str, broken: str) -> None:
    """Requests that fail, at relay and node, with words where a careless server would quote them."""
    for port in (i.relay_port, i.node_ports[0], i.service_port):
        for first in (f"POST /ec1/run?{broken}", f"POST /ec1/hello/{broken}", f"GET /v1/nodes/{broken}", f"{broken}"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            lines = [f"{first} HTTP/1.1", "host: x", f"cookie: {header}", f"user-agent: {header}", "content-length: 99"]
            writer.write("\r\n".join([*lines, "", broken * 4]).encode())
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 60)
            writer.close()


def test_the_search_finds_what_is_there(tmp_path: Path, small_model: Path) -> None:
    installation = Installation(tmp_path, small_model)
    word = f"canary{secrets.token_hex(8)}".encode()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/file").write_bytes(b"..." + word.hex().encode() + b"...")
    found = holders(written_files(installation, time.time()), spellings(word))
    assert found == [f"file: {word.hex().encode()[:12]!r}"]
