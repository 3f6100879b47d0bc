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
    ":root{color-scheme:light dark;--ink:light-dark(#1b1d1c,#e8e6e0);--soft:light-dark(#5a5f5b,#a3a8a2);"
    "--line:light-dark(#d9d5cb,#2d322f);--warn:light-dark(#7a5200,#e0b45c)}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:0 auto;padding:1.5rem 1rem 3rem;"
    "background:light-dark(#faf8f4,#131615);color:var(--ink)}"
    "h1{font-size:1.5rem;margin:0 0 1rem}h2{font-size:1.05rem;margin:0 0 .5rem;overflow-wrap:anywhere}"
    "section{border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:1rem 0;"
    "background:light-dark(#f1eee7,#1c201e)}"
    "dl{display:grid;grid-template-columns:9rem 1fr;gap:.35rem 1rem;margin:0}dt{color:var(--soft)}"
    "dd{margin:0;overflow-wrap:anywhere}code{overflow-wrap:anywhere}"
    ".warn{border:2px solid var(--warn);border-radius:.5rem;color:var(--warn);font-weight:600;padding:.5rem 1rem}"
    "@media(max-width:32rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}"
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
    parts = []
    if failure is not None:
        parts.append(f'<p class="warn">Nothing is sent now. {html.escape(failure.message)}</p>')
    if any(node.simulated for node in nodes):
        parts.append('<p class="warn">Test enclave. Whoever runs this server can read your messages.</p>')
    own = "the server's own relay, which sees your address"
    about = {
        "Server": facts.server,
        "Deployment": facts.deployment,
        "Carried by": f"relay {facts.relay}, which hides your address from the operator" if facts.relay else own,
        "Traffic profile": facts.profile,
        "Client": facts.version,
    }
    parts.append(f"<section>{_list(about)}</section>")
    parts += [_section(node) for node in nodes]
    parts.append("<p>Every check: <code>privity verify</code>, or <code>/v1/privity/evidence</code>.</p>")
    return _document(parts)


def refusal(error: ApiError) -> bytes:
    """Return the page for whoever may not see the other one: why, and where the key lies. It says nothing else."""
    where = "<p>The key is the password; any name will do. It lies in <code>PRIVITY_HOME/proxy/key</code>.</p>"
    return _document([f'<p class="warn">{html.escape(error.message)}</p>', where if error.status == 401 else ""])


def _document(parts: Sequence[str]) -> bytes:
    named = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Privity proxy</title>'
    body = f"<main><h1>Privity proxy</h1>{''.join(parts)}</main>"
    head = f"<head>{named}<style>{_STYLE}</style></head>"
    return f'<!doctype html><html lang="en">{head}<body>{body}</body></html>'.encode()


def _section(node: VerifiedNode) -> str:
    entries = {
        "Release": node.release,
        "Hardware": "simulated: it protects nothing" if node.simulated else node.kind,
        "Verified": _time(node.appraised_at),
        "Used until": _time(min(node.valid_until, node.expires)),
        "Models": ", ".join(model.id for model in node.models),
    }
    return f"<section><h2>Node {html.escape(node.digest[:16])}</h2>{_list(entries)}</section>"


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
