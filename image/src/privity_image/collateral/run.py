"""One run: everything that the settings name is fetched, checked and stored; a failure keeps the older file."""

from collections.abc import Awaitable, Callable
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension

from privity_image.collateral import amd, certificates, intel, nvidia, readable
from privity_image.collateral.download import Download
from privity_image.collateral.item import Item, Period
from privity_image.collateral.settings import Settings
from privity_image.collateral.store import Folder
from privity_image.collateral.subject import SevSnp
from privity_image.collateral.watch import Alarm, alarms
from privity_image.errors import Failed
from privity_image.reference_values import rim
from privity_image.trust import Roots

LAZY: Final = (ValueError, TypeError, UnsupportedAlgorithm, DuplicateExtension)
"""What the library raises for bytes that it parses only when a property is read; Failed is none of them."""

Outcome = tuple[str, Failed | None]
Job = Callable[[], Awaitable[Item]]


def expected(settings: Settings) -> tuple[str, ...]:
    """Return the labels of everything that the settings ask for."""
    subject = settings.subject
    labels = ["dcap-collateral"] if subject.dcap else []
    labels += ["snp-issuers", "snp-leaf", "snp-crl"] if subject.sev_snp else []
    labels += ["nvidia-ocsp"] if subject.devices else []
    return (*labels, *(_rim_label(name) for name in settings.rims))


def watch(settings: Settings, folder: Folder, now: int) -> list[Alarm]:
    """Return the alarms of a folder whose state is loaded."""
    intact = {label for label in folder.entries if folder.read(label) is not None}
    return alarms(folder.entries, intact, expected(settings), settings.acknowledged, now)


async def fetch(settings: Settings, folder: Folder, download: Download, *, roots: Roots, now: int) -> list[Outcome]:
    """Fetch everything once; return what became of each item. Raises Failed `store` only."""
    run = _Run(settings, folder, download, roots, now)
    with folder.exclusive():
        folder.load()
        if settings.subject.dcap:
            await run.one("dcap-collateral", run.dcap)
        if settings.subject.sev_snp:
            await run.sev_snp(settings.subject.sev_snp)
        if settings.subject.devices:
            await run.one("nvidia-ocsp", run.devices)
        for name in settings.rims:
            await run.rim(name)
    return run.outcomes


class _Run:
    def __init__(self, settings: Settings, folder: Folder, download: Download, roots: Roots, now: int) -> None:
        self.settings = settings
        self.folder = folder
        self.download = download
        self.roots = roots
        self.now = now
        self.outcomes: list[Outcome] = []

    async def one(self, label: str, job: Job, *, dated: bool = True) -> Item | None:
        """Do one job and store its item; on failure remember that and return None."""
        try:
            item = await self._checked(job, label, dated)
            self.folder.put(item, self.now)
        except Failed as error:
            if error.reason == "store":
                raise
            self.folder.failed(label, error, self.now)
            self.outcomes.append((label, error))
            return None
        self.outcomes.append((label, None))
        return item

    async def _checked(self, job: Job, label: str, dated: bool) -> Item:
        try:
            item = await job()
            if dated:
                certificates.check_current(item.periods, self.now)
            readable.check(item)
        except LAZY as error:
            raise Failed("malformed", f"{label}: {error}") from error
        return item

    async def dcap(self) -> Item:
        subject, at = self.settings.subject.dcap, self.settings.addresses
        if subject is None:
            raise AssertionError("no DCAP subject")
        return await intel.collateral(
            self.download,
            subject,
            service=at["intel_pcs"],
            certificates_at=at["intel_certificates"],
            pins=self.roots.intel,
            max_age=self.settings.max_age,
        )

    async def devices(self) -> Item:
        devices = self.settings.subject.devices
        if devices is None:
            raise AssertionError("no devices")
        return await nvidia.statuses(
            self.download,
            devices.chains,
            service=self.settings.addresses["nvidia_ocsp"],
            pins=self.roots.nvidia_device,
            max_age=self.settings.max_age,
        )

    async def sev_snp(self, subject: SevSnp) -> None:
        service, pins = self.settings.addresses["amd_kds"], self.roots.amd[subject.product]

        async def issuers() -> Item:
            kept = self._kept("snp-issuers", lambda stored: amd.checked_issuers(stored, subject, pins))
            return kept or await amd.issuers(self.download, subject, service=service, pins=pins)

        found = await self.one("snp-issuers", issuers)
        data = found.data if found else self.folder.read("snp-issuers")
        if data is None:
            for label in ("snp-leaf", "snp-crl"):
                self._blocked(label)
            return
        signing, root = amd.issuer_pair(data)

        async def leaf() -> Item:
            if subject.vlek is None:
                kept = self._kept("snp-leaf", lambda stored: amd.checked_leaf(stored, subject, signing))
                if kept is not None:
                    return kept
            return await amd.leaf(self.download, subject, signing, service=service)

        await self.one("snp-leaf", leaf)
        await self.one("snp-crl", lambda: amd.revocations(self.download, subject, root, service=service))

    def _kept(self, label: str, check: Callable[[bytes], Item]) -> Item | None:
        """What is stored, if it still fits and has not reached its half life: KDS counts every request."""
        data = self.folder.read(label)
        if data is None:
            return None
        try:
            item = check(data)
        except (Failed, *LAZY):
            return None
        return item if all(self.now < one.half for one in item.periods) else None

    def _blocked(self, label: str) -> None:
        error = Failed("unreachable", "snp-issuers are missing")
        self.folder.failed(label, error, self.now)
        self.outcomes.append((label, error))

    async def rim(self, name: str) -> None:
        async def job() -> Item:
            xml = await nvidia.manifest(self.download, name, service=self.settings.addresses["nvidia_rim"])
            try:
                found = rim.verify(xml, pins=self.roots.nvidia_rim)
            except rim.RimRefused as refused:
                raise Failed("signature", f"{name}: {refused}") from refused
            period = Period("manifest's signer", found.valid_from, found.valid_until, "certificate")
            return Item(_rim_label(name), xml, (period,))

        # An expired signer is ordinary for a manifest: policy says for how long its values are still taken.
        await self.one(_rim_label(name), job, dated=False)


def _rim_label(name: str) -> str:
    return f"rims/{name}.xml"
