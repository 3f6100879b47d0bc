"""A configfs report directory that is stricter than the kernel's: what the kernel might do, it does at once.

Generations count every write; `race` makes another writer step in; `fail` gives an errno to the next calls of a step;
`short` makes the next write of an attribute take fewer bytes. Names must be new, every entry must be removed.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Entry:
    """One report."""

    generation: int = 0
    inblob: bytes = b""
    privlevel: bytes = b"1"


@dataclass
class FakeTree:
    """`blob` makes the signed blob of an inblob and a privilege level."""

    provider: str = "tdx_guest"
    blob: Callable[[bytes, bytes], bytes] = lambda data, level: b"quote " + level + b" " + data
    fail: dict[str, list[int]] = field(default_factory=dict)
    race: int = 0
    short: set[str] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)

    def make(self, name: str) -> None:
        self._step("make")
        if name in self.entries:
            raise OSError(errno.EEXIST, "exists")
        self.entries[name] = Entry()

    def write(self, name: str, attribute: str, data: bytes) -> int:
        self._step(f"write {attribute}")
        entry = self.entries[name]
        if attribute == "privlevel":
            if self.provider != "sev_guest":
                raise OSError(errno.ENOENT, "no such attribute")
            entry.privlevel = data
        elif attribute == "inblob":
            if len(data) > 64:
                raise OSError(errno.EINVAL, "too long")
            entry.inblob = data
        else:
            raise OSError(errno.EACCES, "read only")
        entry.generation += 1
        if self.race:
            self.race -= 1
            entry.inblob = bytes(64)
            entry.generation += 1
        if attribute in self.short:
            self.short.discard(attribute)
            return len(data) - 1
        return len(data)

    def read(self, name: str, attribute: str) -> bytes:
        self._step(f"read {attribute}")
        entry = self.entries[name]
        if attribute == "provider":
            return self.provider.encode() + b"\n"
        if attribute == "generation":
            return f"{entry.generation}\n".encode()
        if attribute == "outblob":
            if not entry.inblob:
                raise OSError(errno.EINVAL, "nothing to sign")
            return self.blob(entry.inblob, entry.privlevel)
        raise OSError(errno.ENOENT, "no such attribute")

    def remove(self, name: str) -> None:
        self._step("remove")
        if name not in self.entries:
            raise OSError(errno.ENOENT, "gone")
        del self.entries[name]

    def _step(self, step: str) -> None:
        self.steps.append(step)
        waiting = self.fail.get(step)
        if waiting:
            raise OSError(waiting.pop(0), "as told")
