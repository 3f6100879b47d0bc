"""What an external engine says about itself before it is trusted with a prompt.

Source: specs/engine-profiles.md, section "Refusals at start".
"""

import re
from typing import Final

from privity_enclave.engine.adapter import Adapter
from privity_enclave.engine.profiles import Profile
from privity_enclave.failure import StartFailed

# A suffix such as rc1 or .dev3 comes before the release it names, and so is below the floor it names.
_RELEASE: Final = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,6})(?:\.post\d{1,4})?(?:\+[A-Za-z0-9.]{1,40})?")


async def inspect(adapter: Adapter, profile: Profile, *, model: str, slots: int) -> str:
    """Return the version an engine tells. Raises StartFailed `engine`, or EngineError when it does not answer."""
    path, member = profile.version
    status, answer = await adapter.ask(path)
    if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get(member), str):
        raise StartFailed("engine", f"{profile.name} does not tell its version at {path}")
    version: str = answer[member]
    if profile.floor is not None:
        found = _RELEASE.fullmatch(version)
        if found is None or tuple(map(int, found.groups())) < profile.floor:
            raise StartFailed("engine", f"{version[:40]!a} is not {profile.label}, below which chats can mix")
    for name, value in profile.required.items():
        if answer.get(name) != value:
            raise StartFailed("engine", f"{profile.name} must run with {name} = {value}")
    # A slot number out of range wraps around in llama.cpp: another chat's slot would be used.
    if profile.isolation == "slots" and answer.get("total_slots") != slots:
        raise StartFailed("engine", f"{profile.name} has not the configured {slots} slots")
    for closed in profile.closed:
        if (await adapter.ask(closed))[0] == 200:
            raise StartFailed("engine", f"{profile.name} shows what others wrote at {closed}")
    if profile.lists_models:
        await _lists(adapter, profile, model)
    return version


async def _lists(adapter: Adapter, profile: Profile, model: str) -> None:
    _, answer = await adapter.ask("/v1/models")
    listed = answer.get("data") if isinstance(answer, dict) else None
    entries = listed if isinstance(listed, list) else []
    if model not in [entry.get("id") for entry in entries if isinstance(entry, dict)]:
        raise StartFailed("engine", f"{profile.name} does not serve {model}")
