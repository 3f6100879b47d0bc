"""Asks each node every two seconds what it announces, and looks for what the keeper posted; publishes both.

Source: specs/relay.md, section "Nodes". A node's answers are hostile input: bounded in time, size and shape.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
from privity_protocol.limits import MAX_BUNDLE

from privity_service.events import Events
from privity_service.publication import Publication
from privity_service.published import Published, Unfit
from privity_service.registry import MAX_REPORT, NodeUnfit, Registry, Window, parse_report
from privity_service.shelf import Shelf
from privity_service.upstream import Upstreams

LOOK: Final = 0.25  # seconds between two looks at the keeper's folder: one `stat` each
INTERVAL: Final = 2.0  # seconds between two polls of one node
ANSWER_SECONDS: Final = 5.0  # for one answer, whole


class Poller:
    """Keeps registry, publication and shelf up to date."""

    def __init__(
        self,
        registry: Registry,
        publication: Publication,
        shelf: Shelf,
        upstreams: Upstreams,
        events: Events,
        now: Callable[[], int],
        published: Published | None,
    ) -> None:
        self._registry = registry
        self._publication = publication
        self._shelf = shelf
        self._upstreams = upstreams
        self._events = events
        self._now = now
        self._published = published
        self._unfit = ""
        self._writable = True
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Poll all nodes until cancelled."""
        async with asyncio.TaskGroup() as group:
            for index in range(len(self._registry.nodes)):
                group.create_task(self._follow(index))
            if self._published is not None:
                group.create_task(self._watch(self._published))

    async def _watch(self, published: Published) -> None:
        while True:
            await asyncio.sleep(LOOK)
            if await self.look(published):
                # A key that was just listed must find its node at the first request.
                await asyncio.gather(*(self.poll(index) for index in range(len(self._registry.nodes))), self.store())

    async def look(self, published: Published) -> bool:
        """Take over what the keeper posted, if it is new and whole; a reason against it is reported once."""
        try:
            posted = await asyncio.to_thread(published.look)
        except Unfit as unfit:
            if unfit.reason != self._unfit:
                self._events.emit("published_refused", reason=unfit.reason)
            self._unfit = unfit.reason
            return False
        if posted is None:
            return False
        self._unfit = ""
        self._publication.post(posted)
        self._events.emit("published", nodes=len(posted.bundles))
        return True

    async def _follow(self, index: int) -> None:
        while True:
            await self.poll(index)
            await asyncio.sleep(INTERVAL)

    async def poll(self, index: int) -> None:
        """Ask node `index` once and publish what follows from its answer or its silence."""
        try:
            windows = parse_report(await self._get(index, "/ec1/node", MAX_REPORT))
            if self._published is None:
                await self._fetch_bundles(index, windows)
        except NodeUnfit as unfit:
            if self._registry.nodes[index].failures == 0:
                self._events.emit("node_refused", node=index, reason=unfit.reason)
            if self._registry.fail(index):
                self._events.emit("node_dropped", node=index, reason=unfit.reason)
        else:
            if self._registry.report(index, windows, self._now()):
                self._events.emit("node_listed", node=index, windows=len(windows))
        if self._published is None:
            self._publication.refresh(self._registry.listed(self._now()), self._now())
            await self.store()

    async def store(self) -> None:
        """Write what is published; a disk that refuses is reported once, and tried again at the next poll."""
        async with self._writing:
            try:
                await asyncio.to_thread(self._shelf.keep, self._publication.files())
            except OSError as error:
                if self._writable:
                    self._events.emit("state_unwritable", reason=f"errno_{error.errno}")
                self._writable = False
                return
            if not self._writable:
                self._events.emit("state_writable")
            self._writable = True

    async def _fetch_bundles(self, index: int, windows: list[Window]) -> None:
        for window in windows:
            if window.nd not in self._publication.bundles and self._now() < window.exp:
                bundle = await self._get(index, f"/ec1/bundle/{window.nd}", MAX_BUNDLE)
                if not bundle:
                    raise NodeUnfit("bundle_empty")
                self._publication.add(window.nd, bundle)

    async def _get(self, index: int, path: str, most: int) -> bytes:
        address = self._registry.nodes[index].address
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                request = self._upstreams.session(address).get(address.base + path, allow_redirects=False)
                async with request as response:
                    if response.status != 200:
                        raise NodeUnfit(f"status_{response.status}")
                    data = bytearray()
                    async for part in response.content.iter_any():
                        data += part
                        if len(data) > most:
                            raise NodeUnfit("answer_too_large")
                    return bytes(data)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise NodeUnfit("unreachable") from error
