"""`python -m privity_simulation measure --config FILE | root DIR`: what a release of the simulated platform names, and
the development root of a machine. Source: specs/node-http.md, "Start-up".
"""

import argparse
import json
import sys
from pathlib import Path

from privity_enclave import configuration
from privity_enclave.failure import StartFailed
from privity_enclave.hardware import measure

from privity_simulation.development_root import make_root


def main(arguments: list[str]) -> int:
    """Run one command; return the exit status."""
    chosen = parser().parse_args(arguments)
    try:
        if chosen.command == "root":
            make_root(chosen.folder)
        else:
            print(json.dumps(measured(chosen.config)))
    except StartFailed as failure:
        print(f"FAILED {failure.reason}: {failure.detail}")
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    made = argparse.ArgumentParser(prog="privity_simulation", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    commands.add_parser("measure").add_argument("--config", type=Path, required=True)
    commands.add_parser("root").add_argument("folder", type=Path)
    return made


def measured(config: Path) -> dict[str, object]:
    """Registers of the enclave that is installed here, and the digest of a configuration. Raises StartFailed."""
    try:
        item = config.read_bytes()
    except OSError as error:
        raise StartFailed("configuration", f"{config.name} cannot be read") from error
    configuration.decode(item)
    registers = {"0": measure.code().hex(), "1": measure.closure().hex()}
    return {"registers": registers, "configuration": configuration.digest(item).hex()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
