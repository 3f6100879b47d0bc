"""`privity-ledger --config FILE`: prints READY and a JSON object, or FAILED and the reason."""

import argparse
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from privity_service.accounts.schema import SchemaTooNew
from privity_service.ledger.process import StateUnfit, run
from privity_service.ledger.settings import SettingsRefused, read
from privity_service.listening import CannotListen


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="privity-ledger", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    chosen = parser.parse_args(arguments)
    try:
        run(read(chosen.config))
    except (SettingsRefused, CannotListen, SchemaTooNew, StateUnfit) as refused:
        print(f"FAILED {refused.reason}: {refused}", flush=True)
        return 1
    except (OSError, DBAPIError) as error:
        print(f"FAILED state: {type(error).__name__}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
