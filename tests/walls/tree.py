"""The tracked source files, as the wall tests read them."""

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ("node_modules/", "dist/", "vectors/")
SOURCES = {
    "privity_protocol": ROOT / "pure/protocol/src/privity_protocol",
    "privity_attest": ROOT / "pure/attest/src/privity_attest",
    "privity_enclave": ROOT / "enclave/src/privity_enclave",
    "privity_service": ROOT / "blind/service/src/privity_service",
    "privity_client": ROOT / "user/python/src/privity_client",
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


def inside_the_enclave() -> list[Path]:
    """Every Python file of the two wheels of ours that the enclave installs."""
    return [path for name in ("privity_protocol", "privity_enclave") for path in sorted(SOURCES[name].rglob("*.py"))]


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
