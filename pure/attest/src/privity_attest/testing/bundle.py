"""A builder of complete simulated bundles, with a hook after each step to change one thing.

Each hook takes and returns the value of its step; what follows is computed from the changed value, so that a change
breaks what it alone breaks. `items` comes last and changes the bundle's items themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256, sha384
from typing import Final, TypeVar

from privity_protocol import binding, canonical, cbor, evidence
from privity_protocol.platform import Platform

from privity_attest.event_log import CLOSED, CONFIGURATION, MODELS, Event, replay
from privity_attest.policy import Policy, local_policy
from privity_attest.simulated.document import platform_id
from privity_attest.testing.root import Signer, issue, make_root

NOW: Final = 1_795_392_000  # 2026-11-23T00:00:00Z
WEIGHTS: Final = sha256(b"weights").digest()
PROTECTED: Final = cbor.encode({1: -35})
T = TypeVar("T")
Items = dict[str, tuple[str, bytes]]


def same(value: T) -> T:
    """Change nothing."""
    return value


@dataclass(frozen=True, slots=True)
class Hooks:
    """One hook per step, in the order of the steps."""

    configuration: Callable[[bytes], bytes] = same
    models: Callable[[dict[str, object]], dict[str, object]] = same
    release: Callable[[dict[str, object]], dict[str, object]] = same
    node: Callable[[binding.NodeDocument], binding.NodeDocument] = same
    node_bytes: Callable[[bytes], bytes] = same
    events: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]] = same
    payload: Callable[[dict[cbor.Key, cbor.Value]], dict[cbor.Key, cbor.Value]] = same
    cose: Callable[[list[cbor.Value]], cbor.Value] = same
    items: Callable[[Items], Items] = same


@dataclass(frozen=True, slots=True)
class Bundle:
    """A built bundle and what a test wants to know of it."""

    data: bytes
    items: Items
    node: binding.NodeDocument
    root: Signer


@dataclass(frozen=True, slots=True)
class Enclave:
    """A simulated enclave: who signs for it and when it lives."""

    root: Signer = field(default_factory=lambda: make_root(7, now=NOW))
    leaf: Signer | None = None
    nbf: int = NOW - 600
    exp: int = NOW + 6600
    nonce: bytes | None = None
    pk: bytes = bytes(range(256)) * 4 + bytes(192)

    def build(self, hooks: Hooks = Hooks()) -> Bundle:
        """Return the bundle of this enclave after `hooks`."""
        configuration = hooks.configuration(canonical.encode({"deploy": "local", "egress": "none", "v": 1}))
        models = canonical.encode(hooks.models(models_document()))
        registers = {0: sha384(b"code").digest(), 1: sha384(b"closure").digest()}
        release = canonical.encode(hooks.release(release_leaf(configuration, registers)))
        node = hooks.node(self._node(configuration, models, release))
        node_document = hooks.node_bytes(binding.encode(node))
        events = hooks.events(
            [(CONFIGURATION, sha256(configuration).digest()), (MODELS, sha256(models).digest()), (CLOSED, b"")]
        )
        log = [encode_event(tag, payload) for tag, payload in events]
        payload = hooks.payload(self._payload(node_document, {**registers, 3: replay(tuple(log))}))
        items = hooks.items(
            {
                "node-document": ("node-document+json", node_document),
                "cpu": ("sim-document", self._cose(payload, hooks)),
                "configuration": ("configuration+json", configuration),
                "models": ("models+json", models),
                "release": ("release+json", release),
                "runtime-log": ("runtime-log", b"".join(event.encoded for event in log)),
            }
        )
        return Bundle(evidence.encode(items), items, node, self.root)

    def _leaf(self) -> Signer:
        return self.leaf or issue(self.root, 11, not_before=self.nbf, not_after=self.exp + 300)

    def _node(self, configuration: bytes, models: bytes, release: bytes) -> binding.NodeDocument:
        return binding.NodeDocument(
            pk=self.pk,
            sig=sha256(b"signature key").digest(),
            node=bytes(range(16)),
            plat=Platform("simulated", platform_id(self.root.pin)),
            rel=sha256(b"\0" + release).digest(),
            cfg=sha256(configuration).digest(),
            models=sha256(models).digest(),
            dev=None,
            deploy="local",
            nbf=self.nbf,
            exp=self.exp,
            anchor=binding.Anchor("local", bytes(32), 0, self.nbf),
            prof=("p0", "p1", "p2"),
            egress="none",
            nonce=self.nonce,
        )

    def _payload(self, node_document: bytes, registers: dict[int, bytes]) -> dict[cbor.Key, cbor.Value]:
        return {
            "kind": "sim",
            "registers": dict(registers.items()),
            "report_data": binding.report_data(node_document),
            "debug": False,
            "certificate": self._leaf().certificate,
            "cabundle": [self.root.certificate],
        }

    def _cose(self, payload: dict[cbor.Key, cbor.Value], hooks: Hooks) -> bytes:
        encoded = cbor.encode(payload)
        signature = self._leaf().sign_raw(cbor.encode(["Signature1", PROTECTED, b"", encoded]))
        return cbor.encode(hooks.cose([PROTECTED, {}, encoded, signature]))


def encode_event(tag: str, payload: bytes) -> Event:
    """Return an event with its encoding."""
    name = tag.encode("ascii")
    encoded = len(name).to_bytes(4) + name + len(payload).to_bytes(4) + payload
    return Event(tag, payload, encoded)


def models_document() -> dict[str, object]:
    """Return the members of a models document with one model."""
    model = {
        "id": "privity/demonstration",
        "display": "Demonstration",
        "sha256": [WEIGHTS.hex()],
        "engine": "xllamacpp 2026.10.11549",
        "settings": sha256(b"settings").hexdigest(),
        "context": 2048,
        "demonstration": True,
    }
    return {"v": 1, "models": [model]}


def release_leaf(configuration: bytes, registers: dict[int, bytes]) -> dict[str, object]:
    """Return the members of a release that allows exactly this enclave."""
    return {
        "v": 1,
        "t": "release",
        "name": "privity-local",
        "version": "0.1.0",
        "source": "local",
        "platforms": {"simulated": {str(index): value.hex() for index, value in registers.items()}},
        "configuration": [sha256(configuration).hexdigest()],
        "models": [WEIGHTS.hex()],
        "not_before": NOW - 86_400,
        "flags": [],
    }


def default_policy(*, allow_simulated: bool = True, roots: tuple[bytes, ...] | None = None) -> Policy:
    """Return the local policy at NOW, with the root of `Enclave()` unless `roots` says otherwise."""
    pins = (Enclave().root.pin,) if roots is None and allow_simulated else roots or ()
    return local_policy(now=NOW, deployment="local", allow_simulated=allow_simulated, roots=pins)
