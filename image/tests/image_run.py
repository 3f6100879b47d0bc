"""One run of the fetcher against a local server, without files of settings."""

import asyncio
from pathlib import Path

from image_pki import DAY, NOW
from image_server import Vendors
from image_worlds import roots
from privity_image.collateral import run
from privity_image.collateral.download import Download
from privity_image.collateral.settings import ADDRESSES, Settings
from privity_image.collateral.store import Folder
from privity_image.collateral.subject import Subject
from privity_image.trust import Roots


class Stand:
    """A folder, a server and a subject; `pauses` are the seconds that a vendor made us wait."""

    def __init__(self, folder: Path, vendors: Vendors, subject: Subject, rims: tuple[str, ...] = ()) -> None:
        addresses = dict.fromkeys(ADDRESSES, vendors.address)
        self.settings = Settings(folder, subject, rims, addresses, frozenset(), 7 * DAY, 10.0, None)
        self.folder = Folder(folder)
        self.pauses: list[float] = []
        self.deadline = 10.0

    def fetch(self, now: int = NOW, pins: Roots | None = None) -> dict[str, str | None]:
        """Run once; label to the reason of its failure, or None."""

        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        async def all_of_it() -> list[run.Outcome]:
            async with Download(deadline=self.deadline, pause=pause) as download:
                return await run.fetch(self.settings, self.folder, download, roots=pins or roots(), now=now)

        return {label: error.reason if error else None for label, error in asyncio.run(all_of_it())}
