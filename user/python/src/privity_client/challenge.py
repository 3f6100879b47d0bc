"""A fresh quote over a node's key with 32 random bytes of ours: proof that the evidence is not a replay.

Source: specs/ec1.md, specs/appraise.md. The challenge confirms the key of the listed node document.
"""

from typing import Final

import httpx
from privity_protocol import binding
from privity_protocol.limits import MAX_BUNDLE

from privity_client import fetch
from privity_client.appraisal import LocalAppraiser
from privity_client.choice import Entropy
from privity_client.errors import ClientError
from privity_client.nodes import VerifiedNode
from privity_client.trust.server import Server

NONCE: Final = 32


async def challenge(
    client: httpx.AsyncClient,
    node: VerifiedNode,
    appraiser: LocalAppraiser,
    *,
    now: int,
    entropy: Entropy,
    trust: Server | None = None,
) -> dict[str, object]:
    """Return the record of the fresh appraisal. Raises EvidenceRefused, ClientError `refused`, `unreachable`."""
    nonce = entropy(NONCE)
    body = bytes.fromhex(node.digest)[:8] + nonce
    try:
        async with client.stream("POST", f"{node.origin}/ec1/challenge", content=body) as response:
            if response.status_code != 200:
                raise ClientError("refused", f"the challenge was answered by {response.status_code}")
            bundle = await fetch.read_bounded(response, MAX_BUNDLE)
    except httpx.HTTPError as error:
        raise ClientError("unreachable", f"challenge ({type(error).__name__})") from error
    if trust is None:
        return appraiser.appraise(bundle, now=now, nonce=nonce, traffic_key=node.key).record.to_json()
    release = binding.decode(node.document).rel
    logged = await trust.challenged(bundle, traffic_key=node.key, release=release)
    base = trust.policy(appraiser.roots)
    return appraiser.appraise(bundle, now=now, nonce=nonce, logged=logged, base=base).record.to_json()
