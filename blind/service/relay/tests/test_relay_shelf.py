"""What the relay keeps of public files: bounded, for a time, fetched once."""

import asyncio

import pytest
from privity_service.relay.shelf import Shelf


def test_what_was_not_asked_for_longest_goes_first() -> None:
    async def scenario() -> None:
        fetched: list[str] = []

        async def get(shelf: Shelf, name: str, size: int = 40) -> bytes:
            async def fetch() -> bytes:
                fetched.append(name)
                return b"x" * size

            return await shelf.get(name, 10.0, fetch)

        shelf = Shelf(lambda: 0.0, most=100)
        for name in ("a", "b", "a", "c", "a", "b"):
            await get(shelf, name)
        assert fetched == ["a", "b", "c", "b"]
        assert len(await get(shelf, "larger than all", 101)) == 101
        fetched.clear()
        await get(shelf, "a")
        assert fetched == ["a"]

    asyncio.run(scenario())


def test_whoever_waits_hears_of_the_failure_and_the_next_one_tries_again() -> None:
    async def scenario() -> None:
        shelf, tries = Shelf(lambda: 0.0), []

        async def fetch() -> bytes:
            tries.append(1)
            await asyncio.sleep(0)
            if len(tries) == 1:
                raise ValueError
            return b"x"

        first = await asyncio.gather(*(shelf.get("a", 1.0, fetch) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in first] == [ValueError] * 3
        assert await shelf.get("a", 1.0, fetch) == b"x"
        assert len(tries) == 2

    asyncio.run(scenario())


def test_a_shelf_that_is_closed_ends_what_is_fetched() -> None:
    async def scenario() -> None:
        shelf = Shelf(lambda: 0.0)
        waiting = asyncio.create_task(shelf.get("a", 1.0, asyncio.Event().wait))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await shelf.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())
