"""One account for the tests: keys, records, keyrings and pages that follow from names, the same in every run."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol import xwing
from privity_protocol.hpke import Encapsulate
from privity_protocol.stored import keyring as stored_keyring
from privity_protocol.stored import page as stored_page
from privity_protocol.stored.keyring import Device, Keyring, ListedOpener
from privity_protocol.stored.page import Body, Entry, Op
from privity_vault import keyring, opener, page, recovery
from privity_vault.keyring import Claim, Trusted
from privity_vault.opener import DeviceSecret, PrfOutput, Sheet
from privity_vault.page import Memory, SignedPage
from privity_vault.passphrase import Cost, Stretched
from privity_vault.secret import AccountKey

OWN = Path(__file__).resolve().parents[3] / "vectors"
KEPT = OWN / "vault-encapsulations.json"
"""X-Wing encapsulates with fresh randomness: what was used once is kept, so that the vectors can be repeated."""
_kept: dict[str, list[str]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
used: dict[str, list[str]] = {}
DAY = 20_782
"""2026-11-25."""


def draw(name: str, size: int = 32) -> bytes:
    """Bytes that follow from a name."""
    return sha256(name.encode()).digest()[:size]


def encapsulate(name: str) -> Encapsulate:
    """An encapsulation that is the same in every run."""

    def recorded(public_key: bytes) -> tuple[bytes, bytes]:
        key = f"{name} {sha256(public_key).hexdigest()[:16]}"
        if key not in _kept:
            _kept[key] = [one.hex() for one in xwing.encapsulate(public_key)]
        used[key] = _kept[key]
        ciphertext, secret = (bytes.fromhex(one) for one in _kept[key])
        return ciphertext, secret

    return recorded


ACCOUNT = draw("account", 16)
STRANGER = draw("another account", 16)
AK1, AK2 = AccountKey(draw("account key 1")), AccountKey(draw("account key 2"))
FOREIGN_KEY = AccountKey(draw("the service's own key"))
PASSKEY, OTHER_PASSKEY = PrfOutput(draw("prf")), PrfOutput(draw("another prf"))
LETTERS = recovery.make(draw("recovery", 20))
DEVICE_SECRET = DeviceSecret(draw("device secret"))
COST = Cost(64 * 1024, 3, draw("salt", 16))
STRETCHED = Stretched(draw("stretched"))
ACCESS = recovery.access(LETTERS)
SHEET = Sheet(
    ACCESS.finder,
    Ed25519PrivateKey.from_private_bytes(ACCESS.signing_seed.reveal()).public_key().public_bytes_raw(),
)
CREDENTIAL = draw("credential", 20)
PASSKEY_RECORD, PASSKEY_ABSENT = opener.make(
    PASSKEY,
    AK1,
    account=ACCOUNT,
    id_=draw("opener a", 16),
    epoch=1,
    parameters=None,
    credential=CREDENTIAL,
    encapsulate=encapsulate("passkey"),
)
RECOVERY_RECORD, _ = opener.make(
    LETTERS,
    AK1,
    account=ACCOUNT,
    id_=draw("opener b", 16),
    epoch=1,
    parameters=SHEET,
    credential=None,
    encapsulate=encapsulate("recovery"),
)
DEVICE_RECORD, _ = opener.make(
    DEVICE_SECRET,
    AK1,
    account=ACCOUNT,
    id_=draw("opener c", 16),
    epoch=1,
    parameters=None,
    credential=None,
    encapsulate=encapsulate("device"),
)
PASSPHRASE_RECORD, _ = opener.make(
    STRETCHED,
    AK1,
    account=ACCOUNT,
    id_=draw("opener d", 16),
    epoch=1,
    parameters=COST,
    credential=None,
    encapsulate=encapsulate("passphrase"),
)


class Signer:
    """A device: its id and key follow from its name."""

    def __init__(self, name: str) -> None:
        self.id = draw(f"device {name}", 16)
        self.private = Ed25519PrivateKey.from_private_bytes(draw(f"device key {name}"))
        self.key = self.private.public_key().public_bytes_raw()

    def listed(self, by: bytes = PASSKEY_RECORD.id, last_seq: int | None = None) -> Device:
        return Device(self.id, self.key, last_seq, by)


LAPTOP, PHONE, THIEF = Signer("laptop"), Signer("phone"), Signer("thief")


def listed(*records: opener.Record) -> tuple[ListedOpener, ...]:
    """Records as a keyring lists them."""
    rows = [ListedOpener(one.id, one.kind, opener.digest(one)) for one in records]
    return tuple(sorted(rows, key=lambda one: one.id))


def devices(*known: Device) -> tuple[Device, ...]:
    return tuple(sorted(known, key=lambda one: one.id))


RING1 = Keyring(
    account=ACCOUNT,
    revision=1,
    epoch=1,
    previous=None,
    openers=listed(PASSKEY_RECORD, RECOVERY_RECORD),
    devices=devices(LAPTOP.listed()),
    day=DAY,
    signer=LAPTOP.id,
    private=draw("private half 1"),
)
KEYS1 = {1: AK1}
KEYS2 = {1: AK1, 2: AK2}


def claim(ring: Keyring, signer: Signer = LAPTOP, keys: keyring.Keys = KEYS1, *, rises: bool = False) -> Claim:
    return keyring.write(ring, keys, signer.private, rises=rises)


def trusted(ring: Keyring) -> Trusted:
    return Trusted(ring, stored_keyring.digest(stored_keyring.encode(ring)))


def following(ring: Keyring, **changes: object) -> Keyring:
    """The next revision after `ring`, with these changes."""
    fixed = {"revision": ring.revision + 1, "previous": trusted(ring).hash}
    return replace(ring, **(fixed | changes))  # type: ignore[arg-type]


RING2 = following(RING1, devices=devices(LAPTOP.listed(), PHONE.listed(LAPTOP.id)))
RING3 = following(RING2, epoch=2, devices=devices(LAPTOP.listed(), PHONE.listed(LAPTOP.id, last_seq=2)), day=DAY + 1)
CLAIM1, CLAIM2 = claim(RING1), claim(RING2)
CLAIM3 = claim(RING3, keys=KEYS2, rises=True)


def put(name: str, version: int = 1, body: bytes | None = None) -> Entry:
    """An entry that writes the object of this name."""
    return Entry(Op.PUT, draw(name, 16), version, draw(f"lane {name}", 16), body_of(body or name.encode()))


def body_of(data: bytes) -> Body:
    return Body(sha256(data).digest(), 4096 + 68)


def gone(name: str, version: int, op: Op = Op.DELETE) -> Entry:
    return Entry(op, draw(name, 16), version, None, None)


def box(name: str, version: int = 1, op: Op = Op.BOX_ACTIVE) -> Entry:
    return Entry(op, draw(name, 16), version, None, body_of(name.encode()))


def memory(*rings: Keyring) -> Memory:
    """An empty log under these accepted keyrings."""
    made = Memory(page.start(ACCOUNT), trusted(rings[0]))
    for ring in rings:
        made.trust(trusted(ring))
    return made


def signed(made: stored_page.Page, signer: Signer) -> SignedPage:
    data = stored_page.encode(made)
    return SignedPage(data, signer.private.sign(stored_page.signed_bytes(data)))


def appended(log: Memory, signer: Signer, *entries: Entry) -> SignedPage:
    """Write a page and take it over."""
    made = page.write(log.view(), entries, device=signer.id, day=DAY, key=signer.private)
    log.apply(page.accept(log.view(), made))
    return made
