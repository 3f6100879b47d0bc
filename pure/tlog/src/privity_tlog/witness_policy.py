"""Which logs are known, which witnesses, and how many of them must have cosigned. Source: C2SP tlog-policy."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_tlog import keys
from privity_tlog.errors import TlogError
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519, Key
from privity_tlog.limits import MAX_POLICY, MAX_POLICY_LINES

NONE: Final = "none"
_LOG_TYPES: Final = frozenset({NOTE_ED25519, COSIGNATURE_MLDSA44})
_WITNESS_TYPES: Final = frozenset({COSIGNATURE_ED25519, COSIGNATURE_MLDSA44})


@dataclass(frozen=True, slots=True)
class Group:
    """Members of which at least `least` must have witnessed: names of witnesses or of groups."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """Known logs by origin (one may have several keys), witnesses and groups by name, and the name that is the quorum.

    `urls` holds where a log's or a witness's key name can be reached, as far as the policy says so.
    """

    logs: Mapping[str, tuple[Key, ...]]
    witnesses: Mapping[str, Key]
    groups: Mapping[str, Group]
    quorum: str
    urls: Mapping[str, str]

    def is_met(self, cosigned: Set[str]) -> bool:
        """Return whether the witnesses named in `cosigned` make the quorum."""
        return self.quorum == NONE or self._witnessed(self.quorum, cosigned)

    def _witnessed(self, name: str, cosigned: Set[str]) -> bool:
        if name in self.witnesses:
            return name in cosigned
        group = self.groups[name]
        return sum(self._witnessed(member, cosigned) for member in group.members) >= group.least


def decode(text: bytes) -> WitnessPolicy:
    """Return the policy in `text`. Raises TlogError `policy_malformed`, `key_malformed`."""
    if len(text) > MAX_POLICY or any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in text):
        raise TlogError("policy_malformed", "size or control character")
    # Names are octets to C2SP: what is not UTF-8 stays distinct, and no vkey has such a name.
    lines = text.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    if len(lines) > MAX_POLICY_LINES:
        raise TlogError("policy_malformed", "lines")
    reader = _Reader()
    for line in lines:
        words = line.replace("\t", " ").split(" ")
        reader.line([word for word in words if word])
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self.logs: dict[str, tuple[Key, ...]] = {}
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self.urls: dict[str, str] = {}
        self.members: set[str] = set()
        self.publics: set[tuple[str, bytes]] = set()

    def line(self, words: list[str]) -> None:
        match words:
            case []:
                return
            case [first, *_] if first.startswith("#"):
                return
            case ["log", vkey, *url] if len(url) <= 1:
                key = self.key("log", vkey, _LOG_TYPES, url)
                self.logs[key.name] = (*self.logs.get(key.name, ()), key)
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self.new(name)
                self.witnesses[name] = self.key("witness", vkey, _WITNESS_TYPES, url)
            case ["group", name, least, *members] if members:
                self.new(name)
                self.groups[name] = self.group(least, members)
            case ["quorum", name] if self.quorum is None and (name == NONE or self.known(name)):
                self.quorum = name
            case _:
                raise TlogError("policy_malformed", "line")

    def key(self, role: str, vkey: str, types: Set[int], url: list[str]) -> Key:
        key = keys.decode(vkey)
        if key.type not in types or (role, key.public) in self.publics:
            raise TlogError("policy_malformed", f"{role} key")
        self.publics.add((role, key.public))
        if url:
            self.urls[key.name] = url[0]
        return key

    def group(self, least: str, members: list[str]) -> Group:
        if not all(self.known(member) and member not in self.members for member in members):
            raise TlogError("policy_malformed", "group member")
        if len(set(members)) != len(members):
            raise TlogError("policy_malformed", "group member")
        self.members.update(members)
        numbers = {"all": len(members), "any": 1} | {str(count): count for count in range(1, len(members) + 1)}
        if least not in numbers:
            raise TlogError("policy_malformed", "threshold")
        return Group(numbers[least], tuple(members))

    def known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def new(self, name: str) -> None:
        if name == NONE or self.known(name):
            raise TlogError("policy_malformed", "name")

    def finish(self) -> WitnessPolicy:
        if self.quorum is None:
            raise TlogError("policy_malformed", "no quorum")
        return WitnessPolicy(
            MappingProxyType(self.logs),
            MappingProxyType(self.witnesses),
            MappingProxyType(self.groups),
            self.quorum,
            MappingProxyType(self.urls),
        )
