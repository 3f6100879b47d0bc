"""What a token costs: drawn by the client, signed by the issuer, checked by a node, spent in the ledger.

Of the first three the processor time of one core. Of the ledger pairs a second by the clock, where many wait.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_bytes

from figure import Figure, at_least, at_most, table
from in_script import in_script
from privity_protocol import token, token_request
from privity_protocol.errors import NotAuthentic
from privity_service.issuer.signing import SigningKey
from privity_service.ledger.writer import Writer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "blind/service/tests"))

from ledger_stand import LedgerClock, called, engine_on
from postgresql import postgresql

ROUNDS = 200
PAIRS = 4096
CALLERS = 64
CHALLENGE = token.challenge("accounts.example", "run.example")
DRAW_MS = 1.0
CHECK_MS = 0.1
SCRIPT_MS = 2.0
SQLITE_PAIRS = 300
POSTGRESQL_PAIRS = 1000
SIGNED = 500
"""Signatures a second on two cores."""


def milliseconds(step: Callable[[], object], rounds: int) -> float:
    """Processor time of one call."""
    began = time.process_time()
    for _ in range(rounds):
        step()
    return (time.process_time() - began) * 1000 / rounds


def run(*, quick: bool) -> list[Figure]:
    """Client, issuer and node in turn."""
    rounds = ROUNDS // 4 if quick else ROUNDS
    signing = SigningKey.decode(SigningKey.generate())
    keys = {signing.public.key_id: signing.public}
    pending, request = token_request.begin(signing.public, CHALLENGE, token_bytes)
    signature = signing.sign(request[3:])
    made = pending.finish(signature)

    def draw() -> None:
        token_request.begin(signing.public, CHALLENGE, token_bytes)[0].finish(signature)

    def check() -> None:
        token.verify(made.encode(), keys, challenge_digest=made.challenge)

    def unanswered() -> None:
        """What `draw` costs: the answer is another request's, so the last check fails after all the work."""
        try:
            draw()
        except NotAuthentic:
            return
        raise AssertionError("an answer to another request was accepted")

    signed = 1000 / milliseconds(lambda: signing.sign(request[3:]), rounds)
    return [
        at_most("blind and unblind a token in Python", milliseconds(unanswered, rounds), DRAW_MS, "ms CPU"),
        at_least("tokens signed", signed, SIGNED, "/s of a core", 0),
        at_most("check a token in the node", milliseconds(check, rounds), CHECK_MS, "ms CPU", 3),
        *in_typescript(signing.public, signature, rounds),
        *ledgers(PAIRS // 4 if quick else PAIRS),
    ]


def in_typescript(key: token.PublicKey, signature: bytes, rounds: int) -> list[Figure]:
    """The client's part in Node and in Chromium."""
    given = {"spki": key.spki.hex(), "challenge": CHALLENGE.hex(), "response": signature.hex(), "rounds": rounds}
    return in_script("blind and unblind a token", "tokens.mjs", "packages/protocol/dist/src/token.js", given, SCRIPT_MS)


def pairs(url: str, count: int) -> float:
    """Reserve and commit pairs a second, of 64 nodes that each wait for their answer."""
    engine = engine_on(url)
    writer = Writer(engine, LedgerClock())

    def node(number: int) -> None:
        for at in range(count // CALLERS):
            for op in ("reserve", "commit"):
                writer.submit(called(op, token=f"{number}/{at}")).result(timeout=60)

    began = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(node, range(CALLERS)))
    taken = time.perf_counter() - began
    writer.close()
    engine.dispose()
    return count / taken


def ledgers(count: int) -> list[Figure]:
    """Both databases, on this machine's disk, each write synchronised."""
    with tempfile.TemporaryDirectory() as folder:
        sqlite = pairs(f"sqlite:///{folder}/ledger.db", count)
    found = [at_least("ledger on SQLite", sqlite, SQLITE_PAIRS, "pairs/s", 0)]
    what = "ledger on PostgreSQL"
    try:
        with postgresql() as url:
            found.append(at_least(what, pairs(url, count), POSTGRESQL_PAIRS, "pairs/s", 0))
    except LookupError as missing:
        found.append(Figure(what, f"not measured: {missing}"))
    return found


if __name__ == "__main__":
    sys.stdout.write(table(run(quick="--quick" in sys.argv)) + "\n")
