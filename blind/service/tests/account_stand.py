"""A stand for the account service: the real application on a real database, called without a socket.

async with house.client() as client:
    member = Member(client)
    await member.create()
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from member import ORIGIN
from privity_service.accounts import schema
from privity_service.accounts.application import application
from privity_service.accounts.database import Database, engine_of
from privity_service.accounts.house import House
from privity_service.accounts.settings import AccountSettings, Registration
from privity_service.accounts.tables import Base
from sqlalchemy import text

T = TypeVar("T")
NOW = 1_790_000_000
PEER = b"\x04\x0a\x00\x00\x00"


@dataclass
class Clock:
    """Time that moves when it is told to."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Stand:
    """One service with its clock."""

    house: House
    clock: Clock

    @asynccontextmanager
    async def client(self, prefix: bytes = PEER) -> AsyncIterator[httpx.AsyncClient]:
        """A client on some network."""
        inner = application(self.house)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await inner(scope | {"state": {"prefix": prefix}}, receive, send)

        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, timeout=60) as client:
            yield client

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Every row of a table."""
        with self.house.database.reading() as connection:
            return [tuple(one) for one in connection.execute(text(f"SELECT * FROM {table}"))]

    def erase(self, table: str) -> None:
        """Lose every row of a table, as a service does that was restored in part."""
        with self.house.database.writing() as connection:
            connection.execute(text(f"DELETE FROM {table}"))


def stand_on(url: str, *, registration: Registration = "open", settings: AccountSettings | None = None) -> Stand:
    """A stand on an empty database."""
    engine = engine_of(url)
    schema.upgrade(engine)
    with engine.connect().execution_options(writes=True) as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
        connection.commit()
    clock = Clock()
    house = House(
        database=Database(engine),
        settings=settings or AccountSettings(),
        registration=registration,
        rp_id="localhost",
        origins=(ORIGIN,),
        erasure=Ed25519PrivateKey.generate(),
        clock=clock,
    )
    return Stand(house, clock)


def named(case: object) -> str:
    """The id of a test whose case is a sentence: without spaces, so that a patch can name it."""
    return str(case).replace(" ", "_")


def reason(answer: httpx.Response) -> tuple[int, str]:
    """Status and reason of a refusal."""
    return answer.status_code, answer.json()["reason"]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a scenario."""
    return asyncio.run(work)
