"""The packaged list of models that may be pulled, each by commit and digest. Source: specs/catalogue.md.

An entry without a digest is shown and cannot be pulled: a maintainer who holds the file fills it in; nobody guesses.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_client.errors import ClientError

MAX_CATALOGUE: Final = 262_144
"""Bytes; a list of a few hundred entries. Beyond it the file is refused."""
MAX_ENTRIES: Final = 256
MAX_MODEL_BYTES: Final = 2**41
"""Bytes of one weight file (2 TiB); beyond it the entry is refused."""
_ENTRY: Final = frozenset(
    {
        "attention",
        "commit",
        "context",
        "display",
        "engines",
        "file",
        "id",
        "licence",
        "min_ram",
        "quant",
        "repository",
        "sha256",
        "size",
        "template",
    }
)
_ENGINES: Final = frozenset({"xllamacpp", "vllm", "sglang", "llama-server", "ollama"})
ID_PATTERN: Final = r"[a-z0-9][a-z0-9.-]{0,62}"
_FILE: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]*"


@dataclass(frozen=True)
class Pin:
    """What makes an entry pullable: the commit to ask for, and size (bytes) and SHA-256 of the file."""

    commit: str
    size: int
    sha256: bytes


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue. `min_ram` is in MiB; `pin` is None until a maintainer has filled the digest."""

    id: str
    display: str
    licence: str
    repository: str
    file: str
    quant: str
    context: int
    min_ram: int
    attention: str
    engines: tuple[str, ...]
    template: bytes | None
    pin: Pin | None


@dataclass(frozen=True)
class Catalogue:
    """A version (rising with each change) and the entries, best first: selection takes the first that fits."""

    version: int
    entries: tuple[Entry, ...]

    def entry(self, model_id: str) -> Entry:
        """Return the entry `model_id`. Raises ClientError `model_unknown`."""
        for entry in self.entries:
            if entry.id == model_id:
                return entry
        raise ClientError("model_unknown", model_id)


def load() -> Catalogue:
    """Return the packaged catalogue. Raises ClientError `catalogue_invalid`."""
    try:
        return decode(files("privity_client.models").joinpath("catalogue.json").read_bytes().rstrip(b"\n"))
    except (Malformed, OSError) as error:
        raise ClientError("catalogue_invalid", str(error)) from error


def decode(data: bytes) -> Catalogue:
    """Return the catalogue that canonical JSON `data` holds. Raises Malformed with the member in the detail."""
    value = canonical.decode(data, max_bytes=MAX_CATALOGUE)
    top = canonical.members(value, frozenset({"v", "t", "version", "models"}), "catalogue")
    canonical.integer(top["v"], "catalogue.v", least=1, most=1)
    canonical.text(top["t"], "catalogue.t", longest=9, pattern="catalogue")
    listed = canonical.entries(top["models"], "catalogue.models", most=MAX_ENTRIES)
    entries = tuple(_entry(item) for item in listed)
    if len({entry.id for entry in entries}) != len(entries):
        raise Malformed("member_value", "catalogue.models: an id occurs twice")
    return Catalogue(canonical.integer(top["version"], "catalogue.version", least=1), entries)


def _entry(value: object) -> Entry:
    item = canonical.members(value, _ENTRY, "model")
    template = item["template"]
    listed = canonical.entries(item["engines"], "model.engines", least=1, most=len(_ENGINES))
    engines = tuple(canonical.text(name, "model.engines", longest=16) for name in listed)
    if not _ENGINES.issuperset(engines) or len(set(engines)) != len(engines):
        raise Malformed("member_value", "model.engines")
    return Entry(
        id=canonical.text(item["id"], "model.id", longest=63, pattern=ID_PATTERN),
        display=canonical.text(item["display"], "model.display", longest=80),
        licence=canonical.text(item["licence"], "model.licence", longest=64),
        repository=canonical.text(
            item["repository"], "model.repository", longest=128, pattern=r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"
        ),
        file=canonical.text(item["file"], "model.file", longest=128, pattern=_FILE),
        quant=canonical.text(item["quant"], "model.quant", longest=16),
        context=canonical.integer(item["context"], "model.context", least=256, most=2**24),
        min_ram=canonical.integer(item["min_ram"], "model.min_ram", least=1, most=2**24),
        attention=canonical.text(item["attention"], "model.attention", longest=16, pattern="plain|hybrid|sliding"),
        engines=engines,
        template=None if template is None else canonical.from_hex(template, "model.template", size=32),
        pin=_pin(item),
    )


def _pin(item: dict[str, object]) -> Pin | None:
    unpinned = [name for name in ("commit", "sha256", "size") if item[name] is None]
    if len(unpinned) == 3:
        return None
    if unpinned:
        # Half a pin would tempt a reader to fill the rest from the network.
        raise Malformed(
            "member_value", f"model.{unpinned[0]}: commit, sha256 and size are given together or not at all"
        )
    return Pin(
        canonical.from_hex(item["commit"], "model.commit", size=20).hex(),
        canonical.integer(item["size"], "model.size", least=1, most=MAX_MODEL_BYTES),
        canonical.from_hex(item["sha256"], "model.sha256", size=32),
    )
