"""The one place where the operator's word is given: a bundle is appraised in full, and only then endorsed.

Sources: specs/keeper.md, specs/appraise.md, specs/endorsement.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_attest.appraise import appraise
from privity_attest.endorsement import Endorsement, FleetKey
from privity_attest.endorsement import encode as encode_endorsement
from privity_attest.errors import Refused
from privity_attest.logged import PROVED, Logged, Proof
from privity_attest.memory import Memory
from privity_protocol import binding, evidence
from privity_protocol.binding import Anchor, NodeDocument
from privity_protocol.directory import Node
from privity_protocol.errors import Malformed

from privity_image.keeper.facts import Facts
from privity_image.keeper.fleet_key import FleetSigner

ZERO: Final = encode_endorsement(Endorsement(bytes(32), bytes(64), None))
"""Stands in the bundle while it is appraised: the operator's own word is what that decides about."""


class NodeRefused(Exception):
    """A bundle does not pass; `reasons` are those of attestation-reasons.md, or `key_revoked`."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reasons))


@dataclass(frozen=True, slots=True)
class Endorsed:
    """An endorsed node: what the directory says of it, its bundle with proof and endorsement, its last second."""

    node: Node
    bundle: bytes
    until: int


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges bundles by `facts`; `prove` returns the tlog-proof of a leaf, `is_history` knows the log's older heads."""

    facts: Facts
    signer: FleetSigner
    prove: Callable[[int], bytes]
    is_history: Callable[[int, bytes], bool]
    origin: str

    def endorse(self, data: bytes, *, nd: str, weight: int, now: int, memory: Memory) -> tuple[Endorsed, Memory]:
        """Return the endorsed node whose document hashes to `nd`, and what the appraisal wants remembered.

        Raises NodeRefused.
        """
        items, document = self._read(data, nd)
        proof = self._proof(document)
        items["release-proof"] = ("tlog-proof", proof)
        provisional = _encoded({**items, "endorsement": ("endorsement+cbor", ZERO)})
        logged = Logged(
            traffic_key=None,
            policy=PROVED,
            release=self._release(document),
            endorsement=PROVED,
            directory=PROVED,
            anchor=self._anchor(document.anchor),
        )
        policy = self.facts.policy
        try:
            found = appraise(provisional, now=now, policy=policy, logged=logged, nonce=None, memory=memory)
        except Refused as error:
            raise NodeRefused(error.record.reasons) from error
        word = self.signer.endorse(found.node_document, document.plat.id, document.exp)
        node = Node(
            nd=bytes.fromhex(nd),
            plat=document.plat,
            rel=document.rel,
            cap=tuple(sorted({model.id for model in found.models})),
            w=weight,
        )
        bundle = _encoded({**items, "endorsement": ("endorsement+cbor", word)})
        return Endorsed(node, bundle, found.record.valid_until or document.exp), found.record.memory_after

    def _read(self, data: bytes, nd: str) -> tuple[dict[str, tuple[str, bytes]], NodeDocument]:
        """Return the items of a node's bundle and its document, when that is the one announced and may be listed."""
        try:
            bundle = evidence.decode(data)
        except Malformed as error:
            raise NodeRefused((error.reason,)) from error
        item = bundle.items.get("node-document")
        if item is None:
            raise NodeRefused(("label_missing:node-document",))
        if sha256(item.data).hexdigest() != nd:
            raise NodeRefused(("binding_mismatch",))
        try:
            document = binding.decode(item.data)
        except Malformed as error:
            raise NodeRefused(("node_document_malformed",)) from error
        # Said here and not left to the policy: no kind of evidence is endorsed on a machine that is not in the log.
        if document.plat.id not in self.facts.policy.fleet.platforms:
            raise NodeRefused(("platform_not_listed",))
        if sha256(document.pk).digest() in self.facts.revocations.keys:
            raise NodeRefused(("key_revoked",))
        return {label: (one.media_type, one.data) for label, one in bundle.items.items()}, document

    def _proof(self, document: NodeDocument) -> bytes:
        entry = self.facts.releases.get(document.rel)
        if entry is None:
            raise NodeRefused(("release_not_logged",))
        return self.prove(entry.index)

    def _release(self, document: NodeDocument) -> Proof:
        return ("release_revoked",) if document.rel in self.facts.revocations.releases else PROVED

    def _anchor(self, anchor: Anchor) -> Proof:
        if anchor.origin != self.origin:
            return ("anchor_unknown",)
        return PROVED if self.is_history(anchor.size, anchor.root) else ("anchor_conflict",)


def signer_among(signers: tuple[FleetSigner, ...], keys: tuple[FleetKey, ...]) -> FleetSigner | None:
    """Return the first signer whose public half is among the valid keys of the fleet leaf."""
    return next((one for one in signers if one.public in keys), None)


def _encoded(items: dict[str, tuple[str, bytes]]) -> bytes:
    try:
        return evidence.encode(items)
    except Malformed as error:
        raise NodeRefused((error.reason,)) from error
