"""Somebody with an account, as the service sees them: signs keyrings and pages, seals nothing.

What would be ciphertext is random bytes behind a true header: the service must not notice the difference.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from secrets import token_bytes
from typing import Any

import cbor2
import httpx
from authenticator import Authenticator
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.canonical import base64url_decode
from privity_protocol.canonical import base64url_encode as spelled
from privity_protocol.stored import access, keyring, page
from privity_protocol.stored.header import HEADER, OPENING
from privity_protocol.stored.keyring import Device, Keyring, ListedOpener
from privity_protocol.stored.page import Body, Entry, Op, Page

ORIGIN = "http://localhost:8080"
Json = dict[str, Any]


def octets(text: str) -> bytes:
    data = base64url_decode(text)
    assert data is not None
    return data


def body_of(size: int = 4164, generation: int = 1) -> bytes:
    """A sealed body, as far as anybody without a key can tell."""
    return OPENING + generation.to_bytes(4) + token_bytes(size - HEADER + 44)


def record_of(kind: int, sheet: tuple[bytes, bytes] | None = None, id_: bytes | None = None) -> bytes:
    """An opener's record."""
    parameters: Any = {2: list(sheet or ()), 4: [65536, 3, 1, token_bytes(16)]}.get(kind)
    credential = token_bytes(32) if kind == 1 else None
    members = [1, id_ or token_bytes(16), kind, parameters, credential, token_bytes(32), 1]
    return cbor2.dumps(dict(enumerate([*members, token_bytes(1168), token_bytes(32)], 1)), canonical=True)


def id_of(record: bytes) -> bytes:
    return bytes(cbor2.loads(record)[2])


def listed(records: Iterable[bytes]) -> tuple[ListedOpener, ...]:
    rows = [(cbor2.loads(one), hashlib.sha256(one).digest()) for one in records]
    return tuple(sorted((ListedOpener(row[2], row[3], hash_) for row, hash_ in rows), key=lambda one: one.id))


@dataclass
class DeviceKey:
    """A device's key, and where its own chain of pages is."""

    id: bytes = field(default_factory=lambda: token_bytes(16))
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    seq: int = 0
    last: bytes | None = None
    token: str = ""

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()


