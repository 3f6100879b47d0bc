"""Two logs with a witness, and nodes, all in memory and honest until a test says otherwise; and a keeper among them.

The logs' keys, the witness and every hash are real: what the keeper believes, a client would believe.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_attest.testing.bundle import NOW, Bundle, Enclave, Hooks
from privity_image.errors import Failed
from privity_image.keeper import fleet_key
from privity_image.keeper.events import Events
from privity_image.keeper.files import Files
from privity_image.keeper.keep import Clocks, Keeper
from privity_image.keeper.settings import LogPlace, Settings
from privity_image.keeper.upkeep import Local
from privity_image.keeper.wire import Answer, Question, Wire
from privity_protocol import directory
from privity_protocol.binding import Anchor
from privity_tlog import bulletin, checkpoint, cosignature, keys, merkle, note, proof, tiles, witness_policy
from privity_tlog.bulletin import Posted
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.keys import COSIGNATURE_ED25519, NOTE_ED25519, Key
from privity_tlog.note import Note, Signature

NOTHING = Hooks()
TOKEN = "secret"
ADDRESS = "tcp:node:1"
ORIGINS = {"release": "local/release", "keys": "local/keys"}


@dataclass
class Signer:
    """An Ed25519 key of a log or a witness."""

    name: str
    kind: int
    seed: int

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32)

    @property
    def key(self) -> Key:
        return Key(self.name, self.kind, self.private.public_key().public_bytes_raw())


@dataclass
class Log:
    """One log: its leaves, and how many of them witnesses have let it publish (None: all)."""

    signer: Signer
    leaves: list[bytes] = field(default_factory=list)
    witnessed: int | None = None

    def append(self, leaf: bytes) -> int:
        """The index of a leaf, the first one's for a repetition."""
        if leaf not in self.leaves:
            self.leaves.append(leaf)
        return self.leaves.index(leaf)

    @property
    def hashes(self) -> list[bytes]:
        return [merkle.leaf_hash(leaf) for leaf in self.leaves]

    def note(self, witness: Signer, now: int) -> bytes:
        """The published checkpoint, cosigned at `now`."""
        hashes = self.hashes[: self.witnessed]
        head = Checkpoint(self.signer.name, len(hashes), merkle.root_of(hashes))
        text = checkpoint.encode(head)
        own = Signature(self.signer.name, self.signer.key.id, self.signer.private.sign(text.encode()))
        said = cosignature.message(witness.key, now, head)
        return note.encode(Note(text, (own, cosignature.line(witness.key, now, witness.private.sign(said)))))

    def files(self) -> dict[str, bytes]:
        """Every tile and bundle of the newest tree."""
        hashes, size = self.hashes, len(self.leaves)
        found: dict[str, bytes] = {}
        for tile in tiles.tiles_of(0, size):
            unit = tiles.TILE_WIDTH**tile.level
            first = tile.index * tiles.TILE_WIDTH
            rows = [hashes[at * unit : (at + 1) * unit] for at in range(first, first + tile.width)]
            found[tile.path] = b"".join(merkle.root_of(row) for row in rows)
            if tile.level == 0:
                entries = self.leaves[first : first + tile.width]
                found[tiles.bundle_path(tile.index, tile.width)] = tiles.bundle(entries)
        return found

    def proof(self, index: int, published: bytes) -> bytes:
        """The proof of a leaf under a published note."""
        files = self.files()
        path = tiles.Tree(len(self.leaves), lambda tile: files[tile.path]).inclusion(index)
        return proof.encode(index, path, published)


