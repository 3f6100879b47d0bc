"""Nodes below the log: from the directory that a service without a keeper makes, judged in all but what a log proves.

The tests of the channel, of faults and of clocks start no log; what a log proves is taken as proved here, and tried in
`user/python/tests/test_serve_system.py` with the whole path.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import httpx
from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.logged import BUILT_AT, PROVED, Logged
from privity_attest.memory import Memory
from privity_attest.policy import Fleet, local_policy
from privity_client import fetch, wellknown
from privity_client.appraisal import verified
from privity_client.errors import ClientError, EvidenceRefused
from privity_client.nodes import VerifiedNode
from privity_protocol import directory, evidence
from privity_protocol.errors import PrivityError
from privity_protocol.limits import MAX_BUNDLE

SKEW = 300


def with_proofs(bundle: bytes) -> bytes:
    """The bundle with the two items that a keeper adds; what is in them is not looked at here."""
    items = {label: (one.media_type, one.data) for label, one in evidence.decode(bundle).items.items()}
    added = {"release-proof": ("tlog-proof", b"none"), "endorsement": ("endorsement+cbor", b"\x80")}
    return evidence.encode(items | added)


class Unlogged:
    """A `NodeSource` for one service origin, under the development root with the pin `root`."""

    def __init__(self, client: httpx.AsyncClient, url: str, deploy: str, root: bytes, clock: Callable[[], int]) -> None:
        self._client, self._url, self._deploy, self._root, self._clock = client, url, deploy, root, clock
        self._judged: dict[str, VerifiedNode] = {}
        self._found: list[VerifiedNode] = []

    async def nodes(self, model: str, *, refresh: bool) -> list[VerifiedNode]:
        """The verified nodes that offer `model`."""
        now = self._clock()
        self._found = [node for node in self._found if now < node.valid_until]
        if refresh or not any(node.offers(model) for node in self._found):
            self._found = await self._search(now)
        offering = [node for node in self._found if node.offers(model)]
        if not offering:
            raise ClientError("no_node", f"model {model}")
        return offering

    async def contradicted(self, node: VerifiedNode) -> None:
        """Nothing: no log is known here."""

    async def _search(self, now: int) -> list[VerifiedNode]:
        told = await fetch.get(self._client, f"{self._url}/.well-known/privity", limit=wellknown.MAX_WELL_KNOWN)
        data = await fetch.get(self._client, f"{self._url}/v1/nodes/directory", limit=directory.MAX_DIRECTORY)
        listed, origin = directory.decode(data), wellknown.decode(told).run
        if not listed.nbf - SKEW <= now < listed.exp + SKEW:
            raise ClientError("refused", "the directory is outdated, or this machine's clock is wrong")
        found: list[VerifiedNode] = []
        failures: list[PrivityError] = []
        for node in listed.nodes:
            try:
                found.append(await self._verify(node, now, origin))
            except PrivityError as error:
                failures.append(error)
        if not found:
            raise failures[0] if failures else ClientError("no_node")
        return found

    async def _verify(self, listed: directory.Node, now: int, origin: str) -> VerifiedNode:
        bundle = await fetch.get(self._client, f"{self._url}/v1/nodes/{listed.nd.hex()}", limit=MAX_BUNDLE)
        key = hashlib.sha256(bundle).hexdigest()
        known = self._judged.get(key)
        if known is not None and now < known.valid_until:
            return known
        policy = local_policy(now=now, deployment=self._deploy, allow_simulated=True, roots=[self._root])
        policy = replace(policy, fleet=Fleet((listed.plat.id,), ()))
        logged = Logged(None, PROVED, PROVED, PROVED, PROVED, PROVED, BUILT_AT)
        try:
            result = appraise(with_proofs(bundle), now=now, policy=policy, logged=logged, nonce=None, memory=Memory())
        except Refused as refused:
            raise EvidenceRefused(", ".join(refused.reasons), refused.record.to_json()) from refused
        if hashlib.sha256(result.node_document).digest() != listed.nd:
            raise ClientError("refused", "another node than the listed one")
        self._judged[key] = verified(result, weight=listed.w, origin=origin)
        return self._judged[key]
