"""One of several processes that want the same tokens: `ledger_racer.py URL NAME`. Prints what it got."""

import json
import sys
from concurrent.futures import Future

from ledger_stand import LedgerClock, called
from privity_service.accounts.database import engine_of
from privity_service.ledger.refusal import Refused
from privity_service.ledger.writer import Writer


def won(future: "Future[object]") -> bool:
    """Whether the call was granted."""
    try:
        future.result(timeout=60)
    except Refused as refused:
        if refused.reason != "ledger.spent":
            raise
        return False
    return True


def main() -> None:
    """Race when told to."""
    url, own = sys.argv[1:]
    writer = Writer(engine_of(url), LedgerClock())
    print("ready", flush=True)
    sys.stdin.readline()
    tokens = [f"{number:02}" for number in range(40)]
    calls = [(one, writer.submit(called("reserve", own, token=one, mark=own))) for one in tokens]
    print(json.dumps([one for one, future in calls if won(future)]), flush=True)
    writer.close()


if __name__ == "__main__":
    main()
