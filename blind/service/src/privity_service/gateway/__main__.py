"""`privity-gateway run|rotate --config FILE`: prints READY and a JSON object, or FAILED and the reason."""

import argparse
import sys
from hashlib import sha256
from pathlib import Path

from privity_service.gateway.process import main_loop
from privity_service.gateway.ring import KeysUnusable, rotate
from privity_service.gateway.settings import read
from privity_service.listening import CannotListen
from privity_service.relay.settings import SettingsRefused


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="privity-gateway", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    for name, what in (("run", "serve until SIGTERM"), ("rotate", "make a new key; restart the gateway afterwards")):
        commands.add_parser(name, help=what).add_argument("--config", type=Path, required=True, metavar="FILE")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    chosen = parser().parse_args(arguments)
    try:
        settings = read(chosen.config)
        if chosen.command == "run":
            main_loop(settings)
        else:
            print(f"keys {sha256(rotate(Path(settings.keys)).document).hexdigest()}")
    except (SettingsRefused, CannotListen, KeysUnusable) as refused:
        print(f"FAILED {refused.reason}: {refused}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
