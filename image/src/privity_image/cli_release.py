"""The command `privity-release`. Each command imports its own code only when it runs, so that `--help` is quick."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from privity_image.errors import Failed

DONE, FAILED, MISUSE, SURPRISE = 0, 1, 2, 3
EXIT_CODES: Final = "Exit codes: 0 done, 1 failed, 2 misuse, 3 surprise (a log was rolled back or has two histories)."

app = typer.Typer(
    name="privity-release",
    help="What an operator logs and posts: releases, fleet, policies, revocations, and the keeper of nodes.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The keeper's configuration.")]


@app.callback()
def chosen() -> None:
    """One of the commands."""


@app.command(epilog=EXIT_CODES)
def keep(config: Config) -> None:
    """Verify, endorse and list nodes, and post bulletin, directory and bundles, until a signal."""
    from privity_image.keeper.process import run

    try:
        code = run(config)
    except Failed as error:
        print(f"FAILED {error.reason}: {error.detail}", flush=True)
        code = _code(error)
    raise typer.Exit(code)


def leave(run: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with its code; a failure is one line on standard error."""
    try:
        code = run()
    except Failed as error:
        typer.echo(f"✗ {error.reason}: {error.detail}", err=True)
        code = _code(error)
    raise typer.Exit(code)


def _code(error: Failed) -> int:
    return {"configuration": MISUSE, "surprise": SURPRISE}.get(error.reason, FAILED)


def main() -> None:
    """Entry point."""
    app()
