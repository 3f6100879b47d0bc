"""Share links: the snapshot of one branch, sealed under a key that only the link holds. Source: specs/share.md.

The link is kept in the account before the body leaves, so that nothing is out there that its owner cannot take back.
"""

from dataclasses import dataclass

from privity_protocol.errors import Malformed
from privity_protocol.stored.header import LEAST_BODY, MAX_BODY
from privity_protocol.stored.members import COUNT
from privity_vault import share
from privity_vault.clock import tick
from privity_vault.contents.chat import Node, Role
from privity_vault.contents.home import Share
from privity_vault.contents.schema import Field, Kind
from privity_vault.errors import VaultError
from privity_vault.share import ROLES, Message, ShareKey, ShareLink, Snapshot

from privity_client.errors import ClientError
from privity_client.history import calls, edits, reading
from privity_client.history.access import Access
from privity_client.history.calls import Call, Flow
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica

NONCE = 12
ID = 16
_SHOWN = {Role.USER: ROLES[0], Role.ASSISTANT: ROLES[1]}


@dataclass(frozen=True, slots=True, repr=False)
class Shared:
    """A link that was handed out: its object in the account, its content, and the link's text."""

    object: bytes
    content: Share
    link: str


def snapshot(replica: Replica, chat: bytes) -> Snapshot:
    """Return the branch of a chat that is shown: questions and answers, as text alone.

    Raises ClientError `chat_unknown`, `nothing_to_send` when there is nothing to show.
    """
    saved = reading.chat(replica, chat)
    nodes = [saved.nodes[id_] for id_ in saved.shown]
    messages = tuple(_message(node) for node in nodes if node.role in _SHOWN and reading.text_of(node))
    if not messages:
        raise ClientError("nothing_to_send")
    return Snapshot(saved.title, messages, ())


def _message(node: Node) -> Message:
    return Message(_SHOWN[node.role], reading.text_of(node), node.time // 1000)


def create(replica: Replica, access: Access, chat: bytes, *, origin: str, lifetime: int) -> Flow[Shared]:
    """Share a chat for `lifetime` seconds. Raises ClientError, VaultError, ServiceRefused `share.*`, `plan.bytes`."""
    link = ShareLink(replica.entropy(ID), ShareKey(replica.entropy(ShareKey.SIZE)))
    shown = snapshot(replica, chat)
    now = replica.now() // 1000
    body, expiry = share.seal(shown, link, now=now, lifetime=lifetime, nonce=replica.entropy(NONCE))
    object_ = replica.entropy(ID)
    with replica.store.transaction():
        clock, stamp = tick(replica.clock(), replica.now())
        replica.set_clock(clock)
        content = Share(link.id, link.key, chat, expiry, Field(False, stamp))
        edits.put(replica, content, box=replica.home, id_=object_)
    json = {"id": calls.text_of(link.id), "expiry": expiry, "body": calls.text_of(body)}
    once = {"idempotency-key": calls.text_of(replica.entropy(ID))}
    try:
        yield from access.send(Call("POST", "/v1/shares", json=json, headers=once), 201)
    except ServiceRefused:
        # What the service refused is no link: nothing of it stays in the account.
        edits.delete_ids(replica, [object_])
        raise
    return Shared(object_, content, share.write_link(origin, link))


def listed(replica: Replica, *, origin: str) -> list[Shared]:
    """Return the links of this account that are neither revoked nor over, the newest last."""
    found = [
        Shared(id_, one, share.write_link(origin, ShareLink(one.share, one.key)))
        for id_, one in replica.contents(replica.home, Kind.SHARE).items()
        if isinstance(one, Share) and not one.revoked.value and one.expiry * 1000 > replica.now()
    ]
    return sorted(found, key=lambda one: (one.content.expiry, one.object))


def revoke(replica: Replica, access: Access, shared: Shared) -> Flow[None]:
    """Take a link back: the service's body first, then the account's own note. Raises ServiceRefused."""
    try:
        yield from access.send(Call("DELETE", f"/v1/shares/{calls.text_of(shared.content.share)}"), 204)
    except ServiceRefused as refused:
        if refused.reason != "share.unknown":
            raise
    edits.change(replica, shared.object, replica.home, shared.content, revoked=True)


def fetch(text: str, *, now: int) -> Flow[Snapshot]:
    """Return what a link shows; `now` in Unix seconds. No account is needed, and the key is never sent.

    Raises VaultError `share.*`, ServiceRefused `share.unknown`, Malformed.
    """
    link = share.read_link(text)
    reply = yield Call("GET", f"/v1/shares/{calls.text_of(link.id)}")
    expiry, body = calls.members(calls.read(calls.expect(reply, 200)), "expiry", "body")
    if not isinstance(expiry, int) or isinstance(expiry, bool) or not 0 < expiry <= COUNT:
        raise Malformed("member_type", "expiry")
    return share.open_share(calls.octets(body, "body", MAX_BODY, LEAST_BODY), link, expiry=expiry, now=now)


def named(replica: Replica, text: str, *, origin: str) -> Shared:
    """Return a link by the beginning of its id or by itself. Raises ClientError `chat_unknown`."""
    try:
        wanted = share.read_link(text).id.hex()
    except VaultError:
        wanted = text.lower()
    found = [one for one in listed(replica, origin=origin) if wanted and one.content.share.hex().startswith(wanted)]
    if len(found) != 1:
        raise ClientError("chat_unknown", "no such link, or several")
    return found[0]
