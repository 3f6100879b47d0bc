"""Two people draw and spend; everything that issuer, ledger and their databases saw is compared, byte by byte.

What the two sides have in common may be the key, its day and plan, which all who draw share, and nothing else.
"""

import hashlib
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from secrets import token_bytes

import httpx
import pytest
from account_stand import run, stand_on
from ledger_stand import DEPLOY, LedgerClock, Node, engine_on, post
from member import ORIGIN, Json, Member, octets, spelled
from privity_protocol import token, token_request
from privity_protocol.token import PublicKey
from privity_service.accounts.application import application as accounts_application
from privity_service.accounts.settings import AccountSettings
from privity_service.issuer.keys import IssuerKeys
from privity_service.issuer.settings import Issuance
from privity_service.ledger.application import Ledger
from privity_service.ledger.application import application as ledger_application
from privity_service.ledger.issuers import Issuers
from privity_service.ledger.nodes import Nodes
from privity_service.ledger.writer import Writer

WINDOW = 12
"""Bytes in a row that count as a common value: all that could link has 16 or more. Of 8, one byte of chance beside
seven of a protocol's words (`1http://`) would be taken for a link."""
CHALLENGE = token.challenge("accounts.example", "run.example")


class Witness(httpx.AsyncBaseTransport):
    """Writes down every byte that passes, but for the headers that the HTTP library gives to everybody."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.seen = b""
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        own = [value for name, value in request.headers.raw if name.lower() in {b"authorization", b"idempotency-key"}]
        heads = b" ".join(own) + b" "
        self.seen += str(request.url).encode() + b" " + heads + await request.aread()
        response = await self._inner.handle_async_request(request)
        await response.aread()
        self.seen += response.content
        return response


def dumped(path: Path) -> bytes:
    """Every cell of a database."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [one for (one,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
    return b"|".join(cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)


def spellings(data: bytes) -> list[bytes]:
    """The bytes as they are, and what any hexadecimal or base64url inside them spells."""
    found = [data]
    for text in data.replace(b'"', b" ").replace(b"|", b" ").replace(b",", b" ").decode("latin-1").split():
        for word in text.split(":"):
            with suppress(ValueError):
                found.append(bytes.fromhex(word))
            with suppress(AssertionError, UnicodeEncodeError):
                found.append(octets(word))
    return found


def windows(*parts: bytes) -> set[bytes]:
    return {one[at : at + WINDOW] for one in parts for at in range(len(one) - WINDOW + 1)}


async def drawn(member: Member, key: PublicKey, day: str) -> token.Token:
    pending, request = token_request.begin(key, CHALLENGE, token_bytes)
    body: Json = {"plan": "free", "day": day, "requests": [spelled(request)]}
    headers = {"idempotency-key": spelled(token_bytes(16))}
    answer = await member.send("POST", "/v1/tokens", json=body, headers=headers)
    return pending.finish(octets(answer.json()["signatures"][0]))


async def scenario(folder: Path) -> tuple[list[bytes], list[bytes], PublicKey]:
    """What was seen of each person's drawing, and of each token's spending; databases after each."""
    clock = LedgerClock()
    stand = stand_on(f"sqlite:///{folder}/accounts.db", settings=AccountSettings(issuance=Issuance()))
    stand.clock.now = clock.now
    stand.house.issuer = IssuerKeys(folder / "issuer", ("free",))
    stand.house.issuer.prepare(clock.now, most=1)
    day_key = stand.house.issuer.listed(clock.now)[0]
    key = PublicKey.decode(day_key.signing.public.spki)
    drawings, tokens = [], []
    for _ in range(2):
        witness = Witness(httpx.ASGITransport(app=accounts_application(stand.house)))
        async with httpx.AsyncClient(transport=witness, base_url=ORIGIN) as client:
            member = Member(client)
            await member.create()
            tokens.append(await drawn(member, key, day_key.date))
            drawings.append(witness.seen + dumped(folder / "accounts.db"))
    stand.house.database.close()
    return drawings, await spent(folder, clock, tokens, key, day_key.date), key


async def spent(folder: Path, clock: LedgerClock, tokens: list[token.Token], key: PublicKey, day: str) -> list[bytes]:
    """What a node saw of each token, and the ledger of both, some hours later."""
    clock.now += 25_000
    node = Node(nbf=clock.now - 600, exp=clock.now + 6600)
    engine = engine_on(f"sqlite:///{folder}/ledger.db")
    post(folder, node, nbf=clock.now - 600, exp=clock.now + 6600)
    writer, redemptions = Writer(engine, clock), []
    ledger = Ledger(Nodes(folder, DEPLOY), Issuers(folder), writer, clock)
    witness = Witness(httpx.ASGITransport(app=ledger_application(ledger)))
    digest = hashlib.sha256(CHALLENGE).digest()
    async with httpx.AsyncClient(transport=witness, base_url="http://ledger") as client:
        for one in tokens:
            read = token.verify(one.encode(), {key.key_id: key}, challenge_digest=digest)
            nullifier = token.nullifier(read)
            mark = token.request_mark(nullifier, token_bytes(16))
            call: Json = {
                "nullifier": nullifier.hex(),
                "request": mark.hex(),
                "holder": token_bytes(16).hex(),
                "day": day,
            }
            call |= {"time": clock.now}
            for op in ("reserve", "commit"):
                assert (await client.post("/v1/ledger", json=node.sent(call, op=op))).status_code == 200
            redemptions.append(one.encode() + witness.seen + dumped(folder / "ledger.db"))
    writer.close()
    engine.dispose()
    return redemptions


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], list[bytes], PublicKey]:
    return run(scenario(tmp_path_factory.mktemp("unlinkable")))


def shared_by_all(key: PublicKey) -> set[bytes]:
    """What says which key, to everybody alike."""
    spoken = [key.spki, key.key_id, CHALLENGE, hashlib.sha256(CHALLENGE).digest(), b'"day":"2026-11-25","']
    return windows(*spoken)


def test_drawing_and_spending_have_no_value_in_common(seen: tuple[list[bytes], list[bytes], PublicKey]) -> None:
    drawings, redemptions, key = seen
    before = windows(*spellings(b"".join(drawings)))
    after = windows(*spellings(b"".join(redemptions)))
    common = {one for one in (before & after) - shared_by_all(key) if not is_words(one) and DAY not in one}
    assert common == set()
    assert len(before) > 5000
    assert len(after) > 1000


DAY = str(LedgerClock().now // 86_400).encode()
"""Everybody's day: beside it in a dump stands whatever byte chance put there."""


def is_words(window: bytes) -> bool:
    """Text of protocols, such as a member's name, or hardly more than one byte again and again: no random value.

    So is text with a quotation mark: in a value there is none, beside one stands whatever character chance began with.
    """
    text = all(0x20 <= one < 0x7F for one in window)
    plain = not any(0x30 <= one <= 0x39 for one in window) or b'"' in window
    return len(set(window)) < 4 or (text and plain)


def test_the_comparison_finds_what_an_issuer_could_recognise(
    seen: tuple[list[bytes], list[bytes], PublicKey],
) -> None:
    """A client that sent its nonce while it drew would be found, in any spelling."""
    drawings, redemptions, _ = seen
    nonce = redemptions[0][2:34]
    for leak in (nonce, nonce.hex().encode(), spelled(nonce).encode()):
        before = windows(*spellings(drawings[0] + b" " + leak))
        assert before & windows(nonce) != set()
    assert windows(*spellings(b"".join(drawings))) & windows(nonce) == set()
