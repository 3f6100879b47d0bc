"""`privity models list | pull | add`."""

import json
import os
import sys
from pathlib import Path

from privity_client.errors import ClientError, Exit
from privity_client.models import catalogue, shelf
from privity_client.models.pull import DEFAULT_SOURCE, pull
from privity_client.serve.home import Home, home_path, open_home

NOT_PINNED = "not pinned"


def list_models(as_json: bool) -> int:
    """Show what is on this machine and what the catalogue holds."""
    home = Home(home_path(dict(os.environ)))
    here = {model.id: model for model in shelf.read_shelf(home.models)}
    built_in = shelf.demonstration()
    rows = [_row(model, "demonstration") for model in ([built_in] if built_in else [])]
    rows += [_row(model, "on this machine") for model in here.values()]
    for entry in catalogue.load().entries:
        if entry.id not in here:
            state = "can be pulled" if entry.pin else NOT_PINNED
            size = entry.pin.size if entry.pin else None
            rows.append(
                _Row(entry.id, entry.display, size, entry.licence, state, entry.pin.sha256.hex() if entry.pin else None)
            )
    if as_json:
        print(json.dumps({"models": [row.members() for row in rows]}, ensure_ascii=False))
    else:
        _table(rows)
        if any(row.state == NOT_PINNED for row in rows):
            print(f"\n{NOT_PINNED}: no digest in the catalogue yet, so no pull; `privity models add` takes a file.")
    return int(Exit.OK)


def pull_model(model: str, url_base: str | None) -> int:
    """Fetch a model of the catalogue."""
    import httpx
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    entry = catalogue.load().entry(model)
    if entry.pin is None:
        raise ClientError("model_unpinned", entry.id)
    home = open_home(home_path(dict(os.environ)))
    base = url_base or os.environ.get("PRIVITY_MODEL_SOURCE", DEFAULT_SOURCE)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, transient=False) as progress, httpx.Client() as client:
        task = progress.add_task(entry.id, total=entry.pin.size)
        found = pull(
            entry,
            home.models,
            base=base,
            client=client,
            progress=lambda received, total: progress.update(task, completed=received, total=total),
        )
    print(f"{found.id}: digest checked, {found.path}")
    return int(Exit.OK)


def add_model(path: Path, model: str | None, context: int) -> int:
    """Copy a file onto the shelf."""
    from rich.progress import Progress

    model_id = model or shelf.id_from(path.stem)
    home = open_home(home_path(dict(os.environ)))
    if model_id == shelf.DEMONSTRATION or any(entry.id == model_id for entry in catalogue.load().entries):
        raise ClientError("misuse", f"the name {model_id} is taken; give another with --id")
    total = path.stat().st_size if path.is_file() else None
    with Progress(transient=True) as progress:
        task = progress.add_task(f"adding {path.name}", total=total)
        added = shelf.add(
            home.models, path, model_id=model_id, context=context, progress=lambda count: progress.advance(task, count)
        )
    print(f"{added.id}: operator-added, sha256 {added.sha256}")
    print(f"Serve it with: privity serve --model {added.id}")
    return int(Exit.OK)


class _Row:
    def __init__(self, name: str, display: str, size: int | None, licence: str, state: str, sha256: str | None) -> None:
        self.name, self.display, self.size, self.licence = name, display, size, licence
        self.state, self.sha256 = state, sha256

    def members(self) -> dict[str, object]:
        return {
            "id": self.name,
            "display": self.display,
            "size": self.size,
            "licence": self.licence,
            "state": self.state,
            "sha256": self.sha256,
        }


def _row(model: shelf.ShelfModel, state: str) -> _Row:
    label = "operator-added" if model.origin == "operator-added" else state
    return _Row(model.id, model.display, model.size, "", label, model.sha256)


def _table(rows: list[_Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("model", "name", "size", "licence", "state", "sha256"):
        table.add_column(column, justify="right" if column == "size" else "left", overflow="fold")
    for row in rows:
        size = f"{row.size / 1e6:,.1f} MB" if row.size else "–"
        table.add_row(row.name, row.display, size, row.licence or "–", row.state, (row.sha256 or "–")[:12])
    Console(file=sys.stdout, highlight=False).print(table)
