"""What the simulated platform measures in place of firmware: our own code and the packages it runs with.

Source: specs/simulated.md. Register 0 is the code, register 1 the closure.
"""

import hashlib
import importlib.metadata
import re
from pathlib import Path
from typing import Final

import privity_protocol

PACKAGES: Final = ("privity_enclave", "privity_protocol")
_DISTRIBUTION: Final = "privity-enclave"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def code() -> bytes:
    """Return 48 bytes: SHA-384 over "path NUL SHA-384(content)" of each of our files, sorted by path."""
    folders = (Path(__file__).parents[1], Path(privity_protocol.__file__).parent)
    files = {
        f"{package}/{path.relative_to(folder).as_posix()}": path
        for package, folder in zip(PACKAGES, folders, strict=True)
        for path in folder.rglob("*.py")
    }
    total = hashlib.sha384()
    for name in sorted(files):
        total.update(name.encode() + b"\0" + hashlib.sha384(files[name].read_bytes()).digest())
    return total.digest()


def closure() -> bytes:
    """Return 48 bytes: SHA-384 of the closure list."""
    return hashlib.sha384("".join(f"{entry}\n" for entry in closure_list()).encode()).digest()


def closure_list() -> list[str]:
    """Return "name==version" of every installed distribution that the enclave needs, sorted; names as PEP 503."""
    found: dict[str, str] = {}
    waiting = [_DISTRIBUTION]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # a requirement for another interpreter or system
        found[name] = distribution.version
        for requirement in distribution.requires or []:
            match = _NAME.match(requirement)
            if match and not re.search(r"\bextra\s*==", requirement):
                waiting.append(match[0])
    return [f"{name}=={found[name]}" for name in sorted(found)]
