"""What the service lost: a device names it in its view, and another one that has it gives it back.

Source: specs/history.md, section "Views".
"""

from privity_protocol.errors import Malformed
from privity_vault import page
from privity_vault.contents.proof import MAX_MISSING, View
from privity_vault.errors import VaultError

from privity_client.history import checking, edits
from privity_client.history.access import Access
from privity_client.history.calls import Call, Flow, text_of
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica

LOST = frozenset({"object.missing", "object.swapped"})


def ask(replica: Replica, access: Access) -> Flow[tuple[int, int]]:
    """Ask the service once more, and the other devices for what is still missing. Raises ServiceRefused, VaultError.

    Returns how many objects are whole now, and how many are asked for.
    """
    healed = yield from checking.again(replica, access)
    missing = tuple(one.id for one in replica.store.troubled() if one.trouble in LOST)[:MAX_MISSING]
    before = own_view(replica)
    if missing != (() if before is None else before.missing.value):
        edits.put_view(replica, missing=missing)
    return healed, len(missing)


def own_view(replica: Replica) -> View | None:
    """This device's view, None before it wrote one."""
    own = replica.opened.device
    return next((one for one in edits.views(replica) if one.device == own), None)


def give_back(replica: Replica, access: Access) -> Flow[int]:
    """Give the service what other devices miss and this one has. Returns how many it took. Raises ServiceRefused."""
    looked = _looked(replica)
    due = [
        one
        for one in edits.views(replica)
        if one.device != replica.opened.device and looked.get(one.device.hex(), -1) < one.missing.stamp.millis
    ]
    given = 0
    for id_ in (id_ for one in due for id_ in one.missing.value):
        given += yield from _give(replica, access, id_)
    if due:
        marks = looked | {one.device.hex(): one.missing.stamp.millis for one in due}
        with replica.store.transaction():
            replica.store.set("looked", " ".join(f"{device}={at}" for device, at in sorted(marks.items())).encode())
    return given


def _give(replica: Replica, access: Access, id_: bytes) -> Flow[int]:
    known = replica.store.known(id_)
    if known is None or known.body is None:
        return 0
    try:
        body = page.check_body(known, replica.store.body(known.body.hash))
        yield from access.send(Call("PUT", f"/v1/objects/{text_of(id_)}/body", octets=body), 200, 201)
    except (VaultError, ServiceRefused, Malformed):
        return 0  # Not here, or another version by now: another device may have better.
    return 1


def _looked(replica: Replica) -> dict[str, int]:
    """When each device said last what it misses, as far as that was looked at."""
    marks = (replica.store.get("looked") or b"").decode().split()
    return {device: int(at) for device, _, at in (one.partition("=") for one in marks)}
