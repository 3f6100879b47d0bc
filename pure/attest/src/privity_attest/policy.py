"""The appraisal policy: what a client accepts. Source: specs/policy.md.

One canonical JSON document, closed: every field is required, unknown fields are refused, `{"unchecked": "reason"}` may
stand for a field only where the specification allows it.
"""

# ruff: noqa: RUF009 - required() and may_be_unchecked() return dataclass fields: the schema is the class

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from privity_protocol import canonical
from privity_protocol.binding import NAME
from privity_protocol.errors import Malformed

from privity_attest import platforms
from privity_attest.defaults import default_document, floor_document
from privity_attest.errors import PolicyMalformed
from privity_attest.roots.pins import BUILT_IN, built_in
from privity_attest.schema import (
    Unchecked,
    boolean,
    built_in_or,
    digest,
    elliptic_key,
    from_release_or,
    integer,
    list_of,
    may_be_unchecked,
    one_of,
    read_members,
    required,
    section,
    text,
)
from privity_attest.strictness import looser

FORMAT: Final = "privity-policy/1"
MAX_POLICY: Final = 64 * 1024  # bytes
MAX_LIFETIME: Final = 90 * 86_400  # seconds from issue to expiry
_KINDS = ("tdx", "sgx", "sev_snp", "nitro", "psa", "cca")
_DIGESTS = list_of(digest(32))
_KEYS = list_of(elliptic_key, most=64)


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """SHA-256 of the SubjectPublicKeyInfo of each accepted root, by kind; for psa and cca the accepted keys themselves.

    A vendor's roots are normally "built_in". Others are accepted only beside `allow_simulated`, for tests. Arm tokens
    bring no certificate: the policy carries each SubjectPublicKeyInfo (DER) whole, on P-256 or P-384.
    """

    tdx: str | tuple[bytes, ...] = required(built_in_or(_DIGESTS))
    sgx: str | tuple[bytes, ...] = required(built_in_or(_DIGESTS))
    sev_snp: str | tuple[bytes, ...] = required(built_in_or(_DIGESTS))
    nitro: str | tuple[bytes, ...] = required(built_in_or(_DIGESTS))
    nvidia: str | tuple[bytes, ...] = required(built_in_or(_DIGESTS))
    psa: tuple[bytes, ...] = required(_KEYS)
    cca: tuple[bytes, ...] = required(_KEYS)
    simulated: tuple[bytes, ...] = required(_DIGESTS)

    def of(self, kind: str) -> frozenset[bytes]:
        """Return the pins of `kind`, for psa and cca the keys; `nvidia` stands for devices."""
        named = getattr(self, kind)
        return built_in(kind) if named == "built_in" else frozenset(named)


@dataclass(frozen=True, slots=True)
class RequireCrl:
    """Whether a revocation list is demanded, by kind."""

    tdx: bool | Unchecked = may_be_unchecked(boolean)
    sgx: bool | Unchecked = may_be_unchecked(boolean)
    sev_snp: bool | Unchecked = may_be_unchecked(boolean)
    nitro: bool | Unchecked = may_be_unchecked(boolean)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The operator's machines: SHA-256 of platform identifiers, and 32-byte ids of endorsement keys."""

    platforms: tuple[bytes, ...] = required(list_of(digest(32), most=4096))
    keys: tuple[bytes, ...] = required(list_of(digest(32), most=16))


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as `decode` returns it; `digest` is the SHA-256 of its bytes. Durations are seconds."""

    format: str = required(one_of(FORMAT))
    name: str = required(text(64))
    version: int = required(integer(least=1))
    issued_at: int = required(integer())
    expires_at: int = required(integer())
    kinds: tuple[str, ...] = required(list_of(one_of(*_KINDS)))
    allow_simulated: bool = required(boolean)
    trust_anchors: TrustAnchors = required(section(TrustAnchors))
    require_crl: RequireCrl = required(section(RequireCrl))
    release_allow: tuple[bytes, ...] | Unchecked = may_be_unchecked(_DIGESTS)
    max_release_proof_age: int = required(integer())
    deployment: str = required(text(64))
    models: tuple[bytes, ...] | Unchecked = may_be_unchecked(_DIGESTS)
    configuration: str | tuple[bytes, ...] | Unchecked = may_be_unchecked(from_release_or(_DIGESTS))
    egress: tuple[str, ...] | Unchecked = may_be_unchecked(list_of(text(64, NAME)))
    challenge: str = required(one_of("on_demand", "first_contact", "always"))
    max_anchor_age: int = required(integer())
    max_key_lifetime: int = required(integer(least=1))
    clock_skew: int = required(integer())
    fleet: Fleet = required(section(Fleet))
    max_collateral_age: int | Unchecked = may_be_unchecked(integer())
    tdx: platforms.Tdx = required(section(platforms.Tdx))
    sgx: platforms.Sgx = required(section(platforms.Sgx))
    snp: platforms.Snp = required(section(platforms.Snp))
    nitro: platforms.Nitro = required(section(platforms.Nitro))
    gpu: platforms.Gpu = required(section(platforms.Gpu))
    psa: platforms.Arm = required(section(platforms.Arm))
    cca: platforms.Arm = required(section(platforms.Arm))
    digest: bytes = b""


def decode(data: bytes) -> Policy:
    """Return the policy in `data` (canonical JSON, at most 64 KiB). Raises PolicyMalformed."""
    try:
        policy = read_members(Policy, canonical.decode(data, max_bytes=MAX_POLICY), "policy")
        if policy.expires_at <= policy.issued_at:
            raise Malformed("member_value", "policy.expires_at")
        if policy.trust_anchors.simulated and not policy.allow_simulated:
            raise Malformed("member_value", "policy.trust_anchors.simulated without allow_simulated")
    except Malformed as error:
        raise PolicyMalformed(str(error)) from error
    return replace(policy, digest=sha256(data).digest())


def below_floor(policy: Policy) -> tuple[str, ...]:
    """Return the fields in which `policy` is looser than what this client was built with."""
    found = list(looser(policy, _FLOOR))
    if not policy.allow_simulated:
        foreign = (kind for kind in BUILT_IN if not policy.trust_anchors.of(kind) <= built_in(kind))
        found += [f"trust_anchors.{kind}" for kind in foreign]
    if policy.expires_at - policy.issued_at > MAX_LIFETIME:
        found.append("expires_at")
    return tuple(found)


def user_policy(data: bytes, *, base: Policy) -> Policy:
    """Return the user's own policy in `data`, which may be stricter than `base` and looser in nothing.

    Raises PolicyMalformed; its reason is `policy_below_floor` when a field is looser.
    """
    policy = decode(data)
    if found := looser(policy, base):
        raise PolicyMalformed(", ".join(found), reason="policy_below_floor")
    return policy


def local_policy(*, now: int, deployment: str, allow_simulated: bool, roots: Sequence[bytes]) -> Policy:
    """Return the default policy for `deployment`, issued at `now` (Unix seconds) for one day.

    A simulated enclave is accepted only with `allow_simulated` and only under `roots`, each the SHA-256 of the
    SubjectPublicKeyInfo of a development root. Raises PolicyMalformed.
    """
    return decode(
        canonical.encode(default_document(now=now, deployment=deployment, allow_simulated=allow_simulated, roots=roots))
    )


_FLOOR: Final = decode(canonical.encode(floor_document()))
