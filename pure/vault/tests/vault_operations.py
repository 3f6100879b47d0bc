"""The operations that the vault's vectors name."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import archive_operations
import history_operations
import vault_material as m
from privity_protocol.stored import keyring as stored_keyring
from privity_protocol.stored import page as stored_page
from privity_vault import (
    box,
    errors,
    keyring,
    object,
    opener,
    page,
    pairing,
    passphrase,
    private_half,
    recovery,
    repair,
    rotation,
    share,
)
from privity_vault.export import encrypted, listing, manifest
from privity_vault.export.listing import Listed
from privity_vault.keyring import Claim, Trusted
from privity_vault.opener import DeviceSecret, PrfOutput
from privity_vault.page import Memory, SignedPage
from privity_vault.passphrase import Cost, Stretched
from privity_vault.secret import AccountKey, Secret

Input = dict[str, Any]
MATERIALS = {1: PrfOutput, 2: recovery.RecoveryLetters, 3: DeviceSecret, 4: Stretched}
FAMILIES = {"object": object.OBJECT, "box": object.BOX, "keyring": object.KEYRING, "share": object.SHARE}


def read_recovery(given: Input) -> Any:
    letters = recovery.read(given["typed"])
    access = recovery.access(letters)
    return {
        "letters": letters.reveal().decode(),
        "written": recovery.written(letters),
        "finder": access.finder.hex(),
        "signing_seed": access.signing_seed.reveal().hex(),
    }


def read_passphrase(given: Input) -> Any:
    return passphrase.written(passphrase.read(given["typed"]))


def stretch(given: Input) -> Any:
    words = passphrase.read(given["typed"])
    return passphrase.stretch(words, Cost(given["memory"], given["passes"], given["salt"])).reveal().hex()


def stable(given: Input) -> Any:
    opener.stable(PrfOutput(given["first"]), PrfOutput(given["second"]))
    return {}


def decode_record(given: Input) -> Any:
    read = opener.decode(given["data"])
    assert opener.encode(read) == given["data"]
    return {"id": read.id.hex(), "kind": read.kind, "epoch": read.epoch, "hash": opener.digest(read).hex()}


def _candidate(given: Input) -> opener.Candidate:
    material = MATERIALS[given["kind"]](given["material"])
    return opener.open_record(opener.decode(given["record"]), material, account=given["account"])


def open_record(given: Input) -> Any:
    return {"account_key": _candidate(given).key.reveal().hex()}


def decode_keyring(given: Input) -> Any:
    with errors.reading("keyring.malformed"):
        read = stored_keyring.decode(given["data"])
    assert stored_keyring.encode(read) == given["data"]
    return {"revision": read.revision, "hash": stored_keyring.digest(given["data"]).hex()}


def _keys(given: Input) -> keyring.Keys:
    return {epoch: AccountKey(key) for epoch, key in given["keys"]}


def _trusted(data: bytes) -> Trusted:
    return Trusted(stored_keyring.decode(data), stored_keyring.digest(data))


def accept_next(given: Input) -> Any:
    found = keyring.accept_next(_trusted(given["trusted"]), Claim(*given["claims"][0]), _keys(given))
    return {"revision": found.keyring.revision, "epoch": found.keyring.epoch, "hash": found.hash.hex()}


def accept_all(given: Input) -> Any:
    found = keyring.accept_all([Claim(*one) for one in given["claims"]], given["account"], _keys(given))
    return {"revision": found.keyring.revision, "hash": found.hash.hex()}


def unlock(given: Input) -> Any:
    found = keyring.unlock(_candidate(given), [Claim(*one) for one in given["claims"]])
    return {"revision": found.trusted.keyring.revision}


def _place(given: Input) -> object.Place:
    return object.Place(given["account"], given["box"], given["object"], given["version"])


def open_object(given: Input) -> Any:
    family, generation = FAMILIES[given["family"]], given["generation"]
    key = Secret(given["key"])
    place, kind = _place(given), given["kind"]
    found = object.open_body(given["data"], family=family, kind=kind, place=place, key=key, generation=generation)
    return {"content": repr(found)}


def open_box(given: Input) -> Any:
    account, id_, version = given["account"], given["box"], given["version"]
    found = box.open_box(given["data"], _keys(given), account=account, id_=id_, version=version)
    return {"keys": [[generation, key.reveal().hex()] for generation, key in sorted(found.keys.items())]}


def lane(given: Input) -> Any:
    return box.lane(given["box"], box.LaneKey(given["key"]), given["object"]).hex()


def import_id(given: Input) -> Any:
    key = AccountKey(given["key"])
    return box.import_id(key, account=given["account"], source=given["source"], id_=given["id"]).hex()


def check_body(given: Input) -> Any:
    object.check(given["data"], hash_=given["hash"], size=given["size"])
    return {}


def fetch_body(given: Input) -> Any:
    known = page.Known(1, False, False, stored_page.Body(given["hash"], given["size"]))
    return len(page.check_body(known, given["body"]))


def seal_object(given: Input) -> Any:
    """A content of one byte string, as long as asked."""
    place, key = object.Place(bytes(16), bytes(16), bytes(16), 1), Secret(given["key"])
    body = object.seal({1: bytes(given["size"])}, kind=2, place=place, key=key, generation=1, nonce=bytes(12))
    return len(body)


def decode_page(given: Input) -> Any:
    with errors.reading("page.malformed"):
        read = stored_page.decode(given["data"])
    assert stored_page.encode(read) == given["data"]
    return {"n": read.n, "entries": len(read.entries), "head": stored_page.head(given["data"]).hex()}


def accept_pages(given: Input) -> Any:
    rings = [_trusted(data) for data in given["keyrings"]]
    log = Memory(page.start(given["account"]), rings[0])
    for ring in rings:
        log.trust(ring)
    for data, signature in given["pages"]:
        log.apply(page.accept(log.view(), SignedPage(data, signature)))
    if "n" in given:
        page.check_head(log.position, given["n"], given["head"])
        page.check_delivery(log.position, given["n"], given["head"])
    return {"n": log.position.n, "head": log.position.head.hex(), "fingerprint": page.fingerprint(log.position)}


def plan_repair(given: Input) -> Any:
    rings = [_trusted(data) for data in given["keyrings"]]
    log = Memory(page.start(given["account"]), rings[0])
    for ring in rings:
        log.trust(ring)
    ours, others = ([SignedPage(*one) for one in given[name]] for name in ("ours", "others"))
    fork = repair.compare(log, ours, others)
    plan = repair.plan(fork, keep_ours=given["keep"] == "ours", lane=box.LaneKey(given["key"]))
    steps = [[one.act.value, int(one.op), one.object.hex(), one.version] for one in plan.steps]
    doubled = sorted(one.hex() for one in fork.doubled)
    counts = {"common": fork.common.n, "n": plan.keep.position.n, "repost": len(plan.repost)}
    return counts | {"doubled": doubled, "steps": steps}


def rotation_left(given: Input) -> Any:
    """The keyring is revision 3; boxes are [name, epoch]."""
    ring = replace(m.RING2, revision=3, epoch=given["epoch"])
    past = {epoch: AccountKey(bytes(32)) for epoch in given["past"]}
    half = private_half.PrivateHalf({}, {}, past, box.LaneKey(bytes(32)))
    position = page.Position(ring.account, 9, bytes(32), given["pinned"])
    boxes = {history_operations.id_of(name): epoch for name, epoch in given["boxes"]}
    found = rotation.left(Trusted(ring, bytes(32)), half, position, boxes)
    return {"pin": found.pin, "boxes": history_operations.names_of(found.boxes), "drop": list(found.drop)}


def open_private_half(given: Input) -> Any:
    trusted = _trusted(given["trusted"])
    found = private_half.open_half(given["data"], trusted, AccountKey(given["key"]))
    labels = sorted(one.label for one in found.openers.values())
    past = [[epoch, key.reveal().hex()] for epoch, key in found.past.items()]
    return {"openers": labels, "devices": sorted(found.devices.values()), "past": past}


def read_pairing_code(given: Input) -> Any:
    """Read a typed code; written again it is one spelling."""
    channel = pairing.read_code(given["code"])
    return {"channel": channel.hex(), "code": pairing.write_code(channel)}


def read_pairing_link(given: Input) -> Any:
    link = pairing.read_link(given["link"])
    return {"origin": link.origin, "channel": link.channel.hex(), "card": link.card.hex()}


def decode_card(given: Input) -> Any:
    card = pairing.decode_card(given["data"])
    assert pairing.encode_card(card) == given["data"]
    return {"expiry": card.expiry}


def pair_existing(given: Input) -> Any:
    """The existing device: card, answer, reveal, then the digits that a person types."""
    link = None if given["link"] is None else pairing.read_link(given["link"])
    times = given["times"]
    replied = pairing.scanned(given["card"], link, now=times[0]).answer(
        nonce=given["answer_nonce"], account=given["account"], device_key=given["key"]
    )
    state: pairing.Comparing | pairing.Confirmed = replied.revealed(given["reveal"], now=times[1])
    for digits in given["typed"]:
        assert isinstance(state, pairing.Comparing)
        state = state.typed(digits, now=times[2])
    return {"answer": replied.raw.hex(), "state": type(state).__name__}


def pair_new(given: Input) -> Any:
    """The new device: its card, the answer to it, and what it is given."""
    secret = None if given["secret"] is None else pairing.LinkSecret(given["secret"])
    offered = pairing.offer(
        link_seed=given["link_seed"], device_key=given["key"], nonce=given["reveal"], secret=secret, now=given["now"]
    )
    answered = offered.answered(given["answer"])
    grant = answered.granted(given["grant"], origin=given["origin"])
    found = {"card": offered.card.hex()[-40:], "code": answered.code, "n": grant.n, "head": grant.head.hex()}
    return found | {"account_key": grant.key.reveal().hex()}


def read_share_link(given: Input) -> Any:
    link = share.read_link(given["link"])
    return {"id": link.id.hex(), "key": link.key.reveal().hex()}


def open_share(given: Input) -> Any:
    link = share.read_link(given["link"])
    found = share.open_share(given["share"], link, expiry=given["expiry"], now=given["now"])
    messages = [[one.role, one.text, one.time] for one in found.messages]
    return {"title": found.title, "messages": messages, "receipts": [one.hex() for one in found.receipts]}


def check_listing(given: Input) -> Any:
    return listing.check([Listed(*row) for row in given["entries"]] * given.get("times", 1))


def decode_manifest(given: Input) -> Any:
    read = manifest.decode(given["data"])
    assert manifest.encode(read) == given["data"]
    return {"time": read.time, "counts": dict(read.counts), "files": len(read.files)}


def check_export(given: Input) -> Any:
    read = manifest.decode(given["data"])
    for name, content in given["contents"]:
        manifest.check_file(read, name, content.encode())
    manifest.check_complete(read, frozenset(name for name, _ in given["contents"]))
    return {}


def decrypt_export(given: Input) -> Any:
    reader = encrypted.Reader(passphrase.read(given["typed"]))
    half = len(given["data"]) // 2
    opened = reader.feed(given["data"][:half]) + reader.feed(given["data"][half:]) + reader.finish()
    return {"size": len(opened), "hash": sha256(opened).hexdigest()}


def decrypt_parts(given: Input) -> Any:
    """An export is written here, and read again from parts of itself."""
    words = passphrase.read(given["typed"])
    writer = encrypted.Writer(words, Cost(passphrase.LEAST_MEMORY, passphrase.LEAST_PASSES, given["salt"]))
    whole = writer.header() + writer.feed(given["plain"]) + writer.finish()
    data = b"".join(whole[first:last] for first, last in given["parts"])
    return decrypt_export({"data": data, "typed": given["typed"]}) | {"file": sha256(whole).hexdigest()}


OPERATIONS: dict[str, Callable[[Input], Any]] = (
    {
        one.__name__: one
        for one in (
            *(read_recovery, read_passphrase, stretch, stable, decode_record, open_record),
            *(decode_keyring, accept_next, accept_all, unlock),
            *(open_object, open_box, lane, import_id, check_body, decode_page, accept_pages, fetch_body, seal_object),
            *(
                plan_repair,
                rotation_left,
                open_private_half,
                read_pairing_code,
                read_pairing_link,
                decode_card,
                pair_existing,
                pair_new,
                read_share_link,
                open_share,
            ),
            *(check_listing, decode_manifest, check_export, decrypt_export, decrypt_parts),
        )
    }
    | history_operations.OPERATIONS
    | archive_operations.OPERATIONS
)
