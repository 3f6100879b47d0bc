"""The command `privity-image`. Each command imports its own code only when it runs, so that `--help` is quick."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from privity_image.errors import Failed

DONE, ALARM, MISUSE, FAILED = 0, 1, 2, 3
EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 alarm (a date is past half of its time, or a file is missing), 2 misuse, 3 failed."
)

app = typer.Typer(
    name="privity-image",
    help="Privity's tools for operators: vendor collateral and what a release may measure.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
collateral_app = typer.Typer(
    help="What vendors publish about this hardware, kept fresh in a folder.", no_args_is_help=True
)
app.add_typer(collateral_app, name="collateral", epilog=EXIT_CODES)

SettingsFile = Annotated[Path, typer.Option("--settings", metavar="FILE", help="The operator's file (TOML).")]


@collateral_app.command(epilog=EXIT_CODES)
def fetch(settings: SettingsFile) -> None:
    """Fetch everything once, store what is good, then tell about dates. For a timer; see docs/operating/node.md."""
    from privity_image.commands.collateral import fetch as run

    leave(lambda: run(settings))


@collateral_app.command(epilog=EXIT_CODES)
def status(settings: SettingsFile) -> None:
    """Show every file of the folder with its dates, without asking anybody."""
    from privity_image.commands.collateral import status as run

    leave(lambda: run(settings))


@app.command(epilog=EXIT_CODES)
def conformance(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of evidence with an index.json.")],
) -> None:
    """Judge the NVIDIA manifests of a folder of evidence as its index expects."""
    from privity_image.commands.conformance import run

    leave(lambda: run(folder))


def leave(run: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with its code; a failure is one line on standard error."""
    try:
        code = run()
    except Failed as error:
        typer.echo(f"✗ {error.reason}: {error.detail}", err=True)
        code = MISUSE if error.reason == "configuration" else FAILED
    raise typer.Exit(code)


def main() -> None:
    """Entry point."""
    from privity_image.cli_measure import measure_app

    app.add_typer(measure_app, name="measure", epilog=EXIT_CODES)
    app()
