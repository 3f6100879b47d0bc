"""`privity verify-history`: this device's copy from the first page on, and what the service says of it now.

Explicit repair after a reason of the log is here as well. Source: specs/page.md, specs/repair.md.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from privity_protocol.errors import Malformed
from privity_protocol.stored import page as stored
from privity_protocol.stored.page import Op
from privity_vault import keyring, page, repair
from privity_vault.contents.schema import Content
from privity_vault.errors import VaultError
from privity_vault.page import Memory, SignedPage
from privity_vault.repair import Act, Fork, Plan, Step

from privity_client.history import answers, edits, intake, reconcile, sync
from privity_client.history.access import Access
from privity_client.history.answers import Delivery
from privity_client.history.calls import Call, Flow
from privity_client.history.replica import Replica

MAX_ROUNDS = 100_000


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified: pages, devices that signed them, objects whose bodies hold, and those that do not."""

    pages: int
    fingerprint: str
    revisions: int
    devices: int
    objects: int
    troubled: dict[str, int]


def local(replica: Replica, progress: Callable[[int], None] | None = None) -> Report:
    """Verify everything on this disk anew: keyrings, pages, bodies. Raises VaultError."""
    found = replica.opened
    claims = [claim for _, claim in replica.store.claims()]
    trusted = keyring.accept_all(claims, found.account, found.keys)
    log = Memory(page.start(found.account), trusted, dict(found.rings))
    for signed in replica.store.pages():
        log.apply(page.accept(log.view(), signed))
        if progress is not None:
            progress(log.position.n)
    if log.position != replica.position:
        raise VaultError("log.forked", "the pages on this disk do not lead to the position that it remembers")
    troubled: dict[str, int] = {}
    whole = 0
    for id_, known in log.objects.items():
        reason = _trouble(replica, id_, known)
        troubled |= {} if reason is None else {reason: troubled.get(reason, 0) + 1}
        whole += reason is None and not known.deleted
    digits = page.fingerprint(log.position)
    return Report(log.position.n, digits, len(claims), len(log.chains), whole, troubled)


def _trouble(replica: Replica, id_: bytes, known: page.Known) -> str | None:
    item = replica.store.item(id_)
    if known.deleted:
        return None
    if item is None or (item.version, item.body) != (known.version, known.body):
        return "log.version"
    holder = replica.store.item(item.box)
    if holder is not None and holder.deleted:
        return None
    try:
        data = page.check_body(known, None if known.body is None else replica.store.body(known.body.hash))
        if item.op is Op.PUT:
            replica.open_body(data, box=item.box, id_=id_, version=item.version)
    except (VaultError, Malformed) as error:
        return error.reason
    return None


def again(replica: Replica, way: Access) -> Flow[int]:
    """Ask for what could not be read once more. Returns how many objects are whole now. Raises VaultError."""
    lost = [one for one in replica.store.troubled() if one.body is not None]
    got = yield from sync.fetch(way, [one.body.hash for one in lost if one.body is not None])
    healed = 0
    with replica.store.transaction():
        for item in sorted(lost, key=lambda one: one.op is Op.PUT):
            body = got.get(item.body.hash) if item.body is not None else None
            healed += intake.heal(replica, item, body)
    return healed


def settle(replica: Replica, way: Access) -> Flow[None]:
    """Writing goes on if the service now continues what this device accepted. Raises VaultError with what is wrong."""
    yield from sync.refresh_keyring(replica, way)
    yield from sync.pull(replica, way)
    with replica.store.transaction():
        replica.store.set("stopped", None)


def compare(replica: Replica, way: Access) -> Flow[Fork]:
    """Read the service's whole log and say where it parts from this device's. Raises VaultError: one is no branch."""
    theirs: list[SignedPage] = []
    for _ in range(MAX_ROUNDS):
        call = Call("GET", f"/v1/pages?after={len(theirs)}&limit=500")
        delivery: Delivery = answers.delivery((yield from way.send(call, 200)))
        theirs += delivery.pages
        if not delivery.pages or len(theirs) >= delivery.n:
            break
    log = Memory(page.start(replica.opened.account), replica.opened.trusted, dict(replica.opened.rings))
    return repair.compare(log, list(replica.store.pages()), theirs)


def choices(replica: Replica, fork: Fork) -> tuple[str, ...]:
    """Which branches a person may go on with; none where the service now continues what is here.

    "ours" where the service only lost its end, and all bodies that it would have to be given again are still here.
    """
    if not fork.ours.pages:
        return ()
    named = (one.body for signed in fork.ours.pages for one in stored.decode(signed.data).entries)
    whole = all(replica.store.body(one.hash) is not None for one in named if one is not None)
    return ("ours", "theirs") if whole and not fork.theirs.pages else ("theirs",)


def mend(replica: Replica, way: Access, fork: Fork, *, keep_ours: bool) -> Flow[Plan]:
    """Go on with one branch and append what it lacks of the other. Raises VaultError, ServiceRefused.

    Ours can only be kept when the service lost its end: our pages are posted again as they are.
    """
    plan = repair.plan(fork, keep_ours=keep_ours, lane=replica.opened.half.lane)
    if plan.repost:
        for signed in plan.repost:
            yield from sync.repost(replica, way, signed)
        with replica.store.transaction():
            replica.store.set("stopped", None)
        return plan
    if keep_ours:
        raise VaultError("log.forked", "the service goes on with other pages; only its branch can be continued")
    left = {step.object: _held(replica, step.object) for step in plan.steps}
    ours = {step.object: replica.box(step.object) for step in plan.steps if _is_box(step.op)}
    # One transaction over the whole of it, the network included: what is left of our branch exists nowhere else.
    with replica.store.transaction():
        replica.store.forget_log()
        replica.forget_boxes()
        yield from sync.pull(replica, way)
        replica.store.set("stopped", None)
        for step in plan.steps:
            if _is_box(step.op):
                edits.put_box(replica, ours[step.object], step.op)
            elif step.act in (Act.AGAIN, Act.SEAL):
                _append(replica, step.object, left[step.object])
            elif step.act is Act.DELETE:
                _delete(replica, step, fork, known=left.keys())
            elif step.act is Act.MERGE:
                reconcile.merge_in(replica, step.object, left[step.object])
            else:
                reconcile.offer_content(replica, left[step.object])
    return plan


def _delete(replica: Replica, step: Step, fork: Fork, *, known: Collection[bytes]) -> None:
    """Delete what our branch deleted, after texts that were written on the kept one since the fork were offered."""
    here = [one.id for one in replica.store.items(box=step.object)] if step.op is Op.DELETE_BOX else []
    going = [id_ for id_ in (step.object, *here) if id_ == step.object or id_ not in known]
    for id_ in going:
        if id_ in fork.theirs.known and not fork.theirs.known[id_].deleted:
            reconcile.offer_content(replica, _held(replica, id_))
    edits.delete_ids(replica, going)


def _append(replica: Replica, id_: bytes, held: tuple[bytes, Content] | None) -> None:
    if held is not None:
        edits.put(replica, held[1], box=held[0], id_=id_)


def _is_box(op: Op) -> bool:
    return op in (Op.BOX_ACTIVE, Op.BOX_ARCHIVED)


def _held(replica: Replica, id_: bytes) -> tuple[bytes, Content] | None:
    """The content that our branch has of an object, with its box; what does not open is left."""
    item = replica.store.item(id_)
    if item is None or item.body is None or item.op is not Op.PUT:
        return None
    try:
        data = replica.bytes_of(item)
        return item.box, replica.open_body(data, box=item.box, id_=id_, version=item.version)
    except (VaultError, Malformed):
        return None
