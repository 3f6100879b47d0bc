"""What is really loaded when a role's code is imported: a wall that a lazy import or a re-export cannot climb."""

import json
import subprocess
import sys

import pytest

SEALING = {
    f"privity_protocol.{name}"
    for name in (
        *("hello", "hello_answer", "run", "request_reader", "response", "response_writer", "records"),
        *("chain", "kdf", "hpke", "xwing", "application", "labels"),
    )
}
RUNTIMES = {"privity_enclave", "privity_service", "privity_log", "privity_client", "privity_image"}
ACCOUNTS = {f"privity_service.{name}" for name in ("accounts", "admin", "issuer", "ledger", "account_gate", "registry")}
FOR_ACCOUNTS = {"sqlalchemy", "alembic", "psycopg", "webauthn", "gmpy2", "starlette", "cryptography"}
JUDGES = {"privity_attest", "privity_tlog", "privity_vault"}
ENGINES = {"xllamacpp", "torch", "vllm"}

FORBIDDEN = {
    "privity_protocol": RUNTIMES | JUDGES | ENGINES,
    "privity_attest": RUNTIMES | ENGINES | SEALING | {"privity_tlog", "privity_vault"},
    "privity_vault": RUNTIMES | ENGINES | JUDGES - {"privity_vault"},
    "privity_service": JUDGES | ENGINES | SEALING | RUNTIMES - {"privity_service"},
    "privity_service.relay": JUDGES | ENGINES | SEALING | RUNTIMES - {"privity_service"} | ACCOUNTS | FOR_ACCOUNTS,
    "privity_log": {"privity_attest", "privity_vault"} | ENGINES | SEALING | RUNTIMES - {"privity_log"},
    "privity_enclave": JUDGES | {"privity_simulation"} | RUNTIMES - {"privity_enclave"},
    "privity_client": ENGINES | RUNTIMES - {"privity_client"},
    "privity_image": ENGINES | SEALING | RUNTIMES - {"privity_image"},
}

IMPORT_ALL = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(package: str, program: str = IMPORT_ALL) -> set[str]:
    """Every module in `sys.modules` after all modules of `package` were imported in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", program, package], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def trespassers(loaded: set[str], forbidden: set[str]) -> list[str]:
    """The loaded modules that are, or lie below, a forbidden name."""
    return sorted(name for name in loaded if any(name == wall or name.startswith(wall + ".") for wall in forbidden))


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_a_role_loads_nothing_from_behind_its_wall(package: str) -> None:
    assert trespassers(loaded_by(package), FORBIDDEN[package]) == []


def test_importing_the_protocol_package_loads_none_of_its_modules() -> None:
    """A re-export in `__init__` would carry sealing code into the blind service."""
    loaded = loaded_by("privity_protocol", "import json, sys, privity_protocol; print(json.dumps(sorted(sys.modules)))")
    assert [name for name in loaded if name.startswith("privity_protocol.")] == []


def test_the_detector_sees_a_trespasser() -> None:
    """The check itself can fail: loading sealing code is noticed."""
    program = "import json, sys, privity_protocol.hello; print(json.dumps(sorted(sys.modules)))"
    assert "privity_protocol.hello" in trespassers(loaded_by("privity_protocol", program), SEALING)
