"""The page at `/`: what this server is, in words. No script, no form, nothing from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from string import Template
from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1c1e; --paper: #fbfaf7; --soft: #5b5e63; --line: #dcd8cf; --warn: #8a3b00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceae5; --paper: #17181a; --soft: #a3a6ab; --line: #34363a; --warn: #ffb27a; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif; }
main { max-width: 40rem; margin: 12vh auto 4rem; padding: 0 1.5rem; }
h1 { font-size: 2rem; font-weight: 600; letter-spacing: -0.01em; margin: 0 0 0.25rem; }
h1 + p { color: var(--soft); margin-top: 0; }
h2 { font-size: 1rem; font-weight: 600; margin: 2.5rem 0 0.25rem; }
pre { overflow-x: auto; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; }
code { font: 0.9375rem/1.5 ui-monospace, monospace; }
.warning { border-left: 3px solid var(--warn); color: var(--warn); padding: 0.25rem 0 0.25rem 1rem; font-weight: 600; }
"""

_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Privity</title>
<style>$style</style>
</head>
<body>
<main>
<h1>Privity</h1>
<p>$claim</p>
$warning
<p>$explanation</p>
<h2>Chat now</h2>
<p>In a terminal on this machine:</p>
<pre><code>privity chat$option</code></pre>
<p>This server was set up without the page for the browser.</p>
<h2>Check this server</h2>
<p>The same program shows what the enclave proves about itself, and what it does not prove:</p>
<pre><code>privity verify$option $origin</code></pre>
<h2>Connected now</h2>
<p>$nodes</p>
</main>
</body>
</html>
"""
)
CLAIM: Final = "An AI chat that only you can read."
CLAIM_SIMULATED: Final = "An AI chat made to be read by its user only, here for trying out."
EXPLANATION: Final = (
    "Your message is encrypted on your device and opened only inside an enclave whose software you can check. "
    "This server carries the encrypted bytes and cannot read them."
)
EXPLANATION_SIMULATED: Final = (
    "Your message is encrypted on your device and opened inside an enclave. On this server that enclave is an ordinary "
    "program: everything works as it would on confidential hardware, and nothing is kept from whoever runs it."
)
WARNING: Final = "Test enclave. Whoever runs this server can read your messages."
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(*, nodes: int, simulated: bool, origin: str) -> bytes:
    """Return the page for `nodes` listed enclaves at `origin`; `simulated` warns, and promises nothing else."""
    return _PAGE.substitute(
        style=STYLE,
        claim=CLAIM_SIMULATED if simulated else CLAIM,
        explanation=EXPLANATION_SIMULATED if simulated else EXPLANATION,
        warning=f'<p class="warning" role="note">{escape(WARNING)}</p>' if simulated else "",
        option=" --allow-simulated" if simulated else "",
        origin=escape(origin),
        nodes={0: "No enclave answers at the moment. Try again shortly.", 1: "One enclave answers."}.get(
            nodes, f"{nodes} enclaves answer."
        ),
    ).encode()
