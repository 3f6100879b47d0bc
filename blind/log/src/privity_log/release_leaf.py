"""Release leaves as a monitor judges them: closed, and announced long enough before they may run.

Source: specs/release.md, specs/leaves.md. What the reference values mean is the business of clients; here is read what
says when the release may begin, and for what.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_tlog.leaves import reading

KIND: Final = "release"
NOTICE: Final = 86_400  # seconds between logging and the first use of an ordinary release
ALLOWANCE: Final = 300  # seconds between making a release and the moment that it appears
EMERGENCY: Final = "emergency"
SIMULATED: Final = frozenset({"simulated", "sim_tpm"})
_MEMBERS: Final = frozenset(
    {"name", "version", "source", "platforms", "configuration", "models", "not_before", "flags"}
)


@dataclass(frozen=True, slots=True)
class Release:
    """Name and version, the kinds of platform it is for, when it may begin (Unix seconds), its flags."""

    name: str
    version: str
    platforms: frozenset[str]
    not_before: int
    flags: tuple[str, ...]


def decode(data: bytes) -> Release:
    """Return the release in `data`. Raises Malformed."""
    value = reading.leaf(data, KIND, _MEMBERS)
    platforms = value["platforms"]
    if not isinstance(platforms, dict) or not platforms or not all(isinstance(one, dict) for one in platforms.values()):
        raise Malformed("member_value", "platforms")
    canonical.text(value["source"], "source", longest=64, pattern="local|[0-9a-f]{40}|[0-9a-f]{64}")
    for name in ("configuration", "models"):
        if not reading.digests(value[name], name):
            raise Malformed("member_value", name)
    flags = canonical.entries(value["flags"], "flags", most=16)
    return Release(
        name=canonical.text(value["name"], "name", longest=64),
        version=canonical.text(value["version"], "version", longest=64),
        platforms=frozenset(canonical.text(one, "platforms", longest=16, pattern="[a-z_]+") for one in platforms),
        not_before=canonical.integer(value["not_before"], "not_before"),
        flags=tuple(canonical.text(one, "flags", longest=32, pattern="[a-z0-9][a-z0-9._-]*") for one in flags),
    )


def hasty(release: Release, since: int) -> str | None:
    """Return that a release may run sooner than it should, None when it may not.

    `since` (Unix seconds): it appeared after this moment; 0 when nobody looked before, and then nothing can be said.
    """
    if EMERGENCY in release.flags or release.platforms <= SIMULATED:
        return None
    short = release.not_before < since + NOTICE - ALLOWANCE
    return f"{release.name} {release.version} may run less than a day after it was logged" if since and short else None
