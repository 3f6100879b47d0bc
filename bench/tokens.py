"""What a token costs: drawn by the client, signed by the issuer, checked by a node. Processor time of one core."""

import sys
import time
from collections.abc import Callable
from secrets import token_bytes

from figure import Figure, at_least, at_most, table
from privity_protocol import token, token_request
from privity_protocol.errors import NotAuthentic
from privity_service.issuer.signing import SigningKey

ROUNDS = 200
CHALLENGE = token.challenge("accounts.example", "run.example")
DRAW_MS = 1.0
CHECK_MS = 0.1
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

    return [
        at_most("blind and unblind a token in Python", milliseconds(unanswered, rounds), DRAW_MS, "ms CPU"),
        at_least("tokens signed", 1000 / milliseconds(lambda: signing.sign(request[3:]), rounds), SIGNED, "/s of a core", 0),
        at_most("check a token in the node", milliseconds(check, rounds), CHECK_MS, "ms CPU", 3),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(table(run(quick="--quick" in sys.argv)) + "\n")
