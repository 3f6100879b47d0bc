"""Two logs with one witness, real in every byte, that a test writes to: honest until a test makes them lie."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_attest import endorsement
from privity_attest.defaults import default_document
from privity_attest.testing.bundle import NOW, Enclave, Hooks, Items, same
from privity_attest.testing.root import Signer as Root
from privity_attest.testing.root import make_root
from privity_protocol import binding, canonical, directory, evidence
from privity_protocol.binding import Anchor
from privity_protocol.directory import Directory, Node
from privity_tlog import bulletin, checkpoint, cosignature, keys, merkle, note, proof
from privity_tlog.bulletin import Bulletin, Entry, Section
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.keys import COSIGNATURE_ED25519, NOTE_ED25519, Key
from privity_tlog.leaves import fleet, revocations, trust
from privity_tlog.leaves.fleet import Fleet, FleetKey, Machine
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.note import Note, Signature
from privity_tlog.tiles import Tile, Tree

from privity_client.trust.pins import Pin

RELEASE, KEYS = "log.test/release", "log.test/keys"
Leaves = list[bytes]


@dataclass(frozen=True)
class Signer:
    """A key of a log or a witness, made from its name."""

    name: str
    type: int

    @property
    def private(self) -> Ed25519PrivateKey:
        """Return the key."""
        return Ed25519PrivateKey.from_private_bytes(sha256(self.name.encode()).digest())

    @property
    def key(self) -> Key:
        """Return the public half."""
        return Key(self.name, self.type, self.private.public_key().public_bytes_raw())

    def line(self, head: Checkpoint, time: int) -> Signature:
        """Sign a head, or cosign it at `time`."""
        if self.type == NOTE_ED25519:
            return Signature(self.name, self.key.id, self.private.sign(checkpoint.encode(head).encode()))
        return cosignature.line(self.key, time, self.private.sign(cosignature.message(self.key, time, head)))


WITNESS, SECOND, FOREIGN = (Signer(f"{name}.test/w", COSIGNATURE_ED25519) for name in ("alpha", "beta", "foreign"))
FLEET_KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"fleet").digest())


def policy_text(witnesses: Sequence[Signer] = (WITNESS, SECOND), quorum: int = 2) -> str:
    """Return a witness policy over both logs; a quorum of 0 asks for nobody."""
    logs = "".join(f"log {keys.encode(Signer(origin, NOTE_ED25519).key)}\n" for origin in (RELEASE, KEYS))
    named = "".join(f"witness {one.name.split('.')[0]} {keys.encode(one.key)}\n" for one in witnesses)
    names = " ".join(one.name.split(".")[0] for one in witnesses)
    if quorum == 0:
        return f"{logs}quorum none\n"
    return f"{logs}{named}group all {quorum} {names}\nquorum all\n"


def pin(**changes: object) -> Pin:
    """Return the pin of this deployment."""
    return replace(Pin("local", policy_text(), RELEASE, KEYS), **changes)  # type: ignore[arg-type]


@dataclass
class FakeLog:
    """One log in memory: `leaves` in order, and who signs its heads."""

    origin: str
    leaves: Leaves = field(default_factory=list)
    signers: tuple[Signer, ...] = (WITNESS, SECOND)

    def append(self, leaf: bytes) -> int:
        """Add a leaf; return its place."""
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def head(self, size: int | None = None) -> Checkpoint:
        """Return the head after `size` leaves, all of them unless said."""
        count = len(self.leaves) if size is None else size
        return Checkpoint(self.origin, count, merkle.root_of([merkle.leaf_hash(leaf) for leaf in self.leaves[:count]]))

    def note(self, time: int, size: int | None = None) -> bytes:
        """Return the head, signed by the log and cosigned at `time`."""
        head = self.head(size)
        lines = [one.line(head, time) for one in (Signer(self.origin, NOTE_ED25519), *self.signers)]
        return note.encode(Note(checkpoint.encode(head), tuple(lines)))

    def tree(self, size: int | None = None) -> Tree:
        """Return the tree, to compute paths from."""
        return Tree(len(self.leaves) if size is None else size, self.tile)

    def tile(self, tile: Tile) -> bytes:
        """Return a tile as it is published; these logs stay below 256 leaves."""
        return b"".join(merkle.leaf_hash(leaf) for leaf in self.leaves[: tile.width])

    def section(self, places: Sequence[int], time: int) -> Section:
        """Return what is posted of this log."""
        tree = self.tree()
        entries = (Entry(self.leaves[at], at, tree.inclusion(at)) for at in sorted(places))
        return Section(self.note(time), tuple(entries))

    def proof(self, place: int, time: int) -> bytes:
        """Return the offline proof of a leaf."""
        return proof.encode(place, self.tree().inclusion(place), self.note(time))


@dataclass
class Deployment:
    """A deployment of one test enclave with its logs. Every part can be changed before `build`; after it, logs grow."""

    now: int = NOW
    issued: int = NOW - 3600
    root: Root = field(default_factory=lambda: make_root(7, now=NOW))
    hooks: Hooks = field(default_factory=Hooks)
    release: FakeLog = field(default_factory=lambda: FakeLog(RELEASE))
    keys: FakeLog = field(default_factory=lambda: FakeLog(KEYS))
    fleet_key: Ed25519PrivateKey = FLEET_KEY
    endorsing_key: Ed25519PrivateKey = FLEET_KEY
    revoked: Revocations | None = None
    platforms: tuple[bytes, ...] | None = None
    logs_the_release: bool = True
    anchor: Callable[[Anchor], Anchor] = same
    listing: Callable[[Node], Node] = same
    window: tuple[int, int] = (-600, 6600)
    places: dict[str, int] = field(default_factory=dict)
    bundle: bytes = b""
    listed: Node = field(init=False)

    def build(self) -> "Deployment":
        """Log policy, fleet, revocations and release; make the node, endorse and list it. Return this deployment."""
        before = self._enclave().build(self.hooks)
        release = before.items["release"][1]
        self._log("policy", trust.encode(trust.Trust(self.now, policy_text(), sha256(self.appraisal()).digest(), None)))
        self._log("fleet", fleet.encode(self._fleet(before.node.plat.id)))
        self._log("revocations", revocations.encode(self.revoked or Revocations(self.now, (), (), ())))
        if self.logs_the_release:
            self._log("release", release)
        head = self.release.head()
        anchor = self.anchor(Anchor(RELEASE, head.root, head.size, self.now - 600))
        hooks = replace(self.hooks, node=lambda node: replace(self.hooks.node(node), anchor=anchor))
        made = self._enclave().build(hooks)
        self.bundle = self._with_proofs(made.items, made.node)
        digest = sha256(made.items["node-document"][1]).digest()
        self.listed = self.listing(Node(digest, made.node.plat, made.node.rel, ("demo",), 1))
        self.list_nodes((self.listed,))
        return self

    def list_nodes(self, nodes: tuple[Node, ...]) -> None:
        """Log a directory of these nodes."""
        first, last = self.window
        self.places["directory"] = self.keys.append(
            directory.encode(Directory(self.now + first, self.now + last, None, nodes))
        )

    def bulletin(self, time: int | None = None, *, without: str = "") -> bytes:
        """Return the bulletin with heads cosigned at `time`, without the newest leaf of one kind."""
        at = self.now if time is None else time
        rare = [place for kind, place in self.places.items() if kind not in {"directory", without}]
        hourly = [] if without == "directory" else [self.places["directory"]]
        posted = Bulletin(self.appraisal(), self.release.section(rare, at), self.keys.section(hourly, at))
        return bulletin.encode(posted)

    def appraisal(self) -> bytes:
        """Return the operator's appraisal policy."""
        return canonical.encode(
            default_document(now=self.issued, deployment="local", allow_simulated=True, roots=[self.root.pin])
        )

    def revoke(
        self, *, releases: Sequence[bytes] = (), keys: Sequence[bytes] = (), platforms: Sequence[bytes] = ()
    ) -> None:
        """Log a newer list of what is withdrawn."""
        leaf = Revocations(self.now, tuple(releases), tuple(keys), tuple(platforms))
        self._log("revocations", revocations.encode(leaf))

    def paths(self) -> dict[int, tuple[bytes, ...]]:
        """Return the consistency paths of the release log from every smaller size."""
        tree = self.release.tree()
        return {size: tree.consistency(size) for size in range(tree.size)}

    def _enclave(self) -> Enclave:
        return Enclave(root=self.root, nbf=self.now - 600, exp=self.now + 6600)

    def _log(self, kind: str, leaf: bytes) -> None:
        self.places[kind] = self.release.append(leaf)

    def _fleet(self, platform: bytes) -> Fleet:
        listed = (platform,) if self.platforms is None else self.platforms
        machines = tuple(Machine(one, "simulated", "test", self.now, "test") for one in listed)
        key = FleetKey(self.fleet_key.public_key().public_bytes_raw(), None)
        return Fleet("local", self.now, machines, (key,))

    def _with_proofs(self, items: Items, node: binding.NodeDocument) -> bytes:
        message = endorsement.message(items["node-document"][1], node.plat.id, node.exp)
        key = endorsement.FleetKey(self.endorsing_key.public_key().public_bytes_raw(), None)
        endorsed = endorsement.Endorsement(key.id, self.endorsing_key.sign(message), None)
        place = self.places.get("release", 0)
        added = {
            "endorsement": ("endorsement+cbor", endorsement.encode(endorsed)),
            "release-proof": ("tlog-proof", self.release.proof(place, self.now)),
        }
        return evidence.encode({**items, **added})
