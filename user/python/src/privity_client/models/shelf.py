"""The model files of this installation: one GGUF and one record beside it per model, under PRIVITY_HOME/models.

Trusted: no; the node hashes the weights again before any parser sees them, and the digest shows in its evidence.
Altered: the node refuses to start with that model. Lost: pull or add it again. Rolled back: the older digest shows.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_client.errors import ClientError
from privity_client.models.catalogue import ID_PATTERN, MAX_MODEL_BYTES
from privity_client.serve.home import write_whole

MAX_RECORD: Final = 4096
DEMONSTRATION: Final = "demonstration"
DEMONSTRATION_CONTEXT: Final = 2048
_RECORD: Final = frozenset({"v", "id", "display", "file", "size", "sha256", "context", "origin"})
_CHUNK: Final = 1 << 20
Progress = Callable[[int], None]


@dataclass(frozen=True)
class ShelfModel:
    """A model that can be served: `origin` is "catalogue", "operator-added" or "demonstration"."""

    id: str
    display: str
    path: Path
    size: int
    sha256: str
    context: int
    origin: str


def digest_file(path: Path, progress: Progress = lambda _count: None) -> str:
    """Return the SHA-256 of a file in hexadecimal; `progress` is told the bytes of each chunk."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            progress(len(chunk))
    return digest.hexdigest()


def demonstration() -> ShelfModel | None:
    """Return the model that ships with Privity, or None when its package is not installed."""
    spec = find_spec("privity_demonstration")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).glob("*.gguf")):
            return ShelfModel(
                DEMONSTRATION,
                "Privity demonstration",
                path,
                path.stat().st_size,
                digest_file(path),
                DEMONSTRATION_CONTEXT,
                DEMONSTRATION,
            )
    return None


def read_shelf(folder: Path) -> list[ShelfModel]:
    """Return the models under `folder` whose file is there with the recorded size; unreadable records are left out."""
    found = []
    for record in sorted(folder.glob("*.json")):
        try:
            model = _decode(record.read_bytes()[: MAX_RECORD + 1], folder)
            if model.path.stat().st_size == model.size:
                found.append(model)
        except (Malformed, OSError):
            continue
    return found


def write_record(folder: Path, model: ShelfModel) -> None:
    """Put the record of `model` beside its file. Raises ClientError `disk_full`."""
    value = {
        "v": 1,
        "id": model.id,
        "display": model.display,
        "file": model.path.name,
        "size": model.size,
        "sha256": model.sha256,
        "context": model.context,
        "origin": model.origin,
    }
    write_whole(folder / f"{model.id}.json", canonical.encode(value))


def add(
    folder: Path, source: Path, *, model_id: str, context: int, progress: Progress = lambda _count: None
) -> ShelfModel:
    """Copy a GGUF file onto the shelf as operator-added. Raises ClientError `model_not_gguf`, `disk_full`."""
    try:
        with source.open("rb") as file:
            magic = file.read(4)
        size = source.stat().st_size
    except OSError as error:
        raise ClientError("file_unreadable", f"{source}: {error.strerror}") from error
    if magic != b"GGUF":
        raise ClientError("model_not_gguf", str(source))
    target = folder / f"{model_id}.gguf"
    if shutil.disk_usage(folder).free < size:
        raise ClientError("disk_full", f"{size} bytes are needed in {folder}")
    partial = target.with_suffix(".gguf.adding")
    try:
        digest = _copy(source, partial, progress)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    model = ShelfModel(model_id, source.stem[:80], target, size, digest, context, "operator-added")
    write_record(folder, model)
    return model


def id_from(name: str) -> str:
    """Return a model id made from a file name: lower case letters, digits, dots and dashes."""
    kept = "".join(character if character.isascii() and character.isalnum() else "-" for character in name.lower())
    return "-".join(part for part in kept.split("-") if part)[:63] or "model"


def _copy(source: Path, target: Path, progress: Progress) -> str:
    digest = hashlib.sha256()
    try:
        with source.open("rb") as reading, target.open("wb") as writing:
            while chunk := reading.read(_CHUNK):
                digest.update(chunk)
                writing.write(chunk)
                progress(len(chunk))
    except OSError as error:
        raise ClientError("disk_full", str(target)) from error
    return digest.hexdigest()


def _decode(data: bytes, folder: Path) -> ShelfModel:
    item = canonical.members(canonical.decode(data, max_bytes=MAX_RECORD), _RECORD, "model")
    canonical.integer(item["v"], "model.v", least=1, most=1)
    name = canonical.text(item["file"], "model.file", longest=128, pattern=r"[A-Za-z0-9_][A-Za-z0-9._-]*")
    return ShelfModel(
        id=canonical.text(item["id"], "model.id", longest=63, pattern=ID_PATTERN),
        display=canonical.text(item["display"], "model.display", longest=80),
        path=folder / name,
        size=canonical.integer(item["size"], "model.size", least=1, most=MAX_MODEL_BYTES),
        sha256=canonical.from_hex(item["sha256"], "model.sha256", size=32).hex(),
        context=canonical.integer(item["context"], "model.context", least=256, most=2**24),
        origin=canonical.text(item["origin"], "model.origin", longest=16, pattern="catalogue|operator-added"),
    )
