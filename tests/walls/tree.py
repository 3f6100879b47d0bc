"""The tracked source files, as the wall tests read them."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ("node_modules/", "dist/", "vectors/")
SOURCES = {
    "privity_protocol": ROOT / "pure/protocol/src/privity_protocol",
    "privity_tlog": ROOT / "pure/tlog/src/privity_tlog",
    "privity_vault": ROOT / "pure/vault/src/privity_vault",
    "privity_attest": ROOT / "pure/attest/src/privity_attest",
    "privity_enclave": ROOT / "enclave/src/privity_enclave",
    "privity_simulation": ROOT / "enclave/src/privity_simulation",
    "privity_service": ROOT / "blind/service/src/privity_service",
    "privity_log": ROOT / "blind/log/src/privity_log",
    "privity_client": ROOT / "user/python/src/privity_client",
    "privity_image": ROOT / "image/src/privity_image",
}


def tracked_files(*suffixes: str) -> list[Path]:
    """Files in version control and new files that are not ignored, with one of these suffixes."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    names = [name for name in listing if name.endswith(suffixes) and not any(part in name for part in GENERATED)]
    return [ROOT / name for name in sorted(names) if (ROOT / name).is_file()]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines of every function in a Python file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def modules_of(package: str) -> dict[str, Path]:
    """Dotted name to file of every module of a package of ours."""
    root = SOURCES[package]
    parts = {path: path.relative_to(root).with_suffix("").parts for path in sorted(root.rglob("*.py"))}
    return {".".join((package, *found)).removesuffix(".__init__"): path for path, found in parts.items()}


def imported(path: Path) -> set[str]:
    """Every dotted name that a file may import, wherever in it the statement stands, with the packages above it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names | {name[: match.start()] for name in names for match in re.finditer(r"\.", name)}


def closure(roots: Iterable[str], modules: Mapping[str, Path]) -> set[str]:
    """The modules among `modules` that `roots` import, themselves or through one another, roots included."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += imported(modules[name]) & modules.keys()
    return found


def inside_the_enclave() -> dict[str, Path]:
    """Dotted name to file of all of ours that a process of the enclave can run: docs/decisions/0007."""
    ours = modules_of("privity_protocol") | modules_of("privity_enclave")
    reached = closure(modules_of("privity_enclave"), ours)
    return {name: path for name, path in ours.items() if name in reached}


def code_lines(path: Path) -> int:
    """Lines that hold a token of code: no blank lines, comments or docstrings."""
    text = path.read_text()
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in silent:
            held |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            held -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(held)
