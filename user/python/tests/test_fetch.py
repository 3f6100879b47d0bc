"""The HTTP client of one run, against a socket."""

import asyncio
from contextlib import AsyncExitStack

from privity_client import fetch

STREAMS = 130
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n"


async def held_at_once() -> list[bytes]:
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        await over.wait()
        writer.write(b".")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=STREAMS)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, fetch.new_client(origin) as client, AsyncExitStack() as held:
        # None of them has ended when the last one's head is here.
        answers = [await held.enter_async_context(client.stream("GET", origin)) for _ in range(STREAMS)]
        over.set()
        return [await fetch.read_bounded(one, 1) for one in answers]


def test_many_answers_stream_at_once_and_none_waits_for_another() -> None:
    """A library's usual pool has a hundred connections; the stream after them would wait until it was given up."""
    assert asyncio.run(held_at_once()) == [b"."] * STREAMS
