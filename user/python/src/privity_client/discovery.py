"""From an address to verified nodes: well-known, directory, bundles, appraisal. Nothing here chooses for the server.

Source: specs/ec1.md (client verification), specs/directory.md. Appraisals are cached by the bundle's hash.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

import httpx
from privity_attest.logged import Logged
from privity_attest.policy import Policy
from privity_protocol import directory
from privity_protocol.errors import PrivityError
from privity_protocol.limits import MAX_BUNDLE

from privity_client import fetch, wellknown
from privity_client.choice import Entropy, choose
from privity_client.errors import ClientError, EvidenceRefused
from privity_client.nodes import VerifiedNode
from privity_client.trust.standing import Standing

MOST_APPRAISED: Final = 16
"""Nodes whose evidence is fetched in one search; a larger fleet is sampled by weight."""
LOG_SECONDS: Final = 1800
"""Seconds after which the logs are read again: a release or key that is withdrawn is used no longer than this."""
DIRECTORY_SKEW: Final = 300
"""Seconds the directory's clock may differ from ours."""


class Appraiser(Protocol):
    """Judges one bundle. Raises EvidenceRefused or Malformed; success is a verified node."""

    @property
    def roots(self) -> frozenset[bytes]: ...

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
    ) -> VerifiedNode: ...


class LogTrust(Protocol):
    """What the server's public logs say (`trust.server.Server`)."""

    async def refresh(self, *, now: int) -> Standing: ...

    async def logged(self, bundle: bytes, listed: directory.Node, *, now: int) -> Logged: ...

    def policy(self, roots: frozenset[bytes]) -> Policy: ...

    def contradicted(self, document: bytes, *, now: int) -> None: ...


class NodeSource(Protocol):
    """Where the channel gets its verified nodes from."""

    async def nodes(self, model: str, *, refresh: bool) -> list[VerifiedNode]: ...

    async def contradicted(self, node: VerifiedNode) -> None:
        """Take note that `node` has seen another history of a log than this client."""
        ...


class Discovery:
    """Finds and verifies the nodes of one server. One per run of the client."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        appraiser: Appraiser,
        *,
        clock: Callable[[], int],
        entropy: Entropy,
        trust: LogTrust | None = None,
        judged: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> None:
        """`trust` holds the nodes to the server's logs; without it only test enclaves can be accepted.

        `judged` is told, as a search goes on, how many nodes have been judged, and how many will be.
        """
        self._client = client
        self._url = url.rstrip("/")
        self._appraiser = appraiser
        self._clock = clock
        self._entropy = entropy
        self._trust = trust
        self._told = judged
        self._run_origin: str | None = None
        self._judged: dict[str, VerifiedNode] = {}
        self._found: list[VerifiedNode] = []

    async def nodes(self, model: str, *, refresh: bool) -> list[VerifiedNode]:
        """Return the verified nodes that offer `model`, at least one.

        Raises ClientError `no_node`, EvidenceRefused when every candidate was refused, and what fetching raises.
        """
        now = self._clock()
        self._found = [node for node in self._found if now < node.valid_until]
        if refresh or not any(node.offers(model) for node in self._found):
            self._found = await self._search(model, now)
        offering = [node for node in self._found if node.offers(model)]
        if not offering:
            raise ClientError("no_node", f"model {model}" if model else "")
        return offering

    async def contradicted(self, node: VerifiedNode) -> None:
        """Keep what contradicts each other, and believe no node until the logs are read again."""
        self._found = []
        self._judged.clear()
        if self._trust is not None:
            self._trust.contradicted(node.document, now=self._clock())

    async def bundles(self) -> list[tuple[directory.Node, bytes]]:
        """Return the listed nodes with their bundles, none of it believed yet."""
        listed = await self._listed(self._clock())
        return [(node, await self._bundle(node)) for node in listed[:MOST_APPRAISED]]

    async def run_origin(self) -> str:
        """Return the origin of HELLO and RUN."""
        if self._run_origin is None:
            data = await fetch.get(self._client, f"{self._url}/.well-known/privity", limit=wellknown.MAX_WELL_KNOWN)
            self._run_origin = wellknown.decode(data).run
        return self._run_origin

    async def _search(self, model: str, now: int) -> list[VerifiedNode]:
        candidates = [node for node in await self._listed(now) if not model or model in node.cap]
        results = await self._verify_all(self._sample(candidates), now)
        verified = [result for result in results if isinstance(result, VerifiedNode)]
        if not verified:
            failures = [result for result in results if isinstance(result, PrivityError)]
            raise failures[0] if failures else ClientError("no_node", f"model {model}" if model else "")
        return verified

    async def _listed(self, now: int) -> tuple[directory.Node, ...]:
        await self.run_origin()
        if self._trust is not None:
            # What was judged before may have been withdrawn since.
            self._judged.clear()
            return (await self._trust.refresh(now=now)).directory.nodes
        data = await fetch.get(self._client, f"{self._url}/v1/nodes/directory", limit=directory.MAX_DIRECTORY)
        listed = directory.decode(data)
        if not listed.nbf - DIRECTORY_SKEW <= now < listed.exp + DIRECTORY_SKEW:
            raise ClientError("refused", "the directory is outdated, or this machine's clock is wrong")
        return listed.nodes

    def _sample(self, candidates: list[directory.Node]) -> list[directory.Node]:
        pool = [_Listed(node) for node in candidates]
        sampled: list[directory.Node] = []
        while pool and len(sampled) < MOST_APPRAISED:
            drawn = choose(pool, entropy=self._entropy)
            pool.remove(drawn)
            sampled.append(drawn.node)
        return sampled

    async def _verify_all(self, listed: list[directory.Node], now: int) -> list[VerifiedNode | PrivityError]:
        done = 0

        async def verify(one: directory.Node) -> VerifiedNode | PrivityError:
            nonlocal done
            result = await self._verify(one, now)
            done += 1
            self._told(done, len(listed))
            return result

        return await asyncio.gather(*(verify(one) for one in listed))

    async def _verify(self, listed: directory.Node, now: int) -> VerifiedNode | PrivityError:
        try:
            bundle = await self._bundle(listed)
            key = hashlib.sha256(bundle).hexdigest()
            known = self._judged.get(key)
            if known is None or now >= known.valid_until:
                known = await self.judge(bundle, listed, now)
                self._judged[key] = known
        except PrivityError as error:
            return error
        return known

    async def judge(self, bundle: bytes, listed: directory.Node, now: int) -> VerifiedNode:
        """Return the verified node of a listed node's bundle. Raises what the appraiser and the logs raise."""
        origin = await self.run_origin()
        if self._trust is None:
            return self._appraiser.judge(bundle, now=now, listed=listed.nd, weight=listed.w, origin=origin)
        logged = await self._trust.logged(bundle, listed, now=now)
        base = self._trust.policy(self._appraiser.roots)
        verified = self._appraiser.judge(
            bundle, now=now, listed=listed.nd, weight=listed.w, origin=origin, logged=logged, base=base
        )
        return replace(verified, valid_until=min(verified.valid_until, now + LOG_SECONDS))

    async def _bundle(self, listed: directory.Node) -> bytes:
        return await fetch.get(self._client, f"{self._url}/v1/nodes/{listed.nd.hex()}", limit=MAX_BUNDLE)


class _Listed:
    """A directory entry with the name of its weight that `choose` asks for."""

    def __init__(self, node: directory.Node) -> None:
        self.node = node

    @property
    def weight(self) -> int:
        return self.node.w


__all__ = ["Appraiser", "Discovery", "EvidenceRefused", "NodeSource"]
