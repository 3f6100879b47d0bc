"""One server held to its logs: fetch the bulletin, judge it, remember it, and say what it means for each node."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx
from privity_attest.logged import Logged
from privity_attest.policy import Policy
from privity_protocol.application import Seen
from privity_protocol.directory import Node
from privity_protocol.errors import Malformed
from privity_protocol.token import PublicKey
from privity_tlog import head, view
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_BULLETIN
from privity_tlog.view import View

from privity_client import fetch, wellknown
from privity_client.errors import ClientError
from privity_client.trust import issuers, pins, remembered, standing
from privity_client.trust.pins import Pin
from privity_client.trust.remembered import Remembered
from privity_client.trust.saved_evidence import SavedEvidence
from privity_client.trust.standing import Path as Proof
from privity_client.trust.standing import Standing
from privity_client.trust.tiles import Tiles

_CONVICTS = frozenset({"split_view", "consistency", "checkpoint_rollback"})
"""Reasons for which both notes are kept. `split_view` convicts the log by itself; the others may also be the work of
whoever hands out its files: wrong tiles, or an old head."""

_TRIES: Final = 8
"""How often a refresh begins anew because another run of the client remembered something meanwhile."""


class Server:
    """What the logs say about one server. `refresh` before anything is judged; one value for each run of the client."""

    def __init__(self, client: httpx.AsyncClient, url: str, place: Path, pin: Pin) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._place = place
        self.pin = pin
        self._standing: Standing | None = None
        self._known = Remembered()
        self._bulletin = b""
        self._tiles = Tiles(client, {})

    @property
    def standing(self) -> Standing:
        """Return what the last `refresh` established."""
        if self._standing is None:
            raise AssertionError("refresh comes first")
        return self._standing

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Return the heads that this client holds, to be shown to nodes: who sees another history can say so."""
        views = (self.standing.release_view, self.standing.keys_view)
        return tuple(Seen(one.head.origin, one.head.size, one.head.root) for one in views)

    @property
    def checkpoints(self) -> tuple[tuple[str, bytes], ...]:
        """Return the notes of these heads by their logs' origins, to be shown to the account's other devices."""
        return tuple(sorted((one.head.origin, one.note) for one in _views(self.standing)))

    async def compare(self, seen: Sequence[tuple[str, bytes]], *, now: int) -> None:
        """Hold the heads that other devices of the account believed, read before `refresh`, against this client's.

        Raises TlogError `split_view`, `consistency`, `checkpoint_rollback`: the server shows its devices different
        logs, both notes are kept as evidence, and nothing of it may be used; what fetching tiles raises. Heads that
        this client's pin does not vouch for say nothing.
        """
        ours = {one.head.origin: one for one in _views(self.standing)}
        for origin, data in seen:
            theirs = None if origin not in ours else self._believed(data, origin)
            if theirs is None:
                continue
            path = await self._path(theirs, ours[origin])
            try:
                view.advance(theirs, ours[origin], path)
            except TlogError as error:
                if error.reason not in _CONVICTS:
                    raise
                notes = [theirs.note, ours[origin].note]
                remembered.keep_evidence(self._place, reason=error.reason, origin=origin, time=now, notes=notes)
                self._standing = None
                words = f"another device of this account saw another history of {origin}"
                raise TlogError(error.reason, words) from error

    def _believed(self, data: bytes, origin: str) -> View | None:
        try:
            return View(head.verify(data, self.pin.witnesses, origin=origin).checkpoint, data)
        except (TlogError, Malformed):
            return None

    async def refresh(self, *, now: int) -> Standing:
        """Fetch and judge the bulletin, and remember what it showed. Raises PrivityError; evidence of a lie is kept."""
        hints = await fetch.get(self._client, f"{self._url}/.well-known/privity", limit=wellknown.MAX_WELL_KNOWN)
        self._tiles = Tiles(self._client, wellknown.decode(hints).logs)
        data = await fetch.get(self._client, f"{self._url}/v1/bulletin", limit=MAX_BULLETIN)
        found = standing.establish(data, self.pin, now=now)
        for _ in range(_TRIES):
            known = remembered.read(self._place)
            before = known.views
            paths = {one.head.origin: await self._path(before.get(one.head.origin), one) for one in _views(found)}
            if self._is_remembered(known, found, paths, now=now):
                self._standing, self._bulletin = found, data
                return found
        raise ClientError("memory_unusable", "other runs keep changing what is remembered")

    def _is_remembered(
        self, known: Remembered, found: Standing, paths: Mapping[str, Proof | None], *, now: int
    ) -> bool:
        """Remember `found`; return False, and do nothing, when another run has moved on from `known` meanwhile.

        Nothing waits while the folder is locked: a second task of this process would stop the one that holds the lock.
        """
        with remembered.locked(self._place):
            latest = remembered.read(self._place)
            if _heads(latest) != _heads(known):
                return False
            with self._evidence(latest, found, paths, now=now):
                self._known = standing.remember(latest, found, paths, now=now)
            remembered.write(self._place, self._known)
        return True

    async def logged(self, bundle: bytes, listed: Node, *, now: int) -> Logged:
        """Return what the logs say about a listed node's bundle.

        Raises ClientError `held_back`, `auditor_missing` (the person's own rules), and what fetching tiles raises.
        """
        found = self.standing
        paths = await self._paths(bundle)
        logged = standing.judge(found, bundle, listed, now=now, paths=paths)
        if not logged.release:
            self._check_own_rules(bundle, now=now)
        return logged

    def contradicted(self, document: bytes, *, now: int) -> None:
        """Keep this client's heads beside the `document` of a node that says it saw another history (specs/trust.md).

        Raises ClientError `home_unusable`.
        """
        notes = [one.note for one in _views(self.standing)]
        remembered.keep_evidence(
            self._place, reason="view_conflict", origin=self._url, time=now, notes=notes, document=document
        )

    async def release_leaves(self) -> list[bytes]:
        """Return every leaf of the release log, as of the head that the last `refresh` established.

        Raises what `Tiles.entries` raises.
        """
        return await self._tiles.entries(self.standing.release_view.head)

    async def challenged(self, bundle: bytes, *, traffic_key: bytes, release: bytes) -> Logged:
        """Return what the logs say about the answer to a challenge; `release` is the accepted node's."""
        paths = await self._paths(bundle)
        return standing.challenged(self.standing, bundle, traffic_key=traffic_key, release=release, paths=paths)

    async def saved(self, bundle: bytes, *, now: int) -> SavedEvidence:
        """Return the bundle with all that judging it again takes. Raises what fetching tiles raises."""
        _ = self.standing
        return SavedEvidence(self._url, now, bundle, self._bulletin, await self._paths(bundle))

    async def issuer_key(self, plan: str, day: str, *, now: int) -> PublicKey:
        """Return the key under which tokens of `plan` and `day` (`2026-11-25`) are drawn, as the keys log has it.

        The logs are read again where the last `refresh` does not show it. Raises ClientError `issuer_refused`, and
        what `refresh` raises.
        """
        for fresh in (False, True):
            found = (await self.refresh(now=now) if fresh else self.standing).posted.issuers
            listed = None if found is None else issuers.hold(self._place, found)
            try:
                return issuers.key(listed, deploy=self.pin.deploy, plan=plan, day=day, now=now)
            except ClientError:
                if fresh:
                    raise
        raise AssertionError("it was found, or refused")

    def policy(self, roots: frozenset[bytes]) -> Policy:
        """Return the operator's logged policy, with the development roots that the person accepts."""
        return standing.base_policy(self.standing, roots)

    def _check_own_rules(self, bundle: bytes, *, now: int) -> None:
        release, head = standing.release_of(self.standing, bundle)
        since = self._known.releases.get(release.hex(), now)
        left = since + self.pin.hold_back * 3600 - now
        if since and left > 0:
            named = "an emergency release, " if standing.is_emergency(bundle) else ""
            raise ClientError("held_back", f"{named}for another {-(-left // 3600)} h")
        witnessed = set() if head is None else {name for name, _ in head.witnesses}
        for name in self.pin.auditors:
            if name not in witnessed:
                raise ClientError("auditor_missing", name)

    async def _paths(self, bundle: bytes) -> dict[int, tuple[bytes, ...]]:
        newest = self.standing.release_view.head
        older = (size for size in standing.sizes(bundle) if size < newest.size)
        return {size: await self._tiles.consistency(newest.origin, size, newest.size) for size in older}

    async def _path(self, known: View | None, fresh: View) -> tuple[bytes, ...] | None:
        if known is None or known.head.size >= fresh.head.size:
            return None
        return await self._tiles.consistency(fresh.head.origin, known.head.size, fresh.head.size)

    @contextlib.contextmanager
    def _evidence(
        self, known: Remembered, found: Standing, paths: Mapping[str, Proof | None], *, now: int
    ) -> Iterator[None]:
        """Keep evidence of the log that lied, and of no other: one of the two may have grown honestly."""
        try:
            yield
        except TlogError:
            for fresh in _views(found):
                origin = fresh.head.origin
                before = known.views.get(origin)
                reason = _contradiction(before, fresh, paths.get(origin))
                if before is not None and reason in _CONVICTS:
                    notes = [before.note, fresh.note]
                    remembered.keep_evidence(self._place, reason=reason, origin=origin, time=now, notes=notes)
            raise


