"""The keeper's course: read the logs, log what is due, ask nodes, judge them, list them, post. Source: specs/keeper.md.

Each pass goes from what is known to what is written; whatever fails leaves what was posted as it is, and the next pass
begins anew. Nothing is remembered that the logs do not say, so a crash between any two writes is only a pass that ended
early.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from privity_attest.memory import Memory
from privity_protocol import canonical
from privity_protocol import directory as directories
from privity_protocol.errors import Malformed
from privity_protocol.node_document import Anchor
from privity_tlog import witness_policy
from privity_tlog.bulletin import DIRECTORY
from privity_tlog.errors import TlogError
from privity_tlog.leaves import issuers
from privity_tlog.limits import MAX_POLICY
from privity_tlog.witness_policy import WitnessPolicy

from privity_image.errors import Failed
from privity_image.keeper import facts as grounds
from privity_image.keeper import issuers as issuing
from privity_image.keeper import judge as judging
from privity_image.keeper import listing, posting, proofs, upkeep
from privity_image.keeper.events import Events
from privity_image.keeper.facts import Facts
from privity_image.keeper.files import Files
from privity_image.keeper.fleet_key import FleetSigner
from privity_image.keeper.judge import Endorsed, Judge, NodeRefused
from privity_image.keeper.ledger import Ledger
from privity_image.keeper.log_reader import LogReader
from privity_image.keeper.logbook import Logbook
from privity_image.keeper.nodes import Nodes
from privity_image.keeper.posting import Post
from privity_image.keeper.settings import LOGS, Settings
from privity_image.keeper.upkeep import Local
from privity_image.keeper.wire import Question, Wire

LOOK: Final = 60.0
"""Seconds between two looks at a log in which nothing was logged by us: heads are cosigned anew every 15 minutes."""
REFUSED: Final = 30.0
"""Seconds after which a refused bundle is judged anew: a release may have begun, a clock may be right again."""
ROUNDS: Final = 3
"""Policy, fleet and revocations in one, the release in another, and one more if a leaf was due meanwhile."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Unix seconds, and seconds that never go back."""

    now: Callable[[], int]
    steady: Callable[[], float]


@dataclass(slots=True)
class _Judged:
    """What is known of nodes, by hash: good ones, refused ones until when, and under which leaves that was found."""

    under: tuple[int, bytes] = (0, b"")
    endorsed: dict[str, Endorsed] = field(default_factory=dict)
    refused: dict[str, float] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)