class World(Wire):
    """What the keeper reaches. `away` names logs and nodes that do not answer."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now, self.steady = folder, NOW, 0.0
        self.witness = Signer("local/witness", COSIGNATURE_ED25519, 9)
        self.logs = {name: Log(Signer(one, NOTE_ED25519, at)) for at, (name, one) in enumerate(ORIGINS.items(), 1)}
        self.nodes: dict[str, dict[str, tuple[int, bytes]]] = {ADDRESS: {}}
        self.away: set[str] = set()
        self.served: dict[str, bytes] = {}
        self.appended: Callable[[], None] = lambda: None
        self.lines: list[tuple[str, str]] = []
        self.cosigned = NOW
        self.root = Enclave().root
        self.release = Enclave().build().items["release"][1]
        self.bootstrap = True
        self.web: bytes | None = None
        (folder / "token").write_text(TOKEN)

    def all(self, questions, seconds: float = 5.0) -> list[Answer | Failed]:
        # What is asked at once arrives in any order.
        return [self._answer(one) for one in reversed(questions)][::-1]

    def _answer(self, asked: Question) -> Answer | Failed:
        name = asked.base.removeprefix("http://log/")
        if name in self.away:
            return Failed("unreachable", asked.base)
        data = self._node(asked) if asked.base in self.nodes else self._log(asked)
        if isinstance(data, bytes):
            return (200, data) if len(data) <= asked.most else Failed("too_large", asked.path)
        return (404, b"") if data is None else data

    def _node(self, asked: Question) -> bytes | None:
        windows = self.nodes[asked.base]
        if asked.path == "/ec1/node":
            return json.dumps({"windows": [{"nd": nd, "w": weight} for nd, (weight, _) in windows.items()]}).encode()
        found = windows.get(asked.path.rpartition("/")[2])
        return None if found is None else found[1]

    def _log(self, asked: Question) -> bytes | Answer | Failed | None:
        if asked.body is not None:
            return self._append(asked)
        name = asked.base.rpartition("/")[2]
        path = asked.path.removeprefix("/")
        if f"{name}/{path}" in self.served:
            return self.served[f"{name}/{path}"]
        log = self.logs[name]
        return log.note(self.witness, self.cosigned) if path == "checkpoint" else log.files().get(path)

    def _append(self, asked: Question) -> bytes | Answer | Failed:
        assert asked.headers is not None
        if asked.headers["authorization"] != f"Bearer {TOKEN}":
            return (401, b"token")
        name = asked.path.split("/")[1]
        if name in self.away:
            return Failed("unreachable", name)
        log = self.logs[name]
        self.appended()
        index = log.append(asked.body or b"")
        self.appended()
        if log.witnessed is not None:
            return (504, b"not_witnessed")
        return log.proof(index, log.note(self.witness, self.cosigned))

    def policy_text(self) -> bytes:
        """The witness policy that clients pin."""
        lines = [f"log {keys.encode(log.signer.key)}" for log in self.logs.values()]
        lines += [f"witness local {keys.encode(self.witness.key)}", "quorum local"]
        return "".join(f"{line}\n" for line in lines).encode()

    def settings(self) -> Settings:
        """The keeper's configuration."""
        places = {name: LogPlace(one, f"http://log/{name}", "http://log") for name, one in ORIGINS.items()}
        return Settings(
            deploy="local",
            state=self.folder / "state",
            published=self.folder / "published",
            anchor=self.folder / "anchor",
            policy=self.folder / "policy",
            token=self.folder / "token",
            logs=places,
            nodes=tuple(self.nodes),
            fleet_keys=(self.folder / "fleet.key",),
            bootstrap=self.bootstrap,
            release=None,
            simulated_root=None,
        )

    def keeper(self, files: Files | None = None, signer: int = 5) -> Keeper:
        """A keeper that starts now."""
        signers = (fleet_key.signer_of(bytes([signer]) * 32, bytes([signer + 1]) * 32),)
        policy = witness_policy.decode(self.policy_text())
        of_this_machine = Local("local", self.policy_text(), self.root.pin, self.release, signers, self.web)
        local = of_this_machine if self.bootstrap else None
        events = Events(lambda: self.now)
        events.say = lambda event, detail="": self.lines.append((event, detail))  # type: ignore[method-assign]
        clocks = Clocks(lambda: self.now, lambda: self.steady)
        return Keeper(self.settings(), policy, signers, local, self, files or Files(), events, clocks)

    def pass_time(self, seconds: int) -> None:
        """Let time pass; the logs are cosigned anew."""
        self.now += seconds
        self.steady += seconds
        self.cosigned = self.now

    def anchor(self) -> Anchor:
        """The newest head of the release log, as a local node is told it."""
        log = self.logs["release"]
        return Anchor(ORIGINS["release"], merkle.root_of(log.hashes), len(log.leaves), self.now)

    def start_node(self, address: str = ADDRESS, hooks: Hooks = NOTHING, enclave: Enclave | None = None) -> Bundle:
        """A node makes a key now, after the anchor was written."""
        enclave = enclave or Enclave(nbf=self.now, exp=self.now + 7200)

        def anchored(document):
            return hooks.node(replace(document, anchor=self.anchor()))

        built = enclave.build(replace(hooks, node=anchored))
        nd = sha256(built.items["node-document"][1]).hexdigest()
        self.nodes.setdefault(address, {})[nd] = (1, built.data)
        return built

    def posted(self) -> Posted:
        """What is posted, verified as a client does, its bundles at hand. Raises what that raises."""
        policy = witness_policy.decode(self.policy_text())
        data = (self.folder / "published" / "bulletin").read_bytes()
        found = bulletin.verify(bulletin.decode(data), policy, release=ORIGINS["release"], keys=ORIGINS["keys"])
        for node in directory.decode(found.directory).nodes:
            assert (self.folder / "published" / "bundles" / node.nd.hex()).exists()
        return found

    def listed(self) -> set[str]:
        """The hashes that the posted directory lists."""
        return {node.nd.hex() for node in directory.decode(self.posted().directory).nodes}

    def said(self, event: str) -> list[str]:
        """The details of an event so far."""
        return [detail for one, detail in self.lines if one == event]

    def directories(self) -> list[directory.Directory]:
        """Every logged directory, each of which must name the one before."""
        leaves = [leaf for leaf in self.logs["keys"].leaves if b'"t":"directory"' in leaf]
        found = [directory.decode(leaf) for leaf in leaves]
        before = [None, *(sha256(leaf).digest() for leaf in leaves)][: len(found)]
        assert [one.prev for one in found] == before
        return found
