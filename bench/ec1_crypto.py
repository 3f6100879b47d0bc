"""What the steps of EC1 cost beside the bare operations of the library below them, in CPU time and as ratios.

`python bench/ec1_crypto.py [--quick] [--json]`. `channel.py` holds the goals; this says where the time goes.
"""

import argparse
import json
import os
import sys

from channel import DOCUMENT, PAYLOAD, cpu
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from figure import Figure, at_most, plain, table
from privity_protocol import xwing
from privity_protocol.chain import ChainKey
from privity_protocol.hello import HelloSent, begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.request_reader import RequestReader
from privity_protocol.run import begin_run
from privity_protocol.session import Session

RECORDS = 3
"""Records of a RUN of 8 KiB."""


def measure(rounds: int) -> dict[str, float]:
    """Milliseconds of each step, and of what the library alone would need for it."""
    key, ephemeral, sealer = xwing.generate(), xwing.generate(), AESGCM(bytes(32))
    ciphertext, _ = xwing.encapsulate(key.public_key)
    record = bytes(4080)

    def greet() -> tuple[HelloSent, bytes]:
        return begin_hello(
            node_key=key.public_key, node_document=DOCUMENT, encapsulate=xwing.encapsulate, ephemeral=xwing.generate()
        )

    def answer(body: bytes) -> tuple[bytes, ChainKey]:
        return answer_hello(
            body, key=key, node_document=DOCUMENT, sid=os.urandom(16), ttl=120, encapsulate=xwing.encapsulate
        )

    greeted = [greet() for _ in range(rounds)]
    answered = [answer(body) for _, body in greeted]
    waiting, hellos = iter(list(zip(greeted, answered, strict=True))), iter(greeted)
    sessions: list[Session] = []
    runs: list[bytes] = []

    def finish() -> None:
        (state, _), (reply, _) = next(waiting)
        sessions.append(state.finish(reply))

    found = {
        "HELLO begun by the client": cpu(greet, rounds),
        "HELLO on the node": cpu(lambda: answer(next(hellos)[1]), rounds),
    }
    found["HELLO finished by the client"] = cpu(finish, rounds)
    open_sessions = iter(sessions)
    found["RUN of 8 KiB made"] = cpu(
        lambda: runs.append(begin_run(next(open_sessions), PAYLOAD, entropy=os.urandom)[1]),
        rounds,
    )
    arriving = iter(list(zip((chain for _, chain in answered), runs, strict=True)))

    def read() -> None:
        chain, body = next(arriving)
        reader = RequestReader(chain, body[:32])
        reader.feed(body[32:])
        reader.finish()

    found["RUN of 8 KiB opened"] = cpu(read, rounds)
    found["X-Wing key pair"] = cpu(xwing.generate, rounds)
    found["X-Wing encapsulation"] = cpu(lambda: xwing.encapsulate(ephemeral.public_key), rounds)
    found["X-Wing decapsulation"] = cpu(lambda: key.decapsulate(ciphertext), rounds)
    found["AES-GCM of three records"] = cpu(
        lambda: [sealer.encrypt(bytes(12), record, None) for _ in range(RECORDS)], rounds
    )
    return found


def run(*, quick: bool) -> list[Figure]:
    """Steps, and their ratios to the bare operations that they cannot do without."""
    found = measure(60 if quick else 400)
    node = found["X-Wing decapsulation"] + found["X-Wing encapsulation"]
    client = found["X-Wing key pair"] + node
    begun = found["HELLO begun by the client"] + found["HELLO finished by the client"]
    return [
        *(plain(what, value, "ms CPU", 3) for what, value in found.items()),
        at_most("HELLO on the node / its X-Wing operations", found["HELLO on the node"] / node, 2, "x"),
        at_most("HELLO in the client / its X-Wing operations", begun / client, 2, "x"),
        plain("RUN made / bare AES-GCM", found["RUN of 8 KiB made"] / found["AES-GCM of three records"], "x"),
        plain("RUN opened / bare AES-GCM", found["RUN of 8 KiB opened"] / found["AES-GCM of three records"], "x"),
    ]


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="bench/ec1_crypto.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    chosen = parser.parse_args()
    figures = run(quick=chosen.quick)
    print(json.dumps({one.what: one.value for one in figures}, indent=1) if chosen.json else table(figures))
    return int(any(one.met is False for one in figures))


if __name__ == "__main__":
    sys.exit(main())
