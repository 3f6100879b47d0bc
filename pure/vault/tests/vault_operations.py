"""The operations that the vault's vectors name."""

from collections.abc import Callable
from typing import Any

from privity_protocol.stored import keyring as stored_keyring
from privity_protocol.stored import page as stored_page
from privity_vault import box, errors, keyring, object, opener, page, passphrase, recovery
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


OPERATIONS: dict[str, Callable[[Input], Any]] = {
    one.__name__: one
    for one in (
        *(read_recovery, read_passphrase, stretch, stable, decode_record, open_record),
        *(decode_keyring, accept_next, accept_all, unlock),
        *(open_object, open_box, lane, import_id, check_body, decode_page, accept_pages),
    )
}
