"""Draws tokens and claims blocks of them: flows that say what is asked of the service. Source: specs/wallet.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.token import MODULUS, NONCE, REQUEST, PublicKey, Token
from privity_protocol.token_request import Pending, begin
from privity_vault import wallet
from privity_vault.contents.schema import Kind
from privity_vault.contents.wallet import Wallet
from privity_vault.errors import VaultError

from privity_client.errors import ClientError
from privity_client.history import calls, edits, sync, wallets
from privity_client.history.access import Access
from privity_client.history.calls import Call, Flow, Reply, members, octets, text_of
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica
from privity_client.history.store_tokens import Drawing

DIGEST: Final = 32
KEY: Final = 16
_ITEM: Final = NONCE + DIGEST + MODULUS + REQUEST
_EPOCH: Final = date(1970, 1, 1)
FINAL: Final = frozenset(
    {"tokens.daily", "tokens.day", "tokens.malformed", "tokens.off", "plan.tokens", "request.key_reused"}
    | {"issuer_refused"}
)
"""After these repeating a request brings nothing."""


@dataclass(frozen=True, slots=True)
class Key:
    """What tokens are drawn under: the logged key of a plan and day, and the challenge that they answer."""

    plan: str
    day: int
    public: PublicKey
    challenge: bytes


def date_of(day: int) -> str:
    """`2026-11-25` of days since 1970-01-01."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def start(replica: Replica, key: Key, count: int) -> Drawing:
    """Blind so many requests, and keep what unblinds the answer. It is durable when this returns.

    Raises Malformed `key`.
    """
    made = [begin(key.public, key.challenge, replica.entropy) for _ in range(count)]
    items = [one.unsigned.nonce + one.unsigned.challenge + one.inverse.to_bytes(MODULUS) + sent for one, sent in made]
    id_ = replica.entropy(KEY)
    kept = Wallet(key.public.key_id, key.day, (key.public.spki, *items), ())
    drawing = Drawing(id_, key.plan, key.day, replica.seal(kept, box=replica.home, id_=id_, version=0))
    with replica.store.transaction():
        replica.store.tokens.add_drawing(drawing)
    return drawing


def finish(replica: Replica, way: Access, drawing: Drawing, *, shared: bool) -> Flow[int]:
    """Send a drawing's request, the same bytes each time, and write the wallet. Returns how many tokens it holds.

    The wallet counts once the log holds it: `publish`. Raises ServiceRefused, ClientError `issuer_refused`, Malformed.
    """
    try:
        kept = _opened(replica, drawing)
        sent = [text_of(item[-REQUEST:]) for item in kept.tokens[1:]]
        json = {"plan": drawing.plan, "day": date_of(drawing.day), "requests": sent}
        call = Call("POST", "/v1/tokens", json=json, headers={"idempotency-key": text_of(drawing.key)})
        tokens = signed(kept, (yield from way.send(call, 200)))
    except (ServiceRefused, ClientError, VaultError) as error:
        if error.reason in FINAL or error.reason.startswith("object."):
            with replica.store.transaction():
                replica.store.tokens.drop_drawing(drawing.key)
        raise
    made = wallet.drawn(kept.issuer, kept.day, tokens, replica.opened.device, replica.entropy(8), shared=shared)
    with replica.store.transaction():
        edits.put(replica, made, box=replica.home, id_=replica.entropy(edits.ID))
        replica.store.tokens.drop_drawing(drawing.key)
    return len(tokens)


def _opened(replica: Replica, drawing: Drawing) -> Wallet:
    kept = replica.open_body(drawing.body, box=replica.home, id_=drawing.key, version=0)
    if not isinstance(kept, Wallet) or any(len(one) != _ITEM for one in kept.tokens[1:]):
        raise VaultError("object.malformed", "a drawing under way")
    return kept


def signed(kept: Wallet, reply: Reply) -> tuple[bytes, ...]:
    """The tokens of an answer. Raises Malformed; ClientError `issuer_refused` when another key signed one of them."""
    key = PublicKey.decode(kept.tokens[0])
    (answers,) = members(calls.read(reply), "signatures")
    given = [octets(one, "signature", MODULUS, MODULUS) for one in canonical.entries(answers, "signatures", most=64)]
    if len(given) != len(kept.tokens) - 1:
        raise Malformed("member_value", "signatures: another number than was asked for")
    try:
        return tuple(_pending(item, key).finish(one).encode() for item, one in zip(kept.tokens[1:], given, strict=True))
    except NotAuthentic:
        raise ClientError("issuer_refused", "the key in the log did not sign what the service answered") from None


def _pending(item: bytes, key: PublicKey) -> Pending:
    nonce, digest = item[:NONCE], item[NONCE : NONCE + DIGEST]
    inverse = int.from_bytes(item[NONCE + DIGEST : NONCE + DIGEST + MODULUS])
    return Pending(key, Token(nonce, digest, key.key_id, b""), inverse)


def publish(replica: Replica, way: Access) -> Flow[None]:
    """Bring wallets that wait into the log, and nothing else that waits. Raises as `sync.push`."""
    yield from sync.push(replica, way, only=_waiting(replica))


def _waiting(replica: Replica) -> list[bytes]:
    rows = replica.store.waiting(box=replica.home)
    return [one.object for one in rows if one.kind == Kind.WALLET]


def claim(replica: Replica, way: Access, day: int) -> Flow[bool]:
    """Claim one more block of a day's tokens. Returns whether the log holds the claim; False when none is free.

    Another device that wrote first makes the claim begin anew on what it wrote. Raises as `sync.push`.
    """
    for _ in range(sync.TRIES):
        free = next(_free(replica, day), None)
        if free is None:
            return False
        id_, claimed = free
        edits.put(replica, claimed.wallet, box=replica.home, id_=id_)
        yield from publish(replica, way)
        found = wallets.held(replica).get(id_)
        if found is not None and (claimed.block, replica.opened.device) in found.claims:
            return True
    return False


def _free(replica: Replica, day: int) -> Iterator[tuple[bytes, wallet.Claimed]]:
    for id_, one in wallets.of_day(wallets.held(replica), day).items():
        claimed = wallet.claim(one, replica.opened.device, replica.entropy(8))
        if claimed is not None:
            yield id_, claimed