def _contradiction(before: View | None, fresh: View, path: Proof | None) -> str:
    """Return the reason for which two heads of one log contradict each other, an empty one when they do not."""
    try:
        view.advance(before, fresh, path)
    except TlogError as error:
        return error.reason
    return ""


def _heads(known: Remembered) -> dict[str, Checkpoint]:
    return {origin: one.head for origin, one in known.views.items()}


def _views(found: Standing) -> tuple[View, View]:
    return found.release_view, found.keys_view


def open_server(client: httpx.AsyncClient, url: str, home: Path) -> Server:
    """Return the server at `url` under its pin below `home` (PRIVITY_HOME).

    Raises ClientError `not_pinned`, `pin_unusable`, `no_quorum`.
    """
    place = pins.folder(home, url)
    pin = pins.read(place)
    if pin is None:
        raise ClientError("not_pinned", url)
    return Server(client, url, place, pin)


async def reach(client: httpx.AsyncClient, url: str, home: Path) -> Server:
    """Return `open_server`; of a server that is neither pinned nor there, say that it is not there.

    Raises ClientError as `open_server` does, `unreachable`, `not_privity`.
    """
    try:
        return open_server(client, url, home)
    except ClientError as error:
        if error.reason == "not_pinned":
            address = f"{url.rstrip('/')}/.well-known/privity"
            await fetch.get(client, address, limit=wellknown.MAX_WELL_KNOWN)
        raise
