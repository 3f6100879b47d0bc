"""Ask a server and stream the answer: ask.py URL [DEVELOPMENT-ROOT], where a root is the consent to test enclaves."""

import sys
from pathlib import Path

from privity_client import Chat, Client, Policy, User
from privity_client.client.progress import Progress, Verifying
from privity_protocol.lines import Text


def tell(progress: Progress) -> None:
    """Say how far it is."""
    if isinstance(progress, Verifying):
        print(f"verified {progress.done} of {progress.of}", file=sys.stderr)


policy = Policy(development_root=Path(sys.argv[2])) if len(sys.argv) > 2 else Policy()
with Client(sys.argv[1], policy, progress=tell) as client:
    with client.stream(Chat([User("Hello")], max_tokens=24, temperature=0)) as stream:
        for piece in stream:
            if isinstance(piece, Text):
                print(piece.d, end="", flush=True)
    print(f"\n{stream.answer.reason}, answered by {stream.answer.node.release}", file=sys.stderr)
