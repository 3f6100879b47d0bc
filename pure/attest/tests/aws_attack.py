"""An attack on Nitro as data: one change to a fake AWS enclave, and the helpers that make such changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from privity_attest.testing import aws
from privity_attest.testing.aws import NitroMachine
from privity_attest.testing.node import NodeHooks
from privity_protocol import cbor

CHAIN = aws.chain()
MACHINE = NitroMachine(CHAIN)
PIN = CHAIN.root.pin


@dataclass(frozen=True)
class Attack:
    """What is changed and every reason that follows, in order; none when it changes nothing that matters."""

    reasons: tuple[str, ...]
    machine: Callable[[], NitroMachine] = lambda: MACHINE
    policy: Mapping[str, object] = field(default_factory=dict)
    hooks: NodeHooks = field(default_factory=NodeHooks)
    given: Mapping[str, Any] = field(default_factory=dict)


def payload(**changes: Any) -> Callable[[], NitroMachine]:
    """A document with other members."""
    return lambda: replace(MACHINE, payload=lambda members: {**members, **changes})


def without(*names: str) -> Callable[[], NitroMachine]:
    """A document that leaves members out."""
    return lambda: replace(
        MACHINE, payload=lambda members: {name: one for name, one in members.items() if name not in names}
    )


def registers(**changes: bytes | None) -> Callable[[], NitroMachine]:
    """A document with other registers, None for one that is left out: `registers(r8=...)`."""

    def change(members: Any) -> Any:
        new = {**members["pcrs"], **{int(name[1:]): value for name, value in changes.items()}}
        return {**members, "pcrs": {index: value for index, value in new.items() if value is not None}}

    return lambda: replace(MACHINE, payload=change)


def chain(**changes: Any) -> Callable[[], NitroMachine]:
    """An enclave under another chain."""
    return lambda: NitroMachine(aws.chain(**changes))


def cose(change: Callable[[list[Any]], cbor.Value]) -> Callable[[], NitroMachine]:
    """An enclave whose signed array differs."""
    return lambda: replace(MACHINE, cose=change)


def item(label: str, data: bytes) -> NodeHooks:
    return NodeHooks(items=lambda items: {**items, label: (items[label][0], data)})


def lacking(label: str) -> NodeHooks:
    return NodeHooks(items=lambda items: {name: one for name, one in items.items() if name != label})


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]
