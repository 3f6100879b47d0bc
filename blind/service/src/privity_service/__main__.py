"""`python -m privity_service run --config FILE`: prints READY and a JSON object, or FAILED and the reason."""

import argparse
import sys
from pathlib import Path

from privity_service.configuration import ConfigurationRefused, read
from privity_service.listening import CannotListen
from privity_service.process import main_loop


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m privity_service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="serve until SIGTERM")
    run.add_argument("--config", type=Path, required=True, metavar="FILE")
    chosen = parser.parse_args(arguments)
    try:
        main_loop(read(chosen.config))
    except (ConfigurationRefused, CannotListen) as refused:
        print(f"FAILED {refused.reason}: {refused}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
