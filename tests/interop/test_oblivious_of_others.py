"""Oblivious HTTP against a client of others: `ohttpy` (Rust inside), where somebody has installed it.

It seals a whole request, although it names the form in chunks, and opens a short answer in chunks under the labels of
the whole form: an older state of the draft, at a path of its own. So the gateway's half is asked, not the gateway.
"""

import asyncio
import os
import sys
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from privity_protocol.ohttp import binary_http, keys
from privity_protocol.ohttp.binary_http import Reader, Request, Response
from privity_protocol.ohttp.encapsulation import Received
from privity_protocol.ohttp.forms import OPENING, WHOLE

pytest.importorskip("ohttpy.ohttpy", reason="no client of others: pip install ohttpy==0.1a13")
pytestmark = pytest.mark.system

KEY = X25519PrivateKey.from_private_bytes(b"\x07" * 32)
CLIENT = """
import sys
from ohttpy.ohttpy import Client

url, offered, asked = sys.argv[1], bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
told = Client().send_request(method="POST", url=url, headers={"content-type": "x/y"}, body=asked, key_config=offered)
while (chunk := told.chunk()) is not None:
    sys.stdout.write(bytes(chunk).hex())
"""
CHUNK = 20
"""A sealed chunk of 64 bytes and more it measures with integers of another kind, and opens nothing."""
Answer = Callable[[Received], bytes]


async def exchanged(asked: bytes, aead: int, answer: Answer) -> tuple[Request, bytes, int, bytes]:
    """Let their client ask: what our half opened, how theirs ended, and what theirs opened."""
    opened: list[tuple[Request, bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        body = await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        received, inside = Received(body[:OPENING], WHOLE, {9: KEY}), Reader(response=False)
        content = inside.feed(received.open(body[OPENING:], final=False))
        request = inside.finish()
        assert isinstance(request, Request)
        opened.append((request, content))
        told = answer(received)
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(told) + told)
        await writer.drain()
        writer.close()

    offered = keys.encode([keys.Configuration(9, KEY.public_key().public_bytes_raw(), (aead,))])
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ec1/run"
        command = (sys.executable, "-c", CLIENT, url, offered.hex(), asked.hex())
        pipe = asyncio.subprocess.PIPE
        theirs = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        printed, _ = await theirs.communicate()
    ((request, content),) = opened
    assert theirs.returncode is not None
    return request, content, theirs.returncode, bytes.fromhex(printed.decode())


def in_chunks(content: bytes) -> Answer:
    """An answer of ours."""

    def answer(received: Received) -> bytes:
        answering = received.answer(os.urandom)
        message = binary_http.encode_response(Response(200, ((b"content-type", b"a/b"),)), content)
        return answering.opening + answering.chunks(message)

    return answer


@pytest.mark.parametrize("aead", [1, 3], ids=["AES-128-GCM", "ChaCha20-Poly1305"])
@pytest.mark.parametrize("size", [0, 1, 40_000])
def test_our_half_opens_what_theirs_sealed_and_theirs_what_ours_did(aead: int, size: int) -> None:
    asked, said = os.urandom(size), os.urandom(min(size, CHUNK))
    request, content, status, told = asyncio.run(exchanged(asked, aead, in_chunks(said)))
    assert (request.method, request.path, content) == (b"POST", b"/ec1/run", asked)
    assert (b"content-type", b"x/y") in request.fields
    reader = Reader(response=True)
    assert (status, reader.feed(told)) == (0, said)
    assert reader.finish() == Response(200, ((b"content-type", b"a/b"),))


def test_theirs_opens_nothing_of_an_answer_that_was_changed() -> None:
    def changed(received: Received) -> bytes:
        whole = bytearray(in_chunks(b"an answer")(received))
        whole[-1] ^= 1
        return bytes(whole)

    _, _, _, told = asyncio.run(exchanged(b"a question", 1, changed))
    assert told == b""
