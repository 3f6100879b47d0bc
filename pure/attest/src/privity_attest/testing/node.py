"""A builder of whole bundles of a hardware kind: what every kind has, around evidence that the kind makes.

Each hook takes and returns the value of its step; what follows is computed from the changed value, so that a change
breaks what it alone breaks. `items` comes last and changes the bundle's items themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_protocol import binding, canonical, evidence
from privity_protocol.platform import Platform

from privity_attest import policy
from privity_attest.defaults import default_document
from privity_attest.event_log import CLOSED, CONFIGURATION, MODELS, Event, replay
from privity_attest.logged import PROVED, Logged
from privity_attest.testing.bundle import NOW, Items, encode_event, models_document, release_leaf, same

Document = dict[str, object]
EVERYTHING_PROVED: Final = Logged(None, PROVED, PROVED, PROVED, PROVED, PROVED)
PK: Final = bytes(range(256)) * 4 + bytes(192)


@dataclass(frozen=True, slots=True)
class NodeHooks:
    """One hook per step, in the order of the steps."""

    configuration: Callable[[bytes], bytes] = same
    release: Callable[[Document], Document] = same
    node: Callable[[binding.NodeDocument], binding.NodeDocument] = same
    events: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]] = same
    items: Callable[[Items], Items] = same


@dataclass(frozen=True, slots=True)
class Machine:
    """What a kind adds: its name, the platform's identifier hash, its section of a release, and its items.

    `evidence` is given the node document and the runtime register, and returns the items of the kind. `register`
    replays the log where the kind does not do it as TDX does.
    """

    kind: str
    platform_id: bytes
    values: Document
    evidence: Callable[[bytes, bytes], Items]
    runtime_log: bool = False
    register: Callable[[tuple[Event, ...]], bytes] = replay


@dataclass(frozen=True, slots=True)
class Built:
    """A built bundle, its items and its node document."""

    data: bytes
    items: Items
    node: binding.NodeDocument


def build(machine: Machine, hooks: NodeHooks = NodeHooks()) -> Built:
    """Return the bundle of a node on `machine` after `hooks`."""
    configuration = hooks.configuration(canonical.encode({"deploy": "local", "egress": "none", "v": 1}))
    models = canonical.encode(models_document())
    leaf = {**release_leaf(configuration, {}), "platforms": {machine.kind: machine.values}}
    release = canonical.encode(hooks.release(leaf))
    node = hooks.node(_node(machine, configuration, models, release))
    node_document = binding.encode(node)
    events = [(CONFIGURATION, sha256(configuration).digest()), (MODELS, sha256(models).digest()), (CLOSED, b"")]
    log = tuple(encode_event(tag, payload) for tag, payload in hooks.events(events))
    items: Items = {
        "node-document": ("node-document+json", node_document),
        "configuration": ("configuration+json", configuration),
        "models": ("models+json", models),
        "release": ("release+json", release),
        "release-proof": ("tlog-proof", b"proved elsewhere"),
        "endorsement": ("endorsement+cbor", b"\x80"),
        **machine.evidence(node_document, machine.register(log)),
    }
    if machine.runtime_log:
        items["runtime-log"] = ("runtime-log", b"".join(event.encoded for event in log))
    items = hooks.items(items)
    return Built(evidence.encode(items), items, node)


def _node(machine: Machine, configuration: bytes, models: bytes, release: bytes) -> binding.NodeDocument:
    return binding.NodeDocument(
        pk=PK,
        sig=sha256(b"signature key").digest(),
        node=bytes(range(16)),
        plat=Platform(machine.kind, machine.platform_id),
        rel=sha256(b"\0" + release).digest(),
        cfg=sha256(configuration).digest(),
        models=sha256(models).digest(),
        dev=None,
        deploy="local",
        nbf=NOW - 600,
        exp=NOW + 6600,
        anchor=binding.Anchor("local", bytes(32), 0, NOW - 600),
        prof=("p0", "p1", "p2"),
        egress="none",
        nonce=None,
    )


def policy_document(kind: str, pin: bytes, platform_id: bytes, changes: Mapping[str, object] | None = None) -> bytes:
    """Return the default policy as canonical JSON, but under the fake root `pin` and for this one machine.

    `changes` replaces members by dotted name: `{"snp.vmpl": [0, 1]}`.
    """
    document = default_document(now=NOW, deployment="local", allow_simulated=True, roots=())
    anchor = "simulated" if kind == "sim_tpm" else kind
    named = {f"trust_anchors.{anchor}": [pin.hex()], "fleet.platforms": [platform_id.hex()]}
    for name, value in {**named, **(changes or {})}.items():
        *path, last = name.split(".")
        place = document
        for step in path:
            place = place[step]  # type: ignore[assignment]
        place[last] = value
    return canonical.encode(document)


def policy_of(kind: str, pin: bytes, platform_id: bytes, changes: Mapping[str, object] | None = None) -> policy.Policy:
    """Return `policy_document`, decoded."""
    return policy.decode(policy_document(kind, pin, platform_id, changes))
