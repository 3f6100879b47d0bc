"""From a bundle to a verified node: privity_attest judges, this module binds the verdict to what was listed.

Source: specs/appraise.md. The consent to a test enclave is a value that is given, never found.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.logged import BUILT_AT, Logged, without_log
from privity_attest.memory import Memory
from privity_attest.policy import Fleet, Policy, local_policy
from privity_attest.release import decode_prices
from privity_attest.result import Appraisal, SimulatedAppraisal
from privity_attest.simulated.document import pin_of_pem
from privity_protocol import evidence
from privity_protocol.errors import PrivityError

from privity_client.errors import ClientError, EvidenceRefused
from privity_client.nodes import OfferedModel, VerifiedNode
from privity_client.user_policy import applied

MAX_ROOT = 16_384
"""Bytes of a development root in PEM."""


@dataclass(frozen=True)
class Refuse:
    """Test enclaves are refused: the default."""


@dataclass(frozen=True)
class AllowSimulated:
    """The user accepts test enclaves for this run, under the development roots with these 32-byte pins."""

    roots: tuple[bytes, ...]


Consent = Refuse | AllowSimulated


def read_root(path: Path) -> bytes:
    """Return the pin of the development root in a PEM file. Raises ClientError `development_root`."""
    try:
        with path.open("rb") as file:
            return pin_of_pem(file.read(MAX_ROOT))
    except (OSError, PrivityError, ValueError) as error:
        raise ClientError("development_root", f"{path} cannot be used") from error


class LocalAppraiser:
    """Judges bundles for one deployment under one consent; remembers what acceptance told it to remember, in memory."""

    def __init__(
        self, deployment: str, consent: Consent, *, policy: bytes | None = None, earliest: int = BUILT_AT
    ) -> None:
        """`policy` is the user's own, in canonical JSON; `earliest` is 0 to judge saved evidence at a past time."""
        self._deployment = deployment
        self._consent = consent
        self._policy = policy
        self._earliest = earliest
        self._memory = Memory()

    @property
    def roots(self) -> frozenset[bytes]:
        """Return the development roots that the person accepts for this run."""
        return frozenset(self._consent.roots if isinstance(self._consent, AllowSimulated) else ())

    def judge(
        self,
        bundle: bytes,
        *,
        now: int,
        listed: bytes,
        weight: int,
        origin: str,
        logged: Logged | None = None,
        base: Policy | None = None,
    ) -> VerifiedNode:
        """Return the verified node of `bundle`, which must be the one listed under H(ND) = `listed`.

        `logged` and `base` are what the logs say and the operator's logged policy; without them only a test enclave can
        be accepted.

        Raises EvidenceRefused with the record, ClientError `simulated_not_allowed`.
        """
        result = self.appraise(bundle, now=now, logged=logged, base=base)
        digest = hashlib.sha256(result.node_document).digest()
        if digest != listed:
            raise ClientError("refused", "the evidence is not that of the node the directory names")
        # The appraisal held the item's hash against what the hardware signed.
        found = decode_prices(evidence.decode(bundle).items["models"].data)
        prices = {} if found is None else {"chat": found.chat, "embed": found.embed}
        return replace(verified(result, weight=weight, origin=origin), prices=prices)

    def appraise(
        self,
        bundle: bytes,
        *,
        now: int,
        nonce: bytes | None = None,
        traffic_key: bytes | None = None,
        logged: Logged | None = None,
        base: Policy | None = None,
    ) -> Appraisal | SimulatedAppraisal:
        """Return what appraisal established; `nonce` and `traffic_key` belong to a challenge.

        Raises EvidenceRefused, ClientError `simulated_not_allowed`, `policy_unusable`.
        """
        policy = applied(self._policy, base or self._without_log(now))
        if base is not None and self._policy is not None:
            policy = held_to(policy, base)
        proved = logged or without_log(traffic_key, earliest=self._earliest)
        try:
            result = appraise(bundle, now=now, policy=policy, logged=proved, nonce=nonce, memory=self._memory)
        except Refused as refused:
            record = refused.record.to_json()
            if tuple(refused.reasons) == ("simulated",):
                raise ClientError("simulated_not_allowed") from refused
            raise EvidenceRefused(", ".join(refused.reasons), record) from refused
        self._memory = result.record.memory_after
        return result

    def _without_log(self, now: int) -> Policy:
        allowed = sorted(self.roots)
        return local_policy(now=now, deployment=self._deployment, allow_simulated=bool(allowed), roots=allowed)


def held_to(own: Policy, logged: Policy) -> Policy:
    """Return the person's `own` policy for the machines, keys and test enclaves that the `logged` one admits.

    A person may name fewer of them, never one that is not logged or was withdrawn; naming none means the logged ones.
    """
    accepted = tuple(one for one in own.trust_anchors.simulated if one in logged.trust_anchors.simulated)
    platforms, keys = own.fleet.platforms or logged.fleet.platforms, own.fleet.keys or logged.fleet.keys
    return replace(
        own,
        allow_simulated=own.allow_simulated and bool(accepted),
        trust_anchors=replace(own.trust_anchors, simulated=accepted),
        fleet=Fleet(
            tuple(one for one in platforms if one in logged.fleet.platforms),
            tuple(one for one in keys if one in logged.fleet.keys),
        ),
    )


def verified(result: Appraisal | SimulatedAppraisal, *, weight: int, origin: str) -> VerifiedNode:
    """Return the node that `result` established."""
    record = result.record
    return VerifiedNode(
        digest=hashlib.sha256(result.node_document).hexdigest(),
        document=result.node_document,
        key=result.document.pk,
        profiles=result.document.prof,
        models=tuple(OfferedModel(m.id, m.display, m.context, m.demonstration) for m in result.models),
        release=f"{result.release.name} {result.release.version}",
        kind=result.document.plat.type,
        simulated=isinstance(result, SimulatedAppraisal),
        valid_until=result.document.exp if record.valid_until is None else record.valid_until,
        appraised_at=record.appraised_at,
        expires=result.document.exp,
        weight=weight,
        origin=origin,
        record=record.to_json(),
    )
