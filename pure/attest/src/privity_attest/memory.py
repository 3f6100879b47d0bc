"""What one client remembers between appraisals, so that a rollback shows. Source: specs/policy.md.

Stored by the caller only after acceptance, from `record.memory_after`. Trusted: as the client's own storage. Lost or
rolled back: rollbacks of policy and collateral go unseen until it has grown again; nothing else depends on it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_protocol.limits import KEY_WINDOW

MAX_MEMORY: Final = 256 * 1024  # bytes
MAX_ENTRIES: Final = 1024
FORGET_AFTER: Final = 2 * KEY_WINDOW  # seconds

_FIELDS: Final = ("challenged", "crl_numbers", "issue_dates", "policy_versions", "tcb_evaluation")


def _none() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Memory:
    """Highest values seen, by name; `challenged` maps SHA-256 of a node key (hex) to the time of its last answer."""

    policy_versions: Mapping[str, int] = field(default_factory=_none)
    tcb_evaluation: Mapping[str, int] = field(default_factory=_none)
    crl_numbers: Mapping[str, int] = field(default_factory=_none)
    issue_dates: Mapping[str, int] = field(default_factory=_none)
    challenged: Mapping[str, int] = field(default_factory=_none)

    def with_policy(self, name: str, version: int) -> "Memory":
        """Return a memory that has seen `version` of policy `name`."""
        highest = max(version, self.policy_versions.get(name, 0))
        return replace(self, policy_versions=MappingProxyType({**self.policy_versions, name: highest}))

    def with_seen(self, seen: Iterable[tuple[str, str, int]]) -> "Memory":
        """Return a memory that has met each `(field, name, number)`: it keeps the highest number of each name."""
        highest: dict[str, dict[str, int]] = {}
        for member, name, number in seen:
            numbers = highest.setdefault(member, dict(getattr(self, member)))
            numbers[name] = max(number, numbers.get(name, 0))
        return replace(self, **{member: MappingProxyType(numbers) for member, numbers in highest.items()})

    def with_challenge(self, key: str, now: int) -> "Memory":
        """Return a memory that knows `key` as having answered at `now`, without answers older than any key."""
        recent = {name: at for name, at in self.challenged.items() if now - at <= FORGET_AFTER}
        return replace(self, challenged=MappingProxyType({**recent, key: now}))

    def members(self) -> dict[str, object]:
        """Return the JSON members."""
        return {name: dict(getattr(self, name)) for name in _FIELDS}


def encode(memory: Memory) -> bytes:
    """Return the canonical JSON of `memory`."""
    return canonical.encode(memory.members())


def decode(data: bytes) -> Memory:
    """Return the memory in `data`. Raises Malformed: a client then starts with an empty one and says so."""
    value = canonical.members(canonical.decode(data, max_bytes=MAX_MEMORY), frozenset(_FIELDS), "memory")
    return Memory(**{name: _numbers(value[name], name) for name in _FIELDS})


def _numbers(value: object, what: str) -> Mapping[str, int]:
    if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
        raise Malformed("member_type", what)
    return MappingProxyType({name: canonical.integer(number, what) for name, number in value.items()})
