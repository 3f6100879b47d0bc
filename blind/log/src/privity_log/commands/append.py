"""`privity-log append`: hand files to a running log, and keep the proof of each beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from privity_tlog import proof
from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_ENTRY

from privity_log.errors import LogError
from privity_log.limits import APPEND_SECONDS

SUFFIX: Final = ".tlog-proof"
_UNIX: Final = "unix:"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a log takes entries, which log of it, and the token for it."""

    address: str
    log: str
    token: str


def run(files: Sequence[Path], place: Place, *, beside: bool) -> int:
    """Append each file as one entry; write its proof to FILE.tlog-proof, or print it. Raises LogError."""
    unix = place.address.startswith(_UNIX)
    transport = httpx.HTTPTransport(uds=place.address.removeprefix(_UNIX)) if unix else None
    base = "http://log" if unix else place.address.rstrip("/")
    with httpx.Client(transport=transport, timeout=APPEND_SECONDS + 5, trust_env=False) as client:
        for path in files:
            made = _append(client, f"{base}/{place.log}/append", path, place.token)
            if beside:
                target = path.with_name(path.name + SUFFIX)
                target.write_bytes(made)
                print(f"{path}: leaf {proof.decode(made).index}, proof in {target.name}")
            else:
                print(made.decode(), end="")
    return 0


def _append(client: httpx.Client, address: str, path: Path, token: str) -> bytes:
    try:
        entry = path.read_bytes()
        if not 1 <= len(entry) <= MAX_ENTRY:
            raise LogError("entry_size", f"{path}: an entry has 1 to {MAX_ENTRY} bytes")
        answer = client.post(address, content=entry, headers={"authorization": f"Bearer {token}"})
        if answer.status_code != httpx.codes.OK:
            raise LogError("source_unreachable", f"{path}: {answer.status_code} {answer.text.strip()[:200]}")
        proof.decode(answer.content)
    except (OSError, httpx.HTTPError) as error:
        raise LogError("source_unreachable", f"{path}: {error}") from error
    except TlogError as error:
        raise LogError("source_unreachable", f"{path}: the answer is no proof") from error
    return answer.content
