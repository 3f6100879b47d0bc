"""Both ends of a channel in one place, with seeded randomness: for tests of what lies above or beside the bytes."""

import random
from collections.abc import Callable

import vector_material as m
from privity_protocol.chain import ChainKey
from privity_protocol.request_reader import RequestReader
from privity_protocol.response import ResponseReader
from privity_protocol.response_writer import ResponseWriter
from privity_protocol.run import RunSent, begin_run
from privity_protocol.session import Session


def entropy(seed: int) -> Callable[[int], bytes]:
    """Repeatable bytes that stand for randomness."""
    return random.Random(seed).randbytes


def session(*, position: int = 0) -> Session:
    """A client's session whose chain key both ends of this module know."""
    return Session(m.SID, m.KID, ChainKey(m.CHAIN), 120, position)


def request(payload: bytes = b"question", *, seed: int = 1) -> tuple[RunSent, bytes]:
    """A RUN on its way."""
    return begin_run(session(), payload, entropy=entropy(seed))


def node_reader(run: bytes) -> RequestReader:
    """The node's reader after the header."""
    return RequestReader(ChainKey(m.CHAIN), run[:32])


def conversation(*, record_size: int = 512, seed: int = 1) -> tuple[ResponseReader, ResponseWriter, bytes]:
    """Reader of the client, writer of the node, and the opening bytes between them."""
    sent, run = request(seed=seed)
    reader = node_reader(run)
    reader.feed(run[32:])
    writer, opening = reader.finish().response(record_size=record_size, entropy=entropy(seed + 1))
    return sent.response(), writer, opening
