"""An attack on TDX or SGX as data: one change to a fake Intel platform, and the helpers that make such changes."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from hashlib import sha256, sha384
from typing import Any

from cryptography import x509
from privity_attest.memory import Memory
from privity_attest.policy import Policy
from privity_attest.result import Record
from privity_attest.testing.bundle import NOW
from privity_attest.testing.intel import ATTESTATION, AUTHENTICATION, Intel, boot_event
from privity_attest.testing.intel_pki import ISSUER, ROOT, Pki, public_bytes
from privity_attest.testing.node import EVERYTHING_PROVED, Built, NodeHooks, build, policy_of
from vendor_appraisal import record_of

Document = dict[str, Any]
TDX, SGX = Intel(), Intel("sgx", 3)
WIDE = Intel(version=5, wide=True)
PKI = Pki()
ROOT_PIN, ISSUER_PIN = PKI.make(ROOT).pin, PKI.make(ISSUER).pin
AUTHORITY = f"dcap/{ROOT_PIN.hex()}"


@dataclass(frozen=True)
class Attack:
    """What is changed and every reason that follows, in order; none when it changes nothing that matters."""

    reasons: tuple[str, ...]
    intel: Intel = field(default_factory=Intel)
    policy: Mapping[str, object] = field(default_factory=dict)
    hooks: NodeHooks = field(default_factory=NodeHooks)
    now: int = NOW
    memory: Memory = field(default_factory=Memory)

    def built(self) -> Built:
        """The bundle."""
        return build(self.intel.machine(), self.hooks)

    def record(self) -> Record:
        """The record of the bundle."""
        policy = policy_for(self.intel, self.policy)
        return record_of(self.built().data, policy=policy, logged=EVERYTHING_PROVED, now=self.now, memory=self.memory)

    def found(self) -> tuple[str, ...]:
        """The failures, but for those of a policy that is looser than the client's floor: that is tested elsewhere."""
        return tuple(one for one in self.record().reasons if not one.startswith("policy_below_floor"))


def policy_for(intel: Intel, changes: Mapping[str, object]) -> Policy:
    """The default policy for this platform under the fake root, but for `changes`."""
    platform = sha256(intel.pki.platform.ppid).digest()
    return policy_of(intel.tee, ROOT_PIN, platform, {"kinds": ["tdx", "sgx"], **changes})


def pki(of: Intel = TDX, **changes: Any) -> Intel:
    """A platform of an Intel whose certificates or lists differ."""
    return replace(of, pki=replace(PKI, **changes))


def platform(of: Intel = TDX, **changes: Any) -> Intel:
    """A platform whose certificate says something else; the documents are about the usual one."""
    honest = of.members()
    documents = ("tcb_info", "tcb_info_signature")
    keep = {name: honest[name] for name in documents}
    return replace(of, pki=PKI.with_platform(**changes), collateral=lambda members: {**members, **keep})


def body(of: Intel = TDX, **fields: bytes) -> Intel:
    """A domain or enclave with other fields, properly signed."""
    return replace(of, body=fields)


def qe(of: Intel = TDX, **fields: bytes) -> Intel:
    """Another quoting enclave, properly signed."""
    return replace(of, qe=fields)


def changed(name: str, change: Callable[[Document], object], of: Intel = TDX) -> Intel:
    """Another signed document: `change` works on a copy, or returns another value."""

    def changing(document: Document) -> Any:
        copy = deepcopy(document)
        returned = change(copy)
        return copy if returned is None else returned

    return replace(of, **{name: changing})


def tcb(change: Callable[[Document], object], of: Intel = TDX) -> Intel:
    return changed("tcb_info", change, of)


def identity(change: Callable[[Document], object], of: Intel = TDX) -> Intel:
    return changed("qe_identity", change, of)


def members(of: Intel = TDX, **values: object) -> Intel:
    """Collateral of which members were replaced after everything was signed."""
    return replace(of, collateral=lambda found: {**found, **values})


def flipped(name: str, at: int = -1, of: Intel = TDX) -> Intel:
    """Collateral of which one bit of a member was changed."""

    def flip(found: Document) -> Document:
        value = found[name]
        data = bytearray(value.encode() if isinstance(value, str) else value)
        data[at] ^= 1
        return {**found, name: data.decode("latin-1") if isinstance(value, str) else bytes(data)}

    return replace(of, collateral=flip)


def quoted(change: Callable[[bytearray], object], of: Intel = TDX) -> Intel:
    """A quote that was changed after it was signed."""

    def changing(data: bytes) -> bytes:
        copy = bytearray(data)
        returned = change(copy)
        return bytes(copy) if returned is None else bytes(returned)  # type: ignore[call-overload]

    return replace(of, quote=changing)


def flip(at: int) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        data[at] ^= 1

    return change


def without(label: str) -> NodeHooks:
    return NodeHooks(items=lambda items: {name: one for name, one in items.items() if name != label})


def item(label: str, data: bytes, media_type: str | None = None) -> NodeHooks:
    return NodeHooks(items=lambda items: {**items, label: (media_type or items[label][0], data)})


def svn(*first: int) -> bytes:
    """A TEE_TCB_SVN."""
    return bytes(first) + bytes(16 - len(first))


def level(document: Document, index: int = 0, **values: object) -> None:
    document["tcbLevels"][index] |= values


def module(document: Document, index: int = 0, **values: object) -> None:
    document["tdxModuleIdentities"][0]["tcbLevels"][index] |= values


def constraints(*, ca: bool, length: int | None) -> Callable[[x509.CertificateBuilder], x509.CertificateBuilder]:
    return lambda builder: builder.add_extension(x509.BasicConstraints(ca=ca, path_length=length), critical=True)


def bits(*found: int) -> bytes:
    """Eight bytes with these bits."""
    return sum(1 << bit for bit in found).to_bytes(8, "little")


def turned(pem: bytes) -> bytes:
    """The chain with its first two certificates exchanged."""
    end = b"-----END CERTIFICATE-----\n"
    first, second, third, _ = pem.split(end)
    return end.join((second, first, third, b""))


def spare(pem: bytes) -> bytes:
    """The chain with another spelling of the same bytes: base64 whose spare bits are set."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = pem.index(b"=") - 1
    return pem[:at] + alphabet[alphabet.index(pem[at]) + 1 :][:1] + pem[at + 1 :]


def with_event(log: bytes, register: int, kind: int = 0x80000007) -> bytes:
    """A boot log with one event more."""
    return log[:-16] + boot_event(register, kind, sha384(b"x").digest(), b"x") + log[-16:]


def without_last(log: bytes) -> bytes:
    """A boot log without its last event."""
    return log[: log.rindex(bytes([3, 0, 0, 0, 13, 0, 0, 0]))] + log[-16:]


VOUCHED = sha256(public_bytes(ATTESTATION) + AUTHENTICATION).digest()
