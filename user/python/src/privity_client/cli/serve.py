"""`privity serve`: what a person sees while a local installation starts and runs."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from privity_client.cli.failure import BANNER
from privity_client.models.shelf import DEMONSTRATION
from privity_client.serve.home import DEFAULT_PORT
from privity_client.serve.plan import Ports
from privity_client.serve.plans_plan import read as read_plans
from privity_client.serve.run import Started
from privity_client.serve.run import serve as run


def serve(models: Sequence[str], *, witnessed: bool, metered: bool = False, plans: Path | None = None) -> int:
    """Run until Ctrl-C; return the exit code. `plans` is a file of plans, which also counts them."""
    counted = read_plans(plans) if metered or plans is not None else None
    return run(models, witnessed=witnessed, say=say, announce=announce, plans=counted)


def say(words: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print(f"· {words}", flush=True)


def announce(started: Started) -> None:
    """Print the banner, what to type next, and the one line that says it is ready."""
    ports = started.ports
    print(banner(colour=sys.stdout.isatty()))
    if any(model.origin == DEMONSTRATION for model in started.models):
        print("The demonstration model knows only Privity; `privity models list` shows others.")
    print(f"Try, in a second terminal: {suggestion(ports)}")
    if started.metered:
        print("Plans are on: accounts have so many messages a day, and guests a few. `privity plan` shows them.")
    if started.web is None:
        print("There is no page: this installation holds no build of the web client, which `make serve` makes.")
    print(f"Privity is ready {'for terminals ' if started.web is None else ''}at {ports.origin}", flush=True)


def suggestion(ports: Ports) -> str:
    """Return a command that works as it stands in a second terminal opened in the same folder."""
    command = "privity"
    if shutil.which(command) is None:
        command = os.path.relpath(Path(sys.prefix, "bin", "privity"))
    home = os.environ.get("PRIVITY_HOME", "")
    setting = f"PRIVITY_HOME={shlex.quote(home)} " if home else ""
    at = "" if ports.service == DEFAULT_PORT else f" --url {ports.origin}"
    return f'{setting}{command} chat{at} "What can you do?"'


def banner(*, colour: bool) -> str:
    """Return the test-enclave banner, framed."""
    line = f"  {BANNER}  "
    frame = ["┏" + "━" * len(line) + "┓", f"┃{line}┃", "┗" + "━" * len(line) + "┛"]
    return "\n".join(f"\033[1;30;43m{row}\033[0m" if colour else row for row in frame)
