"""An attack as data: one change to an honest simulated bundle, and the helpers that make such changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography import x509
from privity_attest.testing.bundle import NOW, Enclave, Hooks, default_policy, same
from privity_attest.testing.root import issue, make_root
from privity_protocol import canonical

ROOT = make_root(7, now=NOW)
OTHER = make_root(9, now=NOW)
HONEST = Enclave(root=ROOT).build()
NONCE, ANOTHER = bytes(range(32)), bytes(range(1, 33))
POLICY = default_policy()


@dataclass(frozen=True)
class Attack:
    """What is changed and every reason that follows, in order."""

    reasons: tuple[str, ...]
    hooks: Hooks = field(default_factory=Hooks)
    enclave: Enclave = field(default_factory=lambda: Enclave(root=ROOT))
    given: Mapping[str, Any] = field(default_factory=dict)
    data: Callable[[bytes], bytes] = same


def node(**changes) -> Hooks:
    """Change members of the node document; the quote commits to the changed one."""
    return Hooks(node=lambda nd: replace(nd, **changes))


def payload(**changes) -> Hooks:
    """Change the simulated document before it is signed."""
    return Hooks(payload=lambda members: {**members, **changes})


def item(label: str, data: bytes) -> Hooks:
    """Replace the bytes of one item after everything was made."""
    return Hooks(items=lambda items: {**items, label: (items[label][0], data)})


def without(label: str) -> Hooks:
    """Leave one item out."""
    return Hooks(items=lambda items: {name: one for name, one in items.items() if name != label})


def release(**changes) -> Hooks:
    """Change the release; the node document names the changed one."""
    return Hooks(release=lambda members: {**members, **changes})


def policy(**changes) -> dict[str, Any]:
    """Appraise by a changed policy."""
    return {"policy": replace(POLICY, **changes)}


def events(*tags: str) -> Hooks:
    """A log of these events; the register is extended by them."""
    return Hooks(events=lambda log: [dict([(tag, (tag, b"")), *((t, (t, p)) for t, p in log)])[tag] for tag in tags])


def registers(**changes: bytes) -> Hooks:
    """Change signed registers by index."""
    return Hooks(
        payload=lambda members: {
            **members,
            "registers": {**members["registers"], **{int(name[1:]): value for name, value in changes.items()}},
        }
    )


def leaf(**changes) -> Enclave:
    """An enclave whose leaf certificate differs."""
    dates = {"not_before": NOW - 600, "not_after": NOW + 7200}
    return Enclave(root=ROOT, leaf=issue(changes.pop("root", ROOT), 11, **{**dates, **changes}))


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


def unusable(builder):
    return builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)


def exchanged(values):
    return {**values, 0: values[1], 1: values[0]}


def second_file(model):
    return {**model, "sha256": [*model["sha256"], "11" * 32]}


def renamed(models: bytes) -> bytes:
    value = canonical.decode(models, max_bytes=10_000)
    value["models"][0]["display"] = "Another"
    return canonical.encode(value)


def reversioned(leaf_bytes: bytes) -> bytes:
    value = canonical.decode(leaf_bytes, max_bytes=10_000)
    return canonical.encode({**value, "version": "0.1.1"})


def another_log(items):
    data = items["runtime-log"][1]
    payload_at = data.index(b"privity/models") + len("privity/models") + 4
    changed = data[:payload_at] + flipped(data[payload_at:])
    return {**items, "runtime-log": ("runtime-log", changed)}
