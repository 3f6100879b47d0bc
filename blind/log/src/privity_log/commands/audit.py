"""`privity-log audit`: check a whole log, offline from its folder or over HTTP."""

from contextlib import nullcontext
from pathlib import Path

import httpx
from privity_tlog.witness_policy import WitnessPolicy
from rich.console import Console
from rich.progress import Progress

from privity_log.audit import audit
from privity_log.sequencer import COMMITTED
from privity_log.source import FolderSource, source_of


def run(place: str, policy: WitnessPolicy, origin: str) -> int:
    """Audit the log at `place`: a log's folder (with `public/` in it), its public folder, or an address."""
    folder = Path(place)
    whole = (folder / "public").is_dir()
    committed = folder / COMMITTED
    console = Console(stderr=True)
    with (
        httpx.Client(trust_env=False) as client,
        Progress(console=console) if console.is_terminal else nullcontext() as bar,
    ):
        source = FolderSource(folder / "public") if whole else source_of(place, client)
        task = bar.add_task("leaves", total=None) if bar is not None else None

        def progress(done: int, of: int) -> None:
            if bar is not None and task is not None:
                bar.update(task, completed=done, total=of)

        data = committed.read_bytes() if whole and committed.exists() else None
        found = audit(source, policy, origin, committed=data, progress=progress)
    print(f"{origin}: {found.head.size} leaves, {found.bytes} bytes of leaves; every leaf, tile and head holds")
    print(f"root {found.head.root.hex()}")
    return 0