class Keeper:
    """One keeper; `one_pass` is called again and again. Raises Failed `surprise`, after which it must not go on."""

    def __init__(
        self,
        settings: Settings,
        policy: WitnessPolicy,
        signers: tuple[FleetSigner, ...],
        local: Local | None,
        wire: Wire,
        files: Files,
        events: Events,
        clocks: Clocks,
    ) -> None:
        self._settings, self._policy, self._signers, self._local = settings, policy, signers, local
        self._files, self._events, self._clocks = files, events, clocks
        readers = {name: LogReader(name, settings.logs[name], policy, wire) for name in LOGS}
        self.ledger = Ledger(settings, readers, files)
        self._book = Logbook(settings, readers, self.ledger, files, events.say)
        self.nodes = Nodes(settings.nodes, wire, events.say)
        self._judged = _Judged()
        self._look_at = dict.fromkeys(LOGS, 0.0)
        self._wire, self._offered_at = wire, 0.0
        self._anchored: bytes | None = None
        self._posted: tuple[object, ...] | None = None

    @property
    def has_posted(self) -> bool:
        """Return whether this run has posted anything."""
        return self._posted is not None

    def one_pass(self) -> None:
        """Do once whatever is due. Raises Failed `surprise`."""
        self.nodes.poll()
        self._step("logs", self._look)
        if all(side.seen is not None for side in self.ledger.sides.values()):
            self._step("upkeep", self._log_due)
            self._step("issuers", self._log_issuers)
            self._step("anchor", self._write_anchor)
            self._step("post", self._judge_list_post)

    def _step(self, subject: str, run: Callable[[], None]) -> None:
        try:
            run()
        except Failed as error:
            if error.reason == "surprise":
                raise
            event = {"store": "write_failed", "log": "log_unusable"}.get(error.reason, "not_posted")
            self._events.once(subject, event, error.detail)
        except Malformed as error:
            self._events.once(subject, "not_posted", str(error))
        else:
            self._events.over(subject)

    def _look(self) -> None:
        for name in LOGS:
            if self._clocks.steady() < self._look_at[name]:
                continue
            try:
                self.ledger.look(name)
            except Failed as error:
                if error.reason != "log":
                    raise
                self._events.once(name, "log_unusable", error.detail)
            else:
                self._events.over(name, "log_usable")
                self._look_at[name] = self._clocks.steady() + LOOK

    def _log_due(self) -> None:
        side = self.ledger.release
        for _ in range(ROUNDS if self._local is not None else 0):
            assert self._local is not None
            leaves, document = upkeep.due(side, self._local, self._appraisals(), self._clocks.now())
            if document is not None:
                self._files.write(grounds.appraisal_path(self._settings.state, document), document)
            if not leaves:
                break
            self._book.log("release", leaves)
        late = upkeep.weekly(side, self._clocks.now())
        if late is not None:
            self._book.log("release", [late])

    def _appraisals(self) -> dict[bytes, bytes]:
        document = grounds.logged_appraisal(self.ledger.release, self._settings.state, self._files)
        return {} if document is None else {sha256(document).digest(): document}

    def _log_issuers(self) -> None:
        """Log the token keys that the service made ahead: once a minute, and at every poll until it answers."""
        address, now = self._settings.issuer, self._clocks.steady()
        if address is None or now < self._offered_at:
            return
        entry = self.ledger.keys.newest.get(issuers.KIND)
        known = None if entry is None else issuers.decode(entry.leaf)
        try:
            status, offer = self._wire.ask(Question(address, issuing.PATH, issuing.MAX_OFFER))
            if status != 200:
                raise Failed("status", f"the issuer answers {status}")
            self._offered_at = now + LOOK
            leaf = issuing.due(known, offer, deploy=self._settings.deploy, now=self._clocks.now())
        except Failed as error:
            if error.reason == "leaf":
                raise
            self._events.once("issuer", "issuers_refused", error.detail)
            return
        self._events.over("issuer")
        if leaf is not None:
            self._book.log("keys", [leaf])

    def _write_anchor(self) -> None:
        seen, path = self.ledger.release.seen, self._settings.anchor
        if seen is None or path is None or not seen.size or self._anchored == seen.note:
            return
        time = self._clocks.now() if seen.head.time is None else seen.head.time
        anchor = Anchor(self._settings.logs["release"].origin, seen.root, seen.size, time)
        self._files.write(path, canonical.encode(_members(anchor)))
        self._anchored = seen.note

    def _judge_list_post(self) -> None:
        self._book.finish()
        facts = grounds.facts_of(self.ledger.release, self._settings.state, self._files)
        signer = judging.signer_among(self._signers, facts.keys)
        if signer is None:
            raise Failed("leaf", "no fleet key at hand is in the fleet leaf")
        self._judge(facts, signer)
        self._list()
        self._post(facts)

    def _judge(self, facts: Facts, signer: FleetSigner) -> None:
        now, known = self._clocks.now(), self._judged
        seen = self.ledger.release.seen
        assert seen is not None
        under = (seen.size, signer.public.id)
        if under != known.under:
            known.under, known.refused, known.endorsed = under, {}, {}
        announced = self.nodes.announced()
        known.endorsed = {nd: one for nd, one in known.endorsed.items() if nd in announced and now < one.until}
        known.refused = {nd: at for nd, at in known.refused.items() if nd in announced and self._clocks.steady() < at}
        judge = Judge(facts, signer, self._proof_of, self.ledger.is_history, self._settings.logs["release"].origin)
        for nd, one in announced.items():
            kept = known.endorsed.get(nd)
            if nd in known.refused or (kept is not None and kept.node.w == one.weight):
                continue
            try:
                found, known.memory = judge.endorse(one.bundle, nd=nd, weight=one.weight, now=now, memory=known.memory)
            except NodeRefused as refused:
                known.endorsed.pop(nd, None)
                known.refused[nd] = self._clocks.steady() + REFUSED
                self._events.once(nd, "node_refused", f"{nd}: {' '.join(refused.reasons[:8])}")
            else:
                known.endorsed[nd] = found
                self._events.once(nd, "endorsed", nd)

    def _proof_of(self, index: int) -> bytes:
        seen = self.ledger.release.seen
        assert seen is not None
        origin = self._settings.logs["release"].origin
        return proofs.fitting(index, self.ledger.path("release", index), seen.note, self._policy, origin)

    def _list(self) -> None:
        """Log a directory if one is due; a log that is away leaves the known one, which is good until its end."""
        entry, now = self.ledger.keys.newest.get(DIRECTORY), self._clocks.now()
        known = None if entry is None else directories.decode(entry.leaf)
        newest = sorted(self._judged.endorsed.values(), key=lambda one: one.until, reverse=True)
        wanted = [one.node for one in newest]
        nodes = listing.due(known, wanted, settled=self.nodes.settled, now=now)
        if nodes is not None:
            prev = None if entry is None else sha256(entry.leaf).digest()
            self._book.log_directory(directories.encode(listing.directory(nodes, prev=prev, now=now)))

    def _post(self, facts: Facts) -> None:
        entry = self.ledger.keys.newest.get(DIRECTORY)
        if entry is None:
            return
        listed = directories.decode(entry.leaf)
        names = [one.nd.hex() for one in listed.nodes]
        if not self._judged.endorsed.keys() >= set(names):
            return  # after a restart its nodes were not asked yet; else a directory without the missing one is due
        bundles = {nd: self._judged.endorsed[nd].bundle for nd in names}
        notes = tuple(side.seen.note for side in self.ledger.sides.values() if side.seen is not None)
        if self._posted == (notes, bundles):
            return
        origins = {name: place.origin for name, place in self._settings.logs.items()}
        data = posting.compose(self.ledger, listed, facts.appraisal, self._policy, origins)
        posting.write(Post(data, entry.leaf, bundles), self._settings.published, self._files)
        self._posted = (notes, bundles)
        sizes = " ".join(f"{name} {side.seen.size}" for name, side in self.ledger.sides.items() if side.seen)
        self._events.once("posted", "posted", f"nodes {len(names)}, {sizes}")


def read_policy(settings: Settings, files: Files) -> tuple[bytes, WitnessPolicy]:
    """Return the witness policy's text and meaning. Raises Failed `configuration`."""
    data = files.read(settings.policy, MAX_POLICY)
    if data is None:
        raise Failed("configuration", f"there is no {settings.policy}")
    try:
        policy = witness_policy.decode(data)
    except TlogError as error:
        raise Failed("configuration", f"{settings.policy}: {error}") from error
    unknown = [place.origin for place in settings.logs.values() if place.origin not in policy.logs]
    if unknown:
        raise Failed("configuration", f"{settings.policy} does not know the log {unknown[0]}")
    return data, policy


def _members(anchor: Anchor) -> dict[str, object]:
    return {"origin": anchor.origin, "root": anchor.root.hex(), "size": anchor.size, "time": anchor.time}
