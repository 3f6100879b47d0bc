"""The question asked of every engine before it serves: does one owner's prompt speed up another's?

Source: specs/engine-profiles.md, section "Isolation". Its two short chats are the warm-up as well.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping

from privity_protocol.chat import ChatRequest, EmbedRequest
from privity_protocol.lines import Usage

from privity_enclave.engine.adapter import Adapter
from privity_enclave.engine.interface import EngineError, EngineRequest
from privity_enclave.engine.profiles import Profile
from privity_enclave.engine.slots import Lease
from privity_enclave.failure import StartFailed

Bodies = Callable[[EngineRequest, Lease], list[bytes]]
"""What an engine is sent for a request, with isolation that is ours: one chat, or text by text."""


class Isolation:
    """Turns an owner and a lease into the fields by which an engine keeps owners apart."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.embeds = False
        """Whether the model gives vectors. Its engine chooses their slot, so that no slot's memory is anyone's own."""
        self._key = secrets.token_bytes(32)

    def fields(self, owner: bytes, lease: Lease) -> Mapping[str, object]:
        """Return the members that only we may set."""
        match self._profile.isolation:
            case "slots":
                return {"id_slot": lease.slot, "cache_prompt": lease.reuse and not self.embeds}
            case "salt":
                # 64 hex digits exactly: another form of salt has killed an engine.
                return {"cache_salt": hmac.new(self._key, owner, hashlib.sha256).hexdigest()}
            case "none":
                return {}


async def check_vectors(adapter: Adapter, isolation: Isolation, bodies: Bodies) -> None:
    """Learn whether the model gives vectors, by asking for one. Raises EngineError when the engine does not answer."""
    asked = EngineRequest(secrets.token_bytes(32), EmbedRequest("", [secrets.token_hex(8)]))
    try:
        isolation.embeds = bool([event async for event in adapter.embed(bodies(asked, Lease(0, reuse=False)))])
    except EngineError as error:
        if error.code != "bad_request":
            raise


async def check(adapter: Adapter, profile: Profile, bodies: Bodies) -> None:
    """Let two owners send one prompt. Raises StartFailed `engine` when the second finds anything of the first.

    Raises EngineError when the engine does not answer.
    """
    chat = ChatRequest("", [{"role": "user", "content": secrets.token_hex(64)}], {"max_tokens": 1})
    for _ in range(2):
        asked = EngineRequest(secrets.token_bytes(32), chat)
        cached = None
        async for event in adapter.chat(*bodies(asked, Lease(0, reuse=False))):
            if isinstance(event, Usage):
                cached = event.cached
        if cached is None:
            raise EngineError("crashed")
        if cached and profile.isolation != "none":
            raise StartFailed("engine", f"{profile.name} let one chat find {cached} tokens of another in its cache")
