"""Tokens for whoever has no account: drawn when a request needs them, in memory only. Source: specs/wallet.md."""

from collections.abc import Callable
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import NotAuthentic
from privity_protocol.token import MODULUS
from privity_protocol.token_request import begin

from privity_client.choice import Entropy
from privity_client.errors import ClientError
from privity_client.history import calls
from privity_client.history.calls import Call, Flow, expect, members, octets, text_of
from privity_client.history.drawing import Key, date_of
from privity_client.history.http import Service
from privity_client.history.reasons import ServiceRefused
from privity_client.wallet.purse import DAY_S, RID, IssuerLog, gone

PLAN: Final = "free"
BATCH: Final = 5
_HINT: Final = "Guests of one network share a few a day; an account has its own: `privity account create`."


class GuestPurse:
    """One process's guest."""

    def __init__(
        self, service: Service, trust: IssuerLog, challenge: bytes, *, clock: Callable[[], int], entropy: Entropy
    ) -> None:
        self._service = service
        self._trust = trust
        self._challenge = challenge
        self._clock = clock
        self._entropy = entropy
        self._given: dict[bytes, tuple[bytes, ...]] = {}

    async def request_id(self) -> bytes:
        """A fresh one: a guest's requests are not remembered."""
        return self._entropy(RID)

    async def pay(self, rid: bytes, count: int) -> tuple[bytes, ...]:
        """Draw what this request costs."""
        held = self._given.get(rid, ())
        now = self._clock()
        try:
            while len(held) < count:
                key = await self._key(now)
                held += await self._service.run(draw(key, min(BATCH, count - len(held)), self._entropy))
                self._given[rid] = held
        except ServiceRefused as error:
            if error.reason in ("tokens.daily", "tokens.off"):
                raise gone(now, _HINT) from error
            raise
        return held[:count]

    async def refused(self, rid: bytes) -> None:
        """The next tokens of this request are others."""
        self._given.pop(rid, None)

    async def ended(self, rid: bytes) -> None:
        """Its tokens are spent."""
        self._given.pop(rid, None)

    async def _key(self, now: int) -> Key:
        day = now // DAY_S
        public = await self._trust.issuer_key(PLAN, date_of(day), now=now)
        return Key(PLAN, day, public, self._challenge)


def draw(key: Key, count: int, entropy: Entropy) -> Flow[tuple[bytes, ...]]:
    """Draw so many tokens without an account. Raises ServiceRefused, ClientError `issuer_refused`, Malformed."""
    made = [begin(key.public, key.challenge, entropy) for _ in range(count)]
    json = {"day": date_of(key.day), "requests": [text_of(sent) for _, sent in made]}
    reply = expect((yield Call("POST", "/v1/tokens/guest", json=json)), 200)
    (answers,) = members(calls.read(reply), "signatures")
    given = [octets(one, "signature", MODULUS, MODULUS) for one in canonical.entries(answers, "signatures", most=count)]
    try:
        return tuple(pending.finish(one).encode() for (pending, _), one in zip(made, given, strict=True))
    except (NotAuthentic, ValueError):
        raise ClientError("issuer_refused", "the key in the log did not sign what the service answered") from None
