"""The measured configuration: everything that changes how a node behaves, in one closed document that clients read.

Source: specs/configuration.md. Nothing else configures a node; what the command line names (files, an address to listen
on) changes where it finds things, never what it does with a message.
"""

import hashlib
from typing import Annotated, Final, Literal

import msgspec
from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_TOKENS_IN_HEADER

from privity_enclave.failure import StartFailed

MAX_CONFIGURATION: Final = 16384  # bytes; the limit of the bundle item that carries it

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}\Z")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[ -~]+\Z")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Profile = Literal["p0", "p1", "p2"]
HardwareKind = Literal["cca", "nitro", "sev_snp", "sim_tpm", "simulated", "tdx"]
EngineProfile = Literal["xllamacpp", "vllm", "sglang", "llama-server", "ollama"]
Host = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,255}\Z")]
Price = Annotated[int, msgspec.Meta(ge=0, le=MAX_TOKENS_IN_HEADER)]  # tokens
_PORT: Final = r":(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_SOCKET: Final = r"unix:/[A-Za-z0-9._/-]{1,100}"
# An engine elsewhere would carry plaintext out of the enclave, whatever the document calls it.
_ENGINE: Final = rf"{_SOCKET}|http://(127\.0\.0\.1|localhost|\[::1\]){_PORT}(/[A-Za-z0-9._/-]*)?"
_LEDGER: Final = rf"{_SOCKET}|http://127\.0\.0\.1{_PORT}|https://[A-Za-z0-9.-]{{1,253}}({_PORT})?"


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model of the node."""

    id: Name
    display: Text
    demonstration: bool
    engine: Literal["embedded", "external"]
    file: FileName | None  # null: an external engine holds the weights
    sha256: Digest
    size: Annotated[int, msgspec.Meta(ge=1, le=2**44)]  # bytes
    context: Annotated[int, msgspec.Meta(ge=128, le=2**24)]  # tokens of one chat
    slots: Annotated[int, msgspec.Meta(ge=1, le=1024)]  # chats answered at once
    template: Annotated[str, msgspec.Meta(max_length=8192)] | None


class Engine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How models are run."""

    kind: Literal["embedded", "external"]
    url: Annotated[str, msgspec.Meta(max_length=256, pattern=rf"^(?:{_ENGINE})\Z")] | None
    profile: EngineProfile
    network_isolation: Literal["required", "best_effort"]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on memory and time; what happens beyond each is in the specification."""

    sessions: Annotated[int, msgspec.Meta(ge=1, le=200_000)]
    concurrent_runs: Annotated[int, msgspec.Meta(ge=1, le=4096)]
    request_bytes: Annotated[int, msgspec.Meta(ge=2**20, le=2**36)]  # of all requests being read at one time
    request_seconds: Annotated[int, msgspec.Meta(ge=1, le=600)]
    answer_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)]
    resume_answers: Annotated[int, msgspec.Meta(ge=0, le=4096)]
    challenges_per_minute: Annotated[int, msgspec.Meta(ge=0, le=600)]
    drain_seconds: Annotated[int, msgspec.Meta(ge=0, le=600)]


class Devices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Processors beside the CPU whose evidence every bundle holds: NVIDIA GPUs and the switches between them."""

    gpus: Annotated[int, msgspec.Meta(ge=0, le=16)]
    switches: Annotated[int, msgspec.Meta(ge=0, le=16)]


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request costs in tokens, by operation; what is not named here costs nothing."""

    chat: Price
    embed: Price


class Metering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which tokens are taken: those for hosts `issuer` and `origin` that the ledger at `ledger` lets be spent."""

    ledger: Annotated[str, msgspec.Meta(pattern=rf"^(?:{_LEDGER})\Z")]
    issuer: Host
    origin: Host
    prices: Prices


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole configuration, checked."""

    v: Literal[1]
    deploy: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
    models: Annotated[list[Model], msgspec.Meta(min_length=1, max_length=16)]
    engine: Engine
    profiles: Annotated[list[Profile], msgspec.Meta(min_length=1, max_length=3)]
    egress: Literal["none"]
    limits: Limits
    hardware: Annotated[list[HardwareKind], msgspec.Meta(min_length=1, max_length=6)]
    devices: Devices
    metering: Metering | None


def decode(data: bytes) -> Configuration:
    """Return the configuration that canonical JSON `data` states.

    Raises StartFailed `configuration`: not canonical, unknown or missing member, value out of its range or at odds with
    another.
    """
    try:
        configuration = msgspec.convert(canonical.decode(data, max_bytes=MAX_CONFIGURATION), Configuration)
    except (Malformed, msgspec.ValidationError) as error:
        raise StartFailed("configuration", str(error)) from error
    complaints = _contradictions(configuration)
    if complaints:
        raise StartFailed("configuration", complaints[0])
    return configuration


def digest(data: bytes) -> bytes:
    """Return the 32 bytes that stand for a configuration in the node document and in the runtime register."""
    return hashlib.sha256(data).digest()


def _contradictions(configuration: Configuration) -> list[str]:
    engine = configuration.engine
    found: list[str] = []
    if len({model.id for model in configuration.models}) != len(configuration.models):
        found.append("$.models names one twice")
    for name, entries in (("profiles", configuration.profiles), ("hardware", configuration.hardware)):
        if list(entries) != sorted(set(entries)):
            found.append(f"$.{name} is out of order or names one twice")
    for index, model in enumerate(configuration.models):
        if model.engine != engine.kind:
            found.append(f"$.models[{index}].engine differs from $.engine.kind")
        if (model.file is None) != (model.engine == "external"):
            found.append(f"$.models[{index}].file is null exactly when the engine is external")
    if (engine.url is None) != (engine.kind == "embedded"):
        found.append("$.engine.url is null exactly when the engine is embedded")
    if (engine.profile == "xllamacpp") != (engine.kind == "embedded"):
        found.append("$.engine.profile is xllamacpp exactly when the engine is embedded")
    return found
