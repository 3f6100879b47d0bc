"""What differs between engines that speak the OpenAI protocol: fields, isolation, version floors and refusals.

Source: specs/engine-profiles.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Isolation = Literal["slots", "salt", "none"]
SAMPLING: Final = frozenset({"temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "stop"})
TOOLS: Final = frozenset({"tools", "tool_choice", "response_format"})
LOGPROBS: Final = frozenset({"logprobs", "top_logprobs"})
LOCAL_SAMPLING: Final = frozenset({"top_k", "min_p"})
SERVED: Final = frozenset({"reasoning_effort", "image_url"})
LLAMA: Final = SAMPLING | LOCAL_SAMPLING | TOOLS | LOGPROBS | {"logit_bias", "parallel_tool_calls"}


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of engine.

    `isolation`: by slots that we own, by a salt of ours, or none (then one slot only). `fields`: what a client may
    set, `image_url` for images in messages.
    `version`: path and member that tell it; `floor`: the oldest accepted. `closed`: paths that must not answer 200.
    `required`: members of `version`'s answer with the values they must have. `lists_models`: the configured id must be
    among those of `/v1/models`.
    """

    name: str
    isolation: Isolation
    fields: frozenset[str]
    version: tuple[str, str]
    floor: tuple[int, int, int] | None = None
    closed: tuple[str, ...] = ()
    required: Mapping[str, object] = field(default_factory=dict)
    lists_models: bool = True

    @property
    def label(self) -> str:
        """How the `models` document names an engine that has not been asked for its version yet."""
        return self.name if self.floor is None else f"{self.name} >={'.'.join(map(str, self.floor))}"


PROFILES: Final[Mapping[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile(
            name="xllamacpp",
            isolation="slots",
            fields=LLAMA,
            version=("/props", "build_info"),
            closed=("/slots", "/metrics"),
            lists_models=False,
        ),
        Profile(
            name="llama-server",
            isolation="slots",
            fields=LLAMA | {"image_url"},
            version=("/props", "build_info"),
            closed=("/slots",),
            lists_models=False,
        ),
        Profile(
            name="vllm",
            isolation="salt",
            fields=SAMPLING | LOCAL_SAMPLING | TOOLS | LOGPROBS | SERVED | {"parallel_tool_calls"},
            version=("/version", "version"),
            floor=(0, 33, 0),
        ),
        Profile(
            name="sglang",
            isolation="salt",
            fields=SAMPLING | LOCAL_SAMPLING | TOOLS | LOGPROBS | SERVED,
            version=("/get_server_info", "version"),
            floor=(0, 5, 23),
            required={"log_requests": False},
        ),
        Profile(
            name="ollama",
            isolation="none",
            fields=SAMPLING | {"tools", "response_format"},
            version=("/api/version", "version"),
        ),
    )
}
