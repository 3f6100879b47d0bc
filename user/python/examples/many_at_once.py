"""Several questions at once, and a conversation: many_at_once.py URL [DEVELOPMENT-ROOT]."""

import asyncio
import sys
from pathlib import Path

from privity_client import AsyncClient, Chat, Policy, User


async def main(url: str, policy: Policy) -> None:
    """Ask."""
    async with AsyncClient(url, policy) as client:
        asked = [Chat([User(f"Number {at}")], max_tokens=12, temperature=0) for at in range(4)]
        for answer in await asyncio.gather(*(client.chat(one) for one in asked)):
            print(answer.text)
        talk = client.conversation("Be brief.", Chat((), max_tokens=12))
        await talk.ask("Hello")
        print((await talk.ask("And then?")).text)


asyncio.run(main(sys.argv[1], Policy(development_root=Path(sys.argv[2])) if len(sys.argv) > 2 else Policy()))
