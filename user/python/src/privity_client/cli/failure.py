"""A failure in words: what happened, particulars, what to do. On standard error; as one JSON object where asked for."""

import json
import sys

from privity_protocol.errors import PrivityError

from privity_client.errors import ClientError, EvidenceRefused, words_for
from privity_client.printable import clean

BANNER = "Test enclave. Whoever runs this server can read your messages."
SIMULATED_REASONS = frozenset({"simulated_not_allowed", "development_root"})


def show(error: PrivityError, *, as_json: bool, simulated: bool | None = None) -> int:
    """Print `error` and return its exit code. `simulated` is None where no node was known yet."""
    words = words_for(error)
    if error.reason in SIMULATED_REASONS:
        simulated = True
    if as_json:
        event: dict[str, object] = {
            "event": "error",
            "reason": error.reason,
            "detail": clean(error.detail),
            "what": words.what,
            "do": words.do,
            "simulated": simulated,
        }
        if isinstance(error, EvidenceRefused):
            event["record"] = error.record
        print(json.dumps(event, ensure_ascii=False), flush=True)
    else:
        print(text(error), file=sys.stderr, flush=True)
    return int(words.exit)


def text(error: PrivityError) -> str:
    """Return the lines a person reads."""
    words = words_for(error)
    detail = clean(error.detail) if isinstance(error, ClientError) else clean(str(error))
    lines = [f"✗ {words.what}"]
    if detail:
        lines.append(f"  {detail}")
    lines.append(f"→ {words.do}")
    return "\n".join(lines)
