"""Weights: hashed while they are copied into sealed memory, so that the bytes measured are the bytes loaded.

Source: specs/models.md. No parser sees a file before its digest has been compared with the measured configuration.
"""

import fcntl
import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec
from privity_protocol import canonical

from privity_enclave.configuration import Prices
from privity_enclave.failure import StartFailed

MAX_DOCUMENT: Final = 16384  # bytes; the limit of the bundle item that carries it
CHUNK: Final = 2**20  # bytes copied and hashed at a time
_MFD_NOEXEC_SEAL: Final = 0x0008  # Linux 6.3; older kernels refuse the flag
_SEALS: Final = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


class ModelRefused(StartFailed):
    """The weights given for a model are not the configured ones; the node does not start."""

    def __init__(self, model: str, why: str) -> None:
        super().__init__("models", f"{model}: {why}")
        self.model = model


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What the `models` document says about one model: `sha256` per weight file and `settings` are lower-case hex."""

    id: str
    display: str
    demonstration: bool
    sha256: list[str]
    engine: str
    settings: str
    context: int


def document(models: Sequence[ServedModel], prices: Prices | None = None) -> bytes:
    """Return the `models` document, canonical JSON; `prices` are None where requests cost nothing.

    Raises StartFailed `models` when it is longer than 16 KiB.
    """
    said: dict[str, object] = {"v": 1, "models": [asdict(model) for model in models]}
    encoded = canonical.encode(said if prices is None else {**said, "prices": msgspec.structs.asdict(prices)})
    if len(encoded) > MAX_DOCUMENT:
        raise StartFailed("models", f"the models document has {len(encoded)} bytes, at most {MAX_DOCUMENT}")
    return encoded


def seal(model: str, path: Path, *, sha256: str, size: int) -> int:
    """Return the descriptor of an anonymous file that nobody can change any more and that hashes to `sha256`.

    `size` is in bytes. The caller closes the descriptor. Raises ModelRefused: the file is missing, not a regular file,
    shorter or longer than `size`, of another digest, or larger than the memory that is left.
    """
    try:
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ModelRefused(model, f"{path.name} cannot be opened: {error.strerror}") from error
    target = _memory_file()
    try:
        if not stat.S_ISREG(os.fstat(source).st_mode):
            raise ModelRefused(model, f"{path.name} is not a regular file")
        found = _copy(source, target, model, size)
        fcntl.fcntl(target, fcntl.F_ADD_SEALS, _SEALS)
        if found != sha256:
            raise ModelRefused(model, f"SHA-256 of {path.name} is {found}, the configuration names {sha256}")
    except OSError as error:
        os.close(target)
        raise ModelRefused(model, f"{path.name} cannot be copied into memory: {error.strerror}") from error
    except ModelRefused:
        os.close(target)
        raise
    finally:
        os.close(source)
    return target


def _memory_file() -> int:
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create("weights", flags | _MFD_NOEXEC_SEAL)
    except OSError:
        return os.memfd_create("weights", flags)


def _copy(source: int, target: int, model: str, size: int) -> str:
    digest = hashlib.sha256()
    copied = 0
    while chunk := os.read(source, CHUNK):
        copied += len(chunk)
        # Stop at the first byte too many: the file may never end.
        if copied > size:
            raise ModelRefused(model, f"longer than the configured {size} bytes")
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(target, view) :]
    if copied != size:
        raise ModelRefused(model, f"has {copied} bytes, the configuration names {size}")
    return digest.hexdigest()
