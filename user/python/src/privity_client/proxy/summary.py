"""What was verified, for a person who opens the proxy's address and for programs. It holds nothing that was asked."""

import base64
import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from privity_client.nodes import VerifiedNode
from privity_client.openai_api.errors import ApiError
from privity_client.openai_api.reading import Json

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dd{margin:0;overflow-wrap:anywhere}"
    ".warn{border:2px solid #b45309;padding:.5rem 1rem}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content_type": "text/html; charset=utf-8",
    "content_security_policy": POLICY,
    "referrer_policy": "no-referrer",
    "cross_origin_opener_policy": "same-origin",
}


@dataclass(frozen=True)
class Facts:
    """What does not change while the proxy runs."""

    server: str
    deployment: str
    profile: str
    relay: str
    version: str


def evidence(facts: Facts, nodes: Sequence[VerifiedNode]) -> Json:
    """Return everything that was established about the nodes, with their whole records."""
    return {
        "object": "privity.evidence",
        "server": facts.server,
        "deployment": facts.deployment,
        "profile": facts.profile,
        "relay": facts.relay or None,
        "client": facts.version,
        "nodes": [_node(node) for node in nodes],
    }


def page(facts: Facts, nodes: Sequence[VerifiedNode], failure: ApiError | None) -> bytes:
    """Return the page: which server, which nodes, what they are. `failure` is why nothing can be asked now."""
    parts = ["<h1>Privity proxy</h1>"]
    if failure is not None:
        parts.append(f'<p class="warn">Nothing is sent now. {html.escape(failure.message)}</p>')
    if any(node.simulated for node in nodes):
        parts.append('<p class="warn">Test enclave. Whoever runs this server can read your messages.</p>')
    carried = f"relay {facts.relay}, which hides your address from the operator" if facts.relay else "the server's own"
    parts.append(_list({"Server": facts.server, "Deployment": facts.deployment, "Carried by": carried}))
    parts.append(_list({"Traffic profile": facts.profile, "Client": facts.version}))
    for node in nodes:
        parts.append(f"<h2>Node {node.digest[:16]}</h2>")
        models = ", ".join(model.id for model in node.models)
        parts.append(
            _list(
                {
                    "Release": node.release,
                    "Hardware": "simulated: it protects nothing" if node.simulated else node.kind,
                    "Verified": _time(node.appraised_at),
                    "Used until": _time(min(node.valid_until, node.expires)),
                    "Models": models,
                }
            )
        )
    parts.append("<p>Every check: <code>privity verify</code>, or <code>/v1/privity/evidence</code>.</p>")
    head = f'<meta charset="utf-8"><title>Privity proxy</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'.encode()


def _node(node: VerifiedNode) -> Json:
    return {
        "node": node.digest,
        "release": node.release,
        "kind": node.kind,
        "simulated": node.simulated,
        "verified_at": node.appraised_at,
        "valid_until": node.valid_until,
        "expires": node.expires,
        "models": [model.id for model in node.models],
        "record": node.record,
    }


def _list(entries: dict[str, str]) -> str:
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in entries.items())
    return f"<dl>{rows}</dl>"


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
