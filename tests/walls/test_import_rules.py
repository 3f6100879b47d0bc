"""The import contracts hold, and the source of pure code names no clock, socket, file or random source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from tree import ROOT, SOURCES

BANNED = {
    "socket",
    "ssl",
    "asyncio",
    "os",
    "time",
    "random",
    "secrets",
    "subprocess",
    "logging",
    "pathlib",
    "io",
    "threading",
}
ALLOWED_OF_PROTOCOL = {
    "privity_attest": {"evidence", "binding", "cbor", "canonical", "platform", "errors", "limits"},
    "privity_service": {
        "envelope",
        "admission",
        "cbor",
        "canonical",
        "directory",
        "platform",
        "errors",
        "limits",
        "ohttp",
        "stored",
        "token",
    },
    "privity_tlog": {"canonical", "errors"},
    "privity_log": {"errors", "limits", "canonical", "directory"},
}
ALLOWED_OF_OURS = {
    "privity_protocol": set(),
    "privity_attest": {"privity_protocol"},
    "privity_tlog": {"privity_protocol"},
    "privity_vault": {"privity_protocol"},
    "privity_enclave": {"privity_protocol"},
    "privity_simulation": {"privity_enclave"},
    "privity_service": {"privity_protocol"},
    "privity_log": {"privity_protocol", "privity_tlog"},
    "privity_client": {"privity_protocol", "privity_attest", "privity_tlog", "privity_vault"},
    "privity_image": {"privity_protocol", "privity_attest", "privity_tlog"},
}
AMBIENT = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("builtins", "open")}


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_the_contracts_of_import_linter_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", ["privity_protocol", "privity_attest", "privity_vault", "privity_tlog"])
def test_pure_code_imports_nothing_ambient(package: str) -> None:
    found = {
        f"{path.name}: {name}"
        for path in SOURCES[package].rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] in BANNED
    }
    assert found == set()


@pytest.mark.parametrize("package", ["privity_protocol", "privity_attest", "privity_vault", "privity_tlog"])
def test_pure_code_asks_no_clock_and_opens_no_file(package: str) -> None:
    found: set[str] = set()
    for path in SOURCES[package].rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
            ):
                if (node.func.value.id, node.func.attr) in AMBIENT:
                    found.add(f"{path.name}:{node.lineno}")
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"open", "exec", "eval"}
            ):
                found.add(f"{path.name}:{node.lineno}")
    assert found == set()


@pytest.mark.parametrize("package", sorted(ALLOWED_OF_PROTOCOL))
def test_only_the_named_modules_of_the_protocol_are_used(package: str) -> None:
    used = {
        name.split(".")[1]
        for path in SOURCES[package].rglob("*.py")
        for name in imports(path)
        if name.startswith("privity_protocol.")
    }
    assert used - ALLOWED_OF_PROTOCOL[package] == set()


@pytest.mark.parametrize("package", sorted(ALLOWED_OF_OURS))
def test_only_the_allowed_packages_of_ours_are_used(package: str) -> None:
    used = {
        name.split(".")[0]
        for path in SOURCES[package].rglob("*.py")
        for name in imports(path)
        if name.startswith("privity_")
    }
    assert used - ALLOWED_OF_OURS[package] - {package} == set()


def test_the_protocol_package_is_a_docstring_and_nothing_else() -> None:
    body = ast.parse((SOURCES["privity_protocol"] / "__init__.py").read_text()).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
