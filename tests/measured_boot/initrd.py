"""An initrd with a Python interpreter and nothing that importing one script does not need: cpio "newc" (kernel
documentation, driver-api/early-userspace/buffer-format), compressed.
"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

IMPORTS = """
import importlib.util, json, re, sys
sys.path[:0] = sys.argv[2:]
spec = importlib.util.spec_from_file_location("script", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
files = {getattr(module, "__file__", None) for module in sys.modules.values()}
files |= {getattr(module, "__cached__", None) for module in sys.modules.values()}
files |= set(re.findall(r"(/\\S+)$", open("/proc/self/maps").read(), re.MULTILINE))
print(json.dumps(sorted(files - {None, sys.argv[1]})))
"""
LOADER = "/lib64/ld-linux-x86-64.so.2"
FILE, FOLDER, LINK = 0o100755, 0o040755, 0o120777


def needed(script: Path, folders: list[str]) -> list[Path]:
    """Every file that an interpreter has opened once it has imported the script."""
    command = [interpreter(), "-I", "-S", "-c", IMPORTS, str(script), *folders]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [Path(name) for name in json.loads(shown)]
    return [path for path in found if path.is_file() and not path.is_relative_to("/proc")]


def interpreter() -> str:
    """The interpreter itself, not the link to it in a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def build(script: Path, folders: list[str]) -> bytes:
    """The initrd whose /init is the script, with its modules in the given folders."""
    entries: dict[str, tuple[int, bytes]] = {}
    for path in [*needed(script, folders), Path(interpreter())]:
        entries[str(path)] = (FILE, path.read_bytes())
        if ".so" in path.name:  # by the names it has here, where the loader looks without a cache of its own
            stem = path.name.partition(".so")[0]
            for name in (found.name for found in path.parent.glob(f"{stem}.so*") if found.resolve() == path.resolve()):
                entries.setdefault(f"/lib/{name}", (LINK, str(path).encode()))
    entries[LOADER] = (FILE, Path(LOADER).read_bytes())
    start = f"#!{interpreter()} -IS\nimport sys\nsys.path[:0] = {folders!r}\n"
    entries["/init"] = (FILE, start.encode() + script.read_bytes())
    for name in [*entries]:
        for parent in Path(name).parents:
            entries.setdefault(str(parent), (FOLDER, b""))
    for folder in ("/dev", "/sys"):
        entries[folder] = (FOLDER, b"")
    entries["/dev/console"] = (0o020600, b"")
    archive = b"".join(entry(name, *entries[name]) for name in sorted(entries) if name != "/")
    return gzip.compress(archive + entry("TRAILER!!!", 0, b""), compresslevel=6, mtime=0)


def entry(name: str, mode: int, data: bytes) -> bytes:
    """One file of an archive."""
    encoded = name.lstrip("/").encode() + b"\0"
    console = (5, 1) if mode == 0o020600 else (0, 0)
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *console, len(encoded), 0)
    head = b"070701" + b"".join(f"{field:08x}".encode() for field in fields)
    return padded(head + encoded) + padded(data)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
