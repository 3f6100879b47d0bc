"""`privity-relay --config FILE`: prints READY and a JSON object, or FAILED and the reason."""

import argparse
import sys
from pathlib import Path

from privity_service.listening import CannotListen
from privity_service.relay.process import main_loop
from privity_service.relay.settings import SettingsRefused, read


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="privity-relay", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    chosen = parser.parse_args(arguments)
    try:
        main_loop(read(chosen.config))
    except (SettingsRefused, CannotListen) as refused:
        print(f"FAILED {refused.reason}: {refused}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