@dataclass
class Member:
    """An account's owner and the devices."""

    client: httpx.AsyncClient
    authenticator: Authenticator = field(default_factory=Authenticator)
    code: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    finder: bytes = field(default_factory=lambda: token_bytes(16))
    device: DeviceKey = field(default_factory=DeviceKey)
    account: bytes = b""
    ring: Keyring | None = None
    claim: Json = field(default_factory=dict)
    records: list[bytes] = field(default_factory=list)
    n: int = 0
    head: bytes = b""
    versions: dict[bytes, int] = field(default_factory=dict)
    last_finish: tuple[Json, Json] = field(default_factory=lambda: ({}, {}))

    @property
    def rings(self) -> Keyring:
        assert self.ring is not None
        return self.ring

    @property
    def sheet(self) -> tuple[bytes, bytes]:
        return self.finder, self.code.public_key().public_bytes_raw()

    async def send(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        """A request with the device's token, another, or none (an empty one)."""
        used = self.device.token if token is None else token
        headers = {"authorization": f"Bearer {used}"} if used else {}
        return await self.client.request(method, path, headers=headers | more.pop("headers", {}), **more)

    def claim_for(self, ring: Keyring, private: bytes, signer: DeviceKey, *, rises: bool = False) -> Json:
        """A keyring as it is posted."""
        public = keyring.encode(ring)
        self.ring = ring
        self.claim = {
            "public": spelled(public),
            "private": spelled(private),
            "mac": spelled(token_bytes(32)),
            "mac_before": spelled(token_bytes(32)) if rises else None,
            "signature": spelled(signer.key.sign(keyring.signed_bytes(public))),
        }
        return self.claim

    def first_ring(self, account: bytes) -> Json:
        """Revision 1, with a passkey and a recovery code."""
        private = body_of(580)
        self.account = account
        self.head = page.genesis(account)
        self.records = [record_of(1), record_of(2, self.sheet)]
        device = Device(self.device.id, self.device.public, None, id_of(self.records[0]))
        ring = Keyring(
            account=account,
            revision=1,
            epoch=1,
            previous=None,
            openers=listed(self.records),
            devices=(device,),
            day=20000,
            signer=self.device.id,
            private=hashlib.sha256(private).digest(),
        )
        return self.claim_for(ring, private, self.device)

    async def create(self, kind: str = "passkey", **begin: Any) -> httpx.Response:
        """Make the account; the answer to finish."""
        begun = await self.send("POST", "/v1/account/begin", token="", json={"kind": kind, **begin})
        if begun.status_code != 200:
            return begun
        answer = begun.json()
        claim = self.first_ring(octets(answer["account"]))
        if kind == "passkey":
            proof: Json = {"kind": kind, "credential": self.authenticator.create(answer["challenge"])}
        else:
            challenge = octets(answer["challenge"])
            message = access.recovery_bytes(origin=ORIGIN, finder=self.finder, challenge=challenge)
            sheet = [spelled(one) for one in (*self.sheet, self.code.sign(message))]
            proof = {"kind": kind, **dict(zip(("finder", "key", "signature"), sheet, strict=True))}
        sent = {
            "session": answer["session"],
            "proof": proof,
            "keyring": claim,
            "openers": [spelled(one) for one in self.records],
        }
        headers = {"idempotency-key": spelled(token_bytes(16))}
        self.last_finish = sent, headers
        made = await self.send("POST", "/v1/account/finish", token="", json=sent, headers=headers)
        if made.status_code == 201:
            self.device.token = made.json()["token"]
        return made

    async def sign_in(self, kind: str = "passkey", by: DeviceKey | None = None, **change: Any) -> httpx.Response:
        """Prove something; `change` spoils members of the proof."""
        begun = (await self.send("POST", "/v1/access/begin", token="", json={"kind": kind})).json()
        challenge, used = octets(begun["challenge"]), by or self.device
        if kind == "passkey":
            self.authenticator.counter += 1
            proof: Json = {"kind": kind, "credential": self.authenticator.get(begun["challenge"], self.account)}
        elif kind == "device":
            message = access.device_bytes(origin=ORIGIN, account=self.account, device=used.id, challenge=challenge)
            proof = {"kind": kind, "account": spelled(self.account), "device": spelled(used.id)}
            proof["signature"] = spelled(used.key.sign(message))
        else:
            message = access.recovery_bytes(origin=ORIGIN, finder=self.finder, challenge=challenge)
            proof = {"kind": kind, "finder": spelled(self.finder), "signature": spelled(self.code.sign(message))}
        sent = {"session": begun["session"], "proof": proof | change}
        return await self.send("POST", "/v1/access/finish", token="", json=sent)

    def next_ring(self, *, signer: DeviceKey | None = None, rises: bool = False, **change: Any) -> Json:
        """The next revision, with members changed."""
        before = self.rings
        epoch = before.epoch + rises
        private = body_of(580, epoch)
        ring = replace(
            before,
            revision=before.revision + 1,
            epoch=epoch,
            previous=keyring.digest(keyring.encode(before)),
            private=hashlib.sha256(private).digest(),
            signer=(signer or self.device).id,
            **change,
        )
        return self.claim_for(ring, private, signer or self.device, rises=rises)

    async def put_ring(self, claim: Json, *records: bytes, token: str | None = None) -> httpx.Response:
        """Post a keyring that follows the one before it."""
        headers = {"if-match": f'"{self.rings.revision - 1}"'}
        sent = {"keyring": claim, "openers": [spelled(one) for one in records]}
        return await self.send("PUT", "/v1/keyring", token=token, json=sent, headers=headers)

    def with_devices(self, *devices: DeviceKey) -> tuple[Device, ...]:
        """The keyring's devices and new ones."""
        by = self.rings.openers[0].id
        new = [Device(one.id, one.public, None, by) for one in devices]
        return tuple(sorted((*self.rings.devices, *new), key=lambda one: one.id))

    def page_of(self, *entries: Entry, by: DeviceKey | None = None, **change: Any) -> tuple[bytes, Json]:
        """The next page of a device, and what is posted of it."""
        used = by or self.device
        made = Page(
            account=self.account,
            n=self.n + 1,
            parent=self.head,
            device=used.id,
            device_seq=used.seq + 1,
            device_prev=used.last,
            keyring=keyring.digest(keyring.encode(self.rings)),
            day=20000,
            entries=entries,
        )
        data = page.encode(replace(made, **change))
        return data, {"page": spelled(data), "signature": spelled(used.key.sign(page.signed_bytes(data))), "bodies": []}

    async def post(
        self, *entries: Entry, bodies: Iterable[bytes] = (), by: DeviceKey | None = None, **change: Any
    ) -> httpx.Response:
        """Append a page with inline bodies."""
        used = by or self.device
        data, sent = self.page_of(*entries, by=used, **change)
        sent["bodies"] = [spelled(one) for one in bodies]
        answer = await self.send("POST", "/v1/pages", token=used.token, json=sent)
        if answer.status_code == 200:
            self.accepted(data, used)
        return answer

    def accepted(self, data: bytes, used: DeviceKey) -> None:
        """Go on from a page that was taken."""
        self.n, self.head = self.n + 1, page.head(data)
        used.seq, used.last = used.seq + 1, self.head
        self.versions |= {one.object: one.version for one in page.decode(data).entries}

    def entry(self, op: Op, object_: bytes, body: bytes | None = None) -> Entry:
        """The next version of an object."""
        named = None if body is None else Body(hashlib.sha256(body).digest(), len(body))
        lane = token_bytes(16) if op is Op.PUT else None
        return Entry(op, object_, self.versions.get(object_, 0) + 1, lane, named)

    async def write(self, op: Op, object_: bytes, body: bytes | None = None) -> httpx.Response:
        """A page with one entry."""
        return await self.post(self.entry(op, object_, body), bodies=() if body is None else (body,))

    async def box(self) -> bytes:
        """A new active box; its id. The page must be taken."""
        id_ = token_bytes(16)
        answer = await self.write(Op.BOX_ACTIVE, id_, body_of(580))
        assert answer.status_code == 200, answer.text
        return id_
