"""A fake AWS: a root, three issuers as Nitro has them, leaves of three hours, documents, and whole Nitro bundles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256, sha384
from typing import Final

from cryptography import x509
from privity_protocol import binding, cbor

from privity_attest.testing.bundle import NOW, PROTECTED, Items, same
from privity_attest.testing.node import Machine
from privity_attest.testing.root import Builder, Signer, issue, key_usage, make_root

INSTANCE: Final = "i-0123456789abcdef0"
MODULE: Final = f"{INSTANCE}-enc0123456789abcdef"
IMAGE: Final = tuple(sha384(f"register {index}".encode()).digest() for index in range(3))
HOUR: Final = 3600
Payload = dict[cbor.Key, cbor.Value]


@dataclass(frozen=True, slots=True)
class Chain:
    """The leaf and its issuers, the root first."""

    leaf: Signer
    issuers: tuple[Signer, ...]

    @property
    def root(self) -> Signer:
        """Return the root."""
        return self.issuers[0]

    def bundled(self) -> tuple[bytes, ...]:
        """Return the issuers' certificates as the document lists them."""
        return tuple(one.certificate for one in self.issuers)


def authority(path_length: int | None, *, certify: bool = True, ca: bool = True) -> Callable[[Builder], Builder]:
    """Return a function that adds what an issuer carries."""

    def extend(builder: Builder) -> Builder:
        constraints = x509.BasicConstraints(ca=ca, path_length=path_length if ca else None)
        usage = key_usage(sign_certificates=certify)
        return builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)

    return extend


def chain(
    *,
    root: Signer | None = None,
    middle: Callable[[Builder], Builder] | None = None,
    leaf: Callable[[Builder], Builder] | None = None,
    leaf_dates: tuple[int, int] = (NOW - 60, NOW + 3 * HOUR),
    middle_dates: tuple[int, int] = (NOW - 24 * HOUR, NOW + 24 * HOUR),
    leaf_issuer: Signer | None = None,
) -> Chain:
    """Return a chain of root, region, zone and instance above a leaf; the arguments make each part wrong."""
    top = root or make_root(31, now=NOW, name="aws.nitro-enclaves")
    region = _issued(top, 32, "region", authority(2), middle_dates)
    zone = _issued(region, 33, "zone", middle or authority(1), middle_dates)
    instance = _issued(zone, 34, "instance", authority(0), middle_dates)
    end = issue(
        leaf_issuer or instance, 35, not_before=leaf_dates[0], not_after=leaf_dates[1], name=MODULE, extend=leaf
    )
    return Chain(end, (top, region, zone, instance))


def _issued(
    issuer: Signer, seed: int, name: str, extend: Callable[[Builder], Builder], dates: tuple[int, int]
) -> Signer:
    return issue(issuer, seed, not_before=dates[0], not_after=dates[1], name=name, extend=extend)


@dataclass(frozen=True, slots=True)
class NitroMachine:
    """A fake Nitro enclave. `payload` changes the document before it is signed, `cose` the signed array."""

    chain: Chain
    payload: Callable[[Payload], Payload] = same
    cose: Callable[[list[cbor.Value]], cbor.Value] = same
    protected: bytes = PROTECTED
    values: Mapping[str, object] | None = None

    def machine(self) -> Machine:
        """Return what `node.build` needs."""
        values = {"pcrs": {str(index): [register.hex()] for index, register in enumerate(IMAGE)}}
        platform_id = sha256(INSTANCE.encode()).digest()
        return Machine("nitro", platform_id, dict(self.values or values), self._evidence, runtime_log=True)

    def _evidence(self, node_document: bytes, register: bytes) -> Items:
        payload = self.payload(document(self.chain, binding.report_data(node_document), register))
        return {"cpu": ("nitro-document", self.signed(cbor.encode(payload)))}

    def signed(self, payload: bytes) -> bytes:
        """Return the signed document of these bytes."""
        signature = self.chain.leaf.sign_raw(cbor.encode(["Signature1", self.protected, b"", payload]))
        return cbor.encode(self.cose([self.protected, {}, payload, signature]))


def document(chain: Chain, user_data: bytes, register: bytes) -> Payload:
    """Return the members of a document whose runtime register is `register`."""
    measured = dict(enumerate((*IMAGE, sha384(b"role").digest(), sha384(b"instance").digest())))
    registers: Payload = {**{index: measured.get(index, bytes(48)) for index in range(16)}, 16: register}
    return {
        "module_id": MODULE,
        "digest": "SHA384",
        "timestamp": NOW * 1000,
        "pcrs": registers,
        "certificate": chain.leaf.certificate,
        "cabundle": list(chain.bundled()),
        "public_key": None,
        "user_data": user_data,
        "nonce": None,
    }
